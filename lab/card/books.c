// SPDX-License-Identifier: GPL-2.0-only
/*
 * The books (see books.h for the locking): counting, and the JSON text.
 * Writing the file is bookfile.c's business.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "books.h"
#include "log.h"
#include "util.h"

static const char *const violation_names[V_KINDS] = {
	[V_ADJACENCY] = "adjacency",
	[V_BOUNDARY] = "boundary",
	[V_STOP] = "stop",
	[V_RESERVED] = "reserved",
	[V_MISALIGNED] = "misaligned",
	[V_LENGTH] = "length",
	[V_UNMAPPED] = "unmapped",
	[V_CHANGED] = "changed",
	[V_BUSY] = "busy",
	[V_ACCESS] = "access",
	[V_REGISTER] = "register",
};

static const char *const fault_names[FAULT_KINDS] = {
	[FAULT_HANG] = "hang",
	[FAULT_ERROR] = "error",
	[FAULT_LOSE] = "lose",
	[FAULT_DELAY] = "delay",
	[FAULT_DUPLICATE] = "duplicate",
	[FAULT_INVENT] = "invent",
	[FAULT_GONE] = "gone",
	[FAULT_STALE] = "stale",
	[FAULT_CORRUPT] = "corrupt",
	[FAULT_REFUSE] = "refuse",
	[FAULT_SLOW] = "slow",
	[FAULT_DIE] = "die",
};

static const char *const kind_names[] = {
	[IRQ_NONE] = "none", [IRQ_INTX] = "intx", [IRQ_MSI] = "msi", [IRQ_MSIX] = "msix",
};

const char *books_engine_name(unsigned int engine)
{
	static const char *const names[BOOKS_ENGINES + 1] = {
		"h2c0", "h2c1", "h2c2", "h2c3", "c2h0", "c2h1", "c2h2", "c2h3", "card",
	};

	return names[engine];
}

void books_init(struct books *b, bool strict)
{
	memset(b, 0, sizeof(*b));
	b->strict = strict;
	pthread_mutex_init(&b->lock, NULL);
}

void books_fini(struct books *b)
{
	pthread_mutex_destroy(&b->lock);
}

static void zero(atomic_uint_fast64_t *c)
{
	atomic_store_explicit(c, 0, memory_order_relaxed);
}

void books_zero(struct books *b)
{
	uint64_t now = now_ns();
	unsigned int i;

	for (i = 0; i < BOOKS_ENGINES; i++) {
		struct books_engine *e = &b->engine[i];

		zero(&e->busy_ns);
		zero(&e->idle_ns);
		zero(&e->runs);
		zero(&e->descriptors);
		zero(&e->bytes);
		zero(&e->errors);
		/* idle time is time between two runs that were both counted */
		zero(&e->idle_since);
		if (counted(&e->busy_since))
			atomic_store_explicit(&e->busy_since, now, memory_order_relaxed);
	}
	zero(&b->reads);
	zero(&b->writes);
	for (i = 0; i < BOOKS_REGISTERS; i++) {
		zero(&b->reg_reads[i]);
		zero(&b->reg_writes[i]);
	}
	for (i = 0; i < PCI_MSIX_VECTORS; i++)
		zero(&b->vectors[i]);
	zero(&b->interrupts);
	for (i = 0; i < FAULT_KINDS; i++)
		zero(&b->struck[i]);
	pthread_mutex_lock(&b->lock);
	memset(b->violations, 0, sizeof(b->violations));
	zero(&b->violation_count);
	pthread_mutex_unlock(&b->lock);
}

void books_violation(struct books *b, unsigned int engine, enum violation kind,
		     const char *fmt, ...)
{
	struct books_violation *v = &b->violations[engine][kind];
	char text[sizeof(v->first)];
	bool first;
	va_list ap;

	if (!b->strict)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&b->lock);
	first = !v->count++;
	if (first)
		memcpy(v->first, text, sizeof(text));
	count(&b->violation_count, 1);
	pthread_mutex_unlock(&b->lock);
	if (first)
		log_line("violation: %s: %s: %s", books_engine_name(engine),
			 violation_names[kind], text);
}

void books_busy(struct books *b, unsigned int engine, uint64_t now)
{
	struct books_engine *e = &b->engine[engine];
	uint64_t since = atomic_exchange_explicit(&e->idle_since, 0, memory_order_relaxed);

	if (since)
		count(&e->idle_ns, now - since);
	atomic_store_explicit(&e->busy_since, now, memory_order_relaxed);
	count(&e->runs, 1);
}

void books_idle(struct books *b, unsigned int engine, uint64_t now)
{
	struct books_engine *e = &b->engine[engine];
	uint64_t since = atomic_exchange_explicit(&e->busy_since, 0, memory_order_relaxed);

	if (since && now > since)
		count(&e->busy_ns, now - since);
	atomic_store_explicit(&e->idle_since, now, memory_order_relaxed);
}

uint64_t books_busy_ns(struct books *b, unsigned int engine)
{
	struct books_engine *e = &b->engine[engine];
	uint64_t since = counted(&e->busy_since), now = now_ns();

	return counted(&e->busy_ns) + (since && now > since ? now - since : 0);
}

void books_register(struct books *b, uint32_t offset, bool write)
{
	count(write ? &b->writes : &b->reads, 1);
	count(write ? &b->reg_writes[offset / 4] : &b->reg_reads[offset / 4], 1);
}

void books_interrupt(struct books *b, enum irq_kind kind, unsigned int vector)
{
	atomic_store_explicit(&b->kind, (int)kind, memory_order_relaxed);
	count(&b->vectors[vector], 1);
	count(&b->interrupts, 1);
}

/* Text of ours only, but a quote or backslash must not break the file. */
static void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc((unsigned char)*s < ' ' ? ' ' : *s, f);
	}
	fputc('"', f);
}

static void json_violations(struct books *b, FILE *f)
{
	const char *sep = "";
	unsigned int e, k;

	pthread_mutex_lock(&b->lock);
	fprintf(f, "{\n\"strict\": %s,\n\"violations\": [", b->strict ? "true" : "false");
	for (e = 0; e <= BOOKS_ENGINES; e++) {
		for (k = 0; k < V_KINDS; k++) {
			const struct books_violation *v = &b->violations[e][k];

			if (!v->count)
				continue;
			fprintf(f, "%s\n  {\"kind\": \"%s\", \"engine\": \"%s\", ",
				sep, violation_names[k], books_engine_name(e));
			fprintf(f, "\"count\": %llu, \"first\": ",
				(unsigned long long)v->count);
			json_string(f, v->first);
			fputc('}', f);
			sep = ",";
		}
	}
	fprintf(f, "],\n\"violation_count\": %llu,\n",
		(unsigned long long)counted(&b->violation_count));
	pthread_mutex_unlock(&b->lock);
}

static void json_registers(struct books *b, FILE *f)
{
	const char *sep = "";
	char name[48];
	uint32_t i;

	fprintf(f, "\"dma_bar\": {\"reads\": %llu, \"writes\": %llu},\n\"registers\": [",
		(unsigned long long)counted(&b->reads),
		(unsigned long long)counted(&b->writes));
	for (i = 0; i < BOOKS_REGISTERS; i++) {
		uint64_t r = counted(&b->reg_reads[i]), w = counted(&b->reg_writes[i]);

		if (!r && !w)
			continue;
		name[0] = '\0';
		if (b->register_name)
			b->register_name(b->ctx, i * 4, name, sizeof(name));
		fprintf(f, "%s\n  {\"offset\": \"0x%04x\", \"name\": \"%s\", ", sep, i * 4, name);
		fprintf(f, "\"reads\": %llu, \"writes\": %llu}",
			(unsigned long long)r, (unsigned long long)w);
		sep = ",";
	}
	fputs("],\n", f);
}

static void json_faults(struct books *b, FILE *f)
{
	unsigned int i;

	fputs("\"faults\": {", f);
	for (i = 0; i < FAULT_KINDS; i++)
		fprintf(f, "%s\"%s\": %llu", i ? ", " : "", fault_names[i],
			(unsigned long long)counted(&b->struck[i]));
	fputs("},\n", f);
}

char *books_json(struct books *b, size_t *len)
{
	const char *sep = "";
	char *text = NULL;
	unsigned int i;
	FILE *f;

	f = open_memstream(&text, len);
	if (!f)
		return NULL;
	json_violations(b, f);
	fputs("\"engines\": [", f);
	for (i = 0; i < BOOKS_ENGINES; i++) {
		struct books_engine *e = &b->engine[i];

		if (!b->engine_there[i])
			continue;
		fprintf(f, "%s\n  {\"name\": \"%s\", ", sep, books_engine_name(i));
		fprintf(f, "\"busy_ns\": %llu, \"idle_ns\": %llu, \"runs\": %llu, ",
			(unsigned long long)books_busy_ns(b, i),
			(unsigned long long)counted(&e->idle_ns),
			(unsigned long long)counted(&e->runs));
		fprintf(f, "\"descriptors\": %llu, \"bytes\": %llu, \"errors\": %llu}",
			(unsigned long long)counted(&e->descriptors),
			(unsigned long long)counted(&e->bytes),
			(unsigned long long)counted(&e->errors));
		sep = ",";
	}
	fputs("],\n", f);
	json_registers(b, f);
	json_faults(b, f);
	fprintf(f, "\"interrupts\": {\"kind\": \"%s\", ",
		kind_names[atomic_load_explicit(&b->kind, memory_order_relaxed)]);
	fprintf(f, "\"total\": %llu, \"lost\": %llu, \"vectors\": [",
		(unsigned long long)counted(&b->interrupts),
		(unsigned long long)counted(&b->struck[FAULT_LOSE]));
	for (sep = "", i = 0; i < PCI_MSIX_VECTORS; i++) {
		uint64_t n = counted(&b->vectors[i]);

		if (!n)
			continue;
		fprintf(f, "%s\n  {\"vector\": %u, \"count\": %llu}", sep, i,
			(unsigned long long)n);
		sep = ",";
	}
	fputs("]}\n}\n", f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
