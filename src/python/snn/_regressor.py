"""Regressor: a network that learns numbers, as an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _arrays as arrays
from ._dataset import Dataset
from ._estimator import Estimator
from ._types import Array, ArrayLike, Doubles, Floats

if TYPE_CHECKING:
    from typing_extensions import Self


class Regressor(Estimator):
    """A spiking network that learns numbers [n] or [n,outputs]; the parameters are those of Classifier, loss None is
    mse. With normalise, targets are scaled as well. After fit(): n_features_in_, n_outputs_, n_iter_, history_ and
    trainer_."""

    _loss = "mse"
    _estimator_type = "regressor"

    def _outputs(self) -> int:
        return self.n_outputs_

    def _targets(self, y: Any, first: bool) -> Array:
        import numpy as np
        numbers = arrays.numbers(y, "y").astype(np.float64)
        if numbers.ndim not in (1, 2) or numbers.size == 0:
            raise ValueError(f"y has shape {numbers.shape}; expected [n] or [n,outputs]")
        if not np.isfinite(numbers).all():
            raise ValueError("y holds NaN or infinity")
        rows = numbers.reshape(len(numbers), -1)
        if first:
            self._one_output = numbers.ndim == 1
            self.n_outputs_ = rows.shape[1]
            self._y_mean, self._y_deviation = np.zeros(self.n_outputs_), np.ones(self.n_outputs_)
            if self.normalise:
                self._y_mean, self._y_deviation = rows.mean(axis=0), rows.std(axis=0)
                self._y_deviation[self._y_deviation == 0] = 1
        if rows.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {rows.shape[1]} outputs, but {self.n_outputs_} were fitted")
        scaled: Array = (rows - self._y_mean) / self._y_deviation
        return scaled

    def _dataset(self, x: Floats, y: Array) -> Dataset:
        return Dataset.from_arrays(self._model.context, x, targets=y, time_axis=self.time_axis)

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Trains one epoch on more samples. The first call begins a network, and says how targets are scaled."""
        if not hasattr(self, "_model"):
            self._begin(X, y)
        return self._train(X, y, 1, None, ())

    def predict(self, X: Any) -> Doubles:
        """Returns [n], or [n,outputs] as y was: the network's mean output over the steps."""
        answers = self._answers(X)
        out: Doubles = answers * self._y_deviation + self._y_mean
        return out[:, 0] if self._one_output else out

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Returns the coefficient of determination R2, the mean over outputs; 0 for an output that does not vary."""
        import numpy as np
        truth = arrays.numbers(y, "y").astype(np.float64)
        truth = truth.reshape(len(truth), -1)
        out = self.predict(X).reshape(truth.shape)
        mean = np.average(truth, axis=0, weights=sample_weight)
        error = np.average((truth - out) ** 2, axis=0, weights=sample_weight)
        spread = np.average((truth - mean) ** 2, axis=0, weights=sample_weight)
        return float(np.mean(np.where(spread > 0, 1 - error / np.where(spread > 0, spread, 1), error == 0)))

    def _more_tags(self) -> dict[str, Any]:
        return {"requires_y": True, "multioutput": True, "_xfail_checks": self._known_to_fail()}

    def __sklearn_tags__(self) -> Any:
        import importlib
        sklearn = importlib.import_module("sklearn.utils")
        return sklearn.Tags(estimator_type="regressor",
                            target_tags=sklearn.TargetTags(required=True, multi_output=True), transformer_tags=None,
                            regressor_tags=sklearn.RegressorTags(), classifier_tags=None)
