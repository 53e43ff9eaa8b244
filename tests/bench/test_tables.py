#!/usr/bin/env python3
"""test_tables.py SNN - what record.py keeps of a bench becomes a table, and a page that differs is found.

Records in a repository of its own, so that the state of this one does not matter."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

import growth
import tables

HERE = Path(__file__).resolve().parent
SNN = str(Path(sys.argv.pop(1)).resolve())
LAYER = ["layer", "--width", "8,16", "--steps", "2,4", "--batch", "4", "--repeats", "1"]
TRAIN = ["train", "--net", "8-8-8", "--trainer", "sltt", "--threads", "1", "--steps", "2", "--batch", "4"]
TRAIN += ["--repeats", "1"]


class Recorded(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.git("init", "-q")
        (self.folder / "file").write_text("first", encoding="utf-8")
        self.git("add", "file")
        self.git("-c", "user.name=test", "-c", "user.email=test@test", "commit", "-qm", "first")

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.folder, check=True)

    def record(self, name, words):
        return subprocess.run([sys.executable, HERE / "record.py", SNN, f"{name}.json", *words], cwd=self.folder,
                              capture_output=True, text=True, check=False)

    def table(self, kind, *names):
        page = f"before\n<!-- table {kind} {' '.join(names)} -->\n<!-- end -->\nafter\n"
        made, used = tables.remade(page, self.folder)
        self.assertEqual(used, list(names))
        self.assertEqual(tables.remade(made, self.folder)[0], made)
        return [line for line in made.splitlines() if line.startswith("|")], made

    def test_layer(self):
        run = self.record("layer", LAYER)
        self.assertEqual(run.returncode, 0, run.stderr)
        rows, made = self.table("layer", "layer")
        self.assertEqual(rows[0], "| H | T = 2 | T = 4 |")
        self.assertEqual([row.split()[1] for row in rows[2:]], ["8", "16"])
        figure = rows[2].split()[3]
        self.assertNotEqual(tables.remade(made.replace(figure, "0"), self.folder)[0], made.replace(figure, "0"))

    def test_growth(self):
        run = self.record("growth", ["growth", "--axis", "steps", "--steps", "1,2", "--repeats", "1"])
        self.assertEqual(run.returncode, 0, run.stderr)
        picture = growth.drawn(json.loads((self.folder / "growth.json").read_text(encoding="utf-8")))
        self.assertEqual(picture.count("<circle"), 2)
        self.assertEqual(picture.count("<polyline"), 1)
        xml.dom.minidom.parseString(picture)

    def test_train(self):
        run = self.record("train", TRAIN)
        self.assertEqual(run.returncode, 0, run.stderr)
        rows, _ = self.table("train", "train")
        self.assertTrue(rows[2].startswith("| 8-8-8, `sltt`, 2, 4 | 1 | random samples | "), rows[2])
        record = json.loads((self.folder / "train.json").read_text(encoding="utf-8"))
        self.assertEqual(record["command"], " ".join(["snn", "bench", *TRAIN]))
        del record["commit"]
        (self.folder / "train.json").write_text(json.dumps(record), encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "lacks commit"):
            self.table("train", "train")

    def test_torch(self):
        line = {"network": "8-8-8", "trainer": "sltt", "steps": "2", "batch": "4", "peak_resident_bytes": 3 * 2**20,
                "torch_peak_resident_bytes": 2**28}
        lines = [{**line, "threads": "1", "samples_per_second": 30.0, "torch_samples_per_second": 10.0,
                  "torch_flushed_samples_per_second": 12.0},
                 {**line, "threads": "2", "samples_per_second": 2500.0, "torch_samples_per_second": 100.0,
                  "torch_flushed_samples_per_second": 90.0}]
        record = {"machine": "m", "date": "d", "commit": "c", "command": "x", "lines": lines}
        (self.folder / "torch.json").write_text(json.dumps(record), encoding="utf-8")
        rows, _ = self.table("torch", "torch")
        cells = "8-8-8, `sltt`, 2, 4 | 30.0 | 2,500 | 10.0 | 100.0 | 12.0 | 90.0 | 25.0 | 3 | 256"
        self.assertEqual(rows[2], f"| {cells} |")

    def test_refused(self):
        (self.folder / "file").write_text("second", encoding="utf-8")
        run = self.record("layer", LAYER)
        self.assertEqual(run.returncode, 1)
        self.assertIn("has changes", run.stderr)
        (self.folder / "other.json").write_text("{}", encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "no table or picture is made from other"):
            tables.check_all_used([], self.folder)


if __name__ == "__main__":
    unittest.main()
