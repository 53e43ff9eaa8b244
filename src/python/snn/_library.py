"""The shared library itself: finding it, the structures of its headers, and the signatures of the functions used
here."""

import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_size_t,
                    c_uint32, c_uint64, c_void_p)


class Error(Exception):
    """Failure of a call. `name` is the status ("SNN_ERR_SHAPE"), `code` its number, the text the library's
    message."""

    def __init__(self, code, name, message):
        super().__init__(f"{name}: {message}")
        self.code = code
        self.name = name


class Shape(Structure):
    _fields_ = [("rank", c_uint32), ("dim", c_uint32 * 3)]

    def tuple(self):
        return tuple(self.dim[:self.rank])


class Sized(Structure):
    """A structure whose first field the caller sets to its size, and that the library then fills."""

    _fields_ = []

    def __init__(self):
        super().__init__()
        self.struct_size = ctypes.sizeof(self)

    def __repr__(self):
        names = [f[0] for f in self._fields_ if f[0] not in ("struct_size", "reserved")]
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"


class ContextOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_uint32), ("seed", c_uint64), ("allocate", c_void_p),
                ("release", c_void_p), ("allocator_user", c_void_p), ("log", c_void_p), ("log_user", c_void_p),
                ("isa", c_char_p), ("product_table", c_char_p)]


class ContextInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("threads", c_uint32), ("seed", c_uint64), ("isa", c_char_p),
                ("bytes", c_uint64), ("peak_bytes", c_uint64),
                ("allocations", c_uint64)]


class ParamInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("key", c_int32), ("type", c_int32), ("reserved", c_uint32),
                ("name", c_char_p), ("help", c_char_p), ("choices", c_char_p), ("min", c_double), ("max", c_double),
                ("number", c_double), ("text", c_char_p)]


class TensorInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("rank", c_uint32), ("dim", c_uint32 * 4), ("length", c_uint64),
                ("bytes", c_uint64), ("element", c_uint32), ("trained", c_uint32), ("name", c_char_p),
                ("data", c_void_p), ("scale", POINTER(c_float))]


class LayerInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("index", c_uint32), ("name", c_char_p), ("type", c_char_p),
                ("in_", Shape), ("out", Shape), ("parameters", c_uint64), ("tensors", c_uint32), ("inputs", c_uint32),
                ("spiking", c_uint32), ("reserved", c_uint32)]


class NetworkInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("layers", c_uint32), ("in_", Shape), ("out", Shape),
                ("parameters", c_uint64), ("parameter_bytes", c_uint64), ("prepared", c_uint32),
                ("reserved", c_uint32), ("context", c_void_p)]


class ModelInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("format", c_uint32), ("checkpoint", c_uint32), ("packed", c_uint32),
                ("tensors", c_uint64), ("tensor_bytes", c_uint64), ("architecture", c_char_p), ("context", c_void_p)]


class DatasetInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("rank", c_uint32), ("shape", c_size_t * 3), ("count", c_size_t),
                ("classes", c_size_t), ("frames", c_size_t), ("targets", c_size_t), ("target_frames", c_size_t),
                ("context", c_void_p)]


class TrainerInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("prepared", c_uint32), ("method", c_char_p), ("context", c_void_p),
                ("network", c_void_p), ("optimizer", c_void_p), ("projection", c_void_p), ("teacher", c_void_p),
                ("batch", c_uint64), ("steps", c_uint64), ("epochs", c_uint64), ("updates", c_uint64),
                ("bytes", c_uint64)]


class Metrics(Sized):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("samples", c_uint64), ("loss", c_double),
                ("accuracy", c_double), ("seconds", c_double), ("learning_rate", c_double),
                ("gradient_norm", c_double), ("firing_rate", c_double), ("synops_dense", c_double),
                ("synops_mac", c_double), ("synops_ac", c_double), ("solver_residual", c_double),
                ("solver_iterations", c_double), ("solver_failures", c_uint64), ("equilibrium_gap", c_double),
                ("backward_rate", c_double), ("samples_per_second", c_double), ("squared_error", c_double),
                ("r2", c_double), ("smape", c_double)]


class ProjectionInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("inputs", c_uint64), ("rows", c_uint64),
                ("frozen", c_uint64), ("lr", c_double)]


class ContinualInfo(Sized):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("tasks", c_uint64), ("begun", c_uint64),
                ("ended", c_uint64), ("acc", c_double), ("bwt", c_double)]


class Sample(Sized):
    _fields_ = [("struct_size", c_uint32), ("label", c_uint32), ("x", POINTER(c_float)), ("target", POINTER(c_float)),
                ("length", c_uint64), ("seed", c_uint64)]


READ_FN = CFUNCTYPE(c_int, c_void_p, c_size_t, c_size_t, POINTER(Sample))


class DatasetSource(Structure):
    _fields_ = [("struct_size", c_uint32), ("rank", c_uint32), ("shape", c_size_t * 3), ("count", c_size_t),
                ("classes", c_size_t), ("frames", c_size_t), ("read", READ_FN), ("close", c_void_p),
                ("user", c_void_p), ("targets", c_size_t), ("target_frames", c_size_t), ("label", c_void_p)]


class Batch(Sized):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("samples", c_size_t), ("frames", c_size_t),
                ("x", POINTER(c_float)), ("labels", POINTER(c_uint32)), ("targets", POINTER(c_float)),
                ("target_frames", c_size_t), ("lengths", POINTER(c_uint32))]


# snn_element
SIGN = 201

# snn_name_kind
NAME_KINDS = {"neuron": 1, "layer": 2, "network": 3, "optimizer": 4, "method": 5, "format": 6, "isa": 7, "loss": 8,
              "encoder": 9, "surrogate": 10, "schedule": 11}

PROGRESS_FN = CFUNCTYPE(c_int, c_void_p, c_void_p)

_pointers = {}


def pointer_to(noun):
    """The type of a handle: a pointer of its own for each kind of object, so that none passes for another."""
    if noun not in _pointers:
        _pointers[noun] = POINTER(type(f"snn_{noun}", (Structure,), {}))
    return _pointers[noun]


CONTEXT, NEURON, LAYER, NETWORK, OPTIMIZER, DATASET, TRAINER, PROJECTION, CONTINUAL, MODEL, STREAM = map(
    pointer_to, ("context", "neuron", "layer", "network", "optimizer", "dataset", "trainer", "projection",
                 "continual", "model", "stream"))

# Functions that return a status, with the types of their arguments.
_STATUS = {
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
    "snn_network_describe": (NETWORK, c_char_p, c_size_t, POINTER(c_size_t)),
    "snn_network_prepare": (NETWORK,),
    "snn_network_pack": (NETWORK,),
    "snn_network_get_info": (NETWORK, POINTER(NetworkInfo)),
    "snn_network_add": (NETWORK, c_char_p, c_char_p, POINTER(LAYER)),
    "snn_network_remove": (NETWORK, LAYER),
    "snn_network_add_neuron": (NETWORK, NEURON, c_char_p, POINTER(LAYER)),
    "snn_layer_get_info": (LAYER, POINTER(LayerInfo)),
    "snn_layer_connect": (LAYER, c_char_p, c_int),
    "snn_layer_tensor": (LAYER, c_size_t, POINTER(TensorInfo)),
    "snn_layer_tensor_named": (LAYER, c_char_p, POINTER(TensorInfo)),
    "snn_model_open": (POINTER(MODEL), CONTEXT, c_char_p),
    "snn_model_get_info": (MODEL, POINTER(ModelInfo)),
    "snn_model_tensor": (MODEL, c_size_t, POINTER(TensorInfo)),
    "snn_network_set_note": (NETWORK, c_char_p, c_char_p),
    "snn_optimizer_create": (POINTER(OPTIMIZER), CONTEXT, c_char_p),
    "snn_dataset_open": (POINTER(DATASET), CONTEXT, c_char_p, c_char_p, c_int),
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
    "snn_trainer_set_logits": (TRAINER, POINTER(c_float), c_size_t),
    "snn_trainer_on_progress": (TRAINER, PROGRESS_FN, c_void_p),
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
GETTERS = {1: ("get_i64", c_int64), 2: ("get_f64", c_double), 3: ("get_str", c_char_p)}
for _noun in ("neuron", "layer", "optimizer", "trainer", "dataset", "projection"):
    _STATUS[f"snn_{_noun}_set_text"] = (pointer_to(_noun), c_char_p, c_char_p)
    _STATUS[f"snn_{_noun}_param_info"] = (pointer_to(_noun), c_size_t, POINTER(ParamInfo))
    for _getter, _type in GETTERS.values():
        _STATUS[f"snn_{_noun}_{_getter}"] = (pointer_to(_noun), c_int32, POINTER(_type))

# Functions that return something else: result, arguments.
_PLAIN = {
    "snn_version": (c_uint32, ()),
    "snn_version_string": (c_char_p, ()),
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


def _check(status, function, arguments):
    if status != 0:
        name = library.snn_status_name(status).decode()
        message = library.snn_last_error().decode(errors="backslashreplace")    # a path may be any bytes
        raise Error(status, name, message)
    return status


def _open():
    path = os.environ.get("SNN_LIBRARY") or ctypes.util.find_library("snn")
    if not path:
        raise ImportError("libsnn was not found: install it, or set SNN_LIBRARY to the path of libsnn.so")
    return ctypes.CDLL(path)


library = _open()
for _name, _arguments in _STATUS.items():
    _function = getattr(library, _name)
    _function.argtypes = _arguments
    _function.restype = c_int
    _function.errcheck = _check
for _name, (_result, _arguments) in _PLAIN.items():
    _function = getattr(library, _name)
    _function.argtypes = _arguments
    _function.restype = _result
