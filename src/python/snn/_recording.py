"""Recordings of events: files, memory and pipes as NumPy arrays."""

from __future__ import annotations

import ctypes
import functools
from ctypes import byref, c_size_t, c_uint32
from typing import Any, Iterator

from . import _show as show
from . import _values as values
from ._context import Context
from ._events import READ_FN, Event, EventsInfo, EventsSource, library
from ._handles import Owned, Watch, calling_back, handle
from ._types import Array, ArrayLike

_FAILED = -5    # SNN_ERR_IO


def dtype() -> Any:
    """The type of arrays of events: fields t, microseconds; x and y, column and row, or x the unit; p, 1 brighter."""
    import numpy as np
    fields = ("t", "x", "y", "p")
    return np.dtype({"names": fields, "formats": ["<i8", "<u2", "<u2", "u1"],
                     "offsets": [getattr(Event, field).offset for field in fields], "itemsize": ctypes.sizeof(Event)})


def listed(name: Any, text: Any) -> dict[str, str]:
    out: dict[str, str] = {}
    while (word := name(len(out))) is not None:
        out[word.decode()] = text(len(out)).decode()
    return out


def formats() -> dict[str, str]:
    """Names of the formats of recordings, each with a few words; "needs PACKAGE" where this build cannot read it."""
    out = listed(library.snn_events_format_name, library.snn_events_format_text)
    for index, name in enumerate(out):
        package = library.snn_events_format_lacks(index)
        out[name] += f" (needs {package.decode()})" if package else ""
    return out


def events_array(given: ArrayLike) -> tuple[Array, int]:
    """Events as the library has them, and their address."""
    import numpy as np
    given = np.asarray(given)
    if given.dtype != dtype():
        if not given.dtype.names or not {"t", "x", "y", "p"} <= set(given.dtype.names):
            raise TypeError(f"events: expected an array with fields t, x, y and p, got {given.dtype}")
        out = np.zeros(given.shape, dtype())
        for field, high in (("t", 2**63 - 1), ("x", 65535), ("y", 65535), ("p", 1)):
            column = given[field]
            if field != "t" and column.size and not 0 <= column.min() <= column.max() <= high:
                raise ValueError(f"events: {field} lies in {column.min()} .. {column.max()}; expected 0 .. {high}")
            out[field] = column
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
