// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the virtual card's books say about the driver: bus accesses, runs,
 * interrupts, descriptors; and that strict mode has seen nothing wrong in all
 * that the machine has done up to now. The last of the programs, therefore.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(640 * MIB)
#define ROOM	(8 * MIB)
#define WRITES_PER_RUN	5
#define TRIES		5	/* of a measurement that the host has spoilt */
#define ROUNDS		6
#define QUEUED		16	/* so much of 64 KiB has its descriptors while it waits */

CARD_NEEDS(GIB);

FIXTURE(books) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	lab_t lab;
};

FIXTURE_SETUP(books)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 1, ROOM);
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
}

FIXTURE_TEARDOWN(books)
{
}

/* Everything that a test compares, of the card and of the driver. */
struct books {
	uint64_t reads, writes, interrupts;	/* by the card */
	uint64_t runs, descriptors, bytes;
	uint64_t idle_ns;
	uint64_t driver_runs, driver_bytes, driver_interrupts, spurious, lost, polled;
	uint64_t handled;	/* by the kernel: calls of our handlers */
};

/* Each row of an interrupt that we have, all CPUs. */
static uint64_t handler_calls(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[4096], *at, *end;
	uint64_t calls = 0, n;

	while (file && fgets(line, sizeof(line), file)) {
		at = strchr(line, ':');
		if (!at || !strstr(at, "exdma"))
			continue;
		for (at++; n = strtoull(at, &end, 10), end != at; at = end)
			calls += n;
	}
	if (file)
		fclose(file);
	return calls;
}

static void sum(FIXTURE_DATA(books) *self, struct books *b)
{
	const struct card *card = &self->card;
	int dir, i, engine;

	memset(b, 0, sizeof(*b));
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < card->channels[dir]; i++) {
			engine = lab_engine(dir, i);
			b->runs += lab_count(self->lab, engine, LAB_RUNS);
			b->descriptors += lab_count(self->lab, engine, LAB_DESCRIPTORS);
			b->bytes += lab_count(self->lab, engine, LAB_BYTES);
			b->idle_ns += lab_count(self->lab, engine, LAB_IDLE_NS);
			b->driver_runs += channel_stat(card, dir, i, "runs");
			b->driver_bytes += channel_stat(card, dir, i, "bytes");
			b->driver_interrupts += channel_stat(card, dir, i, "interrupts");
			b->spurious += channel_stat(card, dir, i, "spurious_interrupts");
			b->lost += channel_stat(card, dir, i, "lost_interrupts");
			b->polled += channel_stat(card, dir, i, "polled");
		}
	}
	b->reads = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_READS);
	b->writes = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_WRITES);
	b->interrupts = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_INTERRUPTS);
	b->handled = handler_calls();
}

/* What has been added since @before. */
static struct books since(FIXTURE_DATA(books) *self, const struct books *before)
{
	struct books b;
	uint64_t *now = (uint64_t *)&b;
	const uint64_t *then = (const uint64_t *)before;
	unsigned int i;

	sum(self, &b);
	for (i = 0; i < sizeof(b) / sizeof(*now); i++)
		now[i] -= then[i];
	return b;
}

static bool has_msix(const struct card *card)
{
	char text[16];

	return node_text(card, 0, CARD_NODE, "interrupts", text, sizeof(text)) &&
	       !strcmp(text, "msix");
}

/*
 * An interrupt may be so late, on a machine that is busy with other things,
 * that the watchdog takes it for lost. The run then counts as one without an
 * interrupt; if it comes all the same, the device is asked what it is about.
 * Where that happens often, or has the device asked for more than that, it is
 * measured again: a driver that loses interrupts, or asks, does so each time.
 */
static bool spoilt(FIXTURE_DATA(books) *self, const struct books *b)
{
	return b->lost > b->runs / 20 || (has_msix(&self->card) && b->reads > 2 * b->lost);
}

/* Has @work done, which returns its bytes. */
static void judge(struct __test_metadata *_metadata, FIXTURE_DATA(books) *self,
		  uint64_t (*work)(struct __test_metadata *_metadata, FIXTURE_DATA(books) *self))
{
	struct books before, b;
	uint64_t bytes;
	int tries = 0;

	do {
		sum(self, &before);
		bytes = work(_metadata, self);
		b = since(self, &before);
	} while (spoilt(self, &b) && ++tries < TRIES);

	TH_LOG("%llu runs, %llu descriptors: %llu bus reads, %llu bus writes, %llu interrupts, %llu too late",
	       b.runs + 0ull, b.descriptors + 0ull, b.reads + 0ull, b.writes + 0ull,
	       b.interrupts + 0ull, b.lost + 0ull);
	EXPECT_LT(0, b.runs);
	EXPECT_EQ(bytes, b.bytes);
	EXPECT_EQ(b.bytes, b.driver_bytes);
	EXPECT_EQ(b.runs, b.driver_runs);
	EXPECT_GE(WRITES_PER_RUN * b.runs, b.writes);
	EXPECT_GE(b.runs / 20, b.lost);
	EXPECT_GE(b.lost, b.spurious);
	if (has_msix(&self->card)) {
		EXPECT_GE(2 * b.lost, b.reads);
		EXPECT_EQ(b.runs, b.interrupts);
		EXPECT_GE(b.runs, b.driver_interrupts);
		/* two that nobody waited for may have become one on the way */
		EXPECT_LE(b.runs - b.lost - b.polled, b.driver_interrupts);
	} else {
		/*
		 * Shared. For each run: whose is it, and take it back; and in each
		 * call, that there is no other. A line that has not fallen yet when
		 * the call is over makes for another one.
		 */
		EXPECT_GE(2 * b.runs + b.handled + 2 * b.lost, b.reads);
		EXPECT_GE(3 * b.runs, b.handled);
	}
}

/* Of each size some, each way. Return: bytes. */
static uint64_t single_transfers(struct __test_metadata *_metadata, FIXTURE_DATA(books) *self)
{
	static const size_t sizes[] = { 64, 4096, 65536, MIB, ROOM };
	const struct card *card = &self->card;
	uint64_t bytes = 0;
	unsigned int i, k;
	int dir, way, fd;
	ssize_t n;

	for (dir = 0; dir < 2; dir++) {
		for (way = 0; way < ways(card, dir); way++) {
			fd = dir == EXDMA_DIR_H2C ? open_in(card, way) : open_out(card, way);
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				for (k = 0; k < (sizes[i] > 65536 ? 2 : 10); k++) {
					n = dir == EXDMA_DIR_H2C ?
					    pwrite(fd, self->buf, sizes[i], HOME) :
					    pread(fd, self->buf, sizes[i], HOME);
					ASSERT_EQ(sizes[i], n);
					bytes += n;
				}
			}
			close(fd);
		}
	}
	return bytes;
}

TEST_F(books, bus_accesses_of_single_transfers)
{
	judge(_metadata, self, single_transfers);
}

struct user {
	pthread_t thread;
	const struct card *card;
	int i;
	uint64_t bytes;
};

static void *use(void *arg)
{
	struct user *u = arg;
	int in = open_in(u->card, CARD_NODE), out = open_out(u->card, CARD_NODE), k;
	struct random random = { u->i };
	uint8_t *buf = memory(MIB);
	size_t len;

	for (k = 0; k < 60; k++) {
		len = random_size(&random, MIB / 64) * 64;
		if ((k + u->i) % 2)
			u->bytes += pwrite(in, buf, len, HOME + u->i * MIB);
		else
			u->bytes += pread(out, buf, len, HOME + u->i * MIB);
	}
	munmap(buf, MIB);
	close(in);
	close(out);
	return NULL;
}

/* Eight threads, on the card's own node. Return: bytes. */
static uint64_t load(struct __test_metadata *_metadata, FIXTURE_DATA(books) *self)
{
	struct user users[8];
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < 8; i++) {
		users[i] = (struct user) { .card = &self->card, .i = i };
		ASSERT_EQ(0, pthread_create(&users[i].thread, NULL, use, &users[i]));
	}
	for (i = 0; i < 8; i++) {
		pthread_join(users[i].thread, NULL);
		bytes += users[i].bytes;
	}
	return bytes;
}

TEST_F(books, bus_accesses_under_load)
{
	judge(_metadata, self, load);
}

/*
 * What is queued and has its descriptors is started by the interrupt of the one
 * before, not by the bottom half, the watchdog, or a next call: an interrupt that
 * came too late is the only excuse. How long the engine waited, which is the
 * machine's business as well, is only said.
 */
TEST_F(books, the_next_run_follows_at_once)
{
	const int ch = 0, runs = ROUNDS * (QUEUED - 1);
	struct flight_request r[QUEUED];
	uint64_t by_irq, late, idle_ns;
	int fd, i, round, tries = 0;
	struct books before, b;
	struct flight f;
	char old[32];

	/* no two requests in one run */
	ASSERT_TRUE(param_get("run_kib", old, sizeof(old)));
	ASSERT_EQ(0, param_put("run_kib", "4"));
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	fd = open_in(&self->card, 1 + ch);
	for (i = 0; i < QUEUED; i++)
		r[i] = (struct flight_request) {
			.fd = fd, .write = true, .buf = self->buf, .len = 64 * KIB,
			.addr = HOME + i * 64 * KIB,
		};
	ASSERT_EQ(0, flight_open(&f, FLIGHT_AIO, QUEUED));
	do {
		by_irq = channel_stat(&self->card, EXDMA_DIR_H2C, ch, "starts_irq");
		late = channel_stat(&self->card, EXDMA_DIR_H2C, ch, "lost_interrupts");
		for (idle_ns = 0, round = 0; round < ROUNDS; round++) {
			lab_hold(self->lab, EXDMA_DIR_H2C, ch);
			EXPECT_EQ(QUEUED, flight_launch(&f, r, QUEUED));
			EXPECT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, ch));
			sum(self, &before);
			lab_let_go(self->lab, EXDMA_DIR_H2C, ch);
			EXPECT_EQ(QUEUED, flight_land(&f, QUEUED));
			b = since(self, &before);
			/* the first of them was started when it was submitted */
			EXPECT_EQ(QUEUED - 1, b.runs);
			idle_ns += b.idle_ns;
		}
		by_irq = channel_stat(&self->card, EXDMA_DIR_H2C, ch, "starts_irq") - by_irq;
		late = channel_stat(&self->card, EXDMA_DIR_H2C, ch, "lost_interrupts") - late;
	} while (late > runs / 20u && ++tries < TRIES);
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	param_put("run_kib", old);
	TH_LOG("%d runs, %llu by interrupts, %llu too late, %llu us between them", runs,
	       by_irq + 0ull, late + 0ull, idle_ns / 1000 / runs + 0ull);
	EXPECT_LE(runs, by_irq + late);
	EXPECT_GE(runs / 20, late);
	flight_close(&f);
	close(fd);
}

/*
 * Depth makes it cheap: requests of 4 KiB, submitted many at a time on one
 * channel, share starts and interrupts, and ask the device nothing. A request
 * that is alone costs no more than a start.
 */
static void at_depth(struct __test_metadata *_metadata, FIXTURE_DATA(books) *self, int dir,
		     unsigned int depth, struct books *b)
{
	const struct card *card = &self->card;
	int fd = dir == EXDMA_DIR_H2C ? open_in(card, 1) : open_out(card, 1);
	unsigned int rounds = 1024 / depth, tries = 0, i, k;
	struct flight_request r[32];
	struct books before;
	struct flight f;

	ASSERT_EQ(0, flight_open(&f, FLIGHT_URING, depth));
	for (i = 0; i < depth; i++)
		r[i] = (struct flight_request) {
			.fd = fd, .write = dir == EXDMA_DIR_H2C, .buf = self->buf + i * 4 * KIB,
			.len = 4 * KIB, .addr = HOME + i * 8 * KIB,
		};
	do {
		sum(self, &before);
		for (k = 0; k < rounds; k++) {
			ASSERT_EQ(depth, flight_launch(&f, r, depth));
			ASSERT_EQ(depth, flight_land(&f, depth));
			for (i = 0; i < depth; i++)
				ASSERT_EQ(4 * KIB, r[i].result);
		}
		*b = since(self, &before);
	} while (spoilt(self, b) && ++tries < TRIES);
	flight_close(&f);
	close(fd);
	TH_LOG("%s depth %u: 1024 requests, %llu runs, %llu bus reads, %llu bus writes, %llu interrupts, %llu too late",
	       dir == EXDMA_DIR_H2C ? "h2c" : "c2h", depth, b->runs + 0ull, b->reads + 0ull,
	       b->writes + 0ull, b->interrupts + 0ull, b->lost + 0ull);
	EXPECT_EQ(rounds * depth * 4 * KIB, b->bytes);
	/* an interrupt that is too late makes the driver ask what it is about */
	if (has_msix(&self->card))
		EXPECT_GE(2 * b->lost, b->reads);
	EXPECT_GE(b->runs / 20, b->lost);
}

TEST_F(books, requests_at_depth)
{
	static const unsigned int depths[] = { 16, 32 };
	struct books b;
	unsigned int i;
	int dir;

	if (kernel_counts_lines())
		SKIP(return, "a kernel that counts lines cannot keep up with the engine");
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < ARRAY_SIZE(depths); i++) {
			at_depth(_metadata, self, dir, depths[i], &b);
			EXPECT_GE(1024, b.writes);
			/* a line that is shared is raised for more than runs */
			EXPECT_GE(1024 / 4, has_msix(&self->card) ? b.interrupts : b.runs);
		}
	}
}

TEST_F(books, requests_one_by_one)
{
	struct books b;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		at_depth(_metadata, self, dir, 1, &b);
		EXPECT_EQ(1024, b.runs);
		EXPECT_GE(5 * 1024, b.writes);
		if (has_msix(&self->card))
			EXPECT_GE(1024, b.interrupts);
	}
}

/* Memory that lies together is one descriptor, not one for each page. */
TEST_F(books, pages_are_merged)
{
	static const char path[] = "/proc/sys/vm/nr_hugepages";
	struct books before, b;
	char old[32], arguments[1024];
	uint8_t *map;
	int fd;

	if (get_text("/proc/cmdline", arguments, sizeof(arguments)) &&
	    strstr(arguments, "swiotlb=force"))
		SKIP(return, "a bounce buffer is 256 KiB at most");
	if (!get_text(path, old, sizeof(old)) || put_text(path, "4"))
		SKIP(return, "no %s", path);
	map = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED) {
		put_text(path, old);
		SKIP(return, "no huge pages to be had: errno %d", errno);
	}
	fd = open_in(&self->card, 1);
	sum(self, &before);
	EXPECT_EQ(4 * MIB, pwrite(fd, map, 4 * MIB, HOME));
	b = since(self, &before);
	/* a request is 1 MiB at least where memory is not scattered */
	EXPECT_GE(4, b.descriptors);
	munmap(map, 4 * MIB);
	put_text(path, old);
	close(fd);
}

TEST_F(books, strict_mode_has_nothing_to_say)
{
	struct card cards[CARDS_MAX];
	int n = cards_find(cards, CARDS_MAX), i, seen = 0;
	lab_t lab;

	for (i = 0; i < n; i++) {
		lab = lab_map(&cards[i]);
		if (!lab || !(lab[LAB_CONFIG / 4] & 0x100))
			continue;
		seen++;
		EXPECT_EQ(0, lab_count(lab, LAB_ENGINE_CARD, LAB_CARD_VIOLATIONS)) {
			TH_LOG("%s: see the books", cards[i].bdf);
		}
	}
	if (!seen)
		SKIP(return, "no card in strict mode");
}

TEST_HARNESS_MAIN
