"""Data sets, of files or of arrays."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_double, c_float
from typing import TYPE_CHECKING, Any, Callable, Iterable

from . import _arrays as arrays
from . import _show as show
from . import _values as values
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._library import library
from ._structures import READ_FN, DatasetFiles, DatasetInfo, DatasetSource, Sample
from ._types import Array, ArrayLike, Floats, Path, Whole

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._context import Context

SPLITS = {"train": 1, "test": 2}
_CANCELLED = -11    # SNN_ERR_CANCELLED


def _frames(x: Array, frames: int) -> Callable[[Any, int, int], object]:
    """The function that copies frame [index,frame] of x [count,...] or [count,frames,...] to a pointer."""
    import numpy as np
    strides = (x.strides[0], x.strides[1] if frames > 1 else 0)
    first, size = x.ctypes.data, x[0].size // frames

    def copy(out: Any, index: int, frame: int) -> None:
        ctypes.memmove(out, first + index * strides[0] + frame * strides[1], 4 * size)

    def scale(out: Any, index: int, frame: int) -> None:
        source = x[index, frame] if frames > 1 else x[index]
        numbers = np.frombuffer((c_float * size).from_address(ctypes.addressof(out.contents)), np.float32)
        np.divide(source, np.float32(255), out=numbers.reshape(source.shape))

    return copy if x.dtype == np.float32 else scale


def _reader(x: Array, labels: Whole | None, targets: Floats | None, lengths: Whole | None,
            source: DatasetSource) -> Callable[..., int]:
    """The function that copies frames, and what else a sample has, out of arrays."""
    frames, target_frames = source.frames, source.target_frames
    copy, copy_target = _frames(x, frames), None if targets is None else _frames(targets, target_frames)

    def read(_user: object, index: int, frame: int, out: Any) -> int:
        sample = out[0]
        if frame < frames:
            copy(sample.x, index, frame)
        if labels is not None:
            sample.label = labels[index] if labels.ndim == 1 else labels[index, frame % target_frames]
        if copy_target is not None:
            copy_target(sample.target, index, frame % target_frames)
        if lengths is not None and frame == 0:
            sample.length = lengths[index]
        return 0

    return read


def _borrowed(x: ArrayLike, time_axis: int | None) -> tuple[Array, int]:
    """Samples [count,...] or [count,T,...] over the given memory where frames can be read from it: bytes, and float32
    with frames in C order; otherwise a copy. And the number of axes before a frame's."""
    import numpy as np
    samples = arrays.numbers(x, "samples")
    time, axes = ("count,", 1) if time_axis is None else (("T,count,", "count,T,")[values.axis(time_axis)], 2)
    if samples.ndim - axes not in (1, 2, 3) or samples.size == 0:
        raise ValueError(f"samples have shape {samples.shape}; expected [{time}N], [{time}C,L] or [{time}C,H,W] with "
                         "at least one sample; time_axis names the axis of time, if there is one")
    if time_axis == 0:
        samples = samples.swapaxes(0, 1)
    if samples.dtype == np.uint8 or samples.dtype == np.float32 and samples[(0,) * axes].flags.c_contiguous:
        return samples, axes
    return np.ascontiguousarray(samples, np.float32), axes


class Dataset(Owned, Parameters):
    """Samples with class labels or targets: open() reads published files, from_arrays() takes NumPy arrays."""

    _noun = "dataset"

    @classmethod
    def open(cls, context: Context, form: str, path: Path, split: str = "train", *, limit: int = 0, rank: int = 0,
             series: bool = False, inputs: str | None = None, targets: str | None = None, sequence: str | None = None,
             window: int = 0, stride: int = 0, last: bool = False, labels: str | None = None,
             label_steps: bool = False) -> Self:
        """Opens published files: names("format") lists the forms, and "npz" is one where libsnn-events is there. The
        split is "train" or "test"; with a limit, only the first samples are read.

        idx, npy, npz: series=True if the first dimension of a sample is time; rank 1 for samples [N], 2 for [C,L], 3
        for [C,H,W] where the array does not tell. csv: `targets`, names of columns as "a,b"; `inputs`, all others by
        default; `sequence`, the column that numbers sequences; `window` and `stride` in steps; last=True for one
        target of each sample, that of its last step; or `labels`, the column of the class of each step. Of idx, npy
        and npz, label_steps=True if labels are [n,T], one for each step."""
        files = DatasetFiles()
        library.snn_dataset_files_init(byref(files), ctypes.sizeof(files))
        files.format, files.path = values.word(form, "format"), values.path(path)
        files.split = values.choice(split, SPLITS, "split")
        files.limit, files.rank = values.whole(limit, "limit"), values.whole(rank, "rank")
        files.window, files.stride = values.whole(window, "window"), values.whole(stride, "stride")
        files.series, files.last, files.label_steps = int(bool(series)), int(bool(last)), int(bool(label_steps))
        for name, words in (("inputs", inputs), ("targets", targets), ("sequence", sequence), ("labels", labels)):
            setattr(files, name, None if words is None else values.word(words, name))
        call = library.snn_dataset_open_files
        if form == "npz":
            from ._events import library as events
            call = events.snn_events_arrays_open
        return cls.__new__(cls)._make(call, context, byref(files))

    @classmethod
    def from_arrays(cls, context: Context, x: ArrayLike, labels: ArrayLike | None = None, classes: int | None = None,
                    *, targets: ArrayLike | None = None, lengths: ArrayLike | None = None,
                    time_axis: int | None = None, step_labels: ArrayLike | None = None) -> Self:
        """x is [count,N], [count,C,L] or [count,C,H,W]; with frames for each step, [count,T,N] and so on with
        time_axis=1, [T,count,N] and so on with time_axis=0. Samples have labels [count] or targets [count,K]; targets
        for each step, and step_labels, the class of each step, have their axes in the order of x, beside static
        samples [count,T,K] and [count,T]. Where some samples have
        fewer frames than others, lengths [count]. Bytes are scaled to 0 .. 1.

        The library asks for sample after sample through a callback, which copies it out of x: bytes and float32 stay
        where they are, whatever the strides of the first axes, and changes to them are seen. Other types are
        converted once."""
        values.either(labels, targets, step_labels)
        samples, axes = _borrowed(x, time_axis)
        rank = samples.ndim - axes
        source = DatasetSource()
        library.snn_dataset_source_init(byref(source), ctypes.sizeof(source))
        source.rank = rank
        source.shape[:rank] = list(samples.shape[-rank:])
        source.count = len(samples)
        source.frames = samples.shape[1] if axes == 2 else 1
        whole, vectors, ends = None, None, None
        if labels is not None:
            whole = values.labels(labels, len(samples), classes)
            source.classes = int(whole.max()) + 1 if classes is None else values.whole(classes, "classes", 1)
        time = 1 if time_axis is None else time_axis
        if step_labels is not None:
            whole, source.target_frames = values.step_labels(step_labels, len(samples), time, 1, classes)
            source.classes = int(whole.max()) + 1 if classes is None else values.whole(classes, "classes", 1)
        if targets is not None:
            vectors, source.target_frames = values.targets(targets, (len(samples), None), time, 1)
            source.targets = vectors.shape[-1]
        if lengths is not None:
            ends = values.lengths(lengths, len(samples), source.frames)
        watch = Watch()
        source.read = READ_FN(watch.guard(_reader(samples, whole, vectors, ends, source), _CANCELLED))
        dataset = cls.__new__(cls)._make(library.snn_dataset_create, context, byref(source))
        dataset._watch = watch
        dataset._node.keeps = [source.read, samples, whole, vectors, ends]
        return dataset

    def _make(self, create: Callable[..., object], context: Context, *arguments: object) -> Self:
        self._watch = Watch()
        return self._own(create, handle(context, "context"), *arguments, parents=(context,))

    def __repr__(self) -> str:
        info = self.info()
        frames = f" in {info.frames} frames" if info.frames > 1 else ""
        aims = show.count(info.targets, "target") if info.targets else f"{info.classes} classes"
        return f"Dataset({show.count(info.count, 'sample')} of {show.shape(self.shape)}{frames}, {aims})"

    def info(self) -> DatasetInfo:
        """Returns shape, number of samples, classes, frames, and numbers and frames of targets."""
        out = DatasetInfo()
        library.snn_dataset_get_info(self._handle, byref(out))
        return out

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a sample's frame."""
        info = self.info()
        return tuple(info.shape[:info.rank])

    @property
    def classes(self) -> int:
        """Number of classes, 0 where samples have targets."""
        return self.info().classes

    def __len__(self) -> int:
        return self.info().count

    def statistics(self, n: int = 1) -> tuple[list[float], list[float]]:
        """Returns mean and standard deviation over all samples, of all pixels (n = 1) or of each channel."""
        n = values.whole(n, "n", 1, 2**30)
        mean, deviation = (c_double * n)(), (c_double * n)()
        calling_back([self._watch], library.snn_dataset_statistics, self._handle, mean, deviation, n)
        return list(mean), list(deviation)

    def normalise(self, mean: Iterable[float], deviation: Iterable[float]) -> Self:
        """Normalises the samples: from now on every value x is read as (x - mean) / deviation."""
        means, n = values.doubles(mean)
        deviations, m = values.doubles(deviation)
        if n != m:
            raise ValueError(f"{n} means but {m} deviations; expected the same number of both")
        library.snn_dataset_normalise(self._handle, means, deviations, n)
        return self

    def __getitem__(self, index: int) -> tuple[Floats, int] | tuple[Floats, Floats] | tuple[Floats, Whole]:
        """Returns sample and label, or sample and target, as in evaluation. Samples and targets with frames are
        [T,...], and labels of steps [T], with zeros after the end of the sample."""
        import numpy as np
        index = values.whole(index, "index", -2**63)
        if not 0 <= index < len(self):
            raise IndexError(f"index: {index} is outside 0 .. {len(self) - 1}")
        info, sample = self.info(), Sample()
        steps = max(info.frames, info.target_frames)
        x, target = np.zeros((steps, *self.shape), np.float32), np.zeros((steps, info.targets), np.float32)
        length, labels = steps, np.zeros(steps, np.uint32)
        for frame in range(steps):
            if frame < length:
                _, sample.x = values.floats(x[frame])
                _, sample.target = values.floats(target[frame])
                calling_back([self._watch], library.snn_dataset_read, self._handle, index, frame, byref(sample))
                labels[frame] = sample.label
            if frame == 0 and info.frames > 1:
                length = sample.length
        x = x[:info.frames] if info.frames > 1 else x[0]
        if info.targets == 0:
            return (x, labels[:info.target_frames]) if info.target_frames > 1 else (x, int(labels[0]))
        return x, target[:info.target_frames] if info.target_frames > 1 else target[0]
