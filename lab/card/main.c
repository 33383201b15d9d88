// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma-card: the program. Options, signals, the books' file.
 *
 * Threads: the main one accepts clients; a session thread serves one; each
 * engine has one; one sends late interrupts; one writes the books' file; one
 * takes signals.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bookfile.h"
#include "device.h"
#include "log.h"
#include "spec.h"

struct program {
	struct device dev;
	struct bookfile bookfile;
	struct vfu_server server;
	const char *socket_path, *books_path, *log_path, *spec;
};

/* --- books --------------------------------------------------------------- */

static void write_books(void *ctx)
{
	struct program *p = ctx;
	size_t len = 0;
	char *text;

	if (!p->books_path)
		return;
	text = books_json(&p->dev.card.books, &len);
	bookfile_put(&p->bookfile, text, len);
}

static bool books_pending(void *ctx)
{
	struct program *p = ctx;

	return bookfile_pending(&p->bookfile);
}

/* Told to: no farewell to the client, but the books are written. */
static void die(void *ctx)
{
	struct program *p = ctx;

	log_line("dies");
	write_books(p);
	bookfile_flush(&p->bookfile);
	_exit(0);
}

static const struct lab_ops lab_ops = {
	.write_books = write_books,
	.books_pending = books_pending,
	.die = die,
};

/* --- signals ------------------------------------------------------------- */

static void *signal_thread(void *arg)
{
	struct program *p = arg;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (sigwait(&set, &sig) == 0) {
		if (sig != SIGUSR1)
			break;
		/* Not between an interrupt that is sent and its place in the books. */
		pthread_mutex_lock(&p->dev.card.lock);
		write_books(p);
		pthread_mutex_unlock(&p->dev.card.lock);
	}
	vfu_server_stop(&p->server);
	return NULL;
}

/*
 * The client may shrink a file that it shared; touching what is gone raises
 * SIGBUS. Put zeros there and go on: a bad peer gets bad data, not a crash.
 */
static void on_sigbus(int sig, siginfo_t *info, void *ucontext)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)4095;

	(void)sig;
	(void)ucontext;
	if (mmap((void *)page, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(1);
}

static void set_signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
	sigset_t set;

	sigaction(SIGBUS, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* --- the program --------------------------------------------------------- */

static const char usage[] =
	"usage: exdma-card --socket-path=PATH [--spec=SPEC] [--books=FILE] [--log=FILE]\n"
	"\n"
	"A virtual XDMA card: a vfio-user device for QEMU's vfio-user-pci.\n"
	"\n"
	"  --socket-path=PATH  listen here\n"
	"  --spec=SPEC         what the card is like: key=value,key=value...\n"
	"       h2c=1..4 c2h=1..4      channels (1, 1)\n"
	"       id=VVVV:DDDD           PCI ID (10ee:903f)\n"
	"       mem=SIZE               card memory (4G)\n"
	"       user=SIZE bypass=SIZE  BARs (64K, 0); bars=32|64 their kind (32)\n"
	"       irq=msix|msi|intx|all  interrupts offered (all)\n"
	"       rate=BYTES desc=NS run=NS  link model: bytes per second, cost of each\n"
	"                              descriptor and run (0: no limit, no cost)\n"
	"       width=64..512          datapath bits (256)\n"
	"       align=HEX              Alignments register (00010140)\n"
	"       stream=on|off          AXI-ST instead of AXI-MM (off); fifo=SIZE between\n"
	"                              H2C and C2H (64K)\n"
	"       credits=on|off         descriptor credits (on)\n"
	"       d3reset=on|off         leaving D3hot resets the function (off)\n"
	"       strict=on|off          note breaches of the IP's rules (on)\n"
	"       fault=KIND:TARGET...   go wrong; several joined with +; TARGET like h2c0,\n"
	"                              user3 or card; see README.md for what each does:\n"
	"         hang:ENGINE[:N] error:ENGINE:N:BITS stale:ENGINE:N corrupt:ENGINE:N:WORD\n"
	"         lose:LINE:N delay:LINE:N:US duplicate:LINE:N[:US] slow:ENGINE|card:RATE\n"
	"         gone:card:N[:MS] refuse:card:N die:card:N\n"
	"  --books=FILE        write the books here on SIGUSR1, disconnect and exit\n"
	"  --log=FILE          append a log of events\n"
	"  --help              this text\n";

static bool parse_options(struct program *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket-path", required_argument, NULL, 's' },
		{ "spec", required_argument, NULL, 'c' },
		{ "books", required_argument, NULL, 'b' },
		{ "log", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	p->spec = "";
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			p->socket_path = optarg;
			break;
		case 'c':
			p->spec = optarg;
			break;
		case 'b':
			p->books_path = optarg;
			break;
		case 'l':
			p->log_path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;	/* getopt_long() has said it */
		}
	}
	if (optind < argc) {
		fprintf(stderr, "exdma-card: unexpected argument: %s\n", argv[optind]);
		return false;
	}
	if (!p->socket_path) {
		fputs("exdma-card: --socket-path is missing (--help tells more)\n", stderr);
		return false;
	}
	return true;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "exdma-card: %s: %s\n", what, strerror(-err));
	return 1;
}

/* Everything up, serve, everything down again. Return: exit status. */
static int run(struct program *p, const struct card_config *config)
{
	pthread_t signals;
	int err, status = 1;

	err = bookfile_init(&p->bookfile, p->books_path);
	if (err)
		return fail("books", err);
	err = device_init(&p->dev, config, &lab_ops, p);
	if (err) {
		fail("the card", err);
		goto stop_books;
	}
	err = vfu_server_open(&p->server, p->socket_path, &device_vfu_ops, &p->dev);
	if (err) {
		fail(p->socket_path, err);
		goto stop_card;
	}
	err = -pthread_create(&signals, NULL, signal_thread, p);
	if (err) {
		fail("signal thread", err);
		goto close_server;
	}
	vfu_server_run(&p->server);
	pthread_kill(signals, SIGTERM);	/* unless that was what ended it */
	pthread_join(signals, NULL);
	write_books(p);
	status = 0;
close_server:
	vfu_server_close(&p->server);
stop_card:
	device_fini(&p->dev);
stop_books:
	bookfile_fini(&p->bookfile);
	return status;
}

int main(int argc, char **argv)
{
	struct card_config config;
	struct program *p;
	char error[200];
	int err, status;

	p = calloc(1, sizeof(*p));
	if (!p)
		return fail("memory", -ENOMEM);
	if (!parse_options(p, argc, argv)) {
		free(p);
		return 2;
	}
	if (!spec_parse(p->spec, &config, error, sizeof(error))) {
		fprintf(stderr, "exdma-card: spec: %s\n", error);
		free(p);
		return 2;
	}
	if (p->log_path) {
		err = log_open(p->log_path);
		if (err) {
			status = fail(p->log_path, err);
			free(p);
			return status;
		}
	}
	set_signals();
	status = run(p, &config);
	free(p);
	return status;
}
