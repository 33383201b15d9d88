/* SPDX-License-Identifier: GPL-2.0-only */
/* The card's configuration as text: h2c=2,c2h=2,mem=4G,... (see README.md). */
#ifndef CARD_SPEC_H
#define CARD_SPEC_H

#include <stddef.h>

#include "card.h"

/**
 * spec_parse() - read a specification
 * @text: comma separated key=value, may be empty
 * @config: filled in, defaults included
 * @error: room for one line that says what is wrong
 * @len: its size
 *
 * Return: true, or false with @error set.
 */
bool spec_parse(const char *text, struct card_config *config, char *error, size_t len);

/* A number with an optional suffix K, M, G, T (powers of 1024; not if @base is 16). */
bool spec_number(const char *text, int base, uint64_t *out);

/**
 * spec_fault() - read one fault (spec-fault.c)
 * @text: KIND:TARGET:N:VALUE; is taken apart
 * @setup: which engines there are
 * @f: filled in
 *
 * Return: NULL, or what is wrong.
 */
const char *spec_fault(char *text, const struct xdma_setup *setup, struct card_fault *f);

#endif
