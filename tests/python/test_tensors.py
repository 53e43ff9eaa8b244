"""Tensors by name, from model files by the library, from safetensors files of other programs, which may be
damaged."""

import json
import os
import struct
import tempfile
import unittest

import numpy as np
import snn


def file_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Tensors(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=7)
        self.net = snn.Network.build(self.ctx, "4-6-3", (4,), 3).prepare()
        self.other = snn.Network.build(snn.Context(threads=1, seed=8), "4-6-5-3", (4,), 3).prepare()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "a.bin")

    def same(self, to, layer):
        return np.array_equal(self.other.layer(to).tensor("weight"), self.net.layer(layer).tensor("weight"))

    def counts(self, report):
        return report.loaded, report.missing, report.mismatched, report.unused

    def test_both_kinds_of_files(self):
        for save in (self.net.save, self.net.save_tensors):
            save(self.path)
            self.assertEqual(self.counts(self.other.load_tensors(self.path)), (2, 2, 2, 2))
            self.assertTrue(self.same("fc1", "fc1"))
            self.assertEqual(self.counts(self.other.load_tensors(self.path, {"fc2": None})), (2, 4, 0, 2))
            names = {"fc1": "fc1", "fc2": "fc3"}
            self.assertEqual(self.counts(self.other.load_tensors(self.path, names)), (3, 2, 1, 1))
            before = self.other.layer("fc1").tensor("weight").copy()
            for wrong in ({}, {"fc1": None}):
                with self.assertRaises((ValueError, snn.Error)):
                    self.other.load_tensors(self.path, wrong, strict=True)
            with self.assertRaises((ValueError, snn.Error)):
                self.other.load_tensors(self.path, {"nobody": "fc1"})
            np.testing.assert_array_equal(before, self.other.layer("fc1").tensor("weight"))

    def test_a_network_that_is_not_prepared(self):
        for save in (self.net.save, self.net.save_tensors):
            save(self.path)
            other = snn.Network.build(self.ctx, "4-6-3", (4,), 3)
            self.assertEqual(other.load_tensors(self.path, strict=True).loaded, 4)

    def test_only_files_are_replaced(self):
        os.mkfifo(self.path)
        self.assertRaisesRegex(ValueError, "not a regular file", lambda: self.net.save_tensors(self.path))
        link = f"{self.path}.link"
        os.symlink(f"{self.path}.file", link)
        self.net.save_tensors(link)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(sorted(os.listdir(os.path.dirname(link))), ["a.bin", "a.bin.file", "a.bin.link"])

    def test_kinds_of_numbers(self):
        weight = np.arange(24).reshape(6, 4)
        half = (weight.astype(np.float32).view(np.uint32) >> 16).astype("<u2")
        for kind, array in (("F64", weight.astype("<f8")), ("F16", weight.astype("<f2")), ("BF16", half),
                            ("I64", weight.astype("<i8")), ("U8", weight.astype("u1"))):
            row = {"dtype": kind, "shape": [6, 4], "data_offsets": [0, array.nbytes]}
            with open(self.path, "wb") as file:
                file.write(file_of({"fc1.weight": row}, array.tobytes()))
            self.other.layer("fc1").tensor("weight")[...] = 0
            self.assertEqual(self.counts(self.other.load_tensors(self.path)), (1, 5, 0, 0), kind)
            np.testing.assert_array_equal(self.other.layer("fc1").tensor("weight"), weight)

    def test_files_that_are_damaged(self):
        def row(**changes):
            return {"fc1.weight": dict({"dtype": "F32", "shape": [6, 4], "data_offsets": [0, 96]}, **changes)}

        zeros, nan = bytes(96), np.full(24, np.nan, "<f4").tobytes()
        wrong = [b"", b"\1", struct.pack("<Q", 2**63), struct.pack("<Q", 10) + b"{}", file_of(b"[" * 100000),
                 file_of(b"[]"), file_of({"fc1.weight": 3}, zeros), file_of({"fc1.weight": {}}, zeros),
                 file_of(row(shape=[6, -4]), zeros), file_of(row(shape=[2**40, 2**40]), zeros),
                 file_of(row(shape="64"), zeros), file_of(row(shape=[6, 4.0]), zeros),
                 file_of(row(dtype="F7"), zeros), file_of(row(dtype=[]), zeros),
                 file_of(row(data_offsets=[0, 92]), zeros),
                 file_of(row(data_offsets=[96, 0]), zeros), file_of(row(data_offsets=[-96, 0]), zeros),
                 file_of(row(data_offsets=[0]), zeros), file_of(row(), zeros[:-1]), file_of(row(), nan)]
        before = self.other.layer("fc1").tensor("weight").copy()
        for number, content in enumerate(wrong):
            with open(self.path, "wb") as file:
                file.write(content)
            with self.assertRaises((ValueError, snn.Error), msg=number):
                self.other.load_tensors(self.path)
        np.testing.assert_array_equal(before, self.other.layer("fc1").tensor("weight"))
        self.assertRaises(FileNotFoundError, self.other.load_tensors, self.path + ".none")

    def test_a_step_in_parts(self):
        """forward(), backward() and update() with the errors of the library's own loss are step()."""
        x, y = np.random.default_rng(0).uniform(0, 2, (2, 5, 4)).astype(np.float32), np.ones((5, 3), np.float32)
        nets = [snn.Network.build(snn.Context(threads=1, seed=3), "4-6-3", (4,), 3) for _ in range(2)]
        whole, parts = (snn.Trainer(net, snn.Optimizer(net._parents[0], "sgd", lr=0.1), "sltt", 5, steps=2,
                                    loss="half_square") for net in nets)
        whole.step(x, targets=y)
        out = parts.want_input_gradient().forward(x)
        self.assertEqual(out.shape, (2, 5, 3))
        parts.backward((out - y) / 10).update()
        for a, b in zip(*(net.layer("fc1").tensor("weight") for net in nets)):
            np.testing.assert_allclose(a, b, atol=1e-7)
        self.assertEqual(parts.input_gradient().shape, x.shape)
        self.assertRaises(snn.Error, parts.update)
        self.assertRaisesRegex(ValueError, "error: expected shape", parts.backward, out[0])
        with snn.Recorder(nets[1]) as seen:
            parts.backward(parts.forward(x[0]))
            self.assertEqual(seen.spikes["sn1"].shape, (2, 5, 6))
            self.assertEqual(parts.input_gradient().shape, (5, 4))


if __name__ == "__main__":
    unittest.main()
