"""snn.events, snn.images and snn.nir: structures as in the headers, recordings, images and graphs as arrays, networks
and data sets."""

import csv
import ctypes
import io
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings
import zlib

import numpy as np
import snn

try:
    from snn import _events, events
except ImportError as problem:
    events, no_events = None, str(problem)
try:
    from snn import _images, images
except ImportError as problem:
    images, no_images = None, str(problem)
try:
    from snn import _nir, nir
except ImportError as problem:
    nir, no_nir = None, str(problem)

SOURCE = pathlib.Path(os.environ["SNN_SOURCE"])
DATA = pathlib.Path(os.environ.get("SNN_DATA", "/nowhere"))
with_images = unittest.skipIf(images is None, "libsnn-images is not there")
with_events = unittest.skipIf(events is None, "libsnn-events is not there")
with_nir = unittest.skipIf(nir is None, "libsnn-nir is not there")


def data(*parts):
    path = DATA.joinpath(*parts)
    if not path.exists():
        raise unittest.SkipTest(f"no {path.name} here (SNN_DATA)")
    return path


def made(n=1000, seed=1):
    """Events of a sensor of 8 x 6 pixels, in order."""
    rng = np.random.default_rng(seed)
    e = np.zeros(n, events.dtype())
    e["t"], e["x"], e["y"], e["p"] = np.sort(rng.integers(0, 50_000, n)), *rng.integers(0, (8, 6, 2), (n, 3)).T
    return e


def nmnist(e):
    """The bytes of a file of N-MNIST."""
    rows = np.stack([e["x"], e["y"], e["p"] << 7 | e["t"] >> 16, e["t"] >> 8 & 255, e["t"] & 255], axis=1)
    return rows.astype(np.uint8).tobytes()


class Components(unittest.TestCase):
    def structures(self, pairs):
        with open(SOURCE / "tests" / "contract" / "abi.txt", encoding="ascii") as file:
            rows = (line.split() for line in file if not line.startswith("#"))
            record = {name: (int(offset), int(size)) for offset, size, name in rows}
        for name, struct in pairs.items():
            self.assertEqual(record[name], (0, ctypes.sizeof(struct)), name)
            fields = [f[0] for kind in reversed(struct.__mro__) for f in vars(kind).get("_fields_", ())]
            self.assertEqual(len(fields), sum(r.startswith(name + ".") for r in record), name)
            for field in fields:
                at = getattr(struct, field)
                self.assertEqual(record[f"{name}.{field}"], (at.offset, at.size), f"{name}.{field}")

    @with_events
    def test_structures_of_events(self):
        self.structures({"snn_event": _events.Event, "snn_events_source": _events.EventsSource,
                         "snn_events_info": _events.EventsInfo, "snn_events_data": _events.EventsData,
                         "snn_events_list_info": _events.EventsListInfo, "snn_events_item": _events.EventsItem,
                         "snn_event_windows_options": _events.WindowsOptions,
                         "snn_event_window": _events.EventWindow, "snn_event_windows_info": _events.WindowsInfo})

    @with_images
    def test_structures_of_images(self):
        self.structures({"snn_images_data": _images.ImagesData, "snn_images_list_info": _images.ImagesListInfo,
                         "snn_images_item": _images.ImagesItem})

    @with_nir
    def test_structures_of_nir(self):
        self.structures({"snn_nir_options": _nir.NirOptions, "snn_nir_info": _nir.NirInfo,
                         "snn_nir_node_info": _nir.NirNode, "snn_nir_drift": _nir.NirDrift})

    def test_what_is_missing_is_said(self):
        for module in ("events", "images", "nir"):
            variable = f"SNN_{module.upper()}_LIBRARY"
            run = subprocess.run([sys.executable, "-c", f"import snn; print(snn.version()); import snn.{module}"],
                                 env={**os.environ, variable: "/nowhere/lib.so"}, capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stdout), (1, f"{snn.version()}\n"))
            self.assertRegex(run.stderr, f"ImportError: libsnn-{module} cannot be loaded.*{variable}")


def png(pixels):
    """The bytes of a PNG of [H,W,3]."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@with_images
class Images(unittest.TestCase):
    def setUp(self):
        if images.formats()["png"]:
            self.skipTest(images.formats()["png"])
        self.pixels = np.random.default_rng(1).integers(0, 256, (12, 12, 3), np.uint8)

    def test_an_image_is_a_sample(self):
        how = images.Images(size=12, resize=12)
        x = how.decode(png(self.pixels))
        np.testing.assert_allclose(x, self.pixels.transpose(2, 0, 1) / 255, rtol=1e-6)
        self.assertEqual(images.Images(size=12, resize=12, colour="grey").decode(png(self.pixels)).shape, (1, 12, 12))
        self.assertFalse(np.array_equal(how.decode(png(self.pixels), seed=7), x))
        self.assertEqual(repr(how), "Images(size=12, resize=12)")
        with self.assertRaisesRegex(snn.Error, "neither a JPEG nor a PNG"):
            how.decode(b"GIF89a")
        with self.assertRaisesRegex(snn.Error, "more than the 100 that are allowed"):
            how.decode(png(self.pixels), pixels=100)

    def test_a_data_set(self):
        with tempfile.TemporaryDirectory() as folder:
            for split, n in (("train", 3), ("val", 1)):
                for name in ("cats", "dogs"):
                    below = pathlib.Path(folder, split, name)
                    below.mkdir(parents=True)
                    for i in range(n):
                        (below / f"{i}.png").write_bytes(png(self.pixels))
            found = images.List("images", folder, "test")
            self.assertEqual((len(found), found.classes, found[1].label), (2, ["cats", "dogs"], 1))
            self.assertTrue(found[1].path.endswith("val/dogs/0.png"))
            ctx = snn.Context(threads=1)
            train = images.dataset(ctx, "images", folder, size=8, hue=0.2)
            self.assertEqual(len(train), 6)
            mean, deviation = images.normalisation()
            before = train[0][0]
            train.normalise(mean, deviation)
            np.testing.assert_allclose(train[0][0], (before - np.reshape(mean, (3, 1, 1))) /
                                       np.reshape(deviation, (3, 1, 1)), atol=1e-6)
            with self.assertRaisesRegex(snn.Error, "no layout"):
                images.dataset(ctx, "films", folder)


@with_events
class Recordings(unittest.TestCase):
    def test_files_as_an_independent_decoder_reads_them(self):
        with open(data("events", "expected.tsv"), newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t") if int(row["n_events"] or 0)]
        read = 0
        for row in rows:
            path, form = data("events", row["file"]), "nmnist" if row["format"] == "n-mnist" else None
            try:
                e = events.Recording(path, form).read()
            except snn.Error as problem:        # a build without LZ4 or Zstandard
                self.assertEqual(problem.name, "SNN_ERR_UNSUPPORTED")
                continue
            read += 1
            got = [len(e), e["p"].sum(), e["t"][0], e["t"][-1], e["x"].sum(dtype=int), e["y"].sum(dtype=int)]
            names = ("n_events", "n_p1", "t_first", "t_last", "sum_x", "sum_y")
            self.assertEqual(got, [int(row[name]) for name in names], row["file"])
        self.assertGreater(read, 5)

    def test_ways_to_read(self):
        e, file = made(), io.BytesIO()
        np.save(file, np.stack([e["t"], e["x"], e["y"], e["p"]], axis=1))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "e.npy"
            path.write_bytes(file.getvalue())
            whole = events.Recording(path)
            self.assertEqual(whole.info().format, b"npy")
            for source in (whole, events.Recording(bytearray(file.getvalue())),
                           events.Recording(io.BytesIO(file.getvalue()), "npy"), events.Recording(str(path))):
                got = source.read()
                for field in ("t", "x", "y", "p"):
                    np.testing.assert_array_equal(got[field], e[field])
                self.assertEqual(len(source.read(5)), 0)
            self.assertTrue(whole.seek(0))
            self.assertEqual([len(chunk) for chunk in whole.chunks(300)], [300, 300, 300, 100])
            self.assertFalse(whole.seek(1))
            with self.assertRaisesRegex(snn.Error, "SNN_ERR_FORMAT"):
                events.Recording(path, "aedat4").read()

    def test_failures(self):
        class Broken(io.RawIOBase):
            def readinto(self, _buffer):
                raise ValueError("the pipe is broken")

        with self.assertRaisesRegex(ValueError, "the pipe is broken"):
            events.Recording(Broken(), "csv").read()
        with self.assertRaisesRegex(snn.Error, "no-such-format"):
            events.Recording(b"12345678", "no-such-format")
        with self.assertRaisesRegex(snn.Error, "SNN_ERR_IO.*nowhere"):
            events.Recording("/nowhere/x.aedat4")
        with self.assertRaisesRegex(TypeError, "fields t, x, y and p"):
            events.Frames().prepare(8, 6).frame(np.zeros((3, 4)))
        with self.assertRaisesRegex(ValueError, "x lies in -1 .. 0; expected 0 .. 65535"):
            events.Frames().prepare(8, 6).frame(np.array([(0, 0, 0, 1), (1, -1, 0, 1)],
                                                         [(field, int) for field in "txyp"]))

    def test_frames_count_events(self):
        e = made()
        frames = events.Frames(value="counts", polarity="two").prepare(8, 6)
        want = np.zeros((2, 6, 8))
        np.add.at(want, (e["p"].astype(int), e["y"], e["x"]), 1)
        self.assertEqual(frames.shape, want.shape)
        np.testing.assert_array_equal(frames.frame(e), want)
        # as other packages have them
        others = np.zeros(len(e), [("x", "i4"), ("y", "i4"), ("p", "?"), ("t", "i8")]) 
        for field in ("x", "y", "p", "t"):
            others[field] = e[field]
        np.testing.assert_array_equal(frames.frame(others), want)
        self.assertEqual(frames.get("polarity"), "two")
        self.assertTrue({"cut", "steps"} <= set(frames.params()))

    def test_bins_and_windows(self):
        e = made()
        e["t"][500:] += 35_000      # several windows without an event
        frames = events.Frames(value="counts", polarity="one", normalise="none").prepare(8, 6)
        number = (e["t"] - e["t"][0]) // 1000
        want = np.zeros((number[-1] + 1, 1, 6, 8))
        np.add.at(want, (number, 0, e["y"], e["x"]), 1)
        np.testing.assert_array_equal(frames.bins(e, 1000), want)
        self.assertEqual(frames.bins(e[:0]).shape, (0, 1, 6, 8))
        far = e.copy()
        far["t"][-1] = 2**61
        self.assertRaisesRegex(ValueError, "a larger dt", lambda: frames.bins(far, 1000))
        windows = events.Windows(frames, 1000, capacity=4)
        windows.set_tag(7)
        self.assertEqual(windows.push(e[:500], stamp=99), 500)
        last = list(windows)
        self.assertEqual([(w.number, w.tag, w.stamp) for w in last], [(number[499] - 4 + i, 7, 99) for i in range(4)])
        np.testing.assert_array_equal(last[0].frame, want[last[0].number])
        self.assertEqual(windows.info().dropped, number[499] - 4)
        windows.finish()
        self.assertEqual(windows.take().events, want[number[499]].sum())
        self.assertIsNone(windows.take())

    def test_data_set_of_recordings(self):
        ctx = snn.Context(threads=1)
        with tempfile.TemporaryDirectory() as folder:
            for label in range(10):
                place = pathlib.Path(folder) / "Train" / str(label)
                place.mkdir(parents=True)
                for i in (1, 2):
                    (place / f"{i:05}.bin").write_bytes(nmnist(made(200, 10 * label + i)))
            samples = events.Samples("nmnist", folder, "train")
            self.assertEqual((len(samples), samples.classes), (20, [str(label) for label in range(10)]))
            for sample in samples:
                want = made(200, 10 * sample.label + int(pathlib.Path(sample.path).stem))
                np.testing.assert_array_equal(sample.read()["t"], want["t"])
            train = events.dataset(ctx, "nmnist", folder, "train", steps=4, cut="count", value="counts")
            self.assertEqual((len(train), train.classes, train.shape, train.info().frames), (20, 10, (2, 34, 34), 4))
            x, label = train[3]
            self.assertEqual((x.sum(), label), (200, samples[3].label))
            self.assertEqual(x[:, 1].sum(), samples[3].read()["p"].sum())
            net = snn.Network.build(ctx, "2312-16-10", train.shape, train.classes)
            trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "bptt", batch=10, steps=4)
            self.assertEqual(trainer.epoch(train).samples, 20)
            self.assertEqual(len(events.dataset(ctx, "nmnist", folder, "train", limit=2)), 2)
            with self.assertRaisesRegex(snn.Error, "dvs-gesture"):
                events.dataset(ctx, "dvs-gestures", folder)
            with self.assertRaisesRegex(snn.Error, "no parameter"):
                events.dataset(ctx, "nmnist", folder, nothing=1)

    def test_layout_of_published_spikes(self):
        folder = data("shd-layout-synthetic")
        with tempfile.TemporaryDirectory() as place:
            os.symlink(folder / "synthetic_train.h5", pathlib.Path(place) / "shd_train.h5")
            try:
                spikes = events.dataset(snn.Context(threads=1), "shd", place, "train", steps=5)
            except snn.Error as problem:
                if problem.name != "SNN_ERR_UNSUPPORTED":
                    raise
                self.skipTest(str(problem))
        with open(folder / "synthetic_train.tsv", newline="", encoding="utf-8") as file:
            self.assertEqual(len(spikes), len(list(csv.DictReader(file, delimiter="\t"))))

    def test_arrays_in_files(self):
        ctx, rng = snn.Context(threads=1), np.random.default_rng(3)
        x, y = rng.random((7, 5, 4)).astype(np.float32), np.arange(7) % 3
        with tempfile.TemporaryDirectory() as folder:
            np.save(os.path.join(folder, "x_train.npy"), x)
            np.save(os.path.join(folder, "y_train.npy"), y)
            archive = os.path.join(folder, "all.npz")
            np.savez(archive, x_train=x, y_train=y)
            opened = [snn.Dataset.open(ctx, "npy", folder, series=True)]
            try:
                opened.append(snn.Dataset.open(ctx, "npz", archive, series=True))
            except snn.Error as problem:        # a build without libarchive
                self.assertEqual(problem.name, "SNN_ERR_UNSUPPORTED")
            for each in opened:
                self.assertEqual((len(each), each.shape, each.info().frames), (7, (4,), 5))
                np.testing.assert_array_equal(each[6][0], x[6])
            self.assertEqual(len(snn.Dataset.open(ctx, "npy", folder, series=True, limit=3)), 3)
            self.assertEqual(snn.Dataset.open(ctx, "npy", folder, rank=2).shape, (5, 4))


@with_nir
class Graphs(unittest.TestCase):
    def test_there_and_back(self):
        ctx = snn.Context(threads=1)
        net = snn.Network.build(ctx, "6-8-3", (6,), 3, snn.Neuron(ctx, "lif", tau=4.0, reset="zero")).prepare()
        x = np.random.default_rng(2).normal(1, 2, (20, 6))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.nir")
            nir.save(net, path, dt=1e-3)
            graph = nir.Graph(path)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                again = nir.load(ctx, path)
        self.assertEqual(graph.info().dt, 1e-3)
        self.assertEqual([node.type for node in graph.nodes()], ["Input", "Affine", "LIF", "Affine", "Output"])
        self.assertEqual(len(graph.edges()), 4)
        self.assertRegex(str(graph), "sn1 +LIF +8 +40")
        scores = [snn.Evaluator(each, batch=1, steps=20).predict(x[:, None]) for each in (net, again)]
        np.testing.assert_allclose(*scores, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(graph.run(x).sum(0), scores[0][0], rtol=1e-4, atol=1e-4)
        translated = graph.network()
        drift = graph.check(translated, x)
        self.assertEqual((list(drift), drift["sn1"].differ), (["sn1"], 0))
        self.assertLess(drift["sn1"].potential, 1e-5 * drift["sn1"].largest)
        self.assertGreater(drift["sn1"].spikes, 0)
        self.assertRegex(repr(drift), "node +layer +difference +of +spikes +differ")
        self.assertEqual(nir.Graph.of(again).info().dt, 1e-3)

    def test_membrane_of_a_graph_is_that_of_the_network(self):
        graph, ctx = nir.Graph(data("nir", "lif_norse.nir")), snn.Context(threads=1)
        net = graph.network(reset="zero")
        name = next(node.name for node in graph.nodes() if node.type == "LIF")
        layer = next(node.layer for node in graph.nodes() if node.type == "LIF")
        x = np.random.default_rng(3).random((60, 1), np.float32) * 4
        _out, after = graph.run(x, membrane=name, reset="zero")
        evaluator = snn.Evaluator(net, batch=1, steps=60)
        with snn.Recorder(evaluator) as seen:
            evaluator.predict(x[:, None])
        spikes = seen.spikes[layer][:, 0]
        self.assertGreater(spikes.sum(), 0)
        np.testing.assert_allclose(np.where(spikes > 0, 0, seen.membrane[layer][:, 0]), after, atol=1e-6)

    def test_what_is_lost_is_warned_of(self):
        with self.assertWarnsRegex(UserWarning, "lif1.w_rec: its bias"):
            net = nir.load(snn.Context(threads=1), data("nir", "braille_v1.nir"), reset="zero")
        self.assertEqual(net.info().in_.tuple(), (12,))

    def test_failures(self):
        ctx = snn.Context(threads=1)
        with self.assertRaisesRegex(snn.Error, "SNN_ERR_IO.*nowhere"):
            nir.Graph("/nowhere/x.nir")
        graph = nir.Graph.of(snn.Network.build(ctx, "6-8-3", (6,), 3))
        with self.assertRaisesRegex(ValueError, r"expected \[T,6\]"):
            graph.run(np.zeros((4, 7)))
        with self.assertRaisesRegex(ValueError, "option.*resett.*reset"):
            graph.network(resett="zero")
        with self.assertRaisesRegex(snn.Error, "sideways"):
            graph.network(reset="sideways")
        with self.assertRaisesRegex(TypeError, "expected a Network"):
            nir.save(graph, "x.nir")


if __name__ == "__main__":
    if events is None and images is None and nir is None:
        print(f"{no_events}; {no_images}; {no_nir}: skipped")
        sys.exit(77)
    unittest.main()
