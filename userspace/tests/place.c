// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c - tests of tool/place.c
 */
#include <string.h>

#include <linux/exdma.h>

#include "place.h"
#include "test.h"

static bool is_file(const char *text)
{
	struct place place;

	return !place_parse(text, &place) && !place.is_card &&
	       place.text == text && place.direction == -1 &&
	       place.channel == -1 && place.length == LENGTH_UNKNOWN;
}

static bool is_place(const char *text, const char *card, uint64_t address,
		     uint64_t length)
{
	struct place place;

	return !place_parse(text, &place) && place.is_card &&
	       !strcmp(place.card, card) && place.direction == -1 &&
	       place.channel == -1 && place.address == address &&
	       place.length == length;
}

static bool is_node(const char *text, const char *card, int direction,
		    int channel)
{
	struct place place;

	return !place_parse(text, &place) && place.is_card &&
	       !strcmp(place.card, card) && place.direction == direction &&
	       place.channel == channel;
}

static bool is_wrong(const char *text)
{
	struct place place;

	return place_parse(text, &place) == -1;
}

static void cards(void)
{
	CHECK(is_place("0:0", "0", 0, LENGTH_UNKNOWN));
	CHECK(is_place("0:0x1000", "0", 0x1000, LENGTH_UNKNOWN));
	CHECK(is_place("12:4K+16M", "12", 4096, 16 << 20));
	CHECK(is_place("exdma3:1G+0", "exdma3", 1 << 30, 0));
	CHECK(is_place("0000:01:00.0:0x10", "0000:01:00.0", 16,
		       LENGTH_UNKNOWN));
	CHECK(is_place("10000:e1:00.7:1+2", "10000:e1:00.7", 1, 2));
	CHECK(is_place("01:00.0:0x10", "01:00.0", 16, LENGTH_UNKNOWN));
}

static void nodes(void)
{
	CHECK(is_node("exdma0_h2c1:0", "exdma0", EXDMA_DIR_H2C, 1));
	CHECK(is_node("exdma12_c2h31:4G+1", "exdma12", EXDMA_DIR_C2H, 31));
	CHECK(is_file("exdma0_h2c:0"));
	CHECK(is_file("exdma0_x2y0:0"));
	CHECK(is_file("exdma0_h2c0x:0"));
	CHECK(is_file("exdma0_h2c1000:0"));
}

static void files(void)
{
	CHECK(is_file("-"));
	CHECK(is_file("file"));
	CHECK(is_file(""));
	CHECK(is_file("0"));
	CHECK(is_file("./0:1"));
	CHECK(is_file("/tmp/0:0x1000"));
	CHECK(is_file("exdma:0"));
	CHECK(is_file("name:0"));
	CHECK(is_file("host:path:7"));
	CHECK(is_file(":0"));
	CHECK(is_file("01:00.8:0"));
	CHECK(is_file("001:00.0:0"));
	CHECK(is_file("a-name-that-is-longer-than-any-card-could-be:0"));
}

static void wrong(void)
{
	CHECK(is_wrong("0:"));
	CHECK(is_wrong("0:x"));
	CHECK(is_wrong("0:0+"));
	CHECK(is_wrong("0:0+1+2"));
	CHECK(is_wrong("0:-1"));
	CHECK(is_wrong("0:+5"));
	CHECK(is_wrong("0:0x8000000000000000"));
	CHECK(is_wrong("0:0+99999999999T"));
	/* a PCI address without an address on the card */
	CHECK(is_wrong("01:00.0"));
}

const struct test_case tests_place[] = {
	{ "places on cards are understood", cards },
	{ "names of channel nodes are understood", nodes },
	{ "everything else is a file", files },
	{ "a card with a wrong address is an error, not a file", wrong },
	{ NULL, NULL },
};
