#!/usr/bin/env python3
"""Measures what docs/scaling.md rests on, and makes its tables and pictures anew.

    python3 tests/bench/measure_ranks.py build/bin              # some ten minutes on two idle cores; as root
    python3 tests/bench/measure_ranks.py build/bin --try DIR    # a small network, seconds, written to DIR; without
                                                                # slow networks where there are none

Runs bench_ranks alone, with several ranks on this machine, and with ranks whose network is slowed down
(tests/bench/namespaces.sh). Writes docs/bench/scaling.json and docs/bench/overlap.json, then the pictures
docs/figures/scaling.svg and docs/figures/overlap.svg, and the tables. A commit with changes that are not committed is
refused.
"""

import datetime
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import record

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COMMAND = "python3 tests/bench/measure_ranks.py build/bin"
SLOW = ("1gbit", 200)  # what the network is slowed down to, and microseconds that a message takes longer

# sizes: samples of a shard, for the constants; batches: measured for each
FULL = [
    {"net": "vgg11-ws", "method": "ottt", "shape": "3x32x32", "classes": 10, "steps": 6, "batch": 128,
     "sizes": [1, 2, 4, 8, 16, 32], "batches": 5},
    {"net": "nf-resnet34", "method": "ottt", "shape": "3x224x224", "classes": 1000, "steps": 6, "batch": 256,
     "sizes": [1, 2, 4], "batches": 3},
    {"net": "binary-transformer", "method": "sei", "shape": "3x32x32", "classes": 10, "steps": 4, "batch": 128,
     "sizes": [1, 2, 4, 8, 16, 32], "batches": 9},
]
RUNS = [
    {"net": "784-800-10", "method": "ottt", "shape": "784", "classes": 10, "steps": 6, "batch": 128, "batches": 60},
    {"net": "vgg11-ws", "method": "ottt", "shape": "3x32x32", "classes": 10, "steps": 6, "batch": 32, "batches": 7},
    {"net": "binary-transformer", "method": "sei", "shape": "3x32x32", "classes": 10, "steps": 4, "batch": 64,
     "batches": 15},
]
SMALL = {"net": "512-512-4", "method": "ottt", "shape": "512", "classes": 4, "steps": 2, "batch": 8,
         "sizes": [1, 2, 4], "batches": 3}


class Bench:
    def __init__(self, folder, whole):
        self.folder, self.whole = Path(folder).resolve(), whole
        self.lines = []

    def words(self, subject, **flags):
        words = [str(self.folder / "bench_ranks")]
        for key in ("net", "method", "shape", "classes", "steps", "batch", "batches"):
            words += [f"--{key}", str(flags.pop(key, subject[key]))]
        for key, value in flags.items():
            words += [f"--{key}"] + ([] if value is True else [str(value)])
        return words

    def run(self, job, words, **more):
        """Keeps the lines that a program prints, marked with the name of the job."""
        print(job, " ".join(words[1:]), flush=True)
        run = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode == 77 and not self.whole:
            print(f"{job}: left out", flush=True)
            return []
        if run.returncode:
            raise SystemExit(f"{' '.join(words)}: exit status {run.returncode}")
        lines = [{**json.loads(line), "job": job, **more} for line in run.stdout.splitlines() if line.startswith("{")]
        self.lines += lines
        return lines

    def slowed(self, job, ranks, words, rate=SLOW[0], latency=SLOW[1]):
        script = ["sh", str(HERE / "namespaces.sh"), str(ranks), rate, str(latency)]
        return self.run(job, script + words, network_rate=rate, network_latency=latency)

    def beside(self, words):
        """The same, two of them at the same time."""
        others = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for other in others:
            line = json.loads(other.communicate()[0])
            self.lines.append({**line, "job": "beside"})


def npy(path, kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)}, }}".encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data)


def size_of(snn, subject):
    """Parameters and synaptic operations of a sample, as snn info has them of a model of one batch."""
    shape = [int(each) for each in subject["shape"].split("x")]
    values = 1
    for each in shape:
        values *= each
    with tempfile.TemporaryDirectory() as folder:
        for part in ("train", "test"):
            npy(f"{folder}/{part}_x.npy", "|u1", [1] + shape, bytes(i * 7919 % 251 for i in range(values)))
            npy(f"{folder}/{part}_y.npy", "<i4", [1], struct.pack("<i", subject["classes"] - 1))
        model = f"{folder}/model.snn"
        words = [snn, "train", "--data", f"npy:{folder}", "--net", subject["net"], "--trainer", subject["method"]]
        words += ["--steps", str(subject["steps"]), "--epochs", "1", "--batch", "1", "--save", model, "--quiet"]
        subprocess.run(words, check=True, capture_output=True)
        out = subprocess.run([snn, "info", model, "--json"], check=True, capture_output=True, text=True).stdout
    about = json.loads(out)
    return {"event": "size", "job": "size", "network": subject["net"], "trainer": subject["method"],
            "steps": subject["steps"], "batch": subject["batch"], "parameters": about["parameters"],
            "operations": about["figures"]["synops_dense"]}


def constants(bench, subjects):
    """Time of a batch by its size, on one thread; the same beside another process; messages."""
    for subject in subjects:
        bench.lines.append(size_of(bench.folder / "snn", subject))
        for size in subject["sizes"]:
            bench.run("alone", bench.words(subject, batch=size, alone=True))
        bench.beside(bench.words(subject, batch=subject["sizes"][-1], alone=True))
    bench.run("link", bench.words(subjects[0], ranks=2, link=True))
    bench.slowed("slow_link", 2, bench.words(subjects[0], link=True))


def runs(bench, subjects):
    """One process of one and of two threads, and 1, 2 and 4 ranks of one thread, all with four shards."""
    for subject in subjects:
        for threads in (1, 2):
            bench.run("run", bench.words(subject, alone=True, threads=threads))
        bench.run("run", bench.words(subject, ranks=1, shards=1))
        for ranks in (1, 2, 4):
            bench.run("run", bench.words(subject, ranks=ranks, shards=4))
        bench.run("run", bench.words(subject, ranks=2, shards=2))


def slow_runs(bench, subjects):
    for subject in subjects:
        for send in ("float32", "bf16", "sign"):
            for ranks in (2, 4):
                bench.slowed("slow", ranks, bench.words(subject, shards=4, set=f"send={send}"))
    online = {**subjects[-1], "method": "ottt"}
    for variant in ("A", "O"):
        bench.slowed("online", 2, bench.words(online, shards=2, set=f"variant={variant}"))


def overlap(bench, subject):
    """Spans of one batch."""
    lines = bench.slowed("timeline", 2, bench.words(subject, shards=2, batches=3, timeline=True))
    bench.lines = [each for each in bench.lines if each["job"] != "timeline"]
    return [each for each in lines if each["event"] == "ranks" or each["batch"] == 1]


def busy():
    """How many processors have other work, over two seconds."""

    def ticks():
        with open("/proc/stat", encoding="utf-8") as stat:
            fields = [int(each) for each in stat.readline().split()[1:]]
        return sum(fields), fields[3] + fields[4]

    (all0, idle0), _, (all1, idle1) = ticks(), time.sleep(2), ticks()
    return round(os.cpu_count() * (1 - (idle1 - idle0) / (all1 - all0)), 2)


def write(path, lines, others):
    """others: processors that were busy before all measurements."""
    whole = {"machine": record.processor(), "date": datetime.date.today().isoformat(),
             "commit": record.git("rev-parse", "--short=7", "HEAD"), "command": COMMAND,
             "busy": others, "lines": lines}
    text = json.dumps(whole)
    for end in ("[", "}, "):
        text = text.replace(end + "{", end.rstrip() + "\n{")
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path}: {len(lines)} lines")


def make_pages(bench, figures):
    for words in (["scaling.py", f"{bench}/scaling.json,{bench}/overlap.json", figures / "scaling.svg"],
                  ["timeline.py", bench / "overlap.json", figures / "overlap.svg", "1"], ["tables.py"]):
        subprocess.run([sys.executable, HERE / words[0], *words[1:]], check=True)


def main():
    words = sys.argv[1:]
    if not words or (len(words) > 1 and (words[1] != "--try" or len(words) != 3)):
        raise SystemExit(__doc__)
    trial = len(words) == 3
    if not trial and record.git("status", "--porcelain", "--untracked-files=no"):
        raise SystemExit("the working tree has changes: commit them first")
    bench, others = Bench(words[0], not trial), busy()
    out = Path(words[2]) if trial else ROOT / "docs/bench"
    constants(bench, [SMALL] if trial else FULL)
    runs(bench, [SMALL] if trial else RUNS)
    slow_runs(bench, [SMALL] if trial else RUNS[:2])
    spans = overlap(bench, SMALL if trial else RUNS[1])
    write(out / "scaling.json", bench.lines, others)
    if spans:
        write(out / "overlap.json", spans, others)
    if not trial:
        make_pages(out, ROOT / "docs/figures")


if __name__ == "__main__":
    main()
