"""Images as samples, data sets of images, and lists of them."""

from __future__ import annotations

import os
from ctypes import byref, c_double
from typing import NamedTuple, Optional

from . import _show as show
from . import _values as values
from ._context import Context
from ._dataset import SPLITS, Dataset
from ._handles import Owned, Parameters, handle
from ._images import ImagesData, ImagesItem, ImagesListInfo, library
from ._types import Floats, Path, Setting


def _names(name: object, more: object) -> dict[str, Optional[str]]:
    out: dict[str, Optional[str]] = {}
    while (word := name(len(out))) is not None:     # type: ignore[operator]
        text = more(len(out))                       # type: ignore[operator]
        out[word.decode()] = None if text is None else text.decode()
    return out


def layouts() -> dict[str, str]:
    """Names of the layouts of data sets, each with a few words."""
    return {name: text or "" for name, text in _names(library.snn_images_layout_name,
                                                      library.snn_images_layout_text).items()}


def formats() -> dict[str, str]:
    """Names of the formats of images; "needs PACKAGE" where this build cannot read one."""
    found = _names(library.snn_images_format_name, library.snn_images_format_lacks)
    return {name: f"needs {package}" if package else "" for name, package in found.items()}


def normalisation(name: str = "imagenet") -> tuple[list[float], list[float]]:
    """A published mean and deviation, of red, green and blue: data.normalise(*images.normalisation())."""
    mean, deviation = (c_double * 3)(), (c_double * 3)()
    library.snn_images_normalisation(values.word(name, "name"), mean, deviation)
    return list(mean), list(deviation)


class Images(Parameters, Owned):
    """How images become samples: Images(size=112, hue=0.1). The parameters are those of the library, as params()
    lists them."""

    _noun = "images"
    _library = library

    def __init__(self, context: Context | None = None, **parameters: Setting) -> None:
        context = context if context is not None else Context(threads=1)
        self._own(library.snn_images_create, handle(context, "context"), parents=(context,))
        self.set(**parameters)

    def decode(self, data: bytes, seed: int = 0, pixels: int = 0) -> Floats:
        """Returns the sample, [C,S,S] from 0 to 1, of the bytes of a JPEG or PNG file. seed 0: the centre; else the
        draws of training. An image of more pixels is refused; 0: 2**26."""
        import numpy as np
        size = self.get("size")
        out, pointer = values.floats(np.zeros((1 if self.get("colour") == "grey" else 3, size, size)))
        library.snn_images_decode(self._handle, data, len(data), values.whole(pixels, "pixels"),
                                  values.whole(seed, "seed"), pointer)
        return out

    def __repr__(self) -> str:
        return f"Images({', '.join(f'{name}={value!r}' for name, value in self._changed().items())})"


def _data(layout: str, directory: Path, split: str | None, limit: int, cache: Path | None) -> ImagesData:
    data = ImagesData()
    data.layout, data.directory = values.word(layout, "layout"), values.path(directory)
    data.split = 0 if split is None else values.choice(split, SPLITS, "split")
    data.limit = values.whole(limit, "limit")
    data.cache = None if cache is None else values.path(cache)
    return data


def dataset(context: Context, layout: str, directory: Path, split: str | None = "train", *, limit: int = 0,
            memory: int = 0, pixels: int = 0, threads: int = 0, cache: Path | None = None,
            **images: Setting) -> Dataset:
    """Opens a data set of images that stay on disk; layouts() lists the layouts: dataset(ctx, "images",
    "/data/imagenet", size=224, hue=0.1). Parameters of Images say how they become samples. split None: all that there
    is to train with.

    limit: the first so many images; memory: bytes for samples at a time, 0 for 256 MiB; pixels: an image of more is
    refused, 0 for 2**26; threads: that read ahead, 0 for as many as the context has; cache: for shards, a folder for
    a file with the places of all images."""
    data = _data(layout, directory, split, limit, cache)
    data.memory, data.pixels = values.whole(memory, "memory"), values.whole(pixels, "pixels")
    data.threads = values.whole(threads, "threads")
    how = Images(context, **images)
    return Dataset.__new__(Dataset)._make(library.snn_images_dataset_open, context, byref(data), how._handle)


class Item(NamedTuple):
    """One image of a data set: a file, or `size` bytes of a shard from `offset` on."""

    path: str
    label: int
    offset: int
    size: int   # 0: all of the file


class List(Owned):
    """The images of a data set, without reading them: List("images", "/data/imagenet", "test")[7].path."""

    _noun = "images_list"
    _library = library

    def __init__(self, layout: str, directory: Path, split: str | None = "train", *, limit: int = 0,
                 cache: Path | None = None, context: Context | None = None) -> None:
        context = context if context is not None else Context(threads=1)
        data = _data(layout, directory, split, limit, cache)
        self._own(library.snn_images_list_open, handle(context, "context"), byref(data), parents=(context,))

    def info(self) -> ImagesListInfo:
        """Returns the numbers of images and classes."""
        out = ImagesListInfo()
        library.snn_images_list_get_info(self._handle, byref(out))
        return out

    def __len__(self) -> int:
        return self.info().images

    def __getitem__(self, index: int) -> Item:
        if not 0 <= index < len(self):
            raise IndexError(index)
        item = ImagesItem()
        library.snn_images_list_get_item(self._handle, values.whole(index, "index"), byref(item))
        return Item(os.fsdecode(item.path), item.label, item.offset, item.size)

    @property
    def classes(self) -> list[str]:
        """Names of the classes; their numbers where they have no names."""
        names = (library.snn_images_list_class_name(self._handle, label) for label in range(self.info().classes))
        return [str(label) if name is None else name.decode() for label, name in enumerate(names)]

    def __repr__(self) -> str:
        return f"List({show.count(len(self), 'image')}, {self.info().classes} classes)"
