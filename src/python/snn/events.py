"""Recordings of event cameras and spikes, by libsnn-events: NumPy arrays of events, frames, data sets.

    from snn import events

    recording = events.Recording("dvs.aedat4")
    e = recording.read()            # e["t"], e["x"], e["y"], e["p"]; e[:100] are the first hundred events
    for chunk in events.Recording("long.raw").chunks(100_000):
        ...
    data = events.dataset(ctx, "nmnist", "N-MNIST", "train", steps=10, cut="time")     # as any other data set

Importing this module raises ImportError where libsnn-events is not there: it lies beside libsnn, or where
SNN_EVENTS_LIBRARY says."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import byref, c_size_t, c_uint32
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Optional

from . import _show as show
from . import _values as values
from ._context import Context
from ._dataset import SPLITS, Dataset
from ._events import (READ_FN, Event, EventsData, EventsInfo, EventsItem, EventsListInfo, EventsSource, EventWindow,
                      WindowsInfo, WindowsOptions, library)
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._types import Array, ArrayLike, Floats, Path, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Frames", "Recording", "Sample", "Samples", "Window", "Windows", "dataset", "dtype", "formats", "layouts"]

_FAILED = -5    # SNN_ERR_IO
_FIRST, _LAST = -2**63, 2**63 - 1   # begin and end of samples that are whole recordings


def dtype() -> Any:
    """The type of arrays of events: fields t, microseconds; x and y, column and row, or x the unit; p, 1 brighter."""
    import numpy as np
    fields = ("t", "x", "y", "p")
    return np.dtype({"names": fields, "formats": ["<i8", "<u2", "<u2", "u1"],
                     "offsets": [getattr(Event, field).offset for field in fields], "itemsize": ctypes.sizeof(Event)})


def _listed(name: Any, text: Any) -> dict[str, str]:
    out: dict[str, str] = {}
    while (word := name(len(out))) is not None:
        out[word.decode()] = text(len(out)).decode()
    return out


def formats() -> dict[str, str]:
    """Names of the formats of recordings, each with a few words; "needs PACKAGE" where this build cannot read it."""
    out = _listed(library.snn_events_format_name, library.snn_events_format_text)
    for index, name in enumerate(out):
        package = library.snn_events_format_lacks(index)
        out[name] += f" (needs {package.decode()})" if package else ""
    return out


def layouts() -> dict[str, str]:
    """Names of the layouts of data sets, each with a few words."""
    return _listed(library.snn_events_layout_name, library.snn_events_layout_text)


def _array(given: ArrayLike) -> tuple[Array, int]:
    """Events as the library has them, and their address."""
    import numpy as np
    given = np.asarray(given)
    if given.dtype != dtype():
        if not given.dtype.names or not {"t", "x", "y", "p"} <= set(given.dtype.names):
            raise TypeError(f"events: expected an array with fields t, x, y and p, got {given.dtype}")
        out = np.zeros(given.shape, dtype())
        for field in ("t", "x", "y", "p"):
            out[field] = given[field]
        given = out
    given = np.ascontiguousarray(given).ravel()
    return given, given.ctypes.data


class Recording(Owned):
    """A file of events, compressed or in an archive, too: Recording("x.aedat4"). Or bytes in memory, or a binary file
    or pipe with readinto(). formats() lists what is read; the content shows which it is, but for some that have to be
    named: format="nmnist". A truncated recording ends with its last whole event, with strict=True it raises. AEDAT 4
    may have several streams."""

    _noun = "events"
    _library = library

    def __init__(self, source: Any, format: str | None = None, *, strict: bool = False, stream: int = 0,
                 context: Context | None = None) -> None:
        self._watch = Watch()
        given = EventsSource()
        given.strict, given.stream = int(bool(strict)), values.whole(stream, "stream")
        given.format = None if format is None else values.word(format, "format")
        keeps = self._take(given, source)
        context = context if context is not None else Context(threads=1)
        calling_back([self._watch], functools.partial(self._own, library.snn_events_open, handle(context, "context"),
                                                      byref(given), parents=(context,)))
        self._node.keeps.extend(keeps)

    def _take(self, given: EventsSource, source: Any) -> list[object]:
        """Sets what the library reads; returns what has to stay."""
        if isinstance(source, (bytes, bytearray, memoryview)):
            memory = ctypes.create_string_buffer(bytes(source), len(source))
            given.data, given.size = ctypes.addressof(memory), len(memory)
            return [memory]
        if hasattr(source, "readinto"):
            def read(_user: object, to: int, size: int, got: Any) -> int:
                got[0] = source.readinto((ctypes.c_char * size).from_address(to)) or 0
                return 0

            given.read = READ_FN(self._watch.guard(read, _FAILED))
            return [given.read]
        given.path = values.path(source)
        return []

    def info(self) -> EventsInfo:
        """Returns format, name, sensor and number of events of the recording at hand; the last warning."""
        out = EventsInfo()
        library.snn_events_get_info(self._handle, byref(out))
        out.hold()
        return out

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the sensor, (1, units) for spikes of units, 0 where the file does not say."""
        info = self.info()
        return info.height, info.width

    def read(self, most: int | None = None) -> Array:
        """Returns the next events, all that are left or at most so many, as an array of dtype()."""
        import numpy as np
        if most is None:
            parts = list(self.chunks())
            return np.concatenate(parts) if parts else np.empty(0, dtype())
        out, got = np.empty(values.whole(most, "most", 1), dtype()), c_size_t()
        calling_back([self._watch], library.snn_events_read, self._handle, out.ctypes.data, out.size, byref(got))
        return out[:got.value]

    def chunks(self, most: int = 65536) -> Iterator[Array]:
        """Iterates over the rest of the recording, in arrays of at most so many events."""
        while len(chunk := self.read(most)):
            yield chunk

    def __iter__(self) -> Iterator[Array]:
        return self.chunks()

    def seek(self, index: int) -> bool:
        """Goes to the begin of recording number `index` of the file, from 0; False if there are not so many."""
        found = c_uint32()
        calling_back([self._watch], library.snn_events_seek, self._handle, values.whole(index, "index"), byref(found))
        return bool(found.value)

    def __repr__(self) -> str:
        info = self.info()
        events = "" if info.events == 2**64 - 1 else f", {show.count(info.events, 'event')}"
        sensor = f", {info.height}x{info.width}" if info.width else ""
        name = f" {info.name.decode()!r}" if info.name else ""
        return f"Recording({info.format.decode()}{name}{sensor}{events})"


class Frames(Parameters, Owned):
    """How events become frames: Frames(width=34, height=34, polarity="two"). The parameters are those of the library,
    as params() lists them; those of cutting and training are for dataset()."""

    _noun = "event_frames"
    _library = library

    def __init__(self, context: Context | None = None, **parameters: Setting) -> None:
        context = context if context is not None else Context(threads=1)
        self._own(library.snn_event_frames_create, handle(context, "context"), parents=(context,))
        self.set(**parameters)

    def prepare(self, width: int, height: int = 1) -> Self:
        """Fits the frames to a sensor; height 1 stands for units."""
        library.snn_event_frames_prepare(self._handle, values.whole(width, "width"), values.whole(height, "height"))
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """[C,H,W], or [N] for units in one channel."""
        shape, rank = (c_size_t * 3)(), c_uint32()
        library.snn_event_frames_shape(self._handle, shape, byref(rank))
        return tuple(shape[:rank.value])

    def frame(self, events: ArrayLike) -> Floats:
        """Returns the frame of some events, [C,H,W] or [N]."""
        import numpy as np
        out, pointer = values.floats(np.zeros(self.shape))
        array, address = _array(events)
        library.snn_event_frames_add(self._handle, address, array.size, pointer)
        library.snn_event_frames_finish(self._handle, pointer)
        return out

    def bins(self, events: ArrayLike, dt: int = 1000) -> Floats:
        """Returns the frames of events in order of time, [T,C,H,W] or [T,N], one for each dt microseconds from the
        first event to the last."""
        import numpy as np
        windows, given = Windows(self, dt, jump=_LAST // 2, keep=True), _array(events)[0]
        out: list[Floats] = []
        at = 0
        while at < given.size:
            at += windows.push(given[at:])
            out.extend(window.frame for window in windows)
        windows.finish()
        out.extend(window.frame for window in windows)
        return np.stack(out) if out else np.zeros((0, *self.shape), np.float32)

    def __repr__(self) -> str:
        return f"Frames({show.fields(self._changed())})"


class Window(NamedTuple):
    """A window that has ended: its frame, [C,H,W] or [N]; its begin in microseconds; its number from 0, the number of
    its events; the stamp and the tag that the producer gave, -1 where it gave no tag."""

    frame: Any
    begin: int
    number: int
    events: int
    stamp: int
    tag: int


class Windows(Owned):
    """Windows of a live source: one thread, the producer, pushes events as they come; another, or the same one, takes
    frames of those that have ended. Neither waits for the other:

        windows = events.Windows(events.Frames().prepare(640, 480), length=10_000)
        windows.push(e)                         # as often as events come
        for window in windows:                  # those that have ended
            scores = stream.step(window.frame)

    `length` of a window in microseconds; an event further than `jump` from the window at hand is a step of the clock;
    `capacity` windows may wait: then the oldest is dropped, or, with keep=True, no more events are taken."""

    _noun = "event_windows"
    _library = library

    def __init__(self, frames: Frames, length: int = 10_000, *, jump: int = 10_000_000, capacity: int = 8,
                 keep: bool = False) -> None:
        options = WindowsOptions()
        options.frames = ctypes.cast(handle(frames, "event_frames"), ctypes.c_void_p).value
        options.length, options.jump = values.whole(length, "length"), values.whole(jump, "jump")
        options.capacity, options.keep = values.whole(capacity, "capacity", 1, 4096), int(bool(keep))
        self._shape = frames.shape
        context = frames._parents[0]
        self._own(library.snn_event_windows_create, context._handle, byref(options), parents=(context, frames))

    def push(self, events: ArrayLike, stamp: int = 0) -> int:
        """Producer: adds events in the order in which they came, and returns how many were taken: all, but with
        keep=True where there is no room. The stamp goes to the windows that end here."""
        array, address = _array(events)
        taken = c_size_t()
        library.snn_event_windows_push(self._handle, address, array.size, stamp, byref(taken))
        return taken.value

    def advance(self, t: int, stamp: int = 0) -> None:
        """Producer: the source's clock has come to t, without an event: windows that end by then do so."""
        library.snn_event_windows_advance(self._handle, values.whole(t, "t", _FIRST), stamp)

    def finish(self, stamp: int = 0) -> None:
        """Producer: ends the window at hand; the next event begins one."""
        library.snn_event_windows_finish(self._handle, stamp)

    def set_tag(self, tag: int) -> None:
        """Producer: a number such as a label for the events that are pushed from now on."""
        library.snn_event_windows_set_tag(self._handle, values.whole(tag, "tag", _FIRST))

    def take(self) -> Window | None:
        """Consumer: takes the oldest window that has ended, None if there is none."""
        import numpy as np
        out, found = EventWindow(), c_uint32()
        library.snn_event_windows_take(self._handle, byref(out), byref(found))
        if not found.value:
            return None
        frame = np.ctypeslib.as_array(out.frame, self._shape).copy()
        return Window(frame, out.begin, out.index, out.events, out.stamp, out.tag)

    def __iter__(self) -> Iterator[Window]:
        """Takes the windows that have ended."""
        while (window := self.take()) is not None:
            yield window

    def info(self) -> WindowsInfo:
        """Returns what became of the events: in windows, too late, windows, those that were dropped."""
        out = WindowsInfo()
        library.snn_event_windows_get_info(self._handle, byref(out))
        return out

    def __repr__(self) -> str:
        return f"Windows({show.fields(self.info().as_dict())})"


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
