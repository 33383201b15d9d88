# SPDX-License-Identifier: GPL-2.0-only
"""What the guests left, for those who report it."""
import json
import math
from pathlib import Path
from statistics import median


class Results:
    """The rows of all sections of both machines."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.machines = {}
        self.host = {}
        for variant in ("plain", "iommu"):
            path = self.directory / f"{variant}.json"
            if path.exists():
                self.machines[variant] = json.loads(path.read_text(encoding="utf-8"))
            path = self.directory / f"{variant}-host.json"
            if path.exists():
                self.host[variant] = json.loads(path.read_text(encoding="utf-8"))

    def rows(self, section, variant="plain", **match):
        """The rows of a section whose fields are as said."""
        rows = self.machines.get(variant, {}).get("sections", {}).get(section, [])
        return [row for row in rows if all(row.get(k) == v for k, v in match.items())]

    def value(self, key, section, variant="plain", **match):
        """The median of KEY over those rows; None if there are none."""
        values = [row[key] for row in self.rows(section, variant, **match) if key in row]
        return median(values) if values else None

    def beside_nvme(self, key, engine, variant="plain"):
        """Card divided by drive, round by round."""
        card = [r[key] for r in self.rows("nvme", variant, engine=engine, channel="c2h0")]
        drive = [r[key] for r in self.rows("nvme", variant, engine=engine, device="nvme0n1")]
        return [a / b for a, b in zip(card, drive)]


def geometric_mean(values):
    """Of ratios, so that twice and half cancel out."""
    return math.exp(sum(math.log(v) for v in values) / len(values))
