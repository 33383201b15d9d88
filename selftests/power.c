// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management: a card that nobody has open is suspended, where that
 * is allowed, and each open wakes it. Nobody notices but by the clock, and by the
 * count of resets where the card's function resets on its way back.
 *
 * Prints a row of the table in docs/reliability.md, as trouble.c does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "tracefs.h"
#include "traffic.h"

#define HOME		(64 * MIB)
#define LEN		(300 * KIB)
#define PIECES		4
#define USERS		3
#define DELAY_DEFAULT	"2000"

FIXTURE(power) {
	struct card card;
	uint64_t seed;
	bool stream;
};

static void power_path(const struct card *card, const char *attr, char *path, size_t size)
{
	snprintf(path, size, "/sys/bus/pci/devices/%s/%s", card->bdf, attr);
}

static int power_put(const struct card *card, const char *attr, const char *text)
{
	char path[96];

	power_path(card, attr, path, sizeof(path));
	return put_text(path, text);
}

static bool power_is(const struct card *card, const char *attr, const char *text)
{
	char path[96], now[32];

	power_path(card, attr, path, sizeof(path));
	return get_text(path, now, sizeof(now)) && !strcmp(now, text);
}

static bool asleep(const struct card *card)
{
	return power_is(card, "power/runtime_status", "suspended");
}

static bool awake(const struct card *card)
{
	return power_is(card, "power/runtime_status", "active");
}

static bool falls_asleep(const struct card *card)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (!asleep(card) && patient(&p))
		;
	return asleep(card);
}

/* As soon as nobody has it open. */
static void allow(struct __test_metadata *_metadata, const struct card *card)
{
	ASSERT_EQ(0, power_put(card, "power/autosuspend_delay_ms", "0"));
	ASSERT_EQ(0, power_put(card, "power/control", "auto"));
}

/* Does the function keep its registers in D3hot? By its own word, No_Soft_Reset. */
static bool keeps_registers(const struct card *card)
{
	uint8_t config[256] = { }, at;
	char path[96];
	int fd;

	power_path(card, "config", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, config, sizeof(config), 0) != sizeof(config))
		return false;
	close(fd);
	for (at = config[0x34]; at && config[at] != 0x01; at = config[at + 1])
		;
	return at && config[at + 4] & 0x08;
}

static long long resets(const struct card *card)
{
	return node_number(card, 0, CARD_NODE, "resets");
}

FIXTURE_SETUP(power)
{
	char path[96];

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->stream = card_streams(&self->card);
	power_path(&self->card, "power/control", path, sizeof(path));
	if (access(path, W_OK))
		SKIP(return, "this kernel has no power management");
}

FIXTURE_TEARDOWN_PARENT(power)
{
	struct card card;

	trace_stop();
	if (!card_at(&card, self->card.bdf))
		return;
	power_put(&card, "power/control", "on");
	power_put(&card, "power/autosuspend_delay_ms", DELAY_DEFAULT);
	lab_let_go_all(&card);
}

TEST_F(power, not_by_itself)
{
	int fd;

	EXPECT_TRUE(power_is(&self->card, "power/control", "on"));
	ASSERT_EQ(0, power_put(&self->card, "power/autosuspend_delay_ms", "0"));
	fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_TRUE(awake(&self->card));
	/* with power, or what the card's memory holds would be lost */
	ASSERT_EQ(0, power_put(&self->card, "power/control", "auto"));
	ASSERT_TRUE(falls_asleep(&self->card));
	EXPECT_TRUE(power_is(&self->card, "power_state", "D3hot"));
}

TEST_F(power, memory_stays)
{
	const struct card *card = &self->card;
	uint8_t *buf = memory(LEN);
	long long before;
	int fd;

	if (self->stream)
		SKIP(return, "a stream has no memory");
	allow(_metadata, card);
	pattern_fill(buf, LEN, HOME, self->seed);
	fd = open_in(card, 1);
	ASSERT_LE(0, fd);
	before = resets(card);
	ASSERT_EQ(LEN, pwrite(fd, buf, LEN, HOME));
	EXPECT_TRUE(awake(card));
	close(fd);
	ASSERT_TRUE(falls_asleep(card));
	memset(buf, POISON, LEN);
	fd = open_out(card, 1);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(awake(card));
	ASSERT_EQ(LEN, pread(fd, buf, LEN, HOME));
	EXPECT_TRUE(pattern_is(buf, LEN, HOME, self->seed));
	EXPECT_EQ(before + !keeps_registers(card), resets(card));
	close(fd);
	EXPECT_TRUE(falls_asleep(card));
}

/* Of windows: the word there; of the others: it can be opened. */
static void expect_wakes(struct __test_metadata *_metadata, const struct card *card, int fd,
			 bool window)
{
	uint32_t word = ~0u;

	ASSERT_LE(0, fd) TH_LOG("errno %d", errno);
	EXPECT_TRUE(awake(card));
	if (window) {
		EXPECT_EQ(sizeof(word), pread(fd, &word, sizeof(word), 0));
		EXPECT_NE(~0u, word);
	}
	close(fd);
	ASSERT_TRUE(falls_asleep(card));
}

TEST_F(power, every_node_wakes_it)
{
	const struct card *card = &self->card;
	int dir, way;

	if (self->stream)
		SKIP(return, "a stream stays awake when it has been opened");
	allow(_metadata, card);
	ASSERT_TRUE(falls_asleep(card));
	for (dir = 0; dir < 2; dir++)
		for (way = 0; way < ways(card, dir); way++)
			expect_wakes(_metadata, card, node_open(card, dir, way, O_RDWR), false);
	expect_wakes(_metadata, card, part_open(card, "user", O_RDWR), true);
	expect_wakes(_metadata, card, part_open(card, "control", O_RDWR), true);
	expect_wakes(_metadata, card, part_open(card, "event0", O_RDWR), false);
	/* without opening anything: the card's own counters, which are off */
	EXPECT_EQ(0, node_number(card, EXDMA_DIR_H2C, 1, "perf/enable"));
	ASSERT_TRUE(falls_asleep(card));
}

TEST_F(power, a_mapping_keeps_it_awake)
{
	const struct card *card = &self->card;
	int fd, other;
	lab_t window;

	allow(_metadata, card);
	fd = part_open(card, "user", O_RDWR);
	ASSERT_LE(0, fd);
	window = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, window);
	close(fd);
	/* who closes it now is not the last */
	other = part_open(card, "control", O_RDWR);
	ASSERT_LE(0, other);
	close(other);
	EXPECT_NE(~0u, window[0]);
	EXPECT_TRUE(awake(card));
	munmap((void *)window, 4096);
	EXPECT_TRUE(falls_asleep(card));
}

/* Asynchronous requests whose program has closed the file already. */
TEST_F(power, requests_keep_it_awake)
{
	const struct card *card = &self->card;
	struct flight_request r[PIECES];
	uint8_t *buf = memory(PIECES * LEN);
	struct flight flight;
	int i, fd;
	lab_t lab;

	if (self->stream)
		SKIP(return, "a stream stays awake when it has been opened");
	fd = open_in(card, 1);
	lab = lab_map(card);
	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	ASSERT_EQ(0, flight_open(&flight, FLIGHT_AIO, PIECES));
	pattern_fill(buf, PIECES * LEN, HOME, self->seed);
	for (i = 0; i < PIECES; i++)
		r[i] = (struct flight_request) {
			.fd = fd, .write = true, .buf = buf + i * LEN, .len = LEN,
			.addr = HOME + i * LEN,
		};
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(PIECES, flight_launch(&flight, r, PIECES));
	ASSERT_TRUE(lab_wait_held(lab, EXDMA_DIR_H2C, 0));
	allow(_metadata, card);
	close(fd);
	let_pass_ns(300 * NS_PER_MS);	/* asleep it would be at once */
	EXPECT_TRUE(awake(card));
	EXPECT_TRUE(lab_is_held(lab, EXDMA_DIR_H2C, 0));
	lab_let_go(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(PIECES, flight_land(&flight, PIECES));
	for (i = 0; i < PIECES; i++)
		EXPECT_EQ(LEN, r[i].result);
	ASSERT_TRUE(falls_asleep(card));
	memset(buf, POISON, PIECES * LEN);
	fd = open_out(card, 1);
	ASSERT_EQ(PIECES * LEN, read_through(fd, buf, PIECES * LEN, HOME));
	EXPECT_TRUE(pattern_is(buf, PIECES * LEN, HOME, self->seed));
	close(fd);
	flight_close(&flight);
	param_put("timeout_ms", TIMEOUT_DEFAULT);
}

/* Packets come unasked: a stream that was opened once waits for them until the driver goes. */
TEST_F(power, a_stream_keeps_it_awake)
{
	struct card new;
	int fd;

	if (!self->stream)
		SKIP(return, "this card has no streams");
	allow(_metadata, &self->card);
	fd = open_out(&self->card, 1);
	ASSERT_LE(0, fd);
	close(fd);
	let_pass_ns(300 * NS_PER_MS);	/* asleep it would be at once */
	EXPECT_TRUE(awake(&self->card));
	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	self->card = new;
	allow(_metadata, &self->card);
	EXPECT_TRUE(falls_asleep(&self->card));
}

/* Opens, moves, closes, and lets go of it for a moment. */
struct user {
	pthread_t thread;
	const struct card *card;
	uint64_t addr;
	struct random random;
	volatile bool stop;
	struct traffic_sum sum;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Long enough for all of them to be here at once, however slow the machine. */
static void doze(struct user *u)
{
	uint64_t most = 2 * u->sum.longest_ns + 40 * NS_PER_MS;

	let_pass_ns(random_below(&u->random, least(most, NS_PER_SEC)));
}

/* The call that wakes it is open(): it counts as a part of the transfer. */
static bool move(struct user *u, bool write, uint8_t *buf, size_t len)
{
	uint64_t begin_beats = beats(), begin = now_ns();
	int fd = write ? open_in(u->card, 1) : open_out(u->card, 1);
	ssize_t n;

	errno = 0;
	n = write ? pwrite(fd, buf, len, u->addr) : pread(fd, buf, len, u->addr);
	traffic_took(&u->sum, begin, begin_beats);
	u->sum.calls++;
	if (n == (ssize_t)len)
		u->sum.whole++;
	else if (n > 0)
		u->sum.some++;
	else
		u->sum.errors[n < 0 && errno < TRAFFIC_ERRNOS ? errno : 0]++;
	close(fd);
	return n == (ssize_t)len;
}

static void *use(void *arg)
{
	struct user *u = arg;
	uint8_t *buf = memory(TRAFFIC_ROOM);
	uint64_t seed;
	size_t len;

	while (!u->stop) {
		seed = random_next(&u->random);
		len = random_size(&u->random, TRAFFIC_ROOM / 64) * 64;
		pattern_fill(buf, len, u->addr, seed);
		if (!move(u, true, buf, len))
			break;
		doze(u);
		memset(buf, POISON, len);
		if (!move(u, false, buf, len))
			break;
		if (pattern_is(buf, len, u->addr, seed))
			u->sum.verified++;
		else
			u->sum.wrong++;
		doze(u);
	}
	munmap(buf, TRAFFIC_ROOM);
	return NULL;
}

TEST_F_TIMEOUT(power, comes_and_goes, 3600)
{
	static const int none[] = { 0 };
	const struct card *card = &self->card;
	const unsigned int times = test_amount(50);
	struct patience p = patience(times * PATIENCE_BEATS);
	struct traffic_sum sum = { };
	unsigned int seen = 0;
	struct user u[USERS];
	bool slept = false;
	int i;

	if (self->stream)
		SKIP(return, "a stream stays awake when it has been opened");
	allow(_metadata, card);
	for (i = 0; i < USERS; i++) {
		u[i] = (struct user) {
			.card = card, .addr = TRAFFIC_AT + i * TRAFFIC_ROOM,
			.random.state = self->seed + i,
		};
		ASSERT_EQ(0, pthread_create(&u[i].thread, NULL, use, &u[i]));
	}
	while (seen < times && patient(&p)) {
		if (asleep(card) != slept) {
			slept = !slept;
			seen += slept;
		}
	}
	for (i = 0; i < USERS; i++)
		u[i].stop = true;
	for (i = 0; i < USERS; i++) {
		pthread_join(u[i].thread, NULL);
		traffic_add(&sum, &u[i].sum);
	}
	traffic_row(&sum, "suspended whenever none of three threads has it open, woken by who opens it", seen);
	EXPECT_EQ(times, seen);
	EXPECT_EQ(0, sum.wrong);
	EXPECT_EQ(0, sum.some);
	EXPECT_EQ(0, traffic_other_errors(&sum, none));
	EXPECT_GT(SOON_BEATS, sum.longest_beats);
	EXPECT_LT(0, sum.verified);
}

/* Whoever wants something else of it than a transfer finds it awake. */
TEST_F(power, unbound_reset_and_removed_while_it_sleeps)
{
	long long before = resets(&self->card);
	struct card new;

	allow(_metadata, &self->card);
	ASSERT_TRUE(falls_asleep(&self->card));
	ASSERT_EQ(0, power_put(&self->card, "reset", "1"));
	EXPECT_LT(before, resets(&self->card));
	ASSERT_TRUE(falls_asleep(&self->card));

	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	self->card = new;
	EXPECT_TRUE(self->stream || card_works(&self->card, LEN, ++self->seed));
	allow(_metadata, &self->card);
	ASSERT_TRUE(falls_asleep(&self->card));

	ASSERT_EQ(0, power_put(&self->card, "remove", "1"));
	ASSERT_EQ(0, put_text("/sys/bus/pci/rescan", "1"));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	self->card = new;
	EXPECT_TRUE(power_is(&self->card, "power/control", "on"));
	EXPECT_TRUE(self->stream || card_works(&self->card, LEN, ++self->seed));
}

/* A file that stays open when its card goes gives back nothing that is not its own. */
TEST_F(power, unbound_with_open_files)
{
	int fd, window;
	struct card new;

	allow(_metadata, &self->card);
	fd = node_open(&self->card, EXDMA_DIR_H2C, 1, O_RDWR);
	window = part_open(&self->card, "user", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, window);
	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	EXPECT_NE(self->card.number, new.number);
	self->card = new;
	allow(_metadata, &self->card);
	ASSERT_TRUE(falls_asleep(&self->card));
	close(fd);
	close(window);
	fd = node_open(&self->card, EXDMA_DIR_H2C, 1, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(awake(&self->card));
	close(fd);
	EXPECT_TRUE(falls_asleep(&self->card));
}

/*
 * In D3cold the card would lose its memory, and its logic perhaps: a driver that lets it
 * sleep forbids that, and allows it when it goes. No file of sysfs tells.
 */
TEST_F(power, not_without_power)
{
	const char *const calls[] = { "pci_d3cold_enable", "pci_d3cold_disable" };
	struct trace_event e[64];
	int n, i, found = 0;

	if (!trace_has("exdma_irq"))
		SKIP(return, "this kernel has no tracepoints");
	ASSERT_EQ(0, trace_start());
	if (!trace_function(calls[0]) || !trace_function(calls[1])) {
		trace_stop();
		SKIP(return, "this kernel does not trace functions");
	}
	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	n = trace_read(e, ARRAY_SIZE(e));
	for (i = 0; i < n; i++)
		found += found < 2 && !strcmp(e[i].name, calls[found]);
	trace_stop();
	EXPECT_EQ(2, found);
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
}

TEST_HARNESS_MAIN
