# SPDX-License-Identifier: GPL-2.0-only
"""What makes the cards work, in the guest: fio, single calls, CPU hogs."""
import contextlib
import json
import mmap
import os
import signal
import subprocess
import time
from pathlib import Path

from meter import CPUS, Reading, ratios

STOPPED = 128       # fio's exit status after SIGINT
WARM = 0.2          # seconds from the first byte moved to the reading
K, M, G = 1 << 10, 1 << 20, 1 << 30


def size_text(size):
    """4096 -> 4K"""
    for unit, name in ((G, "G"), (M, "M"), (K, "K")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{name}"
    return str(size)


class Fio:
    """Runs fio, keeps what it says in DIRECTORY, and reads the meters while
    it is in full swing: neither its start nor its end is in the figures."""

    def __init__(self, directory, window):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.window = window
        self.count = 0

    def run(self, device, channel, engine, rw, size, *, depth=1, threads=1,
            window=None, batch=0, during=None):
        """One measurement; RW is read or write, in random order. DURING is
        started and stopped with the window."""
        window = window or self.window
        self.count += 1
        log = self.directory / (f"{self.count:03}-{device.name}-{channel or 'all'}-{engine}"
                                f"-{rw}-{size_text(size)}-d{depth}-t{threads}.json")
        ioengine, *flags = engine.split("+")
        arguments = [
            "fio", "--name=bench", f"--filename={device.node(channel)}",
            f"--ioengine={ioengine}", f"--rw=rand{rw}", f"--bs={size}",
            f"--iodepth={depth}", f"--numjobs={threads}", "--thread",
            "--group_reporting", "--time_based", "--runtime=1h",
            f"--size={max(256 * M, size)}", "--norandommap", "--iomem_align=4k",
            "--allow_file_create=0", "--eta=never", "--output-format=json",
            f"--output={log}"]
        if device.engines == {} or "iopoll" in flags:
            arguments.append("--direct=1")
        if "iopoll" in flags:
            arguments.append("--hipri")
        if "fixed" in flags:
            arguments.append("--fixedbufs")
        if batch:
            arguments += [f"--iodepth_batch_submit={batch}",
                          f"--iodepth_batch_complete_min={batch}",
                          f"--iodepth_batch_complete_max={depth}"]
        before = Reading(device)
        with subprocess.Popen(arguments, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as fio:
            while device.moved() == before.counters["bytes"] and fio.poll() is None:
                time.sleep(0.02)
            time.sleep(WARM)
            if during:
                during.start()
            first = Reading(device)
            time.sleep(window)
            while device.moved() == first.counters["bytes"] and fio.poll() is None:
                time.sleep(0.02)
            last = Reading(device)
            if during:
                during.stop()
            ended = fio.poll() is not None
            fio.send_signal(signal.SIGINT)
            said = fio.communicate()[0]
        after = Reading(device)
        if ended or fio.returncode not in (0, STOPPED):
            raise RuntimeError(f"{' '.join(arguments)}: {fio.returncode}: {said}")
        row = {"device": device.name, "channel": channel, "engine": engine, "rw": rw,
               "size": size, "depth": depth, "threads": threads, "batch": batch}
        row |= ratios(first.until(last), size)
        # counts are exact over the whole of a run only
        row["whole"] = ratios(before.until(after), size)
        text = log.read_text(encoding="utf-8")
        job = json.loads(text[text.index("{"):])["jobs"][0][rw]
        row["latency"] = job["clat_ns"]["mean"] / 1e9
        row["fio_rate"] = job["iops"]
        for key, name in (("50.000000", "median"), ("99.000000", "p99")):
            row[name] = job["clat_ns"]["percentile"][key] / 1e9
        return row


@contextlib.contextmanager
def hogs(count=CPUS):
    """A busy loop on each CPU, for the time of a with block."""
    running = [subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"])
               for cpu in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


class Buffer:
    """Page-aligned memory, all there before it is used."""

    def __init__(self, size):
        self.size = size
        self.memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                                | mmap.MAP_POPULATE)

    def write(self, device, channel):
        """One pwrite() of all of it; what happened."""
        file = os.open(device.node(channel), os.O_WRONLY)
        first = Reading(device)
        moved = os.pwrite(file, self.memory, 0)
        row = first.until(Reading(device))
        os.close(file)
        if moved != self.size:
            raise RuntimeError(f"pwrite of {self.size}: {moved}")
        return {"device": device.name, "channel": channel, "engine": "pwrite",
                "rw": "write", "size": self.size} | ratios(row, self.size)
