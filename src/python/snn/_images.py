"""libsnn-images: its structures, and the signatures of its functions."""

from ctypes import POINTER, c_char_p, c_double, c_float, c_size_t, c_uint64, c_void_p

from ._library import CONTEXT, DATASET, declare, load, parameters, pointer_to
from ._structures import _U32, _U64, _MaybeText, _Text, Sized, structure

IMAGES, LIST = map(pointer_to, ("images", "images_list"))


@structure
class ImagesData(Sized):
    split: _U32
    layout: _Text
    directory: _Text
    limit: _U64
    memory: _U64
    pixels: _U64
    cache: _MaybeText
    threads: _U32
    reserved: _U32


@structure
class ImagesListInfo(Sized):
    reserved: _U32
    images: _U64
    classes: _U64


@structure
class ImagesItem(Sized):
    label: _U32
    path: _Text
    offset: _U64
    size: _U64


library = declare(load("snn-images"), {
    "snn_images_create": (POINTER(IMAGES), CONTEXT),
    "snn_images_decode": (IMAGES, c_void_p, c_size_t, c_uint64, c_uint64, POINTER(c_float)),
    "snn_images_dataset_open": (POINTER(DATASET), CONTEXT, POINTER(ImagesData), IMAGES),
    "snn_images_list_open": (POINTER(LIST), CONTEXT, POINTER(ImagesData)),
    "snn_images_list_get_info": (LIST, POINTER(ImagesListInfo)),
    "snn_images_list_get_item": (LIST, c_uint64, POINTER(ImagesItem)),
    "snn_images_normalisation": (c_char_p, POINTER(c_double), POINTER(c_double)),
    **parameters("images"),
}, {
    "snn_images_destroy": (None, (IMAGES,)),
    "snn_images_list_destroy": (None, (LIST,)),
    "snn_images_list_class_name": (c_char_p, (LIST, c_uint64)),
    "snn_images_layout_name": (c_char_p, (c_size_t,)),
    "snn_images_layout_text": (c_char_p, (c_size_t,)),
    "snn_images_format_name": (c_char_p, (c_size_t,)),
    "snn_images_format_lacks": (c_char_p, (c_size_t,)),
})
