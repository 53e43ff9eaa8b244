"""Loss functions and errors of one's own."""

import unittest

import numpy as np
import snn


def softmax(out):
    shares = np.exp(out - out.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def cross_entropy(call):
    """What the library calls ce."""
    shares, rows = softmax(call.output), np.arange(len(call.output))
    error = shares.copy()
    error[rows, call.labels] -= 1
    return -np.log(shares[rows, call.labels]), error


def half_square(call):
    distance = call.output - call.targets
    return 0.5 * (distance ** 2).sum(axis=1), distance


class Losses(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=3)
        rng = np.random.default_rng(5)
        self.x = rng.normal(size=(12, 4)).astype(np.float32)
        self.labels, self.targets = np.arange(12) % 3, rng.normal(size=(12, 3)).astype(np.float32)

    def trainer(self, loss="ce", batch=12, steps=3, **more):
        net = snn.Network.build(self.ctx, "4-16-3", (4,), 3)
        return snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), "bptt", batch=batch, steps=steps, loss=loss,
                           **more)

    def gradients(self, trainer):
        return np.concatenate([g.ravel() for g in trainer.gradients().values()])

    def test_equals_the_named_loss(self):
        for name, function, more in (("ce", cross_entropy, {"labels": self.labels}),
                                     ("half_square", half_square, {"targets": self.targets})):
            for loss_on in ("step", "mean", "last"):
                one = self.trainer(name, loss_on=loss_on)
                other = self.trainer(name, loss_on=loss_on).set_loss(function)
                data = snn.Dataset.from_arrays(self.ctx, self.x, **more)
                for run in (lambda t: t.step(self.x, **more), lambda t: t.evaluate(data), lambda t: t.epoch(data)):
                    self.assertAlmostEqual(run(one).loss, run(other).loss, 6)
                np.testing.assert_allclose(self.gradients(one), self.gradients(other), rtol=1e-4, atol=1e-7)

    def test_what_a_loss_sees(self):
        calls = []

        def watch(call):
            calls.append(call)
            return 0.0, np.zeros_like(call.output)

        trainer = self.trainer().set_loss(watch)
        frames = np.stack([self.x] * 3)
        trainer.step(frames, self.labels, lengths=np.arange(12) % 3 + 1)
        self.assertEqual([(c.step, c.steps, c.training, c.layer) for c in calls],
                         [(t, 3, True, "fc2") for t in range(3)])
        np.testing.assert_array_equal(calls[0].labels, self.labels)
        np.testing.assert_array_equal(calls[0].lengths, np.arange(12) % 3 + 1)
        self.assertIsNone(calls[0].targets)
        data = snn.Dataset.from_arrays(self.ctx, self.x, self.labels)
        trainer.evaluate(data)
        self.assertFalse(calls[-1].training)
        whole = self.trainer(loss_on="mean").set_loss(watch)
        whole.step(self.x, self.labels)
        self.assertEqual(calls[-1].step, 3)
        kept = calls[0].output.copy()       # a copy of the library's memory, which goes on being used
        trainer.step(-frames, self.labels)
        np.testing.assert_array_equal(calls[0].output, kept)

    def test_errors_of_ones_own(self):
        trainer = self.trainer().set_loss(lambda call: (0, np.ones_like(call.output)))
        weight = trainer.network.layer("fc2").tensor("bias")
        before = weight.copy()
        self.assertEqual(trainer.step(self.x, self.labels).loss, 0)
        np.testing.assert_allclose(weight - before, -0.1, rtol=1e-5)    # mean over samples and steps of 1, times lr
        trainer.set_loss(None)
        self.assertGreater(trainer.step(self.x, self.labels).loss, 0)

    def test_streams(self):
        trainer = snn.Trainer(snn.Network.build(self.ctx, "4-16-3", (4,), 3), snn.Optimizer(self.ctx, "sgd", lr=0.1),
                              "ottt", batch=1, steps=1, loss="half_square").set_loss(half_square)
        stream = snn.Stream(trainer)
        out = stream.step(self.x[0])
        self.assertAlmostEqual(stream.learn_target(self.targets[0]), 0.5 * ((out - self.targets[0]) ** 2).sum(), 5)
        trainer.set_loss(lambda call: 1 / 0)
        stream.step(self.x[0])
        with self.assertRaises(ZeroDivisionError):
            stream.learn_target(self.targets[0])

    def test_wrong_uses(self):
        data = snn.Dataset.from_arrays(self.ctx, self.x, self.labels)
        trainer = self.trainer()
        before = trainer.network.layer("fc1").tensor("weight").copy()
        zeros = np.zeros((12, 3))
        for function, kind, text in (
                (lambda call: 1.0, TypeError, r"no pair \(loss, error\)"),
                (lambda call: (zeros, zeros), ValueError, r"a loss of shape \(12, 3\); expected \(12,\)"),
                (lambda call: (0, zeros.T), ValueError, r"an error of shape \(3, 12\); expected \(12, 3\)"),
                (lambda call: (0, None), TypeError, "an error: expected numbers, got None"),
                (lambda call: ("a", zeros), TypeError, "a loss: expected numbers"),
                (lambda call: (0, zeros + np.nan), snn.Error, "SNN_ERR_DIVERGED"),
                (lambda call: (np.inf, zeros), snn.Error, "SNN_ERR_DIVERGED"),
                (lambda call: trainer.step(self.x, self.labels), snn.Error, "SNN_ERR_STATE"),
                (lambda call: call.nothing, AttributeError, "nothing"),
                (lambda: None, TypeError, "positional argument")):
            trainer.set_loss(function)
            for call in (lambda: trainer.step(self.x, self.labels), lambda: trainer.epoch(data)):
                with self.assertRaisesRegex(kind, text):
                    call()
        with self.assertRaisesRegex(TypeError, "expected a function of a LossCall, got 'ce'"):
            trainer.set_loss("ce")
        np.testing.assert_array_equal(trainer.network.layer("fc1").tensor("weight"), before)
        self.assertEqual(trainer.set_loss(None).epoch(data).samples, 12)


if __name__ == "__main__":
    unittest.main()
