"""What Classifier and Regressor share: the conventions of scikit-learn, which need not be there."""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Tuple, Union

from . import _arrays as arrays
from . import _values as values
from ._context import Context
from ._dataset import Dataset
from ._fit import CallbackLike, Epoch
from ._network import Network, Neuron
from ._optimizer import Optimizer
from ._trainer import Trainer
from ._types import Array, Doubles, Floats, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

# Sizes of hidden layers, a name of Network.build(), or a function that builds the network for samples of a shape.
NetworkLike = Union[Tuple[int, ...], str, Callable[[Context, Tuple[int, ...], int], Network]]
Options = Union[Mapping[str, Setting], None]

# Predictions are means over the steps, except where loss_on takes something else, and where a method has one output.
_NOT_MEANS = ("last", "max", "sum")
_ONE_OUTPUT = ("ide", "spide")


class _NotFitted(ValueError, AttributeError):
    """An estimator is asked before it was fitted."""


def known(name: str, other: type[Any]) -> type[Any]:
    """A class of sklearn.exceptions where somebody has loaded it, as those catch it who use it; else the other."""
    return getattr(sys.modules.get("sklearn.exceptions"), name, other)


class _Model:
    """A trainer with its network and context, which is pickled as a checkpoint."""

    def __init__(self, settings: Mapping[str, Any], make: Callable[[Context], Network]) -> None:
        self.settings = settings
        context = Context(threads=settings["threads"], seed=settings["seed"])
        optimizer = Optimizer(context, settings["optimizer"], **settings["optimizer_options"])
        self.trainer = Trainer(make(context), optimizer, settings["method"], settings["batch"], **settings["options"])
        self.context = context

    def outputs(self, x: Floats, time_axis: int) -> Doubles:
        """The network's outputs for x [n,...], with frames [n,T,...], as its loss takes them: [n,outputs]."""
        import numpy as np
        n = self.settings["batch"]
        out = np.concatenate([self.trainer.predict(x[i:i + n], time_axis=time_axis) for i in range(0, len(x), n)])
        whole = self.trainer.get("loss_on") in _NOT_MEANS or self.settings["method"] in _ONE_OUTPUT
        answers: Doubles = out.astype(np.float64) / (1 if whole else self.trainer.get("steps"))
        return answers

    def __reduce__(self) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.snn")
            self.trainer.save(path)
            with open(path, "rb") as file:
                return _restore, (self.settings, file.read())


def _restore(settings: Mapping[str, Any], checkpoint: bytes) -> _Model:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.snn")
        with open(path, "wb") as file:
            file.write(checkpoint)
        model = _Model(settings, lambda context: Network.load(context, path))
        model.trainer.load(path)
    return model


def _seed(random_state: Any) -> int:
    """The seed of a random_state: a number; None draws one from NumPy's own generator; a RandomState or Generator
    gives one."""
    import numpy as np
    if random_state is None:
        return int(np.random.randint(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    return values.whole(random_state, "random_state", high=2**64 - 1)


class Estimator:
    """What both estimators share. Subclasses say what y is and what outputs mean."""

    _loss: str
    _model: _Model

    def __init__(self, network: NetworkLike = (100,), *, neuron: str | None = None, method: str = "ottt",
                 steps: int = 6, loss: str | None = None, optimizer: str = "adam", lr: float = 0.01, epochs: int = 20,
                 batch: int = 32, normalise: bool = True, time_axis: int | None = None, options: Options = None,
                 optimizer_options: Options = None, threads: int = 0, random_state: Any = None,
                 progress: bool | None = False) -> None:
        self.network = network
        self.neuron = neuron
        self.method = method
        self.steps = steps
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.epochs = epochs
        self.batch = batch
        self.normalise = normalise
        self.time_axis = time_axis
        self.options = options
        self.optimizer_options = optimizer_options
        self.threads = threads
        self.random_state = random_state
        self.progress = progress

    # ---- parameters

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return {name: row.default for name, row in inspect.signature(cls).parameters.items()}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the parameters of the constructor by name."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Sets parameters by name; the next fit() uses them."""
        for name, value in params.items():
            values.choice(name, self._defaults(), f"parameter of {type(self).__name__}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [f"{name}={getattr(self, name)!r}" for name, default in self._defaults().items()
                   if getattr(self, name) is not default and repr(getattr(self, name)) != repr(default)]
        return f"{type(self).__name__}({', '.join(changed)})"

    # ---- data

    def _targets(self, y: Any, first: bool) -> Array:
        """y as class numbers or as numbers [n,outputs]; the first ones say which classes and how many outputs."""
        raise NotImplementedError

    def _numbers(self, X: Any) -> Floats:
        """Samples [n,...] as float32, finite."""
        import numpy as np
        given = arrays.array(X, "X")
        if given.dtype.kind == "c":
            raise ValueError(f"Complex data not supported: X has {given.dtype}")
        if given.ndim < 2:
            raise ValueError(f"X has shape {given.shape}; expected [n,features] or more axes. Reshape your data: "
                             "X.reshape(-1, 1) has samples of one feature, X.reshape(1, -1) is one sample")
        if len(given) == 0:
            raise ValueError(f"X has shape {given.shape}: 0 sample(s), while a minimum of 1 is required")
        if given.size == 0:
            raise ValueError(f"X: 0 feature(s) (shape={given.shape}) while a minimum of 1 is required.")
        with np.errstate(over="ignore"):
            out = arrays.scaled(given, "X")
        if not np.isfinite(out).all():
            raise ValueError("X holds NaN, infinity (inf) or a number too large for float32")
        return out

    def _samples(self, X: Any) -> Floats:
        """Samples as the network takes them, once their shape is known."""
        self._check_fitted()
        x = self._numbers(X)
        if x.shape[1:] != self._shape:
            if x.ndim == 2 and len(self._shape) == 1:
                raise ValueError(f"X has {x.shape[1]} features, but {type(self).__name__} is expecting "
                                 f"{self.n_features_in_} features as input")
            raise ValueError(f"X has samples of shape {x.shape[1:]}, but {type(self).__name__} was fitted to "
                             f"{self._shape}")
        return (x - self._mean) / self._deviation

    def _data(self, X: Any, y: Any) -> Dataset:
        x, y = self._samples(X), self._targets(y, False)
        if len(x) != len(y):
            raise ValueError(f"X has {len(x)} samples but y {len(y)}: inconsistent numbers of samples")
        return self._dataset(x, y)

    def _dataset(self, x: Floats, y: Array) -> Dataset:
        raise NotImplementedError

    # ---- training

    def _begin(self, X: Any, y: Any) -> None:
        """Learns shapes, scale and classes, and builds network and trainer."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if self.time_axis not in (None, 1):
            raise ValueError(f"time_axis: {self.time_axis!r} is neither None, for samples [n,...], nor 1, for frames "
                             "[n,T,...]: the first axis of X is that of samples")
        import numpy as np
        x = self._numbers(X)
        self._targets(y, True)
        self._mean, self._deviation = np.float32(0), np.float32(1)
        if self.normalise:
            self._mean = np.float32(x.mean(dtype=np.float64))
            self._deviation = np.float32(x.std(dtype=np.float64) or 1)
        self._shape = x.shape[1:]
        self.n_features_in_ = int(np.prod(self._shape))
        shape = self._shape if self.time_axis is None else self._shape[1:]
        self._model = _Model(self._settings(), lambda context: self._build(context, shape))
        self.history_: list[Epoch] = []

    def _settings(self) -> dict[str, Any]:
        options = {"steps": self.steps, "loss": self.loss or self._loss, **(self.options or {})}
        return {"threads": self.threads, "seed": _seed(self.random_state),
                "method": self.method, "batch": values.whole(self.batch, "batch", 1), "options": options,
                "optimizer": self.optimizer, "optimizer_options": {"lr": self.lr, **(self.optimizer_options or {})}}

    def _build(self, context: Context, shape: tuple[int, ...]) -> Network:
        import numpy as np
        outputs = self._outputs()
        if callable(self.network):
            return self.network(context, shape, outputs)
        if isinstance(self.network, str):
            name = self.network
        else:
            sizes = (int(np.prod(shape)), *self.network, outputs)
            name = "-".join(str(values.whole(n, "network", 1)) for n in sizes)
        neuron = None if self.neuron is None else Neuron(context, self.neuron)
        return Network.build(context, name, shape, outputs, neuron)

    def _outputs(self) -> int:
        raise NotImplementedError

    def _train(self, X: Any, y: Any, epochs: int, validation: Any, callbacks: Iterable[CallbackLike]) -> Self:
        data = self._data(X, y)
        held = None if validation is None else self._data(*validation)
        trainer = self._model.trainer.restart_epoch()
        try:
            trainer.fit(data, epochs, validation=held, callbacks=callbacks, progress=self.progress)
        finally:
            self.history_ = list(trainer.history)
            self.n_iter_ = len(self.history_)
        return self

    def fit(self, X: Any, y: Any, *, validation: tuple[Any, Any] | None = None,
            callbacks: Iterable[CallbackLike] = ()) -> Self:
        """Trains a new network on samples X [n,features], or [n,C,L], [n,C,H,W], with time_axis=1 frames [n,T,...].
        `validation`, a pair (X, y), is evaluated after every epoch, for callbacks as those of Trainer.fit(). Ctrl-C
        ends it after the batch with KeyboardInterrupt; the estimator then predicts with what was reached."""
        self._begin(X, y)
        return self._train(X, y, self.epochs, validation, callbacks)

    @property
    def trainer_(self) -> Trainer:
        """The trainer, whose network fit() has trained."""
        self._check_fitted()
        return self._model.trainer

    def _check_fitted(self) -> None:
        if not hasattr(self, "_model"):
            raise known("NotFittedError", _NotFitted)(f"this {type(self).__name__} is not fitted: call fit() first")

    def _known_to_fail(self) -> dict[str, str]:
        """What a check of scikit-learn wants to the last bit, and batches do not have."""
        if self.batch == 1:
            return {}
        return {"check_methods_sample_order_invariance": "float32 sums differ with the batch; batch=1 does not"}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def _answers(self, X: Any) -> Doubles:
        """The network's mean outputs, [n,outputs]."""
        x = self._samples(X)
        return self._model.outputs(x, 0 if self.time_axis is None else self.time_axis)
