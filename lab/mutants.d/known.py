# SPDX-License-Identifier: GPL-2.0-only
"""What is known of mutants: the file "known", and docs/mutants.md.

A line of the file is: verdict, file, kind, the line as it was, the line as it becomes,
machine, why; separated by tabs. The verdict is "detected" (why: by what, in this machine),
"equivalent" (why no test can tell it from the original; no machine), or "elsewhere" (by which
test, that needs what the kernel "gcov" does not have; no machine). A mutant whose line has
changed since is no longer known.
"""
import collections
import pathlib
from dataclasses import dataclass

# Survivors of which nothing is left to be done.
SETTLED = ("equivalent", "elsewhere")
FILE = pathlib.Path(__file__).resolve().parent / "known"

HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- written by lab/mutants ("make mutants"): change that -->
# Do the tests notice?

{date}, commit {commit}, seed {seed}. Measured by one command:

<!-- run by: lab/mutants -->

    lab/mutants --sample {sample} --seed {seed} --report

A mutant is the driver with one small fault: a condition negated, a comparison or a sum off
by one, a constant swapped, a statement, a wake-up or an error path removed, `break` for
`continue` or the other way round. Each one is built, booted, and meets the unit tests and
those selftests that, by the data of [coverage.md](coverage.md), execute the changed line. A
test that fails, a hang, or a report of the kernel or of the virtual card detects it.

**{detected} of {counted} were detected: {score:.0f} %.** The seed has drawn {sample} from all
that can be made of `kmod/core` and `kmod/cards`. {equivalent} of them are equivalent: no test
could tell them from the original, and they do not count. Not in the sample: {no} changes that
do not compile, {same} of which the compiler makes the same instructions.

A survivor is given a test, where a test can tell it from the original, and the sample is run
again: so the score of a sample grows, and a new seed says more about all the others.

| kind | detected | of | equivalent |
|---|---|---|---|
"""


def key(mutant):
    """What tells a mutant from the others, wherever its line is now."""
    return mutant.file, mutant.kind, mutant.was.strip(), mutant.becomes.strip()


@dataclass(frozen=True)
class Verdict:
    """What is known of one."""

    word: str = ""		# detected, equivalent, elsewhere, or nothing
    machine: str = ""
    why: str = ""


def line(mutant, verdict):
    """One for the file."""
    return "\t".join((verdict.word, *key(mutant), verdict.machine, verdict.why)) + "\n"


class Known:
    """The file."""

    def __init__(self):
        self.verdicts = {}
        for text in FILE.read_text().splitlines():
            if text and not text.startswith("#"):
                word, *which, machine, why = text.split("\t")
                self.verdicts[tuple(which)] = Verdict(word, machine, why)

    def of(self, mutant):
        """What is known of this one."""
        return self.verdicts.get(key(mutant), Verdict())


def code(text):
    """A line of C in a table of Markdown."""
    return "`" + (text.strip() or ";").replace("|", "\\|") + "`"


def page(results, known, **about):
    """All of docs/mutants.md; results as lab/mutants has them."""
    kinds = collections.defaultdict(collections.Counter)
    survivors = []
    for mutant, _, programs, who in results:
        verdict = known.of(mutant)
        word = ("detected" if who else
                "equivalent" if verdict.word == "equivalent" else "survived")
        kinds[mutant.kind][word] += 1
        if not who:
            survivors.append((mutant, programs, verdict))
    total = sum(kinds.values(), collections.Counter())
    counted = len(results) - total["equivalent"]
    text = HEAD.format(sample=len(results), detected=total["detected"], counted=counted,
                       score=100 * total["detected"] / max(counted, 1),
                       equivalent=total["equivalent"], **about)
    for kind, words in sorted(kinds.items()):
        text += (f"| {kind} | {words['detected']} | {words['detected'] + words['survived']} | "
                 f"{words['equivalent']} |\n")
    text += "\n## Survivors\n\n" + (
        "| where | was | becomes | selftests | verdict |\n|---|---|---|---|---|\n"
        if survivors else "None.\n")
    for mutant, programs, verdict in survivors:
        text += (f"| `{mutant.file}:{mutant.line}` | {code(mutant.was)} | {code(mutant.becomes)} | "
                 f"{programs} | {verdict.word or '**no verdict**'}: {verdict.why} |\n")
    text += "\n## Detected\n\n| where | was | becomes | by |\n|---|---|---|---|\n"
    for mutant, _, _, who in results:
        if who:
            text += (f"| `{mutant.file}:{mutant.line}` | {code(mutant.was)} | "
                     f"{code(mutant.becomes)} | {who} |\n")
    return text
