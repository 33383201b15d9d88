# SPDX-License-Identifier: GPL-2.0-only
"""What the driver is held to, each with the figure that decides. Those that
are counts hold on any host; those that are times depend on its load."""
from dataclasses import dataclass
from statistics import median

# AMD's driver 2025.2.0 in such a machine with such a card
VENDOR = {
    "interrupt": {"latency": 498e-6, "rate8": 1900, "cpu64m": 0.50, "reads": 5.0, "writes": 7.0,
                  "busy": {(65536, False): 0.81, (65536, True): 0.62, (4096, False): 0.31}},
    "poll": {"latency": 272e-6, "rate8": 4030, "cpu64m": 0.50, "reads": 2.0, "writes": 5.0,
             "busy": {(65536, False): 0.93, (65536, True): 0.59, (4096, False): 0.63}},
}


@dataclass
class Promise:
    """TEXT is held if OK; FIGURE is what was found."""
    text: str
    figure: str
    ok: bool
    count: bool


def bus(results):
    """Reads, writes and interrupts of a request."""
    for variant in ("plain", "iommu"):
        where = ", IOMMU" if variant == "iommu" else ""
        for text, match, writes, interrupts in (
                ("depth 32 in batches, 4 KiB, one channel: no bus read, at most 1.0 writes and "
                 "0.25 interrupts per request", {"engine": "io_uring", "depth": 32, "batch": 16},
                 1.0, 0.25),
                ("depth 1, 4 KiB: no bus read, at most 5 writes and 1 interrupt per request",
                 {"engine": "psync", "depth": 1}, 5.0, 1.0)):
            for rw in ("write", "read"):
                for row in results.rows("books", variant, rw=rw, credits="N", **match):
                    whole = row["whole"]
                    yield Promise(
                        f"{rw}, {text}{where}",
                        f"{whole['bus_reads']} reads, {whole['bus_writes_per_request']:.3f} "
                        f"writes, {whole['interrupts_per_request']:.3f} interrupts",
                        whole["bus_reads"] == 0 and whole["bus_writes_per_request"] <= writes
                        and whole["interrupts_per_request"] <= interrupts,
                        # how much is batched depends on time, where mapping takes long
                        variant == "plain" or match["depth"] == 1)


def bounds(results):
    """Memory: pinned, allocated."""
    for row in results.rows("big"):
        how = ", credits=Y" if row["credits"] == "Y" else ""
        yield Promise(f"one large write{how}: bytes pinned at once never above max_inflight",
                      f"{row['pinned_bytes_max']} of {row['max_inflight']}",
                      0 < row["pinned_bytes_max"] <= row["max_inflight"], True)
    for variant in ("plain", "iommu"):
        rows = results.rows("kmem", variant)
        if rows:
            total = {who: sum(row["allocations"].get(who, {}).get("count", 0) for row in rows)
                     for who in ("own", "other", "client", "iommu")}
            yield Promise("no allocation on the hot path but from the driver's own caches"
                          + (", IOMMU" if variant == "iommu" else ""),
                          f"{total['own']} from them, {total['other']} others in "
                          f"{sum(row['requests'] for row in rows):.0f} requests",
                          total["other"] == 0 and total["own"] > 0, True)


def engine(results):
    """The engine is kept busy."""
    for row in results.rows("launch", launch="irq", hogs=False, credits="Y"):
        yield Promise(f"64 KiB taking 2 ms, depth {row['depth']}, launch=irq, credits=Y: engine "
                      "busy at least 99 %", f"{row['utilization']:.2%}",
                      row["utilization"] >= 0.99, False)
    for row in results.rows("big"):
        how = ", credits=Y" if row["credits"] == "Y" else ""
        yield Promise(f"one large write on the same link{how}: engine busy at least 98 %",
                      f"{row['utilization']:.2%}", row["utilization"] >= 0.98, False)


def vendor(results):
    """Beside AMD's driver."""
    match = {"engine": "psync", "rw": "write", "threads": 1}
    rate = results.value("rate", "vendor", **match)
    if rate:
        half = results.value("median", "vendor", **match)
        old = VENDOR["interrupt"]["latency"]
        yield Promise("one synchronous 4 KiB write: at most a third of AMD's interrupt mode",
                      f"{1e6 / rate:.0f} us of {old * 1e6:.0f} us: {1 / rate / old:.2f} "
                      f"(half of the calls: {half * 1e6:.0f} us or less)",
                      1 / rate <= old / 3, False)
        old = VENDOR["poll"]["latency"]
        yield Promise("the same: less than AMD's poll mode",
                      f"{1e6 / rate:.0f} us of {old * 1e6:.0f} us: {1 / rate / old:.2f}",
                      1 / rate < old, False)
    rate = results.value("rate", "vendor", threads=8)
    if rate:
        old = VENDOR["interrupt"]["rate8"]
        yield Promise("8 threads, 4 KiB writes: at least 5 times AMD's interrupt mode",
                      f"{rate / old:.1f} times", rate >= 5 * old, False)
    cpu = results.value("cpu", "vendor", engine="pwrite")
    if cpu is not None:
        old = VENDOR["interrupt"]["cpu64m"]
        yield Promise("CPU time of a 64 MiB write: at most half of AMD's",
                      f"{cpu:.3f} s of {old:.2f} s: {cpu / old:.2f}", cpu <= old / 2, False)


def nvme(results):
    """Beside the NVMe driver, in the same boot."""
    for text, key, which, good in (
            ("CPU time per request no more than NVMe's", "cpu_per_request", "io_uring", -1),
            ("no fewer requests per second than NVMe", "rate", "io_uring", 1),
            ("latency no more than NVMe's", "median", "psync", -1)):
        ratios = results.beside_nvme(key, which)
        if ratios:
            yield Promise(f"4 KiB random reads, {which}"
                          f"{', depth 32' if which == 'io_uring' else ''}: {text}",
                          f"{median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})",
                          (median(ratios) - 1) * good >= 0, False)


def promises(results):
    """All that can be decided by what was measured."""
    return [promise for group in (bus, bounds, engine, vendor, nvme) for promise in group(results)]
