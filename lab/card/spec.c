// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a card's specification. Knows which values make sense together, and
 * nothing of what becomes of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spec.h"

struct parser {
	struct card_config *config;
	char *error;
	size_t error_len;
	const char *key, *value;
};

static bool fail(struct parser *p, const char *what)
{
	snprintf(p->error, p->error_len, "%s=%s: %s", p->key, p->value, what);
	return false;
}

bool spec_number(const char *text, int base, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	unsigned int shift = 0;
	char *end;

	/* strtoull() would take signs and spaces */
	if (!((*text >= '0' && *text <= '9') || (base == 16 && *text)) ||
	    *text == '-' || *text == '+' || *text == ' ')
		return false;
	errno = 0;
	*out = strtoull(text, &end, base);
	if (errno || end == text)
		return false;
	if (*end && base != 16) {
		suffix = strchr(suffixes, *end);
		if (!suffix || end[1])
			return false;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
		if (*out > UINT64_MAX >> shift)
			return false;
		*out <<= shift;
		end++;
	}
	return !*end;
}

static bool get_number(struct parser *p, uint64_t low, uint64_t high, uint64_t *out)
{
	char range[80];

	if (spec_number(p->value, 0, out) && *out >= low && *out <= high)
		return true;
	snprintf(range, sizeof(range), "must be a number from %llu to %llu",
		 (unsigned long long)low, (unsigned long long)high);
	return fail(p, range);
}

static bool get_unsigned(struct parser *p, unsigned int low, unsigned int high, unsigned int *out)
{
	uint64_t v;

	if (!get_number(p, low, high, &v))
		return false;
	*out = (unsigned int)v;
	return true;
}

static bool get_bar_size(struct parser *p, uint64_t smallest, uint64_t *out)
{
	uint64_t v;

	if (!spec_number(p->value, 0, &v) || (v && (v < smallest || (v & (v - 1)))))
		return fail(p, "must be 0 or a power of two, at least 4K");
	*out = v;
	return true;
}

static bool parse_id(struct parser *p)
{
	unsigned int vendor, device;
	char rest;

	if (strlen(p->value) != 9 ||
	    sscanf(p->value, "%4x:%4x%c", &vendor, &device, &rest) != 2)
		return fail(p, "must be VVVV:DDDD in hexadecimal");
	p->config->vendor = (uint16_t)vendor;
	p->config->device = (uint16_t)device;
	return true;
}

static bool parse_irq(struct parser *p)
{
	struct card_config *c = p->config;
	bool all = !strcmp(p->value, "all");

	c->msix = all || !strcmp(p->value, "msix");
	c->msi = all || !strcmp(p->value, "msi");
	c->intx = all || c->msi || !strcmp(p->value, "intx");
	if (!c->msix && !c->intx)
		return fail(p, "must be msix, msi, intx or all");
	return true;
}

static bool get_switch(struct parser *p, bool *out)
{
	*out = !strcmp(p->value, "on");
	if (!*out && strcmp(p->value, "off"))
		return fail(p, "must be on or off");
	return true;
}

static bool get_opposite(struct parser *p, bool *out)
{
	if (!get_switch(p, out))
		return false;
	*out = !*out;
	return true;
}

static bool parse_bars(struct parser *p)
{
	p->config->bars_64 = !strcmp(p->value, "64");
	if (!p->config->bars_64 && strcmp(p->value, "32"))
		return fail(p, "must be 32 or 64");
	return true;
}

static bool parse_width(struct parser *p)
{
	unsigned int w;

	if (!get_unsigned(p, 64, 512, &w))
		return false;
	if (w & (w - 1))
		return fail(p, "must be 64, 128, 256 or 512");
	p->config->xdma.width_bits = w;
	return true;
}

static bool parse_align(struct parser *p)
{
	uint64_t v;

	if (!spec_number(p->value, 16, &v) || v > UINT32_MAX)
		return fail(p, "must be a hexadecimal register value");
	p->config->xdma.alignments = (uint32_t)v;
	return true;
}

static bool parse_one_fault(struct parser *p, char *text)
{
	struct card_config *c = p->config;
	struct card_fault f;
	const char *wrong = spec_fault(text, &c->xdma, &f);

	if (wrong)
		return fail(p, wrong);
	if (c->faults == CARD_MAX_FAULTS)
		return fail(p, "too many faults");
	c->fault[c->faults++] = f;
	return true;
}

/* Several are joined with '+'. */
static bool parse_fault(struct parser *p)
{
	char *copy = strdup(p->value), *rest = copy, *one;
	bool ok = copy;

	while (ok && (one = strsep(&rest, "+")))
		ok = parse_one_fault(p, one);
	free(copy);
	return ok;
}

static bool parse_pair(struct parser *p)
{
	struct card_config *c = p->config;
	const char *key = p->key;
	uint64_t *limit;

	if (!strcmp(key, "h2c"))
		return get_unsigned(p, 1, XDMA_MAX_CHANNELS, &c->xdma.h2c);
	if (!strcmp(key, "c2h"))
		return get_unsigned(p, 1, XDMA_MAX_CHANNELS, &c->xdma.c2h);
	if (!strcmp(key, "id"))
		return parse_id(p);
	if (!strcmp(key, "mem"))
		return get_number(p, 1, CARDMEM_MAX_SIZE, &c->mem_size);
	if (!strcmp(key, "user"))
		return get_bar_size(p, 4096, &c->user_size);
	if (!strcmp(key, "bypass"))
		return get_bar_size(p, 4096, &c->bypass_size);
	if (!strcmp(key, "bars"))
		return parse_bars(p);
	if (!strcmp(key, "irq"))
		return parse_irq(p);
	if (!strcmp(key, "d3reset"))
		return get_switch(p, &c->d3_reset);
	if (!strcmp(key, "strict"))
		return get_switch(p, &c->strict);
	if (!strcmp(key, "stream"))
		return get_switch(p, &c->xdma.stream);
	if (!strcmp(key, "credits"))
		return get_opposite(p, &c->xdma.no_credits);
	if (!strcmp(key, "fifo"))
		return get_number(p, 1, STREAM_MAX_FIFO, &c->xdma.fifo);
	if (!strcmp(key, "width"))
		return parse_width(p);
	if (!strcmp(key, "align"))
		return parse_align(p);
	if (!strcmp(key, "fault"))
		return true;	/* second pass: needs the channels */
	if (!strcmp(key, "rate"))
		limit = &c->xdma.rate;
	else if (!strcmp(key, "desc"))
		limit = &c->xdma.desc_ns;
	else if (!strcmp(key, "run"))
		limit = &c->xdma.run_ns;
	else
		return fail(p, "there is no such key");
	return get_number(p, 0, 1ull << 50, limit);
}

static bool check_together(struct parser *p)
{
	struct card_config *c = p->config;
	uint64_t most = c->bars_64 ? 1ull << 40 : 1ull << 30;

	if (c->user_size > most || c->bypass_size > most) {
		snprintf(p->error, p->error_len,
			 "a BAR of more than 1G needs bars=64, and 1T is the end");
		return false;
	}
	return true;
}

static bool parse_pass(struct parser *p, const char *text, bool faults)
{
	char *copy = strdup(text), *save = NULL, *pair, *equals;
	bool ok = copy;

	for (pair = copy ? strtok_r(copy, ",", &save) : NULL; ok && pair;
	     pair = strtok_r(NULL, ",", &save)) {
		equals = strchr(pair, '=');
		if (!equals) {
			snprintf(p->error, p->error_len, "%s: must be key=value", pair);
			ok = false;
			break;
		}
		*equals = '\0';
		p->key = pair;
		p->value = equals + 1;
		if (!faults)
			ok = parse_pair(p);
		else if (!strcmp(p->key, "fault"))
			ok = parse_fault(p);
	}
	free(copy);
	return ok;
}

bool spec_parse(const char *text, struct card_config *config, char *error, size_t len)
{
	struct parser p = { .config = config, .error = error, .error_len = len };

	memset(config, 0, sizeof(*config));
	config->xdma.h2c = 1;
	config->xdma.c2h = 1;
	config->xdma.alignments = 0x00010140;
	config->xdma.width_bits = 256;
	config->xdma.fifo = 64 << 10;
	config->xdma.threads = true;
	config->vendor = 0x10ee;
	config->device = 0x903f;
	config->mem_size = 4ull << 30;
	config->user_size = 64 << 10;
	config->msix = true;
	config->msi = true;
	config->intx = true;
	config->strict = true;
	snprintf(error, len, "out of memory");
	return parse_pass(&p, text, false) && check_together(&p) && parse_pass(&p, text, true);
}
