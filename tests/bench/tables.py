#!/usr/bin/env python3
"""The tables of docs/performance.md and docs/scaling.md, made from the measurements in docs/bench.

    python3 tests/bench/tables.py            # writes the tables anew
    python3 tests/bench/tables.py --check    # fails if a page differs from the measurements

A table stands between two remarks, of which the first names its kind and its files without their ending:

    <!-- table torch zen3-2026-11-26 -->
    <!-- end -->

A file is what tests/bench/record.py writes: machine, date, commit, command, and the lines that the command printed.
"""

import json
import math
import re
import sys
from pathlib import Path

import scaling_tables

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs/performance.md", ROOT / "docs/scaling.md"]
FOLDER = ROOT / "docs/bench"
TABLE = re.compile(r"(<!-- table (\w+)((?: [\w.-]+)+) -->\n)(.*?)(<!-- end -->\n)", re.S)


def rate(x):
    return f"{x:,.0f}" if x >= 1000 else f"{x:.1f}"


def milliseconds(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def mebibytes(x):
    return f"{x / 2**20:.3g}"


def span(values):
    """Milliseconds as "4.46", or "12.4 to 12.9"; nothing if it was not measured."""
    return " to ".join(values)


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def head(cells):
    return row(cells) + "|" + "---|" * len(cells) + "\n"


def check(line, where):
    """Figures are finite and above 0."""
    for key, value in line.items():
        if isinstance(value, float) and not (math.isfinite(value) and value >= 0):
            raise SystemExit(f"{where}: {key} is {value}")


def load(folder, name):
    path = folder / f"{name}.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for key in ("machine", "date", "commit", "command", "lines"):
        if not record.get(key):
            raise SystemExit(f"{path}: lacks {key}")
    for line in record["lines"]:
        check(line, path)
    return record


def in_order(records):
    """Lines with their record; files that complete one another say which place their rows have."""
    lines = [(r, line) for r in records for line in r["lines"]]
    return sorted(lines, key=lambda each: each[1].get("place", 0))


def origin(record):
    return f"{record['date']}, {record['commit']}"


def torch(records):
    """One row for a network, with a column for each number of threads of either side."""
    groups, threads = {}, []
    for record, line in in_order(records):
        key = (line["network"], line["trainer"], line["steps"], line["batch"], origin(record))
        groups.setdefault(key, {})[line["threads"]] = line
        threads += [line["threads"]] if line["threads"] not in threads else []
    flushed = any("torch_flushed_samples_per_second" in each for group in groups.values() for each in group.values())
    cells = ["network, method, T, batch"] + [f"snn, {n}" for n in threads] + [f"torch, {n}" for n in threads]
    cells += [f"flushed, {n}" for n in threads] if flushed else []
    cells += ["times", "snn, MiB", "torch, MiB"] + (["date, commit"] if len(records) > 1 else [])
    text = head(cells)
    for (network, trainer, steps, batch, when), group in groups.items():
        method = f"`{trainer}` with `hlop`" if network == "784-800-800-10" and trainer == "dsr" else f"`{trainer}`"
        last = group[threads[-1]]
        sides = [[group[n].get(f"{side}samples_per_second", 0) for n in threads]
                 for side in ("", "torch_", "torch_flushed_")]
        cells = [f"{network}, {method}, {steps}, {batch}"]
        for side in sides if flushed else sides[:2]:
            cells += [rate(x) for x in side]
        cells += [f"{max(sides[0]) / max(sides[1] + sides[2]):.1f}", mebibytes(last["peak_resident_bytes"]),
                  mebibytes(last["torch_peak_resident_bytes"])]
        text += row(cells + ([when] if len(records) > 1 else []))
    return text


def products(records):
    text, before = head(["machine", "shape", "dense", "real", "one bit", "date, commit"]), None
    for record, line in in_order(records):
        new = record is not before
        text += row([record["machine"] if new else "", line["shape"]]
                    + [span(line.get(key, [])) for key in ("dense", "real", "bit")] + [origin(record) if new else ""])
        before = record
    return re.sub(r"\|  (?=\|)", "| ", text)


def layer(records):
    """Rows H, columns T: milliseconds, and times the products alone."""
    text = ""
    for record in records:
        lines = record["lines"]
        steps = sorted({line["steps"] for line in lines})
        text += head(["H"] + [f"T = {t}" for t in steps])
        for width in sorted({line["width"] for line in lines}):
            at = {line["steps"]: line for line in lines if line["width"] == width}
            text += row([f"{width}"] + [f"{milliseconds(at[t]['ms'])} ms, {at[t]['ratio']:.2f} times" for t in steps])
    return text


def train(records):
    """Epochs of a data set, by the number of epochs before them."""
    text = head(["network, method, T, batch", "threads", "after", "samples/s", "slowest", "fastest"])
    for _, line in in_order(records):
        what = f"{line['network']}, `{line['trainer']}`, {line['steps']}, {line['batch']}"
        state = f"{line['after']} epochs" if "after" in line else "random samples"
        rates = [rate(line[key]) for key in ("samples_per_second", "slowest", "fastest")]
        text += row([what, f"{line['threads']}", state] + rates)
    return text


KINDS = {"torch": torch, "products": products, "layer": layer, "train": train, **scaling_tables.KINDS}


def remade(page, folder):
    """The page with its tables as the measurements have it, and the names of their files. Pictures are drawn from a
    file that the page links."""
    names = [name for match in TABLE.finditer(page) for name in match.group(3).split()]
    names += re.findall(r"\]\(bench/([\w.-]+)\.json\)", page)

    def made(match):
        begin, kind, files, _, end = match.groups()
        return begin + "\n" + KINDS[kind]([load(folder, name) for name in files.split()]) + "\n" + end

    return TABLE.sub(made, page), names


def check_all_used(names, folder):
    unused = sorted({path.stem for path in folder.glob("*.json")} - set(names))
    if unused:
        raise SystemExit(f"{folder}: no table or picture is made from {', '.join(unused)}")


def main():
    used, tables_made = [], 0
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        wanted, names = remade(page, FOLDER)
        if sys.argv[1:] != ["--check"]:
            path.write_text(wanted, encoding="utf-8")
        elif wanted != page or not names:
            raise SystemExit(f"{path} differs from docs/bench: python3 tests/bench/tables.py writes it")
        used += names
        tables_made += len(TABLE.findall(page))
    check_all_used(used, FOLDER)
    if sys.argv[1:] == ["--check"]:
        print(f"{tables_made} tables agree with {len(used)} files of measurements")


if __name__ == "__main__":
    main()
