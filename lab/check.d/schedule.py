# SPDX-License-Identifier: GPL-2.0-only
"""Runs cells, some at a time, the longest first. Knows nothing of what they do.

A cell begins when those have ended that it comes after: so that no place is taken by a
cell that waits for what another one is making. Cells that mostly wait have a place more.
"""
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from record import Result, slug

SUM = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
# What a failed step has to say, of all that it says.
TELLING = re.compile(r"^not ok|^# not ok|^FAIL|[^0-9]error|WARNING|BUG|\.c:[0-9]+:")
SILENCE = 60	# seconds without a line, then one says what is at work


class Job:
    """A cell at work."""

    def __init__(self, cell, out, expected):
        self.cell = cell
        self.log = Path(out) / f"{slug(cell.name)}.log"
        self.expected = expected
        self.began = time.monotonic()
        self.stopped = False
        self.result = None
        with open(self.log, "wb") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(cell.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self):
        """There is no time left for it: as if somebody had pressed ^C."""
        self.stopped = True
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def wait(self):
        """Until it has ended; then there is a result."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        text = self.log.read_text(errors="replace")
        sums = SUM.findall(text)
        passed, failed, skipped = (int(n or 0) for n in sums[-1]) if sums else (0, 0, 0)
        bad = self.process.returncode != 0 or (self.cell.counts and not sums)
        # One that fails, or says nothing, without counting why, is one failure.
        if bad and not failed:
            failed = 1
        if self.stopped:
            passed, failed, skipped = 0, 0, 1
        self.result = Result(passed, failed, skipped, time.monotonic() - self.began,
                             usage.ru_utime + usage.ru_stime)

    def failure(self):
        """What is wrong, in some lines."""
        lines = self.log.read_text(errors="replace").splitlines()
        told = [f"     {number}:{line}" for number, line in enumerate(lines, 1)
                if TELLING.search(line)]
        return "\n".join([*told[:40], *(f"     | {line}" for line in lines[-25:]),
                          f"     all of it: {self.log}"])


class Schedule:
    """The places, what is in them, and what has come of each cell."""

    def __init__(self, record, out, places, began):
        self.record = record
        self.out = out
        self.places = places
        self.began = began
        self.results = {}		# by the names of cells
        self.running = []
        self.ended = threading.Condition()
        self.spoke = time.monotonic()
        self.wait_s = 0			# how much longer cells took than they were expected to
        self.expected_s = 0

    def say(self, text):
        """One line with the time."""
        self.spoke = time.monotonic()
        print(f"[{self.seconds():4.0f} s] {text}", flush=True)

    def seconds(self):
        """Since all of it began."""
        return time.time() - self.began

    def expected(self, cell):
        """Seconds that a cell will take, on a host as quick as it is now."""
        slow = self.wait_s / self.expected_s if self.expected_s > 60 else 1
        return self.record.cost(cell.name, cell.cost) * max(slow, 0.5)

    def _start(self, cell):
        job = Job(cell, self.out, self.record.cost(cell.name, cell.cost))
        self.running.append(job)

        def watch():
            job.wait()
            with self.ended:
                self.running.remove(job)
                self._end(job)
                self.ended.notify()

        threading.Thread(target=watch, daemon=True).start()

    def _end(self, job):
        cell, result = job.cell, job.result
        self.results[cell.name] = result
        if job.stopped:
            # what hangs would be stopped each time: next time it has the most time
            self.record.note_unfinished(cell.name)
            self.say(f"skip  {cell.name}: stopped, no time left; it runs first next time")
            return
        self.record.note(cell.name, result)
        if cell.counts:
            self.wait_s += result.wall
            self.expected_s += job.expected
        word = "FAIL" if result.failed else "ok"
        self.say(f"{word:4}  {result.wall:4.0f} s  {result.cpu:4.0f} s CPU  {cell.name:38} "
                 f"{result.passed} passed, {result.failed} failed, {result.skipped} skipped")
        if result.failed:
            print(job.failure(), flush=True)

    def _unmet(self, cell, waiting):
        """Names of cells that must end first."""
        names = {other.name for other in waiting} | {job.cell.name for job in self.running}
        return [name for name in cell.after if name in names]

    def _spoilt(self, cell):
        """The name of a cell that this one needs, and that has failed."""
        for name in cell.after:
            if name in self.results and self.results[name].failed:
                return name
        return None

    def _weight(self, cell, cells):
        """Seconds until all is over that cannot begin before this one has ended."""
        after = [self._weight(other, cells) for other in cells if cell.name in other.after]
        return self.expected(cell) + max(after, default=0)

    def _room_for(self, cell):
        heavy = sum(not job.cell.light for job in self.running)
        light = len(self.running) - heavy
        return light == 0 if cell.light else heavy < self.places

    def _tell_work(self):
        """What is at work, if nothing else has been said for long."""
        if time.monotonic() - self.spoke < SILENCE or not self.running:
            return
        work = [f"{job.cell.name} ({time.monotonic() - job.began:.0f} of some "
                f"{self.expected(job.cell):.0f} s)" for job in self.running]
        self.say("at work: " + ", ".join(work))

    def _settle(self, waiting):
        """Nothing runs, and nothing can begin, when what they need has failed."""
        for cell in list(waiting):
            if spoilt := self._spoilt(cell):
                waiting.remove(cell)
                self.results[cell.name] = Result(0, 1, 0, 0, 0)
                self.say(f"FAIL  {cell.name}: not run, because this failed: {spoilt}")

    def run(self, cells, deadline=None):
        """All cells: each that can begin, begins; the one first that most waits for.

        With a deadline (seconds since all began) they are taken in the order given,
        and only those that will end before it; what runs at that moment is stopped.
        Return: those that were left out.
        """
        waiting = list(cells)
        if deadline is None:
            waiting.sort(key=lambda cell: -self._weight(cell, cells))
        with self.ended:
            while waiting or self.running:
                self._settle(waiting)
                for cell in list(waiting):
                    if not self._room_for(cell) or self._unmet(cell, waiting):
                        continue
                    if deadline is not None and \
                       self.seconds() + self.expected(cell) > deadline:
                        continue
                    waiting.remove(cell)
                    self._start(cell)
                if not self.running:
                    break
                self.ended.wait(5)
                self._tell_work()
                if deadline is not None and self.seconds() > deadline:
                    for job in self.running:
                        job.stop()
        return waiting

    def stop(self):
        """All of it, because somebody wants so."""
        with self.ended:
            for job in self.running:
                job.stop()
