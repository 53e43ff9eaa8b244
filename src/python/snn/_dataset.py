"""Data sets, of files or of arrays."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_double
from typing import TYPE_CHECKING, Any, Callable, Iterable

from . import _values as values
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._library import library
from ._structures import READ_FN, DatasetInfo, DatasetSource, Sample
from ._types import Array, ArrayLike, Floats, Path, Whole

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._context import Context

_SPLIT = {"train": 1, "test": 2}
_CANCELLED = -11    # SNN_ERR_CANCELLED


def _reader(x: Array, labels: Whole | None, targets: Floats | None, lengths: Whole | None,
            source: DatasetSource) -> Callable[..., int]:
    """The function that copies frames, and what else a sample has, out of arrays."""
    frames, target_frames, size = source.frames, source.target_frames, x[0].nbytes // source.frames
    first, first_target = x.ctypes.data, 0 if targets is None else targets.ctypes.data
    target_size = 4 * source.targets

    def read(_user: object, index: int, frame: int, out: Any) -> int:
        sample = out[0]
        if frame < frames:
            ctypes.memmove(sample.x, first + (index * frames + frame) * size, size)
        if labels is not None:
            sample.label = labels[index]
        else:
            at = (index * target_frames + frame % target_frames) * target_size
            ctypes.memmove(sample.target, first_target + at, target_size)
        if lengths is not None and frame == 0:
            sample.length = lengths[index]
        return 0

    return read


class Dataset(Owned, Parameters):
    """Samples with class labels or targets: open() reads published files, from_arrays() takes NumPy arrays."""

    _noun = "dataset"

    @classmethod
    def open(cls, context: Context, form: str, directory: Path, split: str = "train") -> Self:
        """Opens published files: names("format") lists the forms; the split is "train" or "test"."""
        return cls.__new__(cls)._make(library.snn_dataset_open, context, values.word(form, "format"),
                                      values.path(directory), values.choice(split, _SPLIT, "split"))

    @classmethod
    def from_arrays(cls, context: Context, x: ArrayLike, labels: ArrayLike | None = None, classes: int | None = None,
                    *, targets: ArrayLike | None = None, lengths: ArrayLike | None = None,
                    per_step: bool = False) -> Self:
        """x is [count,N], [count,C,L] or [count,C,H,W], with per_step [count,T,N] and so on. Samples have labels
        [count], or targets [count,K], or [count,T,K] with one for each step; where some have fewer frames than
        others, lengths [count]. The library asks for sample after sample through a callback, which copies it. Changes
        to a float32 array are seen, as nothing else is copied."""
        values.either(labels, targets)
        samples, _ = values.floats(x, "samples")
        rank = samples.ndim - 1 - bool(per_step)
        if rank not in (1, 2, 3) or samples.size == 0:
            time = "T," if per_step else ""
            raise ValueError(f"samples have shape {samples.shape}; expected [count,{time}N], [count,{time}C,L] or "
                             f"[count,{time}C,H,W] with at least one sample")
        source = DatasetSource()
        library.snn_dataset_source_init(byref(source), ctypes.sizeof(source))
        source.rank = rank
        source.shape[:rank] = list(samples.shape[-rank:])
        source.count = len(samples)
        source.frames = samples.shape[1] if per_step else 1
        whole, vectors, ends = None, None, None
        if labels is not None:
            whole, _ = values.labels(labels, len(samples), classes)
            source.classes = int(whole.max()) + 1 if classes is None else values.whole(classes, "classes", 1)
        if targets is not None:
            vectors, _, source.target_frames = values.targets(targets, (len(samples), None), 1)
            source.targets = vectors.shape[-1]
        if lengths is not None:
            ends, _ = values.lengths(lengths, len(samples), source.frames)
        watch = Watch()
        source.read = READ_FN(watch.guard(_reader(samples, whole, vectors, ends, source), _CANCELLED))
        dataset = cls.__new__(cls)._make(library.snn_dataset_create, context, byref(source))
        dataset._watch = watch
        dataset._node.keeps = [source.read, samples, whole, vectors, ends]
        return dataset

    def _make(self, create: Callable[..., object], context: Context, *arguments: object) -> Self:
        self._watch = Watch()
        return self._own(create, handle(context, "context"), *arguments, parents=(context,))

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

    def __getitem__(self, index: int) -> tuple[Floats, int] | tuple[Floats, Floats]:
        """Returns sample and label, or sample and target, as in evaluation. Samples and targets with frames are
        [T,...], with zeros after the end of the sample."""
        import numpy as np
        if not 0 <= index < len(self):
            raise IndexError(index)
        info, sample = self.info(), Sample()
        steps = max(info.frames, info.target_frames)
        x, target = np.zeros((steps, *self.shape), np.float32), np.zeros((steps, info.targets), np.float32)
        length = steps
        for frame in range(steps):
            if frame < length:
                _, sample.x = values.floats(x[frame])
                _, sample.target = values.floats(target[frame])
                calling_back([self._watch], library.snn_dataset_read, self._handle, values.whole(index, "index"),
                             frame, byref(sample))
            if frame == 0 and info.frames > 1:
                length = sample.length
        x = x[:info.frames] if info.frames > 1 else x[0]
        if info.targets == 0:
            return x, sample.label
        return x, target[:info.target_frames] if info.target_frames > 1 else target[0]
