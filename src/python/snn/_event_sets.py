"""Data sets of recordings, and lists of their samples."""

from __future__ import annotations

import os
from ctypes import byref
from typing import NamedTuple, Optional

from . import _show as show
from . import _values as values
from ._context import Context
from ._dataset import SPLITS, Dataset
from ._event_frames import Frames
from ._events import EventsData, EventsItem, EventsListInfo, library
from ._handles import Owned, handle
from ._recording import Recording, listed
from ._types import Array, Path, Setting

_FIRST, _LAST = -2**63, 2**63 - 1   # begin and end of samples that are whole recordings


def layouts() -> dict[str, str]:
    """Names of the layouts of data sets, each with a few words."""
    return listed(library.snn_events_layout_name, library.snn_events_layout_text)


def _data(layout: str, directory: Path, split: str | None, limit: int) -> EventsData:
    data = EventsData()
    data.layout, data.directory = values.word(layout, "layout"), values.path(directory)
    data.split = 0 if split is None else values.choice(split, SPLITS, "split")
    data.limit = values.whole(limit, "limit")
    return data


def dataset(context: Context, layout: str, directory: Path, split: str | None = "train", *, limit: int = 0,
            memory: int = 0, cache: Path | None = None, **frames: Setting) -> Dataset:
    """Opens a data set of recordings; layouts() lists the layouts. Every recording is a sample of T frames, [T,C,H,W]
    or [T,N], with a class. Parameters of Frames say how it is cut: dataset(ctx, "shd", "SHD", "test", steps=20,
    cut="bins", dt=50_000). split None: all that there is to train with.

    limit: the first so many recordings; memory: bytes for events at a time, 0 for 1 GiB; cache: a folder for a file
    with the events of all samples, which is written when there is none."""
    data = _data(layout, directory, split, limit)
    data.memory = values.whole(memory, "memory")
    data.cache = None if cache is None else values.path(cache)
    how = Frames(context, **frames)
    return Dataset.__new__(Dataset)._make(library.snn_events_dataset_open, context, byref(data), how._handle)


class Sample(NamedTuple):
    """One sample of a data set: the events of begin <= t < end, in microseconds, of a recording in a file."""

    path: str
    label: int
    recording: int          # its number in the file, from 0
    begin: Optional[int]    # None: from the first event on
    end: Optional[int]      # None: up to the last one
    format: Optional[str]   # None: as the content says

    def read(self) -> Array:
        """Returns its events, as an array of dtype()."""
        recording = Recording(self.path, self.format)
        recording.seek(self.recording)
        events = recording.read()
        if self.begin is not None:
            events = events[events["t"] >= self.begin]
        return events if self.end is None else events[events["t"] < self.end]


class Samples(Owned):
    """The samples of a data set, without reading recordings: Samples("nmnist", "N-MNIST", "test")[7].read()."""

    _noun = "events_list"
    _library = library

    def __init__(self, layout: str, directory: Path, split: str | None = "train", *, limit: int = 0,
                 context: Context | None = None) -> None:
        context = context if context is not None else Context(threads=1)
        data = _data(layout, directory, split, limit)
        self._own(library.snn_events_list_open, handle(context, "context"), byref(data), parents=(context,))

    def info(self) -> EventsListInfo:
        """Returns the sensor, and the numbers of samples and classes."""
        out = EventsListInfo()
        library.snn_events_list_get_info(self._handle, byref(out))
        return out

    def __len__(self) -> int:
        return self.info().samples

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        item = EventsItem()
        library.snn_events_list_get_item(self._handle, values.whole(index, "index"), byref(item))
        return Sample(os.fsdecode(item.path), item.label, item.index, None if item.begin == _FIRST else item.begin,
                      None if item.end == _LAST else item.end, values.text(item.format))

    @property
    def classes(self) -> list[str]:
        """Names of the classes; their numbers where they have no names."""
        names = (library.snn_events_list_class_name(self._handle, label) for label in range(self.info().classes))
        return [str(label) if name is None else name.decode() for label, name in enumerate(names)]

    def __repr__(self) -> str:
        return f"Samples({show.count(len(self), 'sample')}, {self.info().classes} classes)"
