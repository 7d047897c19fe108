"""``tensorflow.python.ops.ragged``: what packages ask of values that may be ragged."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import as_dtype
from kerasish.core.ragged import RaggedTensor
from kerasish.tf.creation import convert_to_tensor
from kerasish.tf.ragged.making import RaggedTensorValue, constant


def is_ragged(value: Any) -> bool:
    """Whether a value is a ragged tensor or one of ``tf.compat.v1.ragged.constant_value``."""
    return isinstance(value, (RaggedTensor, RaggedTensorValue))


def convert_to_tensor_or_ragged_tensor(
    value: Any, dtype: Any = None, preferred_dtype: Any = None, name: str | None = None
) -> Any:
    """A ragged tensor as it is, anything else as a tensor.

    Raises:
        ValueError: a ragged tensor has another dtype.
    """
    if not is_ragged(value):
        return convert_to_tensor(value, dtype=dtype, dtype_hint=preferred_dtype, name=name)
    if isinstance(value, RaggedTensorValue):
        value = constant(value.to_list(), dtype=value.dtype, row_splits_dtype=value.row_splits.dtype)
    if dtype is not None and as_dtype(dtype) != value.dtype:
        raise ValueError(
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for RaggedTensor with dtype {value.dtype.name}: "
            f"{value}."
        )
    return value


def match_row_splits_dtypes(*tensors: Any, return_dtype: bool = False) -> Any:
    """The values, if all ragged ones among them have splits of one dtype; with ``return_dtype`` that dtype before them.

    Raises:
        ValueError: they do not.
    """
    kinds = {value.row_splits.dtype for value in tensors if isinstance(value, RaggedTensor)}
    if len(kinds) > 1:
        raise ValueError(
            "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert them."
        )
    return (kinds.pop() if kinds else None, list(tensors)) if return_dtype else tensors


def from_tensor(
    tensor: Any,
    lengths: Any = None,
    padding: Any = None,
    ragged_rank: int = 1,
    row_splits_dtype: Any = "int64",
    name: str | None = None,
) -> RaggedTensor:
    """``tf.RaggedTensor.from_tensor``; ragged tensors stay."""
    if is_ragged(tensor):
        return tensor
    return RaggedTensor.from_tensor(tensor, lengths, padding, ragged_rank, name, row_splits_dtype)


def to_tensor(rt_input: Any, default_value: Any = None, name: str | None = None) -> Any:
    """``RaggedTensor.to_tensor``; other tensors stay."""
    return rt_input.to_tensor(default_value, name) if is_ragged(rt_input) else rt_input


__all__ = ["convert_to_tensor_or_ragged_tensor", "from_tensor", "is_ragged", "match_row_splits_dtypes", "to_tensor"]
