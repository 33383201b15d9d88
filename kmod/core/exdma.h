/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - the contract between the core and card drivers
 *
 * A card driver knows the registers and descriptors of one kind of card and
 * nothing of files, user memory, queues or locks. It fills in a description
 * of each channel, hands the core a table of operations, and forwards its
 * interrupts; the core does the rest.
 *
 * The life of a card, as its driver sees it:
 *
 *	probe:	exdma_card_alloc()
 *		exdma_channel_add() for each channel, which makes its ring
 *		exdma_window_add() and exdma_event_add() for what else there is
 *		exdma_channel_add_alias() and the like for more nodes of these
 *		exdma_channel_request_irq() or exdma_card_request_irq()
 *		exdma_card_register()		nodes appear, transfers may come
 *	remove:	exdma_card_unregister()		nodes gone, every request ended
 *		exdma_card_put()
 *
 * While somebody else resets the device or takes its power (a system sleep, a
 * reset by sysfs or error recovery), exdma_card_freeze() before and
 * exdma_card_thaw() after keep its transfers.
 *
 * A driver that can suspend an idle card drops its reference to the runtime
 * power management after exdma_card_register(), and takes it again before
 * exdma_card_unregister(). The core holds one while somebody has the card open.
 *
 * Between exdma_card_register() and the return of exdma_card_unregister() the
 * operations may be called; outside of that the core never calls them.
 */
#ifndef EXDMA_CORE_EXDMA_H
#define EXDMA_CORE_EXDMA_H

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/types.h>

struct exdma_card;
struct exdma_channel;
struct exdma_client;
struct exdma_event;
struct exdma_window;

/**
 * define EXDMA_INTERFACE - the number of this interface
 *
 * Raised by each change of a structure, of arguments or of a meaning here, so
 * that a driver of another tree can say at compile time what it was written for.
 *
 * 1: version 0.1.0.
 */
#define EXDMA_INTERFACE	1

/*
 * The namespace of the core's symbols. It has the number in it: the kernel loads
 * no driver that was built for another, also where it does not check symbol
 * versions (CONFIG_MODVERSIONS).
 */
#define EXDMA_NAMESPACE	__PASTE(EXDMA_, EXDMA_INTERFACE)

/**
 * EXDMA_IMPORT_NS - use the core's symbols; each card driver says it once
 *
 * What MODULE_IMPORT_NS() is, whose argument was no string before 6.13.
 */
#define EXDMA_IMPORT_NS()	MODULE_INFO(import_ns, __stringify(EXDMA_NAMESPACE))

/* Most channels of one direction on one card. */
#define EXDMA_MAX_CHANNELS	32
/* Events of one card. */
#define EXDMA_MAX_EVENTS	32

/*
 * Most slots that one request takes: 1 MiB of single pages that do not begin
 * on a page boundary; fewer if the engine takes fewer in one run.
 */
#define EXDMA_REQUEST_BYTES	0x100000u
#define EXDMA_REQUEST_SLOTS	((EXDMA_REQUEST_BYTES >> 12) + 1)
/* Most slots of a run that was extended, beyond which it comes to its end. */
#define EXDMA_RUN_SLOTS		0x400000u
/* Fewest slots of a stream: the buffers of one from the card are all staged. */
#define EXDMA_STREAM_SLOTS	1024u

/**
 * enum exdma_dir - direction of transfers
 * @EXDMA_H2C: host to card.
 * @EXDMA_C2H: card to host.
 * @EXDMA_DIRS: how many there are.
 */
enum exdma_dir {
	EXDMA_H2C,
	EXDMA_C2H,
	EXDMA_DIRS
};

/**
 * enum exdma_irq_mode - kind of interrupt
 * @EXDMA_IRQ_MODE_MSIX: MSI-X.
 * @EXDMA_IRQ_MODE_MSI: MSI.
 * @EXDMA_IRQ_MODE_INTX: by pin; a level, perhaps shared.
 */
enum exdma_irq_mode {
	EXDMA_IRQ_MODE_MSIX,
	EXDMA_IRQ_MODE_MSI,
	EXDMA_IRQ_MODE_INTX,
};

/* Flags of &exdma_channel_ops.write_desc */
#define EXDMA_SEG_LAST	BIT(0)	/* last segment of a request */
#define EXDMA_SEG_EOP	BIT(1)	/* a packet ends with it; H2C streams */

/* Flags of &exdma_channel_ops.start */
#define EXDMA_RUN_FIXED	BIT(0)	/* the card's address does not advance */
/*
 * The engine, one that extends, waits at this very slot, behind a run that is
 * through, and was started with the same EXDMA_RUN_FIXED: it need only go on.
 */
#define EXDMA_RUN_ON	BIT(1)

/**
 * struct exdma_perf - what a channel's own performance counters say
 * @counting: they count.
 * @overflow: one of them is at its end, and counts no more.
 * @cycles: of the datapath's clock, as the card counts them.
 * @beats: steps of the datapath that moved data.
 */
struct exdma_perf {
	bool counting;
	bool overflow;
	u64 cycles;
	u64 beats;
};

/**
 * struct exdma_channel_ops - what a card driver does for one channel
 *
 * All but @stop, @report and those of performance counters are called with the
 * channel's lock held and interrupts off, some of them from the hard interrupt
 * handler: they must not sleep, allocate or print, and they never run twice at
 * once for one channel, or for two that share an engine.
 *
 * @write_desc: Fill ring slot @slot (0 to slots - 1) with one contiguous
 *	segment of @len bytes (1 to max_segment) between @host and @card, which
 *	means nothing for a stream. @flags: EXDMA_SEG_*. The slot does not belong
 *	to the engine now.
 * @start: Let the engine run @count consecutive slots from @first on, modulo
 *	the size of the ring; @flags: EXDMA_RUN_*. The engine is idle, for all
 *	that share it, but for EXDMA_RUN_ON. Posted writes only. The last of the
 *	slots is always the end of a request. An interrupt must follow when the
 *	engine is through, and when it stops for an error; for a C2H stream, and
 *	with &exdma_channel_desc.extends, also soon after a slot has finished that
 *	was written with EXDMA_SEG_LAST.
 * @extend: With &exdma_channel_desc.extends: @count more slots, those behind the
 *	run that is on, are the engine's and part of that run. The engine may have
 *	come to the end of the run, and goes on then. Posted writes only.
 * @progress: How many slots of the run have finished, into @done. No bus read
 *	as long as all is well, unless only a register tells: then this is
 *	@inspect. What is counted here has reached memory.
 *	Returns 0, or the error that stopped the engine at slot @done, as
 *	@inspect would.
 * @inspect: The same by asking the device itself; called when an interrupt
 *	came and the run is not through, if there is one for each run, and now and
 *	then when nothing moves.
 *	Returns 0 while it runs or is through, -EIO if the engine has stopped at
 *	slot @done of the run with an error, -ENODEV if the device does not
 *	answer any more.
 * @idle: Is the engine idle now, and was it at the last @inspect? May read the
 *	bus; seldom called. NULL if the device does not tell. An engine that is
 *	idle at two looks, its run not through and nothing moved in between, has
 *	stopped without a word.
 * @received: For C2H streams: what the engine has written for @slot, which has
 *	finished, into @bytes: 0 up to the length of the slot. The device may
 *	have told any number.
 *	Returns 1 if a packet ends with it, 0 if not, -EIO if what the device
 *	said makes no sense.
 * @ack: Take the interrupt request of this channel back, for interrupts that
 *	are levels or shared, or come more than once in a run; called at the start
 *	of each interrupt, and for one that was lost, if
 *	&exdma_channel_desc.needs_ack is set. May read the bus.
 * @stop: Make the engine let go of memory. May sleep, takes a second at most;
 *	called without the lock, while the core starts nothing on the engine.
 *	Returns 0 if the engine is idle, -ENODEV if the device is gone,
 *	-ETIMEDOUT if it would not stop.
 * @report: Log, rate-limited, what the last @inspect saw of an engine that
 *	stopped with an error or stood still. May sleep; called without the lock,
 *	after @stop. NULL: there is nothing to tell.
 * @perf_count: The channel has performance counters, which are off after probe
 *	and after a reset. @on: set them to 0 and let them count; else stop them
 *	where they are. May sleep; one call at a time, beside those above. NULL
 *	if there are none.
 * @perf_read: Look at them, on the same terms.
 *	Returns 0, or -ENODEV if the device does not answer.
 */
struct exdma_channel_ops {
	void (*write_desc)(struct exdma_channel *ch, u32 slot, dma_addr_t host,
			   u64 card, u32 len, u32 flags);
	void (*start)(struct exdma_channel *ch, u32 first, u32 count, u32 flags);
	void (*extend)(struct exdma_channel *ch, u32 count);
	int (*progress)(struct exdma_channel *ch, u32 *done);
	int (*inspect)(struct exdma_channel *ch, u32 *done);
	bool (*idle)(struct exdma_channel *ch);
	int (*received)(struct exdma_channel *ch, u32 slot, u32 *bytes);
	void (*ack)(struct exdma_channel *ch);
	int (*stop)(struct exdma_channel *ch);
	void (*report)(struct exdma_channel *ch);
	void (*perf_count)(struct exdma_channel *ch, bool on);
	int (*perf_read)(struct exdma_channel *ch, struct exdma_perf *perf);
};

/**
 * struct exdma_channel_desc - what a channel is; constant for its life
 * @dir: direction of its transfers.
 * @index: number among the channels of this direction, from 0.
 * @ops: the operations.
 * @priv: for the card driver, see exdma_channel_priv().
 * @desc_bytes: size of one descriptor; the core allocates the ring, see
 *	exdma_channel_ring(). 0: the engine reads no descriptors; the card driver
 *	keeps what @write_desc says until @start tells the engine.
 * @status_bytes: size of what the device writes beside it, for instance a
 *	completed count; the core allocates it, see exdma_channel_status().
 * @slots: descriptor slots in the ring, a power of two, at least twice what one
 *	request may take: one runs, and one is staged. What is staged is started
 *	by the hard handler without anybody's help, so more of them are better. At
 *	least EXDMA_STREAM_SLOTS for a stream.
 * @max_run_slots: most slots that one run may have, and so one request, at least
 *	1. Half the ring or less lets the next run be staged while one is on. Of a
 *	run that is extended, most slots that the engine has and has not finished;
 *	in all they are no more than EXDMA_RUN_SLOTS.
 * @max_segment: bytes; the longest segment that one slot moves, at least one
 *	page.
 * @alignment: bytes, a power of two up to the page size; host and card
 *	addresses are multiples of it.
 * @granularity: bytes, a power of two up to the page size; lengths are
 *	multiples of it.
 * @address_bits: width of a card address, 1 to 64.
 * @beat: bytes, a power of two up to the page size, of one step of the datapath:
 *	segments of a stream begin at multiples of it, and all but the last of a
 *	packet end there; a fixed address, its buffers and lengths are multiples
 *	of it. 0: not a stream, and no fixed addresses.
 * @stream: it moves packets, which have no addresses. All channels of one
 *	direction are of one kind.
 * @extends: a run that is on can become longer, see @ops->extend, and an engine
 *	that is through with one waits for the next behind it, until @ops->stop or
 *	a reset of the card: it is told of all that is staged, up to a bound, and
 *	never waits for an interrupt to be served. Then @ops->progress, too, must
 *	know of an error that stopped the engine and interrupted. Not for streams
 *	to the card, and not with @shares.
 * @needs_ack: call @ops->ack at each interrupt.
 * @shares: a channel that was added before and whose engine this one has, too,
 *	for instance in the other direction; NULL: the engine is its own. Of
 *	those that share one, one at a time runs, by turns. They share the card's
 *	interrupt, too, see exdma_card_request_irq().
 */
struct exdma_channel_desc {
	enum exdma_dir dir;
	u32 index;
	const struct exdma_channel_ops *ops;
	void *priv;
	u32 desc_bytes;
	u32 status_bytes;
	u32 slots;
	u32 max_run_slots;
	u32 max_segment;
	u32 alignment;
	u32 granularity;
	u32 address_bits;
	u32 beat;
	bool stream;
	bool extends;
	bool needs_ack;
	struct exdma_channel *shares;
};

/**
 * struct exdma_window_desc - memory of the device that programs may use
 * @name: the NAME of /dev/exdmaN_NAME; copied.
 * @start: physical address, a multiple of 4. Programs can map the window only
 *	if it begins and ends with a page.
 * @bytes: how long it is, a multiple of 4.
 * @regs: the same, mapped by the card driver, until exdma_card_unregister()
 *	returns.
 * @privileged: who has it can do whatever the device can do: only for those
 *	with CAP_SYS_RAWIO, and not while the kernel is locked down.
 */
struct exdma_window_desc {
	const char *name;
	phys_addr_t start;
	u64 bytes;
	void __iomem *regs;
	bool privileged;
};

/**
 * struct exdma_event_ops - what a card driver does for one event
 *
 * All are called with a lock held and interrupts off, some of them from the
 * hard interrupt handler: they must not sleep, allocate or print.
 *
 * @unmask: From now on the line interrupts: when it rises, and at once if it is
 *	high. Posted writes only.
 * @mask: From now on it does not. Posted writes only. A message that is on its
 *	way may still come.
 * @asserted: Is the line high now, masked or not? May read the bus. Only for
 *	&exdma_event_desc.level.
 */
struct exdma_event_ops {
	void (*unmask)(struct exdma_event *ev);
	void (*mask)(struct exdma_event *ev);
	bool (*asserted)(struct exdma_event *ev);
};

/**
 * struct exdma_event_desc - an interrupt line of the card's logic
 * @index: the K of /dev/exdmaN_eventK, from 0.
 * @ops: the operations.
 * @priv: for the card driver, see exdma_event_priv().
 * @level: it has no vector of its own. exdma_event_raise() is called because the
 *	device said that the line is high, not because it has just risen.
 */
struct exdma_event_desc {
	u32 index;
	const struct exdma_event_ops *ops;
	void *priv;
	bool level;
};

/* Flags of &exdma_alias_desc */
/*
 * Channel: read and write do not move the file position. Streams, and events,
 * have one, too, which means nothing.
 */
#define EXDMA_ALIAS_KEEP_POS	BIT(0)
/*
 * Window: a call moves one word, whatever its count. Event: a read takes exactly
 * 4 bytes and says 1, however many there were. -EPROTO for all that is
 * misaligned or too short.
 */
#define EXDMA_ALIAS_ONE		BIT(1)
/* O_NONBLOCK and O_TRUNC of open() mean nothing. */
#define EXDMA_ALIAS_PLAIN_OPEN	BIT(2)

/**
 * struct exdma_alias_desc - one more node of a channel, a window or an event
 *
 * It leads to the same thing as the node that the core makes, and can do the
 * same, but for what is said here. For programs that were written for another
 * driver of this card.
 *
 * @name: of /dev/NAME, up to 31 characters; copied.
 * @flags: EXDMA_ALIAS_*.
 * @ioctl: NULL, or what is asked before the core looks at a call. @client is the
 *	open file of a channel, else NULL; @data is the core's copy of @data. May
 *	sleep, for as long as user memory takes; it may still run when
 *	exdma_card_unregister() has returned, so that it must not use what ends
 *	with the binding but by exdma_client_*().
 *	Returns what the call does; -ENOIOCTLCMD: the core knows.
 * @owner: the module of @ioctl.
 * @data: for @ioctl; copied.
 * @data_bytes: how long it is.
 */
struct exdma_alias_desc {
	const char *name;
	u32 flags;
	long (*ioctl)(struct exdma_client *client, const void *data,
		      unsigned int cmd, void __user *arg);
	struct module *owner;
	const void *data;
	size_t data_bytes;
};

/**
 * struct exdma_card_ops - what a card driver does for the whole card
 * @reset: An engine would not stop: reset the whole device and bring it back
 *	to the state it had after probe, all engines idle and their interrupts
 *	enabled. May sleep. Nothing is started on any channel meanwhile, and
 *	what ran is started again afterwards.
 *	Returns 0, or -errno if the device did not come back. NULL, or -ENOTTY:
 *	the device has no reset.
 * @isolate: The device did not come back either, or does not answer: cut it
 *	off from host memory for good, whatever it takes (bus mastering off). May
 *	sleep.
 *	Returns 0 if the device cannot touch host memory any more, -errno if
 *	that is not certain: the core then never frees what it was given.
 */
struct exdma_card_ops {
	int (*reset)(struct exdma_card *card);
	int (*isolate)(struct exdma_card *card);
};

/**
 * struct exdma_card_desc - what a card is; constant for its life
 * @driver: name of the card driver, shown to users; copied, up to 31
 *	characters.
 * @ops: the operations.
 * @priv: for the card driver, see exdma_card_priv().
 * @irq_mode: the kind of interrupt in use, shown to users.
 * @aperture: bytes of card memory, from card address 0 on; 0 if the device does
 *	not tell. An administrator can say less, not more.
 * @bounce: the device cannot reach the memory of programs (its DMA mask is too
 *	narrow, see dma_addressing_limited()). All data is copied through a
 *	bounded number of coherent buffers, in pieces of 8 KiB at most. Not for
 *	streams.
 */
struct exdma_card_desc {
	const char *driver;
	const struct exdma_card_ops *ops;
	void *priv;
	enum exdma_irq_mode irq_mode;
	u64 aperture;
	bool bounce;
};

struct exdma_card *exdma_card_alloc(struct device *parent,
				    const struct exdma_card_desc *desc);
int exdma_card_register(struct exdma_card *card);
void exdma_card_unregister(struct exdma_card *card);
void exdma_card_put(struct exdma_card *card);
void exdma_card_freeze(struct exdma_card *card);
void exdma_card_thaw(struct exdma_card *card, int err, bool reset);
void exdma_card_lost(struct exdma_card *card);
void *exdma_card_priv(const struct exdma_card *card);
int exdma_card_number(const struct exdma_card *card);

struct exdma_window *exdma_window_add(struct exdma_card *card,
				      const struct exdma_window_desc *desc);

struct exdma_channel *exdma_channel_add(struct exdma_card *card,
					const struct exdma_channel_desc *desc);
void *exdma_channel_priv(const struct exdma_channel *ch);
void *exdma_channel_ring(const struct exdma_channel *ch, dma_addr_t *dma);
void *exdma_channel_status(const struct exdma_channel *ch, dma_addr_t *dma);
struct device *exdma_channel_device(const struct exdma_channel *ch);

struct exdma_event *exdma_event_add(struct exdma_card *card,
				    const struct exdma_event_desc *desc);
void *exdma_event_priv(const struct exdma_event *ev);
int exdma_event_request_irq(struct exdma_event *ev, unsigned int irq);
int exdma_card_request_event_irq(struct exdma_card *card, unsigned int irq,
				 irq_handler_t handler);
irqreturn_t exdma_event_raise(struct exdma_event *ev);

int exdma_channel_add_alias(struct exdma_channel *ch, const struct exdma_alias_desc *desc);
int exdma_window_add_alias(struct exdma_window *win, const struct exdma_alias_desc *desc);
int exdma_event_add_alias(struct exdma_event *ev, const struct exdma_alias_desc *desc);
int exdma_client_set_fixed(struct exdma_client *client, bool fixed);
bool exdma_client_is_fixed(const struct exdma_client *client);
ssize_t exdma_client_move(struct exdma_client *client, void __user *buf, size_t len,
			  u64 card_addr);
int exdma_client_perf_start(struct exdma_client *client);
int exdma_client_perf_stop(struct exdma_client *client, struct exdma_perf *perf);
int exdma_client_perf_get(struct exdma_client *client, struct exdma_perf *perf);

int exdma_channel_request_irq(struct exdma_channel *ch, unsigned int irq);
int exdma_card_request_irq(struct exdma_card *card, unsigned int irq,
			   irq_handler_t handler, unsigned long flags);
irqreturn_t exdma_channel_interrupt(struct exdma_channel *ch);
irqreturn_t exdma_channel_owed(struct exdma_channel *ch);

#endif /* EXDMA_CORE_EXDMA_H */
