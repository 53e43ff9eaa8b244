#!/usr/bin/env python3
"""Runs a bench and keeps what it measured as a file of docs/bench: machine, date, commit, command and every line.

    python3 tests/bench/record.py build/bin/snn docs/bench/NAME.json train --net 784-800-10 --trainer ottt

Folders of data sets are kept as DIR. A commit with changes that are not committed is refused: nobody could measure
it again.
"""

import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path


def git(*words):
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {len(os.sched_getaffinity(0))} processors"


def main():
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    tool, out, words = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if git("status", "--porcelain", "--untracked-files=no"):
        raise SystemExit("the working tree has changes: commit them first")
    run = subprocess.run([tool, "bench", *words, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        line.pop("machine", None)
    record = {"machine": processor(), "date": datetime.date.today().isoformat(),
              "commit": git("rev-parse", "--short=7", "HEAD"),
              "command": re.sub(r":/\S+", ":DIR", " ".join(["snn", "bench", *words])),
              "lines": lines}
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{out}: {len(lines)} lines")


if __name__ == "__main__":
    main()
