// SPDX-License-Identifier: GPL-2.0-only
/*
 * library.c - tests of libexdma against a tree of plain files
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exdma/exdma.h>

#include "cards.h"
#include "report.h"
#include "test.h"

#define TEMPLATE	"/tmp/exdma-test-XXXXXX"

static char root[sizeof(TEMPLATE)];

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0777);
		*p = '/';
	}
	file = fopen(full, "w");
	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

static void point(const char *target, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (symlink(target, full))
		abort();
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct exdma_cards *load(void)
{
	const struct exdma_roots roots = { .sysfs = root, .dev = root };

	return exdma_cards_new(&roots);
}

static void make_root(void)
{
	memcpy(root, TEMPLATE, sizeof(TEMPLATE));
	if (!mkdtemp(root))
		abort();
}

/* two cards; 10 comes before 2 by the alphabet */
static void make_cards(void)
{
	make_root();
	put("class/exdma/exdma10/aperture", "4294967296\n");
	put("class/exdma/exdma10/interrupts", "msix\n");
	put("bus/0000:0a:00.0/current_link_speed", "8.0 GT/s PCIe\n");
	put("drivers/exdma_xdma/module/version", "0.1.0\n");
	point("../../../bus/0000:0a:00.0", "class/exdma/exdma10/device");
	point("../../drivers/exdma_xdma", "bus/0000:0a:00.0/driver");
	put("class/exdma/exdma10_c2h0/address_alignment", "64\n");
	put("class/exdma/exdma10_c2h0/length_granularity", "4\n");
	put("class/exdma/exdma10_c2h0/address_bits", "40\n");
	put("class/exdma/exdma10_c2h0/interface", "mm\n");
	put("class/exdma/exdma10_h2c11/interface", "stream\n");
	put("class/exdma/exdma10_h2c2/interface", "mm\n");
	put("class/exdma/exdma10_h2c2/statistics/bytes", "12345678901\n");
	put("class/exdma/exdma10_h2c2/statistics/runs", "7\n");
	put("class/exdma/exdma10_h2c2/statistics/nonsense", "seven\n");
	/* the least that a card can be */
	put("class/exdma/exdma2/uevent", "");
	/* what is none of our business */
	put("class/exdma/exdma/x", "");
	put("class/exdma/exdma10_ctl/x", "");
	put("class/exdma/exdma10_h2c/x", "");
	put("class/exdma/exdma10_h2c0_user/x", "");
	put("class/exdma/exdma3_h2c0/x", "");
	put("class/exdma/xdma0/x", "");
	put("class/exdma/exdma99999999999/x", "");
	put("exdma10", "");
	put("exdma10_c2h0", "");
}

static void no_class(void)
{
	make_root();
	errno = 0;
	CHECK(!load() && errno == ENOENT);
	clean();
}

static void no_card(void)
{
	struct exdma_cards *cards;

	make_root();
	put("class/exdma/other", "");
	cards = load();
	NEED(cards);
	CHECK(exdma_cards_count(cards) == 0);
	CHECK(!exdma_cards_at(cards, 0));
	CHECK(!exdma_cards_find(cards, "0") && errno == ENOENT);
	exdma_cards_free(cards);
	exdma_cards_free(NULL);
	clean();
}

static void two_cards(void)
{
	struct exdma_cards *cards;
	const struct exdma_card *small, *large;

	make_cards();
	cards = load();
	NEED(cards && exdma_cards_count(cards) == 2);
	small = exdma_cards_at(cards, 0);
	large = exdma_cards_at(cards, 1);
	CHECK(exdma_card_number(small) == 2);
	CHECK(exdma_card_number(large) == 10);
	CHECK(!strcmp(exdma_card_name(large), "exdma10"));
	CHECK(!strncmp(exdma_card_node(large), root, strlen(root)));
	CHECK(!strcmp(exdma_card_bus_id(large), "0000:0a:00.0"));
	CHECK(!strcmp(exdma_card_driver(large), "exdma_xdma"));
	CHECK(!strcmp(exdma_card_interrupts(large), "msix"));
	CHECK(exdma_card_aperture(large) == 4294967296);

	CHECK(!strcmp(exdma_card_bus_id(small), ""));
	CHECK(!strcmp(exdma_card_driver(small), ""));
	CHECK(!strcmp(exdma_card_interrupts(small), ""));
	CHECK(exdma_card_aperture(small) == 0);
	CHECK(exdma_card_channel_count(small) == 0);

	CHECK(exdma_cards_find(cards, "10") == large);
	CHECK(exdma_cards_find(cards, "exdma2") == small);
	CHECK(exdma_cards_find(cards, exdma_card_node(small)) == small);
	CHECK(exdma_cards_find(cards, "0000:0a:00.0") == large);
	CHECK(exdma_cards_find(cards, "0A:00.0") == large);
	CHECK(!exdma_cards_find(cards, "1"));
	CHECK(!exdma_cards_find(cards, ""));
	exdma_cards_free(cards);
	clean();
}

static void channels(void)
{
	const struct exdma_channel *channel;
	const struct exdma_card *card;
	struct exdma_cards *cards;

	make_cards();
	cards = load();
	NEED(cards);
	card = exdma_cards_find(cards, "10");
	NEED(card && exdma_card_channel_count(card) == 3);
	channel = exdma_card_channel_at(card, 0);
	CHECK(!strcmp(exdma_channel_name(channel), "exdma10_h2c2"));
	CHECK(!exdma_channel_is_stream(channel));
	CHECK(exdma_channel_alignment(channel) == 1);
	CHECK(exdma_channel_granularity(channel) == 1);
	CHECK(exdma_channel_address_bits(channel) == 0);
	channel = exdma_card_channel_at(card, 1);
	CHECK(!strcmp(exdma_channel_name(channel), "exdma10_h2c11"));
	CHECK(exdma_channel_is_stream(channel));
	channel = exdma_card_channel_at(card, 2);
	CHECK(!strcmp(exdma_channel_name(channel), "exdma10_c2h0"));
	CHECK(exdma_channel_direction(channel) == EXDMA_DIR_C2H);
	CHECK(exdma_channel_alignment(channel) == 64);
	CHECK(exdma_channel_granularity(channel) == 4);
	CHECK(exdma_channel_address_bits(channel) == 40);
	CHECK(!exdma_card_channel_at(card, 3));
	CHECK(exdma_card_channel(card, EXDMA_DIR_C2H, 0) == channel);
	CHECK(!exdma_card_channel(card, EXDMA_DIR_C2H, 1) && errno == ENOENT);
	exdma_cards_free(cards);
	clean();
}

static int visit(void *context, const char *name, uint64_t value)
{
	char *text = context;

	sprintf(text + strlen(text), "%s=%llu ", name,
		(unsigned long long)value);
	return strcmp(name, "stop") ? 0 : 5;
}

static void attributes(void)
{
	const struct exdma_channel *channel;
	const struct exdma_card *card;
	struct exdma_cards *cards;
	char text[64] = "";
	char value[32];
	uint64_t number;

	make_cards();
	cards = load();
	NEED(cards);
	card = exdma_cards_find(cards, "10");
	NEED(card);
	CHECK(!exdma_card_attribute(card, "device/current_link_speed", value,
				    sizeof(value)));
	CHECK(!strcmp(value, "8.0 GT/s PCIe"));
	CHECK(exdma_card_attribute(card, "device/current_link_speed", value,
				   5) && errno == EOVERFLOW);
	CHECK(exdma_card_attribute(card, "device/nothing", value,
				   sizeof(value)) && errno == ENOENT);

	channel = exdma_card_channel(card, EXDMA_DIR_H2C, 2);
	NEED(channel);
	CHECK(!exdma_channel_statistic(channel, "bytes", &number));
	CHECK(number == 12345678901);
	CHECK(exdma_channel_statistic(channel, "nothing", &number) &&
	      errno == ENOENT);
	CHECK(exdma_channel_statistic(channel, "nonsense", &number) &&
	      errno == EINVAL);
	CHECK(!exdma_channel_statistics(channel, visit, text));
	CHECK(!strcmp(text, "bytes=12345678901 runs=7 "));
	put("class/exdma/exdma10_h2c2/statistics/stop", "1\n");
	put("class/exdma/exdma10_h2c2/statistics/zulu", "1\n");
	text[0] = '\0';
	CHECK(exdma_channel_statistics(channel, visit, text) == 5);
	CHECK(!strcmp(text, "bytes=12345678901 runs=7 stop=1 "));
	channel = exdma_card_channel(card, EXDMA_DIR_C2H, 0);
	CHECK(exdma_channel_statistics(channel, visit, text) == -1 &&
	      errno == ENOENT);
	exdma_cards_free(cards);
	clean();
}

static void opening(void)
{
	struct exdma_channel_info channel_info;
	struct exdma_card_info card_info;
	const struct exdma_card *card;
	struct exdma_cards *cards;
	int fd;

	make_cards();
	cards = load();
	NEED(cards);
	card = exdma_cards_find(cards, "10");
	NEED(card);
	fd = exdma_card_open(card, O_RDWR);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(exdma_get_card_info(fd, &card_info) && errno == ENOTTY);
	CHECK(exdma_get_channel_info(fd, &channel_info) && errno == ENOTTY);
	close(fd);
	fd = exdma_channel_open(exdma_card_channel(card, EXDMA_DIR_C2H, 0),
				O_RDWR | O_NONBLOCK);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	CHECK(exdma_channel_open(exdma_card_channel(card, EXDMA_DIR_H2C, 2),
				 0) == -1 && errno == ENOENT);
	exdma_cards_free(cards);
	clean();
}

static bool allowed(const struct exdma_card *card, unsigned int direction,
		    int channel, uint64_t address, uint64_t length)
{
	int status;

	test_silence(true);
	status = cards_check_range(card, direction, channel, address, length);
	test_silence(false);
	return status == STATUS_OK;
}

static void ranges(void)
{
	const struct exdma_card *card;
	const uint64_t end = 4294967296;
	struct exdma_cards *cards;

	make_cards();
	cards = load();
	NEED(cards);
	card = exdma_cards_find(cards, "10");
	NEED(card);
	CHECK(allowed(card, EXDMA_DIR_C2H, ANY_CHANNEL, 0, 4));
	CHECK(allowed(card, EXDMA_DIR_C2H, 0, 64, 0));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, 32, 4));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, 64, 3));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 1, 0, 4));
	CHECK(allowed(card, EXDMA_DIR_C2H, 0, 0, end));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, 0, end + 4));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, end + 64, 0));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, end - 64, 128));
	/* nothing may wrap */
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, 64, UINT64_MAX - 3));
	CHECK(allowed(card, EXDMA_DIR_C2H, 0, 64, UINT64_MAX));
	/* the rules of one channel are not those of the others */
	CHECK(allowed(card, EXDMA_DIR_H2C, 2, 1, 1));
	CHECK(!allowed(card, EXDMA_DIR_H2C, 11, 0, 4));
	CHECK(allowed(card, EXDMA_DIR_H2C, ANY_CHANNEL, 1, 1));
	exdma_cards_free(cards);

	/* without an aperture the address bits bound it */
	put("class/exdma/exdma10/aperture", "0\n");
	cards = load();
	NEED(cards);
	card = exdma_cards_find(cards, "10");
	CHECK(allowed(card, EXDMA_DIR_C2H, 0, (1ull << 40) - 64, 64));
	CHECK(!allowed(card, EXDMA_DIR_C2H, 0, (1ull << 40) - 64, 128));
	exdma_cards_free(cards);
	clean();
}

const struct test_case tests_library[] = {
	{ "no class: the driver is not loaded", no_class },
	{ "a class without cards is an empty list", no_card },
	{ "cards are found, sorted, and called by name", two_cards },
	{ "channels are found and sorted", channels },
	{ "attributes and statistics are read", attributes },
	{ "nodes are opened the right way round", opening },
	{ "ranges are checked before anything moves", ranges },
	{ NULL, NULL },
};
