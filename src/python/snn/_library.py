"""The shared library itself: finding it, and the signatures of the functions used here."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from ctypes import (POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_size_t, c_uint,
                    c_uint32, c_void_p)
from typing import Any, Mapping, Sequence

from . import _build
from ._structures import (LOSS_FN, OBSERVE_FN, PROGRESS_FN, Batch, ContextInfo, ContextOptions, ContinualInfo,
                          DatasetFiles, DatasetInfo, DatasetSource, LayerInfo, LayerMetrics, LoadOptions, LoadReport,
                          Metrics, ModelInfo, NetworkInfo, ParamInfo, ProjectionInfo, Sample, TensorInfo,
                          TrainerInfo)


class Error(Exception):
    """Failure of a call. `name` is the status ("SNN_ERR_SHAPE"), `code` its number, the text the library's
    message."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.code = code
        self.name = name


# snn_element
SIGN = 201

# snn_name_kind
NAME_KINDS = {"neuron": 1, "layer": 2, "network": 3, "optimizer": 4, "method": 5, "format": 6, "isa": 7, "loss": 8,
              "encoder": 9, "surrogate": 10, "schedule": 11}

_pointers: dict[str, Any] = {}


def pointer_to(noun: str) -> Any:
    """The type of a handle: a pointer of its own for each kind of object, so that none passes for another."""
    if noun not in _pointers:
        _pointers[noun] = POINTER(type(f"snn_{noun}", (Structure,), {}))
    return _pointers[noun]


CONTEXT, NEURON, LAYER, NETWORK, OPTIMIZER, DATASET, TRAINER, PROJECTION, CONTINUAL, MODEL, STREAM = map(
    pointer_to, ("context", "neuron", "layer", "network", "optimizer", "dataset", "trainer", "projection",
                 "continual", "model", "stream"))

# Functions that return a status, with the types of their arguments.
_STATUS: dict[str, tuple[Any, ...]] = {
    "snn_context_options_init": (POINTER(ContextOptions), c_size_t),
    "snn_context_create": (POINTER(CONTEXT), POINTER(ContextOptions)),
    "snn_context_get_info": (CONTEXT, POINTER(ContextInfo)),
    "snn_neuron_create": (POINTER(NEURON), CONTEXT, c_char_p),
    "snn_network_create": (POINTER(NETWORK), CONTEXT, POINTER(c_size_t), c_size_t),
    "snn_network_build": (POINTER(NETWORK), CONTEXT, c_char_p, POINTER(c_size_t), c_size_t, c_size_t, NEURON),
    "snn_network_load": (POINTER(NETWORK), CONTEXT, c_char_p),
    "snn_network_parse": (POINTER(NETWORK), CONTEXT, c_char_p),
    "snn_network_save": (NETWORK, c_char_p),
    "snn_network_save_packed": (NETWORK, c_char_p),
    "snn_network_load_tensors": (NETWORK, c_char_p, POINTER(LoadOptions), POINTER(LoadReport)),
    "snn_network_describe": (NETWORK, c_char_p, c_size_t, POINTER(c_size_t)),
    "snn_network_prepare": (NETWORK,),
    "snn_network_pack": (NETWORK,),
    "snn_network_get_info": (NETWORK, POINTER(NetworkInfo)),
    "snn_network_add": (NETWORK, c_char_p, c_char_p, POINTER(LAYER)),
    "snn_network_remove": (NETWORK, LAYER),
    "snn_network_add_neuron": (NETWORK, NEURON, c_char_p, POINTER(LAYER)),
    "snn_layer_get_info": (LAYER, POINTER(LayerInfo)),
    "snn_layer_input": (LAYER, c_size_t, POINTER(c_char_p), POINTER(c_int)),
    "snn_layer_connect": (LAYER, c_char_p, c_int),
    "snn_layer_tensor": (LAYER, c_size_t, POINTER(TensorInfo)),
    "snn_layer_tensor_named": (LAYER, c_char_p, POINTER(TensorInfo)),
    "snn_model_open": (POINTER(MODEL), CONTEXT, c_char_p),
    "snn_model_get_info": (MODEL, POINTER(ModelInfo)),
    "snn_model_tensor": (MODEL, c_size_t, POINTER(TensorInfo)),
    "snn_network_set_note": (NETWORK, c_char_p, c_char_p),
    "snn_optimizer_create": (POINTER(OPTIMIZER), CONTEXT, c_char_p),
    "snn_dataset_files_init": (POINTER(DatasetFiles), c_size_t),
    "snn_dataset_open_files": (POINTER(DATASET), CONTEXT, POINTER(DatasetFiles)),
    "snn_dataset_source_init": (POINTER(DatasetSource), c_size_t),
    "snn_dataset_create": (POINTER(DATASET), CONTEXT, POINTER(DatasetSource)),
    "snn_dataset_get_info": (DATASET, POINTER(DatasetInfo)),
    "snn_dataset_statistics": (DATASET, POINTER(c_double), POINTER(c_double), c_size_t),
    "snn_dataset_normalise": (DATASET, POINTER(c_double), POINTER(c_double), c_size_t),
    "snn_dataset_read": (DATASET, c_size_t, c_size_t, POINTER(Sample)),
    "snn_trainer_create": (POINTER(TRAINER), NETWORK, OPTIMIZER, c_char_p),
    "snn_evaluator_create": (POINTER(TRAINER), NETWORK),
    "snn_trainer_prepare": (TRAINER, c_size_t),
    "snn_trainer_get_info": (TRAINER, POINTER(TrainerInfo)),
    "snn_trainer_step": (TRAINER, POINTER(Batch), POINTER(Metrics)),
    "snn_trainer_epoch": (TRAINER, DATASET, POINTER(Metrics)),
    "snn_trainer_restart_epoch": (TRAINER,),
    "snn_trainer_evaluate": (TRAINER, DATASET, POINTER(Metrics)),
    "snn_trainer_predict": (TRAINER, POINTER(Batch), POINTER(c_float)),
    "snn_trainer_set_teacher": (TRAINER, TRAINER),
    "snn_trainer_set_communicator": (TRAINER, c_void_p),
    "snn_trainer_set_logits": (TRAINER, POINTER(c_float), c_size_t),
    "snn_trainer_on_progress": (TRAINER, PROGRESS_FN, c_void_p),
    "snn_trainer_on_loss": (TRAINER, LOSS_FN, c_void_p),
    "snn_trainer_forward": (TRAINER, POINTER(Batch), POINTER(c_float)),
    "snn_trainer_backward": (TRAINER, POINTER(Batch), POINTER(c_float)),
    "snn_trainer_update": (TRAINER,),
    "snn_trainer_read_input_gradient": (TRAINER, POINTER(c_float), c_size_t),
    "snn_trainer_observe": (TRAINER, c_uint, OBSERVE_FN, c_void_p),
    "snn_trainer_read_signal": (TRAINER, LAYER, c_int, POINTER(c_float), c_size_t),
    "snn_trainer_read_gradient": (TRAINER, LAYER, c_char_p, POINTER(c_float), c_size_t),
    "snn_trainer_layer_metrics": (TRAINER, LAYER, POINTER(LayerMetrics)),
    "snn_trainer_save": (TRAINER, c_char_p),
    "snn_trainer_stream": (TRAINER, POINTER(STREAM)),
    "snn_stream_size": (NETWORK, POINTER(c_size_t)),
    "snn_stream_init": (c_void_p, c_size_t, NETWORK, POINTER(STREAM)),
    "snn_stream_step": (STREAM, POINTER(c_float), POINTER(c_float)),
    "snn_stream_step_events": (STREAM, POINTER(c_uint32), c_size_t, POINTER(c_float)),
    "snn_stream_reset": (STREAM,),
    "snn_stream_set_state": (STREAM, c_char_p, c_size_t),
    "snn_stream_refresh": (STREAM,),
    "snn_stream_learn": (STREAM, POINTER(c_float)),
    "snn_stream_learn_target": (STREAM, POINTER(c_float), POINTER(c_double)),
    "snn_stream_learn_label": (STREAM, c_uint32, POINTER(c_double)),
    "snn_trainer_load": (TRAINER, c_char_p),
    "snn_projection_create": (POINTER(PROJECTION), NETWORK),
    "snn_projection_grow": (PROJECTION, LAYER, c_size_t),
    "snn_projection_set_layer_lr": (PROJECTION, LAYER, c_double),
    "snn_projection_get_info": (PROJECTION, LAYER, POINTER(ProjectionInfo)),
    "snn_projection_apply": (PROJECTION, LAYER, POINTER(c_float), c_size_t, POINTER(c_float)),
    "snn_continual_create": (POINTER(CONTINUAL), TRAINER, PROJECTION, c_size_t),
    "snn_continual_set_heads": (CONTINUAL, LAYER),
    "snn_continual_begin": (CONTINUAL, c_size_t),
    "snn_continual_end": (CONTINUAL,),
    "snn_continual_replay": (CONTINUAL, DATASET, POINTER(Metrics)),
    "snn_continual_evaluate": (CONTINUAL, c_size_t, DATASET, POINTER(Metrics)),
    "snn_continual_get_info": (CONTINUAL, POINTER(ContinualInfo)),
}
# Parameters: the types of values by number, and the calls that every kind of object with parameters has.
GETTERS: dict[int, tuple[str, Any]] = {1: ("get_i64", c_int64), 2: ("get_f64", c_double), 3: ("get_str", c_char_p)}


def parameters(noun: str) -> dict[str, tuple[Any, ...]]:
    """The functions of a kind of object with parameters, which return a status."""
    pointer = pointer_to(noun)
    calls: dict[str, tuple[Any, ...]] = {f"snn_{noun}_set_text": (pointer, c_char_p, c_char_p),
                                         f"snn_{noun}_param_info": (pointer, c_size_t, POINTER(ParamInfo))}
    calls.update({f"snn_{noun}_{getter}": (pointer, c_int32, POINTER(kind)) for getter, kind in GETTERS.values()})
    return calls


for _noun in ("neuron", "layer", "optimizer", "trainer", "dataset", "projection"):
    _STATUS.update(parameters(_noun))

# Functions that return something else: result, arguments.
_PLAIN: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "snn_version": (c_uint32, ()),
    "snn_last_error": (c_char_p, ()),
    "snn_status_name": (c_char_p, (c_int,)),
    "snn_network_layer": (LAYER, (NETWORK, c_size_t)),
    "snn_network_layer_named": (LAYER, (NETWORK, c_char_p)),
    "snn_name": (c_char_p, (c_int, c_size_t)),
    "snn_name_text": (c_char_p, (c_int, c_size_t)),
    "snn_network_note": (c_char_p, (NETWORK, c_char_p)),
    "snn_model_note": (c_char_p, (MODEL, c_char_p)),
    "snn_stream_state": (c_void_p, (STREAM, POINTER(c_size_t))),
    "snn_projection_weights": (POINTER(c_float), (PROJECTION, LAYER)),
    "snn_continual_accuracy": (c_double, (CONTINUAL, c_size_t, c_size_t)),
}
for _noun in ("context", "neuron", "network", "optimizer", "trainer", "dataset", "projection", "continual", "model"):
    _PLAIN[f"snn_{_noun}_destroy"] = (None, (pointer_to(_noun),))


# Functions that messages name, and what these are here.
_IN_PYTHON = {
    "snn_evaluator_create()": "Evaluator()", "snn_network_prepare()": "prepare()",
    "snn_trainer_create()": "Trainer()", "snn_trainer_on_loss()": "set_loss()", "snn_trainer_prepare()": "prepare()",
    "snn_trainer_restart_epoch()": "restart_epoch()", "snn_trainer_stream()": "Stream(trainer)",
}


def failure(status: int) -> Error:
    """The exception of a call that failed with this status, in this thread."""
    name = library.snn_status_name(status).decode()
    message = library.snn_last_error().decode(errors="backslashreplace")    # a path may be any bytes
    for function, here in _IN_PYTHON.items():
        message = message.replace(function, here)
    return Error(status, name, message)


def _check(status: int, function: Any, arguments: tuple[Any, ...]) -> int:
    if status != 0:
        raise failure(status)
    return status


def _core() -> str:
    """Path or name of libsnn: that of SNN_LIBRARY, the one that was installed with the module, the system's."""
    built = os.path.join(os.path.dirname(__file__), _build.FOLDER, _build.SONAME)
    path = os.environ.get("SNN_LIBRARY") or (built if os.path.isfile(built) else _build.SONAME)
    path = path or ctypes.util.find_library("snn") or ""
    if not path:
        raise ImportError("libsnn was not found: install it, or set SNN_LIBRARY to the path of libsnn.so")
    return path


def load(name: str) -> ctypes.CDLL:
    """Loads "snn", or a library that lies beside it, as "snn-events", if SNN_EVENTS_LIBRARY does not say where;
    ImportError where that is not possible."""
    folder, file = os.path.split(PATH)
    variable = name.upper().replace("-", "_") + "_LIBRARY"
    path = os.environ.get(variable) or os.path.join(folder, file.replace("libsnn", f"lib{name}", 1))
    try:
        return ctypes.CDLL(path)
    except OSError as problem:
        beside = "" if name == "snn" else ", or SNN_LIBRARY to that of a libsnn.so that has it beside it"
        raise ImportError(f"lib{name} cannot be loaded: {problem}; install it, or set {variable} to its "
                          f"path{beside}") from None


def declare(library: ctypes.CDLL, status: Mapping[str, Sequence[Any]],
            plain: Mapping[str, tuple[Any, Sequence[Any]]]) -> ctypes.CDLL:
    """Gives the functions of a library their signatures: `status` has the arguments of those that return a status,
    which raise Error; `plain` result and arguments of the others."""
    rows = [*((name, c_int, arguments) for name, arguments in status.items()),
            *((name, result, arguments) for name, (result, arguments) in plain.items())]
    for name, result, arguments in rows:
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{library._name} has no {name}(): it is older than this module; build or install both "
                              "anew") from None
        function.argtypes, function.restype = tuple(arguments), result
        if name in status:
            function.errcheck = _check
    return library


def _compare(version: str) -> None:
    """The library is of the module's minor version, and not older than the module."""
    if _build.VERSION is None:
        return
    (major, minor, patch), ours = map(int, version.split(".")), tuple(map(int, _build.VERSION.split(".")))
    if (major, minor) != ours[:2] or patch < ours[2]:
        raise ImportError(f"this module is of libsnn {_build.VERSION}, but {PATH} is of {version}: install both of "
                          "one version, or set SNN_LIBRARY to the path of a libsnn.so of the module's")


PATH = _core()
library = load("snn")
declare(library, {}, {"snn_version_string": (c_char_p, ())})
_compare(library.snn_version_string().decode())
declare(library, _STATUS, _PLAIN)
