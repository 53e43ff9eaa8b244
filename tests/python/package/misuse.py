"""Wrong uses: each an exception that says what is right, none a crash."""

import copy
import ctypes
import gc
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock

import numpy as np
import snn


class Misuse(unittest.TestCase):
    """What is wrong is an exception that says what is right; nothing trains on other numbers than were given, nothing
    crashes."""

    def setUp(self):
        self.ctx = snn.Context(threads=2, seed=3)
        self.net = snn.Network.build(self.ctx, "2-16-2", (2,), 2)
        self.sgd = snn.Optimizer(self.ctx, "sgd", lr=0.1)
        self.trainer = snn.Trainer(self.net, self.sgd, "sltt", batch=8, steps=3)
        self.x = np.random.default_rng(0).random((8, 2), np.float32)

    def refused(self, kind, text, function, *arguments, **named):
        with self.assertRaisesRegex(kind, text):
            function(*arguments, **named)

    def test_samples(self):
        for shape in ((8, 3), (2,), (3, 8, 3), (8,), (), (0, 2), (3, 0, 2), (1, 3, 8, 2)):
            self.refused(ValueError, "samples have shape", self.trainer.predict, np.ones(shape))
            self.refused(ValueError, "samples have shape", self.trainer.step, np.ones(shape), np.zeros(8))
        self.refused(TypeError, "expected numbers", self.trainer.predict, np.full((8, 2), "a"))
        self.refused(TypeError, "expected numbers", self.trainer.predict, np.ones((8, 2), complex))
        self.refused(snn.Error, "1 to 8 were prepared for", self.trainer.predict, np.ones((9, 2)))

    def test_labels(self):
        step = self.trainer.step
        self.refused(ValueError, "argmax", step, self.x, np.eye(2)[np.zeros(8, int)])
        self.refused(ValueError, "for each of 8 samples", step, self.x, np.zeros(7, int))
        self.refused(ValueError, "whole numbers", step, self.x, np.full(8, 0.9))
        self.refused(ValueError, "whole numbers", step, self.x, np.full(8, np.nan))
        self.refused(ValueError, "whole numbers", step, self.x, np.full(8, "1"))
        self.refused(ValueError, "label -1 of sample 0", step, self.x, np.full(8, -1))
        self.refused(ValueError, "label 2 of sample 0 is not in 0 .. 1", step, self.x, np.full(8, 2))
        self.refused(ValueError, "label 4294967296", step, self.x, np.full(8, 2**32))
        self.refused(ValueError, "whole numbers", snn.Dataset.from_arrays, self.ctx, self.x, np.full(8, 0.9))
        self.refused(ValueError, "not in 0 .. 1", snn.Dataset.from_arrays, self.ctx, self.x, np.full(8, 2), classes=2)
        self.refused(ValueError, "at least one sample", snn.Dataset.from_arrays, self.ctx, np.zeros((0, 2)), [])
        self.refused(ValueError, "count,N], ", snn.Dataset.from_arrays, self.ctx, np.zeros((8, 2, 2, 2, 2)),
                     np.zeros(8))
        self.refused(ValueError, "count,T,N], ", snn.Dataset.from_arrays, self.ctx, self.x, np.zeros(8),
                     time_axis=1)
        self.assertEqual(step(self.x, np.ones(8)).samples, 8)       # whole, though not of a whole type

    def test_targets(self):
        step, make = self.trainer.step, snn.Dataset.from_arrays
        self.refused(TypeError, "labels, targets or", step, self.x)
        self.refused(TypeError, "labels, targets or", step, self.x, np.zeros(8), targets=np.zeros((8, 2)))
        self.refused(TypeError, "labels, targets or", make, self.ctx, self.x)
        self.refused(TypeError, "labels, targets or", make, self.ctx, self.x, np.zeros(8), targets=np.zeros((8, 2)))
        for shape in ((8,), (8, 3), (7, 2), (3, 7, 2), (8, 4, 2), (1, 1, 8, 2), (0, 8, 2)):
            self.refused(ValueError, r"\[8,2\], or \[T,8,2\]", step, self.x, targets=np.zeros(shape))
        for shape in ((8,), (7, 2), (4, 8, 2), (8, 0), (8, 0, 2)):
            self.refused(ValueError, r"\[8,outputs\], or \[8,T,outputs\]", make, self.ctx, self.x,
                         targets=np.zeros(shape))
        self.refused(TypeError, "targets: expected numbers", step, self.x, targets=np.full((8, 2), "a"))
        self.refused(snn.Error, "set loss to mse", step, self.x, targets=np.zeros((8, 2)))

    def test_lengths(self):
        x = np.stack([self.x] * 4)
        self.refused(ValueError, "lengths have shape", self.trainer.step, x, np.zeros(8), lengths=[1, 2])
        self.refused(ValueError, "length 0 of sample 0 is not in 1 .. 4", self.trainer.predict, x,
                     lengths=np.zeros(8, int))
        self.refused(ValueError, "length 2 of sample 0 is not in 1 .. 1", self.trainer.predict, self.x,
                     lengths=np.full(8, 2))
        self.refused(ValueError, "whole numbers", snn.Dataset.from_arrays, self.ctx, self.x, np.zeros(8),
                     lengths=np.full(8, 0.5))

    def test_other_arrays(self):
        self.refused(ValueError, "logits have shape", self.trainer.set_logits, np.ones((8, 3)))
        self.refused(ValueError, "logits have shape", self.trainer.set_logits, np.ones(8))
        data = snn.Dataset.from_arrays(self.ctx, self.x, np.zeros(8), classes=2)
        self.refused(ValueError, "1 means but 2 deviations", data.normalise, [0.1], [0.3, 0.4])
        self.refused(ValueError, "2 means but 1 deviations", data.normalise, [0.1, 0.2], [0.3])
        self.refused(ValueError, "n: 0", data.statistics, 0)
        self.refused(IndexError, "8", data.__getitem__, 8)
        stream = snn.Stream(self.net)
        self.refused(ValueError, "a sample: expected shape", stream.step, np.ones(3))
        self.refused(ValueError, "0 .. 1", stream.step_events, [2])
        self.refused(ValueError, "0 .. 1", stream.step_events, [-1])
        self.refused(ValueError, "whole numbers", stream.step_events, [0.5])
        self.refused(ValueError, "label: -1", stream.learn_label, -1)

    def test_numbers(self):
        self.refused(TypeError, "threads: '2'", snn.Context, threads="2")
        self.refused(TypeError, "threads: 2.5", snn.Context, threads=2.5)
        self.refused(ValueError, "threads: -1", snn.Context, threads=-1)
        self.refused(ValueError, "seed: -1", snn.Context, seed=-1)
        self.refused(ValueError, "seed: 18446744073709551616", snn.Context, seed=2**64)
        self.refused(snn.Error, 'unknown instruction set "sse"; there are ref', snn.Context, isa="sse")
        self.refused(snn.Error, "unknown neuron \"lief\"; there are if, lif", snn.Neuron, self.ctx, "lief")
        self.refused(ValueError, "kind: 'colour' is not one of neuron, layer", snn.names, "colour")
        self.refused(ValueError, "batch: -1", snn.Trainer, self.net, self.sgd, "sltt", batch=-1)
        self.refused(ValueError, "shape: -2", snn.Network, self.ctx, (-2,))
        self.refused(ValueError, "classes: -1", snn.Network.build, self.ctx, "2-2", (2,), -1)
        self.refused(ValueError, "split: 'validation'", snn.Dataset.open, self.ctx, "idx", "x", "validation")

    def test_handles_of_the_wrong_kind(self):
        self.refused(TypeError, "expected a Network, got Optimizer", snn.Trainer, self.sgd, self.net, "sltt")
        self.refused(TypeError, "expected an Optimizer, got Context", snn.Trainer, self.net, self.ctx, "sltt")
        self.refused(TypeError, "expected a Context, got Network", snn.Network, self.net, (2,))
        self.refused(TypeError, "PathLike", snn.Network.load, "model.snn", self.ctx)
        self.refused(TypeError, "expected a Dataset, got ndarray", self.trainer.epoch, self.x)
        self.refused(TypeError, "expected a Dataset, got NoneType", self.trainer.evaluate, None)
        self.refused(TypeError, "expected a Trainer, got Network", self.trainer.set_teacher, self.net)
        self.refused(TypeError, "expected a Network", snn.Stream, self.ctx)
        self.refused(TypeError, "expected a Network", snn.Projection, self.trainer)
        self.refused(TypeError, "expected a Trainer", snn.Continual, self.net, None, tasks=2)
        self.refused(TypeError, "expected a str", self.net.add, self.ctx)

    def test_handles_have_one_owner(self):
        for thing in (self.ctx, self.net, self.sgd, self.trainer, snn.Neuron(self.ctx, "lif")):
            for way in (copy.copy, copy.deepcopy, pickle.dumps):
                self.refused(TypeError, "cannot be copied or pickled", way, thing)

    def test_names_and_paths(self):
        self.refused(ValueError, "NUL", self.net.save, "a\0b")
        self.refused(ValueError, "NUL", snn.Optimizer, self.ctx, "sgd\0")
        self.refused(ValueError, "NUL", self.sgd.set, schedule="cosine\0")
        self.refused(TypeError, "expected a str", self.net.layer, 1)
        self.refused(TypeError, "", self.net.save, 3.5)
        with tempfile.TemporaryDirectory() as folder:
            here = os.getcwd()
            os.chdir(folder)
            try:
                for name in ("plain.snn", b"bytes.snn", os.fsdecode(b"latin-\xe9.snn"), pathlib.Path("path.snn")):
                    self.net.save(name)
                    snn.Network.load(self.ctx, name)
                self.assertEqual(len(os.listdir(b".")), 4)
                self.refused(snn.Error, "xe9.snn", snn.Network.load, self.ctx, b"none-\xe9.snn")
            finally:
                os.chdir(here)

    def test_views_outlive_no_weights(self):
        net = snn.Network.build(self.ctx, "binary-mlp", (1, 4, 4), 3).prepare()
        layer = next(l for l in net.layers() if l.type == "linear")
        part = layer.tensor("weight")[0]
        self.refused(BufferError, "copy", net.pack)
        part[:] = 0                     # still the network's own memory
        del part
        net.pack()

    def test_sizes(self):
        linear = snn.Network(self.ctx, (2,)).add
        self.refused(TypeError, r"expected whole numbers such as \(1, 28, 28\), got 5", snn.Network, self.ctx, 5)
        self.refused(snn.Error, "rank 0; expected 1", snn.Network, self.ctx, ())
        self.refused(snn.Error, "rank 5; expected 1", snn.Network, self.ctx, (1, 2, 3, 4, 5))
        self.refused(snn.Error, "1 to 1073741824 elements", snn.Network, self.ctx, (2**62,))
        self.refused(snn.Error, "at most 1024", snn.Context, threads=2**32 - 1)
        self.refused(snn.Error, "outside 1 .. 16777216", linear, "linear", out=2**40)
        self.refused(snn.Error, "outside 1 .. 1048576", snn.Evaluator, self.net, batch=4, steps=0)
        for batch in (2**40, 2**63 - 1):
            self.refused(snn.Error, "1 to 16777216 are possible", snn.Evaluator, self.net, batch=batch)
        projection = snn.Projection(self.net)
        self.refused(snn.Error, "cannot add 1000000000 more", projection.grow, self.net.layer("fc1"), 10**9)

    def test_settings(self):
        self.refused(snn.Error, 'lr = "None" is not a number', snn.Optimizer, self.ctx, lr=None)
        self.refused(snn.Error, "lr = nan is outside", snn.Optimizer, self.ctx, lr=float("nan"))
        self.refused(snn.Error, r'lr = "\[0.1\]" is not a number', snn.Optimizer, self.ctx, lr=[0.1])
        self.refused(snn.Error, 'no parameter "rate"; it has lr, ', self.sgd.set, rate=0.1)
        self.refused(snn.Error, 'unknown training method "bttp"; there are', snn.Trainer, self.net, self.sgd, "bttp")
        self.refused(snn.Error, "steps is fixed", self.trainer.set, steps=5)
        self.refused(snn.Error, 'no parameter "momentum"', snn.Evaluator, self.net, batch=4, momentum=0.9)

    def test_order_of_calls(self):
        unprepared = snn.Trainer(self.net, self.sgd, "sltt")
        self.refused(snn.Error, r"sltt: call prepare\(\) first", unprepared.predict, self.x)
        self.refused(snn.Error, r"sltt: call prepare\(\) first", unprepared.step, self.x, np.zeros(8))
        self.assertEqual(unprepared.prepare(8).step(self.x, np.zeros(8)).samples, 8)
        self.refused(snn.Error, "no layers", snn.Trainer, snn.Network(self.ctx, (2,)), self.sgd, "sltt")
        self.refused(snn.Error, "no layer can be added", self.net.add, "linear", out=3)
        self.refused(snn.Error, "layers cannot be changed", self.net.layer("fc1").connect, "fc2")
        self.refused(snn.Error, "prepared for batches of 1", snn.Stream, self.trainer)
        self.refused(snn.Error, r"comes from Stream\(trainer\)", snn.Stream(self.net).learn, np.zeros(2))
        self.refused(snn.Error, "must come before prepare", snn.Continual, self.trainer, None, tasks=2)
        sequence = snn.Continual(snn.Trainer(self.net, self.sgd, "sltt", steps=2), None, tasks=2)
        self.refused(snn.Error, "no task is under way", sequence.end)
        self.refused(snn.Error, "no task has ended yet", sequence.evaluate, 0, self.data())
        self.refused(snn.Error, "its own teacher", self.trainer.set_teacher, self.trainer)

    def data(self, **more):
        return snn.Dataset.from_arrays(self.ctx, self.x, **(more or {"labels": np.zeros(8), "classes": 2}))

    def test_data_that_do_not_fit(self):
        wide = snn.Dataset.from_arrays(self.ctx, np.ones((8, 3)), np.zeros(8), classes=2)
        self.refused(snn.Error, r"expects samples \[2\], the data set has \[3\]", self.trainer.epoch, wide)
        self.refused(snn.Error, "6 classes, the network 2", self.trainer.epoch, self.data(labels=np.full(8, 5)))
        self.refused(snn.Error, "for targets set loss to", self.trainer.epoch, self.data(targets=np.ones((8, 2))))
        self.x[5, 1] = np.nan
        self.refused(snn.Error, "not finite", self.trainer.epoch, self.data())
        self.refused(snn.Error, "sample 5 holds a value that is not finite", self.trainer.step, self.x, np.zeros(8))
        self.x[5, 1] = 0
        for index in ("a", 1.5, slice(2), None):
            self.refused(TypeError, "index: .* is not a whole number", self.data().__getitem__, index)
        self.refused(IndexError, r"index: -1 is outside 0 \.\. 7", self.data().__getitem__, -1)
        self.refused(ValueError, r"time_axis: 2 is neither 0", self.trainer.step, self.x, np.zeros(8), time_axis=2)
        self.refused(ValueError, r"time_axis: None is neither 0", self.trainer.predict, self.x, time_axis=None)
        self.refused(ValueError, r"time_axis: -1 is neither 0", snn.Dataset.from_arrays, self.ctx, self.x[:, None],
                     np.zeros(8), time_axis=-1)
        frames = np.ones((8, 3, 2))     # samples first, but time is the first axis unless one says so
        self.refused(ValueError, "time_axis says which axis", self.trainer.step, frames, np.zeros(8))
        self.assertEqual(self.trainer.step(frames, np.zeros(8), time_axis=1).samples, 8)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            self.refused(snn.Error, "No such file", snn.Network.load, self.ctx, path)
            self.refused(snn.Error, "cannot write", self.trainer.save, os.path.join(folder, "none", "file"))
            for content in (b"", b"x" * 100, bytes(1000), b"\xff" * 64):
                with open(path, "wb") as file:
                    file.write(content)
                for load in (self.trainer.load, lambda p: snn.Network.load(self.ctx, p),
                             lambda p: snn.Model(self.ctx, p)):
                    self.refused(snn.Error, "SNN_ERR_FORMAT", load, path)
            other = snn.Trainer(snn.Network.build(self.ctx, "2-9-2", (2,), 2), self.sgd, "sltt", batch=8, steps=3)
            other.save(path)
            self.refused(snn.Error, "SNN_ERR", self.trainer.load, path)
        for text in ("", "{", "[]", '{"layers":[{}]}', "\u00e9" * 100):
            self.refused(snn.Error, "SNN_ERR", snn.Network.parse, self.ctx, text)
        stream = snn.Stream(self.net)
        for state in (5, "abc", [1, 2], None):
            self.refused(TypeError, "state: expected the bytes", setattr, stream, "state", state)
        for state in (b"", b"abc", bytes(len(stream.state)), stream.state + b"x"):
            self.refused(snn.Error, "SNN_ERR_FORMAT", setattr, stream, "state", state)

    def test_calls_from_callbacks(self):
        data, calls = self.data(), []

        class Calls(snn.Callback):
            def after_batch(self, run, progress):
                calls.append(run.trainer.predict(np.ones((1, 2))))      # allowed there
                run.trainer.step(np.ones((1, 2)), [0])

        self.refused(snn.Error, "SNN_ERR_STATE", self.trainer.fit, data, 1, callbacks=[Calls()])
        self.assertEqual(len(calls), 1)
        self.assertEqual(self.trainer.epoch(data).samples, 8)

    def test_one_trainer_in_two_threads(self):
        net = snn.Network.build(self.ctx, "50-400-2", (50,), 2)
        trainer = snn.Trainer(net, self.sgd, "sltt", batch=64, steps=10)
        x, outcomes = np.ones((64, 50), np.float32), []

        def work():
            for _ in range(20):
                try:
                    outcomes.append(trainer.step(x, np.zeros(64)).samples)
                except snn.Error as error:
                    outcomes.append(error.name)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(outcomes), {64, "SNN_ERR_STATE"})
        self.assertEqual(len(outcomes), 60)

    def test_nothing_outlives_what_it_needs(self):
        """The last reference to each object goes in every order."""
        for order in range(6):
            ctx = snn.Context(threads=1)
            net = snn.Network.build(ctx, "2-8-2", (2,), 2)
            things = [net, snn.Trainer(net, snn.Optimizer(ctx, "sgd"), "ottt", batch=1, steps=1), ctx]
            stream, weight = snn.Stream(things[1]), net.layer("fc1").tensor("weight")
            del net, ctx
            for i in (order % 3, order % 2, 0):
                things.pop(i if i < len(things) else 0)
                gc.collect()
            stream.step(np.ones(2))
            stream.learn_label(1)
            del stream
            gc.collect()
            self.assertEqual(weight.shape, (8, 2))
            weight[...] = 1

    def test_cycles_end_in_order(self):
        script = """if True:
            import ctypes, gc, snn
            from snn import _library
            address = lambda pointer: ctypes.cast(pointer, ctypes.c_void_p).value
            owner, order = {}, [[] for _ in range(20)]  # of a pointer; what was destroyed of each agent
            for noun in ("context", "network", "optimizer", "trainer"):
                function = getattr(_library.library, f"snn_{noun}_destroy")
                def record(pointer, function=function, noun=noun):
                    order[owner[address(pointer)]].append(noun)
                    function(pointer)
                setattr(_library.library, f"snn_{noun}_destroy", record)

            class Agent:
                def __init__(self, number):
                    self.ctx = snn.Context(threads=2)
                    self.net = snn.Network.build(self.ctx, "8-20-3", (8,), 3)
                    self.sgd = snn.Optimizer(self.ctx, "sgd")
                    self.trainer = snn.Trainer(self.net, self.sgd, "sltt", batch=8, steps=2)
                    self.teacher = snn.Evaluator(self.net, batch=8, steps=2)
                    self.trainer.set_teacher(self.teacher)
                    self.me = self
                    for thing in (self.ctx, self.net, self.sgd, self.trainer, self.teacher):
                        owner[address(thing._handle)] = number

            for number in range(20):
                Agent(number)
            gc.collect()
            assert all(len(a) == 5 and a[0] == "trainer" and a[-1] == "context" for a in order), order
            """
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_callbacks_keep_their_exception(self):
        for threads in (1, 3):
            ctx = snn.Context(threads=threads)
            net = snn.Network.build(ctx, "2-4-2", (2,), 2)
            trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "sltt", batch=4, steps=2)
            data = snn.Dataset.from_arrays(ctx, self.x, np.zeros(8), classes=2)
            before = net.layers()[0].tensor("weight").copy()
            with unittest.mock.patch.object(ctypes, "memmove", side_effect=RuntimeError("sample 5 cannot be read")):
                for call in (trainer.epoch, trainer.evaluate, lambda d: d.statistics(), lambda d: d[0]):
                    self.refused(RuntimeError, "sample 5", call, data)
            np.testing.assert_array_equal(net.layers()[0].tensor("weight"), before)
            self.assertEqual(trainer.epoch(data).samples, 8)

    def test_nothing_is_left_of_two_exceptions(self):
        def fails(*_arguments):
            signal.raise_signal(signal.SIGINT)
            raise RuntimeError("a sample cannot be read")

        ctx = snn.Context(threads=1)
        net = snn.Network.build(ctx, "2-4-2", (2,), 2)
        trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "sltt", batch=4, steps=2)
        data = snn.Dataset.from_arrays(ctx, self.x, np.zeros(8), classes=2)
        with unittest.mock.patch.object(ctypes, "memmove", side_effect=fails):
            self.refused(KeyboardInterrupt, "", trainer.epoch, data)
        self.assertEqual(trainer.epoch(data).samples, 8)

    def test_ctrl_c_ends_an_epoch(self):
        x = np.random.default_rng(0).random((20000, 50), np.float32)
        net = snn.Network.build(self.ctx, "50-400-2", (50,), 2)
        trainer = snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=0.1), "sltt", batch=20, steps=20)
        data = snn.Dataset.from_arrays(self.ctx, x, np.zeros(20000), classes=2)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with self.assertRaises(KeyboardInterrupt):
            trainer.epoch(data)
        self.assertEqual(trainer.info().epochs, 0)
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)


if __name__ == "__main__":
    unittest.main()
