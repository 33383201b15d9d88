# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: one function for each table of the report, which gets a
Bench (see guest) and leaves its rows there."""
import contextlib
import itertools

import kmem as allocations
from load import K, M, G, Buffer, hogs, size_text
from meter import parameter

SECTIONS = {}
LAUNCHES = ("irq", "thread", "work")
# who starts the next run, without and with descriptor credits; a card is bound anew
# to change the latter
STARTS = (("N", LAUNCHES), ("Y", ("irq",)))
LIMIT = 64 * M      # of memory that one measurement has in flight


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


@contextlib.contextmanager
def credits_of(card, credits):
    """A card with descriptor credits (Y) or without (N), for the time of a block."""
    if credits == "Y":
        card.bind(credits)
    try:
        yield
    finally:
        if credits == "Y":
            card.bind("N")


def with_hogs(busy):
    """CPU hogs, or nothing, for the time of a block."""
    return hogs() if busy else contextlib.nullcontext()


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
        bench.add("64M pwrite", row)
    for size, busy in ((64 * K, False), (64 * K, True), (4 * K, False)):
        with with_hogs(busy):
            row = bench.fio.run(bench.slow, "h2c0", "psync", "write", size, threads=4)
            bench.add(f"{size_text(size)} psync write, slow link, 4 threads"
                      f"{', hogs' if busy else ''}", row | {"hogs": busy})


@section("plain", "iommu")
def nvme(bench):
    """Random 4 KiB reads from card and drive in turn, so that whatever the
    host does meanwhile is fair to both."""
    rounds = 2 if bench.quick else 4
    for _ in range(rounds // 2 if bench.variant == "iommu" else rounds):
        for engine, depth in (("psync", 1), ("io_uring", 32), ("libaio", 32))[:rounds]:
            for device, channel in ((bench.fast, "c2h0"), (bench.drive, None)):
                row = bench.fio.run(device, channel, engine, "read", 4 * K, depth=depth)
                bench.add(f"{device.name} {engine} depth {depth}", row)


@section("plain")
def launch(bench):
    """64 KiB that take 2 ms on the link: who starts the next run, and what
    that does to the engine when somebody else wants the CPUs."""
    depths = (4, 32) if bench.quick else (4, 8, 16, 32)
    for (credits, modes_), busy in itertools.product(STARTS, (False, True)):
        with credits_of(bench.slow, credits), with_hogs(busy):
            for depth, mode in itertools.product(depths, modes_):
                with parameters(launch=mode):
                    row = bench.fio.run(bench.slow, "h2c0", "io_uring", "write", 64 * K,
                                        depth=depth)
                bench.add(f"{mode}{', credits' if credits == 'Y' else ''}, depth {depth}"
                          f"{', hogs' if busy else ''}",
                          row | {"launch": mode, "credits": credits, "hogs": busy})


@section("plain")
def modes(bench):
    """The same three where the link is no limit."""
    cases = (("psync", 1, 1), ("io_uring", 32, 1), ("psync", 1, 8))
    for credits, modes_ in STARTS:
        with credits_of(bench.fast, credits):
            for (engine, depth, threads), mode in itertools.product(
                    cases[:2] if bench.quick else cases, modes_):
                with parameters(launch=mode):
                    row = bench.fio.run(bench.fast, "c2h0", engine, "read", 4 * K,
                                        depth=depth, threads=threads)
                bench.add(f"{mode}{', credits' if credits == 'Y' else ''}, {engine} depth "
                          f"{depth}, {threads} threads",
                          row | {"launch": mode, "credits": credits})


@section("plain")
def big(bench):
    """One write of 1 GiB over the slow link."""
    size = 128 * M if bench.quick else G
    memory = Buffer(size)
    for credits, _ in STARTS:
        with credits_of(bench.slow, credits):
            bench.slow.zero()
            row = memory.write(bench.slow, "h2c0")
            row["pinned_bytes_max"] = bench.slow.statistic("h2c0", "pinned_bytes_max")
            row["max_inflight"] = int(parameter("max_inflight_kib")) * K
            bench.add(f"one pwrite of {size_text(size)}"
                      f"{', credits' if credits == 'Y' else ''}", row | {"credits": credits})


@section("plain", "iommu")
def books(bench):
    """What a request costs the bus, by the card's books."""
    cases = (("psync", 1, 0), ("io_uring", 32, 16), ("io_uring+iopoll", 32, 16),
             ("io_uring", 1, 0), ("io_uring+iopoll", 1, 0), ("io_uring", 32, 0),
             ("libaio", 32, 16))
    for credits in ("N",) if bench.quick or bench.variant == "iommu" else ("N", "Y"):
        with credits_of(bench.fast, credits):
            for engine, depth, batch in cases[:3] if bench.quick or credits == "Y" else cases:
                for rw, channel in (("write", "h2c0"), ("read", "c2h0")):
                    row = bench.fio.run(bench.fast, channel, engine, rw, 4 * K, depth=depth,
                                        batch=batch)
                    bench.add(f"{engine} {rw} depth {depth}"
                              f"{f', batches of {batch}' if batch else ''}"
                              f"{', credits' if credits == 'Y' else ''}",
                              row | {"credits": credits})


def grid(bench):
    """(group, engine, size, depth, threads) of the tables of size, depth and
    threads: lines through the space, all of them through the same points."""
    every = ("psync", "libaio", "io_uring", "io_uring+iopoll")
    few = bench.quick or bench.variant == "iommu"
    some = ("psync", "io_uring") if few else every
    sizes = ((512, 4 * K, M) if bench.quick else
             (512, 4 * K, 64 * K, M, 64 * M) if few else
             (512, 4 * K, 16 * K, 64 * K, 256 * K, M, 4 * M, 16 * M, 64 * M))
    for engine in some:
        for size in sizes:
            # half of max_inflight: what is larger is never asynchronous
            if "iopoll" in engine and size > 8 * M:
                continue
            depth = 1 if engine == "psync" else max(1, min(8, LIMIT // size))
            yield "size", engine, size, depth, 1
    for engine in [e for e in some if e != "psync"]:
        for depth in (1, 32) if bench.quick else (1, 8, 32, 128) if few else (1, 2, 4, 8, 16, 32, 64, 128):
            yield "depth", engine, 4 * K, depth, 1
    for engine in some:
        for threads in (1, 8) if few else (1, 2, 4, 8):
            yield "threads", engine, 4 * K, 1 if engine == "psync" else 8, threads


@section("plain", "iommu")
def matrix(bench):
    """Size, depth, threads, engines."""
    for group, engine, size, depth, threads in grid(bench):
        window = None if size < M else 2 * bench.fio.window
        for rw, channel in (("write", "h2c0"), ("read", "c2h0")):
            # both directions where one thread sees the whole latency
            if rw == "read" and (group, engine) != ("size", "psync"):
                continue
            row = bench.fio.run(bench.fast, channel, engine, rw, size, depth=depth,
                                threads=threads, window=window)
            bench.add(f"{group}: {engine} {rw} {size_text(size)} depth {depth}, "
                      f"{threads} threads", row | {"group": group})


@section("plain", "iommu")
def copybreak(bench):
    """Copied or mapped: where is the limit?"""
    name = "copybreak_iommu" if bench.variant == "iommu" else "copybreak"
    sizes = (512, 4 * K, 16 * K) if bench.quick else (512, K, 2 * K, 4 * K, 8 * K, 16 * K)
    cases = (("psync", "write", 1), ("io_uring", "write", 32),
             ("psync", "read", 1), ("io_uring", "read", 32))
    bench.add("default", {"default": int(parameter(name))})
    for size in sizes:
        for engine, rw, depth in cases[:2] if bench.quick else cases:
            for limit in (0, 16 * K):
                with parameters(**{name: limit}):
                    row = bench.fio.run(bench.fast, "h2c0" if rw == "write" else "c2h0",
                                        engine, rw, size, depth=depth)
                    bench.add(f"{'copied' if limit else 'mapped'}: {engine} {rw} "
                              f"{size_text(size)} depth {depth}", row | {"copied": bool(limit)})


@section("plain")
def spin(bench):
    """How long a small synchronous call waits busily before it sleeps."""
    limits = (0, 200) if bench.quick else (0, 25, 50, 100, 200, 400, 800)
    bench.add("default", {"default": int(parameter("spin_us"))})
    for _ in range(1 if bench.quick else 2):
        for limit in limits:
            with parameters(spin_us=limit):
                for threads in (1,) if bench.quick else (1, 4):
                    row = bench.fio.run(bench.fast, "c2h0", "psync", "read", 4 * K,
                                        threads=threads)
                    bench.add(f"at most {limit} us, {threads} threads", row | {"spin_us": limit})


@section("plain", "iommu")
def kmem(bench):
    """Who allocates memory on the hot path."""
    cases = (("psync", 64 * K, 1), ("io_uring", 4 * K, 32), ("psync", 4 * K, 1),
             ("psync", M, 1), ("io_uring", 64 * K, 8), ("libaio", 4 * K, 32))
    for engine, size, depth in cases[:2] if bench.quick else cases:
        for rw, channel in (("write", "h2c0"), ("read", "c2h0")):
            with allocations.Recorder() as recorder:
                row = bench.fio.run(bench.fast, channel, engine, rw, size, depth=depth,
                                    window=0.5, during=recorder)
            bench.add(f"{engine} {rw} {size_text(size)} depth {depth}: {recorder.summary()}",
                      row | {"allocations": recorder.found})
