"""Frames of events, and the windows of a live source."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_size_t, c_uint32
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

from . import _show as show
from . import _values as values
from ._context import Context
from ._events import EventWindow, WindowsInfo, WindowsOptions, library
from ._handles import Owned, Parameters, handle
from ._recording import events_array
from ._types import ArrayLike, Floats, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

_EARLIEST, _FAR = -2**63, 2**62     # microseconds
_FRAMES = 2**24     # the most of one array


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
        array, address = events_array(events)
        library.snn_event_frames_add(self._handle, address, array.size, pointer)
        library.snn_event_frames_finish(self._handle, pointer)
        return out

    def bins(self, events: ArrayLike, dt: int = 1000) -> Floats:
        """Returns the frames of events in order of time, [T,C,H,W] or [T,N], one for each dt microseconds from the
        first event to the last."""
        import numpy as np
        windows, given = Windows(self, dt, jump=_FAR, keep=True), events_array(events)[0]
        out: list[Floats] = []
        count = 0 if given.size == 0 else (int(given["t"].max()) - int(given["t"].min())) // dt + 1
        if count > _FRAMES:
            raise ValueError(f"events of {count * dt:,} microseconds come to {count:,} frames, at most {_FRAMES:,} "
                             "are possible: cut the events, or take a larger dt")
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
        array, address = events_array(events)
        taken = c_size_t()
        library.snn_event_windows_push(self._handle, address, array.size, stamp, byref(taken))
        return taken.value

    def advance(self, t: int, stamp: int = 0) -> None:
        """Producer: the source's clock has come to t, without an event: windows that end by then do so."""
        library.snn_event_windows_advance(self._handle, values.whole(t, "t", _EARLIEST), stamp)

    def finish(self, stamp: int = 0) -> None:
        """Producer: ends the window at hand; the next event begins one."""
        library.snn_event_windows_finish(self._handle, stamp)

    def set_tag(self, tag: int) -> None:
        """Producer: a number such as a label for the events that are pushed from now on."""
        library.snn_event_windows_set_tag(self._handle, values.whole(tag, "tag", _EARLIEST))

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
