"""Elementwise operations on ragged tensors: broadcast, computed on the values, put into rows again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor, elementwise, nested, operands
from kerasish.core.ragged_shape import broadcast
from kerasish.tf import (
    arrays,
    bitwise,
    clipping,
    creation,
    crossentropy,
    indexing,
    math,
    nn,
    reductions,
    special,
    strings,
    tiling,
)
from kerasish.tf import debugging as checks


def serve_elementwise(operation: Callable, count: int = 1) -> None:
    """Let ragged tensors be served by an operation whose first ``count`` parameters are its operands."""
    signature = inspect.signature(operation)
    names = list(signature.parameters)[:count]

    @RaggedTensor.serve(operation)
    def on_ragged(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        given = [name for name in names if bound.arguments.get(name) is not None]

        def on_flat(*flat: Any) -> Any:
            bound.arguments.update(zip(given, flat))
            return operation(*bound.args, **bound.kwargs)

        return elementwise(on_flat, *(bound.arguments[name] for name in given))


_UNARY = {
    special: """bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1 bessel_k1e bessel_y0 bessel_y1 dawsn expint fresnel_cos
        fresnel_sin spence""",
    math: """abs acos acosh angle asin asinh atan atanh bessel_i0 bessel_i0e bessel_i1 bessel_i1e ceil conj cos cosh
        digamma erf erfc erfcinv erfinv exp expm1 floor imag is_finite is_inf is_nan lgamma log log1p log_sigmoid
        logical_not ndtri negative real reciprocal reciprocal_no_nan rint round rsqrt sigmoid sign sin sinh softplus
        softsign sqrt square tan tanh""",
    nn: "elu gelu leaky_relu relu relu6 selu silu swish softplus softsign sigmoid tanh log_sigmoid dropout",
    creation: "cast saturate_cast zeros_like ones_like",
    arrays: "identity stop_gradient",
    tiling: "bitcast",
    bitwise: "invert",
    checks: "check_numerics",
    indexing: "one_hot",
    strings: """as_string bytes_split length lower split unicode_decode unicode_split regex_full_match regex_replace strip
        to_hash_bucket to_hash_bucket_fast to_hash_bucket_strong to_number unicode_script unicode_transcode upper""",
}
_BINARY = {
    math: """add atan2 divide divide_no_nan equal floordiv floormod greater greater_equal igamma igammac less less_equal
        logical_and logical_or logical_xor maximum minimum mod multiply multiply_no_nan nextafter not_equal polygamma
        pow realdiv scalar_mul squared_difference subtract truediv truncatediv truncatemod xdivy xlog1py xlogy zeta""",
    bitwise: "bitwise_and bitwise_or bitwise_xor left_shift right_shift",
    creation: "complex",
}

for _count, _table in ((1, _UNARY), (2, _BINARY)):
    for _module, _names in _table.items():
        for _name in _names.split():
            _operation = getattr(_module, _name, None)
            if _operation is not None and _operation not in RaggedTensor._handlers:
                serve_elementwise(_operation, _count)
serve_elementwise(clipping.clip_by_value, 3)
serve_elementwise(strings.substr, 3)
serve_elementwise(crossentropy._sigmoid_loss, 2)


@RaggedTensor.serve(reductions.add_n)
def add_n(inputs: Any, name: str | None = None) -> Any:
    flat, parts = broadcast(operands(inputs))
    return nested(reductions.add_n(flat), parts)


@RaggedTensor.serve(strings.join)
def join(inputs: Any, separator: str = "", name: str | None = None) -> Any:
    flat, parts = broadcast(operands(inputs))
    return nested(strings.join(flat, separator), parts)


for _operation in (strings.unicode_split_with_offsets, strings.unicode_decode_with_offsets):

    @RaggedTensor.serve(_operation)
    def with_offsets(input: Any, *args: Any, _operation: Callable = _operation, **kwargs: Any) -> Any:
        return tuple(input._around(part) for part in _operation(input.flat_values, *args, **kwargs))


def map_flat_values(op: Callable, *args: Any, **kwargs: Any) -> Any:
    """``op`` of the innermost values of ragged arguments, its result in their rows.

    Raises:
        InvalidArgumentError: the arguments' rows differ.
        ValueError: the result has another number of values.
    """
    found: list[RaggedTensor] = []

    def flat(x: Any) -> Any:
        if isinstance(x, RaggedTensor):
            found.append(x)
            return x.flat_values
        if isinstance(x, (list, tuple)) and any(isinstance(item, RaggedTensor) for item in x):
            return type(x)(flat(item) for item in x)
        return x

    args, kwargs = tuple(flat(x) for x in args), {key: flat(x) for key, x in kwargs.items()}
    result = op(*args, **kwargs)
    if not found:
        return result
    parts = found[0]._partitions
    for other in found[1:]:
        _demand_same_rows(parts, other._partitions)
    count = found[0].flat_values.shape[0]
    if not dispatch.is_tensor(result) and not isinstance(result, RaggedTensor):
        return result
    shape = result.shape
    if not shape.rank or shape[0] != count:
        raise ValueError(
            "tf.ragged.map_flat_values requires that the output of `op` have the same outer-dimension size as flat_values of "
            f"any ragged inputs. (output shape: {shape}; expected outer dimension size: {count})"
        )
    return nested(result, parts)


def _demand_same_rows(a: tuple, b: tuple) -> None:
    if len(a) != len(b):
        raise ValueError("All ragged arguments must have the same ragged_rank")
    if a and b and a[0].splits.dtype is not b[0].splits.dtype:
        raise ValueError(
            "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert "
            "them to compatible dtypes."
        )
    for p, q in zip(a, b):
        if not p.same(q):
            raise InvalidArgumentError(
                f"partitions have incompatible row_splits\nCondition x == y did not hold.\nFirst 3 elements of x:\n"
                f"{p.splits[:3].tolist()}\nFirst 3 elements of y:\n{q.splits[:3].tolist()}"
            )
