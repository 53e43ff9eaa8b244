#!/usr/bin/env python3
"""test_scaling.py FOLDER - what measure_ranks.py measures of a small network becomes tables and pictures, ranks end
with the same bits, and the model counts the bytes and messages that are sent."""

import json
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

import scaling
import scaling_tables
import tables
import timeline

HERE = Path(__file__).resolve().parent
FOLDER = sys.argv.pop(1)


class Scaling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run([sys.executable, HERE / "measure_ranks.py", FOLDER, "--try", out],
                                 capture_output=True, text=True, check=False)
            if run.returncode:
                raise AssertionError(run.stdout + run.stderr)
            cls.records = [tables.load(Path(out), path.stem) for path in sorted(Path(out).glob("*.json"))]
        cls.lines = [line for record in cls.records for line in record["lines"]]

    def of(self, job):
        return [line for line in self.lines if line["job"] == job]

    def test_same_bits(self):
        for job, count in (("run", 3), ("slow", 2)):
            sums = {}
            for line in self.of(job):
                sums.setdefault((line["shards"], line["settings"]), set()).add(line["check_sum"])
            for (shards, settings), found in sums.items():
                if shards == 4:
                    self.assertEqual(len(found), 1, f"{job}, {settings}: {found}")
        self.assertGreaterEqual(len([line for line in self.of("run") if line["shards"] == 4]), count)

    def test_counts(self):
        for line in self.of("run") + self.of("slow"):
            ranks, send = line["ranks"], scaling_tables.send_of(line)
            if ranks == 1:
                continue
            items = line["shards"] // ranks if send != "float32" else 1
            wanted = scaling.sent(line["parameters"], ranks, send, items)
            self.assertLess(abs(line["bytes"] - wanted), 0.01 * wanted + 4096 * ranks, line)
            records = line["messages"] - scaling.messages(line["parameters"], ranks, items)
            self.assertTrue(0 <= records <= 4 * (ranks - 1), line)

    def test_delays(self):
        words = [Path(FOLDER) / "bench_ranks", "--net", "64-64-10", "--shape", "64", "--batch", "8", "--batches", "3"]
        run = subprocess.run([*words, "--latency", "30000"], check=True, capture_output=True, text=True)
        line = json.loads(run.stdout)
        self.assertGreater(line["fastest"], 0.06) # a sum is two exchanges, one after the other
        self.assertEqual(subprocess.run([*words, "--ranks", "0"], capture_output=True, check=False).returncode, 1)

    def test_tables(self):
        for kind, make in scaling_tables.KINDS.items():
            rows = make(self.records).splitlines()
            if kind in ("origin", "window"):
                continue
            self.assertGreaterEqual(len(rows), 2, kind)
            self.assertEqual({row.count("|") for row in rows}, {rows[0].count("|")}, kind)
            self.assertNotIn("nan", " ".join(rows), kind)

    def test_pictures(self):
        xml.dom.minidom.parseString(scaling.drawn(self.lines))
        spans = self.of("timeline")
        if spans: # where networks can be slowed down
            picture = timeline.drawn([spans], 1, 1)
            xml.dom.minidom.parseString(picture)
            self.assertIn("rank 1", picture)


if __name__ == "__main__":
    unittest.main()
