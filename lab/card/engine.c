// SPDX-License-Identifier: GPL-2.0-only
/*
 * One engine: the state machine from Run to Stop (register document, section
 * 12), the link model, performance counters, and what faults do to it. Knows nothing
 * of register offsets (xdma.c) or of the rules for descriptors (fetch.c).
 *
 * engine_step() does one bounded piece of work and says when it wants to be
 * called again. A thread per engine calls it and sleeps in between; tests and
 * the fuzzer call it through xdma_poll() with no thread at all.
 *
 * Locking: everything here runs under x->lock, except between engine_leave()
 * and engine_return(); see xdma.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "log.h"
#include "mover.h"
#include "xdma.h"

/* Do not sleep in the middle of a descriptor for less than this. */
#define PACE_SLACK_NS	200000u
/* Oversleeping up to this is made good in the next runs. */
#define PACE_MAX_LATE	1000000u

/* --- leaving and re-entering the lock ---------------------------------- */

uint32_t engine_leave(struct engine *e)
{
	uint32_t generation = e->generation;

	e->touching = true;
	pthread_mutex_unlock(e->x->lock);
	return generation;
}

bool engine_return(struct engine *e, uint32_t generation)
{
	pthread_mutex_lock(e->x->lock);
	e->touching = false;
	pthread_cond_broadcast(&e->x->parked);
	return e->generation == generation;
}

/* --- what software sees -------------------------------------------------- */

/* The interrupt line follows status and mask. */
void engine_line(struct engine *e)
{
	irq_set_channel(e->x->irq, e->irq, e->status & e->mask);
}

/* Log status bits whose enable is set in Control. */
static void log_status(struct engine *e, uint32_t bits)
{
	e->status |= bits & e->control & ST_LOGGED;
}

static void write_back(struct engine *e)
{
	uint32_t word = e->completed & WB_COUNT;

	if (e->status & ST_ERRORS)
		word |= WB_ERROR;
	if (fault_strikes(e->x->faults, FAULT_STALE, e->id, NULL))
		return;
	fault_strikes(e->x->faults, FAULT_CORRUPT, e->id, &word);
	if (e->wb_addr % 4)
		books_violation(e->x->books, e->id, V_MISALIGNED,
				"writeback address 0x%llx", (unsigned long long)e->wb_addr);
	if (!guestmem_store32(e->x->host, e->wb_addr, word))
		books_violation(e->x->books, e->id, V_UNMAPPED,
				"writeback to 0x%llx", (unsigned long long)e->wb_addr);
}

/* --- performance counters ------------------------------------------------ */

static void perf_stop_clock(struct engine *e, uint64_t now)
{
	if (e->perf_since)
		e->perf_ns += now - e->perf_since;
	e->perf_since = 0;
}

void engine_perf_arm(struct engine *e, bool on)
{
	uint64_t now = now_ns();

	perf_stop_clock(e, now);
	e->perf_armed = on;
	if (on && engine_busy(e))
		e->perf_since = now;
}

uint64_t engine_perf_cycles(const struct engine *e)
{
	uint64_t ns = e->perf_ns;

	if (e->perf_since)
		ns += now_ns() - e->perf_since;
	return ns / PERF_NS_PER_CYCLE;
}

/* --- link model ---------------------------------------------------------- */

/* How long the data of a run takes: what went before the rate changed, and the rest. */
static uint64_t rate_ns(const struct engine *e, uint64_t bytes)
{
	uint64_t ns = e->rate_before;

	if (e->rate)
		ns += (uint64_t)((unsigned __int128)(bytes - e->rate_from) * NSEC_PER_SEC /
				 e->rate);
	return ns;
}

/* How long the first @bytes and @descs of a run take, if the model is right. */
static uint64_t pace_ns(const struct engine *e, uint64_t bytes, uint64_t descs)
{
	const struct xdma_setup *s = &e->x->setup;

	return s->run_ns + descs * s->desc_ns + rate_ns(e, bytes);
}

/*
 * When they should be through. Always counted from the start of the run: what
 * one sleep was too long is not carried into the next deadline. What the last
 * sleep of a run was too long is taken off the following runs, so that busy
 * time follows the model over many runs, too.
 */
static uint64_t pace_target(const struct engine *e, uint64_t bytes, uint64_t descs)
{
	uint64_t ns = pace_ns(e, bytes, descs);

	return e->run_start + ns - min_u64(ns, e->late_ns);
}

static bool paced(const struct engine *e)
{
	const struct xdma_setup *s = &e->x->setup;

	return e->rate || e->rate_before || s->desc_ns || s->run_ns;
}

/*
 * Until @now it has waited for its stream: that is not the link's time. The run
 * is as if it had begun so much later: nothing is caught up.
 */
static void pace_waited(struct engine *e, uint64_t now)
{
	if (!e->waiting)
		return;
	e->run_start += now - e->waiting;
	e->waiting = now;
}

/*
 * The run ends at @now: how far behind the model is it? Only sleeping makes
 * late; a machine that cannot keep up with the model is just slow.
 */
static void pace_end(struct engine *e, uint64_t now)
{
	uint64_t model = pace_ns(e, e->run_bytes, e->run_descs), spent;

	pace_waited(e, now);
	spent = now - e->run_start + e->late_ns;
	if ((e->slept || e->late_ns) && spent > model)
		e->late_ns = min_u64(spent - model, PACE_MAX_LATE);
	else
		e->late_ns = 0;
}

/*
 * A new rate, at once. In a run it counts from where the run is: what was
 * faster or slower until now is neither waited for nor caught up.
 */
void engine_set_rate(struct engine *e, uint64_t rate)
{
	uint64_t normal = e->x->setup.rate;

	if (rate == e->rate)
		return;
	if (engine_busy(e)) {
		uint64_t model = pace_ns(e, e->run_bytes, e->run_descs);
		uint64_t now = now_ns(), spent;

		pace_waited(e, now);
		spent = now - e->run_start + e->late_ns;
		e->rate_before = rate_ns(e, e->run_bytes);
		if (spent > model)
			e->rate_before += spent - model;
		e->rate_from = e->run_bytes;
		if (e->rate == normal)
			fault_struck(e->x->faults, FAULT_SLOW);
	}
	e->rate = rate;
	engine_kick(e);
}

/* --- start and stop ------------------------------------------------------ */

/* From now on it works, for the books and for the link. */
static void begin_work(struct engine *e, uint64_t now)
{
	e->run_start = now;
	e->run_bytes = 0;
	e->run_descs = 0;
	e->rate_from = 0;
	e->rate_before = 0;
	e->slept = false;
	e->waiting = 0;
	e->starved = false;
	books_busy(e->x->books, e->id, now);
}

static void end_work(struct engine *e, uint64_t now)
{
	if (e->starved)
		return;
	pace_end(e, now);
	books_idle(e->x->books, e->id, now);
}

/*
 * It may fetch no descriptor: busy is what its register says, but it has no work, and
 * the link has none. Whoever changes that kicks.
 */
static enum engine_next wait_for_descriptors(struct engine *e)
{
	end_work(e, now_ns());
	e->starved = true;
	return ENGINE_SLEEP;
}

static void start_run(struct engine *e)
{
	uint64_t now = now_ns();

	e->restart = false;
	e->status = 0;
	e->completed = 0;
	e->fetch_addr = e->first;
	e->block_left = (e->first_adjacent & DESC_MAX_ADJACENT) + 1;
	e->fetched = 0;
	e->current = 0;
	if (e->rate != e->x->setup.rate)
		fault_struck(e->x->faults, FAULT_SLOW);
	e->state = ENGINE_FETCH;
	begin_work(e, now);
	if (e->perf_armed)
		e->perf_since = now;
	fetch_check_block(e, e->fetch_addr, e->block_left);
	engine_line(e);
	engine_kick(e);
}

/* The registers' side of Run going from 0 to 1. */
void engine_run_rises(struct engine *e)
{
	if (engine_busy(e)) {
		books_violation(e->x->books, e->id, V_BUSY,
				"Run set again while the last run is on");
		e->restart = true;
		return;
	}
	start_run(e);
}

/* Did software clear Run since the run began (and maybe set it again)? */
static bool run_dropped(const struct engine *e)
{
	return !(e->control & CTRL_RUN) || e->restart;
}

/* All that was to be reported is in the registers: be idle, then tell. */
static enum engine_next go_idle(struct engine *e)
{
	uint64_t now = now_ns();

	e->state = ENGINE_IDLE;
	end_work(e, now);
	perf_stop_clock(e, now);
	engine_line(e);
	if (e->restart && (e->control & CTRL_RUN))
		start_run(e);
	return ENGINE_AGAIN;
}

/* Stop for an error; it is logged if enabled. */
static enum engine_next stop_failed(struct engine *e, uint32_t bits)
{
	count(&e->x->books->engine[e->id].errors, 1);
	log_status(e, bits);
	if (e->control & CTRL_WB)
		write_back(e);
	log_line("%s: stopped, error bits 0x%x, status 0x%x, %u completed",
		 engine_name(e), bits, e->status, e->completed);
	return go_idle(e);
}

void engine_reset(struct engine *e, bool heal)
{
	bool stuck = e->hung && !heal;

	if (engine_busy(e) && !stuck && !e->starved)
		books_idle(e->x->books, e->id, now_ns());
	e->generation++;
	/* a stuck one forgets its run, too: let go, it finds Run dropped */
	e->state = stuck ? ENGINE_FETCH : ENGINE_IDLE;
	e->restart = false;
	e->hung = stuck;
	e->control = 0;
	e->status = 0;
	e->mask = 0;
	e->completed = 0;
	e->wb_addr = 0;
	e->first = 0;
	e->first_adjacent = 0;
	e->credits = 0;
	e->perf_control = 0;
	e->perf_armed = false;
	e->perf_ns = 0;
	e->perf_since = 0;
	e->perf_beats = 0;
	e->late_ns = 0;
	engine_line(e);
	engine_kick(e);
}

/* --- the steps ----------------------------------------------------------- */

static enum engine_next step_fetch(struct engine *e)
{
	struct xdma *x = e->x;
	uint32_t n = e->block_left, i, generation;
	uint64_t addr = e->fetch_addr;
	uint8_t raw[DESC_MAX_BLOCK * DESC_SIZE];
	size_t got;

	if (run_dropped(e)) {
		log_status(e, ST_IDLE);
		return go_idle(e);
	}
	if (x->halt & engine_sg_bit(e))
		return wait_for_descriptors(e);
	if (x->credit_mode & engine_sg_bit(e)) {
		n = (uint32_t)min_u64(n, e->credits);
		if (!n)
			return wait_for_descriptors(e);
		e->credits -= n;
	}
	if (e->starved)
		begin_work(e, now_ns());
	generation = engine_leave(e);
	got = guestmem_read(x->host, addr, raw, n * DESC_SIZE);
	if (!engine_return(e, generation))
		return ENGINE_AGAIN;
	if (got != n * DESC_SIZE) {
		books_violation(x->books, e->id, V_UNMAPPED,
				"descriptor fetch from 0x%llx, %u descriptors",
				(unsigned long long)addr, n);
		return stop_failed(e, ST_DESC_UR);
	}
	for (i = 0; i < n; i++) {
		struct xdma_desc *d = &e->block[i];

		memcpy(d->raw, raw + i * DESC_SIZE, DESC_SIZE);
		d->addr = addr + i * DESC_SIZE;
		d->extra = e->block_left - i - 1;
		desc_parse(d);
	}
	e->fetch_addr += n * DESC_SIZE;
	e->block_left -= n;
	e->fetched = n;
	e->current = 0;
	e->state = ENGINE_BEGIN;
	return ENGINE_AGAIN;
}

static enum engine_next step_begin(struct engine *e)
{
	const struct xdma_desc *d = &e->block[e->current];
	uint32_t align = (e->x->setup.alignments >> 16) & 0xff, bits;

	if (fault_card_due(e->x->faults))
		return ENGINE_AGAIN;
	if (fault_due(e->x->faults, FAULT_HANG, e->id, NULL)) {
		e->hung = true;
		log_line("%s: hangs", engine_name(e));
		return ENGINE_SLEEP;
	}
	if (fault_due(e->x->faults, FAULT_ERROR, e->id, &bits))
		return stop_failed(e, bits);
	if (d->magic != DESC_MAGIC)
		return stop_failed(e, ST_MAGIC);
	fetch_check_desc(e, d);
	if (!e->stream && align > 1 && d->src % align != d->dst % align)
		return stop_failed(e, ST_ALIGN);
	e->run_descs++;
	e->moved = 0;
	e->eop = false;
	e->desc_failed = false;
	e->state = ENGINE_MOVE;
	return ENGINE_AGAIN;
}

/* A piece of data went wrong. Return: true when the engine must stop. */
static bool data_failed(struct engine *e, const struct xdma_desc *d, uint32_t err,
			uint32_t at)
{
	bool host = e->dir == XDMA_H2C ? err & ST_READ : err & ST_WRITE;

	if (!e->desc_failed && host)
		books_violation(e->x->books, e->id, V_UNMAPPED,
				"descriptor 0x%llx: host address 0x%llx",
				(unsigned long long)d->addr,
				(unsigned long long)((e->dir == XDMA_H2C ? d->src : d->dst) + at));
	if (e->control & err)
		return true;
	if (!e->desc_failed)
		count(&e->x->books->engine[e->id].errors, 1);
	e->desc_failed = true;
	return false;
}

/* When the link is through with @m, if that is worth waiting for; 0 if not. */
static uint64_t pace_wait(const struct engine *e, const struct move *m)
{
	uint64_t target, now;

	if (!paced(e))
		return 0;
	target = pace_target(e, e->run_bytes + m->len, e->run_descs);
	now = now_ns();
	return target > now && (m->end || target - now > PACE_SLACK_NS) ? target : 0;
}

/* The stream has nothing, or takes nothing: whoever changes that kicks. */
static enum engine_next wait_for_stream(struct engine *e)
{
	if (!e->waiting)
		e->waiting = now_ns();
	return ENGINE_SLEEP;
}

static enum engine_next step_move(struct engine *e, uint64_t *until)
{
	const struct xdma_desc *d = &e->block[e->current];
	struct move m = {
		.from = e->moved,
		.len = (uint32_t)min_u64(d->len - e->moved, MOVER_CHUNK),
	};
	uint64_t target;

	/* a stream may make it wait here for ever: what has not begun need not end */
	if (e->stream && !e->moved && run_dropped(e)) {
		log_status(e, ST_IDLE);
		return go_idle(e);
	}
	if (!e->mover->ready(e, d, &m))
		return wait_for_stream(e);
	if (e->waiting) {
		pace_waited(e, now_ns());
		e->waiting = 0;
	}
	target = pace_wait(e, &m);
	if (target) {
		e->slept = true;
		*until = target;
		return ENGINE_WAIT;
	}
	if (!e->mover->move(e, d, &m))
		return ENGINE_AGAIN;
	count(&e->x->books->engine[e->id].bytes, m.done);
	if (m.err && data_failed(e, d, m.err, e->moved + m.done))
		return stop_failed(e, m.err);
	e->run_bytes += m.len;
	e->moved += m.len;
	e->eop = m.eop;
	if (m.end)
		e->state = ENGINE_DONE;
	return ENGINE_AGAIN;
}

static enum engine_next step_done(struct engine *e)
{
	const struct xdma_desc *d = &e->block[e->current];
	uint32_t beat = e->x->setup.width_bits / 8, generation;
	enum desc_now now;

	if (e->x->books->strict) {
		generation = engine_leave(e);
		now = fetch_compare(e, d);
		if (!engine_return(e, generation))
			return ENGINE_AGAIN;
		fetch_check_unchanged(e, d, now);
	}
	if (e->mover->finish)
		e->mover->finish(e, d);
	e->completed++;
	count(&e->x->books->engine[e->id].descriptors, 1);
	if (e->perf_armed)
		e->perf_beats += (e->moved + beat - 1) / beat;
	if (d->control & DESC_COMPLETED) {
		if (e->control & CTRL_WB)
			write_back(e);
		log_status(e, ST_COMPLETED);
	}
	if (run_dropped(e))
		log_status(e, ST_IDLE);
	if (d->control & DESC_STOP) {
		log_status(e, ST_STOPPED);
		if (e->perf_control & PERF_AUTO_STOP)
			engine_perf_arm(e, false);
	}
	if ((d->control & DESC_STOP) || run_dropped(e))
		return go_idle(e);
	if (++e->current < e->fetched) {
		e->state = ENGINE_BEGIN;
	} else {
		if (!e->block_left) {
			e->fetch_addr = d->next;
			e->block_left = d->next_adjacent + 1u;
			fetch_check_block(e, e->fetch_addr, e->block_left);
		}
		e->state = ENGINE_FETCH;
	}
	engine_line(e);
	return ENGINE_AGAIN;
}

enum engine_next engine_step(struct engine *e, uint64_t *until)
{
	if (e->hung)
		return ENGINE_SLEEP;	/* only a reset or the lab lets go */
	switch (e->state) {
	case ENGINE_FETCH:
		return step_fetch(e);
	case ENGINE_BEGIN:
		return step_begin(e);
	case ENGINE_MOVE:
		return step_move(e, until);
	case ENGINE_DONE:
		return step_done(e);
	case ENGINE_IDLE:
		break;
	}
	return ENGINE_SLEEP;
}

/* --- faults -------------------------------------------------------------- */

/* Hang wherever it is in its run. */
void engine_hang(struct engine *e)
{
	if (!e->hung)
		fault_struck(e->x->faults, FAULT_HANG);
	e->hung = true;
	log_line("%s: hangs", engine_name(e));
}

void engine_unhang(struct engine *e)
{
	e->hung = false;
	engine_kick(e);
}

/* The error bits that Status of this direction has; bit 14 of C2H: see mover.h. */
uint32_t engine_error_bits(enum xdma_dir dir)
{
	uint32_t both = ST_ALIGN | ST_MAGIC | ST_LENGTH | ST_DESC;

	if (dir == XDMA_H2C)
		return both | ST_READ | ST_WRITE_DECODE | ST_WRITE_SLAVE;
	return both | ST_READ_UR | ST_READ_SLAVE | ST_WRITE_DECODE;
}

/* --- the thread ---------------------------------------------------------- */

void engine_kick(struct engine *e)
{
	pthread_cond_signal(&e->wake);
}

static void *engine_thread(void *arg)
{
	struct engine *e = arg;
	struct timespec ts;
	uint64_t until = 0;

	prctl(PR_SET_NAME, engine_name(e));
	/* sleeps of the link model end when they should, not 50 us later */
	prctl(PR_SET_TIMERSLACK, 1);
	pthread_mutex_lock(e->x->lock);
	while (!e->x->quit) {
		switch (engine_step(e, &until)) {
		case ENGINE_AGAIN:
			break;
		case ENGINE_WAIT:
			/* absolute, and cut short by a reset: no clock_nanosleep() */
			ts.tv_sec = (time_t)(until / NSEC_PER_SEC);
			ts.tv_nsec = (long)(until % NSEC_PER_SEC);
			pthread_cond_timedwait(&e->wake, e->x->lock, &ts);
			break;
		case ENGINE_SLEEP:
			pthread_cond_wait(&e->wake, e->x->lock);
			break;
		}
	}
	pthread_mutex_unlock(e->x->lock);
	return NULL;
}

int engine_init(struct engine *e)
{
	pthread_condattr_t attr;
	int err = 0;

	if (e->stream) {
		e->bytes = malloc(MOVER_CHUNK);
		if (!e->bytes)
			return -ENOMEM;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (e->x->setup.threads)
		err = pthread_create(&e->thread, NULL, engine_thread, e);
	if (err) {
		pthread_cond_destroy(&e->wake);
		free(e->bytes);
	}
	return -err;
}

/* Locking: without x->lock; x->quit is set and the engine was kicked. */
void engine_fini(struct engine *e)
{
	if (e->x->setup.threads)
		pthread_join(e->thread, NULL);
	pthread_cond_destroy(&e->wake);
	free(e->bytes);
}
