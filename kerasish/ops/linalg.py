"""Products, decompositions and solutions of linear equations in ``keras.ops``.

Functions of matrices take batches of them: the last two axes are the matrix. Integers become floats where a result
cannot be an integer; 16-bit floats are computed in 32 bits where LAPACK has nothing smaller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasish.core import tree
from kerasish.core.dispatch import Array, Strong, op, raw, symbolic, wrap
from kerasish.core.errors import AxisError, InvalidArgumentError, ShapeMismatchError, fail
from kerasish.ops import specs
from kerasish.ops.common import Axis, axis_indices, floating, floating_wide, in_float32
from kerasish.ops.reduce import total

# products -------------------------------------------------------------------------------------------------------------


def _products(function: Callable, *xs: torch.Tensor) -> torch.Tensor:
    """A sum of products of tensors of one dtype; of booleans whether one is true, for which torch has no kernels."""
    if xs[0].dtype is torch.bool:
        return function(*(x.int() for x in xs)).bool()
    return function(*xs)


def _wide_products(function: Callable, *xs: torch.Tensor) -> torch.Tensor:
    """``_products``, but int8 adds up in int32, as quantized layers need it."""
    return _products(function, *(x.int() if x.dtype is torch.int8 else x for x in xs))


def _matmul(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    try:
        return torch.matmul(x1, x2)
    except NotImplementedError:
        raise
    except RuntimeError:
        for position, x in enumerate((x1, x2)):
            if x.ndim == 0:
                raise InvalidArgumentError(f"In[{position}] ndims must be >= 1: got a scalar [Op:MatMul]") from None
        raise ShapeMismatchError(
            f"Matrix size-incompatible: In[0]: {list(x1.shape)}, In[1]: {list(x2.shape)} [Op:MatMul]"
        ) from None


@op
def matmul(x1: Array, x2: Array) -> Any:
    """The matrix product over the last two axes, the others broadcast; vectors count as a row on the left, as a column
    on the right. int8 times int8 gives int32.

    Raises:
        InvalidArgumentError: the shapes do not fit.
    """
    return _matmul(x1, x2) if x1.is_floating_point() else _wide_products(_matmul, x1, x2)


def _dot(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    if x2.ndim <= 2:
        return torch.matmul(x1, x2)
    return torch.tensordot(x1, x2, dims=([-1], [-2]))


@op
def dot(x1: Strong, x2: Strong) -> Any:
    """The sum of products over the last axis of x1 and the last but one of x2 (the only one of a vector)."""
    return _products(_dot, x1, x2)


@op
def inner(x1: Strong, x2: Strong) -> Any:
    """The sum of products over the last axes of x1 and x2."""
    return _products(torch.inner, x1, x2)


@op
def outer(x1: Strong, x2: Strong) -> Any:
    """The products of each element of x1 and each of x2, both flattened."""
    return torch.outer(x1.reshape(-1), x2.reshape(-1))


@op
def vdot(x1: Array, x2: Array) -> Any:
    """The sum of products of all elements, those of x1 conjugated."""
    return _products(lambda a, b: (a.conj() * b).sum(dtype=a.dtype), x1.reshape(-1), x2.reshape(-1))


def _axes_pair(axes: Any, rank: int) -> tuple[list[int], list[int]]:
    """The contracted axes of both sides, from the argument of ``tensordot``."""
    if hasattr(axes, "__index__"):
        count = axes.__index__()
        return list(range(rank - count, rank)), list(range(count))
    first, second = axes
    return ([first] if isinstance(first, int) else list(first)), ([second] if isinstance(second, int) else list(second))


@op
def tensordot(x1: Array, x2: Array, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes.

    Args:
        axes: so many last ones of x1 and first ones of x2; or a pair of lists of axes.

    Raises:
        InvalidArgumentError: two of a pair have different lengths.
    """
    first, second = _axes_pair(axes, x1.ndim)
    if [x1.shape[a] for a in first] != [x2.shape[a] for a in second]:  # torch would repeat an axis of length 1
        raise ShapeMismatchError(
            f"Matrix size-incompatible: In[0]: {list(x1.shape)}, In[1]: {list(x2.shape)}, axes: {axes} [Op:MatMul]"
        )
    return _products(lambda a, b: torch.tensordot(a, b, dims=(first, second)), x1, x2)


@op
def einsum(subscripts: str, *operands: Array) -> Any:
    """Sums of products written in Einstein's notation: ``"ij,jk->ik"`` is a matrix product. int8 gives int32."""
    if operands and operands[0].is_floating_point():
        return torch.einsum(subscripts, *operands)
    result = _wide_products(lambda *xs: torch.einsum(subscripts, *xs), *operands)
    return result.int() if operands[0].dtype in (torch.int8, torch.int32) else result  # torch sums some to int64


@op
def kron(x1: Strong, x2: Strong) -> Any:
    """The Kronecker product: x2 times each element of x1, laid out as x1 is."""
    return torch.kron(x1, x2)


@op
def cross(x1: Array, x2: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of 2 or 3 numbers along an axis; of two with 2 numbers, its third component alone.

    Args:
        axisa, axisb, axisc: the vectors' axis in x1, x2 and in the result.
        axis: sets all three.

    Raises:
        ValueError: the vectors are of another length.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = x1.movedim(axisa, -1), x2.movedim(axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise fail(
            ValueError,
            "Both `x1` and `x2` need vectors of 2 or 3 numbers",
            received=f"x1.shape={tuple(x1.shape)}, x2.shape={tuple(x2.shape)}",
        )
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (torch.nn.functional.pad(v, (0, 3 - v.shape[-1])) for v in (a, b))
    return torch.linalg.cross(*torch.broadcast_tensors(a, b), dim=-1).movedim(-1, axisc)


@op
def trace(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonals of the matrices in the plane of two axes; booleans and small integers add up in 32 bits."""
    return total(torch.diagonal(x, offset, axis1, axis2), -1)


@op
def cdist(x: Array, y: Array) -> Any:
    """The distances between the rows of x (..., m, d) and those of y (..., n, d): (..., m, n)."""
    return in_float32(torch.cdist, floating(x), floating(y))


@op
@symbolic(specs.corrcoef)
def corrcoef(x: Array) -> Any:
    """The correlation coefficients between the rows of a matrix."""
    return in_float32(torch.corrcoef, floating_wide(x))


@op
def correlate(x1: Array, x2: Array, mode: str = "valid") -> Any:
    """The cross-correlation of two vectors: Σₙ x1[n + k] · x2[n], for each shift k.

    Args:
        mode: "full": every shift where they meet; "same": the middle max(m, n) of these; "valid": where they overlap
            completely.

    Raises:
        ValueError: another mode, or no vectors.
    """
    if mode not in ("full", "same", "valid"):
        raise fail(ValueError, f"Invalid mode: '{mode}'", hint="Mode must be one of: 'full', 'same', 'valid'.")
    if x1.ndim != 1 or x2.ndim != 1:
        raise fail(ValueError, "correlate needs vectors", received=f"shapes {tuple(x1.shape)}, {tuple(x2.shape)}")
    x1, x2 = floating_wide(x1), floating_wide(x2).conj()
    reverse = len(x1) < len(x2)
    long, short = (x2, x1) if reverse else (x1, x2)
    n = len(short)
    before, after = {"full": (n - 1, n - 1), "same": (n // 2, (n - 1) // 2), "valid": (0, 0)}[mode]
    windows = torch.nn.functional.pad(long, (before, after)).unfold(0, n, 1)
    result = windows @ short
    return result.flip(0) if reverse else result


def _square(x: torch.Tensor) -> None:
    """Raise ``ValueError`` unless ``x`` is a square matrix, or a batch of them."""
    _matrix(x)
    if x.shape[-1] != x.shape[-2]:
        raise fail(ValueError, "Expected a square matrix", received=f"non-square input with shape {tuple(x.shape)}")


def _matrix(x: torch.Tensor) -> None:
    """Raise ``ValueError`` unless ``x`` has two axes or more."""
    if x.ndim < 2:
        raise fail(AxisError, "Expected input to have rank >= 2", received=f"input with shape {tuple(x.shape)}")


def _lapack(function: Callable, *xs: torch.Tensor) -> Any:
    """``function(*xs)`` of floats; in float32 for 16-bit ones, for which there are no such kernels."""
    dtype = floating(xs[0]).dtype
    if dtype not in (torch.float16, torch.bfloat16):
        return function(*(floating(x) for x in xs))
    return tree.map_structure(
        lambda y: y.to(dtype) if y.dtype is torch.float32 else y, function(*(x.float() for x in xs))
    )


def _of_finite(function: Callable, x: torch.Tensor) -> Any:
    """``function(x)``, which needs singular values; NaN for matrices with NaN or infinity, at which torch's raise."""
    try:
        return function(x)
    except torch.linalg.LinAlgError:
        finite = torch.isfinite(x).all(-1).all(-1)
        results = function(torch.where(finite[..., None, None], x, 0))
        lacking = [float("nan") if y.is_floating_point() or y.is_complex() else 0 for y in tree.flatten(results)]
        filled = (
            torch.where(finite.reshape([*finite.shape, *[1] * (y.ndim - finite.ndim)]), y, nothing)
            for y, nothing in zip(tree.flatten(results), lacking, strict=True)
        )
        return tree.pack_as(results, list(filled))


# size -----------------------------------------------------------------------------------------------------------------


_MATRIX_ORDERS = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@op
def norm(x: Array, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """The norm of vectors along one axis, or of matrices along two.

    Args:
        ord: of vectors: p in (Σ|x|ᵖ)^(1/p), ±inf, 0 (counts what is not 0); of matrices: "fro", "nuc", ±1, ±2, ±inf.
            By default the root of the sum of squares.
        axis: by default all of x, which must then be a vector or matrix unless ``ord`` is None.

    Raises:
        ValueError: ``ord`` does not fit the number of axes, or there are more than two.
    """
    x = floating(x)
    axes = axis_indices(axis, x.ndim)
    if len(axes) > 2 and (axis is not None or ord is not None):
        raise fail(ValueError, "Invalid axis values", "one or two axes", f"axis={axis}")
    if len(axes) == 2 and ord not in _MATRIX_ORDERS:
        raise fail(ValueError, "Invalid `ord` argument for matrix norm", received=f"ord={ord}")
    if len(axes) < 2 and isinstance(ord, str):
        raise fail(ValueError, "Invalid `ord` argument for vector norm", received=f"ord={ord}")
    if len(axes) == 2 and ord is not None:
        if ord not in ("nuc", 2, -2):
            return in_float32(lambda x: torch.linalg.matrix_norm(x, ord, axes, keepdims), x)
        values = _lapack(lambda x: _of_finite(torch.linalg.svdvals, x), x.movedim(axes, (-2, -1)))
        result = values.sum(-1) if ord == "nuc" else (torch.amax if ord == 2 else torch.amin)(values, -1)
        return result.reshape([1 if k in axes else n for k, n in enumerate(x.shape)]) if keepdims else result
    return torch.linalg.vector_norm(x, 2 if ord is None else ord, axes or None, keepdims)


@op
def det(x: Array) -> Any:
    """The determinant."""
    _square(x)
    return _lapack(torch.linalg.det, x)


@op
def slogdet(x: Array) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    _square(x)
    return _lapack(lambda x: tuple(torch.linalg.slogdet(x)), x)


@op
def logdet(x: Array) -> Any:
    """The logarithm of the determinant of a Hermitian positive definite matrix, of which the lower triangle is read; NaN for
    others.
    """
    _square(x)
    return _lapack(lambda x: 2 * lower_factor(x).diagonal(dim1=-2, dim2=-1).real.log().sum(-1), x)


def lower_factor(x: torch.Tensor) -> torch.Tensor:
    """The lower triangular L with L·Lᴴ = x; NaN where x is not positive definite."""
    factor, failed = torch.linalg.cholesky_ex(x)
    if x.device.type != "cpu" or bool(failed.any()):
        factor = torch.where((failed > 0)[..., None, None], torch.full_like(factor, torch.nan).tril(), factor)
    return factor


@op
def matrix_rank(x: Array, tol: float | None = None) -> Any:
    """The number of singular values above ``tol`` (by default: the largest · max(m, n) · epsilon), as int32."""
    _matrix(x)
    rtol = None if tol is None else 0.0
    return _lapack(lambda x: _of_finite(lambda x: torch.linalg.matrix_rank(x, atol=tol, rtol=rtol).int(), x), x)


# decompositions -------------------------------------------------------------------------------------------------------


@op
def cholesky(x: Array, upper: bool = False) -> Any:
    """The lower triangular L with L·Lᴴ = x, or its conjugate transpose, for positive definite x.

    Raises:
        ValueError: x is not square, or not positive definite.
    """
    _square(x)
    try:
        return _lapack(lambda x: torch.linalg.cholesky(x, upper=upper), x)
    except torch.linalg.LinAlgError as error:
        raise ValueError(f"Cholesky decomposition failed: {error}") from None


@op
def cholesky_inverse(x: Array, upper: bool = False) -> Any:
    """The inverse of A, given its Cholesky factor x."""
    _square(x)
    half = torch.triu if upper else torch.tril  # or the other half would get a gradient
    return _lapack(lambda x: torch.cholesky_inverse(half(x), upper=upper), x)


@op
def qr(x: Array, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and upper triangular R with Q·R = x; ``mode`` "complete" gives a square Q.

    Raises:
        ValueError: another mode.
    """
    if mode not in ("reduced", "complete"):
        raise fail(
            ValueError,
            "`mode` argument value not supported",
            "one of {'reduced', 'complete'}",
            f"mode={mode}",
        )
    _matrix(x)
    return _lapack(lambda x: tuple(torch.linalg.qr(x, mode)), x)


def _full_svd(x: torch.Tensor) -> tuple:
    """``torch.linalg.svd``, whose gradient leaves out what only the full matrices have."""
    u, s, vh = torch.linalg.svd(x, True)
    rank = s.shape[-1]
    if x.requires_grad and u.shape[-1] > rank:
        u = torch.cat([u[..., :rank], _completed(u, rank)], -1)
    if x.requires_grad and vh.shape[-1] > rank:
        vh = torch.cat([vh[..., :rank, :], _completed(vh.mH, rank).mH], -2)
    return u, s, vh


def _completed(basis: torch.Tensor, rank: int) -> torch.Tensor:
    """The columns from ``rank`` on, as orthonormal to the earlier ones whatever these become; exact to the second order."""
    first, rest = basis[..., :rank], basis[..., rank:].detach()
    part = first.mH @ rest  # zero; its derivatives are not
    return rest - first @ part + rest @ (part.mH @ part) / 2


@op
def svd(x: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, S and Vᴴ with U·diag(S)·Vᴴ = x, singular values descending; only S without ``compute_uv``."""
    _matrix(x)
    if not compute_uv:
        return _lapack(lambda x: _of_finite(torch.linalg.svdvals, x), x)
    return _lapack(
        lambda x: _of_finite(_full_svd if full_matrices else lambda x: tuple(torch.linalg.svd(x, False)), x), x
    )


@op
def eig(x: Array) -> Any:
    """Eigenvalues and eigenvectors (columns) of a square matrix, complex."""
    _square(x)
    return _lapack(lambda x: tuple(torch.linalg.eig(x)), x)


@op
def eigh(x: Array) -> Any:
    """Eigenvalues, ascending, and eigenvectors (columns) of a symmetric or Hermitian matrix; reads its lower triangle."""
    _square(x)
    return _lapack(lambda x: tuple(torch.linalg.eigh(x)), x)


@op
def lu_factor(x: Array) -> Any:
    """L (below the diagonal, which is 1) and U in one matrix, and the order of ``x``'s rows whose factors they are."""
    _matrix(x)
    factors, pivots = _lapack(lambda x: tuple(torch.linalg.lu_factor(x)), x)
    order = torch.arange(x.shape[-2], dtype=pivots.dtype, device=pivots.device).expand(*x.shape[:-1]).clone()
    for row in range(pivots.shape[-1]):  # exchanged with that of its pivot
        other = pivots[..., row : row + 1].long() - 1
        moved = order.gather(-1, other)
        order.scatter_(-1, other, order[..., row : row + 1].clone())
        order[..., row : row + 1] = moved
    return factors, order


# equations ------------------------------------------------------------------------------------------------------------


@op
def inv(x: Array) -> Any:
    """The inverse of a square matrix.

    Raises:
        InvalidArgumentError: it has none.
    """
    _square(x)
    return _lapack(torch.linalg.inv, x)


@op
def pinv(x: Array, rcond: float | None = None) -> Any:
    """The Moore–Penrose pseudo-inverse; singular values up to ``rcond`` times the largest count as 0."""
    _matrix(x)
    return _lapack(lambda x: _of_finite(lambda x: torch.linalg.pinv(x, rtol=rcond), x), x)


def _solved(function: Callable, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``function(a, b)`` for matrices b, or vectors where b has one axis fewer than a.

    Raises:
        ValueError: the shapes do not fit.
    """
    _matrix(a)
    vectors = b.ndim == a.ndim - 1
    if not (vectors or b.ndim == a.ndim) or b.shape[-1 if vectors else -2] != a.shape[-2]:
        raise fail(
            ValueError,
            "Incompatible shapes between `a` and `b`",
            f"b to have {a.shape[-2]} rows, and as many dimensions as a or one fewer",
            f"a.shape={tuple(a.shape)}, b.shape={tuple(b.shape)}",
        )
    return _lapack(function, a, b.unsqueeze(-1)).squeeze(-1) if vectors else _lapack(function, a, b)


@op
def solve(a: Array, b: Array) -> Any:
    """x with a·x = b for square a; b holds matrices, or vectors where it has one axis fewer than a.

    Raises:
        InvalidArgumentError: a has no inverse.
        ValueError: the shapes do not fit.
    """
    _square(a)
    return _solved(torch.linalg.solve, a, b)


@op
def solve_triangular(a: Array, b: Array, lower: bool = False) -> Any:
    """x with a·x = b for upper (or lower) triangular a; see ``solve``."""
    _square(a)
    return _solved(lambda a, b: torch.linalg.solve_triangular(a, b, upper=not lower), a, b)


@op
def lstsq(a: Array, b: Array, rcond: float | None = None) -> Any:
    """The x of least length among those that make |a·x - b| least.

    Args:
        b: a vector, or a matrix whose columns are solved for one by one.
        rcond: singular values of a up to ``rcond`` times the largest count as 0 (default: max(m, n) · epsilon).
    """
    return _solved(lambda a, b: _of_finite(lambda a: torch.linalg.pinv(a, rtol=rcond), a) @ b, a, b)


# derivatives ----------------------------------------------------------------------------------------------------------


def jvp(fun: Callable, primals: Sequence, tangents: Sequence, has_aux: bool = False) -> Any:
    """``fun(*primals)``, and its derivative in the direction of ``tangents``; with ``has_aux`` what ``fun`` adds too.

    Args:
        fun: returns a tensor or a structure of tensors; with ``has_aux`` a pair of such structures.
    """

    def on_raw(*values: torch.Tensor) -> Any:
        result = fun(*map(wrap, values))
        return tuple(tree.map_structure(raw, part) for part in result) if has_aux else tree.map_structure(raw, result)

    outputs = torch.func.jvp(on_raw, tuple(map(raw, primals)), tuple(map(raw, tangents)), has_aux=has_aux)
    return tuple(map(wrap, outputs))
