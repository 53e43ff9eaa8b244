#!/usr/bin/env python3
"""Draws what ranks do in a batch: computing, waiting, and messages that are under way.

    build/bin/bench_ranks --ranks 2 ... --timeline > spans.json
    python3 tests/bench/timeline.py spans.json docs/figures/overlap.svg [FIRST_BATCH [BATCHES]]

A file of docs/bench goes as well, or several that are drawn below each other, separated by commas. A rank computes
while it is in none of the communicator's functions that wait. An exchange lasts until the rank has seen that it is
over. The picture begins shortly before the first gradient leaves.
"""

import json
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from growth import FONT, GRID, INK, MUTED, STRONG, line, text

WIDTH, LEFT, RIGHT, LANE, BAR = 960, 90, 24, 20, 3
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) # ms between lines of the grid
COMPUTE, WAITING, SENDING = STRONG, "#e9b44c", "#7c5cad"


def box(x0, x1, y, high, colour, title):
    return (f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0, 0.4):.1f}" height="{high}" fill="{colour}">'
            f"<title>{escape(title)}</title></rect>\n")


def lines_of(path):
    """The lines of a file of docs/bench, or those that the program printed."""
    whole = Path(path).read_text(encoding="utf-8")
    try:
        return json.loads(whole)["lines"]
    except (json.JSONDecodeError, KeyError):
        return [json.loads(each) for each in whole.splitlines() if each.startswith("{")]


def merged(spans):
    """Total length of spans that may overlap."""
    total, end = 0.0, float("-inf")
    for a, b in sorted(spans):
        total += max(0.0, b - max(a, end))
        end = max(end, b)
    return total


def rows_of(spans):
    """Each span gets the first row that is free when it begins."""
    rows = []
    for span in sorted(spans, key=lambda each: each["from"]):
        row = next((i for i, end in enumerate(rows) if end <= span["from"]), len(rows))
        rows[row:row + 1] = [span["to"]]
        yield row, span


class Figure:
    """One run: its lanes, from `top` on."""

    def __init__(self, lines, first, count):
        self.about = next(each for each in lines if each["event"] == "ranks")
        spans = [each for each in lines if each["event"] == "span" and first <= each["batch"] < first + count]
        if not spans:
            raise SystemExit("no spans of these batches: bench_ranks --timeline")
        self.ranks = sorted({span["rank"] for span in spans})
        self.of = {rank: [span for span in spans if span["rank"] == rank] for rank in self.ranks}
        self.origin = min(span["from"] for span in spans if span["what"] == "batch")
        self.end = max(span["to"] for span in spans)
        self.begin = self.begin_of([span["from"] for span in spans if span["bytes"] >= 65536])

    def begin_of(self, sent):
        """Where nothing is under way but small records, the picture begins shortly before the first gradient."""
        first = min(sent, default=self.origin)
        return max(self.origin, first - 0.3 * (self.end - first))

    def kind(self, rank, *whats):
        return [span for span in self.of[rank] if span["what"] in whats]

    def x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * max(seconds - self.begin, 0) / (self.end - self.begin)

    def bar(self, span, y, high, colour, words):
        if span["to"] <= self.begin:
            return ""
        return box(self.x(span["from"]), self.x(span["to"]), y, high, colour, words)

    def hidden(self):
        """Share of the time with messages under way in which the rank computed."""
        under_way = waited = 0.0
        for rank in self.ranks:
            waits = [(s["from"], s["to"]) for s in self.kind(rank, "wait")]
            sends = [(s["from"], s["to"]) for s in self.kind(rank, "exchange")]
            under_way += merged(sends)
            waited += merged(sends) + merged(waits) - merged(sends + waits)
        return 1 - waited / under_way if under_way > 0 else 1.0

    def network(self):
        words = [self.about.get("network_rate", ""), self.about.get("network_latency", self.about["latency_us"])]
        slowed = [words[0]] * bool(words[0]) + [f"{words[1]} us"] * bool(words[1])
        return f"a network of {' and '.join(slowed)}" if slowed else "this machine alone"

    def caption(self):
        a = self.about
        return (f"{a['network']}, {a['trainer']}, T {a['steps']}, batch {a['batch']}, {a['ranks']} ranks, "
                f"{self.network()}: {1e3 * a['seconds']:.0f} ms a batch; the ranks compute in "
                f"{100 * self.hidden():.0f} % of the time of messages")

    def lanes(self, rank, y):
        out = text(LEFT - 10, y + 14, f"rank {rank}", anchor="end")
        for span in self.kind(rank, "batch"):
            out += self.bar(span, y, LANE, COMPUTE, "computes")
        for span in self.kind(rank, "wait", "collective"):
            out += self.bar(span, y, LANE, WAITING, "waits")
        y, below = y + LANE + 3, 0
        for row, span in rows_of(self.kind(rank, "exchange")):
            took = 1e3 * (span["to"] - span["from"])
            words = f"{span['bytes']:,} bytes in {span['messages']} messages, {took:.2f} ms"
            out += self.bar(span, y + row * (BAR + 1), BAR, SENDING, words)
            below = max(below, row + 1)
        return out, y + below * (BAR + 1) + 12

    def drawn(self, y):
        out = text(24, y, self.caption(), colour=INK, anchor="start")
        y += 14
        top = y
        for rank in self.ranks:
            lanes, y = self.lanes(rank, y)
            out += lanes
        span = 1e3 * (self.end - self.begin)
        step = next(s for s in STEPS if span / s <= 10 or s == STEPS[-1])
        grid = ""
        before = 1e3 * (self.begin - self.origin)
        for i in range(math.ceil(before / step), int((before + span) / step) + 1):
            x = self.x(self.origin + 1e-3 * i * step)
            grid += line(x, top - 4, x, y, GRID, 1) + text(x, y + 14, f"{i * step:g} ms", 11)
        return grid + out, y + 44


def drawn(runs, first, count):
    figures, y = "", 92
    for lines in runs:
        figure, y = Figure(lines, first, count).drawn(y)
        figures += figure
    title = "a batch of several ranks: what they compute, and what is under way"
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:.0f}" viewBox="0 0 {WIDTH} {y:.0f}" '
           f'font-family="{FONT}">\n<title>{escape(title)}</title>\n<rect width="{WIDTH}" height="{y:.0f}" '
           f'fill="#ffffff"/>\n')
    out += text(24, 30, title, 16, INK, "start")
    for i, (colour, words) in enumerate(((COMPUTE, "computes"), (WAITING, "waits"), (SENDING, "messages under way"))):
        out += box(24 + 130 * i, 36 + 130 * i, 46, 12, colour, words) + text(42 + 130 * i, 57, words, anchor="start")
    return out + figures + "</svg>\n"


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    first, count = (int(sys.argv[i]) if len(sys.argv) > i else 1 for i in (3, 4))
    runs = [lines_of(path) for path in sys.argv[1].split(",")]
    Path(sys.argv[2]).write_text(drawn(runs, first, count), encoding="utf-8")


if __name__ == "__main__":
    main()
