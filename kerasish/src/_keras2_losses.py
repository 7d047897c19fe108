"""What packages take from Keras 2's ``losses_utils``: ranks, weights, reductions."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.core import dtypes
from kerasish.losses.base import Reduction as ReductionV2
from kerasish.losses.losses import LossFunctionWrapper as LossFunctionWrapper
from kerasish.src._utils import dtype_size


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple:
    """Labels and predictions; a last axis of 1 goes from the one that has one axis more than expected.

    Args:
        expected_rank_diff: how many axes more the predictions should have.
    """
    labels, predictions = ops.convert_to_tensor(labels), ops.convert_to_tensor(predictions)
    difference = len(predictions.shape) - len(labels.shape) - expected_rank_diff
    if difference == 1 and predictions.shape[-1] == 1:
        predictions = ops.squeeze(predictions, -1)
    elif difference == -1 and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    return labels, predictions


def squeeze_or_expand_dimensions(y_pred: Any, y_true: Any = None, sample_weight: Any = None) -> tuple:
    """``(y_pred, y_true)``, or with ``sample_weight``, where a last axis may go, or come to the weights.

    Labels of classes, which have one axis fewer than their predictions, stay as they are.
    """
    rank = len(y_pred.shape)
    if y_true is not None and (rank - len(y_true.shape) != 1 or y_pred.shape[-1] == 1):
        y_true, y_pred = remove_squeezable_dimensions(y_true, y_pred)
    if sample_weight is None:
        return y_pred, y_true
    more = len(sample_weight.shape) - rank
    if len(sample_weight.shape) > 0 and more == 1:
        sample_weight = ops.squeeze(sample_weight, -1)
    elif len(sample_weight.shape) > 0 and more == -1:
        sample_weight = ops.expand_dims(sample_weight, -1)
    return y_pred, y_true, sample_weight


def reduce_weighted_loss(weighted_losses: Any, reduction: str = ReductionV2.SUM_OVER_BATCH_SIZE) -> Any:
    """The sum of weighted losses, their mean (0 for none), or themselves."""
    if reduction == ReductionV2.NONE:
        return weighted_losses
    total = ops.sum(weighted_losses)
    if reduction != ReductionV2.SUM_OVER_BATCH_SIZE:
        return total
    return ops.divide_no_nan(total, ops.cast(ops.size(weighted_losses), weighted_losses.dtype))


def compute_weighted_loss(
    losses: Any,
    sample_weight: Any = None,
    reduction: str = ReductionV2.SUM_OVER_BATCH_SIZE,
    name: str | None = None,
) -> Any:
    """Losses with weights, reduced; computed in float32, in the losses' dtype at the end.

    Args:
        losses: (batch, ...).
        sample_weight: a number, or what broadcasts to the losses once a last axis has come or gone.

    Raises:
        ValueError: there is no such reduction.
    """
    ReductionV2.validate(reduction)
    if reduction == ReductionV2.AUTO:
        reduction = ReductionV2.SUM_OVER_BATCH_SIZE
    losses = ops.convert_to_tensor(losses)
    weight = ops.cast(ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight), "float32")
    values, _, weight = squeeze_or_expand_dimensions(ops.cast(losses, "float32"), None, weight)
    return ops.cast(reduce_weighted_loss(values * weight, reduction), losses.dtype)


def cast_losses_to_common_dtype(losses: list) -> list:
    """Losses in the widest float dtype among them, of two as wide the first; unchanged without one or with a complex one."""
    names = [dtypes.standardize(loss.dtype) for loss in losses]
    floats = [name for name in names if dtypes.as_dtype(name).is_floating]
    if not floats or any(name.startswith("complex") for name in names):
        return losses
    widest = max(floats, key=dtype_size)
    return [ops.cast(loss, widest) for loss in losses]


__all__ = [
    "LossFunctionWrapper", "ReductionV2", "cast_losses_to_common_dtype", "compute_weighted_loss",
    "reduce_weighted_loss", "remove_squeezable_dimensions", "squeeze_or_expand_dimensions",
]  # fmt: skip
