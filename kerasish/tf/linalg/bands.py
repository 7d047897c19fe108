"""Banded matrices, roots and logarithms of matrices, and conjugate gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish.core.dispatch import Array, raw, strict_op, wrap
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf import arrays, creation, math, reductions
from kerasish.tf.alias import COMPLEX, FLOATS_AND_COMPLEX, check
from kerasish.tf.diagonals import diag, diag_part
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.operator import LinearOperator, broadcast, with_batch

# tridiagonal matrices -------------------------------------------------------------------------------------------------


def _matrix(diagonals: Any, diagonals_format: str) -> Any:
    """The whole matrix of three diagonals: above, on and below."""
    if diagonals_format == "compact":
        return diag(diagonals, k=(-1, 1), align="LEFT_RIGHT")
    if diagonals_format == "matrix":
        lines = diag_part(diagonals, k=(-1, 1), align="LEFT_RIGHT")
        return diag(lines, k=(-1, 1), align="LEFT_RIGHT")
    if diagonals_format != "sequence":
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    above, on, below = (creation.convert_to_tensor(line) for line in diagonals)
    n = on.shape[-1]
    if above.shape[-1] == n - 1:
        above = arrays.concat([above, creation.zeros_like(above[..., :1])], axis=-1)
    if below.shape[-1] == n - 1:
        below = arrays.concat([creation.zeros_like(below[..., :1]), below], axis=-1)
    batch = broadcast(*(line.shape[:-1] for line in (above, on, below)))
    lines = arrays.stack([arrays.broadcast_to(line, (*batch, n)) for line in (above, on, below)], axis=-2)
    return diag(lines, k=(-1, 1), align="LEFT_RIGHT")


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Any:
    """Tridiagonal matrices times matrices.

    Args:
        diagonals: (..., 3, n): above (its last is not read), on and below (its first is not read) the diagonal;
            "sequence": three tensors of that kind; "matrix": whole matrices.

    Raises:
        ValueError: another ``diagonals_format``.
    """
    return functions.matmul(_matrix(diagonals, diagonals_format), rhs)


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Any:
    """x with matrix·x = rhs for tridiagonal matrices; see ``tridiagonal_matmul``.

    Args:
        rhs: (..., n) or (..., n, k).
        transpose_rhs, conjugate_rhs: what to do with rhs first.
        partial_pivoting: rows are exchanged in any case.
        perturb_singular: whether singular matrices are to be changed a little, which is not served.

    Raises:
        ValueError: another ``diagonals_format``.
        InvalidArgumentError: the matrix has no inverse.
    """
    if perturb_singular:
        raise NotImplementedError("perturb_singular is part of the real library but is not served by kerasish yet.")
    matrix, rhs = _matrix(diagonals, diagonals_format), creation.convert_to_tensor(rhs)
    vectors = len(rhs.shape) == len(matrix.shape) - 1
    if vectors:
        rhs = (math.conj(rhs) if conjugate_rhs else rhs)[..., None]
    elif transpose_rhs:
        rhs = functions.matrix_transpose(rhs, conjugate=conjugate_rhs)
    elif conjugate_rhs:
        rhs = math.conj(rhs)
    found = functions.solve(matrix, with_batch(rhs, matrix.shape[:-2]))
    return found[..., 0] if vectors else found


@strict_op
def banded_triangular_solve(
    bands: Array, rhs: Array, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """x with matrix·x = rhs for triangular matrices with few diagonals.

    Args:
        bands: (..., k, n): the diagonals, for lower triangular matrices from the main one downwards, each ending at the last
            place; for upper ones from the uppermost to the main one, each beginning at the first place.
    """
    check(bands, FLOATS_AND_COMPLEX, "BandedTriangularSolve")
    count, n = bands.shape[-2:]
    matrix = torch.zeros((*bands.shape[:-2], n, n), dtype=bands.dtype, device=bands.device)
    for i in range(count):
        offset = -i if lower else count - 1 - i
        line = bands[..., i, i:] if lower else bands[..., i, : n - offset]
        matrix = matrix + torch.diag_embed(line, offset)
    if adjoint:
        matrix, lower = matrix.mH, not lower
    return torch.linalg.solve_triangular(matrix, rhs, upper=not lower)


def eigh_tridiagonal(
    alpha: Any,
    beta: Any,
    eigvals_only: bool = True,
    select: str = "a",
    select_range: Any = None,
    tol: Any = None,
    name: str | None = None,
) -> Any:
    """Eigenvalues, ascending, of Hermitian tridiagonal matrices, and eigenvectors (columns) if so wanted.

    Args:
        alpha: (n,), the diagonal.
        beta: (n - 1,), above the diagonal.
        select: "a" for all, "i" for those with numbers in ``select_range``, "v" for those with values in it: above the first
            and up to the second.
        tol: a tolerance that is not needed here: values are as exact as the dtype allows.

    Raises:
        ValueError: another ``select``.
    """
    if select not in ("a", "i", "v"):
        raise ValueError(f"'select must have a value in {{'a', 'i', 'v'}}. Received: {select}'")
    alpha, beta = raw(alpha), raw(beta)
    matrix = torch.diag_embed(alpha) + torch.diag_embed(beta.conj(), -1)
    values, vectors = torch.linalg.eigh(matrix)
    if select == "i":
        first, last = (int(x) for x in select_range)
        values, vectors = values[first : last + 1], vectors[:, first : last + 1]
    elif select == "v":
        low, high = (float(x) for x in select_range)
        chosen = (values > low) & (values <= high)
        values, vectors = values[chosen], vectors[:, chosen]
    return wrap(values) if eigvals_only else wrap((values, vectors))


# functions of matrices ------------------------------------------------------------------------------------------------


@strict_op
def sqrtm(input: Array, name: str | None = None) -> Any:
    """The square root of square matrices: R with R·R = x.

    Raises:
        InvalidArgumentError: real matrices that have no real one.
    """
    check(input, FLOATS_AND_COMPLEX, "MatrixSquareRoot")
    return _SquareRoot.apply(input) if input.requires_grad else _square_root(input)


def _square_root(x: torch.Tensor) -> torch.Tensor:
    return _of_eigenvalues(x, torch.sqrt, "square root")


class _SquareRoot(torch.autograd.Function):
    """R = √x, whose gradient X solves RᴴX + XRᴴ = G (Sylvester); that of eigenvectors fails where values are equal."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return _square_root(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        adjoint, n = _SquareRoot.apply(x).mH, x.shape[-1]
        one = torch.eye(n, dtype=x.dtype, device=x.device)
        left = torch.einsum("...ij,kl->...ikjl", adjoint, one)  # by rows: RᴴX is (Rᴴ ⊗ 1) vec X, XRᴴ is (1 ⊗ Rᴴᵀ) vec X
        right = torch.einsum("ij,...lk->...ikjl", one, adjoint)
        system = (left + right).reshape(*x.shape[:-2], n * n, n * n)
        return torch.linalg.solve(system, gradient.reshape(*x.shape[:-2], n * n, 1)).reshape(x.shape)


matrix_square_root = sqrtm


@strict_op
def logm(input: Array, name: str | None = None) -> Any:
    """The logarithm of complex square matrices: L with exp(L) = x."""
    check(input, COMPLEX, "MatrixLogarithm")
    return _of_eigenvalues(input, torch.log, "logarithm")


def _of_eigenvalues(x: torch.Tensor, function: Any, what: str) -> torch.Tensor:
    """A function of matrices that is known of numbers, in double precision."""
    values, vectors = torch.linalg.eig(x.to(torch.complex128))
    result = vectors @ (function(values)[..., None] * torch.linalg.inv(vectors))
    if x.is_complex():
        return result.to(x.dtype)
    if result.numel() and result.imag.abs().max() > 1e-6 * result.abs().max():
        raise InvalidArgumentError(f"The real matrix has no real {what}.")
    return result.real.to(x.dtype)


# conjugate gradients --------------------------------------------------------------------------------------------------


class CGState(NamedTuple):
    """How far the method has come: steps, solution, residual, direction, and the residual's size."""

    i: Any
    x: Any
    r: Any
    p: Any
    gamma: Any


def conjugate_gradient(
    operator: LinearOperator,
    rhs: Any,
    preconditioner: LinearOperator | None = None,
    x: Any = None,
    tol: float = 1e-5,
    max_iter: int = 20,
    name: str = "conjugate_gradient",
) -> CGState:
    """Solve operator·x = rhs by the method of conjugate gradients.

    Args:
        operator: known to be self-adjoint and positive definite.
        rhs: (..., n).
        preconditioner: an approximate inverse.
        x: to begin with; default: zeros.
        tol: the method stops when the residual is so small, relative to rhs.
        max_iter: or after so many steps.

    Raises:
        ValueError: the operator, or the preconditioner, is not known to be self-adjoint and positive definite.
    """
    for candidate in (operator, preconditioner):
        if candidate is not None and not candidate._by_cholesky:
            raise ValueError("Expected a self-adjoint, positive definite operator.")
    rhs = creation.convert_to_tensor(rhs)
    x = creation.zeros_like(rhs) if x is None else creation.convert_to_tensor(x)
    limit = tol * functions.norm(rhs, axis=-1)
    residual = rhs - operator.matvec(x) if bool(reductions.reduce_any(x != 0)) else rhs
    changed = residual if preconditioner is None else preconditioner.matvec(residual)
    direction, gamma, steps = changed, _dot(residual, changed), 0
    while steps < max_iter and bool(reductions.reduce_any(functions.norm(residual, axis=-1) > limit)):
        ahead = operator.matvec(direction)
        length = (gamma / _dot(direction, ahead))[..., None]
        x, residual = x + length * direction, residual - length * ahead
        changed = residual if preconditioner is None else preconditioner.matvec(residual)
        before, gamma = gamma, _dot(residual, changed)
        direction = changed + (gamma / before)[..., None] * direction
        steps += 1
    return CGState(creation.constant(steps), x, residual, direction, gamma)


def _dot(x: Any, y: Any) -> Any:
    return reductions.reduce_sum(math.conj(x) * y, axis=-1)
