// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card put together: which BAR is what, how bus accesses become register
 * accesses, and resets. Knows all rooms of the model, nothing of sockets.
 */
#include <errno.h>

#include "card.h"
#include "log.h"

/* --- construction -------------------------------------------------------- */

/*
 * BARs in the IP's order: user, DMA, bypass, with no hole where one is not
 * configured; a 64-bit BAR takes two places.
 */
static void layout_bars(struct card *card, struct pciconf_setup *s)
{
	const struct card_config *c = &card->config;
	const struct {
		enum card_bar what;
		uint64_t size;
	} order[] = {
		{ BAR_USER, c->user_size },
		{ BAR_DMA, XDMA_BAR_SIZE },
		{ BAR_BYPASS, c->bypass_size },
	};
	unsigned int i, index = 0;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!order[i].size)
			continue;
		card->bar[index] = order[i].what;
		s->bar[index].size = order[i].size;
		s->bar[index].is_64 = c->bars_64;
		s->bar[index].prefetch = c->bars_64 && order[i].what == BAR_BYPASS;
		if (order[i].what == BAR_DMA)
			s->msix_bar = index;
		index += c->bars_64 ? 2 : 1;
	}
}

static void register_name(void *ctx, uint32_t offset, char *buf, size_t len)
{
	struct card *card = ctx;

	xdma_register_name(&card->xdma, offset, buf, len);
}

static void arm_faults(struct card *card)
{
	unsigned int i;

	lab_clear_faults(&card->lab);
	for (i = 0; i < card->config.faults; i++) {
		const struct card_fault *f = &card->config.fault[i];

		lab_fault(&card->lab, f->target, f->command, f->n, f->value);
	}
}

/* --- gone ---------------------------------------------------------------- */

static void reset_function(struct card *card, bool heal);

/*
 * Pulled out. What comes back is as after power-on, and nothing can change it
 * meanwhile: so that state is made now.
 */
static void go(void *ctx, uint32_t ms)
{
	struct card *card = ctx;
	uint64_t until = ms ? now_ns() + ms * 1000000ull : 0;

	log_line("gone for %u ms", ms);
	card->gone = true;
	card->gone_until = 0;	/* not back before the last engine has let go */
	reset_function(card, true);
	card->gone_until = until;
}

/* Is it there? Nobody waits for that moment: who looks finds that it has come. */
static bool there(struct card *card)
{
	if (card->gone && card->gone_until && now_ns() >= card->gone_until) {
		card->gone = false;
		log_line("back");
	}
	return !card->gone;
}

static void die(void *ctx)
{
	struct card *card = ctx;

	if (card->lab.ops)
		card->lab.ops->die(card->lab.ops_ctx);
}

static const struct fault_ops fault_ops = { .gone = go, .die = die };

/* --- life ---------------------------------------------------------------- */

int card_init(struct card *card, const struct card_config *config,
	      irq_sink sink, void *sink_ctx,
	      const struct lab_ops *lab_ops, void *lab_ctx)
{
	struct pciconf_setup setup = {
		.vendor = config->vendor, .device = config->device,
		.msix = config->msix, .msi = config->msi, .intx = config->intx,
		.d3_reset = config->d3_reset,
		.msix_table = MSIX_TABLE, .msix_pba = MSIX_PBA,
	};
	int err;

	memset(card, 0, sizeof(*card));
	card->config = *config;
	layout_bars(card, &setup);
	err = cardmem_init(&card->axi, config->mem_size);
	if (err)
		return err;
	pthread_mutex_init(&card->lock, NULL);
	pciconf_init(&card->pci, &setup);
	guestmem_init(&card->host);
	books_init(&card->books, config->strict);
	card->books.register_name = register_name;
	card->books.ctx = card;
	faults_init(&card->faults, &card->books, &fault_ops, card);
	irq_init(&card->irq, &card->pci, &card->books, &card->faults,
		 config->xdma.h2c + config->xdma.c2h, sink, sink_ctx);
	card->xdma.lock = &card->lock;
	card->xdma.host = &card->host;
	card->xdma.axi = &card->axi;
	card->xdma.irq = &card->irq;
	card->xdma.pci = &card->pci;
	card->xdma.books = &card->books;
	card->xdma.faults = &card->faults;
	if (config->xdma.threads) {
		err = irq_start(&card->irq, &card->lock);
		if (err)
			goto free_rest;
	}
	err = xdma_init(&card->xdma, &config->xdma);
	if (err)
		goto stop_irq;
	lab_init(&card->lab, &card->xdma, &card->irq, &card->books, lab_ops, lab_ctx);
	pthread_mutex_lock(&card->lock);
	arm_faults(card);
	pthread_mutex_unlock(&card->lock);
	return 0;

stop_irq:
	irq_stop(&card->irq);
free_rest:
	books_fini(&card->books);
	guestmem_fini(&card->host);
	pthread_mutex_destroy(&card->lock);
	cardmem_fini(&card->axi);
	return err;
}

void card_fini(struct card *card)
{
	xdma_fini(&card->xdma);
	irq_stop(&card->irq);
	books_fini(&card->books);
	guestmem_fini(&card->host);
	pthread_mutex_destroy(&card->lock);
	cardmem_fini(&card->axi);
}

/* --- bus accesses -------------------------------------------------------- */

static uint32_t word_read(struct card *card, enum card_bar bar, uint64_t off)
{
	if (bar == BAR_DMA)
		return xdma_read(&card->xdma, (uint32_t)off);
	return lab_read(&card->lab, off);
}

static void word_write(struct card *card, enum card_bar bar, uint64_t off, uint32_t value)
{
	if (bar == BAR_DMA)
		xdma_write(&card->xdma, (uint32_t)off, value);
	else
		lab_write(&card->lab, off, value);
}

/* Registers are words. The MSI-X table may be accessed 64 bits at a time. */
static void check_access(struct card *card, enum card_bar bar, uint64_t off,
			 size_t len, const char *what)
{
	if (bar != BAR_DMA || (len == 4 && !(off % 4)))
		return;
	if (len == 8 && !(off % 8) && off >= MSIX_TABLE && off < MSIX_PBA)
		return;
	books_violation(&card->books, BOOKS_CARD, V_ACCESS,
			"%s of %zu bytes at 0x%04llx of the DMA BAR", what, len,
			(unsigned long long)off);
}

/* Locking: card->lock. */
static void registers_read(struct card *card, enum card_bar bar, uint64_t off,
			   uint8_t *buf, size_t len)
{
	check_access(card, bar, off, len, "read");
	while (len) {
		uint32_t at = off % 4, n = (uint32_t)min_u64(4 - at, len);
		uint32_t value = word_read(card, bar, off - at);

		memcpy(buf, (uint8_t *)&value + at, n);
		buf += n;
		off += n;
		len -= n;
	}
}

/* Words only: the IP has no byte enables, parts of words are dropped. */
static void registers_write(struct card *card, enum card_bar bar, uint64_t off,
			    const uint8_t *buf, size_t len)
{
	check_access(card, bar, off, len, "write");
	while (len && !card->gone) {
		uint32_t at = off % 4, n = (uint32_t)min_u64(4 - at, len);

		if (n == 4)
			word_write(card, bar, off, get_le32(buf));
		buf += n;
		off += n;
		len -= n;
	}
}

static enum card_bar find_bar(struct card *card, unsigned int index, uint64_t off, size_t len)
{
	uint64_t size;

	if (index >= PCI_NUM_BARS)
		return BAR_NONE;
	size = card->pci.setup.bar[index].size;
	if (off > size || len > size - off)
		return BAR_NONE;
	return card->bar[index];
}

bool card_bar_read(struct card *card, unsigned int index, uint64_t off, void *buf, size_t len)
{
	enum card_bar bar = find_bar(card, index, off, len);
	bool powered;

	if (bar == BAR_NONE)
		return false;
	pthread_mutex_lock(&card->lock);
	powered = there(card) && pciconf_powered(&card->pci);
	if (powered && bar != BAR_BYPASS)
		registers_read(card, bar, off, buf, len);
	pthread_mutex_unlock(&card->lock);
	if (powered && bar == BAR_BYPASS && cardmem_read(&card->axi, off, buf, len) == 0)
		return true;
	/* gone, asleep in D3, or a decode error on the bypass BAR: all ones */
	if (!powered || bar == BAR_BYPASS)
		memset(buf, 0xff, len);
	return true;
}

bool card_bar_write(struct card *card, unsigned int index, uint64_t off,
		    const void *buf, size_t len)
{
	enum card_bar bar = find_bar(card, index, off, len);
	bool powered;

	if (bar == BAR_NONE)
		return false;
	pthread_mutex_lock(&card->lock);
	powered = there(card) && pciconf_powered(&card->pci);
	if (powered && bar != BAR_BYPASS)
		registers_write(card, bar, off, buf, len);
	pthread_mutex_unlock(&card->lock);
	if (powered && bar == BAR_BYPASS && cardmem_write(&card->axi, off, buf, len))
		log_line("bypass write of %zu bytes at 0x%llx failed", len,
			 (unsigned long long)off);
	return true;
}

/* --- configuration space and resets -------------------------------------- */

static bool in_config(uint64_t off, size_t len)
{
	return off <= PCI_CONFIG_SIZE && len <= PCI_CONFIG_SIZE - off;
}

bool card_config_read(struct card *card, uint64_t off, void *buf, size_t len)
{
	if (!in_config(off, len))
		return false;
	pthread_mutex_lock(&card->lock);
	if (there(card))
		pciconf_read(&card->pci, (uint32_t)off, buf, len);
	else
		memset(buf, 0xff, len);
	pthread_mutex_unlock(&card->lock);
	return true;
}

/*
 * Everything behind the bus back to its reset values. First the gate to guest
 * memory closes, so that nothing new starts; then the engines let go, hung ones
 * only if the reset is to @heal them.
 * Locking: card->lock; given up while engines finish a copy.
 */
static void reset_function(struct card *card, bool heal)
{
	pciconf_reset(&card->pci);
	guestmem_set_master(&card->host, false);
	xdma_reset(&card->xdma, heal);
	lab_reset(&card->lab);
	irq_reset(&card->irq);
}

bool card_config_write(struct card *card, uint64_t off, const void *buf, size_t len)
{
	enum pciconf_reset reset;
	bool master;

	if (!in_config(off, len))
		return false;
	pthread_mutex_lock(&card->lock);
	if (!there(card))
		goto unlock;
	reset = pciconf_write(&card->pci, (uint32_t)off, buf, len);
	if (reset == PCICONF_D3_RESET) {
		log_line("reset by leaving D3hot");
		reset_function(card, true);
	} else if (reset == PCICONF_FLR) {
		bool refused = fault_strikes(&card->faults, FAULT_REFUSE, FAULT_CARD, NULL);

		log_line("function level reset%s", refused ? ", refused" : "");
		reset_function(card, !refused);
	}
	master = pciconf_bus_master(&card->pci);
	irq_config_changed(&card->irq);
	/* takes the write side: waits for copies that are in flight */
	if (master != card->host.master)
		guestmem_set_master(&card->host, master);
unlock:
	pthread_mutex_unlock(&card->lock);
	return true;
}

void card_reset(struct card *card)
{
	pthread_mutex_lock(&card->lock);
	reset_function(card, true);
	pthread_mutex_unlock(&card->lock);
}

void card_disconnect(struct card *card)
{
	pthread_mutex_lock(&card->lock);
	reset_function(card, true);
	card->gone = false;
	card->irq.intx_masked = false;
	arm_faults(card);
	pthread_mutex_unlock(&card->lock);
	guestmem_clear(&card->host);
}

void card_irq_attached(struct card *card, enum irq_kind kind, unsigned int vector)
{
	pthread_mutex_lock(&card->lock);
	irq_attached(&card->irq, kind, vector);
	pthread_mutex_unlock(&card->lock);
}

void card_intx_unmask(struct card *card)
{
	pthread_mutex_lock(&card->lock);
	irq_intx_unmask(&card->irq);
	pthread_mutex_unlock(&card->lock);
}
