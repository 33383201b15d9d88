# SPDX-License-Identifier: GPL-2.0-only
"""Small changes of meaning to C sources: where they can be made, and making one.

Goes by the text, line by line, not by a parser: the sources are in the kernel's style,
and what does not compile is not counted. Knows nothing of building and running.
"""
import re
from dataclasses import dataclass

# What begins a line that declares something: without it nothing compiles.
DECLARES = re.compile(
    r"\s*(const|struct|enum|union|unsigned|int|long|char|void|bool|static|register|u8|u16|u32|u64|"
    r"s8|s16|s32|s64|__le\d+|size_t|ssize_t|loff_t|dma_addr_t|irqreturn_t|gfp_t|__poll_t|LIST_HEAD|"
    r"DEFINE_\w+|EXDMA_DECLARE_PHASE)\b")
WAKES = re.compile(r"\b(wake_up\w*|complete(_all)?|irq_wake_thread|queue_(delayed_)?work\w*|"
                   r"exdma_channel_kick|kill_fasync|eventfd_signal|exdma_eventfd_add)\(")
ERRNO = ("EIO", "EINVAL", "EAGAIN", "ENOMEM", "ENODEV", "ETIMEDOUT", "EFAULT")
# Lines that only tell: no test is to depend on them.
TELLS = re.compile(r"\b(trace_\w+|dev_(err|warn|info|dbg|notice)\w*|pr_\w+|lockdep_assert\w*|"
                   r"WARN\w*|EXPORT_SYMBOL\w*|MODULE_\w+|module_param\w*|might_sleep\w*|cond_resched)\(")


@dataclass(frozen=True)
class Mutant:
    """One change: @was at line @line (from 1) of @file becomes @becomes.

    Both are whole lines; of a change that removes more than one, @lines are gone.
    """

    file: str
    line: int
    kind: str
    was: str
    becomes: str
    lines: int = 1

    def name(self):
        return f"{self.file}:{self.line}: {self.kind}"

    def apply(self, text):
        """The text of the file, changed."""
        lines = text.split("\n")
        if lines[self.line - 1] != self.was:
            raise ValueError(f"{self.name()}: the line is another one")
        lines[self.line - 1:self.line - 1 + self.lines] = (
            [self.becomes] + [""] * (self.lines - 1))
        return "\n".join(lines)


def closing(text, at):
    """Where the parenthesis that opens at @at closes; -1: in another line."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if not depth:
            return i
    return -1


def code_lines(text):
    """The lines inside of functions, with their numbers, without comments."""
    inside = comment = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("{"):
            inside = True
        elif line.startswith("}"):
            inside = False
        bare = line.strip()
        if bare.startswith("/*"):
            comment = "*/" not in bare
            continue
        if comment:
            comment = "*/" not in bare
            continue
        if inside and line.startswith("\t") and bare and not bare.startswith(("//", "#")):
            yield number, line


def negated(line):
    """The condition of an if or a while, the other way round."""
    found = re.search(r"\b(if|while) \(", line)
    if not found:
        return
    opens = found.end() - 1
    closes = closing(line, opens)
    if closes > 0:
        yield (line[:opens] + "(!" + line[opens:closes + 1] + ")" + line[closes + 1:])


def shifted(line):
    """A comparison that includes its bound, or no longer does; one more or less."""
    for pattern, other in ((r" <= ", " < "), (r" >= ", " > "), (r"(?<![<-]) < (?!<)", " <= "),
                           (r"(?<![>-]) > (?!>)", " >= "), (r" \+ 1\b", " + 2"),
                           (r" - 1\b", " - 2")):
        for found in re.finditer(pattern, line):
            yield line[:found.start()] + other + line[found.end():]


def swapped(line):
    """A constant that becomes another one."""
    for found in re.finditer(r"\b(true|false)\b", line):
        other = "false" if found.group() == "true" else "true"
        yield line[:found.start()] + other + line[found.end():]
    for found in re.finditer(r"-(" + "|".join(ERRNO) + r")\b", line):
        yield (line[:found.start()] + "-" + ERRNO[(ERRNO.index(found.group(1)) + 1) % len(ERRNO)] +
               line[found.end():])
    for found in re.finditer(r"(?<![\w.])([01])(?![\w.])", line):
        yield line[:found.start()] + str(1 - int(found.group())) + line[found.end():]


def is_statement(line):
    bare = line.strip()
    return (bare.endswith(";") and not DECLARES.match(line) and bare.count("(") == bare.count(")") and
            re.match(r"[a-zA-Z_*(+-]", bare) and
            not re.match(r"(return|goto|break|continue|case|default|else|do|for|while|if|\}|\.)\b", bare) and
            re.search(r"[=(]|\+\+|--", bare))


def mutants_of(file, text):
    """All mutants of one file, by the kinds that the tool offers."""
    lines = text.split("\n")
    inside = dict(code_lines(text))
    previous = ""
    for number, line in inside.items():
        def mutant(kind, becomes, count=1, number=number, line=line):
            return Mutant(file, number, kind, line, becomes, count)

        tells = TELLS.search(line)
        # the second line of a statement is not one
        begins = not previous or re.search(r"[;{}:]$|\)$|\belse$|\bdo$", previous.strip())
        previous = line
        if tells:
            continue
        yield from (mutant("condition negated", other) for other in negated(line))
        yield from (mutant("off by one", other) for other in shifted(line))
        yield from (mutant("constant swapped", other) for other in swapped(line))
        bare = line.strip()
        indent = line[:len(line) - len(line.lstrip())]
        if bare == "break;":
            yield mutant("continue for break", indent + "continue;")
        if bare == "continue;":
            yield mutant("break for continue", indent + "break;")
        if begins and is_statement(line):
            kind = "wake-up removed" if WAKES.search(line) else "statement removed"
            yield mutant(kind, indent + ";")
        after = lines[number].strip() if number < len(lines) else ""
        if begins and re.match(r"if \(.*\)$", bare) and re.match(r"(return|goto)\b.*;$", after):
            yield mutant("error path removed", indent + ";", 2)
