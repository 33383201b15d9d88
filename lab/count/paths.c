// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: paths REPETITIONS NAMES
 *
 * Take the paths that are to be counted, so many times each, in a guest with one CPU.
 * First write to the file NAMES where the functions of our modules are: the counter
 * (count.c) needs that. Print for each path its number, how many requests it has, and its
 * name. The machine needs a memory-mapped card, a card with streams, and an NVMe drive.
 * With 0 repetitions: write only the file NAMES, for the block coverage of other programs.
 *
 * The order of events must be the same in each repetition. So this thread has a real-time
 * priority, and what it waits for is caused by another thread without one: that runs only
 * when this one sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "lab.h"
#include "mark.h"

#define LENGTH		(4 * KIB)
#define PAGE		4096ull
#define MODULES		8
#define BATCH		32
#define ADDRESS		MIB
#define LINE		3
#define LATE_US		4000
#define NVME		"/dev/nvme0n1"
#define NVME_READ	2

enum path {
	PATH_READ,
	PATH_WRITE,
	PATH_BATCH,
	PATH_PACKET,
	PATH_EVENT,
	PATH_NVME,
};

static unsigned int repetitions;

/* What is wrong ends it: a count of something else is worth nothing. */
static void check(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "paths: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Where the kernel says that the functions of our modules are, module by module. */
static void write_names(const char *file)
{
	struct {
		char name[64];
		unsigned long long first, last;
	} modules[MODULES] = { };
	FILE *in = fopen("/proc/kallsyms", "r"), *out = fopen(file, "w");
	char line[512], type, name[256], module[64];
	unsigned long long addr;
	int i;

	check(in && out, file);
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%llx %c %255s [%63[^]]]", &addr, &type, name, module) != 4 ||
		    strncmp(module, "exdma", 5) || (type != 't' && type != 'T') ||
		    !strncmp(name, "__pfx_", 6) || !strncmp(name, "__SC", 4))
			continue;
		fprintf(out, "function %llx %.63s\n", addr, name);
		for (i = 0; i < MODULES && *modules[i].name && strcmp(modules[i].name, module); i++)
			;
		check(i < MODULES, "so many modules");
		if (!*modules[i].name || addr < modules[i].first)
			modules[i].first = addr;
		if (addr > modules[i].last)
			modules[i].last = addr;
		strcpy(modules[i].name, module);
	}
	/* up to the end of the page that the last one begins in: no other's are there */
	for (i = 0; i < MODULES && *modules[i].name; i++)
		fprintf(out, "text %llx %llx\n", modules[i].first,
			modules[i].last | (PAGE - 1));
	check(i && !fclose(out), "no symbols of our modules");
	fclose(in);
}

static void begin_path(enum path path, int requests, const char *name)
{
	printf("%d\t%d\t%s\n", path, requests, name);
}

#define COUNTED(path, ...) do {						\
	for (unsigned int i_ = 0; i_ < repetitions; i_++) {		\
		exdma_mark(EXDMA_MARK_BEGIN, path);			\
		__VA_ARGS__;						\
		exdma_mark(EXDMA_MARK_END, path);			\
	}								\
} while (0)

/* Another thread, which writes a word to the card each time that it is told to. */
struct causer {
	sem_t told;
	pthread_t thread;
	lab_t lab;
	uint32_t reg, value;
};

static void *cause(void *arg)
{
	struct causer *c = arg;

	for (unsigned int i = 0; i < repetitions; i++) {
		sem_wait(&c->told);
		c->lab[c->reg / 4] = c->value;
	}
	return NULL;
}

static void causer_begin(struct causer *c, lab_t lab, uint32_t reg, uint32_t value)
{
	pthread_attr_t attr;
	struct sched_param none = { 0 };

	*c = (struct causer) { .lab = lab, .reg = reg, .value = value };
	check(!sem_init(&c->told, 0, 0) && !pthread_attr_init(&attr) &&
	      !pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) &&
	      !pthread_attr_setschedpolicy(&attr, SCHED_OTHER) &&
	      !pthread_attr_setschedparam(&attr, &none) &&
	      !pthread_create(&c->thread, &attr, cause, c), "a thread");
}

static void causer_end(struct causer *c)
{
	pthread_join(c->thread, NULL);
	sem_destroy(&c->told);
}

static void single_paths(int in, int out, uint8_t *buf)
{
	begin_path(PATH_READ, 1, "read, 4 KiB");
	COUNTED(PATH_READ, check(pread(out, buf, LENGTH, ADDRESS) == LENGTH, "read"));
	begin_path(PATH_WRITE, 1, "write, 4 KiB");
	COUNTED(PATH_WRITE, check(pwrite(in, buf, LENGTH, ADDRESS) == LENGTH, "write"));
}

/*
 * All of the batch is in one run, behind a held engine. The card interrupts when the first
 * request has finished; how many of them have when the handler looks, depends on the host.
 * So the interrupt is late: all of them have.
 */
static void batch_path(lab_t lab, int in, uint8_t *buf)
{
	uint32_t engine = lab_engine(EXDMA_DIR_H2C, 0);
	struct flight_request r[BATCH];
	struct flight f;
	int i;

	check(!flight_open(&f, FLIGHT_URING, BATCH), "io_uring");
	for (i = 0; i < BATCH; i++)
		r[i] = (struct flight_request) {
			.fd = in, .write = true, .buf = buf + i * LENGTH, .len = LENGTH,
			.addr = ADDRESS + i * LENGTH,
		};
	begin_path(PATH_BATCH, BATCH, "32 writes of 4 KiB, queued behind a held engine");
	for (unsigned int n = 0; n < repetitions; n++) {
		lab_hold(lab, EXDMA_DIR_H2C, 0);
		lab_fault_value(lab, engine, LAB_FAULT_DELAY, 1, LATE_US);
		exdma_mark(EXDMA_MARK_BEGIN, PATH_BATCH);
		check(flight_launch(&f, r, BATCH) == BATCH, "launch");
		lab_let_go(lab, EXDMA_DIR_H2C, 0);
		check(flight_land(&f, BATCH) == BATCH, "land");
		exdma_mark(EXDMA_MARK_END, PATH_BATCH);
		for (i = 0; i < BATCH; i++)
			check(r[i].result == LENGTH, "a write of many");
	}
	lab_fault(lab, engine, LAB_FAULT_CLEAR_ALL, 0);
	flight_close(&f);
}

static void event_path(const struct card *card, lab_t lab)
{
	int fd = part_open(card, "event3", O_RDWR);
	struct causer c;
	uint32_t n;

	check(fd >= 0, "an event");
	lab[LAB_USER_IRQ_CLEAR / 4] = 0xffff;
	begin_path(PATH_EVENT, 1, "event, for a sleeping reader");
	causer_begin(&c, lab, LAB_USER_IRQ, 1u << LINE);
	for (unsigned int i = 0; i < repetitions; i++) {
		exdma_mark(EXDMA_MARK_BEGIN, PATH_EVENT);
		sem_post(&c.told);
		check(read(fd, &n, sizeof(n)) == sizeof(n), "read an event");
		exdma_mark(EXDMA_MARK_END, PATH_EVENT);
		lab[LAB_USER_IRQ_CLEAR / 4] = 1u << LINE;
		lab_sync(lab);
	}
	causer_end(&c);
	close(fd);
}

static void stream_path(const struct card *card, lab_t lab)
{
	int fd = open_out(card, 1);
	uint8_t *buf = memory(LENGTH);
	struct causer c;

	check(buf && fd >= 0, "a card of streams");
	lab[LAB_STREAM_SEL / 4] = 0;
	lab[LAB_STREAM_MODE / 4] = LAB_C2H_GENERATE << 4;
	lab[LAB_GEN_MIN / 4] = LENGTH;
	lab[LAB_GEN_MAX / 4] = LENGTH;
	lab[LAB_GEN_COUNT / 4] = 1;
	begin_path(PATH_PACKET, 1, "packet of 4 KiB, for a sleeping reader");
	causer_begin(&c, lab, LAB_GEN_CMD, LAB_GEN_START);
	COUNTED(PATH_PACKET,
		sem_post(&c.told);
		check(read(fd, buf, LENGTH) == LENGTH, "read a packet"));
	causer_end(&c);
	close(fd);
}

static void nvme_path(void)
{
	int fd = open(NVME, O_RDONLY);
	struct nvme_passthru_cmd command = {
		.opcode = NVME_READ, .nsid = 1, .data_len = LENGTH,
		.addr = (uintptr_t)memory(LENGTH), .cdw12 = LENGTH / 512 - 1,
	};

	check(fd >= 0, NVME);
	begin_path(PATH_NVME, 1, "NVMe passthrough, a read of 4 KiB");
	COUNTED(PATH_NVME, check(!ioctl(fd, NVME_IOCTL_IO_CMD, &command), NVME));
	close(fd);
}

static void card_paths(const struct card *card)
{
	lab_t lab = lab_map(card);
	uint8_t *buf = memory(BATCH * LENGTH);
	int in, out;

	check(lab, "a card without a lab block");
	if (card_streams(card)) {
		stream_path(card, lab);
		return;
	}
	in = open_in(card, 1);
	out = open_out(card, 1);
	check(buf && in >= 0 && out >= 0, "a memory-mapped card");
	single_paths(in, out, buf);
	batch_path(lab, in, buf);
	event_path(card, lab);
	close(in);
	close(out);
}

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 1 };
	struct card cards[CARDS_MAX];
	int i, n;

	if (argc != 3 || !*argv[1] || strspn(argv[1], "0123456789") != strlen(argv[1])) {
		fprintf(stderr, "usage: paths REPETITIONS NAMES\n");
		return 2;
	}
	repetitions = (unsigned int)strtoul(argv[1], NULL, 10);
	write_names(argv[2]);
	if (!repetitions)
		return 0;
	check(sysconf(_SC_NPROCESSORS_ONLN) == 1, "one CPU is needed");
	check(!sched_setscheduler(0, SCHED_FIFO, &first), "a real-time priority");
	check(!param_put("spin_us", "0"), "spin_us");
	n = cards_find(cards, CARDS_MAX);
	for (i = 0; i < n; i++)
		card_paths(&cards[i]);
	nvme_path();
	return 0;
}
