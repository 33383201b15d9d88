# SPDX-License-Identifier: GPL-2.0-only
"""docs/coverage.md: from what lcov has found (its .info files). Knows no machine."""
import collections
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOMS = (
    ("kmod/core", "The core of the driver"),
    ("kmod/cards", "The drivers of cards"),
    ("userspace/lib", "The library"),
    ("userspace/tool", "The tool"),
    ("lab/card", "The virtual card"),
)
GAPS = 10
# It only has the kernel make the tracepoints.
NO_CODE = ("kmod/core/trace.c",)

HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- written by lab/coverage ("make coverage"): change that -->
# What the tests execute

{date}, commit {commit}; Linux {release}, gcc {compiler}. Measured by one command:

<!-- run by: lab/coverage -->

    make coverage

The modules are built with gcov and run under the lab's kernel *gcov*: the unit tests
(KUnit), then the selftests, in {machines} machines that differ in card, interrupts and
IOMMU. The fuzzer and most sweeps run in a short form. The library and the tool run through
their own tests (`make -C userspace check`, and `userspace/tests/guest` with a card), the
virtual card through its unit tests (`make -C lab/card check`).

A line or a branch counts as covered if it was executed at least once. That says what no
test executes; it does not say that a test would notice a fault in the rest: for that see
[mutants.md](mutants.md).

Not counted: files with unit tests, and branches in lines with one of these macros of the
kernel, which contain branches of their own that depend on the kernel's configuration:
{macros}.

| | lines | | branches | |
|---|---|---|---|---|
"""

GAPS_HEAD = """
## The largest gaps in `kmod`

The functions with the most lines that no test has executed:

| function | lines | |
|---|---|---|
"""


class File:
    """What lcov says of one file."""

    def __init__(self):
        self.lines = {}			# number: how often
        self.branches = {}		# (line, block, branch): how often
        self.functions = {}		# name: first line

    def hit(self):
        """Lines that were executed."""
        return sum(n > 0 for n in self.lines.values())

    def taken(self):
        """Branches that were."""
        return sum(n > 0 for n in self.branches.values())


def read(infos, top):
    """The files of the tree, from all of these .info files."""
    files = collections.defaultdict(File)
    for info in infos:
        current, leaders = None, {}
        for line in info.read_text().splitlines():
            tag, _, rest = line.partition(":")
            if tag == "SF":
                current, leaders = files[str(pathlib.Path(rest).relative_to(top))], {}
            elif tag == "DA":
                number, count = rest.split(",")[:2]
                number = int(number)
                current.lines[number] = current.lines.get(number, 0) + int(count)
            elif tag == "BRDA":
                number, block, branch, count = rest.split(",")
                at = int(number), block, branch
                current.branches[at] = (current.branches.get(at, 0) +
                                        (0 if count == "-" else int(count)))
            elif tag == "FN":
                first, name = rest.split(",")[0], rest.split(",")[-1]
                current.functions[name] = int(first)
            elif tag == "FNL":
                leaders[rest.split(",")[0]] = int(rest.split(",")[1])
            elif tag == "FNA":
                index, _, name = rest.split(",", 2)
                current.functions[name] = leaders[index]
    missing = [str(path.relative_to(top)) for room, _ in ROOMS for path in (top / room).rglob("*.c")
               if not path.name.endswith("_test.c") and "tests" not in path.parts and
               str(path.relative_to(top)) not in (*files, *NO_CODE)]
    if missing:
        sys.exit(f"coverage: nothing was counted in: {' '.join(missing)}")
    return files


def share(part, whole):
    """As a percentage."""
    return f"{100 * part / whole:.1f} %" if whole else ""


def row(name, files):
    """One line of a table."""
    hit, lines = sum(f.hit() for f in files), sum(len(f.lines) for f in files)
    taken, branches = sum(f.taken() for f in files), sum(len(f.branches) for f in files)
    return (f"| {name} | {hit} of {lines} | {share(hit, lines)} | {taken} of {branches} | "
            f"{share(taken, branches)} |\n")


def gaps(files):
    """(lines that were not executed, file, function), the largest first; of kmod."""
    found = []
    for path, file in files.items():
        if not path.startswith("kmod/"):
            continue
        starts = sorted((line, name) for name, line in file.functions.items())
        for i, (first, name) in enumerate(starts):
            last = starts[i + 1][0] if i + 1 < len(starts) else float("inf")
            missed = sum(not count for line, count in file.lines.items() if first <= line < last)
            if missed:
                found.append((missed, path, name))
    return sorted(found, key=lambda gap: (-gap[0], gap[1:]))


def reasons():
    """What lab/coverage.d/gaps says of functions: {function: sentence}."""
    lines = (HERE / "gaps").read_text().splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


def page(files, macros, **about):
    """The whole page."""
    rooms = {room: {p: f for p, f in sorted(files.items()) if p.startswith(room + "/")}
             for room, _ in ROOMS}
    text = HEAD.format(macros=", ".join(f"`{m}`" for m in macros), **about)
    for room, title in ROOMS:
        text += row(f"{title}, `{room}`", rooms[room].values())
    why = reasons()
    text += GAPS_HEAD
    for missed, path, name in gaps(files)[:GAPS]:
        text += f"| `{name}` in `{path}` | {missed} | {why.get(name, '')} |\n"
    for room, title in ROOMS:
        text += f"\n## {title}\n\n| `{room}` | lines | | branches | |\n|---|---|---|---|---|\n"
        for path, file in rooms[room].items():
            text += row(f"`{path[len(room) + 1:]}`", [file])
    return text
