"""Loss: the base class — masks, sample weights and reduction around a ``call``.

    value = reduce(weights · call(y_true, y_pred))

Built-in losses compute on raw tensors (``raw_call``), a user's ``call`` gets ``Tensor``s; the training step uses ``raw_loss``.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch, registry, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import automatic_name
from kerasish.core.dtypes import get_policy, to_torch
from kerasish.core.errors import fail
from kerasish.core.storage import cast_raw

REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")
_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Loss:
    """A scalar, or one value per sample, that training makes small.

    Args:
        name: default: from the class's name.
        reduction: "sum_over_batch_size" (the mean over all values), "mean" (the same), "sum", "mean_with_sample_weight"
            (divided by the sum of the weights), or "none"/None for the values themselves.
        dtype: to compute in; default ``floatx``.

    Raises:
        ValueError: an unknown reduction.
    """

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or automatic_name(type(self))
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = get_policy(dtype)
        self._dtype = self._dtype_policy.compute_dtype

    dtype = property(lambda self: self._dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample, unreduced; subclasses define it."""
        raise NotImplementedError(f"Loss {type(self).__name__} does not have a `call` method implemented.")

    def raw_call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        """``call`` on raw tensors. Built-in losses override this one; here a user's ``call`` is given Tensors."""
        with recording():
            values = self.call(*tree.map_structure(_wrap, (y_true, y_pred)))
        return dispatch.raw(values)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss of predictions ``y_pred`` for targets ``y_true``.

        Args:
            sample_weight: broadcasts against the unreduced loss: (batch,), or (batch, time) for sequences.
        """
        torch_given = any(isinstance(x, torch.Tensor) for x in tree.flatten((y_true, y_pred)))
        mask = next((m for x in tree.flatten(y_pred) if (m := getattr(x, "_keras_mask", None)) is not None), None)
        y_true, y_pred = tree.map_structure(dispatch.raw, (y_true, y_pred))
        weight = None if sample_weight is None else dispatch.raw(sample_weight)
        if torch_given:
            return self.raw_loss(y_true, y_pred, weight, None if mask is None else dispatch.raw(mask))
        with dispatch.recorded_only():
            return dispatch.wrap(self.raw_loss(y_true, y_pred, weight, None if mask is None else dispatch.raw(mask)))

    def raw_loss(
        self, y_true: Any, y_pred: Any, sample_weight: torch.Tensor | None = None, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The reduced loss for raw tensors."""
        dtype = to_torch(self._dtype)
        if isinstance(y_pred, torch.Tensor) and isinstance(y_true, torch.Tensor):
            y_pred, y_true = to_float(y_pred, dtype), to_dtype(y_true, dtype)
        else:
            y_pred = tree.map_structure(lambda x: to_float(x, dtype), y_pred)
            y_true = tree.map_structure(lambda x: to_dtype(x, dtype), y_true)
        values = self.raw_call(y_true, y_pred)
        return reduce_weighted(values, sample_weight, mask, self.reduction, dtype)

    def get_config(self) -> dict:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        config = {key: registry.deserialize_keras_object(value) for key, value in config.items()}
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _wrap(x: Any) -> Any:
    return dispatch.wrap(x) if isinstance(x, torch.Tensor) else x


def to_float(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A prediction in the loss's dtype; the logits that it was made of (``_keras_logits``) go along."""
    if x.dtype is dtype:
        return x
    out = x.to(dtype)
    logits = getattr(x, "_keras_logits", None)
    if logits is not None:
        out._keras_logits = logits.to(dtype)
    return out


def to_dtype(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x if x.dtype is dtype else cast_raw(x, dtype)


def standardize_reduction(reduction: Any) -> str:
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
    return "none" if name is None else name


def reduce_weighted(
    values: torch.Tensor,
    sample_weight: torch.Tensor | None,
    mask: torch.Tensor | None,
    reduction: str,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Weight the unreduced losses and reduce them. Masked ones count neither in the sum nor in the mean."""
    if sample_weight is None and mask is None:
        if reduction in _MEANS:
            return values.mean()
        return values.sum() if reduction == "sum" else values
    weight = None if sample_weight is None else sample_weight.to(dtype)
    if mask is not None:
        mask = mask.to(dtype)
        if reduction in _MEANS:  # so that the mean is over the valid ones
            mask = mask * (mask.numel() / (mask.sum() + 1e-7))
        if weight is None:
            weight = mask
        else:
            mask, weight = same_rank(mask, weight)
            weight = weight * mask
    values, weight = same_rank(values, weight)
    values = values * weight
    if reduction == "mean_with_sample_weight":
        return values.sum() / weight.expand_as(values).sum()
    if reduction in _MEANS:
        return values.mean()
    return values.sum() if reduction == "sum" else values


def same_rank(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Let a last axis of size 1 come or go so that two tensors have one rank, as Keras aligns targets and weights."""
    if a.ndim == b.ndim + 1:
        if a.shape[-1] == 1 and (b.ndim == 0 or b.shape[-1] != 1):
            return a.squeeze(-1), b
        return a, b.unsqueeze(-1)
    if b.ndim == a.ndim + 1:
        if b.shape[-1] == 1 and (a.ndim == 0 or a.shape[-1] != 1):
            return a, b.squeeze(-1)
        return a.unsqueeze(-1), b
    return a, b
