# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: one function for each table of the report, which gets a
Bench (see guest) and leaves its rows there."""
import contextlib

from load import K, M, G, Buffer, hogs
from meter import parameter

SECTIONS = {}
LAUNCHES = ("irq", "thread", "work")


def section(*variants):
    """Register a section for the machines (plain, iommu) that it is for."""
    def register(function):
        function.variants = variants
        SECTIONS[function.__name__] = function
        return function
    return register


@contextlib.contextmanager
def parameters(**values):
    """Other values for parameters of the driver, for the time of a block."""
    old = {name: parameter(name) for name in values}
    try:
        for name, value in values.items():
            parameter(name, value)
        yield
    finally:
        for name, value in old.items():
            parameter(name, value)


@section("plain")
def vendor(bench):
    """The cases that there are figures of AMD's driver for."""
    for _ in range(1 if bench.quick else 3):
        for rw, channel in (("write", "h2c0"), ("read", "c2h0")):
            bench.add(f"4K psync {rw}", bench.fio.run(bench.fast, channel, "psync", rw, 4 * K))
        bench.add("4K psync write, 8 threads",
                  bench.fio.run(bench.fast, "h2c0", "psync", "write", 4 * K, threads=8))
    memory = Buffer(64 * M)
    for _ in range(3 if bench.quick else 7):
        row = memory.write(bench.fast, "h2c0")
        bench.add(f"64M pwrite, {row['cpu']:.2f} s CPU", row)


@section("plain")
def nvme(bench):
    """Random 4 KiB reads from card and drive in turn, so that whatever the
    host does meanwhile is fair to both."""
    for _ in range(2 if bench.quick else 4):
        for engine, depth in (("psync", 1), ("io_uring", 32), ("libaio", 32)):
            for device, channel in ((bench.fast, "c2h0"), (bench.drive, None)):
                row = bench.fio.run(device, channel, engine, "read", 4 * K, depth=depth)
                bench.add(f"{device.name} {engine} depth {depth}", row)


@section("plain")
def launch(bench):
    """64 KiB that take 2 ms on the link: who starts the next run, and what
    that does to the engine when somebody else wants the CPUs."""
    depths = (4, 32) if bench.quick else (4, 8, 16, 32)
    for busy in (False, True):
        for mode in LAUNCHES:
            try:
                context = parameters(launch=mode)
                context.__enter__()
            except OSError:
                if mode != "irq":
                    continue
                context = contextlib.nullcontext()
                context.__enter__()
            with hogs() if busy else contextlib.nullcontext():
                for depth in depths:
                    row = bench.fio.run(bench.slow, "h2c0", "io_uring", "write", 64 * K,
                                        depth=depth)
                    row |= {"launch": mode, "hogs": busy}
                    bench.add(f"{mode}, depth {depth}{', hogs' if busy else ''}", row)
            context.__exit__(None, None, None)
