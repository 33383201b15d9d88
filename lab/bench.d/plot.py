# SPDX-License-Identifier: GPL-2.0-only
"""SVG plots, by gnuplot."""
import subprocess

COLORS = ("#0b6e99", "#d9622b", "#3f8f3a", "#8a4fa3", "#b08a00", "#5b6770")
HEAD = """set terminal svg size 720,400 font "sans-serif,13" background "#ffffff"
set output "{path}"
set title "{title}"
set xlabel "{xlabel}"
set ylabel "{ylabel}"
set grid ytics back lt 1 lw 1 lc rgb "#dddddd"
set border 3 lc rgb "#888888"
set tics nomirror
set key outside right top
{settings}
"""


def _run(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def lines(path, title, xlabel, ylabel, series, *, logx=True, logy=False, xtics=None, settings=""):
    """SERIES: {name: [(x, y), ...]}; XTICS: {x: text}, the texts of the axis."""
    text = [HEAD.format(path=path, title=title, xlabel=xlabel, ylabel=ylabel, settings=settings)]
    if logx:
        text.append("set logscale x 2")
    text.append("set logscale y" if logy else "set yrange [0:*]")
    if xtics:
        text.append("set xtics (" + ", ".join(f'"{name}" {x}' for x, name in xtics.items()) + ")")
    series = {name: points for name, points in series.items() if points}
    xs = [x for points in series.values() for x, _ in points]
    text.append(f"set xrange [{min(xs) / 1.1}:{max(xs) * 1.1}]")
    plots = []
    for i, (name, points) in enumerate(series.items()):
        text.append(f"$d{i} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END")
        plots.append(f'$d{i} with linespoints lw 2 pt 7 ps 0.6 lc rgb "{COLORS[i % len(COLORS)]}" '
                     f'title "{name}"')
    text.append("plot " + ", ".join(plots))
    _run("\n".join(text) + "\n")


def bars(path, title, ylabel, groups, names, settings=""):
    """GROUPS: {group: [value or None, ...]}, one value for each of NAMES."""
    text = [HEAD.format(path=path, title=title, xlabel="", ylabel=ylabel, settings=settings),
            "set style data histogram", "set style histogram clustered gap 1",
            "set style fill solid 0.9 noborder", "set boxwidth 0.9", "$d << END"]
    for group, values in groups.items():
        text.append(f'"{group}" ' + " ".join("?" if v is None else str(v) for v in values))
    text.append("END\nset datafile missing '?'")
    text.append("plot " + ", ".join(
        f'$d using {i + 2}:xtic(1) lc rgb "{COLORS[i]}" title "{name}"'
        for i, name in enumerate(names)))
    _run("\n".join(text) + "\n")
