"""Loss: the base class — masks, sample weights and reduction around a ``call``.

    value = reduce(weights · call(y_true, y_pred))

Built-in losses compute on raw tensors (``raw_call``), a user's ``call`` gets ``Tensor``s; training uses ``raw_loss``.

Below the class stands what losses and metrics share: how targets, predictions, weights and masks are brought to one dtype
and rank.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import torch

from kerasish.core import dispatch, registry, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import automatic_name, local, settings
from kerasish.core.dtypes import get_policy, to_torch
from kerasish.core.errors import InvalidArgumentError, ShapeMismatchError, fail, torch_failure
from kerasish.core.logits import hand_on
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.storage import cast_raw
from kerasish.ops.common import floating
from kerasish.ops.math import divide_no_nan

REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")
TARGETS = "`y_true` and `y_pred`"  # what an error says of their shapes
MEAN_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Reduction:
    """Keras 2's names of the reductions; "auto" is the mean over the batch."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise a ValueError unless ``key`` is one of them."""
        if key not in cls.all():
            raise fail(ValueError, f"Invalid Reduction Key: {key}", f'keys are "{cls.all()}"')


class Loss:
    """A scalar, or one value per sample, that training makes small.

    Args:
        name: default: from the class's name.
        reduction: "sum_over_batch_size" (the mean over all values), "mean" (the same), "sum", "mean_with_sample_weight"
            (divided by the sum of the weights), or "none"/None for the values themselves.
        dtype: to compute in; default ``floatx``, whatever the global dtype policy is.

    Raises:
        ValueError: an unknown reduction.
    """

    _casts_targets = True  # whether targets are cast to the loss's dtype before ``call``

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or automatic_name(type(self))
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = get_policy(dtype or settings.floatx)
        self._dtype = self._dtype_policy.compute_dtype

    dtype = property(lambda self: self._dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample, unreduced; subclasses define it."""
        raise NotImplementedError(f"Loss {type(self).__name__} does not have a `call` method implemented.")

    def raw_call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        """``call`` on raw tensors. Built-in losses override this one; here a user's ``call`` is given Tensors."""
        with recording():
            return dispatch.raw(self.call(*tree.map_structure(wrap_with_mask, (y_true, y_pred))))

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss of predictions ``y_pred`` for targets ``y_true``.

        Args:
            sample_weight: one per sample, (batch,), or one per value of the unreduced loss: (batch, time) for sequences;
                another shape has to broadcast against the unreduced loss.
        """
        torch_given = any(isinstance(x, torch.Tensor) for x in tree.flatten((y_true, y_pred)))
        mask = next((m for x in tree.flatten(y_pred) if (m := getattr(x, "_keras_mask", None)) is not None), None)
        mask = None if mask is None else dispatch.raw(mask)
        y_true, y_pred = raw_structure(y_true), raw_structure(y_pred)
        weight = None if sample_weight is None else raw_numbers(sample_weight, to_torch(self._dtype))
        try:
            if torch_given:
                return self.raw_loss(y_true, y_pred, weight, mask)
            with dispatch.recorded_only():
                return dispatch.wrap(self.raw_loss(y_true, y_pred, weight, mask))
        except (RuntimeError, IndexError, AttributeError, TypeError) as error:
            raise torch_failure(error) from error.__cause__

    def raw_loss(
        self, y_true: Any, y_pred: Any, sample_weight: torch.Tensor | None = None, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The reduced loss for raw tensors."""
        dtype = to_torch(self._dtype)
        if isinstance(y_pred, torch.Tensor):
            y_pred = to_float(y_pred, dtype)
        else:
            y_pred = tree.map_structure(lambda x: self._k_prediction(x, dtype), y_pred)
        values = self._k_values(y_true, y_pred, dtype) if self._casts_targets else self.raw_call(y_true, y_pred)
        own_mask = getattr(values, "_keras_mask", None)  # of a class to ignore
        if own_mask is not None:
            mask = own_mask if mask is None else combined_weight(own_mask.to(dtype), mask.to(dtype))
        return reduce_weighted(values, sample_weight, mask, self.reduction, dtype)

    def _k_values(self, y_true: Any, y_pred: Any, dtype: torch.dtype) -> torch.Tensor:
        """The unreduced loss for targets in the loss's dtype; integers that it refuses as floats stay what they are, as in
        Keras 2: ``tf.one_hot`` and the like need class numbers.
        """
        try:
            return self.raw_call(tree.map_structure(lambda x: to_dtype(x, dtype), y_true), y_pred)
        except (TypeError, InvalidArgumentError) as error:
            if all(x.is_floating_point() for x in tree.flatten(y_true) if isinstance(x, torch.Tensor)):
                raise
            with suppress(Exception):
                return self.raw_call(y_true, y_pred)
            raise error

    def _k_prediction(self, x: Any, dtype: torch.dtype) -> Any:
        """One prediction; an object that stands for a tensor (a distribution) reaches a user's function as it is."""
        if isinstance(x, torch.Tensor):
            return to_float(x, dtype)
        return x if self._casts_targets else to_float(dispatch.raw(x), dtype)

    def get_config(self) -> dict:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        made = {key: registry.deserialize_inner(v) if isinstance(v, dict) else v for key, v in config.items()}
        return cls(**made)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def raw_numbers(x: Any, dtype: torch.dtype) -> torch.Tensor:
    """Anything as a raw tensor; Python numbers become ``dtype`` at once, without a detour through float32."""
    if isinstance(x, torch.Tensor):
        return x
    try:
        return dispatch.raw(x, dtype)
    except TypeError:  # booleans do not become numbers
        return dispatch.raw(x)


def raw_structure(x: Any) -> Any:
    """Targets or predictions in any form, nested or not, as raw tensors; a list of numbers is one tensor."""
    if isinstance(x, (list, tuple)) and not any(getattr(leaf, "ndim", 0) for leaf in tree.flatten(x)):
        return dispatch.raw(x)
    return tree.map_structure(lambda leaf: dispatch.raw(raw_with_mask(leaf)), x)


def to_float(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A prediction in the dtype of a loss or metric; its mask and the logits that it was made of go along."""
    if x.dtype is dtype:
        return x
    out = x.to(dtype)
    hand_on(x, out, lambda t: t.to(dtype))
    mask = getattr(x, "_keras_mask", None)
    if mask is not None:
        out._keras_mask = mask  # type: ignore[attr-defined]
    return out


def to_dtype(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x if x.dtype is dtype else cast_raw(x, dtype)


def standardize_reduction(reduction: Any) -> str | None:
    """A reduction's canonical name; Keras 2's "auto" is the mean over the batch.

    Raises:
        ValueError: unknown.
    """
    name = getattr(reduction, "value", reduction)
    if name == "auto":
        return "sum_over_batch_size"
    if name not in REDUCTIONS:
        raise fail(
            ValueError, "Invalid value for argument `reduction`", f"one of {REDUCTIONS}", f"reduction={reduction!r}"
        )
    return name


def reduce_weighted(
    values: torch.Tensor,
    sample_weight: Any,
    mask: torch.Tensor | None,
    reduction: str | None,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Weight the unreduced losses and reduce them. Masked ones count neither in the sum nor in the mean.

    Of an empty batch the (absent) values are returned, whatever the reduction.

    Raises:
        ShapeMismatchError: the weights' shape does not fit the values'.
    """
    if sample_weight is None and mask is None:
        if reduction in (None, "none") or not values.numel():
            return values
        if reduction == "sum":
            return values.sum()
        return values.mean() if local.share is None else local.share.of_mean(values.mean())
    weight, fraction = sample_weight, None
    if mask is not None:
        mask = mask.to(dtype)
        if reduction in MEAN_REDUCTIONS:  # so that the mean is over the valid ones
            valid = mask.sum()
            if local.share is not None:
                fraction = divide_no_nan.raw(valid * bool(local.share.rows), local.share.total_of(valid))
            mask = mask * divide_no_nan.raw(torch.full_like(valid, mask.numel()), valid)
        weight = mask if weight is None else combined_weight(weight, mask)
    values, weight = aligned_weight(values, weight)
    values = times(values, weight)
    if reduction in (None, "none") or not values.ndim or not values.numel():
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean_with_sample_weight":
        mean, count = divide_no_nan.raw(values.sum(), weight.sum()), weight.sum()
        if local.share is not None:
            fraction = divide_no_nan.raw(count * bool(local.share.rows), local.share.total_of(count))
    else:
        mean = values.mean()
    return mean if local.share is None else local.share.of_mean(mean, fraction)


# ranks and weights ----------------------------------------------------------------------------------------------------


def same_rank(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Let a last axis of size 1 come or go where two tensors differ in rank by that axis, as Keras does.

    A vector is given the axis, so that (batch,) and (batch, 1) meet; anything longer has it taken away.
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b.unsqueeze(-1)) if b.ndim == 1 else (a.squeeze(-1), b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a.unsqueeze(-1), b) if a.ndim == 1 else (a, b.squeeze(-1))
    return a, b


def aligned_weight(
    values: torch.Tensor, weight: Any, dtype: torch.dtype | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and weights, ready to be multiplied: weights of the leading axes count for all that follows.

    Args:
        dtype: of the weights; default: the values'.
    """
    dtype = dtype or values.dtype
    weight = raw_numbers(weight, dtype)
    if weight.dtype is not dtype:
        weight = weight.to(dtype)
    values, weight = same_rank(values, weight)
    missing = values.ndim - weight.ndim
    if weight.ndim and missing > 0 and weight.shape == values.shape[: weight.ndim]:
        weight = weight.reshape(*weight.shape, *(1,) * missing)
    return values, weight


def combined_weight(weight: Any, mask: torch.Tensor) -> torch.Tensor:
    """The product of weights and a mask, either of which may lack trailing axes of the other; in the mask's dtype."""
    weight = raw_numbers(weight, mask.dtype)
    if weight.ndim > mask.ndim:
        return times(*aligned_weight(weight.to(mask.dtype), mask))
    return times(*aligned_weight(mask, weight))


def times(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The product.

    Raises:
        ShapeMismatchError: the shapes do not broadcast.
    """
    try:
        return values * weight
    except RuntimeError:
        raise incompatible(values, weight) from None


def incompatible(a: torch.Tensor, b: torch.Tensor, what: str = "values and `sample_weight`") -> ShapeMismatchError:
    """TensorFlow's error for two shapes that do not broadcast, with what the two are."""
    first, second = (str(list(x.shape)).replace(" ", "") for x in (a, b))
    return ShapeMismatchError(f"Incompatible shapes: {first} vs. {second} ({what})")


def same_shape(y_true: torch.Tensor, y_pred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets and predictions in one rank, where a last axis of size 1 makes the difference.

    Raises:
        ShapeMismatchError: the shapes do not broadcast.
    """
    if y_true.shape != y_pred.shape:
        y_true, y_pred = same_rank(y_true, y_pred)
        try:
            torch.broadcast_shapes(y_true.shape, y_pred.shape)
        except RuntimeError:
            raise incompatible(y_true, y_pred, TARGETS) from None
    return y_true, y_pred


def paired(y_true: torch.Tensor, y_pred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets and predictions in the predictions' float dtype and in one rank, as of ``same_shape``."""
    y_pred = floating(y_pred)
    if y_true.dtype is not y_pred.dtype:
        y_true = y_true.to(y_pred.dtype)
    return same_shape(y_true, y_pred)
