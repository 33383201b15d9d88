// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card as the tests see it; see card.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"

#define CLASS	"/sys/class/exdma"

void node_name(char *name, size_t size, const struct card *card, int dir, int way)
{
	if (way == CARD_NODE)
		snprintf(name, size, "exdma%d", card->number);
	else
		snprintf(name, size, "exdma%d_%s%d", card->number,
			 dir == EXDMA_DIR_H2C ? "h2c" : "c2h", way - 1);
}

bool node_text(const struct card *card, int dir, int way, const char *attr,
	       char *text, size_t size)
{
	char name[32], path[PATH_MAX];

	node_name(name, sizeof(name), card, dir, way);
	snprintf(path, sizeof(path), CLASS "/%s/%s", name, attr);
	return get_text(path, text, size);
}

long long node_number(const struct card *card, int dir, int way, const char *attr)
{
	char text[64], *end;
	long long n;

	if (!node_text(card, dir, way, attr, text, sizeof(text)))
		return -1;
	n = strtoll(text, &end, 10);
	return end == text || *end ? -1 : n;
}

long long channel_stat(const struct card *card, int dir, int channel,
		       const char *counter)
{
	char attr[64];

	snprintf(attr, sizeof(attr), "statistics/%s", counter);
	return node_number(card, dir, channel + 1, attr);
}

long long card_stat(const struct card *card, const char *counter)
{
	long long all = 0;
	int dir, i;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < card->channels[dir]; i++)
			all += channel_stat(card, dir, i, counter);
	return all;
}

bool channel_stat_becomes(const struct card *card, int dir, int channel,
			  const char *counter, long long value)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (channel_stat(card, dir, channel, counter) != value)
		if (!patient(&p))
			return channel_stat(card, dir, channel, counter) == value;
	return true;
}

bool channel_stat_reaches(const struct card *card, int dir, int channel,
			  const char *counter, long long value)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (channel_stat(card, dir, channel, counter) < value)
		if (!patient(&p))
			return channel_stat(card, dir, channel, counter) >= value;
	return true;
}

/* The largest of an attribute of all channels. */
static uint32_t channels_most(const struct card *card, const char *attr)
{
	long long n, most = 1;
	int dir, i;

	for (dir = 0; dir < 2; dir++) {
		for (i = 1; i < ways(card, dir); i++) {
			n = node_number(card, dir, i, attr);
			if (n > most)
				most = n;
		}
	}
	return most;
}

/* Fills in a card from its directory in sysfs; false if that is not one. */
static bool card_load(struct card *card, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX], rest;
	ssize_t len;

	memset(card, 0, sizeof(*card));
	if (sscanf(name, "exdma%d%c", &card->number, &rest) != 1)
		return false;
	snprintf(path, sizeof(path), CLASS "/%s/device", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = 0;
	snprintf(card->bdf, sizeof(card->bdf), "%.15s", basename(target));
	snprintf(path, sizeof(path), CLASS "/%s/device/driver", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = 0;
	snprintf(card->driver, sizeof(card->driver), "%.31s", basename(target));
	card->memory = node_number(card, 0, CARD_NODE, "aperture");
	card->channels[EXDMA_DIR_H2C] = node_number(card, 0, CARD_NODE, "h2c_channels");
	card->channels[EXDMA_DIR_C2H] = node_number(card, 0, CARD_NODE, "c2h_channels");
	card->align = channels_most(card, "address_alignment");
	card->grain = channels_most(card, "length_granularity");
	return true;
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct card *)a)->bdf, ((const struct card *)b)->bdf);
}

int cards_find(struct card *cards, int max)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	dir = opendir(CLASS);
	if (!dir)
		return 0;
	while (n < max && (entry = readdir(dir)))
		if (card_load(&cards[n], entry->d_name))
			n++;
	closedir(dir);
	qsort(cards, n, sizeof(*cards), by_address);
	return n;
}

bool card_first(struct card *card)
{
	const char *number = getenv("EXDMA_CARD");
	struct card cards[CARDS_MAX];
	int at = number ? atoi(number) : 0;

	if (cards_find(cards, CARDS_MAX) <= at)
		return false;
	*card = cards[at];
	return true;
}

bool card_at(struct card *card, const char *bdf)
{
	struct card cards[CARDS_MAX];
	int n = cards_find(cards, CARDS_MAX), i;

	for (i = 0; i < n; i++) {
		if (!strcmp(cards[i].bdf, bdf)) {
			*card = cards[i];
			return true;
		}
	}
	return false;
}

int ways(const struct card *card, int dir)
{
	return 1 + card->channels[dir];
}

bool card_streams(const struct card *card)
{
	char text[16];

	return node_text(card, EXDMA_DIR_C2H, 1, "interface", text, sizeof(text)) &&
	       !strcmp(text, "stream");
}

int node_open(const struct card *card, int dir, int way, int flags)
{
	char path[64] = "/dev/";

	node_name(path + 5, sizeof(path) - 5, card, dir, way);
	return open(path, flags | O_CLOEXEC);
}

int part_open(const struct card *card, const char *part, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/exdma%d_%s", card->number, part);
	return open(path, flags | O_CLOEXEC);
}

long long part_number(const struct card *card, const char *part, const char *attr)
{
	char path[96], text[64], *end;
	long long n;

	snprintf(path, sizeof(path), CLASS "/exdma%d_%s/%s", card->number, part, attr);
	if (!get_text(path, text, sizeof(text)))
		return -1;
	n = strtoll(text, &end, 10);
	return end == text || *end ? -1 : n;
}

int node_set_timeout(int fd, uint32_t timeout_ms)
{
	struct exdma_options options = { .size = sizeof(options) };

	if (ioctl(fd, EXDMA_IOC_GET_OPTIONS, &options))
		return -errno;
	options.timeout_ms = timeout_ms;
	return ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options) ? -errno : 0;
}

int open_in(const struct card *card, int way)
{
	return node_open(card, EXDMA_DIR_H2C, way, O_WRONLY);
}

int open_out(const struct card *card, int way)
{
	return node_open(card, EXDMA_DIR_C2H, way, O_RDONLY);
}

int set_aperture(const struct card *card, uint64_t bytes)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), CLASS "/exdma%d/aperture", card->number);
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)bytes);
	return put_text(path, text);
}

int node_set_flags(int fd, uint32_t flags)
{
	struct exdma_options options = { .size = sizeof(options) };

	if (ioctl(fd, EXDMA_IOC_GET_OPTIONS, &options))
		return -errno;
	options.flags = flags;
	return ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options) ? -errno : 0;
}

static int card_tell_driver(const struct card *card, const char *file)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", card->driver, file);
	return put_text(path, card->bdf);
}

int card_unbind(const struct card *card)
{
	return card_tell_driver(card, "unbind");
}

int card_bind(const struct card *card)
{
	return card_tell_driver(card, "bind");
}

bool card_has(const struct card *card, uint64_t bytes)
{
	return !card->memory || card->memory >= bytes;
}

#pragma weak card_needs

/* Before main(), which is the framework's. */
static void __attribute__((constructor)) skip_on_small_card(void)
{
	struct card card;

	if (!&card_needs || !card_first(&card) || card_has(&card, card_needs))
		return;
	printf("TAP version 13\n1..1\nok 1 all # SKIP " TOO_SMALL ": %llu of %llu bytes\n",
	       (unsigned long long)card.memory, (unsigned long long)card_needs);
	fflush(stdout);
	_exit(4);	/* KSFT_SKIP */
}

unsigned int card_transfers(const struct card *card, unsigned int ms, unsigned int most)
{
	int fd = open_out(card, CARD_NODE);
	char *page = memory(4096);
	uint64_t begin, took, n;

	begin = now_ns();
	if (fd < 0 || !page || pread(fd, page, card->grain, 0) < 0)
		most = 0;	/* as the test will find out */
	took = now_ns() - begin;
	if (page)
		munmap(page, 4096);
	if (fd >= 0)
		close(fd);
	n = ms * NS_PER_MS / (took + 1) + 1;
	return n < most ? n : most;
}

uint64_t card_memory(const struct card *card)
{
	int fd = open_out(card, CARD_NODE), bit;
	uint64_t size = card->memory;
	char *page = memory(4096);

	for (bit = 20; fd >= 0 && page && bit < 63 && !size; bit++) {
		if (pread(fd, page, card->grain, 1ull << bit) > 0)
			continue;
		if (errno == EIO)
			size = 1ull << bit;
		break;
	}
	if (page)
		munmap(page, 4096);
	if (fd >= 0)
		close(fd);
	return size;
}

size_t write_through(int fd, const void *buf, size_t len, uint64_t addr)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pwrite(fd, (const char *)buf + done, len - done, addr + done);
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

size_t read_through(int fd, void *buf, size_t len, uint64_t addr)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pread(fd, (char *)buf + done, len - done, addr + done);
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

#define PARAMETERS	"/sys/module/exdma/parameters/"

bool param_get(const char *name, char *text, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return get_text(path, text, size);
}

int param_put(const char *name, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return put_text(path, text);
}
