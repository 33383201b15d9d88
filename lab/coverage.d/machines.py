# SPDX-License-Identifier: GPL-2.0-only
"""The machines in which the tests' coverage of the driver is measured.

lab/coverage runs all of them; lab/mutants takes of them the one that reaches a line.
Knows machines and programs; nothing of lines.
"""
from dataclasses import dataclass

KERNEL = "gcov"
MM = ("--card", "h2c=2,c2h=2,bypass=1M")
STREAM = ("--card", "stream=on,h2c=2,c2h=2")
KUNIT = ("--append", "kunit.enable=1 kunit.autorun=1")
# Short forms of the sweeps that would take longer than all the rest.
SETTINGS = ("EXDMA_SEED=1", "EXDMA_SHARE=16")


@dataclass(frozen=True)
class Machine:
    """Options of lab/vm/run, and the selftests that run in this machine."""

    name: str
    options: tuple
    programs: tuple
    settings: tuple


def of(name, programs, *options, settings=SETTINGS):
    """A machine; the programs are one string."""
    return Machine(name, options, tuple(programs.split()), settings)


# The first one has most of the programs, so most mutants run there. What it has comes
# before what only others have.
MACHINES = (
    of("both", "udev.sh many posix bounds memory splice ioctl signals exits lifetime power "
       "faults async nowait order launch stats ends fixed reset window revoke fuzz clients.sh "
       "books data queue event modules stream@1 fuzz@1 compat loading trouble",
       *MM, *STREAM, "--append", "exdma_xdma.compat=xdma"),
    # each allocation fails once: the only way to most error paths, so in full
    of("no-memory", "failnth", "--card", "h2c=2,c2h=2", settings=("EXDMA_SEED=1", "EXDMA_TIMES=2")),
    of("two-cards", "pair data", "--card", "h2c=1,c2h=1", "--card", "h2c=4,c2h=4"),
    of("sleep", "unplug sleep event power", "--card", "h2c=2,c2h=2,irq=msi", "--suspend", "--cpus",
       "1"),
    of("intx", "data queue event faults", "--card", "h2c=2,c2h=2,irq=intx"),
    of("credits", "credits data queue many signals faults fixed order launch ends reset",
       "--iommu", "--append", "exdma_xdma.credits=1"),
    of("plain", "data queue many faults fixed", "--append",
       "exdma_xdma.writeback=0 exdma_xdma.max_block=2"),
    of("stream-credits", "power stream fuzz", "--iommu", *STREAM, "--append",
       "exdma_xdma.credits=1"),
    of("stream-intx", "stream", "--card", "stream=on,h2c=1,c2h=1,irq=intx,width=512"),
    of("bounce", "data queue async", "--append", "swiotlb=force"),
    of("few-vectors", "event modules faults", "--card", "h2c=2,c2h=2", "--card",
       "h2c=1,c2h=1,id=1234:5678", "--append", "exdma_xdma.event_vectors=2"),
    of("d3hot", "power", "--card", "h2c=2,c2h=2,d3reset=on"),
    of("edu", "data posix ioctl async", "--card", "none", "--edu"),
    of("edu-no-memory", "failnth", "--card", "none", "--edu",
       settings=("EXDMA_SEED=1", "EXDMA_TIMES=8")),
)
