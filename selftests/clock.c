// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time; see clock.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

#define REST_NS		(10 * NS_PER_MS)
/* The work of a beat: about a millisecond on an idle machine that is emulated. */
#define WORK_BYTES	(16 * 1024)
#define WORK_ROUNDS	12
/* More than a page, or it might be mapped where a test has left a page free. */
#define STACK_BYTES	(64 * 1024)
#define WAKE_SIGNAL	(SIGRTMIN + 7)

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static uint64_t last_ns;

static void __attribute__((constructor)) begin(void)
{
	last_ns = now_ns();
}

unsigned long long since_last_ms(void)
{
	uint64_t before = last_ns;

	last_ns = now_ns();
	return (last_ns - before) / NS_PER_MS;
}

bool lasted_at_least(uint64_t took_ns, uint64_t least_ns)
{
	return took_ns >= least_ns;
}

void let_pass_ns(uint64_t ns)
{
	struct timespec left = { ns / NS_PER_SEC, ns % NS_PER_SEC };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/*
 * The heart. Each test is a process of its own, made by fork() or vfork() from one that
 * may have a heart, too: whose it is, is looked at in each call. A child that asks for
 * no beats has none, nor has a program that it becomes. A suspended machine has
 * stopped it with all other threads.
 */
static struct {
	pthread_mutex_t starting;
	pid_t owner;
	uint64_t beats;
	pthread_mutex_t lock;		/* of what follows */
	struct patience *waiting;	/* for the heart to wake them */
} heart = { .starting = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER };

static void work(void)
{
	static uint8_t bytes[WORK_BYTES];
	uint64_t sum = 0xcbf29ce484222325ull;
	int round, i;

	for (round = 0; round < WORK_ROUNDS; round++)
		for (i = 0; i < WORK_BYTES; i++)
			sum = (sum ^ bytes[i]) * 0x100000001b3ull;
	__asm__ volatile("" : : "r" (sum));	/* somebody might want it */
}

/* Again with each beat: a thread may have been just about to wait. */
static void wake_overdue(uint64_t now)
{
	const struct patience *p;

	pthread_mutex_lock(&heart.lock);
	for (p = heart.waiting; p; p = p->next)
		if (now >= p->until)
			pthread_kill(p->thread, WAKE_SIGNAL);
	pthread_mutex_unlock(&heart.lock);
}

static void *beat(void *arg)
{
	for (;;) {
		let_pass_ns(REST_NS);
		work();
		wake_overdue(__atomic_add_fetch(&heart.beats, 1, __ATOMIC_RELAXED));
	}
	return arg;
}

static void on_wake(int signal)
{
	(void)signal;
}

/* With all signals blocked: those of a test are for the test's own threads. */
static void start_heart(void)
{
	struct sigaction action = { .sa_handler = on_wake };
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_mutex_init(&heart.lock, NULL);
	heart.waiting = NULL;
	sigaction(WAKE_SIGNAL, &action, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, beat, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err) {
		printf("# no thread for the clock: errno %d\n", err);
		abort();
	}
}

uint64_t beats(void)
{
	pid_t me = getpid();

	if (__atomic_load_n(&heart.owner, __ATOMIC_ACQUIRE) != me) {
		pthread_mutex_lock(&heart.starting);
		if (heart.owner != me) {
			start_heart();
			__atomic_store_n(&heart.owner, me, __ATOMIC_RELEASE);
		}
		pthread_mutex_unlock(&heart.starting);
	}
	return __atomic_load_n(&heart.beats, __ATOMIC_RELAXED);
}

struct patience patience(unsigned int limit)
{
	return (struct patience) { .until = beats() + limit };
}

bool patient(const struct patience *p)
{
	sched_yield();
	return beats() < p->until;
}

void patience_wakes(struct patience *p)
{
	p->thread = pthread_self();
	pthread_mutex_lock(&heart.lock);
	p->next = heart.waiting;
	heart.waiting = p;
	pthread_mutex_unlock(&heart.lock);
}

void patience_ends(struct patience *p)
{
	struct patience **at = &heart.waiting;

	pthread_mutex_lock(&heart.lock);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	pthread_mutex_unlock(&heart.lock);
}

int poll_for(struct pollfd *p, nfds_t n, unsigned int limit)
{
	struct patience wait = patience(limit);
	int got, err;

	patience_wakes(&wait);
	do {
		got = poll(p, n, -1);
		err = errno;
	} while (got < 0 && err == EINTR && patient(&wait));
	patience_ends(&wait);
	errno = err;
	return got < 0 && err == EINTR ? 0 : got;
}

long getevents_for(unsigned long context, long n, void *events, unsigned int limit)
{
	struct patience wait = patience(limit);
	long got;

	patience_wakes(&wait);
	got = syscall(SYS_io_getevents, context, n, n, events, NULL);
	patience_ends(&wait);
	return got;
}

int poll_briefly(struct pollfd *p, nfds_t n)
{
	return poll(p, n, 1);
}

bool signal_timer_open(timer_t *timer, int signal)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };

	return !timer_create(CLOCK_MONOTONIC, &event, timer);
}

void signal_timer_set(timer_t timer, uint64_t ns)
{
	struct itimerspec when = { .it_value = { ns / NS_PER_SEC, ns % NS_PER_SEC } };

	timer_settime(timer, 0, &when, NULL);
}

void signal_timer_close(timer_t timer)
{
	timer_delete(timer);
}
