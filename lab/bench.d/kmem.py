# SPDX-License-Identifier: GPL-2.0-only
"""Allocations on the driver's paths, by the kernel's own tracepoints: each
call of an allocator with the driver anywhere in its stack, sorted by who is
to blame for it."""
import re
from pathlib import Path

EVENTS = Path("/sys/kernel/tracing/events/kmem")
NAMES = ("kmalloc", "kmem_cache_alloc", "mm_page_alloc")
OURS = re.compile(r"\[exdma(_\w+)?\]$")
ALLOCATOR = re.compile(r"^(trace_|__traceiter|event_hist|kmem_cache_|__kmem_cache|__?_?kmalloc|"
                       r"kmalloc_|kvmalloc|__kvmalloc|kzalloc|___slab|__slab|new_slab|"
                       r"allocate_slab|alloc_pages|__alloc_pages|__alloc_frozen|"
                       r"alloc_frozen|alloc_slab|refill_|___cache)")
# What the IOMMU keeps about mappings; what io_uring and aio do when told that
# a request is complete
IOMMU = re.compile(r"iova|iommu|dma_pte|pfn_to_dma")
CLIENT = re.compile(r"^(__)?(io_|aio_)")


def blame(event, frames):
    """None, if the driver has no part in it, or: own (its caches), iommu,
    client, or other, which should not be."""
    place = next((i for i, frame in enumerate(frames) if OURS.search(frame)), None)
    if place is None:
        return None
    above = [frame for frame in frames[:place] if not ALLOCATOR.match(frame)]
    if any(CLIENT.search(frame) for frame in above):
        return "client"
    if any(IOMMU.search(frame) for frame in above):
        return "iommu"
    # Called by the driver itself. A cache of its own grows by pages.
    cached = any(frame.startswith("kmem_cache_alloc") for frame in frames[:place])
    if not above and (event == "kmem_cache_alloc" or event == "mm_page_alloc" and cached):
        return "own"
    return "other"


class Recorder:
    """Histograms of stacks, kept by the kernel from start() to stop()."""

    def __init__(self):
        self.found = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._trigger("!")

    @staticmethod
    def _trigger(prefix):
        for name in NAMES:
            path = EVENTS / name / "trigger"
            if not prefix or "hist:" in path.read_text(encoding="ascii"):
                path.write_text(f"{prefix}hist:keys=common_stacktrace:size=8192\n",
                                encoding="ascii")

    def start(self):
        self._trigger("")

    def stop(self):
        for name in NAMES:
            self._read(name, (EVENTS / name / "hist").read_text(encoding="ascii"))

    def _read(self, event, text):
        for stack, count in re.findall(r"\{ [^:]*stacktrace:?\s(.*?)\} hitcount:\s+(\d+)",
                                       text, re.S):
            frames = [line.strip() for line in stack.splitlines() if line.strip()]
            who = blame(event, frames)
            if who:
                entry = self.found.setdefault(who, {"count": 0, "stacks": []})
                entry["count"] += int(count)
                if who != "own" and len(entry["stacks"]) < 4:
                    entry["stacks"].append([event] + frames)
        dropped = re.search(r"Dropped: (\d+)", text)
        if dropped and int(dropped[1]):
            raise RuntimeError(f"{event}: {dropped[1]} stacks were not kept")

    def summary(self):
        """The numbers, in words."""
        return ", ".join(f"{who} {entry['count']}" for who, entry in sorted(self.found.items())) \
            or "none"
