"""scikit-learn's own checks of estimators, and its tools over them. Skipped where scikit-learn is not installed."""

import importlib.util
import os
import sys
import unittest
import warnings

if importlib.util.find_spec("sklearn") is None:
    print("no scikit-learn here (Debian: python3-sklearn): skipped")
    sys.exit(77)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import snn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator


class Estimators(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")

    def test_check_estimator(self):
        for kind in (snn.Classifier, snn.Regressor):
            check_estimator(kind(random_state=1, threads=1))

    def test_every_check_without_an_exception(self):
        """With batches of one sample, the order of samples changes nothing, to the last bit."""
        skipped = set()
        for kind in (snn.Classifier, snn.Regressor):
            for estimator, check in check_estimator(kind(random_state=1, threads=1, batch=1), generate_only=True):
                try:
                    check(estimator)
                except unittest.SkipTest as reason:
                    skipped.add(str(reason))
        self.assertLessEqual(skipped, {"pandas is not installed: not checking estimators for pandas objects."})

    def test_clone_search_and_pipeline(self):
        rng = np.random.default_rng(1)
        y = np.array(["one", "two", "three"])[np.arange(90) % 3]
        X = rng.normal(size=(3, 4))[np.arange(90) % 3] * 100 + rng.normal(size=(90, 4))
        model = snn.Classifier((10,), epochs=3, batch=8, threads=1, random_state=1, options={"variant": "O"})
        self.assertTrue(is_classifier(model) and is_regressor(snn.Regressor()))
        self.assertEqual(clone(model.fit(X, y)).get_params(), model.get_params())
        self.assertFalse(hasattr(clone(model), "classes_"))
        self.assertGreater(cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3).mean(), 0.9)
        search = GridSearchCV(model, {"epochs": [1, 4], "network": [(5,), (20,)]}, cv=2).fit(X, y)
        self.assertGreater(search.score(X, y), 0.9)
        self.assertEqual(set(search.predict(X)), {"one", "two", "three"})


if __name__ == "__main__":
    unittest.main()
