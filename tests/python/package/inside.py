"""Looking inside: what a Recorder shows equals a NumPy loop, changes nothing, comes and goes; what people read."""

import gc
import unittest

import numpy as np
import snn

T, N, K = 12, 3, 6

# Models and parameters, each a case of the equations in docs/neurons.md.
NEURONS = [
    ("if", {}), ("if", {"floor": -0.25, "threshold": 0.8}), ("lif", {"tau": 2.0}),
    ("lif", {"decay": 0.9, "reset": "zero", "threshold": 0.7}), ("lif", {"reset": "value", "reset_value": 0.2}),
    ("lif", {"input_scaled": 1, "decay": 0.4, "threshold": 0.5}), ("lif", {"initial": 0.6, "fire_at": 0.5}),
    ("lif", {"refractory": 2, "threshold": 0.5}), ("plif", {"decay": 0.8}),
    ("cuba", {"decay": 0.7, "current_decay": 0.5}),
    ("cuba", {"decay": 0.7, "initial": -0.2, "initial_current": 1.5}),
    ("alif", {"adapt_strength": 1.5, "adapt_decay": 0.8}),
]


def loop(neuron, currents):
    """Potentials before the threshold test, and spikes, of a prototype's parameters."""
    p = {name: neuron.get(name) for name in neuron.params()}
    decay = np.float32(p.get("decay", 1))
    k = 1 - decay if p.get("input_scaled") else np.float32(1)
    threshold, membrane, spikes = p["threshold"], np.zeros_like(currents), np.zeros_like(currents)
    r = np.full(currents.shape[1:], p["initial"], np.float32)
    b, s, q = (np.zeros_like(r) for _ in range(3))
    i = np.full_like(r, p.get("initial_current", 0))
    for t, current in enumerate(currents):
        i = np.float32(p["current_decay"]) * i + current if "current_decay" in p else current
        u = np.maximum(decay * r + k * i, np.float32(p["floor"]))
        b = np.float32(p.get("adapt_decay", 0)) * b + np.float32(1 - p.get("adapt_decay", 0)) * s
        q = np.maximum(q - 1, 0) if t else q
        s = ((u >= np.float32(p["fire_at"] * threshold) + np.float32(p.get("adapt_strength", 0)) * b)
             & (q == 0)).astype(np.float32)
        q = np.where(s > 0, np.float32(p["refractory"] + 1), q)
        membrane[t], spikes[t] = u, s
        reset = {"subtract": u - np.float32(threshold), "zero": 0 * u, "value": 0 * u + np.float32(p["reset_value"])}
        r = np.where(s > 0, reset[p["reset"]], u)
    return membrane, spikes


class Neurons(unittest.TestCase):
    def test_equal_a_loop(self):
        ctx = snn.Context(threads=1)
        currents = np.random.default_rng(4).normal(0.4, 0.5, (T, N, K)).astype(np.float32)
        for model, parameters in NEURONS:
            with self.subTest(model=model, **parameters):
                neuron = snn.Neuron(ctx, model, **parameters)
                net = snn.Network(ctx, (K,))
                net.add(neuron, "n")
                net.add("linear", "out", out=2)
                evaluator = snn.Evaluator(net, batch=N, steps=T)
                with snn.Recorder(evaluator, layers=["n"]) as seen:
                    evaluator.predict(currents)
                membrane, spikes = loop(neuron, currents)
                np.testing.assert_allclose(seen.membrane["n"], membrane, rtol=2e-6, atol=2e-6)
                np.testing.assert_array_equal(seen.spikes["n"], spikes)
                self.assertTrue(0.05 < spikes.mean() < 0.95)
                self.assertEqual(list(seen.spikes), ["n"])


class Inside(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=2, seed=3)
        rng = np.random.default_rng(5)
        self.x = rng.normal(0.5, 1, (8, 4)).astype(np.float32)
        self.labels = np.arange(8) % 3

    def trainer(self, method="ottt", notation="4-16-3", **parameters):
        net = snn.Network.build(self.ctx, notation, (4,), 3)
        return net, snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), method, batch=8, steps=5, **parameters)

    def test_every_layer(self):
        net, trainer = self.trainer()
        plain = trainer.predict(self.x)
        with snn.Recorder(net, output=True) as seen:
            scores = trainer.predict(self.x[:6])
        np.testing.assert_array_equal(scores, plain[:6])
        names = [layer.name for layer in net.layers()]
        self.assertEqual(list(seen.output), names)
        self.assertEqual({name: array.shape for name, array in seen.output.items()},
                         {layer.name: (5, 6, *layer.info().out.tuple()) for layer in net.layers()})
        np.testing.assert_allclose(seen.output[names[-1]].sum(0), scores, rtol=1e-6)
        fc = net.layer("fc1")
        np.testing.assert_allclose(seen.output["fc1"][2], self.x[:6] @ fc.tensor("weight").T + fc.tensor("bias"),
                                   rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(seen.spikes["sn1"], seen.membrane["sn1"] >= 1)
        self.assertEqual((seen.trace, seen.gradients), ({}, {}))

    def test_trace_is_that_of_ottt(self):
        net, trainer = self.trainer()
        with snn.Recorder(trainer) as seen:
            trainer.step(self.x, self.labels)
        decay, want = net.layer("sn1").get("decay"), np.zeros((8, 16))
        for t, spikes in enumerate(seen.spikes["sn1"]):
            want = decay * want + spikes
            np.testing.assert_allclose(seen.trace["sn1"][t], want, rtol=1e-6)

    def test_training_is_the_same(self):
        for method in ("bptt", "sltt", "ottt", "opzo", "sei"):
            (_, plain), (net, watched) = self.trainer(method), self.trainer(method)
            for attempt in range(3):
                want = plain.step(self.x, self.labels)
                if attempt == 1:
                    with snn.Recorder(net, output=True, gradients=True, error=True) as seen:
                        got = watched.step(self.x, self.labels)
                    self.assertEqual(bool(seen.error), method == "opzo")
                    self.assertEqual(watched.layer_metrics()["sn1"].firing_rate,
                                     np.float32(seen.spikes["sn1"]).mean(dtype=np.float64))
                    for name, gradient in watched.gradients().items():
                        np.testing.assert_array_equal(gradient, seen.gradients[name])
                else:
                    got = watched.step(self.x, self.labels)
                self.assertEqual((got.loss, got.firing_rate), (want.loss, want.firing_rate), method)
            self.assertEqual(plain.info().bytes, watched.info().bytes)

    def test_methods_of_feedback(self):
        for method, name in (("ide", "ide-400"), ("spide", "spide-lenet"), ("eprop", "784-9-3")):
            net = snn.Network.build(self.ctx, name, (1, 28, 28), 3)
            trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "sgd"), method, batch=2, steps=4)
            with snn.Recorder(net, error=True, gradients=True, step_gradients=True) as seen:
                trainer.step(np.full((2, 1, 28, 28), 0.5), [0, 1])
            self.assertTrue(seen.spikes)
            for layer, spikes in seen.spikes.items():
                threshold = net.layer(layer).get("threshold") * net.layer(layer).get("fire_at")
                np.testing.assert_array_equal(spikes, seen.membrane[layer] >= np.float32(threshold))
            self.assertEqual(bool(seen.error), method == "eprop")
            for tensor, gradient in seen.gradients.items():
                np.testing.assert_allclose(seen.step_gradients[tensor].sum(0), gradient, rtol=1e-5, atol=1e-7)

    def test_gradients(self):
        net, trainer = self.trainer("bptt")
        weights = {f"{l.name}.{name}": l.tensor(name) for l in net.layers() for name in l.tensors()}
        with self.assertRaisesRegex(snn.Error, "SNN_ERR_STATE"):
            trainer.gradients()
        before = {name: array.copy() for name, array in weights.items()}
        with snn.Recorder(trainer, gradients=True, step_gradients=True) as seen:
            trainer.step(self.x, self.labels)
        self.assertEqual(set(seen.gradients), set(before))
        for name, array in weights.items():
            np.testing.assert_allclose(before[name] - np.float32(0.1) * seen.gradients[name], array, rtol=1e-6,
                                       atol=1e-7)
            self.assertEqual(seen.step_gradients[name].shape, (5, *array.shape))
            np.testing.assert_allclose(seen.step_gradients[name].sum(0), seen.gradients[name], rtol=1e-5, atol=1e-7)
            self.assertTrue(seen.gradients[name].any())

    def test_batches_of_a_data_set(self):
        net, trainer = self.trainer()
        data = snn.Dataset.from_arrays(self.ctx, np.tile(self.x, (2, 1))[:11], np.arange(11) % 3)
        with snn.Recorder(net) as last, snn.Recorder(net, every_batch=True, layers=[net.layer("sn1")]) as every:
            trainer.evaluate(data)
            self.assertEqual((last.spikes["sn1"].shape, every.spikes["sn1"].shape), ((5, 3, 16), (5, 11, 16)))
            np.testing.assert_array_equal(every.spikes["sn1"][:, 8:], every.spikes["sn1"][:, :3])
            every.clear()
            self.assertEqual(repr(every), "Recorder(nothing yet)")
        trainer.evaluate(data)
        self.assertEqual(every.spikes, {})

    def test_trainers_that_come_later(self):
        net, _ = self.trainer()
        with snn.Recorder(net, gradients=True, step_gradients=True) as seen:
            snn.Evaluator(net, batch=2, steps=7).predict(self.x[:2])
        self.assertEqual(seen.spikes["sn1"].shape, (7, 2, 16))

    def test_closed_in_a_callback(self):
        net, trainer = self.trainer()
        data = snn.Dataset.from_arrays(self.ctx, self.x, self.labels)
        seen, looks = snn.Recorder(net), []

        class Closing(snn.Callback):
            def after_batch(self, run, progress):
                seen.close()
                looks.append(run.trainer.predict(run.data[0][0][None]) if progress.training else None)

        trainer.fit(data, 2, callbacks=[Closing()], progress=False)
        self.assertEqual((len(looks), seen.spikes["sn1"].shape), (2, (5, 8, 16)))

    def test_forgotten_recorders(self):
        _, trainer = self.trainer()
        bytes_before = trainer.info().bytes
        snn.Recorder(trainer, step_gradients=True)
        gc.collect()
        trainer.step(self.x, self.labels)
        self.assertEqual(trainer.info().bytes, bytes_before)

    def test_failures(self):
        net, trainer = self.trainer()
        with self.assertRaisesRegex(KeyError, "fc1"):
            snn.Recorder(net, layers=["fc9"])
        with self.assertRaisesRegex(TypeError, r'\["sn1"\]'):
            snn.Recorder(net, layers="sn1")
        with self.assertRaisesRegex(TypeError, "a Trainer or an Evaluator, got Context"):
            snn.Recorder(self.ctx)
        with self.assertRaisesRegex(ValueError, "an evaluator does not train"):
            snn.Recorder(snn.Evaluator(net, batch=8), gradients=True)
        with snn.Recorder(trainer) as seen:
            seen._layers[0].handle = snn.Network.build(self.ctx, "4-5-3", (4,), 3).layers()[0]._handle
            with self.assertRaisesRegex(snn.Error, "another network|SNN_ERR_ARGUMENT"):
                trainer.predict(self.x)
        trainer.predict(self.x)


class Shown(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=3, isa="ref")
        self.net = snn.Network.build(self.ctx, "4-16-3", (4,), 3)

    def test_network(self):
        table = str(self.net).splitlines()
        self.assertEqual(repr(self.net), f"Network(4 -> ?, {len(self.net.layers())} layers, not prepared)")
        self.net.prepare()
        self.assertEqual(table, str(self.net).splitlines())
        self.assertEqual(repr(self.net), f"Network(4 -> 3, {len(self.net.layers())} layers, 131 parameters)")
        self.assertEqual(table[0].split(), ["layer", "type", "reads", "output", "parameters", "neurons"])
        self.assertIn(["fc1", "linear", "16", "80", "0"], [line.split() for line in table])
        self.assertIn(["sn1", "lif", "16", "0", "16"], [line.split() for line in table])
        self.assertRegex(table[-1], "^131 parameters, .* 16 neurons; input 4$")
        loop = str(snn.Network.build(self.ctx, "ide-400", (1, 28, 28), 10))
        self.assertRegex(loop, "feedback +linear +sn1 1 before +400")
        self.assertEqual(repr(self.net.layer("fc1")), "Layer('fc1', linear, 4 -> 16, 80 parameters)")
        self.assertIn("SNN_ERR", str(snn.Network(self.ctx, (4,))))

    def test_one_line_each(self):
        optimizer = snn.Optimizer(self.ctx, "sgd", momentum=0.9)
        trainer = snn.Trainer(self.net, optimizer, "sltt", batch=8, steps=2)
        data = snn.Dataset.from_arrays(self.ctx, np.ones((9, 2, 4)), np.arange(9) % 3, time_axis=1)
        for thing, text in (
                (self.ctx, "Context(threads=1, seed=3, isa='ref')"),
                (optimizer, "Optimizer('sgd', lr=0.1, momentum=0.9)"),
                (snn.Neuron(self.ctx, "lif", reset="zero", tau=4.0),
                 "Neuron('lif', decay=0.75, tau=4, reset='zero')"),
                (trainer, f"Trainer('sltt', batch=8, steps=2, epochs=0, updates=0, {self.net!r})"),
                (snn.Evaluator(self.net, batch=8, steps=2), f"Evaluator(batch=8, steps=2, {self.net!r})"),
                (data, "Dataset(9 samples of 4 in 2 frames, 3 classes)")):
            self.assertEqual(repr(thing), text)

    def test_figures_that_mean_something(self):
        trainer = snn.Trainer(self.net, snn.Optimizer(self.ctx, "sgd"), "sltt", batch=8, steps=2)
        x = np.ones((8, 4), np.float32)
        trained = trainer.step(x, np.arange(8) % 3)
        self.assertEqual(set(trained.as_dict()), {"samples", "loss", "accuracy", "seconds", "learning_rate",
                                                  "firing_rate", "samples_per_second"})
        self.assertRegex(repr(trained), r"^Metrics\(samples=8, loss=1\.\d+, accuracy=0\.\d+, .*\)$")
        self.assertNotIn("nan", repr(trained))
        self.assertEqual(trained.solver_failures, 0)
        data = snn.Dataset.from_arrays(self.ctx, x, targets=np.ones((8, 3)))
        tested = snn.Evaluator(self.net, batch=8, steps=2, loss="mse")
        figures = tested.evaluate(data).as_dict()
        self.assertTrue({"squared_error", "synops_dense"} <= set(figures))
        self.assertNotIn("accuracy", figures)
        table = tested.layer_metrics()
        self.assertEqual(table["fc1"].synops_dense, 2 * 4 * 16)
        self.assertRegex(repr(table).splitlines()[0], "layer +firing rate +synops dense")
        self.assertEqual(self.net.info().as_dict()["in_"], (4,))
        self.assertNotIn("context", self.net.info().as_dict())


if __name__ == "__main__":
    unittest.main()
