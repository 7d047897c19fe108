"""What packages take from Keras 2's ``metrics_utils``: counts of hits and misses at thresholds."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from kerasish import config, ops
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.src._keras2_losses import squeeze_or_expand_dimensions
from kerasish.utils.generic_utils import to_list

NEG_INF = -1e10


class Reduction(enum.Enum):
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    WEIGHTED_MEAN = "weighted_mean"


class ConfusionMatrix(enum.Enum):
    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


class _ByText(enum.Enum):
    @classmethod
    def from_str(cls, key: str) -> Any:
        """The member of that value, in lower case or with a first or all capitals.

        Raises:
            ValueError: there is none.
        """
        for member in cls:
            if key in (member.value, member.value.lower(), member.value.capitalize()) and key != "Roc" and key != "Pr":
                return member
        raise fail(ValueError, f"Invalid {cls.__name__} value", f"one of {[m.value for m in cls]}", repr(key))


class AUCCurve(_ByText):
    ROC = "ROC"
    PR = "PR"


class AUCSummationMethod(_ByText):
    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"


def assert_thresholds_range(thresholds: Any) -> None:
    """Refuse thresholds outside [0, 1].

    Raises:
        ValueError: there is one.
    """
    invalid = [t for t in (() if thresholds is None else thresholds) if t is None or t < 0 or t > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Invalid values: {invalid}")


def parse_init_thresholds(thresholds: Any, default_threshold: float = 0.5) -> list:
    """Thresholds as a list; None: the default alone."""
    if thresholds is not None:
        assert_thresholds_range(to_list(thresholds))
    return to_list(default_threshold if thresholds is None else thresholds)


def is_evenly_distributed_thresholds(thresholds: Any) -> bool:
    """Whether three or more thresholds are 0, 1/(n-1), ..., 1."""
    count = len(thresholds)
    even = np.arange(count, dtype=np.float32) / max(count - 1, 1)
    return count >= 3 and np.allclose(thresholds, even, atol=config.epsilon())


def update_confusion_matrix_variables(
    variables_to_update: dict | None,
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
    multi_label: bool = False,
    label_weights: Any = None,
    thresholds_distributed_evenly: bool = False,
) -> None:
    """Add counts at thresholds (t,) to variables (t,), or (t, labels) with ``multi_label``.

    Args:
        variables_to_update: ``{ConfusionMatrix.TRUE_POSITIVES: variable, ...}``.
        y_true, y_pred: of one shape; a prediction above a threshold is positive.
        top_k: predictions that are not among the ``top_k`` largest of their row are negative.
        class_id: only this entry of the last axis counts.
        sample_weight: broadcasts to ``y_pred``.
        label_weights: (labels,), for counts without ``multi_label``.
        thresholds_distributed_evenly: changes only how the real library computes.

    Raises:
        ValueError: keys that are no ConfusionMatrix, or both ``multi_label`` and ``label_weights``, or weights that do not
            broadcast to what is counted.
        InvalidArgumentError: predictions outside [0, 1].
    """
    if multi_label and label_weights is not None:
        raise ValueError("`label_weights` are not for counts of each label: `multi_label` must be False with them.")
    if variables_to_update is None:
        return
    if not variables_to_update or any(key not in list(ConfusionMatrix) for key in variables_to_update):
        raise fail(ValueError, "Invalid keys", f"some of {list(ConfusionMatrix)}", list(variables_to_update))
    dtype = next(iter(variables_to_update.values())).dtype
    y_true, y_pred = ops.cast(y_true, dtype), ops.cast(y_pred, dtype)
    if not bool(ops.all((y_pred >= 0) & (y_pred <= 1))):
        raise InvalidArgumentError("predictions must be >= 0 and <= 1")
    weight = None if sample_weight is None else ops.cast(sample_weight, dtype)
    y_pred, y_true, *rest = squeeze_or_expand_dimensions(y_pred, y_true, weight)
    if tuple(y_pred.shape) != tuple(y_true.shape):
        raise fail(ValueError, "`y_true` and `y_pred` must have", "one shape", f"{y_true.shape} and {y_pred.shape}")
    y_pred = y_pred if top_k is None else _largest(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    of_labels = None if label_weights is None else ops.expand_dims(ops.cast(label_weights, dtype), 0)
    weight = _weights(y_pred, rest[0] if rest else None, of_labels, dtype)
    if not multi_label:
        y_true, y_pred, weight = (ops.reshape(x, (-1,)) for x in (y_true, y_pred, weight))
    _count(variables_to_update, ops.cast(y_true, "bool"), y_pred, weight, ops.cast(thresholds, dtype))


def _largest(y_pred: Any, count: int) -> Any:
    """Predictions; in place of those not among the largest of a row what is below every threshold."""
    kept = ops.sum(ops.one_hot(ops.top_k(y_pred, count)[1], y_pred.shape[-1], dtype=y_pred.dtype), -2)
    return y_pred * kept + NEG_INF * (1 - kept)


def _weights(y_pred: Any, weight: Any, label_weights: Any, dtype: Any) -> Any:
    """Weights of the predictions' shape."""
    found = ops.ones_like(y_pred)
    for factor in (weight, label_weights):
        if factor is None:
            continue
        shape = tuple(factor.shape)
        if shape and not (len(shape) == len(found.shape) and all(n in (1, m) for n, m in zip(shape, found.shape))):
            raise fail(ValueError, "Weights must have the predictions' rank and", f"sizes of 1 or {found.shape}", shape)
        found = found * ops.cast(factor, dtype)
    return found


def _count(variables: dict, label: Any, y_pred: Any, weight: Any, thresholds: Any) -> None:
    """Add the counts, each summed over the samples."""
    each = ops.reshape(thresholds, (-1, *([1] * len(y_pred.shape))))
    positive = ops.expand_dims(y_pred, 0) > each
    hits = {
        ConfusionMatrix.TRUE_POSITIVES: label & positive,
        ConfusionMatrix.FALSE_POSITIVES: ~label & positive,
        ConfusionMatrix.TRUE_NEGATIVES: ~label & ~positive,
        ConfusionMatrix.FALSE_NEGATIVES: label & ~positive,
    }
    for kind, variable in variables.items():
        variable.assign_add(ops.sum(ops.cast(hits[kind], weight.dtype) * weight, 1))


__all__ = [
    "AUCCurve", "AUCSummationMethod", "ConfusionMatrix", "NEG_INF", "Reduction", "assert_thresholds_range",
    "is_evenly_distributed_thresholds", "parse_init_thresholds", "update_confusion_matrix_variables",
]  # fmt: skip
