/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One channel's protocol, for spin: kmod/core/channel.c, recovery.c and the
 * part of card.c that ends it all. docs/concurrency-model.md explains it;
 * lab/model/check runs it.
 *
 * What is left out: time (a watchdog that could look may look at any moment;
 * one that would find nothing new is not worth a step), memory, sizes (each
 * request has one slot), and everything of other channels.
 *
 * A critical section takes two steps, so that the world can act in between:
 * LOCK takes the lock, on the CPU that serves the channel's interrupt or on
 * another one; the next step does the work and lets go. On the first CPU it can
 * only happen when no handler sits on top.
 *
 * Whether a state in which nothing moves is a good one, the labels "end" say:
 * there a process may rest for ever. Owners have none. So a lost wake-up, a
 * lost request, a deadlock and a removal that hangs are all the same to spin:
 * an invalid end state.
 *
 *	N		requests, each with an owner who submits it once
 *	SYNC		mask of those whose owner is woken by the handler
 *	SIGNALS		mask of those whose owner may want them back
 *	POLLS		mask of those whose owner may poll while he waits
 *	BATCH		the owner of request 1 submits it together with request 0,
 *			and holds the start back meanwhile
 *	LOSSES		interrupts that may get lost
 *	STALLS		times that the engine may seem to stand still though it moves
 *	ERRORS, HANGS	times that the engine may stop with an error, or hang
 *	STUBBORN	times that it may go on although it was told to stop
 *	REMOVE		the card may be removed at any moment
 *	COARSE		a critical section is one step: for what is not about the
 *			lock itself, and needs the states
 *	EXTENDS		the engine's run goes on with what is staged meanwhile; then it
 *			waits behind it (descriptor credits). Its interrupt tells of any
 *			request, and there is no other before that one is taken back
 *	LAUNCH_THREAD	the parameter launch=thread
 *	ONE_CPU		there is no other CPU
 *	IRQS_ON		the lock is taken without disabling interrupts
 *	MUTANT_...	mistakes, see check
 */
#ifndef N
#define N 3
#endif
#ifndef SYNC
#define SYNC 1
#endif
#ifndef SIGNALS
#define SIGNALS 0
#endif
#ifndef POLLS
#define POLLS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef STALLS
#define STALLS 0
#endif
#ifndef ERRORS
#define ERRORS 0
#endif
#ifndef HANGS
#define HANGS 0
#endif
#ifndef STUBBORN
#define STUBBORN 0
#endif
#ifdef EXTENDS
#define extends true
#else
#define extends false
#endif

#ifndef RING
#define RING	2		/* slots */
#endif
#ifndef RUN
#define RUN	2		/* requests that the engine has, at most */
#endif
#define TRIES	2		/* of a request at which the engine stood still */
#define MAX_OWED 3
#define NOBODY	255
#define NOWHERE	255		/* a slot that has gone by */

/* requests; all of it but "done" is guarded by the lock */
#define OWNED	0		/* with its owner, on no list */
#define PENDING	1
#define STAGED	2
#define RUNNING	3
#define FINISHED 4		/* on the list of finished ones */
#define TAKEN	5		/* in the hands of a bottom half */
byte where[N];
byte slot[N];			/* counted from the tail of the ring */
byte tries[N];
bool quarantined[N];
bool done[N];			/* what the owner waits for */
byte queue[N];			/* running ones, staged ones, pending ones */
byte queued;

/* the channel; guarded by the lock */
#define LIVE	0
#define FROZEN	1
#define DEAD	2
byte state = LIVE;
#define TIMEOUT	1
#define EIO	2
#define AGAIN	3		/* it waits where nothing comes */
byte fault;
bool advanced;			/* since the fault */
bool own_stop;			/* frozen from outside */
byte used;			/* slots of the ring */
byte run_count, run_done;
byte run_next;			/* the slot behind the run; only if it extends */
bool waits;			/* there, for more */
bool late, doubt, doubt_seen;	/* about the current run */
byte owed;
bool watched;
bool batch;			/* an owner is in the middle of one */
byte held;			/* requests of batches, a bit each */

/* the lock and the CPU of the interrupt */
bool locked;
bool here;			/* the holder is a thread on that CPU */
bool in_irq;
#ifdef IRQS_ON
#define IRQS_OFF false
#else
#define IRQS_OFF (locked && here)
#endif

/* the engine: beyond the bus */
#define IDLE	0
#define MOVES	1
#define STOPPED	2		/* with an error */
#define HANGS_NOW 3
byte engine = IDLE;
byte job[N];			/* the requests of its run */
byte jobs, moved;		/* moved: what the writeback says */
bool asks;			/* for an interrupt, if it extends: until that is taken back */
bool unheard;			/* that was lost, and nobody has found out yet */
byte losses = LOSSES, stalls = STALLS, errors = ERRORS, hangs = HANGS;
byte stubborn = STUBBORN;

/* interrupts, threads and works */
bool latched;			/* the interrupt waits for its CPU, or is on its way */
bool irq_on = true;
bool thread_due, thread_runs;
bool watch_due, watch_runs, watch_off;
bool recovery_due, recovery_runs;
bool repair_due, worker_runs;

/* the card */
bool lifecycle;			/* the mutex */
bool gone;
byte gate;			/* references */
bool freed;			/* ring, interrupt, device */
byte left = N;			/* owners not through */

#define engine_holds(r) \
	(engine != IDLE && engine != STOPPED && \
	 ((jobs > 0 && moved == 0 && job[0] == r) || \
	  (jobs > 1 && moved <= 1 && job[1] == r) || \
	  (jobs > 2 && moved <= 2 && job[2 % N] == r)))

/* For the loops in steps that nothing can interrupt: no part of the state. */
hidden byte i, j;

/* ---- the lock ---- */

/* The holder can go on unless a handler sits on its CPU. */
#ifdef COARSE
#define LOCK
#define may_run (!locked)
#else
#define LOCK lock();
#define may_run (!(here && in_irq))
#endif
#ifdef ONE_CPU
inline lock()
{
	atomic { !locked && !in_irq -> locked = true; here = true }
}
#else
inline lock()
{
	atomic {
		if
		:: !locked && !in_irq -> locked = true; here = true
		:: !locked -> locked = true; here = false
		fi
	}
}
#endif

inline unlock()
{
	locked = false;
	here = false
}

/* ---- under the lock: inlines for d_step ---- */

inline count(kind, n)
{
	n = 0;
	i = 0;
	do
	:: i < queued -> n = n + (where[queue[i]] == kind -> 1 : 0); i++
	:: else -> break
	od
}

inline unqueue(r)
{
	i = 0;
	do
	:: queue[i] == r -> break
	:: else -> i++
	od;
	queued--;
	do
	:: i < queued -> queue[i] = queue[i + 1]; i++
	:: else -> queue[i] = 0; break
	od
}

/* Nobody may get memory back that the engine could still touch. */
inline retire(r)
{
	assert(where[r] == PENDING || where[r] == STAGED || where[r] == RUNNING);
	assert(!done[r]);
	assert(!engine_holds(r) || quarantined[r]);
	slot[r] = 0;
	if
	:: (SYNC >> r) & 1 -> where[r] = OWNED; done[r] = true
	:: else -> where[r] = FINISHED
	fi
}

/* The slots before the oldest request with descriptors are free again. */
inline trim()
{
	if
	:: queued > 0 && where[queue[0]] != PENDING -> j = slot[queue[0]]
	:: else -> j = used
	fi;
	used = used - j;
	if
	:: run_next != NOWHERE -> run_next = (run_next < j -> NOWHERE : run_next - j)
	:: else
	fi;
	i = 0;
	do
	:: i < queued && where[queue[i]] != PENDING ->
		slot[queue[i]] = slot[queue[i]] - j; i++
	:: else -> break
	od
}

/* One request is enough for one go: more tells that another would fit. */
inline stage(more)
{
	more = false;
	count(PENDING, j);
	if
	:: state == LIVE && j > 0 && used < RING ->
		where[queue[queued - j]] = STAGED;
		slot[queue[queued - j]] = used;
		used++;
		more = j > 1 && used < RING
	:: else
	fi
}

/* Is one in this state? */
#define any(kind) \
	((queued > 0 && where[queue[0]] == kind) || \
	 (queued > 1 && where[queue[1]] == kind) || \
	 (queued > 2 && N > 2 && where[queue[2 % N]] == kind))

/* Is all that is staged the beginning of a batch? */
#define not_other(k) \
	(queued <= k || where[queue[k % N]] != STAGED || ((held >> queue[k % N]) & 1))
#define holds (batch && not_other(0) && not_other(1) && not_other(2))

inline watch()
{
	if
	:: !watched -> watched = true; watch_due = !watch_off
	:: else
	fi
}

/* Those that the engine has come before all others. */
#define running (run_count - run_done)

#define fits(k) \
	(k < RUN && k < queued && where[queue[k % N]] == STAGED && \
	 slot[queue[k % N]] == run_next)

/* Is there what the engine could be given now? */
#define could_start \
	(!holds && (run_count == 0 -> any(STAGED) : extends && fits(running)))

inline fail(why)
{
	state = FROZEN;
	fault = why;
	advanced = false;
#ifndef MUTANT_NO_RECOVERY
	recovery_due = true
#endif
}

/* The engine has something to do that it had not. */
inline start()
{
	assert(state == LIVE);
	assert(!freed);
	if
	:: run_count == 0 ->
		assert(engine == IDLE || engine == STOPPED);
		late = false;
		doubt = false;
		doubt_seen = false;
		if
		:: waits
		:: else -> moved = 0; asks = false; unheard = false
		fi;
		engine = MOVES
	:: run_count > 0 && engine == IDLE -> engine = MOVES
	:: else
	fi;
	run_count = jobs;
	waits = extends;
	watch()
}

inline launch()
{
	if
	:: run_count == 0 && state == LIVE && holds && any(STAGED) -> watch()
#ifdef MUTANT_GATE
	:: run_count == 0 && !holds ->
#else
	:: (run_count == 0 || extends) && state == LIVE && !holds ->
#endif
		i = running;
		if
		:: run_count > 0 || !any(STAGED)
#ifndef MUTANT_FOLLOW
		:: run_count == 0 && any(STAGED) && waits && slot[queue[0]] != run_next ->
			fail(AGAIN);
			i = RUN
#endif
		:: else ->
			/* where it waits, there it goes on */
			assert(!waits || slot[queue[0]] == run_next);
			run_next = slot[queue[0]];
			run_done = 0;
			jobs = 0
		fi;
		j = jobs;
		do
		:: fits(i) ->
			job[jobs] = queue[i];
			where[queue[i]] = RUNNING;
			jobs++;
			run_next++;
			i++
		:: else -> break
		od;
		if
		:: jobs > j -> start()
		:: else
		fi;
		if
		:: !extends -> run_next = 0
		:: else
		fi
	:: else
	fi
}

/* What was known about a run means nothing after it: fewer states. */
inline run_over()
{
	run_count = 0;
	run_done = 0;
	late = false;
	doubt = false;
	doubt_seen = false;
	if
	:: engine == IDLE || engine == STOPPED ->
		engine = IDLE;
		jobs = 0;
		moved = 0;
		job[0] = 0;
		job[1] = 0;
		job[2 % N] = 0
	:: else
	fi
}

/* As far as the engine has come. */
inline reap()
{
	if
	:: run_count > 0 && moved > run_done ->
		do
		:: run_done < moved ->
			j = queue[0];
			assert(where[j] == RUNNING);
			retire(j);
			unqueue(j);
			run_done++
		:: else -> break
		od;
		if
		:: run_done == run_count -> run_over()
		:: else -> late = false
		fi;
		if
		:: state == FROZEN -> advanced = true
		:: else
		fi;
		trim()
	:: else
	fi
}

/* true if something is left to the bottom half */
#define any_finished \
	(where[0] == FINISHED || where[1 % N] == FINISHED || where[2 % N] == FINISHED)
#ifdef MUTANT_LOST
#define wants_thread (any_finished || any(PENDING))
#else
#define wants_thread \
	(any_finished || any(PENDING) || could_start)
#endif

inline kick()
{
	assert(!freed);
	thread_due = true
}

/* ---- the bottom half; anybody may run it ---- */

inline bottom_half(mine, more)
{
	do
	:: LOCK
	   atomic {
		may_run ->
		d_step {
			mine = 0;
			do
			:: mine < N && where[mine] != FINISHED -> mine++
			:: else -> break
			od;
			if
#ifdef MUTANT_TWICE
			:: mine < N -> skip
#else
			:: mine < N -> where[mine] = TAKEN
#endif
			:: else
			fi;
			stage(more);
			launch();
			more = more || any_finished;
			unlock()
		}
	   }
	   atomic {
		if
		:: mine < N ->
			assert(!done[mine]);
			where[mine] = OWNED;
			done[mine] = true;
			mine = N
		:: else
		fi;
#ifdef MUTANT_ONE_LOOK
		break
#else
		if
		:: more
		:: else -> break
		fi
#endif
	   }
	od;
	mine = 0;
	more = false
}

active proctype irq_thread()
{
	byte mine;
	bool more;

end:	do
	:: atomic { thread_due -> thread_due = false; thread_runs = true }
	   bottom_half(mine, more);
	   thread_runs = false
	od
}

/* ---- the engine and its interrupt ---- */

/* What it may tell of: each request, or the last one that it has. */
#define tells (extends || moved + 1 == jobs)

/* Its interrupt, if it does not ask for one already. */
inline ask()
{
	if
	:: asks
	:: else -> asks = extends; latched = irq_on
	fi
}

inline step()
{
	assert(where[job[moved]] == RUNNING || quarantined[job[moved]]);
	moved++;
	if
	:: moved == jobs -> engine = IDLE
	:: else
	fi
}

active proctype the_engine()
{
end:	do
	:: d_step {
		engine == MOVES ->
		if
		:: tells -> ask()
		:: else
		fi;
		step()
	   }
	:: d_step {
		engine == MOVES && tells && !asks && losses > 0 ->
		step(); losses--; asks = extends; unheard = extends
	   }
	:: d_step {
		engine == MOVES && errors > 0 ->
		errors--; engine = STOPPED; ask()
	   }
	:: d_step {
		engine == MOVES && errors > 0 && losses > 0 && !asks ->
		errors--; engine = STOPPED; losses--; asks = extends; unheard = extends
	   }
	:: d_step { engine == MOVES && hangs > 0 -> hangs--; engine = HANGS_NOW }
	od
}

active proctype handler()
{
	byte had;

end:	do
	:: atomic {
		latched && irq_on && !IRQS_OFF ->
		latched = false;
		in_irq = true
	   }
#ifdef EXTENDS
	   /* The engine goes on between the two. */
	   d_step {
		!locked -> locked = true;
#ifndef MUTANT_ACK_LATE
		asks = false;
#endif
		unheard = false
	   }
	   d_step {
#else
	   /* The wait for the lock: spinning, on this CPU. */
	   d_step {
		!locked ->
#endif
		if
		:: state == LIVE && run_count > 0 ->
			had = run_done;
			reap();
			if
			:: run_count > 0 && engine == STOPPED && owed == 0 ->
				fail(EIO)
			:: run_count > 0 && owed > 0 ->
				owed--;
				doubt = true
			:: else ->
				/* it told of nothing, or of nothing that is there yet */
				doubt = doubt || (extends && run_count > 0 && run_done == had)
			fi;
#if !defined(LAUNCH_THREAD) && !defined(MUTANT_NO_LAUNCH) && !defined(MUTANT_LOST)
#ifdef MUTANT_FEED
			if
			:: run_count == 0 -> launch()
			:: else
			fi;
#else
			launch();
#endif
#endif
#if !defined(LAUNCH_THREAD) && !defined(MUTANT_LOST)
			/* the whole point of it all */
			assert(state != LIVE || !could_start)
#endif
		:: else ->
			if
			:: owed > 0 -> owed--
			:: else
			fi
		fi;
		had = 0;
		if
#ifdef MUTANT_NO_WAKE
		:: any(PENDING) -> thread_due = true
#else
		:: wants_thread -> thread_due = true
#endif
		:: else
		fi;
#ifdef EXTENDS
#ifdef MUTANT_ACK_LATE
	   }
	   d_step {
		asks = false;
#endif
		locked = false;
#endif
		in_irq = false
	   }
	od
}

/* ---- watchdog and recovery ---- */

/* What a look would change. Others are not worth a step. */
#define watch_sees \
	(state != LIVE || run_count == 0 || moved == run_count || \
	 moved > run_done || engine == STOPPED || engine == HANGS_NOW || \
	 stalls > 0)

/* Something has ended, and an interrupt is to tell of it. */
#define news (extends -> moved > run_done : moved == run_count)

/* The request of an interrupt that was lost: as long as it is there, no other comes. */
inline heard()
{
	unheard = false;
#ifndef MUTANT_ACK
	asks = false
#endif
}

/* What was found through has an interrupt that is still to come. */
inline owe()
{
	if
	:: run_count == 0 && !extends && owed < MAX_OWED -> owed++
	:: else
	fi
}

active proctype watchdog()
{
	byte mine;
	bool more;

end:	do
	:: atomic { watch_due && watch_sees -> watch_due = false; watch_runs = true }
	   LOCK
	   atomic {
		may_run ->
		d_step {
#ifndef MUTANT_NO_END
		if
		:: state == LIVE && run_count == 0 ->
#ifndef LAUNCH_THREAD
			/* it need not help anybody else */
			assert(batch || thread_due || !any(STAGED));
#endif
			batch = false;	/* held back for too long */
			launch()
		:: else
		fi;
#endif
		if
		:: state != LIVE || run_count == 0 ->
			watched = false
		:: else ->
			more = doubt && doubt_seen;
			doubt_seen = doubt;
			if
			:: news && late ->
				/* whoever is late is on his way, or lost, once */
				assert(!extends || latched || in_irq || unheard);
				heard();
				reap();
				owe()
			:: news && !late ->
				late = true
			:: else ->
				doubt = false;
				heard();
				reap();
				if
				:: run_count == 0 -> owe()
				:: run_count > 0 && engine == STOPPED -> fail(EIO)
				:: run_count > 0 && engine == HANGS_NOW -> fail(TIMEOUT)
				:: run_count > 0 && engine == MOVES && stalls > 0 ->
					stalls--;
					fail(TIMEOUT)
				:: else
				fi
			fi;
			launch();
			watch_due = !watch_off;
			mine = wants_thread
		fi;
		more = false;
		unlock()
		}
	   }
	   if
	   :: mine > 0 -> bottom_half(mine, more)
	   :: else
	   fi;
	   watch_runs = false
	od
}

/* All that has descriptors is pending again, in order. */
inline go_on()
{
	if
	:: queued > 0 && where[queue[0]] == RUNNING && fault > 0 ->
		j = queue[0];
		tries[j]++;
		if
		:: tries[j] == TRIES || (fault == EIO && !advanced) ->
			retire(j);
			unqueue(j)
		:: else
		fi
	:: else
	fi;
	i = 0;
	do
	:: i < queued ->
		j = queue[i];
		/* From here on its owner can have it back. */
		assert(!engine_holds(j));
		where[j] = PENDING;
		slot[j] = 0;
		i++
	:: else -> break
	od;
	run_over();
	used = 0;
	run_next = 0;
	waits = false;
	fault = 0;
	owed = 0;
	state = LIVE
}

/* ->stop: the engine is idle then, or will not stop */
inline stop_engine(stuck)
{
	d_step {
		if
		:: stubborn > 0 && (engine == HANGS_NOW || waits) ->
			stubborn--;
			stuck = true
		:: else ->
			engine = IDLE;
			stuck = false
		fi
	}
}

active proctype recovery()
{
	byte mine;
	bool more;

end:	do
	:: atomic { recovery_due -> recovery_due = false; recovery_runs = true }
	   LOCK
	   atomic {
		may_run ->
		mine = state == FROZEN && !own_stop && fault > 0;
		unlock()
	   }
	   if
	   :: mine > 0 ->
		stop_engine(more);
		if
		:: more -> repair_due = true
		:: else ->
			LOCK
			atomic {
				may_run ->
				d_step {
					if
					:: state == FROZEN && !own_stop ->
						reap();
						go_on()
					:: else
					fi;
					unlock()
				}
			}
			bottom_half(mine, more)
		fi
	   :: else
	   fi;
	   mine = 0;
	   more = false;
	   recovery_runs = false
	od
}

/* ---- the card: reset, loss, removal ---- */

/* Ends all for good, with the mutex held. */
inline shut(mine, more, stuck)
{
	gone = true;
	/* the gate of the channel: nothing new, what waits ends */
	do
	:: LOCK
	   atomic {
		may_run ->
		d_step {
			state = DEAD;
			mine = 0;
			do
			:: mine < queued && where[queue[mine]] == RUNNING -> mine++
			:: else -> break
			od;
			if
			:: mine < queued ->
				j = queue[mine];
				retire(j);
				unqueue(j)
			:: else
			fi;
			trim();
			more = mine < queued;
			unlock()
		}
	   }
	   if
	   :: more
	   :: else -> break
	   fi
	od;
	bottom_half(mine, more);
	/* halt */
	recovery_due = false;
	!recovery_runs;
	atomic { watch_off = true; watch_due = false }
	!watch_runs;
	watch_off = false;
#ifdef MUTANT_EARLY
	stuck = false;
#else
	stop_engine(stuck);
#endif
	/* an engine that does not stop is cut off, or keeps what it has */
	atomic {
		if
		:: stuck -> engine = IDLE; stuck = false
		:: stuck
		:: !stuck
		fi
	}
	/* fail */
	LOCK
	atomic {
		may_run ->
		d_step {
			reap();
			do
			:: queued > 0 ->
				j = queue[0];
				quarantined[j] = stuck;
				retire(j);
				unqueue(j)
			:: else -> break
			od;
			run_over();
			trim();
			unlock()
		}
	}
	bottom_half(mine, more)
}

inline freeze()
{
	LOCK
	atomic {
		may_run ->
		own_stop = true;
		if
		:: state == LIVE -> state = FROZEN; fault = 0
		:: else
		fi;
		unlock()
	}
	recovery_due = false;
	!recovery_runs
}

inline thaw(mine, more)
{
	LOCK
	atomic {
		may_run ->
		d_step {
			own_stop = false;
			if
			:: state == FROZEN -> go_on()
			:: else
			fi;
			unlock()
		}
	}
	bottom_half(mine, more)
}

/* A reset of the card, because its engine would not stop. */
active proctype worker()
{
	byte mine;
	bool more, stuck;

end:	do
	:: atomic { repair_due -> repair_due = false; worker_runs = true }
	   atomic { !lifecycle -> lifecycle = true }
	   if
	   :: !gone && state == FROZEN && fault > 0 ->
		freeze();
#ifdef MUTANT_THAW
		thaw(mine, more);
		engine = IDLE
#else
		if
		:: engine = IDLE; thaw(mine, more)	/* it came back */
		:: shut(mine, more, stuck)		/* it did not */
		fi
#endif
	   :: else
	   fi;
	   lifecycle = false;
	   worker_runs = false
	od
}

#ifdef REMOVE
active proctype removal()
{
	byte mine;
	bool more, stuck;

	atomic { !lifecycle -> lifecycle = true }
	if
	:: !gone -> shut(mine, more, stuck)
	:: else
	fi;
	lifecycle = false;
	repair_due = false;
	!worker_runs;
	/* the gate of the card: every reference is back */
	gate == 0;
	/* free_irq() */
	irq_on = false;
	atomic {
		!in_irq && !thread_due && !thread_runs ->
		assert(engine == IDLE || engine == STOPPED ||
		       quarantined[job[0]] || quarantined[job[jobs - 1]]);
		assert(!watch_due && !watch_runs && !recovery_due && !recovery_runs);
		assert(queued == 0);
		freed = true
	}
}
#endif

/* ---- the owners ---- */

/* Returns with the request in the channel's hands, or with done[r] set. */
inline submit(r, hold)
{
	LOCK
	atomic {
		may_run ->
		d_step {
			assert(!freed);
			if
			:: state == DEAD -> done[r] = true
			:: else ->
				where[r] = PENDING;
				queue[queued] = r;
				queued++;
				if
				:: hold -> batch = true; held = held | (1 << r)
				:: else
				fi;
				stage(more);
				launch()
			fi;
			if
			:: more -> kick()
			:: else
			fi;
			more = false;
			unlock()
		}
	}
}

inline take_back(r)
{
	LOCK
	atomic {
		may_run ->
		d_step {
			if
			:: where[r] == PENDING || where[r] == STAGED ->
				unqueue(r);
				assert(!done[r] && !engine_holds(r));
				where[r] = OWNED;
				slot[r] = 0;
				done[r] = true;
				trim();
				kick()
			:: else
			fi;
			unlock()
		}
	}
}

/* What a poll would find. */
#define poll_sees (state == LIVE && run_count > 0 && news)

/* The handler's work by a caller; the run's interrupt is still to come. */
inline poll(work)
{
	LOCK
	atomic {
		may_run ->
		d_step {
			if
			:: state == LIVE && run_count > 0 ->
				reap();
				if
				:: run_count == 0 || extends -> owe(); launch()
				:: else
				fi
			:: else
			fi;
			work = wants_thread;
			unlock()
		}
	}
	if
	:: work -> bottom_half(mine, work)
	:: else
	fi
}

proctype owner(byte r; byte also)
{
	byte mine;
	bool more;

	atomic {
		if
		:: gone -> left--; goto out
		:: else -> gate++
		fi
	}
#ifdef BATCH
	if
	:: also != NOBODY ->
		submit(also, true);
		submit(r, true);
#ifndef MUTANT_NO_END
		/* the batch is over */
		LOCK
		atomic { may_run -> d_step { batch = false; launch(); unlock() } }
#endif
		done[also]
	:: else ->
		submit(r, false)
	fi;
#else
	submit(r, false);
#endif
	do
	:: done[r] -> break
	:: (SIGNALS >> r) & 1 ->
		take_back(r);
		done[r] -> break
	:: ((POLLS >> r) & 1) && poll_sees -> poll(more)
	od;
	atomic {
		assert(where[r] == OWNED);
		gate--;
		left--
	}
out:	skip
}

init
{
	byte r;

	atomic {
		r = 0;
		do
#ifdef BATCH
		:: r == 0 -> left--; r++
		:: r == 1 -> run owner(1, 0); r++
#endif
		:: else ->
			if
			:: r < N -> run owner(r, NOBODY); r++
			:: else -> break
			fi
		od
	}
	/* No end state: whoever is stuck keeps this one here. */
	left == 0
}
