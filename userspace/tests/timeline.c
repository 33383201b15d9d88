// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeline.c - tests of tool/timeline.c, tool/svg.c and tool/drawing.c: from lines
 * of a trace to runs, gaps and pictures
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <exdma/exdma.h>

#include "drawing.h"
#include "perfetto.h"
#include "svg.h"
#include "test.h"
#include "timeline.h"

#define CPU	"            dd-12    [001] d..1.   "
#define H2C	"card=0 dir=h2c channel=1"
#define REQ(n)	H2C " id=" #n " card_addr=0x1000 bytes=4096 slots=1 moved=0 status=0"

static bool is(double value, double expected)
{
	return fabs(value - expected) < 1e-9;
}

static int feed(struct timeline *timeline, const char *const *line)
{
	for (; *line; line++)
		if (timeline_line(timeline, *line))
			return -1;
	timeline_end(timeline);
	return 0;
}

/* two requests by one run, a third by the next, 30 us later */
static const char *const load[] = {
	"# tracer: nop\n",
	"# entries-in-buffer/entries-written: 12/15   #P:2\n",
	CPU "10.000000: exdma_submit: " REQ(0) "\n",
	CPU "10.000001: exdma_stage: " REQ(0) "\n",
	CPU "10.000002: exdma_submit: " REQ(1) "\n",
	CPU "10.000003: exdma_stage: " REQ(1) "\n",
	CPU "10.000010: exdma_start: " H2C " run=7 requests=2 slots=2 bytes=8192 by=submit\n",
	CPU "10.000100: exdma_irq: " H2C " run=7\n",
	CPU "10.000105: exdma_done: " REQ(0) "\n",
	CPU "10.000106: exdma_done: " REQ(1) "\n",
	CPU "10.000107: exdma_complete: " REQ(1) "\n",
	CPU "10.000108: exdma_complete: " REQ(0) "\n",
	CPU "10.000110: exdma_submit: " REQ(2) "\n",
	CPU "10.000111: exdma_stage: " REQ(2) "\n",
	CPU "10.000130: exdma_start: " H2C " run=8 requests=1 slots=1 bytes=4096 by=irq\n",
	/* a caller polled: no interrupt */
	CPU "10.000180: exdma_done: " H2C " id=2 card_addr=0x1000 bytes=4096 slots=1 moved=0 status=-5\n",
	CPU "10.000190: exdma_complete: " REQ(2) "\n",
	NULL
};

static void runs_and_requests(void)
{
	struct timeline timeline = { 0 };
	struct idle idle;
	struct lane *lane;

	CHECK(!feed(&timeline, load));
	NEED(timeline.lanes == 1);
	CHECK(timeline.events == 15 && timeline.lost == 3);
	CHECK(is(timeline.first, 10) && is(timeline.last, 190e-6));
	lane = &timeline.lane[0];
	CHECK(lane->card == 0 && lane->channel == 1 &&
	      lane->direction == EXDMA_DIR_H2C);
	NEED(lane->runs == 2 && lane->requests == 3);
	CHECK(is(lane->run[0].start, 10e-6));
	/* from the interrupt on, not from when it was through with the last */
	CHECK(is(lane->run[0].end, 100e-6));
	CHECK(lane->run[0].number == 7 && lane->run[0].requests == 2 &&
	      lane->run[0].bytes == 8192 && lane->run[0].by == 's');
	CHECK(is(lane->run[1].end, 180e-6) && !lane->run[1].open);
	CHECK(lane->run[1].by == 'i');
	CHECK(is(lane->request[1].submit, 2e-6));
	CHECK(is(lane->request[1].stage, 3e-6));
	CHECK(is(lane->request[1].start, 10e-6));
	CHECK(is(lane->request[1].done, 106e-6));
	CHECK(is(lane->request[1].complete, 107e-6));
	CHECK(lane->request[1].address == 0x1000);
	CHECK(is(lane->request[2].start, 130e-6));
	CHECK(lane->request[2].status == -5);
	NEED(!timeline_idle(lane, &idle));
	CHECK(is(idle.busy, 140e-6) && is(idle.span, 170e-6));
	CHECK(idle.gaps == 1 && is(idle.p50, 30e-6) && is(idle.max, 30e-6));
	timeline_free(&timeline);
}

/* The hard handler starts the next run, then tells of the requests of the last. */
static void back_to_back(void)
{
	static const char *const lines[] = {
		CPU "1.000000: exdma_submit: " REQ(0) "\n",
		CPU "1.000001: exdma_submit: " REQ(1) "\n",
		CPU "1.000002: exdma_submit: " REQ(2) "\n",
		CPU "1.000010: exdma_start: " H2C " run=1 requests=1 slots=1 bytes=4096 by=submit\n",
		CPU "1.000100: exdma_irq: " H2C " run=1\n",
		CPU "1.000103: exdma_start: " H2C " run=2 requests=2 slots=2 bytes=8192 by=irq\n",
		CPU "1.000104: exdma_done: " REQ(0) "\n",
		CPU "1.000105: exdma_submit: " REQ(3) "\n",
		/* a caller that spins does the same, without an interrupt */
		CPU "1.000300: exdma_start: " H2C " run=3 requests=1 slots=1 bytes=4096 by=submit\n",
		CPU "1.000301: exdma_done: " REQ(1) "\n",
		CPU "1.000302: exdma_done: " REQ(2) "\n",
		/* more for the run that is on */
		CPU "1.000303: exdma_submit: " REQ(4) "\n",
		CPU "1.000304: exdma_start: " H2C " run=3 requests=1 slots=1 bytes=4096 by=submit\n",
		CPU "1.000400: exdma_irq: " H2C " run=3\n",
		CPU "1.000401: exdma_done: " REQ(3) "\n",
		CPU "1.000500: exdma_irq: " H2C " run=3\n",
		CPU "1.000501: exdma_done: " REQ(4) "\n",
		NULL
	};
	static const double start[] = { 10e-6, 103e-6, 300e-6 };
	static const double end[] = { 100e-6, 300e-6, 500e-6 };
	struct timeline timeline = { 0 };
	struct lane *lane;

	CHECK(!feed(&timeline, lines));
	lane = &timeline.lane[0];
	NEED(lane->runs == 3 && lane->requests == 5);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK(is(lane->run[i].start, start[i]) && is(lane->run[i].end, end[i]));
		CHECK(!lane->run[i].open && !lane->run[i].left);
	}
	CHECK(lane->run[2].requests == 2 && lane->run[2].bytes == 8192);
	CHECK(is(lane->request[2].start, 103e-6) && is(lane->request[3].start, 300e-6));
	CHECK(is(lane->request[4].start, 304e-6));
	timeline_free(&timeline);
}

/* the same, where what the first run had was submitted before the trace */
static void back_to_back_cut_off(void)
{
	static const char *const lines[] = {
		CPU "1.000000: exdma_start: " H2C " run=1 requests=1 slots=1 bytes=4096 by=submit\n",
		CPU "1.000002: exdma_submit: " REQ(2) "\n",
		CPU "1.000100: exdma_irq: " H2C " run=1\n",
		CPU "1.000103: exdma_start: " H2C " run=2 requests=1 slots=1 bytes=4096 by=irq\n",
		CPU "1.000104: exdma_done: " REQ(1) "\n",
		CPU "1.000200: exdma_irq: " H2C " run=2\n",
		CPU "1.000201: exdma_done: " REQ(2) "\n",
		NULL
	};
	struct timeline timeline = { 0 };
	struct lane *lane;

	CHECK(!feed(&timeline, lines));
	lane = &timeline.lane[0];
	NEED(lane->runs == 2);
	CHECK(is(lane->run[0].end, 100e-6) && is(lane->run[1].end, 200e-6));
	CHECK(!lane->run[1].open && !lane->run[1].left);
	timeline_free(&timeline);
}

/* what began before the trace, and what had no end when it ended */
static void cut_off(void)
{
	static const char *const lines[] = {
		CPU "5.000000: exdma_done: " REQ(8) "\n",
		CPU "5.000001: exdma_complete: " REQ(8) "\n",
		CPU "5.000002: exdma_complete: " REQ(7) "\n",
		CPU "5.000003: exdma_submit: " REQ(9) "\n",
		CPU "5.000004: exdma_start: " H2C " run=3 requests=1 slots=1 bytes=4096 by=irq\n",
		CPU "5.000050: exdma_submit: card=1 dir=c2h channel=0 id=0 card_addr=0 bytes=1 slots=1 moved=0 status=0\n",
		NULL
	};
	struct timeline timeline = { 0 };
	struct lane *lane;

	CHECK(!feed(&timeline, lines));
	NEED(timeline.lanes == 2);
	CHECK(timeline.lane[1].card == 1 &&
	      timeline.lane[1].direction == EXDMA_DIR_C2H);
	lane = &timeline.lane[0];
	NEED(lane->runs == 1 && lane->requests == 3);
	CHECK(lane->run[0].open && is(lane->run[0].end, 50e-6));
	CHECK(lane->request[0].start == TIME_UNKNOWN);
	CHECK(lane->request[1].start == TIME_UNKNOWN);
	CHECK(is(lane->request[2].start, 4e-6));
	timeline_free(&timeline);
}

/* an engine that was reset runs the same requests again */
static void tried_again(void)
{
	static const char *const lines[] = {
		CPU "1.0: exdma_submit: " REQ(0) "\n",
		CPU "1.1: exdma_start: " H2C " run=1 requests=1 slots=1 bytes=4096 by=submit\n",
		CPU "2.0: exdma_start: " H2C " run=2 requests=1 slots=1 bytes=4096 by=thread\n",
		CPU "2.5: exdma_done: " REQ(0) "\n",
		NULL
	};
	struct timeline timeline = { 0 };
	struct lane *lane;

	CHECK(!feed(&timeline, lines));
	lane = &timeline.lane[0];
	NEED(timeline.lanes == 1 && lane->runs == 2 && lane->requests == 1);
	CHECK(is(lane->run[0].end, 1) && is(lane->run[1].end, 1.5));
	CHECK(is(lane->request[0].start, 1));
	timeline_free(&timeline);
}

static void other_lines(void)
{
	static const char *const lines[] = {
		"trace-cmd report:\n",
		"  dd-12  [001]  10.000010: exdma_irq:            " H2C " run=7\n",
		"dd 12 [001] 10.000011: exdma:exdma_irq: " H2C " run=7\n",
		"exdma_x-1 [001] d..1. 10.000012: exdma_irq: " H2C " run=7\n",
		CPU "10.000013: sched_switch: prev_comm=exdma_irq: prev_pid=1\n",
		CPU "10.000014: exdma_newer: " H2C " what=3\n",
		"\n",
		NULL
	};
	struct timeline timeline = { 0 };

	CHECK(!feed(&timeline, lines));
	CHECK(timeline.events == 4);
	CHECK(is(timeline.last, 4e-6));
	timeline_free(&timeline);
}

static void nonsense(void)
{
	static const char *const lines[] = {
		CPU "soon: exdma_irq: " H2C " run=7\n",
		CPU "10.0: exdma_irq: card=x dir=h2c channel=1 run=7\n",
		CPU "10.0: exdma_irq: card=0 channel=1 run=7\n",
		CPU "10.0: exdma_irq: card=0 dir=h2c run=7\n",
		CPU "10.0: exdma_irq: card=99999999999 dir=h2c channel=1 run=7\n",
		CPU "10.0: exdma_start: " H2C " run=7 slots=1 bytes=4096 by=irq\n",
		CPU "10.0: exdma_done: " H2C " bytes=4096\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct timeline timeline = { 0 };

		errno = 0;
		CHECK(timeline_line(&timeline, lines[i]) && errno == EINVAL);
		timeline_free(&timeline);
	}
}

static char *draw(const struct timeline *timeline, const struct zoom *zoom)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CHECK(!drawing_write(out, timeline, zoom));
	fclose(out);
	return text;
}

static void picture(void)
{
	struct zoom all = { 0, 200e-6 }, part = { 105e-6, 10e-6 };
	struct zoom middle = { .start = TIME_UNKNOWN };
	struct timeline timeline = { 0 };
	char *text;

	CHECK(!feed(&timeline, load));
	text = draw(&timeline, &all);
	/* the legend has one of each */
	CHECK(test_count(text, "<rect class=\"busy\"") == 3);
	CHECK(test_count(text, "<rect class=\"gap\"") == 2);
	CHECK(test_count(text, "<rect class=\"move\"") == 4);
	CHECK(strstr(text, "gap: 30 us"));
	CHECK(strstr(text, "run 7: 2 requests, 8192 bytes, 90 us"));
	CHECK(strstr(text, "busy 82.4%"));
	CHECK(strstr(text, "no room for 3 events"));
	free(text);
	text = draw(&timeline, &part);
	CHECK(test_count(text, "<rect class=\"busy\"") == 1);
	CHECK(test_count(text, "<rect class=\"gap\"") == 2);
	free(text);
	text = draw(&timeline, &middle);
	CHECK(test_count(text, "<rect class=\"busy\"") == 3);
	free(text);
	timeline_free(&timeline);
	/* nothing is a picture, too */
	text = draw(&timeline, &middle);
	CHECK(strstr(text, "</svg>"));
	free(text);
}

/* however long the trace, the picture has about the same size */
static void long_trace(void)
{
	struct zoom all = { 0, 100 };
	struct timeline timeline = { 0 };
	char line[160], *text;

	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), CPU "%u.%06u: exdma_start: " H2C " run=%u requests=1 slots=1 bytes=4096 by=irq",
			 i / 1000, i % 1000 * 1000, i);
		NEED(!timeline_line(&timeline, line));
	}
	timeline_end(&timeline);
	CHECK(timeline.lane[0].runs == 100000);
	text = draw(&timeline, &all);
	CHECK(strlen(text) < 1000000);
	free(text);
	timeline_free(&timeline);
}

static void texts(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	NEED(out);
	svg_text(out, "c", 1, 2, "%s", "<a&b>\"\xe9\n");
	fclose(out);
	CHECK(!strcmp(text, "<text class=\"c\" x=\"1.00\" y=\"2.00\">&lt;a&amp;b&gt;&quot;?\?</text>\n"));
	free(text);
}

static void steps(void)
{
	CHECK(is(svg_step(10, 10), 1));
	CHECK(is(svg_step(11, 10), 2));
	CHECK(is(svg_step(0.3, 10), 0.05));
	CHECK(is(svg_step(60, 10), 10));
	CHECK(is(svg_step(8e-6, 8), 1e-6));
}

const struct test_case tests_timeline[] = {
	{ "timeline: runs, gaps and requests", runs_and_requests },
	{ "timeline: back to back", back_to_back },
	{ "timeline: back to back, cut off", back_to_back_cut_off },
	{ "timeline: what was cut off by beginning and end", cut_off },
	{ "timeline: a run that is tried again", tried_again },
	{ "timeline: lines of other tools, and other lines", other_lines },
	{ "timeline: events that make no sense", nonsense },
	{ "timeline: a picture", picture },
	{ "timeline: a long one is not a large picture", long_trace },
	{ "svg: text is escaped", texts },
	{ "svg: round steps", steps },
	{ NULL, NULL }
};
