# SPDX-License-Identifier: GPL-2.0-only
"""What "make check" and "make check-all" consist of: the cells of the matrix.

A cell is one command that ends with "N passed, N failed, N skipped". Those with
turn=True make up the matrix that check-all runs from end to end, and of which a check
runs some each time; the others are run by every check. Knows programs, kernels and
machines; nothing of when a cell runs.

The costs are seconds with two cells at a time on two CPUs at 3 GHz or so: for a machine that
has not run the cell yet. Later it goes by its own.
"""
from dataclasses import dataclass

KERNELS = ("6.1", "6.12", "6.12-rt", "latest", "latest-rt")

# Run on each kernel by every check, and the seconds that each takes there.
EVERYWHERE = {"data": 5, "queue": 6, "event": 12, "modules": 10, "stream@1": 25}

# Run on one kernel by every check; which one, changes from commit to commit.
ONCE = {
    "many": 5, "posix": 2, "bounds": 2, "memory": 3, "splice": 1, "ioctl": 1,
    "signals": 4, "exits": 5, "lifetime": 15, "power": 12, "faults": 20, "async": 20,
    "nowait": 8, "order": 10, "launch": 5, "stats": 8, "ends": 10, "fixed": 4, "credits": 5,
    "reset": 8, "window": 6, "revoke": 6, "fuzz": 15, "clients.sh": 20, "books": 20,
}

# Run by every check where nothing but the kernel or the machine is right for them.
TROUBLE = ("trouble", "aer", "power")

MM_CARD = "h2c=2,c2h=2"
STREAM_CARD = "stream=on,h2c=2,c2h=2"


@dataclass
class Cell:
    """One command: what it is called, and what is to be known to run it."""

    name: str
    command: list
    cost: float
    turn: bool = True		# not run by every check
    every: bool = False		# run by every check; both: by check and check-all
    rotates: bool = True	# False: too long for a check; only check-all runs it
    after: tuple = ()		# cells that must have come to an end
    light: bool = False		# waits more than it works: needs no place of its own
    counts: bool = True		# ends with N passed, ...


def setup(name, command, cost, *after):
    """What others need. Counts only if it fails."""
    return Cell(name, command, cost, turn=False, every=True, after=after, counts=False)


def rare(name, command, cost, *after):
    """What only a cell needs that does not rotate."""
    return Cell(name, command, cost, turn=False, after=after, counts=False)


def both(name, command, cost, *after):
    """As quick as it is important: in every check, and in check-all."""
    return Cell(name, command, cost, turn=True, every=True, after=after)


def modules(kernel):
    """The cell that builds the modules for a kernel."""
    return f"modules for {kernel}"


def machine(name, programs, cost, *options, kernel, every=False, turn=True, light=False,
            settings=(), udev=False, rotates=True):
    """Selftests in a virtual machine with these options.

    Each program has a limit of its own; that of the machine is for what never ends.
    """
    log = "build/check/" + name.replace(" ", "-").replace(",", "").replace("/", "-")
    command = ["lab/vm/run", "--timeout", "1800", "--log", f"{log}.kernel.log",
               "--kernel", kernel, *options, "--"]
    if settings:
        command += ["env", *settings]
    command += ["selftests/run", "-t", "900", *([] if udev else ["-u"]), *programs]
    return Cell(name, command, cost, turn=turn, every=every, light=light, rotates=rotates,
                after=("trial boot", modules(kernel)))


def preparation():
    """What the cells need, from an empty cache; nothing to do in a second run."""
    yield setup("root file system", ["lab/vm/setup"], 150)
    yield setup("programs", ["bash", "-c", ". lab/prepare; check_programs"], 40,
                "root file system")
    yield setup("trial boot", ["lab/vm/run", "--no-driver", "--card", "none", "--", "true"], 30,
                "programs")
    for kernel in KERNELS:
        yield setup(modules(kernel), ["lab/vm/chroot", "--modules", kernel, "--", "true"], 30,
                    "root file system")
    yield setup("debug kernel", ["lab/vm/debug-kernel", "debug"], 500, "root file system")
    yield setup(modules("debug"), ["lab/vm/chroot", "--modules", "debug", "--", "true"], 30,
                "debug kernel")
    yield rare("gcov kernel", ["lab/vm/debug-kernel", "gcov"], 500, "root file system")
    yield rare(modules("gcov"), ["lab/vm/chroot", "--modules", "gcov", "--", "true"], 30,
               "gcov kernel")


def dealt(number):
    """The programs of ONCE, dealt to the kernels so that all have as much to do.

    With each commit every program moves on to the next kernel.
    """
    hands = [[] for _ in KERNELS]
    load = [0] * len(KERNELS)
    for name, cost in sorted(ONCE.items(), key=lambda item: -item[1]):
        least = load.index(min(load))
        hands[least].append(name)
        load[least] += cost
    for kernel, hand in enumerate(hands):
        yield KERNELS[(kernel + number) % len(KERNELS)], hand


def boots(number, settings):
    """One machine for each kernel, and one for what needs another machine."""
    for kernel, hand in dealt(number):
        more = []
        # in the order in which they always run: books looks back at the others
        hand = [name for name in ONCE if name in hand]
        programs = [*hand, *EVERYWHERE]
        if kernel == "latest":
            programs += ["trouble", "aer"]
        if kernel == "6.12-rt":
            # udev.sh first: it sees what udev did when the machine came up
            programs = ["udev.sh", *programs, "compat", "loading"]
            more += ["--append", "exdma_xdma.compat=xdma"]
        if kernel == "6.12":
            programs += ["lockdown"]
        cost = 30 + sum((ONCE | EVERYWHERE).get(name, 20) for name in programs)
        yield machine(f"boot {kernel}", programs, cost, "--card", f"{MM_CARD},bypass=1M",
                      "--card", STREAM_CARD, *more, kernel=kernel, every=True, turn=False,
                      settings=settings)
    yield machine("boot latest, two cards", ["pair"], 30, "--card", MM_CARD,
                  "--card", MM_CARD, kernel="latest", every=True, turn=False)
    yield machine("boot latest, unplug and sleep", ["unplug", "sleep"], 60,
                  "--card", f"{MM_CARD},irq=msi", "--suspend", "--cpus", "1",
                  kernel="latest", every=True, turn=False, settings=settings)
    yield machine("boot latest, edu", ["data", "posix", "ioctl"], 100, "--card", "none", "--edu",
                  kernel="latest", every=True, turn=False, light=True)
    # each failure takes a second or more there
    programs = ["data", "queue", "many", "signals", "reset", "fuzz", "failnth"]
    yield Cell("boot debug", ["lab/check-debug", "-u", *settings, "EXDMA_SHARE=32", *programs], 300,
               turn=False, every=True, after=("trial boot", modules("debug")))


def evidence():
    """What every check has beside machines full of selftests."""
    yield both("lint, text", ["lab/lint", "text"], 20, "root file system")
    yield both("lint, latest", ["lab/lint", "latest"], 40, "root file system")
    yield both("unit tests of the card", ["make", "-s", "-C", "lab/card", "check"], 20)
    yield both("unit tests of the tool", ["make", "-s", "-C", "userspace", "check"], 30,
               "programs")
    yield both("model of a channel", ["lab/model/check"], 90, "root file system")
    yield both("commands in the documents", ["lab/docs"], 220, "trial boot", modules("6.12"))
    yield both("tool, with a card",
                ["lab/vm/run", "--kernel", "6.12", "--card", MM_CARD, "--timeout", "1200",
                 "--log", "build/check/tool.kernel.log", "--", "userspace/tests/guest"], 90,
                "trial boot", modules("6.12"))
    yield both("instructions of each path", ["lab/instructions"], 40, "trial boot",
               modules("6.12"))
    yield both("packages, 13", ["lab/packages", "13"], 120, "root file system")


def matrix(seed):
    """Whole runs on each kernel, and each variation of the machine."""
    part = ("data many queue bounds signals lifetime pair faults window revoke event "
            "books").split()
    for kernel in KERNELS:
        yield machine(f"selftests {kernel}", [], 370, kernel=kernel, udev=kernel == "latest")
        if kernel != "latest":
            yield Cell(f"lint, {kernel}", ["lab/lint", kernel], 45, after=("root file system",))

    def variation(name, kernel, *options):
        return machine(f"selftests, {name}", part, 130, *options, kernel=kernel)

    yield variation("two cards", "6.12", "--card", "h2c=1,c2h=1", "--card", "h2c=4,c2h=4")
    yield variation("one CPU", "latest", "--cpus", "1")
    yield variation("IOMMU", "latest", "--iommu")
    yield variation("MSI", "6.12", "--card", f"{MM_CARD},irq=msi")
    yield variation("INTx", "6.1", "--card", f"{MM_CARD},irq=intx")
    yield variation("swiotlb", "latest", "--append", "swiotlb=force")
    yield variation("threadirqs", "6.12", "--append", "threadirqs")
    yield machine("selftests, an unknown ID", ["modules", "faults"], 60, "--card", MM_CARD,
                  "--card", "h2c=1,c2h=1,id=1234:5678", kernel="latest")

    def streams(name, kernel, *options, card=STREAM_CARD):
        return machine(f"selftests, streams, {name}", ["power", "stream", "fuzz"], 55,
                       "--card", card, *options, kernel=kernel)

    def compat(name, kernel, card):
        return machine(f"selftests, compat, {name}", ["compat", "loading"], 30, "--card", card,
                       "--append", "exdma_xdma.compat=xdma", kernel=kernel)

    for kernel in KERNELS:
        yield streams(kernel, kernel)
        yield compat(kernel, kernel, f"{MM_CARD},bypass=1M")
    yield streams("credits", "latest", "--iommu", "--append", "exdma_xdma.credits=1")
    yield streams("IOMMU", "latest", "--iommu")
    yield streams("INTx", "6.12", card="stream=on,h2c=1,c2h=1,irq=intx,width=512")
    yield compat("streams", "6.12", STREAM_CARD)
    yield compat("MSI", "latest", "h2c=1,c2h=1,irq=msi")

    # engines that never stop, where they could do harm if they should
    credits = ("--append", "exdma_xdma.credits=1")
    yield machine("selftests, credits",
                  "data queue many signals faults fixed order launch ends".split(), 160,
                  "--iommu", *credits, kernel="latest")
    yield machine("selftests, credits, resets", ["reset", "power"], 40, *credits, kernel="6.12")
    yield machine("selftests, no credits", ["data", "queue"], 30, "--card",
                  f"{MM_CARD},credits=off", *credits, kernel="6.12")
    yield machine("selftests, no writeback", "data queue many faults fixed".split(), 60,
                  "--append", "exdma_xdma.writeback=0 exdma_xdma.max_block=2", kernel="6.12")
    yield machine("selftests, a bypass BAR", ["window", "revoke"], 40, "--card",
                  "h2c=1,c2h=1,bypass=1M,bars=64", kernel="6.12")
    yield machine("selftests, a D3hot that resets", ["power"], 40, "--card",
                  f"{MM_CARD},d3reset=on", kernel="6.12")
    yield machine("selftests, lockdown", ["lockdown"], 20, kernel="6.12")
    yield machine("selftests, few vectors", ["event"], 30, "--append",
                  "exdma_xdma.event_vectors=2", kernel="6.12")

    # another card, of which every QEMU has one: small, out of reach of most memory, and
    # so slow that its machines only wait
    edu = ("--card", "none", "--edu")
    for kernel in KERNELS:
        yield machine(f"selftests, edu, {kernel}", ["data", "posix", "ioctl"], 100, *edu,
                      kernel=kernel, light=True)
    yield machine("selftests, edu, asynchronous", ["async"], 150, *edu, kernel="latest",
                  light=True)
    yield machine("selftests, edu, without memory", ["failnth"], 100, *edu, kernel="gcov",
                  settings=("EXDMA_TIMES=8",), rotates=False)
    for kernel in ("6.1", "latest"):
        yield Cell(f"driver of another tree, {kernel}", ["lab/check.d/third", kernel], 60,
                   after=("trial boot", modules(kernel)), light=True)

    yield Cell("virtual machine itself", ["lab/vm/selfcheck"], 150,
               after=("trial boot", modules("6.12")))
    yield Cell("everything that goes wrong with cards", ["lab/reliability", "--no-report"], 365,
               after=("trial boot", modules("latest")))
    yield Cell("debug kernel, selftests", ["lab/check-debug", "-u", "data", "queue", "many",
                                           "signals", "reset", "fuzz"], 300,
               after=("trial boot", modules("debug")))
    yield Cell("debug kernel, without memory", ["lab/check-debug", "failnth"], 760,
               after=("trial boot", modules("debug")))
    yield Cell("mutants", ["lab/mutants", "--known", "--sample", "10", "-j", "1", "--seed",
                           str(seed)], 600, after=("trial boot", modules("gcov")), rotates=False)
    yield Cell("packages, 12", ["lab/packages", "12"], 250, after=("root file system",))
    yield Cell("make install", ["lab/check.d/install"], 40, after=("root file system",))


def cells(number, seed):
    """All of them. number and seed are those of the commit.

    The seed chooses what the short forms of expensive sweeps leave out, and the mutants.
    """
    settings = (f"EXDMA_SEED={seed}", "EXDMA_SHARE=8")
    return [*preparation(), *evidence(), *boots(number, settings),
            *matrix(seed)]
