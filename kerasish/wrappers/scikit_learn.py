"""Keras 2's wrappers for scikit-learn (``keras.wrappers.scikit_learn``)."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.models import Sequential
from kerasish.utils.numerical import to_categorical

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
except ImportError:
    BaseEstimator = ClassifierMixin = RegressorMixin = object


class BaseWrapper(BaseEstimator):
    """What the two have in common.

    Args:
        build_fn: makes a compiled model; or an object with ``__call__`` that does. A subclass may define ``__call__``.
        sk_params: arguments of ``build_fn``, and of the model's ``fit``, ``predict`` and ``evaluate``.

    Raises:
        ValueError: an argument that none of these takes.
    """

    def __init__(self, build_fn: Callable | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def check_params(self, params: dict) -> None:
        """Whether all are arguments of something that they may be handed to.

        Raises:
            ValueError: one is not.
        """
        functions = [Sequential.fit, Sequential.predict, Sequential.evaluate, self._builder()]
        for name in params:
            if name != "nb_epoch" and not any(_accepts(function, name) for function in functions):
                raise ValueError(f"{name} is not a legal parameter")

    def _builder(self) -> Callable:
        if self.build_fn is None:
            return self.__call__  # type: ignore[operator]
        is_function = inspect.isfunction(self.build_fn) or inspect.ismethod(self.build_fn)
        return self.build_fn if is_function else self.build_fn.__call__

    def get_params(self, deep: bool = True, **params: Any) -> dict:
        """The arguments, as scikit-learn's ``clone`` needs them."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> BaseWrapper:
        self.check_params({name: value for name, value in params.items() if name != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn: Callable, override: dict | None = None) -> dict:
        """Those of the arguments that a function takes."""
        found = {name: value for name, value in self.sk_params.items() if _accepts(fn, name)}
        return {**found, **(override or {})}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Make a new model and train it; returns its ``History``."""
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        if _is_categorical(self.model) and np.ndim(y) != 2:
            y = to_categorical(y)
        arguments = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        return self.model.fit(x, y, **{**arguments, **kwargs})


def _accepts(function: Callable, name: str) -> bool:
    parameters = inspect.signature(function).parameters
    return name in parameters and parameters[name].kind not in (
        inspect.Parameter.VAR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )


def _is_categorical(model: Any) -> bool:
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return name == "categorical_crossentropy"


class KerasClassifier(ClassifierMixin, BaseWrapper):
    """Keras 2's classifier: one output and labels 0 and 1, or an output for each class.

    Args:
        build_fn, sk_params: as of ``BaseWrapper``.

    Attributes:
        classes_: the labels. ``model``: the trained model.
    """

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The labels."""
        found = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return self.classes_[found.argmax(-1) if found.shape[-1] > 1 else (found > 0.5).astype("int32")]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """(samples, classes), of one output too."""
        found = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The accuracy.

        Raises:
            ValueError: the model was compiled without it.
        """
        y = np.searchsorted(self.classes_, y)
        if _is_categorical(self.model) and y.ndim != 2:
            y = to_categorical(y)
        arguments = self.filter_sk_params(Sequential.evaluate, kwargs)
        results = self.model.evaluate(x, y, **{**arguments, "return_dict": True})
        for name in ("accuracy", "acc"):
            if name in results:
                return results[name]
        raise ValueError(
            'The model is not configured to compute accuracy. You should pass `metrics=["accuracy"]` to the '
            "`model.compile()` method."
        )


class KerasRegressor(RegressorMixin, BaseWrapper):
    """Keras 2's regressor.

    Args:
        build_fn, sk_params: as of ``BaseWrapper``.
    """

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        found = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return np.squeeze(found, axis=-1) if found.shape[-1] == 1 else found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The loss with the other sign: larger is better."""
        arguments = self.filter_sk_params(Sequential.evaluate, kwargs)
        return -self.model.evaluate(x, y, **{**arguments, "return_dict": True})["loss"]
