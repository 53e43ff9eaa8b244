"""Classifier: a network that learns classes, as an estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from . import _arrays as arrays
from ._dataset import Dataset
from ._estimator import Estimator, known
from ._types import Array, ArrayLike, Doubles, Floats

if TYPE_CHECKING:
    from typing_extensions import Self


class Classifier(Estimator):
    """A spiking network that learns classes of any type, with the conventions of scikit-learn:
    Classifier((800,), method="ottt", epochs=5).fit(X, y).score(X_test, y_test).

    network: sizes of hidden layers, a name or notation as Network.build() takes, or a function f(context, shape,
    outputs) that returns a Network. neuron: the model of its neurons; None: the network's own. method, steps, loss
    (None: ce), batch, and more `options`: parameters of Trainer. optimizer, lr, and more `optimizer_options`: of
    Optimizer. normalise: samples are shifted and scaled by the mean and deviation of all numbers of the first ones.
    time_axis: 1 if X has frames [n,T,...]. random_state: the seed, or None to draw one. After fit(): classes_,
    n_features_in_, n_iter_, history_ and trainer_."""

    _loss = "ce"
    _estimator_type = "classifier"

    def _outputs(self) -> int:
        return len(self.classes_)

    def _labels(self, y: Any) -> Array:
        """Labels [n] of any type that can be sorted."""
        import numpy as np
        labels = arrays.array(y, "y")
        if labels.ndim == 2 and labels.shape[1] == 1:
            kind = known("DataConversionWarning", UserWarning)
            warnings.warn(kind("A column-vector y was passed when a 1d array was expected: y.ravel() is one"),
                          stacklevel=4)
            labels = labels.ravel()
        if labels.ndim != 1:
            raise ValueError(f"y has shape {labels.shape}; expected one label for each sample, [n]; argmax(axis=1) "
                             "turns one-hot rows into class numbers")
        if labels.dtype.kind == "f" and not (labels == np.floor(labels)).all() or labels.dtype.kind == "c":
            raise ValueError("Unknown label type: continuous; classes are whole numbers, texts or others that can be "
                             "told apart; Regressor learns numbers")
        return labels

    def _classes(self, y: Any) -> Array:
        import numpy as np
        try:
            classes: Array = np.unique(self._labels(y))
        except TypeError as problem:
            raise ValueError(f"y has labels of several types: {problem}") from problem
        if len(classes) < 2:
            raise ValueError(f"y has one class only, {classes.tolist()}; a classifier needs two")
        return classes

    def _targets(self, y: Any, first: bool) -> Array:
        import numpy as np
        labels = self._labels(y)
        if first:
            self.classes_ = self._classes(labels)
        at = np.searchsorted(self.classes_, labels).clip(0, len(self.classes_) - 1)
        bad = np.flatnonzero(self.classes_[at] != labels)
        if bad.size:
            raise ValueError(f"y: label {labels[bad[0]]!r} of sample {bad[0]} is not among the classes "
                             f"{self.classes_.tolist()}")
        return at

    def _dataset(self, x: Floats, y: Array) -> Dataset:
        return Dataset.from_arrays(self._model.context, x, y, len(self.classes_), time_axis=self.time_axis)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Trains one epoch on more samples. The first call begins a network; `classes` has all labels that will ever
        come, without it those of this y."""
        if not hasattr(self, "_model"):
            self._begin(X, y if classes is None else classes)
        return self._train(X, y, 1, None, ())

    def predict_proba(self, X: Any) -> Doubles:
        """Returns the softmax of the mean outputs, [n,classes], in the order of classes_."""
        import numpy as np
        out = self._answers(X)
        odds = np.exp(out - out.max(axis=1, keepdims=True))
        shares: Doubles = odds / odds.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Any) -> Array:
        """Returns a label for each sample, [n]."""
        at = self._answers(X).argmax(axis=1)
        labels: Array = self.classes_[at]
        return labels

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Returns the share of samples whose label is right."""
        import numpy as np
        return float(np.average(self.predict(X) == self._labels(y), weights=sample_weight))

    def _more_tags(self) -> dict[str, Any]:
        return {"requires_y": True, "_xfail_checks": self._known_to_fail()}

    def __sklearn_tags__(self) -> Any:
        import importlib
        sklearn = importlib.import_module("sklearn.utils")
        return sklearn.Tags(estimator_type="classifier", target_tags=sklearn.TargetTags(required=True),
                            transformer_tags=None, regressor_tags=None, classifier_tags=sklearn.ClassifierTags())
