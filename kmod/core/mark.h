/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks for the lab's instruction counter (lab/count): an instruction that does nothing
 * and holds a number, which the emulator's plugin recognises. The modules have marks
 * only if they are built with EXDMA_MARKS: they tell which phase of a request the code
 * belongs to. The measured program marks where a repetition begins and ends.
 */
#ifndef EXDMA_MARK_H
#define EXDMA_MARK_H

/* The upper 16 bits of the number. No compiler emits such a number. */
#define EXDMA_MARK_MAGIC	0x6578u

/* Bits 15 to 12 of the number: the kind of mark. Bits 11 to 0: its argument. */
enum exdma_mark {
	EXDMA_MARK_BEGIN = 1,	/* a repetition begins; argument: number of the path */
	EXDMA_MARK_END,		/* the repetition ends; argument: number of the path */
	EXDMA_MARK_ENTER,	/* a phase begins; argument: enum exdma_phase */
	EXDMA_MARK_LEAVE,	/* the phase ends; the phase around it, if any, continues */
	EXDMA_MARK_SPOIL,	/* this repetition does not count: not the normal path */
};

/* The phases of a request. Code outside of any marked phase is in phase OTHER. */
enum exdma_phase {
	EXDMA_PHASE_OTHER,
	EXDMA_PHASE_HARD,	/* hard interrupt handler */
	EXDMA_PHASE_BOTTOM,	/* bottom half */
	EXDMA_PHASE_SUBMIT,	/* a call of a program, until its request has finished */
	EXDMA_PHASE_COMPLETE,	/* what a finished request still needs */
	EXDMA_PHASE_WATCHDOG,	/* runs on time, not for a request: not counted */
	EXDMA_PHASES,
};

#ifdef __x86_64__
/* nopl NUMBER(%rax): seven bytes */
static __always_inline void exdma_mark(enum exdma_mark kind, unsigned int argument)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long %c0"
		     : : "i" (EXDMA_MARK_MAGIC << 16 | kind << 12 | argument) : "memory");
}
#endif

#if defined(__KERNEL__) && defined(__x86_64__) && defined(EXDMA_MARKS)
#define EXDMA_DEFINE_PHASE(phase)						\
static __always_inline int exdma_enter_##phase(void)				\
{										\
	exdma_mark(EXDMA_MARK_ENTER, EXDMA_PHASE_##phase);			\
	return 0;								\
}										\
static __always_inline void exdma_leave_##phase(int *unused)			\
{										\
	exdma_mark(EXDMA_MARK_LEAVE, EXDMA_PHASE_##phase);			\
}

EXDMA_DEFINE_PHASE(HARD)
EXDMA_DEFINE_PHASE(BOTTOM)
EXDMA_DEFINE_PHASE(SUBMIT)
EXDMA_DEFINE_PHASE(COMPLETE)
EXDMA_DEFINE_PHASE(WATCHDOG)

/* A declaration: from here to the end of its block the code is in this phase. */
#define EXDMA_DECLARE_PHASE(phase)						\
	int exdma_phase_##phase __attribute__((cleanup(exdma_leave_##phase), unused)) = \
		exdma_enter_##phase()
#define exdma_spoil()	exdma_mark(EXDMA_MARK_SPOIL, 0)
#elif defined(__KERNEL__)
#define EXDMA_DECLARE_PHASE(phase)	static_assert(EXDMA_PHASE_##phase < EXDMA_PHASES, "a phase")
#define exdma_spoil()			do { } while (0)
#endif

#endif
