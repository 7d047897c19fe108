"""The functions of ``tf.linalg``: products, norms, decompositions and solutions of linear equations.

Functions of matrices take batches of them: the last two axes are the matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish import ops
from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Index, first_by_itself, strict_op, strings
from kerasish.core.errors import FailedPreconditionError, InvalidArgumentError, fail
from kerasish.ops.common import axis_index
from kerasish.ops.linalg import lower_factor
from kerasish.tf.alias import FLOATS_AND_COMPLEX, Kinds, check, define
from kerasish.tf.clipping import global_norm as global_norm
from kerasish.tf.creation import eye as eye
from kerasish.tf.diagonals import band_part as band_part
from kerasish.tf.diagonals import diag as diag
from kerasish.tf.diagonals import diag_part as diag_part
from kerasish.tf.diagonals import set_diag as set_diag
from kerasish.tf.diagonals import tensor_diag as tensor_diag
from kerasish.tf.diagonals import tensor_diag_part as tensor_diag_part
from kerasish.tf.diagonals import trace as trace
from kerasish.tf.reductions import l2_normalize as l2_normalize

# products -------------------------------------------------------------------------------------------------------------

_MATMUL_KINDS = Kinds("bfloat16 half float double int32 int64 uint8 uint16 uint32 uint64 complex64 complex128")


def _oriented(x: torch.Tensor, transpose: bool, adjoint: bool, which: str) -> torch.Tensor:
    if transpose and adjoint:
        raise ValueError(
            f"Only one of `transpose_{which}` and `adjoint_{which}` can be True. Received `transpose_{which}`=True, "
            f"`adjoint_{which}`=True."
        )
    if x.ndim < 2:
        raise InvalidArgumentError(f"In[{'ab'.index(which)}] ndims must be >= 2 [Op:MatMul]")
    if adjoint:
        return x.mH
    return x.mT if transpose else x


@strict_op
@first_by_itself
def matmul(
    a: Array,
    b: Array,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Any:
    """The matrix product over the last two axes, the others broadcast.

    Args:
        transpose_a, transpose_b, adjoint_a, adjoint_b: (conjugate and) transpose the matrices first.
        a_is_sparse, b_is_sparse, grad_a, grad_b: hints about the contents that change nothing here.
        output_type: the dtype in which it is computed and returned.

    Raises:
        InvalidArgumentError: the shapes do not fit, or one is no matrix.
    """
    if output_type is not None:
        wanted = dtypes.to_torch(output_type)
        a, b = a.to(wanted), b.to(wanted)
    elif a.dtype is not torch.float32 and a.dtype not in _MATMUL_KINDS:
        check(a, _MATMUL_KINDS, "MatMul")
    if transpose_a or adjoint_a or a.ndim < 2:
        a = _oriented(a, transpose_a, adjoint_a, "a")
    if transpose_b or adjoint_b or b.ndim < 2:
        b = _oriented(b, transpose_b, adjoint_b, "b")
    try:
        return torch.matmul(a, b)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        if a.shape[-1] == b.shape[-2]:
            raise InvalidArgumentError(f"{error} [Op:MatMul]") from None
        raise InvalidArgumentError(
            f"Matrix size-incompatible: In[0]: {list(a.shape)}, In[1]: {list(b.shape)} [Op:MatMul]"
        ) from None


@strict_op
def matvec(
    a: Array,
    b: Array,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """Matrices times vectors: (..., m, n) and (..., n) give (..., m). See ``matmul``."""
    return matmul.raw(a, b.unsqueeze(-1), transpose_a=transpose_a, adjoint_a=adjoint_a).squeeze(-1)


@strict_op
def einsum(equation: str, *inputs: Array, **kwargs: Any) -> Any:
    """Sums of products written in Einstein's notation: ``"ij,jk->ik"`` is a matrix product.

    Args:
        optimize: a strategy for the order of products, by name; torch chooses its own.

    Raises:
        ValueError: the equation and the number of tensors do not fit.
        InvalidArgumentError: their shapes do not fit.
    """
    unknown = set(kwargs) - {"optimize", "name"}
    if unknown:
        raise fail(TypeError, f"Invalid keyword arguments for einsum: {sorted(unknown)}")
    expected = equation.split("->")[0].count(",") + 1
    if expected != len(inputs):
        raise ValueError(f'Got {len(inputs)} inputs for equation "{equation}", expecting {expected}')
    return ops.einsum.raw(equation, *inputs)


@strict_op
def tensordot(a: Array, b: Array, axes: Any, name: str | None = None) -> Any:
    """The sum of products over pairs of axes.

    Args:
        axes: so many last ones of a and first ones of b; or a pair of lists of axes.
    """
    if not isinstance(axes, int) and hasattr(axes, "tolist"):
        axes = axes.tolist()
    if isinstance(axes, int) and not 0 <= axes <= min(a.ndim, b.ndim):
        raise fail(
            ValueError,
            "`axes` must be at least 0 and not larger than the number of dimensions of a tensor",
            received=axes,
        )
    if isinstance(axes, int) and axes:
        summed = a.shape[a.ndim - axes :]
        if summed != b.shape[:axes] and summed.numel() == b.shape[:axes].numel():
            b = b.reshape(summed + b.shape[axes:])  # only how many elements there are counts
    return ops.tensordot.raw(a, b, axes)


@strict_op
def cross(a: Array, b: Array, name: str | None = None) -> Any:
    """The cross product of vectors of 3 numbers along the last axis.

    Raises:
        InvalidArgumentError: the shapes differ.
        FailedPreconditionError: the vectors are of another length.
    """
    if a.shape != b.shape:
        raise InvalidArgumentError(f"Both inputs must be of same shape: {list(a.shape)} vs. {list(b.shape)} [Op:Cross]")
    if not a.ndim or a.shape[-1] != 3:
        raise FailedPreconditionError("Cross-products are only defined for 3-element vectors. [Op:Cross]")
    return torch.linalg.cross(a, b, dim=-1)


def _transposed_texts(a: Any, name: str | None = None, conjugate: bool = False) -> Any:
    if a.ndim < 2:
        raise ValueError(f"Argument `a` should be a (batch) matrix with rank >= 2. Received shape: {tuple(a.shape)}")
    return a.swapaxes(-1, -2)


@strict_op
@strings(_transposed_texts)
def matrix_transpose(a: Array, name: str | None = "matrix_transpose", conjugate: bool = False) -> Any:
    """Matrices with rows and columns exchanged, and conjugated if so wanted.

    Raises:
        ValueError: a is no matrix.
    """
    if a.ndim < 2:
        raise ValueError(f"Argument `a` should be a (batch) matrix with rank >= 2. Received shape: {tuple(a.shape)}")
    return a.mH.resolve_conj() if conjugate else a.mT


@strict_op
def adjoint(matrix: Array, name: str | None = None) -> Any:
    """The conjugate transpose of matrices.

    Raises:
        ValueError: it is no matrix.
    """
    if matrix.ndim < 2:
        raise ValueError(
            f"Argument `a` should be a (batch) matrix with rank >= 2. Received shape: {tuple(matrix.shape)}"
        )
    return matrix.mH.resolve_conj()


# norms ----------------------------------------------------------------------------------------------------------------


def _length(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """√Σ|x|²; not torch's norm, whose gradient at 0 is 0: TensorFlow's is NaN."""
    squares = (x * x.conj()).real if x.is_complex() else x * x
    return torch.sqrt(squares.sum(axis, keepdims))


def _norm(x: torch.Tensor, order: Any, axis: Any, keepdims: bool | None) -> torch.Tensor:
    check(x, FLOATS_AND_COMPLEX, "Sqrt")
    order = order.item() if hasattr(order, "item") else order
    if hasattr(axis, "tolist"):
        axis = axis.tolist()
    if isinstance(axis, (list, tuple)):
        if len(axis) != 2 or axis_index(axis[0], x.ndim) == axis_index(axis[1], x.ndim):
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        if order not in ("euclidean", "fro", 1, 2, torch.inf):
            raise ValueError(f"'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got {order}")
        if order in ("euclidean", "fro"):
            return _length(x, tuple(axis), bool(keepdims))
        return torch.linalg.matrix_norm(x, order, tuple(axis), bool(keepdims))
    if order != "euclidean" and not (isinstance(order, (int, float)) and order > 0):
        raise ValueError(f"'ord' must be a supported vector norm, got {order}")
    if order in ("euclidean", 2):
        return _length(x, axis, bool(keepdims))
    return torch.linalg.vector_norm(x, order, axis, bool(keepdims))


@strict_op
def norm(
    tensor: Array, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None
) -> Any:
    """The norm of vectors along one axis (of the flattened tensor by default), or of matrices along two.

    Args:
        ord: "euclidean", or p > 0 in (Σ|x|ᵖ)^(1/p), inf for the largest; of matrices "euclidean", "fro", 1, 2 or inf.

    Raises:
        ValueError: another ``ord``, or an ``axis`` that is neither.
    """
    result = _norm(tensor, ord, axis, keepdims)
    roots = ord in ("euclidean", "fro") or (ord == 2 and (axis is None or isinstance(axis, int)))
    return result.to(tensor.dtype) if tensor.is_complex() and roots else result  # as TensorFlow has it


@strict_op
def normalize(tensor: Array, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> Any:
    """The tensor over its norm along axes, and that norm; see ``norm``."""
    size = _norm(tensor, ord, axis, True).to(tensor.dtype)
    return tensor / size, size


# decompositions -------------------------------------------------------------------------------------------------------

_MATRIX_KINDS = Kinds("half float double complex64 complex128")


def _square(x: torch.Tensor, name: str) -> None:
    """Raise ``InvalidArgumentError`` unless x holds square matrices of a dtype that the operation takes."""
    check(x, _MATRIX_KINDS, name)
    if x.ndim < 2:
        raise InvalidArgumentError(f"Input tensor 0 must have rank >= 2, got {x.ndim} [Op:{name}]")
    if x.shape[-1] != x.shape[-2]:
        raise InvalidArgumentError(f"Input matrix must be square. [Op:{name}]")


@strict_op
def det(input: Array, name: str | None = None) -> Any:
    """The determinant of square matrices."""
    _square(input, "MatrixDeterminant")
    return ops.det.raw(input)


class LogMatrixDeterminant(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Any
    log_abs_determinant: Any


@strict_op
def slogdet(input: Array, name: str | None = None) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    _square(input, "LogMatrixDeterminant")
    sign, size = ops.slogdet.raw(input)
    return LogMatrixDeterminant(sign, size.to(input.dtype))


@strict_op
def logdet(matrix: Array, name: str | None = None) -> Any:
    """The logarithm of the determinant of Hermitian positive definite matrices; NaN for others."""
    _square(matrix, "Cholesky")
    return ops.logdet.raw(matrix)


@strict_op
def inv(input: Array, adjoint: bool = False, name: str | None = None) -> Any:
    """The inverse of square matrices, or of their conjugate transposes.

    Raises:
        InvalidArgumentError: a matrix has none.
    """
    _square(input, "MatrixInverse")
    try:
        return ops.inv.raw(input.mH if adjoint else input)
    except torch.linalg.LinAlgError:
        raise InvalidArgumentError("Input is not invertible. [Op:MatrixInverse]") from None


@strict_op
def cholesky(input: Array, name: str | None = None) -> Any:
    """The lower triangular L with L·Lᴴ = x; NaN where x is not positive definite."""
    _square(input, "Cholesky")
    return lower_factor(input.float() if input.dtype is torch.float16 else input).to(input.dtype)


class Qr(NamedTuple):
    """A matrix with orthonormal columns and an upper triangular one."""

    q: Any
    r: Any


@strict_op
def qr(input: Array, full_matrices: bool = False, name: str | None = None) -> Any:
    """Q with orthonormal columns and upper triangular R with Q·R = x; with ``full_matrices`` Q is square."""
    check(input, _MATRIX_KINDS, "Qr")
    return Qr(*ops.qr.raw(input, "complete" if full_matrices else "reduced"))


@strict_op
def svd(tensor: Array, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Singular values s, descending, and matrices u and v with u·diag(s)·vᴴ = x; only s without ``compute_uv``."""
    check(tensor, _MATRIX_KINDS, "Svd")
    if not compute_uv:
        return ops.svd.raw(tensor, compute_uv=False)
    u, s, vh = ops.svd.raw(tensor, full_matrices=full_matrices)
    return s, u, vh.mH.resolve_conj()


@strict_op
def eigh(tensor: Array, name: str | None = None) -> Any:
    """Eigenvalues, ascending, and eigenvectors (columns) of Hermitian matrices, of which the lower triangle is read."""
    _square(tensor, "SelfAdjointEigV2")
    values, vectors = ops.eigh.raw(tensor)
    return values.to(tensor.dtype), vectors


@strict_op
def eigvalsh(tensor: Array, name: str | None = None) -> Any:
    """Eigenvalues, ascending, of Hermitian matrices."""
    _square(tensor, "SelfAdjointEigV2")
    return ops.eigh.raw(tensor)[0].to(tensor.dtype)


@strict_op
def eig(tensor: Array, name: str | None = None) -> Any:
    """Eigenvalues and eigenvectors (columns) of square matrices, complex."""
    _square(tensor, "Eig")
    return ops.eig.raw(tensor)


@strict_op
def eigvals(tensor: Array, name: str | None = None) -> Any:
    """Eigenvalues of square matrices, complex."""
    _square(tensor, "Eig")
    return ops.eig.raw(tensor)[0]


class Lu(NamedTuple):
    """L and U in one matrix, and the order of the rows."""

    lu: Any
    p: Any


@strict_op
def lu(input: Array, output_idx_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """L (below the diagonal, which is 1) and U in one matrix, and p with L·U = x[p]."""
    _square(input, "Lu")
    factors, order = ops.lu_factor.raw(input)
    return Lu(factors, order.to(dtypes.to_torch(output_idx_type)))


def _rows(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """The rows of matrices in a given order."""
    return x.gather(-2, order.long().unsqueeze(-1).expand(*x.shape[:-2], order.shape[-1], x.shape[-1]))


def _unpacked(lower_upper: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    ones = torch.eye(lower_upper.shape[-1], dtype=lower_upper.dtype, device=lower_upper.device)
    return lower_upper.tril(-1) + ones, lower_upper.triu()


@strict_op
def lu_reconstruct(lower_upper: Array, perm: Index, validate_args: bool = False, name: str | None = None) -> Any:
    """The matrices that have these factors; see ``lu``."""
    lower, upper = _unpacked(lower_upper)
    return _rows(lower @ upper, torch.argsort(perm, dim=-1))


@strict_op
def lu_solve(lower_upper: Array, perm: Index, rhs: Array, validate_args: bool = False, name: str | None = None) -> Any:
    """x with a·x = rhs, given the factors of a; see ``lu``."""
    lower, upper = _unpacked(lower_upper)
    first = torch.linalg.solve_triangular(lower, _rows(rhs, perm), upper=False, unitriangular=True)
    return torch.linalg.solve_triangular(upper, first, upper=True)


@strict_op
def lu_matrix_inverse(lower_upper: Array, perm: Index, validate_args: bool = False, name: str | None = None) -> Any:
    """The inverse of the matrices that have these factors; see ``lu``."""
    ones = torch.eye(lower_upper.shape[-1], dtype=lower_upper.dtype, device=lower_upper.device)
    return lu_solve.raw(lower_upper, perm, ones.expand_as(lower_upper))


# equations ------------------------------------------------------------------------------------------------------------


def _check_system(matrix: torch.Tensor, rhs: torch.Tensor, name: str) -> None:
    if matrix.ndim != rhs.ndim:
        raise InvalidArgumentError(f"All input tensors must have the same rank. [Op:{name}]")
    if matrix.shape[-2] != rhs.shape[-2]:
        raise InvalidArgumentError(f"Input matrix and rhs are incompatible. [Op:{name}]")


@strict_op
def solve(matrix: Array, rhs: Array, adjoint: bool = False, name: str | None = None) -> Any:
    """x with matrix·x = rhs, or with the matrix's conjugate transpose.

    Raises:
        InvalidArgumentError: the matrix has no inverse, or the shapes do not fit.
    """
    _square(matrix, "MatrixSolve")
    _check_system(matrix, rhs, "MatrixSolve")
    try:
        return ops.solve.raw(matrix.mH if adjoint else matrix, rhs)
    except torch.linalg.LinAlgError:
        raise InvalidArgumentError("Input matrix is not invertible. [Op:MatrixSolve]") from None


@strict_op
def triangular_solve(
    matrix: Array, rhs: Array, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """x with matrix·x = rhs for triangular matrices; the other triangle is not read."""
    _square(matrix, "MatrixTriangularSolve")
    if adjoint:
        matrix, lower = matrix.mH, not lower
    return torch.linalg.solve_triangular(matrix, rhs, upper=not lower)


@strict_op
def cholesky_solve(chol: Array, rhs: Array, name: str | None = None) -> Any:
    """x with a·x = rhs, given the lower triangular Cholesky factor of a."""
    _square(chol, "Cholesky")
    return torch.cholesky_solve(rhs, chol.tril())  # no gradient reaches what is not read


@strict_op
def lstsq(matrix: Array, rhs: Array, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None) -> Any:
    """The x that makes |matrix·x - rhs|² + l2_regularizer·|x|² least, the shortest of those.

    Args:
        fast: whether a method of lower precision will do; the precise one is used in any case. False leaves the
            regularizer out of account, as there.
    """
    check(matrix, _MATRIX_KINDS, "MatrixSolveLs")
    _check_system(matrix, rhs, "MatrixSolveLs")
    weight = float(l2_regularizer)
    if not weight or not fast:
        return ops.lstsq.raw(matrix, rhs)
    columns = matrix.shape[-1]
    ones = torch.eye(columns, dtype=matrix.dtype, device=matrix.device)
    return torch.linalg.solve(matrix.mH @ matrix + weight * ones, matrix.mH @ rhs)


@strict_op
def matrix_rank(a: Array, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """The number of singular values above ``tol`` (by default: the largest · max(m, n) · epsilon), as int32."""
    a = a if a.is_floating_point() or a.is_complex() else a.double()
    return ops.matrix_rank.raw(a, None if tol is None else float(tol))


@strict_op
def pinv(a: Array, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """The Moore–Penrose pseudo-inverse.

    Args:
        rcond: singular values up to this times the largest count as 0; default: 10 · max(m, n) · epsilon.
    """
    check(a, _MATRIX_KINDS, "Svd")
    if rcond is None:
        rcond = 10 * max(a.shape[-2:]) * torch.finfo(a.dtype).eps
    return ops.pinv.raw(a, float(rcond))


define(globals(), FLOATS_AND_COMPLEX, {
    "expm(input, name=None)": (torch.linalg.matrix_exp, "The matrix exponential Σ xⁿ / n! of square matrices."),
})  # fmt: skip
