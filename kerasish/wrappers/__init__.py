"""Models as scikit-learn's estimators (``keras.wrappers``)."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names
from kerasish.core.registry import publish
from kerasish.wrappers import scikit_learn as scikit_learn
from kerasish.wrappers.estimators import SKLearnClassifier as SKLearnClassifier
from kerasish.wrappers.estimators import SKLearnRegressor as SKLearnRegressor
from kerasish.wrappers.estimators import SKLearnTransformer as SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())
