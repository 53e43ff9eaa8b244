#!/usr/bin/env python3
"""Draws how samples per second change with batch, steps, width and density.

    python3 tests/bench/record.py build/bin/snn docs/bench/growth-NAME.json growth --threads 2
    python3 tests/bench/growth.py docs/bench/growth-NAME.json docs/figures/growth.svg

Each size has a panel, both scales are logarithmic. Colours and fonts are those of src/snn/svg.c.
"""

import json
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

INK, MUTED, GRID, STRONG = "#1f2933", "#616e7c", "#e4e7eb", "#0b69a3"
FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
WIDTH, HEIGHT = 960, 640
PANELS = {"batch": "samples of a batch", "steps": "steps T", "width": "hidden neurons", "density": "spikes, %"}


def text(x, y, words, size=12, colour=MUTED, anchor="middle"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
            f"{escape(words)}</text>\n")


def line(x0, y0, x1, y1, colour, width):
    return (f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>\n')


def size_of(entry, axis):
    return 100 * entry[axis] if axis == "density" else entry[axis]


class Panel:
    """A rectangle with logarithmic scales: powers of ten at the left, the sizes measured below."""

    def __init__(self, left, top, entries, axis):
        self.left, self.top, self.wide, self.high = left, top, 360, 200
        self.axis = axis
        self.entries = sorted(entries, key=lambda entry: entry[axis])
        sizes = [size_of(entry, axis) for entry in self.entries]
        rates = [entry["samples_per_second"] for entry in self.entries]
        self.sizes = sizes
        self.first, self.last = math.log10(min(sizes)), math.log10(max(sizes))
        self.low, self.top_power = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))

    def x(self, size):
        return self.left + self.wide * (math.log10(size) - self.first) / max(self.last - self.first, 1e-9)

    def y(self, rate):
        share = (math.log10(rate) - self.low) / max(self.top_power - self.low, 1)
        return self.top + self.high * (1 - share)

    def frame(self):
        out = ""
        for power in range(self.low, self.top_power + 1):
            y = self.y(10**power)
            out += line(self.left, y, self.left + self.wide, y, GRID if power > self.low else MUTED, 1)
            out += text(self.left - 8, y + 4, f"{10**power:,}" if power >= 0 else f"{10.0**power:g}", anchor="end")
        for size in self.sizes:
            out += text(self.x(size), self.top + self.high + 18, f"{size:g}")
        return out + text(self.left + self.wide / 2, self.top + self.high + 38, PANELS[self.axis])

    def curve(self):
        points = [(self.x(size_of(e, self.axis)), self.y(e["samples_per_second"])) for e in self.entries]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{STRONG}"/>\n' for x, y in points)
        return f'<polyline points="{path}" fill="none" stroke="{STRONG}" stroke-width="2"/>\n' + dots


def drawn(record):
    lines = [entry for entry in record["lines"] if entry.get("event") == "growth"]
    if not lines:
        raise SystemExit("no lines of snn bench growth")
    title = f"samples a second, 784-H-10 by {lines[0]['trainer']}, threads {lines[0]['threads']}"
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}">\n<title>{escape(title)}</title>\n'
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n')
    out += text(24, 30, title, 16, INK, "start")
    out += text(24, 50, f"{record['machine']}, {record['date']}, {record['commit']}", anchor="start")
    for i, axis in enumerate(PANELS):
        entries = [entry for entry in lines if entry["axis"] == axis]
        if entries:
            panel = Panel(90 + i % 2 * 470, 80 + i // 2 * 285, entries, axis)
            out += panel.frame() + panel.curve()
    return out + "</svg>\n"


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    record = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(drawn(record), encoding="utf-8")


if __name__ == "__main__":
    main()
