"""``tf.experimental.numpy``: products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.ops import linalg
from kerasish.tf.alias import REALS, Kinds, check
from kerasish.tf.experimental.numpy.conversion import promoted, promoted_pair, public, raw_array

_KINDS = Kinds("bfloat16 half float double int32 int64 complex64 complex128")


def _to_multiply(a: Any, b: Any) -> list[torch.Tensor]:
    """Two operands of a product of matrices, in their common dtype."""
    x, y = promoted_pair(a, b)
    if x.ndim and y.ndim:
        check(x, _KINDS, "MatMul")
    return [x, y]


@public
def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices, or of stacks of them; vectors count as a row and a column."""
    x, y = _to_multiply(x1, x2)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("matmul takes vectors, matrices and stacks of them, no numbers.")
    return linalg.matmul.raw(x, y)


@public
def dot(a: Any, b: Any) -> Any:
    """Products, summed over a's last and b's last but one axis; with a number its multiple."""
    return linalg.dot.raw(*_to_multiply(a, b))


@public
def inner(a: Any, b: Any) -> Any:
    """Products, summed over the last axes; with a number its multiple."""
    x, y = _to_multiply(a, b)
    return x * y if x.ndim == 0 or y.ndim == 0 else linalg.tensordot.raw(x, y, [[-1], [-1]])


@public
def outer(a: Any, b: Any) -> Any:
    """Each element of a times each of b."""
    x, y = promoted_pair(a, b)
    return x.reshape(-1, 1) * y.reshape(1, -1)


@public
def vdot(a: Any, b: Any) -> Any:
    """Products of all elements, a's conjugated, summed."""
    x, y = (v.reshape(-1) for v in promoted(a, b))
    check(x, _KINDS, "MatMul")
    return linalg.dot.raw(x.conj() if x.is_complex() else x, y)


@public
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Products, summed over the last and first so many axes, or over the given ones."""
    x, y = promoted_pair(a, b)
    check(x, _KINDS, "MatMul")
    if isinstance(axes, int) and axes > min(x.ndim, y.ndim):
        raise ValueError(
            f"`axes` must not be larger than the number of axes. Received: {axes}, for {x.ndim} and {y.ndim}."
        )
    return linalg.tensordot.raw(x, y, axes)


@public
def kron(a: Any, b: Any) -> Any:
    """The blocks of b, each multiplied with an element of a."""
    return torch.kron(*promoted(a, b))


@public
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein's summation.

    Raises:
        ValueError: an argument of NumPy's that is not served.
    """
    casting = kwargs.pop("casting", "safe")
    optimize = kwargs.pop("optimize", False)
    if casting == "safe":
        operands = tuple(promoted(*operands))
    elif casting == "no":
        operands = tuple(map(raw_array, operands))
    else:
        raise ValueError(f"casting policy not supported: {casting}")
    if kwargs:
        raise ValueError(f"einsum got unexpected arguments {sorted(kwargs)}.")
    del optimize  # how it is computed: torch decides
    for x in operands:
        check(x, _KINDS, "Einsum")
    return linalg.einsum.raw(subscripts, *operands)


@public
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of 2 or 3 elements."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = promoted_pair(a, b)
    check(x, REALS, "Cross")
    return linalg.cross.raw(x, y, axisa, axisb, axisc, axis)
