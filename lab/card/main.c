// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma-card: the program. Options, signals, and the wiring between the
 * protocol (vfu.h) and the card (card.h), which know nothing of each other.
 *
 * Threads: the main one accepts clients; a session thread serves one; each
 * engine has one; one writes the books' file; one takes signals.
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
#include "card.h"
#include "irqfd.h"
#include "log.h"
#include "spec.h"
#include "vfu.h"

struct program {
	struct card card;
	struct irqfd irqfd;
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
	text = books_json(&p->card.books, &len);
	bookfile_put(&p->bookfile, text, len);
}

static bool books_pending(void *ctx)
{
	struct program *p = ctx;

	return bookfile_pending(&p->bookfile);
}

static const struct lab_ops lab_ops = {
	.write_books = write_books,
	.books_pending = books_pending,
};

/* --- interrupts ---------------------------------------------------------- */

static bool signal_vector(void *ctx, enum irq_kind kind, unsigned vector)
{
	struct program *p = ctx;

	return irqfd_signal(&p->irqfd, kind, vector);
}

static enum irq_kind irq_kind(enum vfu_irq irq)
{
	switch (irq) {
	case VFU_INTX:
		return IRQ_INTX;
	case VFU_MSI:
		return IRQ_MSI;
	case VFU_MSIX:
		return IRQ_MSIX;
	default:
		return IRQ_NONE;
	}
}

static unsigned op_irq_count(void *ctx, enum vfu_irq irq)
{
	struct program *p = ctx;
	const struct card_config *c = &p->card.config;

	switch (irq) {
	case VFU_INTX:
		return c->intx ? 1 : 0;
	case VFU_MSI:
		return c->msi ? 32 : 0;
	case VFU_MSIX:
		return c->msix ? PCI_MSIX_VECTORS : 0;
	default:
		return 1;
	}
}

static void op_irq_set(void *ctx, enum vfu_irq irq, unsigned vector, int fd)
{
	struct program *p = ctx;

	if (irq == VFU_ERR || irq == VFU_REQ) {
		irqfd_set_other(&p->irqfd, irq == VFU_REQ, fd);
		return;
	}
	irqfd_set(&p->irqfd, irq_kind(irq), vector, fd);
	if (fd >= 0)
		card_irq_attached(&p->card, irq_kind(irq), vector);
}

static void op_irq_unmask(void *ctx, enum vfu_irq irq)
{
	struct program *p = ctx;

	if (irq == VFU_INTX)
		card_intx_unmask(&p->card);
}

static void op_irq_trigger(void *ctx, enum vfu_irq irq, unsigned vector)
{
	struct program *p = ctx;

	/* never the error interrupt: it stops the virtual machine */
	irqfd_signal(&p->irqfd, irq_kind(irq), vector);
}

/* --- regions and memory --------------------------------------------------- */

static uint64_t op_region_size(void *ctx, unsigned region)
{
	struct program *p = ctx;

	if (region == VFU_CONFIG_REGION)
		return PCI_CONFIG_SIZE;
	return region < PCI_NUM_BARS ? p->card.pci.setup.bar[region].size : 0;
}

static bool op_region_read(void *ctx, unsigned region, uint64_t off, void *buf, size_t len)
{
	struct program *p = ctx;

	if (region == VFU_CONFIG_REGION)
		return card_config_read(&p->card, off, buf, len);
	return card_bar_read(&p->card, region, off, buf, len);
}

static bool op_region_write(void *ctx, unsigned region, uint64_t off,
			    const void *buf, size_t len)
{
	struct program *p = ctx;

	if (region == VFU_CONFIG_REGION)
		return card_config_write(&p->card, off, buf, len);
	return card_bar_write(&p->card, region, off, buf, len);
}

static int op_dma_map(void *ctx, uint64_t start, uint64_t size, uint32_t prot,
		      int fd, uint64_t offset)
{
	struct program *p = ctx;

	return guestmem_map(&p->card.host, start, size, prot, fd, offset);
}

static int op_dma_unmap(void *ctx, uint64_t start, uint64_t last)
{
	struct program *p = ctx;

	return guestmem_unmap(&p->card.host, start, last);
}

static void op_reset(void *ctx)
{
	struct program *p = ctx;

	log_line("reset");
	card_reset(&p->card);
}

static void op_connected(void *ctx)
{
	(void)ctx;
	log_line("client connected");
}

static void op_disconnected(void *ctx)
{
	struct program *p = ctx;

	log_line("client disconnected");
	card_disconnect(&p->card);
	irqfd_clear(&p->irqfd);
	write_books(p);
}

static const struct vfu_ops vfu_ops = {
	.region_size = op_region_size,
	.region_read = op_region_read,
	.region_write = op_region_write,
	.irq_count = op_irq_count,
	.irq_set = op_irq_set,
	.irq_unmask = op_irq_unmask,
	.irq_trigger = op_irq_trigger,
	.dma_map = op_dma_map,
	.dma_unmap = op_dma_unmap,
	.reset = op_reset,
	.connected = op_connected,
	.disconnected = op_disconnected,
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
		write_books(p);
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
	"       strict=on|off          note breaches of the IP's rules (on)\n"
	"       fault=hang:ENGINE[:N]  hang after N descriptors; ENGINE like h2c0\n"
	"       fault=lose:ENGINE:N    lose N interrupts; several joined with +\n"
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

	irqfd_init(&p->irqfd);
	err = bookfile_init(&p->bookfile, p->books_path);
	if (err)
		return fail("books", err);
	err = card_init(&p->card, config, signal_vector, p, &lab_ops, p);
	if (err) {
		fail("the card", err);
		goto stop_books;
	}
	err = vfu_server_open(&p->server, p->socket_path, &vfu_ops, p);
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
	card_fini(&p->card);
stop_books:
	bookfile_fini(&p->bookfile);
	irqfd_fini(&p->irqfd);
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
