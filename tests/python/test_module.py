"""The Python module: its structures are those of the headers, arrays share the library's memory, failures raise."""

import ctypes
import gc
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import numpy as np
import snn
from snn import _library, _structures


class Layout(unittest.TestCase):
    STRUCTS = {
        "snn_context_options": _structures.ContextOptions, "snn_context_info": _structures.ContextInfo,
        "snn_param_info": _structures.ParamInfo, "snn_shape": _structures.Shape, "snn_tensor": _structures.TensorInfo,
        "snn_layer_info": _structures.LayerInfo, "snn_network_info": _structures.NetworkInfo,
        "snn_trainer_info": _structures.TrainerInfo, "snn_model_info": _structures.ModelInfo,
        "snn_dataset_info": _structures.DatasetInfo, "snn_dataset_source": _structures.DatasetSource,
        "snn_metrics": _structures.Metrics, "snn_projection_info": _structures.ProjectionInfo,
        "snn_continual_info": _structures.ContinualInfo, "snn_sample": _structures.Sample,
        "snn_batch": _structures.Batch, "snn_progress": _structures.Progress, "snn_loss_call": _structures.LossCall,
        "snn_layer_metrics": _structures.LayerMetrics,
    }

    def test_kinds_of_names_match_the_record(self):
        with open(os.path.join(os.environ["SNN_SOURCE"], "tests", "contract", "constants.txt"),
                  encoding="ascii") as file:
            record = dict(line.split() for line in file if line.startswith("SNN_NAME_"))
        kinds = {f"SNN_NAME_{kind.upper()}": str(number) for kind, number in snn._library.NAME_KINDS.items()}
        self.assertEqual(kinds, record)

    def test_structures_match_the_record(self):
        record = {}
        with open(os.path.join(os.environ["SNN_SOURCE"], "tests", "contract", "abi.txt"), encoding="ascii") as file:
            for line in file:
                if not line.startswith("#"):
                    offset, size, name = line.split()
                    record[name] = int(offset), int(size)
        for name, struct in self.STRUCTS.items():
            self.assertEqual(record[name], (0, ctypes.sizeof(struct)), name)
            fields = [f[0] for kind in reversed(struct.__mro__) for f in vars(kind).get("_fields_", ())]
            self.assertEqual(len(fields), sum(r.startswith(name + ".") for r in record), name)
            for field in fields:
                at = getattr(struct, field)
                self.assertEqual(record[f"{name}.{field.rstrip('_')}"], (at.offset, at.size), f"{name}.{field}")


class Loading(unittest.TestCase):
    def test_a_library_of_another_version_is_refused(self):
        with unittest.mock.patch.object(_library._build, "VERSION", "0.2.3"):
            for version in ("0.2.3", "0.2.11"):
                _library._compare(version)
            for version in ("0.2.2", "0.1.9", "0.3.3", "1.2.3"):
                with self.assertRaisesRegex(ImportError, f"of libsnn 0.2.3, but .* is of {version}: install both"):
                    _library._compare(version)

    def test_the_library_that_is_taken(self):
        package = os.path.dirname(_library.__file__)
        with unittest.mock.patch.dict(os.environ), tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "libsnn.so.9").touch()
            there = os.path.relpath(folder, package)
            with unittest.mock.patch.multiple(_library._build, FOLDER=there, SONAME="libsnn.so.9"):
                os.environ["SNN_LIBRARY"] = "/a/libsnn.so"
                self.assertEqual(_library._core(), "/a/libsnn.so")
                del os.environ["SNN_LIBRARY"]
                self.assertTrue(os.path.samefile(_library._core(), os.path.join(folder, "libsnn.so.9")))
                os.remove(os.path.join(folder, "libsnn.so.9"))
                self.assertEqual(_library._core(), "libsnn.so.9")   # the system's

    def test_absent_libraries_and_functions(self):
        with self.assertRaisesRegex(ImportError, "libsnn-nothing cannot be loaded: .*; install it, or set "):
            _library.load("snn-nothing")
        with self.assertRaisesRegex(ImportError, r"has no snn_nothing\(\): it is older than this module"):
            _library.declare(_library.library, {"snn_nothing": ()}, {})


class Training(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=2, seed=3)

    def trainer(self, method="ottt", **parameters):
        net = snn.Network.build(self.ctx, "2-16-2", (2,), 2)
        return net, snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), method, batch=16, steps=4, **parameters)

    def test_names(self):
        self.assertTrue({"bptt", "sltt", "ottt"} <= snn.names("method").keys())
        self.assertEqual(snn.names("optimizer")["sgd"], "stochastic gradient descent, with momentum")
        for kind in snn._library.NAME_KINDS:
            self.assertTrue(all(name and text for name, text in snn.names(kind).items()) and snn.names(kind), kind)
        self.assertEqual(snn.version().count("."), 2)

    def test_array_is_the_memory_of_the_library(self):
        net, trainer = self.trainer()
        layer = next(l for l in net.layers() if l.type == "linear")
        weight = layer.tensor("weight")
        self.assertEqual(weight.shape, (16, 2))
        self.assertFalse(weight.flags.owndata)
        x = np.array([[1.0, -1.0]], np.float32)
        scores = trainer.predict(x)
        weight[:] = 0
        self.assertFalse(np.array_equal(scores, trainer.predict(x)))
        self.assertEqual(np.abs(layer.tensor("weight")).max(), 0)

    def test_array_keeps_its_network_alive(self):
        net = snn.Network.build(self.ctx, "2-16-2", (2,), 2).prepare()
        weight = next(l for l in net.layers() if l.type == "linear").tensor("weight")
        total = weight.sum()
        net = None
        gc.collect()
        self.assertEqual(weight.sum(), total)

    def test_teacher(self):
        rng = np.random.default_rng(7)
        x = rng.normal(size=(16, 2)).astype(np.float32)
        labels = (x[:, 0] > x[:, 1]).astype(np.uint32)
        results = []
        for host in (False, True):
            _, teacher = self.trainer("bptt")
            net, student = self.trainer("sei", distil=0.5, distil_tau=2)
            with self.assertRaises(snn.Error):
                student.step(x, labels)
            if host:
                student.set_logits(teacher.predict(x) / 4)
            else:
                student.set_teacher(teacher)
            student.step(x, labels)
            results.append(np.concatenate([l.tensor("weight").ravel() for l in net.layers() if l.type == "linear"]))
        self.assertTrue(np.array_equal(*results))
        with tempfile.TemporaryDirectory() as folder:
            net.save_packed(os.path.join(folder, "packed.snn"))
            self.assertEqual(snn.Network.load(self.ctx, os.path.join(folder, "packed.snn")).describe(),
                             net.describe())

    def test_packed_network(self):
        net = snn.Network.build(self.ctx, "binary-mlp", (1, 4, 4), 3)
        x = np.random.default_rng(7).normal(size=(16, 1, 4, 4)).astype(np.float32)
        reader = snn.Evaluator(net, batch=16)
        before = reader.predict(x)
        latent = {l.name: l.tensor("weight").copy() for l in net.layers() if l.type == "linear"}
        signs = [l for l in net.pack().layers() if "weight" in l.tensors() and not l.tensor("weight").flags.writeable]
        self.assertEqual(len(signs), net.describe().count('"binary"'))
        for layer in signs:
            w = latent[layer.name]
            np.testing.assert_allclose(layer.tensor("weight"),
                                       np.abs(w).mean(1, keepdims=True) * np.where(w >= 0, 1, -1), 1e-6)
        self.assertTrue(np.array_equal(reader.predict(x), before))
        with self.assertRaises(snn.Error):
            snn.Trainer(net, snn.Optimizer(self.ctx, "sgd"), "sei", batch=16)

    def test_training_from_arrays(self):
        rng = np.random.default_rng(5)
        x = rng.normal(size=(400, 2)).astype(np.float32)
        labels = (x[:, 0] > x[:, 1]).astype(np.uint32)
        data = snn.Dataset.from_arrays(self.ctx, x, labels)
        self.assertEqual((len(data), data.shape, data.classes), (400, (2,), 2))
        sample, label = data[7]
        self.assertTrue(np.array_equal(sample, x[7]) and label == labels[7])
        for method in ("bptt", "sltt", "ottt"):
            _, trainer = self.trainer(method)
            for _ in range(5):
                trainer.epoch(data)
            self.assertGreater(trainer.evaluate(data).accuracy, 0.9, method)
            self.assertEqual(trainer.info().epochs, 5)

    def test_targets_and_lengths(self):
        rng = np.random.default_rng(6)
        x = rng.normal(size=(12, 4, 2)).astype(np.float32)
        targets = x[:, :, ::-1] * 0.5
        lengths = np.arange(12) % 4 + 1
        data = snn.Dataset.from_arrays(self.ctx, x, targets=targets, lengths=lengths, time_axis=1)
        info = data.info()
        self.assertEqual((info.frames, info.targets, info.target_frames, info.classes), (4, 2, 4, 0))
        for i in (2, 3):
            sample, target = data[i]
            np.testing.assert_array_equal(sample[:lengths[i]], x[i, :lengths[i]])
            np.testing.assert_array_equal(target[:lengths[i]], targets[i, :lengths[i]])
            self.assertFalse(sample[lengths[i]:].any() or target[lengths[i]:].any())
        _, one = self.trainer(loss="mse", shuffle=0)
        _, other = self.trainer(loss="mse", shuffle=0)
        a = one.epoch(data)
        b = other.step(x.transpose(1, 0, 2), targets=targets.transpose(1, 0, 2), lengths=lengths)
        self.assertEqual((a.loss, a.squared_error, a.r2), (b.loss, b.squared_error, b.r2))
        x = x.transpose(1, 0, 2)
        np.testing.assert_array_equal(one.predict(x, lengths=lengths), other.predict(x, lengths=lengths))

    def test_labels_of_steps(self):
        rng = np.random.default_rng(7)
        x = rng.normal(size=(12, 4, 2)).astype(np.float32)
        labels = (x[:, :, 0] > x[:, :, 1]).astype(np.int64)
        lengths = np.arange(12) % 4 + 1
        data = snn.Dataset.from_arrays(self.ctx, x, step_labels=labels, lengths=lengths, time_axis=1)
        info = data.info()
        self.assertEqual((info.frames, info.targets, info.target_frames, info.classes), (4, 0, 4, 2))
        sample, told = data[2]
        np.testing.assert_array_equal(told[:3], labels[2, :3])
        _, one = self.trainer(loss="ce", shuffle=0)
        _, other = self.trainer(loss="ce", shuffle=0)
        a = one.epoch(data)
        b = other.step(x.transpose(1, 0, 2), step_labels=labels.T, lengths=lengths)
        self.assertEqual((a.loss, a.accuracy), (b.loss, b.accuracy))
        c = self.trainer(loss="ce", shuffle=0)[1].step(x, step_labels=labels, lengths=lengths, time_axis=1)
        self.assertEqual(b.loss, c.loss)
        with self.assertRaisesRegex(ValueError, "step_labels have shape"):
            other.step(x.transpose(1, 0, 2), step_labels=labels)
        with self.assertRaises(TypeError):
            other.step(x.transpose(1, 0, 2), labels[:, 0], step_labels=labels.T)

    def test_one_target_for_a_sample(self):
        x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2)
        data = snn.Dataset.from_arrays(self.ctx, x, targets=x[:, ::-1])
        sample, target = data[3]
        np.testing.assert_array_equal((sample, target), (x[3], x[3, ::-1]))
        steps = snn.Dataset.from_arrays(self.ctx, x, targets=np.stack([x] * 4, axis=1))
        np.testing.assert_array_equal(steps[3][1], [x[3]] * 4)
        np.testing.assert_array_equal(steps[3][0], x[3])
        for d in (data, steps):
            _, trainer = self.trainer(loss="mse")
            first = trainer.epoch(d).loss
            for _ in range(30):
                last = trainer.epoch(d).loss
            self.assertLess(last, first)

    def test_step_takes_static_and_per_step_input(self):
        _, one = self.trainer()
        _, other = self.trainer()
        x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)
        labels = [0, 1, 0, 1, 0, 1]
        a = one.step(x, labels)
        b = other.step(np.stack([x] * 4), labels)
        self.assertEqual(a.samples, 6)
        self.assertAlmostEqual(a.loss, b.loss, places=5)

    def test_model_file(self):
        net, trainer = self.trainer()
        x = np.ones((3, 2), np.float32)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.snn")
            net.set_note("host", "caf\u00e9").save(path)
            again = snn.Network.load(self.ctx, path)
            model = snn.Model(self.ctx, path)
            with self.assertRaises(snn.Error):
                snn.Model(self.ctx, folder)
        self.assertEqual(net.describe(), again.describe())
        self.assertEqual((model.describe(), model.note("host"), again.note("host")),
                         (net.describe(), "caf\u00e9", "caf\u00e9"))
        self.assertIsNone(model.note("another"))
        self.assertEqual(model.tensors(), {f"{layer.name}.{name}": layer.tensor(name).shape
                                           for layer in net.layers() for name in layer.tensors()})
        self.assertEqual((model.info().checkpoint, model.info().packed), (0, 0))
        scores = snn.Evaluator(again, batch=16, steps=4).predict(x)
        self.assertTrue(np.array_equal(scores, trainer.predict(x)))

    def test_failures_raise(self):
        with self.assertRaises(snn.Error) as caught:
            snn.Network.build(self.ctx, "no-such-net", (2,), 2)
        self.assertEqual(caught.exception.name, "SNN_ERR_ARGUMENT")
        with self.assertRaises(snn.Error):
            snn.Optimizer(self.ctx, "sgd", no_such_parameter=1)
        with self.assertRaises(snn.Error):
            snn.Dataset.open(self.ctx, "idx", "/nonexistent", "train")
        with self.assertRaises(KeyError):
            snn.Network.build(self.ctx, "2-16-2", (2,), 2).layer("no such layer")

    def test_refused_layer(self):
        net = snn.Network(self.ctx, (8,))
        for wrong in ({"out": -1}, {"outputs": 3}):
            with self.assertRaises(snn.Error):
                net.add("linear", "fc", **wrong)
        net.add("linear", "fc", out=3)
        self.assertEqual([layer.name for layer in net.prepare().layers()], ["fc"])

    def test_stream(self):
        net = snn.Network.build(self.ctx, "8-12-3", (8,), 3)
        running, other = snn.Stream(net), snn.Stream(net)
        x = np.random.default_rng(1).random((6, 8), np.float32) * 3
        sums = sum(running.step(x[t]) for t in range(3))
        want = snn.Evaluator(net, batch=1, steps=3).predict(x[:3, None])[0]
        np.testing.assert_allclose(sums, want, rtol=1e-6)
        saved = running.state
        rest = [running.step(x[t]) for t in range(3, 6)]
        other.state = saved
        for t in range(3, 6):
            np.testing.assert_array_equal(other.step(x[t]), rest[t - 3])
        running.reset()
        other.reset()
        np.testing.assert_array_equal(running.step_events([1, 5, 5]), other.step([0, 1, 0, 0, 0, 2, 0, 0]))
        with self.assertRaises(ValueError):
            running.step(x)
        with self.assertRaisesRegex(snn.Error, "SNN_ERR_FORMAT"):
            running.state = saved[1:]
        with self.assertRaisesRegex(snn.Error, "SNN_ERR_SHAPE"):
            snn.Stream(snn.Network.build(self.ctx, "8-13-3", (8,), 3)).state = saved
        saved = running.state
        with self.assertRaisesRegex(snn.Error, "step was not made"):
            running.step(np.full(8, np.inf))
        self.assertEqual(running.state, saved)
        with self.assertRaises(snn.Error):
            running.learn_label(0)
        trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.05), "ottt", batch=1, steps=1)
        learning = snn.Stream(trainer)
        losses = []
        for t in range(60):
            learning.step(x[t % 6])
            losses.append(learning.learn_label(2))
        self.assertLess(losses[-1], losses[0])
        learning.step(x[0])
        with self.assertRaisesRegex(snn.Error, "for targets set loss"):
            learning.learn_target([0.5, 0, -0.5])
        regression = snn.Trainer(snn.Network.build(self.ctx, "8-13-3", (8,), 3),
                                 snn.Optimizer(self.ctx, "sgd", lr=0.05),
                                 "ottt", batch=1, steps=1, loss="half_square")
        following = snn.Stream(regression)
        losses = []
        for t in range(60):
            following.step(x[0])
            losses.append(following.learn_target([0.5, 0, -0.5]))
        self.assertLess(sum(losses[-6:]), 0.5 * sum(losses[:6]))
        with self.assertRaises(ValueError):
            following.learn_target([0.5, 0])
        out = learning.step(x[0])
        learning.learn(out - 1)
        running.reset()
        before = running.step(x[0])
        running.refresh()
        running.reset()
        self.assertFalse(np.array_equal(running.step(x[0]), before))
        running.state = learning.state  # what was learned is there since refresh()
        np.testing.assert_array_equal(running.step(x[1]), learning.step(x[1]))
        learning.step(x[0])
        with self.assertRaisesRegex(snn.Error, "not finite"):
            learning.learn(out + np.nan)
        learning.learn(out - 1)
        trainer.predict(x[:1, None])
        for ended in (lambda: learning.step(x[0]), lambda: learning.state, learning.reset):
            with self.assertRaisesRegex(snn.Error, "SNN_ERR_STATE"):
                ended()

    def test_continual(self):
        random = np.random.default_rng(2)
        net = snn.Network.build(self.ctx, "8-12-3", (8,), 3)
        trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), "ottt", steps=3)
        fc1, fc2 = net.layer("fc1"), net.layer("fc2")
        projection = snn.Projection(net, lr=0.01).set_lr(fc1, 0.02)
        sequence = snn.Continual(trainer, projection, tasks=2)
        tasks = []
        for _ in range(2):
            centre = 2 * random.random((3, 8))
            labels = np.arange(60) % 3
            x = centre[labels] + 0.1 * random.standard_normal((60, 8))
            tasks.append(snn.Dataset.from_arrays(self.ctx, x, labels))
        for i, data in enumerate(tasks):
            projection.grow(fc1, 3).grow(fc2, 2)
            sequence.begin(20)
            for _ in range(20):
                trainer.epoch(data)
            sequence.end()
            for j in range(i + 1):
                sequence.evaluate(j, tasks[j])
        matrix = sequence.accuracy()
        self.assertGreater(matrix[0, 0], 0.9)
        self.assertTrue(np.isnan(matrix[0, 1]))
        info = sequence.info()
        self.assertAlmostEqual(info.acc, matrix[1].mean())
        self.assertAlmostEqual(info.bwt, matrix[1, 0] - matrix[0, 0])
        self.assertEqual((projection.info(fc1).rows, projection.info(fc1).frozen), (6, 6))
        self.assertEqual(projection.info(fc1).lr, 0.02)
        h, some = projection.weights(fc1), random.random((4, 8), np.float32)
        np.testing.assert_allclose(projection.apply(fc1, some), some - some @ h.T @ h, atol=1e-5)
        with self.assertRaises(ValueError):
            projection.apply(fc1, some[:, 1:])
        with self.assertRaises(TypeError):
            projection.grow("fc1", 1)
        with self.assertRaisesRegex(snn.Error, "another network"):
            projection.grow(snn.Network.build(self.ctx, "8-12-3", (8,), 3).layer("fc1"), 1)
        with self.assertRaises(snn.Error):
            sequence.begin(20)
        self.assertGreater(sequence.replay(tasks[0]).samples, 0)

    def test_continual_fit(self):
        def sequence():
            net = snn.Network.build(self.ctx, "8-12-3", (8,), 3)
            trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), "ottt", steps=3)
            projection = snn.Projection(net, lr=0.01)
            return trainer, projection, snn.Continual(trainer, projection, tasks=2)

        random = np.random.default_rng(2)
        tasks = [snn.Dataset.from_arrays(self.ctx, random.random((60, 8)), np.arange(60) % 3) for _ in range(2)]
        trainer, projection, by_hand = sequence()
        for task, data in enumerate(tasks):
            projection.grow(trainer.network.layer("fc1"), 3).grow(trainer.network.layer("fc2"), (2, 1)[task])
            by_hand.begin(20)
            trainer.epoch(data)
            trainer.epoch(data)
            by_hand.end()
            for earlier in range(task + 1):
                by_hand.evaluate(earlier, tasks[earlier])
        epochs = []
        trainer, projection, at_once = sequence()
        accuracy = at_once.fit(tasks, 2, batch=20, rows={"fc1": 3, "fc2": [2, 1]}, callbacks=[epochs.append])
        np.testing.assert_array_equal(accuracy, by_hand.accuracy())
        self.assertEqual((len(epochs), len(trainer.history)), (4, 4))
        for wrong, text in (({"rows": {"fc1": [1, 2, 3]}}, "3 numbers for fc1"),
                            ({"tests": tasks[:1]}, "2 tasks but 1 tests")):
            with self.assertRaisesRegex(ValueError, text):
                sequence()[2].fit(tasks, 1, batch=20, **wrong)
        with self.assertRaisesRegex(TypeError, "no projection"):
            snn.Continual(sequence()[0], None, tasks=2).fit(tasks, 1, batch=20, rows={"fc1": 2})

    def test_child_of_fork_computes_and_ends(self):
        script = """if True:
            import os, signal, numpy, snn
            ctx = snn.Context(threads=3)
            trainer = snn.Evaluator(snn.Network.build(ctx, "50-80-2", (50,), 2), batch=16, steps=4)
            x = numpy.linspace(-1, 1, 800, dtype=numpy.float32).reshape(16, 50)
            scores = trainer.predict(x)
            child = os.fork()
            signal.alarm(20)
            assert (trainer.predict(x) == scores).all()
            assert child == 0 or os.waitpid(child, 0)[1] == 0
            """
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_parameters_describe_themselves(self):
        self.assertIn("momentum", snn.Optimizer(self.ctx, "sgd").params())
        self.assertIn("tau", snn.Neuron(self.ctx, "lif").params())

    def test_parameters_are_read_by_name(self):
        net = snn.Network.build(self.ctx, "2-16-2", (2,), 2)
        trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "adam"), "sltt", batch=8, steps=3)
        data = snn.Dataset.from_arrays(self.ctx, np.zeros((4, 1, 2, 2), np.float32), np.zeros(4), 2)
        for thing, settings in ((snn.Neuron(self.ctx, "lif"), {"per_neuron": 1, "tau": 4.0, "reset": "zero"}),
                                (snn.Network(self.ctx, (2,)).add("linear"),
                                 {"out": 5, "eps": 0.25, "init": "kaiming"}),
                                (snn.Optimizer(self.ctx, "sgd"), {"epochs": 7, "lr": 0.3, "schedule": "cosine"}),
                                (data, {"flip": 1, "cutout": 0.5}),
                                (trainer, {"drop_last": 1}),
                                (snn.Projection(net), {"every": 2, "lr": 0.125, "source": "both"})):
            thing.set(**settings)
            for name, value in settings.items():
                self.assertEqual(thing.get(name), value)
                self.assertIs(type(thing.get(name)), type(value))
            for name in thing.params():
                thing.get(name)
            with self.assertRaisesRegex(ValueError, "parameter: 'wrong' is not one of " + next(iter(thing.params()))):
                thing.get("wrong")
        self.assertEqual((trainer.get("steps"), trainer.get("loss"), trainer.get("loss_mix")), (3, "ce", 0.05))


if __name__ == "__main__":
    unittest.main()
