"""Optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _show as show
from . import _values as values
from ._handles import Owned, Parameters, handle
from ._library import library
from ._types import Setting

if TYPE_CHECKING:
    from ._context import Context


class Optimizer(Owned, Parameters):
    """An optimizer: Optimizer(ctx, "sgd", lr=0.1, momentum=0.9)."""

    _noun = "optimizer"

    def __init__(self, context: Context, name: str = "sgd", **parameters: Setting) -> None:
        self._own(library.snn_optimizer_create, handle(context, "context"), values.word(name, "optimizer"),
                  parents=(context,))
        self._name = name
        self.set(**parameters)

    def __repr__(self) -> str:
        return f"Optimizer({show.arguments(self._name, {'lr': self.get('lr'), **self._changed()})})"
