# SPDX-License-Identifier: GPL-2.0-only
"""docs/measurements.md: each section's rows as tables and plots. Times are
told as multiples of one of the same table, because they say nothing about
hardware; counts and shares as they are."""
from statistics import median

import plot
from promises import VENDOR
from results import geometric_mean

K, M = 1 << 10, 1 << 20
# by launch and credits
NAMES = {("irq", "N"): "`irq`: hard interrupt handler", ("thread", "N"): "`thread`: interrupt thread",
         ("work", "N"): "`work`: workqueue", ("irq", "Y"): "`irq`, `credits=Y`: need not be started"}


def size_text(size):
    """65536 -> 64K"""
    return next((f"{size // u}{n}" for u, n in ((M, "M"), (K, "K")) if size >= u), str(size))


def table(head, rows):
    """A table; None is a cell without a figure."""
    lines = ["| " + " | ".join(map(str, head)) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join("" if c is None else str(c) for c in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def times(value, base):
    """VALUE in terms of BASE."""
    return None if value is None or not base else f"{value / base:.2f}"


def percent(value):
    return None if value is None else f"{value:.1%}"


def figure(number):
    return None if number is None else f"{number:.2f}"


def image(name, text):
    return f"![{text}](measurements/{name}.svg)\n"


class Pages:
    """The document, one method for each chapter."""

    def __init__(self, results, promises, directory):
        self.results = results
        self.promises = promises
        self.plots = directory / "measurements"

    def head(self):
        machines, host = self.results.machines, self.results.host
        quick = any(m["quick"] for m in machines.values())
        others = [max(0, h["host"] - h["own"]) / h["ticks"] / h["cpus"] / h["seconds"]
                  for h in host.values()]
        first = next(iter(machines.values()))
        return f"""<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- written by lab/bench; do not edit -->
# Measurements

`make bench` makes this page{' (this one: `lab/bench --quick`)' if quick else ''}: it boots Linux
{first['kernel']} with {first['cpus']} CPUs twice, without and with an IOMMU (strict), each
time with two virtual cards (one without limits, one whose link takes 2 ms for
64 KiB) and QEMU's `nvme`, and lets `fio` work. Everything runs under QEMU, the
cards are processes on the host, the CPUs may be emulated: **no figure here
says how fast a real card is.** Each is a count, or compares two things that
were measured in the same boot, mostly in turn.

- Counts, and the share of time that an engine was busy, come from the *card's*
  books, not from the driver.
- CPU time is that of the whole guest: all CPUs, less the time that
  `/proc/stat` says they were idle. It includes `fio`, and whatever the host
  took away meanwhile.
- The latency, or time, of a call is that of the median call: half of them were
  faster. Stalls of the host are not in it, as they are in rates.
- Rates, CPU time and busy shares are taken from the middle of a run of `fio`;
  counts per request are of whole runs.
- Times depend on what else the host does. While this page was made, others had
  {', '.join(f'{o:.0%}' for o in others) or 'an unknown part'} of its CPU time (first, second machine).
- A machine that was just booted is slow: it works for some seconds before anything is
  measured.
- 4 KiB at random addresses unless something else is said; page-aligned buffers.
"""

    def kept(self):
        rows = [("PASS" if p.ok else "**FAIL**", "count" if p.count else "time", p.text, p.figure)
                for p in self.promises]
        return ("## What was promised\n\nA count that fails makes `make bench` fail; "
                "a time is told.\n\n"
                + "| | | promise | found |\n|---|---|---|---|\n"
                + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n")

    def vendor(self):
        value = self.results.value
        rate = value("rate", "vendor", engine="psync", rw="write", threads=1)
        rate8 = value("rate", "vendor", threads=8)
        whole = self.results.rows("books", engine="psync", rw="write", credits="N")
        rows = []
        if rate:
            rows.append(["4 KiB `pwrite`, 1 thread, time"]
                        + [f"{1 / rate / VENDOR[m]['latency']:.2f}" for m in VENDOR])
        if rate8:
            rows.append(["the same, 8 threads, requests per second"]
                        + [f"{rate8 / VENDOR[m]['rate8']:.1f}" for m in VENDOR])
        cpu = value("cpu", "vendor", engine="pwrite")
        if cpu is not None:
            rows.append(["64 MiB `pwrite`, CPU time"]
                        + [f"{cpu / VENDOR[m]['cpu64m']:.2f}" for m in VENDOR])
        beside = table(["exdma divided by", "AMD's, interrupts", "AMD's, polling"], rows)
        rows = []
        if whole:
            for name, key in (("bus reads per transfer", "reads"),
                              ("bus writes per transfer", "writes")):
                rows.append([name, f"{VENDOR['interrupt'][key]:.1f}", f"{VENDOR['poll'][key]:.1f}",
                             figure(median(r["whole"][f"bus_{key}_per_request"] for r in whole))])
        for (size, hogs), text in (((64 * K, False), "64 KiB taking 2 ms, 4 threads: engine busy"),
                                   ((64 * K, True), "the same, a busy loop on each CPU"),
                                   ((4 * K, False), "4 KiB taking 125 us, 4 threads: engine busy")):
            busy = value("utilization", "vendor", size=size, hogs=hogs, threads=4)
            rows.append([text] + [f"{VENDOR[m]['busy'][size, hogs]:.0%}" for m in VENDOR]
                        + [percent(busy)])
        return ("## Beside AMD's driver\n\nAMD's `xdma` 2025.2.0 was measured earlier in a machine "
                "of the same size, with the same\nkernel and a card of the same speed; its times "
                "are from another day than ours.\n\n" + beside + "\n"
                + table(["", "AMD's, interrupts", "AMD's, polling", "exdma"], rows))

    def nvme(self):
        rows = []
        for variant in self.results.machines:
            for engine, depth in (("psync", 1), ("libaio", 32), ("io_uring", 32)):
                if not self.results.rows("nvme", variant, engine=engine):
                    continue
                row = [f"{engine}, depth {depth}" + (", IOMMU" if variant == "iommu" else "")]
                for key in ("rate", "median", "cpu_per_request", "interrupts_per_request"):
                    ratios = self.results.beside_nvme(key, engine, variant)
                    row.append(f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                                       if ratios else None)
                rows.append(row)
        return ("## Beside the NVMe driver\n\nThe kernel's own driver on QEMU's `nvme`, with "
                "a file in memory behind it, in the same\nboot: random 4 KiB reads, card "
                "and drive in turn. exdma divided by NVMe; the median of\nthe rounds (and their "
                "range).\n\n"
                + table(["", "requests per second", "latency", "CPU per request",
                         "interrupts per request"], rows))

    def launch(self):
        depths = sorted({row["depth"] for row in self.results.rows("launch")})
        groups, rows = {}, []
        for hogs in (False, True):
            for mode, credits in NAMES:
                busy = [self.results.value("utilization", "launch", launch=mode, credits=credits,
                                           hogs=hogs, depth=depth) for depth in depths]
                rows.append([NAMES[mode, credits] + (", CPU hogs" if hogs else "")]
                            + [percent(b) for b in busy])
                for depth, share in zip(depths, busy):
                    group = f"{depth}{', hogs' if hogs else ''}"
                    groups.setdefault(group, []).append(100 * share if share else None)
        if groups:
            plot.bars(self.plots / "launch.svg", "The engine's busy time, by who starts the next run",
                      "% of the time", groups, [mode + (", credits" if credits == "Y" else "")
                                                   for mode, credits in NAMES],
                      "set yrange [0:100]\nset xlabel 'depth'\nset xtics rotate by -30")
        text = ("## Who starts the next run\n\n64 KiB writes that take 2 ms on the link, io_uring; "
                "the share of time that the engine was\nbusy. The hogs are a busy loop on each "
                "CPU. With descriptor credits (`credits=Y`) the engine\nis told of the next "
                "requests while it is at one; while it waits for credits it counts as\nidle.\n\n" + table(["launch, depth"] + depths, rows) + "\n"
                + image("launch", "engine busy, by launch mode and depth"))
        gaps, jitter = [], []
        for hogs in (False, True):
            for mode, credits in NAMES:
                name = NAMES[mode, credits] + (", CPU hogs" if hogs else "")
                match = {"launch": mode, "credits": credits, "hogs": hogs}
                gaps.append([name] + [
                    times(self.results.value("gap", "launch", depth=d, **match),
                          self.results.value("gap", "launch", depth=d, launch="irq", credits="N",
                                             hogs=False))
                    for d in depths])
                jitter.append([name] + [
                    times(self.results.value("p99", "launch", depth=d, **match),
                          self.results.value("median", "launch", depth=d, **match))
                    for d in depths])
        text += ("\nThe engine's mean pause when it had nothing to do, `irq` without hogs and credits "
                 "= 1\n(with credits there are few):\n\n"
                 + table(["launch, depth"] + depths, gaps)
                 + "\nThe slowest request in a hundred, in terms of the median one:\n\n"
                 + table(["launch, depth"] + depths, jitter))
        base = {(e, t): self.results.value("rate", "modes", launch="irq", credits="N", engine=e,
                                           threads=t)
                for e, t in (("psync", 1), ("psync", 8), ("io_uring", 1))}
        rows = [[NAMES[mode, credits]]
                + [times(self.results.value("rate", "modes", launch=mode, credits=credits, engine=e,
                                            threads=t), base[e, t]) for e, t in base]
                for mode, credits in NAMES]
        return (text + "\nThe same where the link is no limit: requests per second, 4 KiB reads, "
                "`irq` = 1.\n\n" + table(["launch", "psync", "psync, 8 threads",
                                         "io_uring, depth 32"], rows))

    def big(self):
        rows = [[f"{size_text(r['size'])} in one `pwrite`"
                 + (", `credits=Y`" if r["credits"] == "Y" else ""), percent(r["utilization"]),
                 f"{r['size'] / 32768000 / r['seconds']:.1%}",
                 f"{r['pinned_bytes_max'] / M:.1f} MiB", f"{r['max_inflight'] / M:.0f} MiB"]
                for r in self.results.rows("big")]
        return ("## One large write\n\nOver the slow link; the second column is the time that the "
                "link needs, divided by the time\nthat the call took.\n\n"
                + table(["", "engine busy", "link's share", "pinned at most", "bound"], rows))

    def bus(self):
        text = "## What a request costs the bus\n"
        for variant in self.results.machines:
            rows = []
            for row in self.results.rows("books", variant):
                whole = row["whole"]
                rows.append([f"{row['engine']} {row['rw']}, depth {row['depth']}"
                             + (f", batches of {row['batch']}" if row["batch"] else "")
                             + (", `credits=Y`" if row["credits"] == "Y" else ""),
                             whole["bus_reads"], f"{whole['bus_writes_per_request']:.3f}",
                             f"{whole['interrupts_per_request']:.3f}",
                             f"{whole['runs_per_request']:.3f}",
                             f"{whole['descriptors_per_request']:.3f}"])
            text += (f"\n{'With' if variant == 'iommu' else 'Without'} an IOMMU; bus reads are all "
                     "of a run, the rest is per request of 4 KiB.\n\n"
                     + table(["", "bus reads", "bus writes", "interrupts", "runs", "descriptors"],
                             rows))
        return text

    def series(self, group, key, variant="plain", scale=lambda row: 1.0, rw="write"):
        """{engine: [(x, y)]} of a line of the matrix."""
        rows = self.results.rows("matrix", variant, group=group, rw=rw)
        engines = dict.fromkeys(row["engine"] for row in rows)
        return {e: [(row[group], row[key] * scale(row)) for row in rows if row["engine"] == e]
                for e in engines}

    def lines(self, name, title, group, ylabel, series, base, **options):
        """A plot, and the table of the same, divided by BASE."""
        xs = sorted({x for points in series.values() for x, _ in points})
        xtics = {x: size_text(x) if group == "size" else x for x in xs}
        series = {name: [(x, y / base) for x, y in points] for name, points in series.items()}
        plot.lines(self.plots / f"{name}.svg", title, group, ylabel, series, xtics=xtics, **options)
        rows = [[e] + [figure(dict(points).get(x)) for x in xs] for e, points in series.items()]
        return (table([f"{ylabel}; {group}"] + list(xtics.values()), rows) + "\n"
                + image(name, f"{ylabel} by {group}") + "\n")

    def matrix(self):
        text = ("## Size, depth, threads\n\nOne channel, random addresses. The unit of the times is "
                "one synchronous 4 KiB write by one\nthread in the same boot. By size, io_uring "
                "and libaio have 8 requests in flight, or as many as\nmake 64 MiB; by threads, 8 "
                "each.\n\n")
        rows = self.results.rows("matrix", group="size", engine="psync", rw="write", size=4 * K)
        if not rows:
            return ""
        unit, rate, cpu = (rows[0][key] for key in ("median", "rate", "cpu_per_request"))
        series = self.series("size", "median")
        calls = {"psync write": series.get("psync", []),
                 "psync read": self.series("size", "median", rw="read").get("psync", [])}
        text += self.lines("latency-size", "One synchronous call", "size", "time",
                           calls, unit, logy=True)
        data = self.series("size", "rate", scale=lambda row: row["size"] / (4 * K))
        text += self.lines("throughput-size", "Data moved, writes", "size", "throughput", data,
                           rate, logy=True)
        text += self.lines("rate-depth", "4 KiB writes per second", "depth", "requests per second",
                           self.series("depth", "rate"), rate)
        text += self.lines("latency-depth", "4 KiB writes, latency", "depth", "time",
                           self.series("depth", "median"), unit, logy=True)
        text += self.lines("cpu-depth", "4 KiB writes, CPU time per request", "depth",
                           "CPU time per request", self.series("depth", "cpu_per_request"), cpu)
        bus = {}
        for name, key in (("bus writes", "bus_writes_per_request"),
                          ("interrupts", "interrupts_per_request")):
            for engine, points in self.series("depth", key).items():
                bus[f"{name}, {engine}"] = points
        text += self.lines("bus-depth", "4 KiB writes, what the bus sees", "depth",
                           "per request", bus, 1)
        text += self.lines("rate-threads", "4 KiB writes per second", "threads",
                           "requests per second", self.series("threads", "rate"), rate)
        text += self.lines("cpu-threads", "4 KiB writes, CPU time per request", "threads",
                           "CPU time per request", self.series("threads", "cpu_per_request"), cpu)
        return text

    def iommu(self):
        rows, units = [], {}
        for variant in self.results.machines:
            units[variant] = self.results.value("rate", "nvme", variant, engine="psync",
                                                device="nvme0n1")
        if set(units) != {"plain", "iommu"} or None in units.values():
            return ""
        seen = set()
        for row in self.results.rows("matrix", "iommu"):
            match = {k: row[k] for k in ("group", "engine", "rw", "size", "depth", "threads")}
            point = tuple(match[k] for k in ("engine", "rw", "size", "depth", "threads"))
            rates = [self.results.value("rate", "matrix", v, **match) for v in units]
            if None in rates or point in seen:
                continue
            seen.add(point)
            plain, iommu = (rate / units[v] for rate, v in zip(rates, units))
            rows.append([f"{row['engine']} {row['rw']} {size_text(row['size'])}, depth "
                         f"{row['depth']}, {row['threads']} thread"
                         f"{'s' if row['threads'] > 1 else ''}",
                         f"{plain:.3f}", f"{iommu:.3f}", f"{iommu / plain:.2f}"])
        return ("## What an IOMMU costs\n\nRequests per second; so that two boots can be compared, "
                "the unit is the NVMe drive's rate of\nsynchronous 4 KiB reads in the same boot.\n\n"
                + table(["", "without", "with IOMMU", "with / without"], rows))

    def copybreak(self):
        text = ("## Copy or map\n\nSmall transfers can be copied through memory that is mapped "
                "already, instead of pinned and\nmapped each time: `copybreak` and "
                "`copybreak_iommu` say up to which size. Time of a\nsynchronous call and CPU time "
                "of a request at depth 32 (io_uring), copied divided by mapped;\nwrites and reads "
                "together (geometric mean).\n\n")
        series, rows = {}, []
        for variant in self.results.machines:
            where = "IOMMU" if variant == "iommu" else "no IOMMU"
            sizes = sorted({r["size"] for r in self.results.rows("copybreak", variant)
                            if "size" in r})
            both = {}
            for name, engine, key in (("time", "psync", "median"),
                                      ("CPU", "io_uring", "cpu_per_request")):
                points = []
                for size in sizes:
                    ratios = []
                    for rw in ("write", "read"):
                        pair = [self.results.value(key, "copybreak", variant, size=size, rw=rw,
                                                   engine=engine, copied=c) for c in (True, False)]
                        if None not in pair:
                            ratios.append(pair[0] / pair[1])
                    points.append((size, geometric_mean(ratios)))
                    both.setdefault(size, []).append(points[-1][1])
                series[f"{name}, {where}"] = points
            best = 0
            for size in sizes:
                if geometric_mean(both[size]) > 1:
                    break
                best = size
            default = self.results.value("default", "copybreak", variant)
            rows.append([where, size_text(best) if best else "off", f"{default:.0f}"])
        if not series:
            return ""
        return (text + self.lines("copybreak", "Copied divided by mapped", "size",
                                  "copied / mapped", series, 1)
                + "The largest size up to which copying was cheaper, time and CPU taken "
                "together:\n\n" + table(["", "best threshold", "the driver's default"], rows))

    def spin(self):
        limits = sorted({r["spin_us"] for r in self.results.rows("spin") if "spin_us" in r})
        if not limits:
            return ""
        rows = []
        for threads in sorted({r["threads"] for r in self.results.rows("spin") if "threads" in r}):
            base = {k: self.results.value(k, "spin", spin_us=0, threads=threads)
                    for k in ("median", "cpu_per_request")}
            for key, name in (("median", "time"), ("cpu_per_request", "CPU time")):
                rows.append([f"{name}, {threads} thread{'s' if threads > 1 else ''}"]
                            + [times(self.results.value(key, "spin", spin_us=limit,
                                                        threads=threads), base[key])
                               for limit in limits])
        default = self.results.value("default", "spin")
        return ("## Waiting busily\n\nSynchronous 4 KiB reads; `spin_us` is the longest busy wait "
                f"(its default here: {default:.0f}); 0 =\nsleep at once = 1.\n\n"
                + table(["spin_us"] + limits, rows))

    def kmem(self):
        text = ("## Allocations\n\nCalls of the kernel's allocators with the driver anywhere in "
                "their stack (tracepoints `kmalloc`,\n`kmem_cache_alloc`, `mm_page_alloc`), in "
                "half a second of each load. *Own*: from the caches that\nthe driver made for this; "
                "*client*: by io_uring or aio, when told of a completion; *IOMMU*: by\nthe "
                "IOMMU's driver, for a mapping; *other*: there must be none.\n")
        for variant in self.results.machines:
            rows = []
            for row in self.results.rows("kmem", variant):
                found = {who: entry["count"] for who, entry in row["allocations"].items()}
                rows.append([f"{row['engine']} {row['rw']} {size_text(row['size'])}, depth "
                             f"{row['depth']}", f"{row['requests']:.0f}"]
                            + [found.get(who, 0) for who in ("own", "client", "iommu", "other")])
            text += (f"\n{'With' if variant == 'iommu' else 'Without'} an IOMMU:\n\n"
                     + table(["", "requests", "own", "client", "IOMMU", "other"], rows))
        return text


def write(results, promises, directory):
    """The document and its plots, into DIRECTORY."""
    pages = Pages(results, promises, directory)
    pages.plots.mkdir(parents=True, exist_ok=True)
    chapters = (pages.head, pages.kept, pages.vendor, pages.nvme, pages.launch, pages.big,
                pages.bus, pages.matrix, pages.iommu, pages.copybreak, pages.spin, pages.kmem)
    text = "\n".join(filter(None, (chapter() for chapter in chapters)))
    (directory / "measurements.md").write_text(text, encoding="utf-8")
