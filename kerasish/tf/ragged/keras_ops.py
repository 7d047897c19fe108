"""``keras.ops`` on ragged tensors: those of its operations that are the same as a function of ``tf``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import activations, ops
from kerasish.core.ragged import RaggedTensor
from kerasish.tf import arrays, creation, indexing, linalg, nn, reductions
from kerasish.tf.ragged import choosing as _choosing  # noqa: F401 - serves the operations below
from kerasish.tf.ragged import reductions as _reductions  # noqa: F401
from kerasish.tf.ragged.elementwise import serve_elementwise

_UNARY = """abs absolute arccos arccosh arcsin arcsinh arctan arctanh cast ceil conj conjugate cos cosh erf erfinv exp expm1
    floor gelu hard_sigmoid hard_tanh imag isfinite isinf isnan log log10 log1p log2 log_sigmoid logical_not negative
    ones_like real reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh softplus softsign sqrt square
    squareplus elu leaky_relu celu mish tan tanh tanh_shrink trunc zeros_like"""
_BINARY = """add arctan2 divide divide_no_nan equal floor_divide greater greater_equal less less_equal logaddexp logical_and
    logical_or logical_xor maximum minimum mod multiply not_equal power subtract true_divide"""

for _count, _names in ((1, _UNARY), (2, _BINARY)):
    for _name in _names.split():
        for _module in (ops, activations) if _count == 1 else (ops,):
            _operation = getattr(_module, _name, None)
            if hasattr(_operation, "raw") and _operation not in RaggedTensor._handlers:
                serve_elementwise(_operation, _count)


def _serve_reduction(operation: Callable, same: Callable) -> None:
    @RaggedTensor.serve(operation)
    def on_ragged(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return same(x, list(axis) if isinstance(axis, tuple) else axis, keepdims)


for _name in ("sum", "prod", "max", "min", "mean", "all", "any", "var", "std"):
    _same = {"var": "variance"}.get(_name, _name)
    _serve_reduction(getattr(ops, _name), getattr(reductions, f"reduce_{_same}"))


@RaggedTensor.serve(ops.concatenate)
def concatenate(xs: Any, axis: int = 0) -> Any:
    return arrays.concat(xs, axis)


@RaggedTensor.serve(ops.stack)
def stack(x: Any, axis: int = 0) -> Any:
    return arrays.stack(x, axis)


@RaggedTensor.serve(ops.expand_dims)
def expand_dims(x: Any, axis: Any) -> Any:
    return arrays.expand_dims(x, axis)


@RaggedTensor.serve(ops.squeeze)
def squeeze(x: Any, axis: Any = None) -> Any:
    return arrays.squeeze(x, axis)


@RaggedTensor.serve(ops.reshape)
def reshape(x: Any, newshape: Any) -> Any:
    return arrays.reshape(x, list(newshape) if isinstance(newshape, tuple) else newshape)


@RaggedTensor.serve(ops.take)
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    return indexing.gather(x, indices, axis=axis or 0)


@RaggedTensor.serve(ops.where)
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    return indexing.where(condition, x1, x2)


@RaggedTensor.serve(ops.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    return linalg.matmul(x1, x2)


def softmax(x: Any, axis: int = -1) -> Any:
    return nn.softmax(x, axis)


RaggedTensor.serve(*{f for f in (ops.softmax, activations.softmax) if hasattr(f, "raw")})(softmax)


@RaggedTensor.serve(ops.one_hot)
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    return creation.cast(indexing.one_hot(x, num_classes), dtype or "float32")
