"""What operators give together: the classes of products, solutions, adjoints, inverses and Cholesky factors."""

from __future__ import annotations

from typing import Any

from kerasish.tf import creation, math
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.blocks import LinearOperatorBlockDiag as BlockDiag
from kerasish.tf.linalg.blocks import LinearOperatorBlockLowerTriangular as BlockLowerTriangular
from kerasish.tf.linalg.circulant import _Circulant
from kerasish.tf.linalg.combined import LinearOperatorAdjoint as Adjoint
from kerasish.tf.linalg.combined import LinearOperatorComposition as Composition
from kerasish.tf.linalg.combined import LinearOperatorInversion as Inversion
from kerasish.tf.linalg.combined import LinearOperatorKronecker as Kronecker
from kerasish.tf.linalg.identity import LinearOperatorIdentity as Identity
from kerasish.tf.linalg.identity import LinearOperatorScaledIdentity as ScaledIdentity
from kerasish.tf.linalg.identity import LinearOperatorZeros as Zeros
from kerasish.tf.linalg.operator import LinearOperator, rule
from kerasish.tf.linalg.plain import LinearOperatorDiag as Diag
from kerasish.tf.linalg.plain import LinearOperatorFullMatrix as FullMatrix
from kerasish.tf.linalg.plain import LinearOperatorHouseholder as Householder
from kerasish.tf.linalg.plain import LinearOperatorLowerTriangular as LowerTriangular

# what is known of results ---------------------------------------------------------------------------------------------


def _product_hints(left: LinearOperator, right: LinearOperator) -> dict[str, bool | None]:
    """What is known of a product."""
    if left.is_square and right.is_square:
        square: bool | None = True
    else:
        square = left.range_dimension == right.domain_dimension
    if square is False:
        return dict.fromkeys(("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square"), False)
    both = (left.is_non_singular, right.is_non_singular)
    singular = left.is_square and right.is_square and False in both
    return {
        "is_non_singular": False if singular else (True if all(both) else None),
        "is_self_adjoint": None,
        "is_positive_definite": None,
        "is_square": square,
    }


def _commuting_hints(left: LinearOperator, right: LinearOperator) -> dict[str, bool | None]:
    """What is known of a product of operators that commute."""
    adjoint = True if left.is_self_adjoint and right.is_self_adjoint else None
    positive = True if adjoint and left.is_positive_definite and right.is_positive_definite else None
    return {**_product_hints(left, right), "is_self_adjoint": adjoint, "is_positive_definite": positive}


# products -------------------------------------------------------------------------------------------------------------


@rule("matmul", LinearOperator, LinearOperator)
def _product(left: Any, right: Any) -> Any:
    return Composition([left, right], **_product_hints(left, right))


def _with_zeros(left: Any, right: Any) -> Any:
    if not left.is_square or not right.is_square:
        raise ValueError(
            "Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported at this time."
        )
    return left if isinstance(left, Zeros) else right


def _with_identity(left: Any, right: Any) -> Any:
    return right if isinstance(left, Identity) else left


for _kind, _rule in ((Identity, _with_identity), (Zeros, _with_zeros)):
    rule("matmul", _kind, LinearOperator)(_rule)
    rule("matmul", LinearOperator, _kind)(_rule)
    rule("matmul", _kind, _kind)(_rule)
    for _other in (Diag, ScaledIdentity, LowerTriangular, _Circulant, BlockDiag):
        rule("matmul", _kind, _other)(_rule)
        rule("matmul", _other, _kind)(_rule)
rule("matmul", Identity, Zeros)(_with_zeros)
rule("matmul", Zeros, Identity)(_with_zeros)


@rule("matmul", ScaledIdentity, ScaledIdentity)
def _scaled(left: Any, right: Any) -> Any:
    factor = left.multiplier * right.multiplier
    return ScaledIdentity(left.domain_dimension, factor, **_commuting_hints(left, right))


def _diagonal_of(operator: Any) -> Any:
    """The diagonal, or what broadcasts to it."""
    return operator.multiplier[..., None] if isinstance(operator, ScaledIdentity) else operator.diag


@rule("matmul", Diag, Diag)
@rule("matmul", Diag, ScaledIdentity)
@rule("matmul", ScaledIdentity, Diag)
def _diagonal(left: Any, right: Any) -> Any:
    return Diag(_diagonal_of(left) * _diagonal_of(right), **_commuting_hints(left, right))


@rule("matmul", Diag, LowerTriangular)
def _rows_scaled(left: Any, right: Any) -> Any:
    return LowerTriangular(left.diag[..., None] * right.to_dense(), **_product_hints(left, right))


@rule("matmul", LowerTriangular, Diag)
def _columns_scaled(left: Any, right: Any) -> Any:
    return LowerTriangular(left.to_dense() * right.diag[..., None, :], **_product_hints(left, right))


@rule("matmul", _Circulant, _Circulant)
def _circulant(left: Any, right: Any) -> Any:
    if type(left) is not type(right) or left.block_shape != right.block_shape:
        return _product(left, right)
    return type(left)(_pair(left, right, math.multiply), **_commuting_hints(left, right))


def _pair(left: Any, right: Any, combine: Any) -> Any:
    """Two spectra together, in one dtype."""
    first, second = creation.convert_to_tensor(left.spectrum), creation.convert_to_tensor(right.spectrum)
    if first.dtype != second.dtype:
        first, second = left._of_spectrum(), right._of_spectrum()
    return combine(first, second)


@rule("matmul", BlockDiag, BlockDiag)
def _blocks(left: Any, right: Any) -> Any:
    if left._column_sizes != right._row_sizes:
        return _product(left, right)
    products = [x.matmul(y) for x, y in zip(left.operators, right.operators)]
    return BlockDiag(products, **_product_hints(left, right))


# solutions ------------------------------------------------------------------------------------------------------------


@rule("solve", LinearOperator, LinearOperator)
def _solution(left: Any, right: Any) -> Any:
    return Composition([Inversion(left), right], **_product_hints(left, right))


@rule("solve", Inversion, LinearOperator)
def _solution_of_inverse(left: Any, right: Any) -> Any:
    return left.operator.matmul(right)


@rule("solve", Identity, LinearOperator)
@rule("solve", Identity, Diag)
@rule("solve", Identity, LowerTriangular)
@rule("solve", Identity, Identity)
def _solution_of_identity(left: Any, right: Any) -> Any:
    return right


@rule("solve", LinearOperator, Identity)
@rule("solve", Diag, Identity)
def _inverse_as_solution(left: Any, right: Any) -> Any:
    return left.inverse()


@rule("solve", ScaledIdentity, ScaledIdentity)
def _scaled_solution(left: Any, right: Any) -> Any:
    factor = right.multiplier / left.multiplier
    return ScaledIdentity(left.domain_dimension, factor, **_commuting_hints(left, right))


@rule("solve", Diag, Diag)
@rule("solve", Diag, ScaledIdentity)
@rule("solve", ScaledIdentity, Diag)
def _diagonal_solution(left: Any, right: Any) -> Any:
    return Diag(_diagonal_of(right) / _diagonal_of(left), **_commuting_hints(left, right))


@rule("solve", Diag, LowerTriangular)
def _triangular_solution(left: Any, right: Any) -> Any:
    return LowerTriangular(right.to_dense() / left.diag[..., None], **_product_hints(left, right))


@rule("solve", _Circulant, _Circulant)
def _circulant_solution(left: Any, right: Any) -> Any:
    if type(left) is not type(right) or left.block_shape != right.block_shape:
        return _solution(left, right)
    return type(left)(_pair(right, left, math.divide), **_commuting_hints(left, right))


@rule("solve", BlockDiag, BlockDiag)
def _blocks_solution(left: Any, right: Any) -> Any:
    if left._row_sizes != right._row_sizes:
        return _solution(left, right)
    return BlockDiag([x.solve(y) for x, y in zip(left.operators, right.operators)], **_product_hints(left, right))


# adjoints -------------------------------------------------------------------------------------------------------------


def _same_hints(operator: Any) -> dict[str, bool | None]:
    return {**operator.hints, "is_square": True if operator.is_square else operator.hints["is_square"]}


@rule("adjoint", LinearOperator)
def _adjoint(operator: Any) -> Any:
    return Adjoint(operator, **operator.hints)


@rule("adjoint", Identity)
@rule("adjoint", Householder)
@rule("inverse", Identity)
@rule("inverse", Householder)
@rule("cholesky", Identity)
def _itself(operator: Any) -> Any:
    return operator


@rule("adjoint", ScaledIdentity)
def _adjoint_scaled(operator: Any) -> Any:
    return ScaledIdentity(operator.domain_dimension, math.conj(operator.multiplier), **_same_hints(operator))


@rule("adjoint", Diag)
def _adjoint_diagonal(operator: Any) -> Any:
    return Diag(math.conj(operator.diag), **_same_hints(operator))


@rule("adjoint", _Circulant)
def _adjoint_circulant(operator: Any) -> Any:
    return type(operator)(
        math.conj(creation.convert_to_tensor(operator.spectrum)), operator.dtype, **_same_hints(operator)
    )


@rule("adjoint", BlockDiag)
@rule("adjoint", Kronecker)
def _adjoint_parts(operator: Any) -> Any:
    return type(operator)([part.adjoint() for part in operator.operators], **operator.hints)


# inverses -------------------------------------------------------------------------------------------------------------


@rule("inverse", LinearOperator)
def _inverse(operator: Any) -> Any:
    return Inversion(operator, **operator.hints)


@rule("inverse", ScaledIdentity)
def _inverse_scaled(operator: Any) -> Any:
    return ScaledIdentity(operator.domain_dimension, 1.0 / operator.multiplier, **_same_hints(operator))


@rule("inverse", Diag)
def _inverse_diagonal(operator: Any) -> Any:
    return Diag(1.0 / operator.diag, **_same_hints(operator))


@rule("inverse", _Circulant)
def _inverse_circulant(operator: Any) -> Any:
    spectrum = creation.convert_to_tensor(operator.spectrum)
    return type(operator)(creation.ones_like(spectrum) / spectrum, operator.dtype, **_same_hints(operator))


@rule("inverse", BlockDiag)
@rule("inverse", Kronecker)
def _inverse_parts(operator: Any) -> Any:
    return type(operator)([part.inverse() for part in operator.operators], **operator.hints)


@rule("inverse", BlockLowerTriangular)
def _inverse_lower(operator: Any) -> Any:
    rows: list[list] = []
    for i, row in enumerate(operator.operators):
        made = []
        for j in range(i):  # by substitution, column by column
            known = [row[k].matmul(rows[k][j].to_dense()) for k in range(j, i)]
            made.append(FullMatrix(-1.0 * row[-1].solve(sum(known[1:], known[0]))))
        rows.append([*made, row[-1].inverse()])
    return BlockLowerTriangular(rows, **operator.hints)


# Cholesky factors -----------------------------------------------------------------------------------------------------


@rule("cholesky", LinearOperator)
def _cholesky(operator: Any) -> Any:
    factor = functions.cholesky(operator.to_dense())
    return LowerTriangular(factor, is_non_singular=True, is_self_adjoint=False, is_square=True)


@rule("cholesky", ScaledIdentity)
def _cholesky_scaled(operator: Any) -> Any:
    return ScaledIdentity(
        operator.domain_dimension, math.sqrt(operator.multiplier), is_non_singular=True, is_self_adjoint=True,
        is_positive_definite=True, is_square=True,
    )  # fmt: skip


@rule("cholesky", Diag)
def _cholesky_diagonal(operator: Any) -> Any:
    root = math.sqrt(operator.diag)
    return Diag(root, is_non_singular=True, is_self_adjoint=True, is_positive_definite=True, is_square=True)


@rule("cholesky", BlockDiag)
@rule("cholesky", Kronecker)
def _cholesky_parts(operator: Any) -> Any:
    parts = [part.cholesky() for part in operator.operators]
    adjoint = True if all(part.is_self_adjoint for part in parts) else None
    return type(operator)(parts, is_non_singular=True, is_self_adjoint=adjoint, is_square=True)
