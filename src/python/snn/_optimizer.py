"""Optimizers."""

from . import _values as values
from ._handles import Owned, Parameters, handle
from ._library import library


class Optimizer(Owned, Parameters):
    """An optimizer: Optimizer(ctx, "sgd", lr=0.1, momentum=0.9)."""

    _noun = "optimizer"

    def __init__(self, context, name="sgd", **parameters):
        self._own(library.snn_optimizer_create, handle(context, "context"), values.word(name, "optimizer"),
                  parents=(context,))
        self.set(**parameters)
