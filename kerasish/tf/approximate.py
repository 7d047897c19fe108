"""The largest and smallest numbers along an axis, where TensorFlow may give approximately those: here they are exact."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf.alias import Kinds, check

_KINDS = Kinds("half bfloat16 float")


class ApproxTopK(NamedTuple):
    """Numbers, best first, and their places (int32)."""

    values: Any
    indices: Any


def _best(x: torch.Tensor, k: Any, axis: int, largest: bool) -> ApproxTopK:
    check(x, _KINDS, "ApproxTopK")
    if x.shape[axis] < int(k):
        raise InvalidArgumentError(
            f"input must have at least k columns. Had {x.shape[axis]}, needed {k} [Op:ApproxTopK]"
        )
    order = torch.argsort(x, dim=axis, descending=largest, stable=True).narrow(axis, 0, int(k))
    return ApproxTopK(x.gather(axis, order), order.int())


@strict_op
def approx_max_k(
    operand: Array,
    k: Any,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> Any:
    """The ``k`` largest numbers along an axis, and their places.

    Args:
        recall_target, reduction_input_size_override, aggregate_to_topk: how far TensorFlow may be from the exact result.

    Raises:
        InvalidArgumentError: fewer than ``k`` numbers, or other dtypes than float16, bfloat16 and float32.
    """
    return _best(operand, k, reduction_dimension, True)


@strict_op
def approx_min_k(
    operand: Array,
    k: Any,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> Any:
    """The ``k`` smallest numbers along an axis, and their places; see ``approx_max_k``."""
    return _best(operand, k, reduction_dimension, False)


@strict_op
def approx_top_k(
    input: Array,
    k: Any,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    is_max_k: bool = True,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> Any:
    """``approx_max_k``, or ``approx_min_k`` without ``is_max_k``."""
    return _best(input, k, reduction_dimension, is_max_k)
