"""Arrays of all kinds as samples: no copy where the memory fits, bytes as images, the axis of time by its name."""

import array
import decimal
import gc
import importlib.util
import unittest

import numpy as np
import snn


class Foreign:
    """An array of another library, which shows its memory by DLPack alone."""

    def __init__(self, values, device=1):
        self._values, self._device = values, device

    def __dlpack_device__(self):
        return self._device, 0

    def __dlpack__(self, stream=None):
        return self._values.__dlpack__()


class Arrays(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=3)
        net = snn.Network.build(self.ctx, "6-16-3", (6,), 3)
        self.evaluator = snn.Evaluator(net, batch=8, steps=4)
        self.x = np.random.default_rng(1).random((8, 6), np.float32)
        self.scores = self.evaluator.predict(self.x)

    def same(self, x, **named):
        np.testing.assert_array_equal(self.evaluator.predict(x, **named), self.scores)
        data = snn.Dataset.from_arrays(self.ctx, x, np.arange(8) % 3, 3)
        np.testing.assert_array_equal([data[i][0] for i in range(8)], self.x)

    def test_types_and_strides(self):
        self.x = np.round(self.x * 16) / 16     # the same numbers in every type
        self.scores = self.evaluator.predict(self.x)
        wide = np.zeros((16, 12), np.float32)
        wide[::2, ::2] = self.x
        for x in (self.x.astype(np.float64), self.x.astype(np.float16), self.x.astype(">f4"), self.x.tolist(),
                  np.asfortranarray(self.x), wide[::2, ::2], np.ascontiguousarray(self.x[::-1])[::-1],
                  memoryview(self.x), Foreign(self.x), Foreign(self.x.astype(np.float64)),
                  [[decimal.Decimal(float(v)) for v in row] for row in self.x]):
            self.same(x)
        whole = np.arange(48).reshape(8, 6) % 3
        self.x = whole.astype(np.float32)
        self.scores = self.evaluator.predict(self.x)
        for kind in (np.int8, np.int16, np.int64, np.uint16, np.uint64):
            self.same(whole.astype(kind))
        self.x = self.x > 1
        self.scores = self.evaluator.predict(self.x.astype(np.float32))
        self.same(self.x)

    def test_bytes_are_images(self):
        pixels = np.random.default_rng(2).integers(0, 256, (8, 6), np.uint8)
        self.x = pixels.astype(np.float32) / np.float32(255)
        self.scores = self.evaluator.predict(self.x)
        for x in (pixels, Foreign(pixels), memoryview(pixels), np.asfortranarray(pixels)):
            self.same(x)
        np.testing.assert_array_equal(snn.Stream(self.evaluator._parents[0]).step(pixels[0]),
                                      snn.Stream(self.evaluator._parents[0]).step(self.x[0]))

    def test_samples_are_not_copied(self):
        for x in (self.x, self.x[:4], self.x[::1], memoryview(self.x), Foreign(self.x), self.frames()):
            batch, (kept,) = self.evaluator._batch(x, None, 0)
            self.assertTrue(np.shares_memory(kept, getattr(x, "_values", x)))
            self.assertEqual(kept.ctypes.data, batch.x)
        column = array.array("f", self.x.ravel())
        _, (kept,) = self.evaluator._batch(memoryview(column).cast("B").cast("f", (8, 6)), None, 0)
        column[5] = 77
        self.assertEqual(kept[0, 5], 77)

    def frames(self, axis=0):
        return np.stack([self.x * k for k in range(4)], axis)

    def test_data_sets_read_where_samples_lie(self):
        pixels = np.zeros((16, 6), np.uint8)
        for x in (self.x, np.zeros((16, 6), np.float32)[::2], pixels, pixels[::2], Foreign(self.x), self.x[::-1],
                  np.zeros((6, 8), np.uint8).T):
            values = getattr(x, "_values", x)
            data = snn.Dataset.from_arrays(self.ctx, x, np.zeros(len(values), int), 3)
            values[3, 2] = 51
            self.assertEqual(data[3][0][2], np.float32(51) / np.float32(255 if values.dtype == np.uint8 else 1))
        for x, axis in ((self.frames(), 0), (self.frames(1), 1), (self.frames()[:, ::2], 0),
                        (self.frames().astype(np.uint8), 0)):
            data = snn.Dataset.from_arrays(self.ctx, x, np.zeros(x.shape[1 - axis], int), 3, time_axis=axis)
            x[(2, 1, 0) if axis == 0 else (1, 2, 0)] = 51
            self.assertEqual(data[1][0][2, 0], np.float32(51) / np.float32(255 if x.dtype == np.uint8 else 1))

    def test_samples_outlive_their_name(self):
        data = snn.Dataset.from_arrays(self.ctx, Foreign(self.x.copy()), np.zeros(8, int), 3)
        gc.collect()
        np.testing.assert_array_equal(data[7][0], self.x[7])

    def test_axis_of_time(self):
        frames = self.frames()
        scores = self.evaluator.predict(frames)
        for x in (frames.swapaxes(0, 1), self.frames(1), self.frames(1).astype(np.float64)):
            np.testing.assert_array_equal(self.evaluator.predict(x, time_axis=1), scores)
        labels, targets = np.arange(8) % 3, np.random.default_rng(3).random((4, 8, 3), np.float32)
        losses = set()
        for kind, more in (("ce", {"labels": labels}), ("mse", {"targets": targets})):
            for axis in (0, 1):
                turned = {k: v.swapaxes(0, 1) if axis and v.ndim == 3 else v for k, v in more.items()}
                x = self.frames(axis)
                for train in (lambda t: t.step(x, time_axis=axis, **turned),
                              lambda t: t.epoch(snn.Dataset.from_arrays(self.ctx, x, classes=3 if "labels" in turned
                                                                        else None, time_axis=axis, **turned))):
                    net = snn.Network.build(self.ctx, "6-16-3", (6,), 3)
                    losses.add(train(snn.Trainer(net, snn.Optimizer(self.ctx, "sgd"), "bptt", batch=8, steps=4,
                                                 loss=kind, shuffle=0)).loss)
        self.assertEqual(len(losses), 2)    # one for labels, one for targets, however they come

    @unittest.skipUnless(importlib.util.find_spec("torch"), "no PyTorch here")
    def test_tensors(self):
        import torch
        tensor = torch.from_numpy(self.x)
        _, (kept,) = self.evaluator._batch(tensor, None, 0)
        self.assertEqual(kept.ctypes.data, tensor.data_ptr())
        for x in (tensor, tensor.double().t().contiguous().t(), torch.stack([tensor] * 2)[1]):
            np.testing.assert_array_equal(self.evaluator.predict(x), self.scores)
        np.testing.assert_array_equal(self.evaluator.predict(tensor > 0.5), self.evaluator.predict(self.x > 0.5))
        data = snn.Dataset.from_arrays(self.ctx, tensor, torch.arange(8) % 3)
        tensor[2, 3] = 9
        self.assertEqual((data[2][0][3], data[2][1]), (9, 2))
        for wrong in (tensor.requires_grad_(), torch.zeros(8, 6).bfloat16(), torch.zeros(8, 6).to_sparse()):
            with self.assertRaisesRegex(TypeError, "samples: "):
                self.evaluator.predict(wrong)

    def test_what_has_no_numbers(self):
        for wrong, text in ((Foreign(self.x, device=2), "bring it to the processor's memory"),
                            (np.ma.masked_array(self.x, self.x > 0.5), "filled"),
                            (object(), "expected numbers"), ([["a"]], "expected numbers"),
                            (b"abc", "expected numbers"),
                            (None, "expected numbers"), (self.x.astype(complex), "complex")):
            with self.assertRaisesRegex(TypeError, text):
                self.evaluator.predict(wrong)
        with self.assertRaisesRegex(ValueError, "samples: .*inhomogeneous"):
            self.evaluator.predict([[1.0, 2.0], [3.0]])


if __name__ == "__main__":
    unittest.main()
