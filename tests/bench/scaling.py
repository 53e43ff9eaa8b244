#!/usr/bin/env python3
"""The model of docs/scaling.md: what a batch takes on several ranks.

    python3 tests/bench/scaling.py docs/bench/scaling.json,docs/bench/overlap.json docs/figures/scaling.svg

draws how a cluster scales; tables.py makes the tables. The constants are fitted to the measurements of
tests/bench/measure_ranks.py; what a cluster is assumed to have stands in tests/bench/cluster.json.
"""

import json
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from growth import FONT, GRID, INK, MUTED, STRONG, line, text

HERE = Path(__file__).resolve().parent
BUCKET, BLOCK = 2**18, 512  # floats that leave together; the least that a rank adds of them
BYTES = {"float32": 4.0, "bf16": 2.0, "sign": (4 + BLOCK / 8) / BLOCK}  # of a float
COLOURS = {"vgg11-ws": STRONG, "nf-resnet34": "#c2410c", "binary-transformer": "#7c5cad"}


# ---- constants


def straight(points):
    """Constant and slope of the line through (x, y), in the least squares of y's relative errors."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    x0 = sum(w * x for w, (x, _) in zip(weights, points)) / total
    y0 = sum(w * y for w, (_, y) in zip(weights, points)) / total
    slope = sum(w * (x - x0) * (y - y0) for w, (x, y) in zip(weights, points)) / max(
        sum(w * (x - x0) ** 2 for w, (x, _) in zip(weights, points)), 1e-30)
    return max(y0 - slope * x0, 0.0), slope


class Constants:
    """What the measurements come to."""

    def __init__(self, lines):
        self.lines = lines
        self.size = {each["network"]: each for each in self.of("size")}
        alone = {}
        for each in self.of("alone"):
            alone.setdefault(each["network"], []).append((each["batch"], each["seconds"]))
        self.batch = {name: straight(points) for name, points in alone.items()}
        self.beside = {name: self.beside_of(name, points) for name, points in alone.items()}
        self.message, self.byte = self.link("link")
        self.slow_message, self.slow_byte = self.link("slow_link") if self.of("slow_link") else (0.0, 0.0)
        self.window = self.window_of([each for each in self.of("timeline") if each["event"] == "span"])

    def of(self, job):
        return [each for each in self.lines if each["job"] == job]

    def beside_of(self, name, points):
        """How much longer a batch takes while another process computes the same."""
        both = [each["seconds"] for each in self.of("beside") if each["network"] == name]
        return max(1.0, sum(both) / len(both) / max(points)[1])

    def link(self, job):
        """Seconds of an exchange of 8 bytes, and of each further byte."""
        points = {each["bytes"]: each["seconds"] for each in self.of(job)}
        least, most = min(points), max(points)
        return points[least], (points[most] - points[least]) / (most - least)

    @staticmethod
    def window_of(spans):
        """Share of its computing that a rank still has to do when the first gradients leave it."""
        shares = []
        for rank in {span["rank"] for span in spans}:
            own = [span for span in spans if span["rank"] == rank]
            waits = [span for span in own if span["what"] == "wait"]
            first = min((span["from"] for span in own if span["what"] == "exchange" and span["bytes"] >= 65536),
                        default=float("inf"))
            until = min((span["from"] for span in waits if span["from"] > first), default=first)
            if until == float("inf"):
                continue
            computed = sum(span["to"] - span["from"] for span in own if span["what"] == "batch") - sum(
                span["to"] - span["from"] for span in waits)
            shares.append((until - first) / computed)
        return sum(shares) / len(shares) if shares else 0.0

    def alone(self, network):
        """The run of one thread without ranks."""
        return next(run for run in self.runs(network) if run["shards"] == 0 and run["threads"] == 1)

    def shards(self, network):
        """What a shard gives to the sum takes, and what each further shard of a rank takes beside its samples: one
        and four shards of one rank against none."""
        none = self.alone(network)["seconds"]
        one, four = (next(run["seconds"] for run in self.runs(network) if run["shards"] == n and run["ranks"] == 1)
                     for n in (1, 4))
        give = max(one - none, 0.0)
        return give, max((four - none - 4 * give) / 3, 0.0)

    def give_of_parameter(self):
        """Of the largest network that was run."""
        largest = max(self.of("run"), key=lambda run: run["parameters"])
        return self.shards(largest["network"])[0] / largest["parameters"]

    def runs(self, network):
        return [each for each in self.of("run") if each["network"] == network]


# ---- the model


def buckets(parameters):
    return math.ceil(parameters / BUCKET)


def messages(parameters, ranks, items=1):
    """That one rank sends for a sum: to each rank that adds a part of a bucket, and from there to all."""
    adding = min(ranks, BUCKET // BLOCK, math.ceil(parameters / BLOCK))
    return buckets(parameters) * (items * min(adding, ranks - 1) + (ranks - 1) * adding / ranks)


def sent(parameters, ranks, send="float32", items=1):
    """Bytes that one rank sends for a sum."""
    return (items + 1) * parameters * BYTES[send] * (ranks - 1) / ranks


def here(constants, run):
    """Seconds of a batch of ranks on this machine, from those of one thread without ranks."""
    name, ranks = run["network"], run["ranks"]
    one, (give, further) = constants.alone(name), constants.shards(name)
    own, send = run["shards"] / ranks, send_of(run)
    items = own if send != "float32" else 1
    sums = run["steps"] if "variant=O" in run["settings"] else 1
    share = max(1.0, ranks / 2) # of the two processors
    steady = fixed(constants, one)
    compute = share * constants.beside.get(name, 1.0) * (
        steady + (one["seconds"] - steady) / ranks + sums * own * give + (own - 1) * further)
    bytes_, count = sent(run["parameters"], ranks, send, items), messages(run["parameters"], ranks, items)
    calls = sums * share * (bytes_ * constants.byte + count * constants.message)
    if "network_rate" not in run:
        return compute + calls
    wire = sums * (bytes_ * constants.slow_byte + 2 * constants.slow_message)
    return compute + calls + max(0.0, wire - constants.window * compute)


def send_of(run):
    return next((word[5:] for word in run["settings"].split(",") if word.startswith("send=")), "float32")


def fixed(constants, one):
    """Of a batch on one thread, what does not shrink with its samples."""
    if one["network"] not in constants.batch:
        return 0.0
    constant, slope = constants.batch[one["network"]]
    return one["seconds"] * constant / (constant + slope * one["batch"])


class Layout:
    """A batch on nodes of a cluster, `per_node` ranks on each, one shard for every rank."""

    def __init__(self, constants, cluster, name, nodes, batch, per_node, send="float32", sums=1):
        size = constants.size[name]
        threads = cluster["cores"] // per_node
        constant, slope = constants.batch[name]
        serial = cluster["serial_share"].get(name, max(cluster["serial_share"].values()))
        speedup = threads / (1 + serial * (threads - 1))
        self.name, self.nodes, self.batch = name, nodes, batch
        self.ranks, self.threads = nodes * per_node, threads
        self.samples = batch / self.ranks
        give = sums * constants.give_of_parameter() * size["parameters"]
        self.compute = constants.beside[name] * (constant + give + slope * math.ceil(self.samples)) / speedup
        self.reading = cluster["image_seconds"] * batch / nodes / cluster["cores"] if name in cluster["images"] else 0
        self.bytes = sums * sent(size["parameters"], self.ranks, send)
        self.messages = sums * messages(size["parameters"], self.ranks)
        away = (self.ranks - per_node) / max(self.ranks - 1, 1)
        self.wire = per_node * self.bytes * away / cluster["bytes_per_second"] + (
            2 * sums * cluster["latency"] if nodes > 1 else 0)
        self.copies = 3 * per_node * self.bytes / cluster["memory_bytes_per_second"]
        self.calls = self.messages * cluster["message"]
        self.sending = self.copies + self.calls + max(0.0, self.wire - constants.window * self.compute)
        self.seconds = self.compute + self.reading + self.sending
        self.rate = batch / self.seconds


def best(constants, cluster, name, nodes, batch, **more):
    """The fastest layout; None where there are fewer samples than ranks in all of them."""
    layouts = [Layout(constants, cluster, name, nodes, batch, cluster["cores"] // threads, **more)
               for threads in cluster["threads"]]
    return min((each for each in layouts if each.samples >= 1), key=lambda each: each.seconds, default=None)


def scaled(constants, cluster, name, weak):
    """Layouts by nodes, as far as there is a sample for every rank."""
    batch = constants.size[name]["batch"]
    layouts = [best(constants, cluster, name, nodes, batch * nodes if weak else batch) for nodes in cluster["nodes"]]
    return [each for each in layouts if each is not None]


def efficiency(layout, first):
    return layout.rate / layout.nodes / (first.rate / first.nodes)


def cluster_of(path=HERE / "cluster.json"):
    return json.loads(path.read_text(encoding="utf-8"))


# ---- the picture


class Panel:
    def __init__(self, left, title, most):
        self.left, self.title, self.most = left, title, most
        self.top, self.wide, self.high = 100, 360, 260

    def x(self, nodes):
        return self.left + self.wide * math.log2(nodes) / max(math.log2(self.most), 1)

    def y(self, share):
        return self.top + self.high * (1 - min(share, 1.1) / 1.1)

    def frame(self, nodes):
        out = text(self.left, self.top - 14, self.title, 13, INK, "start")
        for share in (0, 0.25, 0.5, 0.75, 1):
            out += line(self.left, self.y(share), self.left + self.wide, self.y(share), GRID if share else MUTED, 1)
            out += text(self.left - 8, self.y(share) + 4, f"{100 * share:.0f} %", anchor="end")
        for n in nodes:
            out += text(self.x(n), self.top + self.high + 18, f"{n}")
        return out + text(self.left + self.wide / 2, self.top + self.high + 38, "nodes of 64 cores")

    def curve(self, layouts, colour):
        points = [(self.x(each.nodes), self.y(efficiency(each, layouts[0]))) for each in layouts]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>\n' for x, y in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>\n' + dots


def drawn(lines):
    constants, cluster = Constants(lines), cluster_of()
    cluster["nodes"] = [2**i for i in range(int(math.log2(max(cluster["nodes"]))) + 1)]
    title = "samples a second of a node, by the model, relative to one node"
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" width="960" height="430" viewBox="0 0 960 430" '
           f'font-family="{FONT}">\n<title>{escape(title)}</title>\n'
           f'<rect width="960" height="430" fill="#ffffff"/>\n')
    out += text(24, 30, title, 16, INK, "start")
    for i, name in enumerate(constants.size):
        out += text(24 + 170 * i, 54, name, 12, COLOURS.get(name, INK), "start")
    for weak in (True, False):
        words = "weak: a whole batch for each node" if weak else "strong: one batch for all"
        panel = Panel(80 if weak else 560, words, max(cluster["nodes"]))
        out += panel.frame(cluster["nodes"])
        for name in constants.size:
            layouts = scaled(constants, cluster, name, weak)
            out += panel.curve(layouts, COLOURS.get(name, INK)) if layouts else ""
    return out + "</svg>\n"


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    lines = []
    for path in sys.argv[1].split(","):
        lines += json.loads(Path(path).read_text(encoding="utf-8"))["lines"]
    Path(sys.argv[2]).write_text(drawn(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
