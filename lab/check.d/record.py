# SPDX-License-Identifier: GPL-2.0-only
"""What is known of earlier runs: what a step costs, which passed, which failed last.

All of it is in the cache, one small file for each fact, so that two runs at a time do
not disturb each other, and all of it may be deleted. Knows nothing of what the steps do.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

TREES_KEPT = 20


@dataclass
class Result:
    """One step, once: test cases, seconds of wall and of CPU time."""

    passed: int
    failed: int
    skipped: int
    wall: float
    cpu: float


def cache_dir():
    """As lab/vm/lib/common.sh has it."""
    base = os.environ.get("EXDMA_CACHE")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"),
                                                                ".cache")
        base = os.path.join(home, "exdma")
    return Path(base) / "check"


def git(*arguments, **more):
    """The output of git, or "" where there is no repository."""
    run = subprocess.run(["git", *arguments], stdout=subprocess.PIPE, text=True, check=False,
                         stderr=subprocess.DEVNULL, **more)
    return run.stdout.strip() if run.returncode == 0 else ""


def tree_id():
    """What is in the work tree, committed or not: the same files, the same name.

    For a clean checkout it is the tree of its commit.
    """
    with tempfile.TemporaryDirectory() as scratch:
        more = {"env": {**os.environ, "GIT_INDEX_FILE": os.path.join(scratch, "index")}}
        git("read-tree", "HEAD", **more)
        git("add", "--all", **more)
        return git("write-tree", **more) or "unknown"


def commit_number():
    """How many commits there are before and with this one."""
    return int(git("rev-list", "--count", "HEAD") or 0)


def slug(name):
    """The name of a step, as that of a file."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


class Record:
    """The facts, for one state of the tree."""

    def __init__(self, tree):
        top = cache_dir()
        self.results = top / "results" / tree
        self.costs = top / "costs"
        self.failures = top / "failed"
        for directory in (self.results, self.costs, self.failures):
            directory.mkdir(parents=True, exist_ok=True)
        os.utime(self.results)
        kept = sorted(self.results.parent.iterdir(), key=os.path.getmtime, reverse=True)
        for old in kept[TREES_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def _read(path):
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            return None

    @staticmethod
    def _write(path, what):
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(what))
        part.rename(path)

    def cost(self, name, guess):
        """Seconds that a step took when it last came to an end, or the guess."""
        return self._read(self.costs / slug(name)) or guess

    def passed(self, name):
        """The result of a step that has passed with these very files, or None."""
        found = self._read(self.results / slug(name))
        return Result(**found) if found else None

    def failed_last(self, name):
        """Whether the step failed, or was stopped, the last time, with whatever files."""
        return (self.failures / slug(name)).exists()

    def note_unfinished(self, name):
        """A step was stopped: it is to run first next time, as one that failed."""
        (self.failures / slug(name)).touch()

    def note(self, name, result):
        """A step has come to an end."""
        mark = self.failures / slug(name)
        if result.failed:
            mark.touch()
            (self.results / slug(name)).unlink(missing_ok=True)
            return
        mark.unlink(missing_ok=True)
        self._write(self.costs / slug(name), round(result.wall, 1))
        self._write(self.results / slug(name), asdict(result))
