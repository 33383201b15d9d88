/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time. Only clock.c reads clocks and sleeps (lab/lint sees to it), so that no test
 * depends on how fast the machine is, or on whether its host stands still.
 *
 * Whether something hangs is asked in beats. A thread of the test's own process sleeps
 * for 10 ms, does a little work, and counts one: about 85 in a second on a machine that
 * is emulated and idle. If the machine is slow or stands still, the beats are late as
 * well. A call that hangs lets them pass.
 */
#ifndef SELFTESTS_CLOCK_H
#define SELFTESTS_CLOCK_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_MS	1000000ull
#define NS_PER_SEC	1000000000ull

/*
 * Nanoseconds, of the clock that is not set: to say how long something took, or to
 * compare that with what was measured by the same clock. Never with a constant.
 */
uint64_t now_ns(void);

/*
 * Were these nanoseconds at least so many? Only of what the kernel itself waits for by
 * its own clock: a machine that is slow, or stands still, makes that longer.
 */
bool lasted_at_least(uint64_t took_ns, uint64_t least_ns);

/* Milliseconds since it was called last in this process, or since the process began. */
unsigned long long since_last_ms(void);

/* Beats of this process up to now; the first call starts them. */
uint64_t beats(void);

/*
 * Limits, in beats: SOON for what no call may take, IN_TIME for one that meets an engine
 * that hangs, PATIENCE for what is bound to come, VERY_LONG where the kernel itself
 * waits for a minute or two.
 */
#define SOON_BEATS	400u
#define IN_TIME_BEATS	750u
#define PATIENCE_BEATS	1800u
#define VERY_LONG_BEATS	13000u

/**
 * struct patience - a wait that has a limit
 * @until: the beat with which it is over
 * @thread: who is to be interrupted then, between patience_wakes() and patience_ends()
 * @next: of those
 */
struct patience {
	uint64_t until;
	pthread_t thread;
	struct patience *next;
};

/* One that begins now. */
struct patience patience(unsigned int limit);

/*
 * Is there some left? Lets others run first. For loops that look at something:
 *
 *	while (!there() && patient(&p))
 *		;
 *	return there();
 */
bool patient(const struct patience *p);

/*
 * From the one to the other, the calling thread's system calls end with EINTR when the
 * patience does. A wait in slices would not see that a wake-up is missing.
 */
void patience_wakes(struct patience *p);
void patience_ends(struct patience *p);

/*
 * poll(), for so many beats. Return: 0 if nothing came.
 * The same for @n events of io_submit(): how many came, or -1.
 */
int poll_for(struct pollfd *p, nfds_t n, unsigned int limit);
long getevents_for(unsigned long context, long n, void *events, unsigned int limit);

/* poll() for a millisecond: to be load for others; nothing may depend on what it says. */
int poll_briefly(struct pollfd *p, nfds_t n);

/*
 * Sleeps. For moments that are spread at random, and to see that something does not
 * happen meanwhile; where it is to happen, it can be waited for.
 */
void let_pass_ns(uint64_t ns);

/* A timer that sends a signal to the process. Setting it is safe in a handler. */
bool signal_timer_open(timer_t *timer, int signal);
void signal_timer_set(timer_t timer, uint64_t ns);
void signal_timer_close(timer_t timer);

#endif /* SELFTESTS_CLOCK_H */
