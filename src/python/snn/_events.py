"""libsnn-events: its structures, and the signatures of its functions."""

import ctypes
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint8, c_uint16,
                    c_uint32, c_uint64, c_void_p)
from typing import Annotated, Any

from ._library import CONTEXT, DATASET, declare, load, parameters, pointer_to
from ._structures import (_I64, _U32, _U64, _Address, _Floats, _MaybeText, _Size, _Text, DatasetFiles, Sized,
                          structure)

READ_FN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, POINTER(c_size_t))
EVENTS, FRAMES, WINDOWS, LIST = map(pointer_to, ("events", "event_frames", "event_windows", "events_list"))


@structure
class Event(Structure):
    t: _I64
    x: Annotated[int, c_uint16]
    y: Annotated[int, c_uint16]
    p: Annotated[int, c_uint8]
    reserved: Annotated["ctypes.Array[c_uint8]", c_uint8 * 3]


@structure
class EventsSource(Sized):
    strict: _U32
    path: _MaybeText
    data: _Address
    size: _Size
    read: Annotated[Any, READ_FN]
    user: _Address
    format: _MaybeText
    stream: _U64


_UNKNOWN = {"width": 0, "height": 0, "name": "", "recordings": 0, "events": 2**64 - 1, "label": -1, "warning": ""}


@structure
class EventsInfo(Sized):
    streams: _U32
    width: _U32
    height: _U32
    format: _Text
    name: _Text
    index: _U64
    recordings: _U64
    events: _U64
    label: _I64
    warnings: _U64
    warning: _Text

    def _says(self, name: str, value: object) -> bool:
        return _UNKNOWN.get(name) != value


@structure
class EventsData(Sized):
    split: _U32
    layout: _MaybeText
    directory: _MaybeText
    limit: _U64
    memory: _U64
    cache: _MaybeText


@structure
class EventsListInfo(Sized):
    width: _U32
    height: _U32
    reserved: _U32
    samples: _U64
    classes: _U64


@structure
class EventsItem(Sized):
    label: _U32
    path: _Text
    format: _MaybeText
    index: _U64
    begin: _I64
    end: _I64


@structure
class WindowsOptions(Sized):
    keep: _U32
    frames: _Address
    length: _I64
    jump: _I64
    capacity: _U32
    reserved: _U32


@structure
class EventWindow(Sized):
    reserved: _U32
    begin: _I64
    index: _U64
    events: _U64
    stamp: _I64
    tag: _I64
    frame: _Floats


@structure
class WindowsInfo(Sized):
    reserved: _U32
    events: _U64
    late: _U64
    windows: _U64
    dropped: _U64
    steps: _U64


library = declare(load("snn-events"), {
    "snn_events_open": (POINTER(EVENTS), CONTEXT, POINTER(EventsSource)),
    "snn_events_read": (EVENTS, c_void_p, c_size_t, POINTER(c_size_t)),
    "snn_events_seek": (EVENTS, c_uint64, POINTER(c_uint32)),
    "snn_events_get_info": (EVENTS, POINTER(EventsInfo)),
    "snn_event_frames_create": (POINTER(FRAMES), CONTEXT),
    "snn_event_frames_prepare": (FRAMES, c_size_t, c_size_t),
    "snn_event_frames_shape": (FRAMES, POINTER(c_size_t), POINTER(c_uint32)),
    "snn_event_frames_add": (FRAMES, c_void_p, c_size_t, POINTER(c_float)),
    "snn_event_frames_finish": (FRAMES, POINTER(c_float)),
    "snn_event_windows_create": (POINTER(WINDOWS), CONTEXT, POINTER(WindowsOptions)),
    "snn_event_windows_push": (WINDOWS, c_void_p, c_size_t, c_int64, POINTER(c_size_t)),
    "snn_event_windows_advance": (WINDOWS, c_int64, c_int64),
    "snn_event_windows_finish": (WINDOWS, c_int64),
    "snn_event_windows_set_tag": (WINDOWS, c_int64),
    "snn_event_windows_take": (WINDOWS, POINTER(EventWindow), POINTER(c_uint32)),
    "snn_event_windows_get_info": (WINDOWS, POINTER(WindowsInfo)),
    "snn_events_dataset_open": (POINTER(DATASET), CONTEXT, POINTER(EventsData), FRAMES),
    "snn_events_arrays_open": (POINTER(DATASET), CONTEXT, POINTER(DatasetFiles)),
    "snn_events_list_open": (POINTER(LIST), CONTEXT, POINTER(EventsData)),
    "snn_events_list_get_info": (LIST, POINTER(EventsListInfo)),
    "snn_events_list_get_item": (LIST, c_uint64, POINTER(EventsItem)),
    **parameters("event_frames"),
}, {
    "snn_events_destroy": (None, (EVENTS,)),
    "snn_events_format_name": (c_char_p, (c_size_t,)),
    "snn_events_format_text": (c_char_p, (c_size_t,)),
    "snn_events_format_lacks": (c_char_p, (c_size_t,)),
    "snn_event_frames_destroy": (None, (FRAMES,)),
    "snn_event_windows_destroy": (None, (WINDOWS,)),
    "snn_event_windows_end": (c_int64, (WINDOWS,)),
    "snn_events_layout_name": (c_char_p, (c_size_t,)),
    "snn_events_layout_text": (c_char_p, (c_size_t,)),
    "snn_events_list_destroy": (None, (LIST,)),
    "snn_events_list_class_name": (c_char_p, (LIST, c_uint64)),
})
