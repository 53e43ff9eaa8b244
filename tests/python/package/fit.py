"""Trainer.fit(): epochs with callbacks, early stopping, the best model, learning rates, progress, Ctrl-C."""

import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import numpy as np
import snn


def weights(net):
    return np.concatenate([layer.tensor(name).ravel() for layer in net.layers() for name in layer.tensors()])


class Log(snn.Callback):
    """Writes down what is called."""

    def __init__(self):
        self.calls = []

    def begin(self, run):
        self.calls.append(("begin", run.epoch, run.epochs))

    def before_epoch(self, run):
        self.calls.append(("before", run.epoch, len(run.history)))

    def after_batch(self, run, progress):
        self.calls.append(("train" if progress.training else "evaluate", progress.done, progress.total))

    def after_epoch(self, run):
        self.calls.append(("after", run.epoch, len(run.history)))

    def end(self, run):
        self.calls.append(("end", run.epoch, len(run.history)))


class Fit(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=3)
        rng = np.random.default_rng(5)
        x = rng.normal(size=(48, 2)).astype(np.float32)
        self.data = snn.Dataset.from_arrays(self.ctx, x, x[:, 0] > x[:, 1])
        self.held = snn.Dataset.from_arrays(self.ctx, -x[:20], x[:20, 0] < x[:20, 1])

    def trainer(self, lr=0.1):
        net = snn.Network.build(self.ctx, "2-16-2", (2,), 2)
        return snn.Trainer(net, snn.Optimizer(self.ctx, "sgd", lr=lr), "sltt", batch=16, steps=3)

    def test_is_epochs_one_after_another(self):
        one, other = self.trainer(), self.trainer()
        history = one.fit(self.data, 3, validation=self.held)
        for number, epoch in enumerate(history, 1):
            train = other.epoch(self.data)
            held = other.evaluate(self.held)
            self.assertEqual((epoch.number, epoch.train.loss, epoch.validation.accuracy),
                             (number, train.loss, held.accuracy))
            self.assertEqual(epoch.figure("loss"), held.loss)
        np.testing.assert_array_equal(weights(one.network), weights(other.network))
        one.fit(self.data, 2)
        self.assertEqual(([e.number for e in one.history], one.info().epochs), ([1, 2, 3, 1, 2], 5))
        self.assertIsNone(one.history[-1].validation)

    def test_callbacks_are_called_in_order(self):
        log, seen = Log(), []
        self.trainer().fit(self.data, 2, validation=self.held, callbacks=[log, seen.append])
        batches = [("train", 16, 48), ("train", 32, 48), ("train", 48, 48),
                   ("evaluate", 16, 20), ("evaluate", 20, 20)]
        self.assertEqual(log.calls, [("begin", 0, 2), ("before", 1, 0), *batches, ("after", 1, 1),
                                     ("before", 2, 1), *batches, ("after", 2, 2), ("end", 2, 2)])
        self.assertEqual([type(run) for run in seen], [snn.Run] * 2)

    def test_a_batch_may_be_followed_by_an_evaluation(self):
        class Evaluates(Log):
            def after_batch(self, run, progress):
                super().after_batch(run, progress)
                if progress.training:
                    self.calls.append(run.trainer.evaluate(run.data).samples)

        log, one, other = Evaluates(), self.trainer(), self.trainer()
        one.fit(self.data, 1, callbacks=[log])
        self.assertEqual(log.calls[2:-2], [("train", 16, 48), 48, ("train", 32, 48), 48, ("train", 48, 48), 48])
        other.epoch(self.data)
        np.testing.assert_array_equal(weights(one.network), weights(other.network))

    def test_a_function_may_stop(self):
        history = self.trainer().fit(self.data, 9, callbacks=[lambda run: run.epoch == 4 and run.stop()])
        self.assertEqual(len(history), 4)

    def test_early_stopping(self):
        for patience in (1, 3):
            stopping = snn.EarlyStopping(patience=patience)
            history = self.trainer(lr=0).fit(self.data, 20, validation=self.held, callbacks=[stopping])
            self.assertEqual((len(history), stopping.best_epoch), (1 + patience, 1))
        stopping = snn.EarlyStopping("accuracy", patience=2, min_delta=0.05)
        accuracy = [e.validation.accuracy for e in
                    self.trainer().fit(self.data, 20, validation=self.held, callbacks=[stopping])]
        best, last = accuracy[0], 0     # what it must have found, said again
        for i, value in enumerate(accuracy):
            if value > best + 0.05:
                best, last = value, i
        self.assertEqual((stopping.best, stopping.best_epoch, len(accuracy)), (best, last + 1, last + 3))

    def test_best_model(self):
        seen = []
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "best.snn")
            best = snn.KeepBest(path=path)
            trainer = self.trainer(lr=2.0)
            history = trainer.fit(self.data, 8, validation=self.held,
                                  callbacks=[best, lambda run: seen.append(weights(run.trainer.network))])
            losses = [e.validation.loss for e in history]
            at = int(np.argmin(losses))
            self.assertLess(at, 7)      # or nothing was given back
            self.assertEqual((best.best, best.best_epoch), (losses[at], at + 1))
            for net in (trainer.network, snn.Network.load(self.ctx, path)):
                np.testing.assert_array_equal(weights(net), seen[at])
        self.assertEqual(trainer.evaluate(self.held).loss, losses[at])

    def test_learning_rate(self):
        history = self.trainer().fit(self.data, 3, callbacks=[snn.LearningRate(lambda epoch: 0.5 / epoch)])
        np.testing.assert_allclose([e.train.learning_rate for e in history], [0.5, 0.25, 0.5 / 3])

    def test_progress(self):
        lines = io.StringIO()
        self.trainer().fit(self.data, 2, validation=self.held, callbacks=[snn.ShowProgress(lines)])
        lines = lines.getvalue().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], r"^epoch 2/2  [\d.]+ s  loss [\d.]+  accuracy [\d.]+ %  validation: loss [\d.]+ ")
        for modules, errors, count in (({"ipykernel": sys}, io.StringIO(), 2), ({}, io.StringIO(), 0), ({}, None, 0)):
            with unittest.mock.patch.dict(sys.modules, modules), unittest.mock.patch("sys.stderr", errors), \
                    contextlib.redirect_stdout(io.StringIO()) as shown:
                self.trainer().fit(self.data, 2)
            self.assertEqual(shown.getvalue().count("\n"), count)
            self.assertEqual(errors and errors.getvalue(), errors and "")
        script = """if True:
            import sys, snn, fit
            test = fit.Fit()
            test.setUp()
            test.trainer().fit(test.data, 3, validation=test.held)
            """
        environment = dict(os.environ, PYTHONPATH=os.path.dirname(__file__) + ":" + os.environ["PYTHONPATH"],
                           COLUMNS="70")
        quiet = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        self.assertEqual((quiet.stdout, quiet.stderr), (b"", b""))
        leader, terminal = pty.openpty()
        with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE,
                              stderr=terminal) as child:
            self.assertEqual(child.communicate()[0], b"")
        os.close(terminal)
        written = os.read(leader, 65536).decode()
        os.close(leader)
        self.assertEqual(child.returncode, 0)
        self.assertEqual(written.count("\n"), 1)        # one line, written anew
        self.assertTrue(written.endswith("\n"))
        self.assertLessEqual(max(map(len, written.split("\r"))), 70)
        self.assertIn("epoch 3/3", written)

    def test_ctrl_c_keeps_what_was_reached(self):
        def interrupts(run):
            if run.epoch == 3:
                signal.raise_signal(signal.SIGINT)

        class InBatch(snn.Callback):
            def after_batch(self, run, progress):
                if run.epoch == 3 and progress.done == 16:
                    signal.raise_signal(signal.SIGINT)

        for callback, done in ((interrupts, 3), (InBatch(), 2)):
            log, best, trainer = Log(), snn.KeepBest(), self.trainer(lr=0.02)
            with self.assertRaises(KeyboardInterrupt):
                trainer.fit(self.data, 9, callbacks=[log, best, callback])
            self.assertEqual(len(trainer.history), done)
            self.assertEqual(log.calls[-1], ("end", 3, done))
            self.assertEqual(trainer.info().epochs, done)
            self.assertEqual(best.best, min(e.train.loss for e in trainer.history))
            self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
            self.assertEqual(len(trainer.fit(self.data, 1)), 1)     # the rest of that epoch, or another one
            self.assertEqual(trainer.history[-1].train.samples, 48)

    def test_exceptions_of_callbacks(self):
        class Fails(snn.Callback):
            def __init__(self, name):
                setattr(self, name, self.fail)

            def fail(self, *_arguments):
                raise RuntimeError("disk is full")

            def after_batch(self, run, progress):
                pass

        for name in ("begin", "before_epoch", "after_batch", "after_epoch", "end"):
            log, trainer = Log(), self.trainer()
            with self.assertRaisesRegex(RuntimeError, "disk is full"):
                trainer.fit(self.data, 2, callbacks=[log, Fails(name)])
            self.assertEqual(log.calls[-1][0], "end")
            self.assertEqual(trainer.epoch(self.data).samples, 48)

    def test_wrong_uses(self):
        fit = self.trainer().fit
        for kind, text, call in (
                (ValueError, "epochs: -1", lambda: fit(self.data, -1)),
                (TypeError, "epochs: 2.5", lambda: fit(self.data, 2.5)),
                (TypeError, "expected a Dataset, got ndarray", lambda: fit(np.zeros((4, 2)), 1)),
                (TypeError, "expected a Callback or a function", lambda: fit(self.data, 1, callbacks=["best"])),
                (TypeError, "expected a Callback or a function", lambda: fit(self.data, 1, callbacks=[snn.KeepBest])),
                (TypeError, "expected a list", lambda: fit(self.data, 1, callbacks=snn.KeepBest())),
                (ValueError, "figure: 'val_loss' is not one of loss, accuracy", lambda: snn.KeepBest("val_loss")),
                (ValueError, "patience: 0", lambda: snn.EarlyStopping(patience=0)),
                (TypeError, "min_delta: 'x' is not a number", lambda: snn.EarlyStopping(min_delta="x")),
                (ValueError, "r2 is not measured here; watch loss",
                 lambda: fit(self.data, 1, callbacks=[snn.EarlyStopping("r2")])),
                (TypeError, "expected a function of the epoch", lambda: snn.LearningRate(0.1)),
                (ValueError, "learning rate: -1.0 is not a finite number",
                 lambda: fit(self.data, 1, callbacks=[snn.LearningRate(lambda epoch: -1)])),
                (ValueError, "learning rate: nan", lambda: fit(self.data, 1, callbacks=[
                    snn.LearningRate(lambda epoch: float("nan"))]))):
            with self.assertRaisesRegex(kind, text):
                call()


if __name__ == "__main__":
    unittest.main()
