# SPDX-License-Identifier: GPL-2.0-only
"""What is counted, in the guest: the card's books, the driver's counters and
parameters, the drive's counters, the time the CPUs were not idle."""
import mmap
import os
import time
from pathlib import Path

# lab/card/lab-regs.h
LAB_ID, LAB_ID_VALUE = 0x000, 0x4C414258
LAB_CONFIG = 0x00C
LAB_BOOKS_CMD, LAB_BOOKS_ZERO = 0x030, 2
LAB_BOOKS_SEL, LAB_BOOKS_LO, LAB_BOOKS_HI = 0x034, 0x038, 0x03C
ENGINE_COUNTERS = ("busy_ns", "idle_ns", "runs", "descriptors", "bytes")
CARD_COUNTERS = ("bus_reads", "bus_writes", "interrupts", "violations")
ENGINE_CARD = 0xFF

HZ = os.sysconf("SC_CLK_TCK")
CPUS = os.sysconf("SC_NPROCESSORS_ONLN")
PARAMETERS = Path("/sys/module/exdma/parameters")


def cpu_idle():
    """Seconds that the CPUs were idle, all together, since boot."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return (int(fields[4]) + int(fields[5])) / HZ


def parameter(name, value=None):
    """A parameter of the driver; with a value, set it first."""
    path = PARAMETERS / name
    if value is not None:
        path.write_text(f"{value}\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


class Card:
    """One virtual card, found by its place on the bus."""

    def __init__(self, slot):
        self.bdf = bdf = f"0000:{slot:02x}:00.0"
        self.slot = slot
        base = Path(f"/sys/bus/pci/devices/{bdf}")
        nodes = {p.name for p in (base / "exdma").iterdir()}
        self.name = next(n for n in nodes if "_" not in n)
        file = os.open(base / "resource0", os.O_RDWR | os.O_SYNC)
        self.bar = memoryview(mmap.mmap(file, 4096)).cast("I")
        os.close(file)
        if self.bar[LAB_ID // 4] != LAB_ID_VALUE:
            raise SystemExit(f"bench: {bdf}: no lab block: not the virtual card?")
        config = self.bar[LAB_CONFIG // 4]
        self.engines = {f"h2c{i}": i for i in range(config & 15)}
        self.engines |= {f"c2h{i}": 4 + i for i in range(config >> 4 & 15)}

    def bind(self, credits):
        """Bind the card again, with descriptor credits (Y) or without (N)."""
        driver = Path("/sys/bus/pci/drivers/exdma_xdma")
        Path("/sys/module/exdma_xdma/parameters/credits").write_text(credits, encoding="ascii")
        for verb in ("unbind", "bind"):
            (driver / verb).write_text(self.bdf, encoding="ascii")
        self.__init__(self.slot)

    def node(self, channel=None):
        """The path of a channel's node (h2c0 ...), or of the card's own."""
        return f"/dev/{self.name}_{channel}" if channel else f"/dev/{self.name}"

    def book(self, engine, counter):
        """One counter of the card's books."""
        self.bar[LAB_BOOKS_SEL // 4] = engine << 8 | counter
        low = self.bar[LAB_BOOKS_LO // 4]
        return self.bar[LAB_BOOKS_HI // 4] << 32 | low

    def moved(self):
        """Bytes moved by all engines."""
        return sum(self.book(number, ENGINE_COUNTERS.index("bytes"))
                   for number in self.engines.values())

    def zero(self):
        """Begin the books anew; a violation in the old ones is an error."""
        if self.snapshot()["violations"]:
            raise RuntimeError(f"{self.name}: violations in the card's books")
        self.bar[LAB_BOOKS_CMD // 4] = LAB_BOOKS_ZERO

    def snapshot(self):
        """All counters: the card's, and the sums over its engines."""
        now = {name: self.book(ENGINE_CARD, i) for i, name in enumerate(CARD_COUNTERS)}
        for i, name in enumerate(ENGINE_COUNTERS):
            now[name] = sum(self.book(number, i) for number in self.engines.values())
        return now

    def statistic(self, channel, name):
        """A counter of the driver."""
        path = Path(f"/sys/class/exdma/{self.name}_{channel}/statistics/{name}")
        return int(path.read_text(encoding="ascii"))

    def statistics(self):
        """The driver's counters, summed up over the channels."""
        total = {}
        for channel in self.engines:
            folder = Path(f"/sys/class/exdma/{self.name}_{channel}/statistics")
            for path in folder.iterdir():
                total[path.name] = total.get(path.name, 0) + int(path.read_text(encoding="ascii"))
        return total


class Drive:
    """The NVMe drive, with the same methods as far as they make sense."""
    engines = {}

    def __init__(self, name="nvme0n1"):
        self.name = name
        self.stat = Path(f"/sys/block/{name}/stat")

    def node(self, _channel=None):
        return f"/dev/{self.name}"

    def moved(self):
        fields = self.stat.read_text(encoding="ascii").split()
        return 512 * (int(fields[2]) + int(fields[6]))

    def snapshot(self):
        with open("/proc/interrupts", encoding="ascii") as file:
            lines = [line.split() for line in file if "nvme" in line]
        return {"bytes": self.moved(),
                "interrupts": sum(int(n) for line in lines for n in line[1:1 + CPUS])}

    def statistics(self):
        return {}


class Reading:
    """Everything at one moment; the difference of two is what happened."""

    def __init__(self, device):
        self.counters = device.snapshot()
        self.statistics = device.statistics()
        self.idle = cpu_idle()
        self.time = time.monotonic()

    def until(self, later):
        """What happened from this reading to a later one."""
        seconds = later.time - self.time
        return {
            "seconds": seconds,
            "cpu": max(0.0, CPUS * seconds - (later.idle - self.idle)),
            **{k: later.counters[k] - v for k, v in self.counters.items()},
            "driver": {k: later.statistics[k] - v for k, v in self.statistics.items()},
        }


def ratios(row, size):
    """Add what is told for each request, the share of time that the engine
    was busy, and its mean pause between two runs, to a difference of readings."""
    row["requests"] = requests = row["bytes"] / size
    row["rate"] = requests / row["seconds"]
    for name in ("cpu", "bus_reads", "bus_writes", "interrupts", "runs", "descriptors"):
        if name in row and requests:
            row[name + "_per_request"] = row[name] / requests
    if row.get("busy_ns"):
        row["utilization"] = row["busy_ns"] / (row["busy_ns"] + row["idle_ns"])
        if row["runs"]:
            row["gap"] = row["idle_ns"] / 1e9 / row["runs"]
    return row
