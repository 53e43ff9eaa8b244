"""Classifier and Regressor: the conventions of scikit-learn without it."""

import copy
import pickle
import signal
import subprocess
import sys
import unittest

import numpy as np
import snn


def blobs(n=150, seed=1):
    """Three clouds of points, [n,4], and their number."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return np.random.default_rng(0).normal(size=(3, 4))[y] * 3 + rng.normal(size=(n, 4)), y


def small(**more):
    return snn.Classifier(**{"network": (20,), "epochs": 4, "batch": 16, "threads": 1, "random_state": 1, **more})


class Classes(unittest.TestCase):
    def setUp(self):
        self.X, self.y = blobs()

    def test_learns_labels_of_any_type(self):
        for names in (["a", "bee", "c"], [5, -3, 10**12], [0.0, 1.0, 7.0], [True, False]):
            names, used = np.array(names), self.y < len(names)
            X, y = self.X[used], names[self.y[used]]
            model = small().fit(X, y)
            np.testing.assert_array_equal(model.classes_, np.unique(names))
            self.assertGreater(model.score(X, y), 0.95)
            self.assertEqual(model.predict(X).dtype, names.dtype)
            shares = model.predict_proba(X)
            self.assertEqual(shares.shape, (len(X), len(model.classes_)))
            np.testing.assert_allclose(shares.sum(axis=1), 1)
            np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(X))
        texts = np.array(["no", "yes", "maybe"], object)[self.y]
        self.assertIn(small().fit(self.X, texts.tolist()).predict(self.X[:1])[0], ("no", "yes", "maybe"))

    def test_is_what_a_trainer_does(self):
        model = small().fit(self.X, self.y)
        x = self.X.astype(np.float32)
        x = (x - np.float32(x.mean(dtype=np.float64))) / np.float32(x.std(dtype=np.float64))
        ctx = snn.Context(threads=1, seed=1)
        net = snn.Network.build(ctx, "4-20-3", (4,), 3)
        trainer = snn.Trainer(net, snn.Optimizer(ctx, "adam", lr=0.01), "ottt", batch=16, steps=6, loss="ce")
        data = snn.Dataset.from_arrays(ctx, x, self.y)
        losses = [trainer.epoch(data).loss for _ in range(4)]
        self.assertEqual([epoch.train.loss for epoch in model.history_], losses)
        self.assertEqual(model.n_iter_, 4)
        self.assertEqual(model.score(self.X, self.y), trainer.evaluate(data).accuracy)

    def test_random_state(self):
        def outputs(state):
            return small(random_state=state).fit(self.X, self.y).predict_proba(self.X)

        np.testing.assert_array_equal(outputs(7), outputs(7))
        self.assertFalse(np.array_equal(outputs(7), outputs(8)))
        for make in (np.random.RandomState, np.random.default_rng):
            np.testing.assert_array_equal(outputs(make(3)), outputs(make(3)))
        np.random.seed(5)
        first = outputs(None)
        self.assertFalse(np.array_equal(first, outputs(None)))
        np.random.seed(5)
        np.testing.assert_array_equal(first, outputs(None))

    def test_partial_fit(self):
        names = np.array(["x", "y", "z"])[self.y]
        model = small()
        for i in range(5):
            part = slice(i * 30, i * 30 + 30)
            self.assertIs(model.partial_fit(self.X[part], names[part], ["z", "x", "y"]), model)
        self.assertEqual(model.n_iter_, 5)
        for _ in range(4):
            model.partial_fit(self.X, names)
        self.assertGreater(model.score(self.X, names), 0.95)
        with self.assertRaisesRegex(ValueError, "label 'w' of sample 0 is not among the classes"):
            model.partial_fit(self.X[:1], ["w"])
        model.fit(self.X, self.y)       # begins anew
        self.assertEqual((model.n_iter_, model.classes_.tolist()), (4, [0, 1, 2]))

    def test_copies_go_on_alike(self):
        model = small(method="sltt", optimizer_options={"clip_norm": 5.0}).fit(self.X, self.y)
        for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            np.testing.assert_array_equal(again.predict_proba(self.X), model.predict_proba(self.X))
            self.assertEqual([e.train.loss for e in again.history_], [e.train.loss for e in model.history_])
            self.assertEqual(again.get_params(), model.get_params())
            continued = copy.deepcopy(model)
            for both in (continued, again):
                both.partial_fit(self.X, self.y)
            np.testing.assert_array_equal(again.predict_proba(self.X), continued.predict_proba(self.X))
            self.assertFalse(np.array_equal(again.predict_proba(self.X), model.predict_proba(self.X)))
        unfitted = pickle.loads(pickle.dumps(small()))
        np.testing.assert_array_equal(unfitted.fit(self.X, self.y).predict_proba(self.X),
                                      small().fit(self.X, self.y).predict_proba(self.X))

    def test_parameters(self):
        model = small(lr=0.5)
        self.assertEqual(repr(model),
                         "Classifier(network=(20,), lr=0.5, epochs=4, batch=16, threads=1, random_state=1)")
        self.assertIs(model.set_params(lr=0.01, steps=3), model)
        self.assertEqual((model.get_params()["lr"], model.get_params()["steps"]), (0.01, 3))
        self.assertEqual(model.fit(self.X, self.y).trainer_.get("steps"), 3)
        with self.assertRaisesRegex(ValueError, "parameter of Classifier: 'rate' is not one of network, neuron"):
            model.set_params(rate=1)

    def test_networks(self):
        def build(context, shape, outputs):
            net = snn.Network(context, shape)
            net.add("linear", "hidden", out=12)
            net.add(snn.Neuron(context, "lif", tau=4.0), "spikes")
            net.add("linear", "readout", out=outputs)
            return net

        for network, layers in ((build, ["hidden", "spikes", "readout"]), ("4-9-3", None), ((), None),
                                ((8, 8), None)):
            model = small(network=network).fit(self.X, self.y)
            names = [layer.name for layer in model.trainer_.network.layers()]
            self.assertEqual(names, layers or names)
            self.assertGreater(model.score(self.X, self.y), 0.6)
        pixels = (self.X[:, :, None, None] * np.ones((1, 1, 4, 4)) * 20 + 128).clip(0, 255).astype(np.uint8)
        model = small(network="4C3-3", epochs=3).fit(pixels, self.y)    # [n,4,4,4], bytes
        self.assertEqual(model.n_features_in_, 64)
        np.testing.assert_array_equal(model.predict(pixels[:9].astype(np.float32) / np.float32(255)),
                                      model.predict(pixels[:9]))

    def test_probabilities_are_those_of_the_loss(self):
        X = np.repeat(self.X[:60, :, None], 4, axis=2)[:, None].astype(np.float32)      # [60,1,4,4]
        for more in ({"method": "ide", "network": "ide-400"}, {"method": "bptt", "options": {"loss_on": "mean"}},
                     {"method": "bptt", "options": {"loss_on": "last"}}):
            model = small(normalise=False, **more).fit(X, self.y[:60])
            data = snn.Dataset.from_arrays(model.trainer_.network._parents[0], X, self.y[:60])
            losses = -np.log(model.predict_proba(X)[np.arange(60), self.y[:60]])
            self.assertAlmostEqual(losses.mean(), model.trainer_.evaluate(data).loss, 5)

    def test_frames(self):
        frames = np.stack([self.X] * 5, axis=1)
        model = small(time_axis=1, steps=5).fit(frames, self.y)
        self.assertGreater(model.score(frames, self.y), 0.9)
        with self.assertRaisesRegex(ValueError, "the first axis of X is that of samples"):
            small(time_axis=0).fit(frames, self.y)

    def test_callbacks_and_ctrl_c(self):
        stop = snn.EarlyStopping(patience=1)
        model = small(lr=0.0).fit(self.X, self.y, validation=(self.X[:30], self.y[:30]), callbacks=[stop])
        self.assertEqual(model.n_iter_, 2)

        def interrupts(run):
            signal.raise_signal(signal.SIGINT)

        model = small()
        with self.assertRaises(KeyboardInterrupt):
            model.fit(self.X, self.y, callbacks=[interrupts])
        self.assertEqual((model.n_iter_, model.predict(self.X).shape), (1, (150,)))
        model.partial_fit(self.X[:50], self.y[:50])

    def test_needs_no_scikit_learn(self):
        subprocess.run([sys.executable, "-c", "import sys, snn; snn.Classifier(); "
                        "assert not {'sklearn', 'numpy'} & set(sys.modules)"], check=True)

    def test_wrong_uses(self):
        X, y = self.X, self.y
        fitted = small(epochs=1).fit(X, y)
        for kind, text, call in (
                (ValueError, "not fitted: call fit", lambda: small().predict(X)),
                (ValueError, "target y is None", lambda: small().fit(X, None)),
                (ValueError, "Reshape your data", lambda: small().fit(X[:, 0], y)),
                (ValueError, "NaN, infinity", lambda: small().fit(np.where(X > 2, np.nan, X), y)),
                (ValueError, "too large for float32", lambda: small().fit(X * 1e60, y)),
                (ValueError, "0 sample", lambda: small().fit(X[:0], y[:0])),
                (ValueError, "150 samples but y 149", lambda: small().fit(X, y[1:])),
                (ValueError, "argmax", lambda: small().fit(X, np.eye(3)[y])),
                (ValueError, "Regressor learns numbers", lambda: small().fit(X, y + 0.5)),
                (ValueError, "one class only, \\[1\\]", lambda: small().fit(X, np.ones(150, int))),
                (ValueError, "labels of several types", lambda: small().fit(X, np.array([1, "a", 2] * 50, object))),
                (ValueError, "X has 3 features, but Classifier is expecting 4", lambda: fitted.predict(X[:, 1:])),
                (ValueError, "samples of shape", lambda: fitted.predict(X[:, None])),
                (ValueError, "batch: 0", lambda: small(batch=0).fit(X, y)),
                (ValueError, "epochs: -1", lambda: small(epochs=-1).fit(X, y)),
                (ValueError, "network: 0", lambda: small(network=(0,)).fit(X, y)),
                (ValueError, "random_state: -1", lambda: small(random_state=-1).fit(X, y)),
                (TypeError, "random_state: 'x'", lambda: small(random_state="x").fit(X, y)),
                (snn.Error, "unknown training method \"otttt\"", lambda: small(method="otttt").fit(X, y)),
                (snn.Error, "momentun", lambda: small(optimizer_options={"momentun": 1}).fit(X, y))):
            with self.assertRaisesRegex(kind, text):
                call()


class Numbers(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(4)
        self.X = rng.normal(size=(200, 3))
        self.y = self.X @ [[30.0], [-10.0], [0.0]] + 1000

    def regressor(self, **more):
        return snn.Regressor((30,), epochs=10, batch=16, threads=1, random_state=1, **more)

    def test_learns_one_and_several(self):
        one = self.regressor().fit(self.X, self.y[:, 0])
        self.assertEqual(one.predict(self.X).shape, (200,))
        self.assertGreater(one.score(self.X, self.y[:, 0]), 0.9)
        both = np.hstack([self.y, -self.y / 1000])
        several = self.regressor().fit(self.X, both)
        self.assertEqual((several.predict(self.X).shape, several.n_outputs_), ((200, 2), 2))
        self.assertGreater(several.score(self.X, both), 0.9)
        again = pickle.loads(pickle.dumps(several))
        np.testing.assert_array_equal(again.predict(self.X), several.predict(self.X))

    def test_predictions_are_those_of_the_library(self):
        x = self.X.astype(np.float32)
        for options in ({}, {"loss_on": "last"}, {"loss_on": "mean"}, {"loss_on": "sum"}, {"loss_on": "max"}):
            model = self.regressor(method="bptt", normalise=False, options=options).fit(x, self.y * 0 + x[:, :1])
            data = snn.Dataset.from_arrays(model.trainer_._parents[0]._parents[0], x, targets=x[:, :1])
            want = model.trainer_.evaluate(data)
            self.assertAlmostEqual(model.score(x, x[:, :1]), want.r2, 5)
            self.assertAlmostEqual(((model.predict(x) - x[:, :1]) ** 2).mean(), want.squared_error, 5)

    def test_score_is_r2(self):
        model = self.regressor().fit(self.X, self.y)
        out, weight = model.predict(self.X), np.arange(200.0)
        self.assertAlmostEqual(model.score(self.X, self.y),
                               1 - ((self.y - out) ** 2).sum() / ((self.y - self.y.mean()) ** 2).sum())
        mean = (weight @ self.y) / weight.sum()
        self.assertAlmostEqual(model.score(self.X, self.y, weight),
                               float(1 - weight @ (self.y - out) ** 2 / (weight @ (self.y - mean) ** 2)))

    def test_wrong_uses(self):
        fitted = self.regressor().fit(self.X, self.y)
        for kind, text, call in (
                (ValueError, "y has shape", lambda: self.regressor().fit(self.X, self.y[:, :, None])),
                (ValueError, "y holds NaN", lambda: self.regressor().fit(self.X, self.y * np.nan)),
                (TypeError, "y: expected numbers", lambda: self.regressor().fit(self.X, ["a"] * 200)),
                (ValueError, "y has 2 outputs, but 1 were fitted",
                 lambda: fitted.partial_fit(self.X, np.hstack([self.y, self.y]))),
                (ValueError, "Regressor is expecting 3", lambda: fitted.predict(self.X[:, :2]))):
            with self.assertRaisesRegex(kind, text):
                call()


if __name__ == "__main__":
    unittest.main()
