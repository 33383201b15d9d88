// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern.c - tests of tool/pattern.c
 */
#include <string.h>

#include "pattern.h"
#include "test.h"

#define LENGTH	300

static void pieces(void)
{
	unsigned char whole[LENGTH], part[LENGTH];

	for (unsigned int kind = 0; kind < PATTERN_KINDS; kind++) {
		const struct pattern pattern = { kind, 42 };

		pattern_fill(&pattern, 0xfffffff0, whole, LENGTH);
		for (size_t cut = 0; cut <= LENGTH; cut++) {
			memset(part, 0, LENGTH);
			pattern_fill(&pattern, 0xfffffff0, part, cut);
			pattern_fill(&pattern, 0xfffffff0 + cut, part + cut,
				     LENGTH - cut);
			CHECK(!memcmp(whole, part, LENGTH));
		}
		for (size_t i = 0; i < LENGTH; i++)
			CHECK(whole[i] ==
			      pattern_byte(&pattern, 0xfffffff0 + i));
	}
}

static void detection(void)
{
	unsigned char buf[LENGTH];

	for (unsigned int kind = 0; kind < PATTERN_KINDS; kind++) {
		const struct pattern pattern = { kind, 7 };

		for (uint64_t from = 0x1001; from < 0x1009; from++) {
			pattern_fill(&pattern, from, buf, LENGTH);
			CHECK(pattern_check(&pattern, from, buf, LENGTH) ==
			      LENGTH);
			CHECK(pattern_check(&pattern, from, buf, 0) == 0);
			for (size_t i = 0; i < LENGTH; i++) {
				buf[i] ^= 1 << i % 8;
				CHECK(pattern_check(&pattern, from, buf,
						    LENGTH) == i);
				buf[i] ^= 1 << i % 8;
			}
		}
	}
}

static void content(void)
{
	const struct pattern address = { PATTERN_ADDRESS, 0 };
	const struct pattern walking = { PATTERN_WALKING, 0 };
	const struct pattern one = { PATTERN_RANDOM, 1 };
	const struct pattern two = { PATTERN_RANDOM, 2 };
	static const unsigned char word[8] = { 0x08, 0x67, 0x45, 0x23, 0x01 };
	unsigned char buf[128 * 8], other[sizeof(buf)];
	unsigned int set;

	pattern_fill(&address, 0x123456708, buf, 8);
	CHECK(!memcmp(buf, word, 8));

	/* 64 words with one bit set, 64 with one bit clear, all different */
	pattern_fill(&walking, 0, buf, sizeof(buf));
	for (unsigned int i = 0; i < 128; i++) {
		set = 0;
		for (unsigned int bit = 0; bit < 64; bit++)
			set += buf[8 * i + bit / 8] >> bit % 8 & 1;
		CHECK(set == (i < 64 ? 1 : 63));
		for (unsigned int k = 0; k < i; k++)
			CHECK(memcmp(buf + 8 * i, buf + 8 * k, 8));
	}

	pattern_fill(&one, 0, buf, sizeof(buf));
	pattern_fill(&two, 0, other, sizeof(other));
	CHECK(memcmp(buf, other, sizeof(buf)));
	pattern_fill(&one, sizeof(buf), other, sizeof(other));
	CHECK(memcmp(buf, other, sizeof(buf)));
}

const struct test_case tests_pattern[] = {
	{ "a pattern does not depend on how it is cut", pieces },
	{ "a wrong byte is found wherever it is", detection },
	{ "patterns hold what they promise", content },
	{ NULL, NULL },
};
