"""``tf.compat.v1.losses``: losses with weights for each element or row."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import convert
from kerasish.tf import crossentropy, math, reductions
from kerasish.tf.arrays import reshape
from kerasish.tf.creation import cast, ones_like

_LOSSES = "losses"


class Reduction:
    """How the weighted losses become one number."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = SUM_OVER_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Refuse another text.

        Raises:
            ValueError: it is none of them.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


_BY_NONZERO = Reduction.SUM_BY_NONZERO_WEIGHTS


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """Losses times weights, reduced.

    Args:
        losses: of any shape.
        weights: a number, or of the losses' rank with sizes equal or 1.
        scope, loss_collection: of graphs; nothing is collected.
        reduction: one of ``Reduction``.

    Raises:
        ValueError: weights of another shape, or another reduction.
    """
    Reduction.validate(reduction)
    losses = convert(losses)
    kind = losses.dtype
    losses, weights = cast(losses, "float32"), cast(convert(weights), "float32")
    shape, theirs = tuple(losses.shape), tuple(weights.shape)
    if theirs and (len(theirs) != len(shape) or any(a not in (1, b) for a, b in zip(theirs, shape))):
        raise ValueError(
            f"weights can not be broadcast to values. values.shape={list(shape)}, weights.shape={list(theirs)}."
        )
    out = losses * weights
    if reduction != Reduction.NONE:
        spread = ones_like(losses) * weights
        divisor = {
            Reduction.MEAN: lambda: reductions.reduce_sum(spread),
            _BY_NONZERO: lambda: cast(reductions.count_nonzero(spread), "float32"),
            Reduction.SUM_OVER_BATCH_SIZE: lambda: cast(convert(losses.shape.num_elements()), "float32"),
        }.get(reduction)
        out = reductions.reduce_sum(out)
        out = out if divisor is None else math.divide_no_nan(out, divisor())
    return cast(out, kind)


def _pair(labels: Any, predictions: Any, names: tuple[str, str] = ("labels", "predictions")) -> tuple[Any, Any]:
    """Both as float32 of one shape."""
    for name, value in zip(names, (labels, predictions)):
        if value is None:
            raise ValueError(f"Argument `{name}` must not be None.")
    labels, predictions = cast(convert(labels), "float32"), cast(convert(predictions), "float32")
    TensorShape(predictions.shape).assert_is_compatible_with(labels.shape)
    return labels, predictions


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """(predictions − labels)²; see ``compute_weighted_loss``."""
    labels, predictions = _pair(labels, predictions)
    return compute_weighted_loss(math.squared_difference(predictions, labels), weights, reduction=reduction)


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """|predictions − labels|; see ``compute_weighted_loss``."""
    labels, predictions = _pair(labels, predictions)
    return compute_weighted_loss(math.abs(predictions - labels), weights, reduction=reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """Half the squared error up to ``delta``, linear beyond; see ``compute_weighted_loss``."""
    labels, predictions = _pair(labels, predictions)
    error = math.abs(predictions - labels)
    near = math.minimum(error, delta)
    return compute_weighted_loss(0.5 * near * near + delta * (error - near), weights, reduction=reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """The crossentropy of probabilities of two classes; see ``compute_weighted_loss``."""
    labels, predictions = _pair(labels, predictions)
    losses = -labels * math.log(predictions + epsilon) - (1 - labels) * math.log(1 - predictions + epsilon)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """max(0, 1 − y · logits) for labels 0 and 1, y = ±1; see ``compute_weighted_loss``."""
    labels, logits = _pair(labels, logits, ("labels", "logits"))
    return compute_weighted_loss(math.maximum(1 - (2 * labels - 1) * logits, 0.0), weights, reduction=reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
    dim: int | None = None,
) -> Any:
    """1 − the product of vectors of length 1 along an axis; see ``compute_weighted_loss``.

    Raises:
        ValueError: no axis.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    labels, predictions = _pair(labels, predictions)
    losses = 1 - reductions.reduce_sum(predictions * labels, axis, True)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """The crossentropy of logits and labels of independent classes; see ``compute_weighted_loss``."""
    labels, logits = _pair(multi_class_labels, logits, ("multi_class_labels", "logits"))
    labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
    losses = crossentropy.sigmoid_cross_entropy_with_logits(labels, logits)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """The crossentropy of logits and one-hot rows; weights by row; see ``compute_weighted_loss``."""
    labels, logits = _pair(onehot_labels, logits, ("onehot_labels", "logits"))
    labels = labels * (1 - label_smoothing) + label_smoothing / labels.shape[-1]
    losses = crossentropy.softmax_cross_entropy_with_logits(labels, logits)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
    reduction: str = _BY_NONZERO,
) -> Any:
    """The crossentropy of logits and class numbers, with or without a last axis of one; see ``compute_weighted_loss``."""
    if labels is None or logits is None:
        raise ValueError("Arguments `labels` and `logits` must not be None.")
    labels, logits = convert(labels), convert(logits)
    if len(labels.shape) == len(logits.shape):
        labels = reshape(labels, tuple(labels.shape)[:-1])
    losses = crossentropy.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return compute_weighted_loss(losses, weights, reduction=reduction)


def add_loss(loss: Any, loss_collection: str | None = _LOSSES) -> None:
    """Add to a graph's collection, which there is none of where operations run as they are called."""


def get_losses(scope: str | None = None, loss_collection: str = _LOSSES) -> list:
    """What was collected: nothing."""
    return []


def get_regularization_losses(scope: str | None = None) -> list:
    """What was collected: nothing."""
    return []


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Any:
    """The sum of what was collected: 0."""
    return convert(0.0)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = _LOSSES,
) -> Any:
    """The squared differences between the errors of any two elements of a sample, added up over samples.

    Args:
        labels, predictions: (batch, …).
        weights: a number, or one for each sample. As in TensorFlow, the mean over pairs is one over the pairs of a sample
            with weights for samples, and over those of the whole batch's elements with a number.
        scope, loss_collection: of graphs; nothing is collected.

    Raises:
        ValueError: shapes that do not fit, or None.
    """
    labels, predictions = _pair(labels, predictions)
    axes = list(range(1, labels.shape.rank))
    weights = cast(convert(weights), "float32")
    errors = predictions - labels
    if weights.shape.rank == 0:  # then TensorFlow counts the elements of all samples
        count = convert(float(errors.shape.num_elements()))
    else:
        count = reductions.reduce_sum(ones_like(errors) * cast(weights != 0, "float32"), axes, keepdims=True)
    squares = reductions.reduce_sum(errors * errors, axes, keepdims=True)
    total = reductions.reduce_sum(errors, axes, keepdims=True)
    first = 2.0 * math.divide_no_nan(squares, math.maximum(count - 1, 0.0))
    second = 2.0 * math.divide_no_nan(total * total, math.maximum(count * (count - 1), 0.0))
    return reductions.reduce_sum((first - second) * weights)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None) -> Any:
    """The sum of a graph's losses, of which there are none where operations run as they are called.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        "No losses are collected where operations run as they are called: add up what the functions of losses gave."
    )


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
