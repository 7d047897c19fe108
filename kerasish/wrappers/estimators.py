"""SKLearnClassifier, SKLearnRegressor, SKLearnTransformer: Keras 3's wrappers for scikit-learn."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from kerasish.models import Model, clone_model

try:
    import sklearn
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
except ImportError:  # the classes can be looked at without scikit-learn, but not made
    sklearn = None
    BaseEstimator = ClassifierMixin = RegressorMixin = TransformerMixin = object


class _Reshaper(TransformerMixin, BaseEstimator):
    """Targets of one dimension as a column, and predictions back."""

    def fit(self, y: np.ndarray, _: Any = None) -> _Reshaper:
        self.ndim_ = y.ndim
        return self

    def transform(self, y: np.ndarray) -> np.ndarray:
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def inverse_transform(self, y: np.ndarray) -> np.ndarray:
        return np.squeeze(y, axis=1) if self.ndim_ == 1 and y.ndim == 2 else y


class _Estimator(BaseEstimator):
    """What the three have in common.

    Args:
        model: a compiled model, of which each ``fit`` trains a copy; or a function ``model(X, y, **model_kwargs)`` that
            makes one.
        warm_start: whether ``fit`` goes on with the weights of the last one; a given model is then trained itself.
        model_kwargs: for the function.
        fit_kwargs: for ``Model.fit``; those given to ``fit`` come first.

    Attributes:
        model_: the trained model. ``history_``: what its ``fit`` returned.

    Raises:
        ImportError: scikit-learn is not there.
    """

    def __init__(
        self, model: Any, warm_start: bool = False, model_kwargs: dict | None = None, fit_kwargs: dict | None = None
    ) -> None:
        if sklearn is None:
            raise ImportError(
                f"{type(self).__name__} requires `scikit-learn` to be installed. Run `pip install scikit-learn`."
            )
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def _more_tags(self) -> dict:  # of scikit-learn below 1.6
        return {"non_deterministic": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self) -> Any:
        own = isinstance(self.model, Model) and self.warm_start  # else ``fit`` leaves it as it is
        model = copy.deepcopy(self.model) if own else self.model
        kwargs = {"warm_start": self.warm_start, "model_kwargs": self.model_kwargs, "fit_kwargs": self.fit_kwargs}
        return type(self)(model, **copy.deepcopy(kwargs))

    @property
    def epoch_(self) -> Any:
        """The epochs that were trained."""
        return getattr(getattr(self, "history_", None), "epoch", 0)

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Ask for metadata to be handed to ``fit``, by scikit-learn's metadata routing.

        Args:
            kwargs: name of a parameter → True, False, None, or another name for it.

        Raises:
            RuntimeError: metadata routing is not enabled.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        from sklearn.utils.metadata_routing import MetadataRequest

        self._metadata_request = MetadataRequest(owner=type(self).__name__)
        for param, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=param, alias=alias)
        return self

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train the model; keyword arguments go to ``Model.fit``.

        Raises:
            RuntimeError: the model is not compiled.
        """
        X, y = _validated(self, X, y)
        y = self._process_target(y, reset=True)
        model = self._get_model(X, y)
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _get_model(self, X: Any, y: Any) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        if self.warm_start:
            return self.model
        model = clone_model(self.model)
        if self.model.compiled and not model.compiled:
            model.compile_from_config(self.model.get_compile_config())
        return model

    def predict(self, X: Any) -> np.ndarray:
        """The model's predictions, in the form of the targets."""
        outputs = self._raw_predictions(X)
        return self._target_encoder.inverse_transform(outputs)

    def _raw_predictions(self, X: Any) -> np.ndarray:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self.model_.predict(_validated(self, X, reset=False))

    def _process_target(self, y: np.ndarray, reset: bool = False) -> np.ndarray:
        """Targets as the model is trained on them.

        Raises:
            ValueError: what scikit-learn does not know as targets.
        """
        _target_type(y)
        if reset:
            self._target_encoder = _Reshaper().fit(y)
        return self._target_encoder.transform(y)


def _validated(estimator: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # scikit-learn below 1.6
        return estimator._validate_data(*args, **kwargs)
    return validate_data(estimator, *args, **kwargs)


def _target_type(y: Any) -> str:
    from sklearn.utils.multiclass import type_of_target

    found = type_of_target(y, input_name="")
    if found == "unknown":
        raise ValueError(f"Unknown label type for data: {y!r}")
    return found


class SKLearnClassifier(ClassifierMixin, _Estimator):
    __doc__ = (_Estimator.__doc__ or "").replace(
        "What the three have in common.", "A classifier: the model has an output for each class, and one-hot targets."
    )

    def decision_function(self, X: Any) -> np.ndarray:
        """The outputs of the model."""
        return self._raw_predictions(X)

    def _process_target(self, y: np.ndarray, reset: bool = False) -> np.ndarray:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        found = _target_type(y)
        if found not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {found}")
        if reset:
            self._target_encoder = make_pipeline(_Reshaper(), OneHotEncoder(sparse_output=False)).fit(y)
            self.classes_ = np.unique(y)
            if len(self.classes_) == 1:
                raise ValueError("Classifier can't train when only one class is present.")
        return self._target_encoder.transform(y)

    def _more_tags(self) -> dict:
        return {"poor_score": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, _Estimator):
    __doc__ = (_Estimator.__doc__ or "").replace("What the three have in common.", "A regressor.")

    def _more_tags(self) -> dict:
        return {"poor_score": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, _Estimator):
    __doc__ = (_Estimator.__doc__ or "").replace(
        "What the three have in common.", "A step of a pipeline that gives the model's outputs."
    )

    def transform(self, X: Any) -> np.ndarray:
        """The outputs of the model."""
        return self._raw_predictions(X)

    def _more_tags(self) -> dict:
        return {"preserves_dtype": []}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
