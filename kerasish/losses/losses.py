"""The loss classes: a function of this package each, with masks, weights and a reduction around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import registry
from kerasish.core.context import local, settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.losses import margin as margins
from kerasish.losses import overlap, probabilistic, regression
from kerasish.losses.base import MEAN_REDUCTIONS, Loss, same_rank, to_float
from kerasish.losses.means import MEAN, MEANS, OF_CLASSES, SUM

_MEAN = "sum_over_batch_size"


class LossFunctionWrapper(Loss):
    """A loss from a function ``fn(y_true, y_pred, **kwargs)`` of unreduced losses.

    A function of the library computes on raw tensors; a user's gets Tensors of one rank, in the loss's dtype.
    """

    def __init__(
        self, fn: Callable, reduction: Any = _MEAN, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._raw_fn = getattr(fn, "raw", None)
        self._reduced = MEANS.get(fn) if self.reduction in MEAN_REDUCTIONS else None
        self._raw_dtype = to_torch(self._dtype)
        self._casts_targets = self._raw_fn is None  # ours cast what they need; class numbers stay integers

    def raw_loss(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The reduced loss for raw tensors; the mean of all values by one kernel where there is one."""
        plain = self._reduced is not None and sample_weight is None and mask is None
        if plain and isinstance(y_true, torch.Tensor) and isinstance(y_pred, torch.Tensor):
            value = self._reduced(y_true, to_float(y_pred, self._raw_dtype), MEAN, **self._fn_kwargs)
            if value is not None:
                return value if local.share is None else local.share.of_mean(value)
        return super().raw_loss(y_true, y_pred, sample_weight, mask)

    def raw_sum(self, y_true: Any, y_pred: torch.Tensor) -> tuple[torch.Tensor, int] | None:
        """The sum and number of the values that ``raw_loss`` is the mean of, where that is less work than the mean."""
        if self._reduced is None or y_pred.dtype is not self._raw_dtype:
            return None
        value = self._reduced(y_true, y_pred, SUM, **self._fn_kwargs)
        if value is None:
            return None
        return value, y_pred.numel() // (y_pred.shape[-1] if self.fn in OF_CLASSES else 1)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def raw_call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        if self._raw_fn is not None and isinstance(y_pred, torch.Tensor) and isinstance(y_true, torch.Tensor):
            return self._raw_fn(y_true, y_pred, **self._fn_kwargs)
        if self._raw_fn is not None:
            raise fail(
                ValueError,
                f"The loss '{self.name}' takes one target and one prediction",
                received=f"y_true of type {type(y_true)}, y_pred of type {type(y_pred)}",
            )
        if isinstance(y_pred, torch.Tensor) and isinstance(y_true, torch.Tensor) and y_true.ndim != y_pred.ndim:
            mask = getattr(y_pred, "_keras_mask", None)
            y_true, y_pred = same_rank(y_true, y_pred)
            if mask is not None:
                y_pred._keras_mask = mask  # type: ignore[attr-defined]
        return super().raw_call(y_true, y_pred)

    def get_config(self) -> dict:
        return {**super().get_config(), "fn": registry.serialize_keras_object(self.fn), **self._fn_kwargs}

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


class _Builtin(LossFunctionWrapper):
    """A loss of ours; the function's options are attributes too."""

    _unlisted: dict[str, Any] = {}  # options that Keras's config leaves out: written only where they are not these

    def __init__(self, fn: Callable, reduction: Any, name: str | None, dtype: Any, **kwargs: Any) -> None:
        super().__init__(fn, reduction, name, dtype, **kwargs)
        self.__dict__.update(kwargs)

    def get_config(self) -> dict:
        config = {**Loss.get_config(self), **self._fn_kwargs}
        for key, usual in {**self._unlisted, "dtype": settings.floatx}.items():
            value = self._dtype if key == "dtype" else config.pop(key)
            if value != usual:
                config[key] = value
        return config


# regression -----------------------------------------------------------------------------------------------------------


class MeanSquaredError(_Builtin):
    """(y_true - y_pred)²."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(_Builtin):
    """|y_true - y_pred|."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(_Builtin):
    """100 · |y_true - y_pred| / |y_true|."""

    def __init__(
        self, reduction: Any = _MEAN, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(_Builtin):
    """(log(1 + y_true) - log(1 + y_pred))²."""

    def __init__(
        self, reduction: Any = _MEAN, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(regression.mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(_Builtin):
    """-cos of the angle between y_true and y_pred along ``axis``."""

    _unlisted = {"axis": -1}

    def __init__(
        self, axis: int = -1, reduction: Any = _MEAN, name: str | None = "cosine_similarity", dtype: Any = None
    ) -> None:
        super().__init__(regression.cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(_Builtin):
    """Squared for errors up to ``delta``, linear beyond."""

    _unlisted = {"delta": 1.0}

    def __init__(
        self, delta: float = 1.0, reduction: Any = _MEAN, name: str | None = "huber_loss", dtype: Any = None
    ) -> None:
        super().__init__(regression.huber, reduction, name, dtype, delta=delta)


class LogCosh(_Builtin):
    """log cosh(y_pred - y_true)."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(regression.log_cosh, reduction, name, dtype)


# margins --------------------------------------------------------------------------------------------------------------


class Hinge(_Builtin):
    """max(1 - y_true · y_pred, 0), for targets -1 and 1, or 0 and 1."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(margins.hinge, reduction, name, dtype)


class SquaredHinge(_Builtin):
    """max(1 - y_true · y_pred, 0)², for targets -1 and 1, or 0 and 1."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(margins.squared_hinge, reduction, name, dtype)


class CategoricalHinge(_Builtin):
    """max(1 + the best score of a wrong class - the score of the right one, 0)."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(margins.categorical_hinge, reduction, name, dtype)


class Circle(_Builtin):
    """The circle loss of embeddings of length 1 against the others of the batch; y_true are labels, (batch,).

    Args:
        gamma: the scale.
        margin: the relaxation.
        remove_diagonal: whether an embedding is not compared with itself.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: Any = _MEAN,
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        options = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(margins.circle, reduction, name, dtype, **options)


# distributions --------------------------------------------------------------------------------------------------------


class KLDivergence(_Builtin):
    """Σ y_true · log(y_true / y_pred) over the last axis."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(probabilistic.kl_divergence, reduction, name, dtype)


class Poisson(_Builtin):
    """y_pred - y_true · log y_pred."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(probabilistic.poisson, reduction, name, dtype)


class BinaryCrossentropy(_Builtin):
    """-y_true · log y_pred - (1 - y_true) · log(1 - y_pred).

    Args:
        from_logits: whether y_pred are logits instead of probabilities.
        label_smoothing: from 0 to 1: how far targets are moved towards 0.5.
        axis: of the mean.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = _MEAN,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(probabilistic.binary_crossentropy, reduction, name, dtype, **options)


class BinaryFocalCrossentropy(_Builtin):
    """Binary crossentropy times (1 - p)^``gamma``, where p is the probability given to the target.

    Args:
        apply_class_balancing: whether class 1 is weighted with ``alpha`` and class 0 with 1 - ``alpha``.
        from_logits, label_smoothing, axis: as of ``BinaryCrossentropy``.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = _MEAN,
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        options |= {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        super().__init__(probabilistic.binary_focal_crossentropy, reduction, name, dtype, **options)


class CategoricalCrossentropy(_Builtin):
    """-Σ y_true · log y_pred over the classes.

    Args:
        from_logits: whether y_pred are logits instead of probabilities.
        label_smoothing: from 0 to 1: how far targets are moved towards the uniform distribution.
        axis: of the classes.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = _MEAN,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(probabilistic.categorical_crossentropy, reduction, name, dtype, **options)


class CategoricalFocalCrossentropy(_Builtin):
    """-Σ ``alpha`` · (1 - y_pred)^``gamma`` · y_true · log y_pred over the classes.

    Args:
        alpha: one number, or one for each class.
        from_logits, label_smoothing, axis: as of ``CategoricalCrossentropy``.
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = _MEAN,
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        options |= {"alpha": alpha, "gamma": gamma}
        super().__init__(probabilistic.categorical_focal_crossentropy, reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(_Builtin):
    """-log of the probability of the class that y_true names.

    Args:
        from_logits: whether y_pred are logits instead of probabilities.
        ignore_class: a class number whose places count neither in the sum nor in the mean.
        axis: of the classes.
    """

    _unlisted = {"axis": -1}

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: Any = _MEAN,
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(probabilistic.sparse_categorical_crossentropy, reduction, name, dtype, **options)


class CategoricalGeneralizedCrossEntropy(_Builtin):
    """(1 - p^``q``) / ``q`` for the probability p of the class that y_true names: robust to wrong labels.

    Raises:
        ValueError: ``q`` is not between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: Any = _MEAN,
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise fail(ValueError, "q must be in the interval (0, 1)", received=f"q={q}")
        super().__init__(probabilistic.categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


class CTC(_Builtin):
    """Connectionist temporal classification of logits (batch, frames, classes); label 0 stands for "none"."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "ctc", dtype: Any = None) -> None:
        super().__init__(probabilistic.ctc, reduction, name, dtype)


# regions --------------------------------------------------------------------------------------------------------------


class Dice(_Builtin):
    """1 - 2 · overlap / total, over everything or along ``axis``."""

    def __init__(self, reduction: Any = _MEAN, name: str | None = "dice", axis: Any = None, dtype: Any = None) -> None:
        super().__init__(overlap.dice, reduction, name, dtype, axis=axis)


class Tversky(_Builtin):
    """1 - hits / (hits + ``alpha`` · missed + ``beta`` · false alarms), over everything or along ``axis``."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: Any = _MEAN,
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(overlap.tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
