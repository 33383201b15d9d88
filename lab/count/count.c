// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the guest's instructions: a plugin of QEMU's emulator.
 *
 * A program in the guest begins and ends repetitions of a path by marks (mark.h). Of
 * the instructions that any task and any virtual CPU executes in between, it counts those
 * inside the text of our modules, by function and by phase; marks in the modules tell
 * where a phase begins and ends. The repetition with the fewest is kept. One in which
 * the driver's watchdog did something is discarded; that it looked is not counted. The
 * fewest of the whole kernel are kept, too, and which of the modules' instructions were
 * ever executed.
 *
 * A phase is entered and left on one stack, so the stack pointer tells which phase an
 * instruction belongs to, whatever task or interrupt ran in between.
 *
 * Arguments: names=FILE, which the guest has written before it begins the first
 * repetition ("text FIRST LAST", "function ADDRESS NAME" in hexadecimal); out=FILE,
 * which is written when the machine ends. lab/count/README.md has its format.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mark.h"
#include "qemu-plugin.h"

#define VERSION		7
/* Where x86-64 has its modules, and where its kernel begins. */
#define MODULES_FIRST	0xffffffffa0000000ull
#define MODULES_LAST	0xfffffffffeffffffull
#define KERNEL_FIRST	0xffff800000000000ull

#define PATHS		64
#define TEXTS		16
#define FUNCTIONS	4096
#define PLACES		(1u << 18)	/* instructions of modules; a power of two */
#define PHASES_MAX	1024		/* entered and not left, on all stacks */
/*
 * Bytes that a phase and all it calls have on their stack. Stacks are 16 KiB or more and
 * lie apart: less than half of one, so that no other stack's phase is in reach.
 */
#define STACK_REACH	8192
#define MARK_BYTES	7

int qemu_plugin_version = VERSION;

/* An instruction in the text of a module. */
struct place {
	uint64_t addr;
	int function;
	bool found;		/* function is known */
	bool seen;
};

struct function {
	uint64_t addr;
	char name[64];
};

/* A phase that was entered and not left yet, and the stack pointer at that point. */
struct phase {
	uint64_t sp;
	uint32_t number;
};

struct tally {
	uint64_t all, kernel;
	uint32_t by[FUNCTIONS][EXDMA_PHASES];
};

struct path {
	uint64_t times, spoilt, fewest, least_kernel, fewest_times, most;
	uint32_t (*by)[EXDMA_PHASES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *names_file, *out_file;

static struct {
	uint64_t first, last;
} texts[TEXTS];
static unsigned int n_texts, n_functions;
static struct function functions[FUNCTIONS];
static struct place *places[PLACES];
static struct phase phases[PHASES_MAX];
static unsigned int n_phases;
static struct path paths[PATHS];
static struct tally now;
static int measured = -1;	/* which path */
static bool spoilt;		/* this repetition does not count */
static unsigned int wrong_marks;

static struct plugin_u64 kernel;
static struct qemu_plugin_register *stack_pointer;

/* --- names --------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void read_names(void)
{
	FILE *f = fopen(names_file, "r");
	char line[256];
	uint64_t a, b;

	if (!f) {
		fprintf(stderr, "count: cannot read %s\n", names_file);
		exit(1);
	}
	while (fgets(line, sizeof(line), f)) {
		struct function *fn = &functions[n_functions];

		if (n_texts < TEXTS && sscanf(line, "text %" SCNx64 " %" SCNx64, &a, &b) == 2) {
			texts[n_texts].first = a;
			texts[n_texts++].last = b;
		} else if (n_functions < FUNCTIONS &&
			   sscanf(line, "function %" SCNx64 " %63s", &fn->addr, fn->name) == 2) {
			n_functions++;
		} else {
			fprintf(stderr, "count: %s: what is this: %s", names_file, line);
			exit(1);
		}
	}
	fclose(f);
	qsort(functions, n_functions, sizeof(functions[0]), by_address);
}

/* The number of the function that holds @addr; -1 if it is no text of ours. */
static int function_at(uint64_t addr)
{
	unsigned int i, low = 0, high = n_functions;

	for (i = 0; i < n_texts && (addr < texts[i].first || addr > texts[i].last); i++)
		;
	if (i == n_texts)
		return -1;
	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (functions[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (int)low - 1 : -1;
}

static void find(struct place *p)
{
	if (!p->found && n_texts) {
		p->function = function_at(p->addr);
		p->found = true;
	}
}

/* --- which phase --------------------------------------------------------- */

static uint64_t read_stack_pointer(void)
{
	static __thread struct plugin_array *value;
	uint64_t sp;

	if (!value)
		value = g_byte_array_new();
	g_byte_array_set_size(value, 0);
	if (!qemu_plugin_read_register(stack_pointer, value) || value->len != sizeof(sp)) {
		fprintf(stderr, "count: cannot read the stack pointer\n");
		exit(1);
	}
	memcpy(&sp, value->data, sizeof(sp));
	return sp;
}

/*
 * The phase that was entered last on the stack of this stack pointer: its frame is the
 * nearest one above. NULL if none was.
 */
static struct phase *this_phase(uint64_t sp)
{
	struct phase *best = NULL;
	unsigned int i;

	for (i = 0; i < n_phases; i++)
		if (phases[i].sp >= sp && phases[i].sp - sp < STACK_REACH &&
		    (!best || phases[i].sp <= best->sp))
			best = &phases[i];
	return best;
}

static void enter(uint32_t number)
{
	if (n_phases == PHASES_MAX || number >= EXDMA_PHASES) {
		wrong_marks++;
		return;
	}
	phases[n_phases++] = (struct phase){ read_stack_pointer(), number };
}

static void leave(uint32_t number)
{
	struct phase *phase = this_phase(read_stack_pointer());

	if (!phase || phase->number != number) {
		wrong_marks++;
		return;
	}
	/* in their order: of two with the same frame, the later one is the inner one */
	memmove(phase, phase + 1, (size_t)(&phases[--n_phases] - phase) * sizeof(*phase));
}

/* --- repetitions ---------------------------------------------------------- */

static void begin(uint32_t path)
{
	if (!n_texts)
		read_names();
	if (path >= PATHS || measured >= 0) {
		wrong_marks++;
		return;
	}
	memset(&now, 0, sizeof(now));
	now.kernel = qemu_plugin_u64_sum(kernel);
	spoilt = false;
	measured = (int)path;
}

static void end(uint32_t path)
{
	struct path *p = &paths[path % PATHS];

	if (measured != (int)path) {
		wrong_marks++;
		return;
	}
	measured = -1;
	if (spoilt) {
		p->spoilt++;
		return;
	}
	now.kernel = qemu_plugin_u64_sum(kernel) - now.kernel;
	if (!p->times++ || now.kernel < p->least_kernel)
		p->least_kernel = now.kernel;
	if (now.all > p->most)
		p->most = now.all;
	if (p->by && now.all == p->fewest)
		p->fewest_times++;
	if (p->by && now.all >= p->fewest)
		return;
	if (!p->by)
		p->by = malloc(sizeof(now.by));
	memcpy(p->by, now.by, sizeof(now.by));
	p->fewest = now.all;
	p->fewest_times = 1;
}

static void on_mark(unsigned int vcpu, void *data)
{
	uint32_t number = (uint32_t)(uintptr_t)data, which = number & 0xfff;

	(void)vcpu;
	pthread_mutex_lock(&lock);
	switch (number >> 12 & 0xf) {
	case EXDMA_MARK_BEGIN:
		begin(which);
		break;
	case EXDMA_MARK_END:
		end(which);
		break;
	case EXDMA_MARK_ENTER:
		enter(which);
		break;
	case EXDMA_MARK_LEAVE:
		leave(which);
		break;
	case EXDMA_MARK_SPOIL:
		spoilt = true;
		break;
	default:
		wrong_marks++;
	}
	pthread_mutex_unlock(&lock);
}

static void on_place(unsigned int vcpu, void *data)
{
	struct place *p = data;
	const struct phase *phase;

	(void)vcpu;
	p->seen = true;
	if (__atomic_load_n(&measured, __ATOMIC_RELAXED) < 0)
		return;
	pthread_mutex_lock(&lock);
	find(p);
	if (measured >= 0 && p->function >= 0) {
		phase = this_phase(read_stack_pointer());
		if (phase && phase->number == EXDMA_PHASE_WATCHDOG)
			goto unlock;
		now.all++;
		now.by[p->function][phase ? phase->number : EXDMA_PHASE_OTHER]++;
	}
unlock:
	pthread_mutex_unlock(&lock);
}

/* --- translation ---------------------------------------------------------- */

/* The record of the instruction at @addr: code that is translated again keeps it. */
static struct place *place_at(uint64_t addr)
{
	uint32_t at = (uint32_t)(addr * 0x9e3779b1u >> 7) & (PLACES - 1), i;

	for (i = 0; i < PLACES; i++, at = (at + 1) & (PLACES - 1)) {
		if (!places[at]) {
			places[at] = calloc(1, sizeof(**places));
			places[at]->addr = addr;
		}
		if (places[at]->addr == addr)
			return places[at];
	}
	fprintf(stderr, "count: more than %u instructions in modules\n", PLACES);
	exit(1);
}

/* The number of a mark; 0 if it is none. */
static uint32_t mark_number(const struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[] = { 0x0f, 0x1f, 0x80 };
	uint8_t bytes[MARK_BYTES];
	uint32_t number;

	if (qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, nop, sizeof(nop)))
		return 0;
	memcpy(&number, bytes + sizeof(nop), sizeof(number));
	return number >> 16 == EXDMA_MARK_MAGIC ? number & 0xffff : 0;
}

static void on_translation(struct qemu_plugin_tb *tb, void *data)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)data;
	if (qemu_plugin_tb_vaddr(tb) >= KERNEL_FIRST)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, PLUGIN_ADD, kernel, n);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t addr = qemu_plugin_insn_vaddr(insn);
		bool module = addr >= MODULES_FIRST && addr <= MODULES_LAST;
		uint32_t mark;

		if (addr >= KERNEL_FIRST && !module)
			continue;
		mark = mark_number(insn);
		if (mark) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_READS_REGS,
							       (void *)(uintptr_t)mark);
		} else if (module) {
			pthread_mutex_lock(&lock);
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_place, PLUGIN_READS_REGS,
							       place_at(addr));
			pthread_mutex_unlock(&lock);
		}
	}
}

/* --- the machine ---------------------------------------------------------- */

static void on_vcpu(unsigned int vcpu, void *data)
{
	struct plugin_array *registers = qemu_plugin_get_registers();
	unsigned int i, size = g_array_get_element_size(registers);

	(void)vcpu;
	(void)data;
	for (i = 0; i < registers->len; i++) {
		const struct plugin_register *r = (const void *)(registers->data + i * size);

		if (!strcmp(r->name, "rsp"))
			stack_pointer = r->handle;
	}
	g_array_free(registers, true);
	if (!stack_pointer) {
		fprintf(stderr, "count: no register has the name rsp\n");
		exit(1);
	}
}

static void write_path(FILE *f, unsigned int n)
{
	static const char * const names[EXDMA_PHASES] = {
		[EXDMA_PHASE_OTHER] = "other",
		[EXDMA_PHASE_HARD] = "hard handler",
		[EXDMA_PHASE_BOTTOM] = "bottom half",
		[EXDMA_PHASE_SUBMIT] = "submission",
		[EXDMA_PHASE_COMPLETE] = "completion",
		[EXDMA_PHASE_WATCHDOG] = "watchdog",
	};
	const struct path *p = &paths[n];
	unsigned int i, phase;

	fprintf(f, "path\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%" PRIu64 "\n", n, p->times, p->spoilt, p->fewest, p->fewest_times, p->most,
		p->least_kernel);
	for (phase = 0; p->by && phase < EXDMA_PHASES; phase++)
		for (i = 0; i < n_functions; i++)
			if (p->by[i][phase])
				fprintf(f, "count\t%u\t%s\t%s\t%" PRIu32 "\n", n, names[phase],
					functions[i].name, p->by[i][phase]);
}

static void on_exit_of_qemu(void *data)
{
	FILE *f = fopen(out_file, "w");
	unsigned int i;

	(void)data;
	if (!f) {
		fprintf(stderr, "count: cannot write %s\n", out_file);
		return;
	}
	/* without a repetition nobody has read them yet */
	if (!n_texts && !access(names_file, R_OK))
		read_names();
	fprintf(f, "wrong marks\t%u\nfunctions\t%u\n", wrong_marks, n_functions);
	for (i = 0; i < PATHS; i++)
		if (paths[i].times || paths[i].spoilt)
			write_path(f, i);
	for (i = 0; i < PLACES; i++) {
		struct place *p = places[i];

		if (!p || !p->seen)
			continue;
		find(p);
		if (p->found && p->function >= 0)
			fprintf(f, "seen\t%s\t%" PRIu64 "\n", functions[p->function].name,
				p->addr - functions[p->function].addr);
	}
	if (fclose(f))
		fprintf(stderr, "count: cannot write %s\n", out_file);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "names=", 6))
			names_file = argv[i] + 6;
		else if (!strncmp(argv[i], "out=", 4))
			out_file = argv[i] + 4;
	}
	if (!names_file || !out_file || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "count: needs names=FILE and out=FILE, and x86-64\n");
		return -1;
	}
	kernel.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
