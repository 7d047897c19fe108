"""Operators that one tensor tells: full, triangular and diagonal matrices, reflections, permutations, bands, Toeplitz."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf import arrays, creation, indexing, math, reductions, tiling
from kerasish.tf.diagonals import band_part, set_diag
from kerasish.tf.diagonals import diag as matrix_diag
from kerasish.tf.diagonals import diag_part as matrix_diag_part
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.operator import LinearOperator, broadcast, demand, reference, with_batch

_KINDS = ("float16", "float32", "float64", "complex64", "complex128")


def given(arguments: dict) -> dict:
    """A constructor's arguments, from ``locals()``."""
    return {name: value for name, value in arguments.items() if name not in ("self", "__class__")}


def conjugated(x: Any, adjoint: bool) -> Any:
    return math.conj(x) if adjoint else x


def _checked(value: Any, argument: str, rank: int) -> Any:
    value = reference(value)
    if len(value.shape) < rank:
        dimension = "dimension" if rank == 1 else "dimensions"
        raise ValueError(f"Argument {argument} must have at least {rank} {dimension}.  Found: {value}")
    if value.dtype.name not in _KINDS:
        kinds = ", ".join(f"tf.{kind}" for kind in _KINDS)
        raise TypeError(f"Argument `{argument}` must have dtype in [{kinds}]. Received: {value.dtype!r}.")
    return value


class LinearOperatorFullMatrix(LinearOperator):
    """Matrices as they are.

    Args:
        matrix: (..., m, n).
    """

    _sliced = {"matrix": 2}  # noqa: RUF012

    def __init__(
        self,
        matrix: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorFullMatrix",
    ) -> None:
        parameters = given(locals())
        self._matrix = _checked(matrix, "matrix", 2)
        super().__init__(
            self._matrix.dtype,
            None,
            is_non_singular,
            is_self_adjoint,
            is_positive_definite,
            is_square,
            name,
            parameters,
        )

    matrix = property(lambda self: self._matrix)

    def _shape(self) -> Any:
        return self._matrix.shape

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return functions.matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _to_dense(self) -> Any:
        return creation.convert_to_tensor(self._matrix)


class LinearOperatorLowerTriangular(LinearOperator):
    """Lower triangular matrices.

    Args:
        tril: (..., n, n); what is above the diagonal is not read.
    """

    _sliced = {"tril": 2}  # noqa: RUF012

    def __init__(
        self,
        tril: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorLowerTriangular",
    ) -> None:
        if is_square is False:
            raise ValueError("Only square lower triangular operators supported at this time.")
        parameters = given(locals())
        self._tril = _checked(tril, "tril", 2)
        super().__init__(
            self._tril.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    tril = property(lambda self: self._tril)

    def _shape(self) -> Any:
        return self._tril.shape

    def _to_dense(self) -> Any:
        return band_part(self._tril, -1, 0)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return functions.matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        batch = broadcast(self.batch_shape, rhs.shape[:-2])
        return functions.triangular_solve(
            with_batch(self._to_dense(), batch), with_batch(rhs, batch), lower=True, adjoint=adjoint
        )

    def _diag_part(self) -> Any:
        return matrix_diag_part(self._tril)

    def _determinant(self) -> Any:
        return reductions.reduce_prod(self._diag_part(), axis=[-1])

    def _log_abs_determinant(self) -> Any:
        return reductions.reduce_sum(math.log(math.abs(self._diag_part())), axis=[-1])

    def _eigvals(self) -> Any:
        return self._diag_part()

    def _assert_non_singular(self) -> None:
        demand(math.abs(self._diag_part()) > 0, "Singular operator:  Diagonal contained zero values.")


class LinearOperatorDiag(LinearOperator):
    """Diagonal matrices.

    Args:
        diag: (..., n).
    """

    _sliced = {"diag": 1}  # noqa: RUF012

    def __init__(
        self,
        diag: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorDiag",
    ) -> None:
        parameters = given(locals())
        self._diag = _checked(diag, "diag", 1)
        if not self._diag.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        if is_square is False:
            raise ValueError("Only square diagonal operators currently supported.")
        super().__init__(
            self._diag.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    diag = property(lambda self: self._diag)

    def _shape(self) -> Any:
        return (*self._diag.shape, self._diag.shape[-1])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        return conjugated(self._diag, adjoint)[..., None] * x

    def _matvec(self, x: Any, adjoint: bool = False) -> Any:
        return conjugated(self._diag, adjoint) * x

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        return rhs / conjugated(self._diag, adjoint)[..., None]

    def _determinant(self) -> Any:
        return reductions.reduce_prod(self._diag, axis=[-1])

    def _log_abs_determinant(self) -> Any:
        sums = reductions.reduce_sum(math.log(math.abs(self._diag)), axis=[-1])
        return creation.cast(sums, self.dtype) if self.dtype.is_complex else sums

    def _to_dense(self) -> Any:
        return matrix_diag(self._diag)

    def _diag_part(self) -> Any:
        return creation.convert_to_tensor(self._diag)

    def _add_to_tensor(self, x: Any) -> Any:
        return set_diag(x, matrix_diag_part(x) + self._diag)

    def _eigvals(self) -> Any:
        return self._diag_part()

    def _cond(self) -> Any:
        sizes = math.abs(self._diag)
        return reductions.reduce_max(sizes, axis=-1) / reductions.reduce_min(sizes, axis=-1)

    def _assert_non_singular(self) -> None:
        demand(math.abs(self._diag) > 0, "Singular operator:  Diagonal contained zero values.")

    def _assert_positive_definite(self) -> None:
        if self.dtype.is_complex:
            message = (
                "Diagonal operator had diagonal entries with non-positive real part, thus was not positive definite."
            )
        else:
            message = "Real diagonal operator had non-positive diagonal entries, thus was not positive definite."
        demand(math.real(self._diag) > 0, message)

    def _assert_self_adjoint(self) -> None:
        demand(
            math.imag(self._diag) == 0,
            "This diagonal operator contained non-zero imaginary values.  Thus it was not self-adjoint.",
        )


class LinearOperatorHouseholder(LinearOperator):
    """Reflections: 1 - 2·v·vᴴ for vectors of length 1.

    Args:
        reflection_axis: (..., n), of any length.
    """

    _sliced = {"reflection_axis": 1}  # noqa: RUF012

    def __init__(
        self,
        reflection_axis: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorHouseholder",
    ) -> None:
        parameters = given(locals())
        self._axis = _checked(reflection_axis, "reflection_axis", 1)
        if is_self_adjoint is False:
            raise ValueError("A Householder operator is always self adjoint.")
        if is_positive_definite is True:
            raise ValueError("A Householder operator is always non-positive definite.")
        if is_square is False:
            raise ValueError("A Householder operator is always square.")
        super().__init__(self._axis.dtype, None, is_non_singular, True, False, True, name, parameters)

    reflection_axis = property(lambda self: self._axis)

    def _shape(self) -> Any:
        return (*self._axis.shape, self._axis.shape[-1])

    def _unit(self) -> Any:
        size = math.sqrt(reductions.reduce_sum(math.square(math.abs(self._axis)), axis=-1, keepdims=True))
        return self._axis / creation.cast(size, self.dtype)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        unit = self._unit()[..., None]
        return x - 2 * functions.matmul(unit, functions.matmul(unit, x, adjoint_a=True))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._matmul(rhs, adjoint, adjoint_arg)  # its own inverse

    def _of_batch(self, value: float) -> Any:
        return creation.fill(list(self.batch_shape), creation.cast(value, self.dtype))

    def _determinant(self) -> Any:
        return self._of_batch(-1.0)

    def _log_abs_determinant(self) -> Any:
        return self._of_batch(0.0)

    def _trace(self) -> Any:
        return self._of_batch(self.domain_dimension - 2.0)

    def _diag_part(self) -> Any:
        unit = self._unit()
        return 1.0 - 2 * unit * math.conj(unit)

    def _eigvals(self) -> Any:
        ones = creation.ones((*self.batch_shape, self.domain_dimension - 1), self.dtype)
        return arrays.concat([self._of_batch(-1.0)[..., None], ones], axis=-1)

    def _cond(self) -> Any:
        return creation.ones(tuple(self.batch_shape), self.dtype)

    def _assert_non_singular(self) -> None:
        return

    def _assert_positive_definite(self) -> None:
        raise InvalidArgumentError("Householder operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> None:
        return


class LinearOperatorPermutation(LinearOperator):
    """Permutations: row i of the product is row ``perm[i]`` of the operand.

    Args:
        perm: (..., n) integers.
    """

    _sliced = {"perm": 1}  # noqa: RUF012

    def __init__(
        self,
        perm: Any,
        dtype: Any = float32,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorPermutation",
    ) -> None:
        parameters = given(locals())
        self._perm = reference(perm)
        if not self._perm.dtype.is_integer:
            raise TypeError(f"Argument `perm` must be integer dtype. Received: {self._perm}.")
        if len(self._perm.shape) < 1:
            raise ValueError(f"Argument `perm` must have at least 1 dimension. Received: {self._perm}.")
        if is_square is False:
            raise ValueError(f"A Permutation operator is always square. Received: is_square={is_square}.")
        super().__init__(
            dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    perm = property(lambda self: self._perm)

    def _shape(self) -> Any:
        return (*self._perm.shape, self._perm.shape[-1])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        order = indexing.argsort(self._perm, axis=-1) if adjoint else creation.convert_to_tensor(self._perm)
        batch = broadcast(self.batch_shape, x.shape[:-2])
        order = arrays.broadcast_to(order, (*batch, order.shape[-1]))
        return indexing.gather(with_batch(x, batch), order, axis=-2, batch_dims=len(batch))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._matmul(rhs, not adjoint, adjoint_arg)

    def _to_dense(self) -> Any:
        return indexing.one_hot(self._perm, self.domain_dimension, dtype=self.dtype)

    def _determinant(self) -> Any:
        return functions.det(self._to_dense())

    def _log_abs_determinant(self) -> Any:
        return creation.zeros(tuple(self.batch_shape), self.dtype)

    def _cond(self) -> Any:
        return creation.ones(tuple(self.batch_shape), self.dtype.real_dtype)

    def _assert_non_singular(self) -> None:
        size = self.domain_dimension
        wanted = creation.range(size, dtype=self._perm.dtype)
        demand(indexing.sort(self._perm, axis=-1) == wanted, "`perm` should be a vector of unique integers in [0, N).")


class LinearOperatorToeplitz(LinearOperator):
    """Matrices with one value along each diagonal.

    Args:
        col: (..., n), the first column.
        row: (..., n), the first row; its first value is not read.
    """

    _sliced = {"col": 1, "row": 1}  # noqa: RUF012

    def __init__(
        self,
        col: Any,
        row: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorToeplitz",
    ) -> None:
        parameters = given(locals())
        self._col = _checked(col, "col", 1)
        self._row = _checked(row, "row", 1)
        if self._col.shape[-1] != self._row.shape[-1]:
            raise ValueError("Expected square matrix, got row and col with mismatched dimensions.")
        if is_square is False:
            raise ValueError("Only square Toeplitz operators currently supported.")
        super().__init__(
            self._row.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    col = property(lambda self: self._col)
    row = property(lambda self: self._row)

    def _shape(self) -> Any:
        size = self._col.shape[-1]
        return (*broadcast(self._col.shape[:-1], self._row.shape[:-1]), size, size)

    def _to_dense(self) -> Any:
        size, batch = self.domain_dimension, tuple(self.batch_shape)
        col, row = (arrays.broadcast_to(x, (*batch, size)) for x in (self._col, self._row))
        values = arrays.concat([tiling.reverse(row[..., 1:], [-1]), col], axis=-1)
        places = creation.range(size)[:, None] - creation.range(size)[None, :] + (size - 1)
        return indexing.gather(values, places, axis=-1)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return functions.matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _diag_part(self) -> Any:
        return arrays.broadcast_to(self._col[..., :1], tuple(self.shape[:-1]))

    def _trace(self) -> Any:
        first = arrays.broadcast_to(self._col[..., 0], tuple(self.batch_shape))
        return creation.cast(self.domain_dimension, self.dtype) * first

    def _assert_self_adjoint(self) -> None:
        demand(
            self._row[..., 1:] == math.conj(self._col[..., 1:]),
            "row and col are not the same, and so this operator is not self-adjoint.",
        )


class LinearOperatorTridiag(LinearOperator):
    """Tridiagonal matrices.

    Args:
        diagonals: what stands above, on and below the diagonal.
        diagonals_format: "compact": (..., 3, n), the last of the first row and the first of the last one are not read;
            "sequence": three tensors (..., n) of that kind; "matrix": (..., n, n), what is elsewhere is not read.
    """

    _sliced = {"diagonals": 2}  # noqa: RUF012

    def __init__(
        self,
        diagonals: Any,
        diagonals_format: str = "compact",
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorTridiag",
    ) -> None:
        parameters = given(locals())
        if diagonals_format not in ("compact", "matrix", "sequence"):
            raise ValueError(
                "Argument `diagonals_format` must be one of compact, matrix, or sequence. Received : "
                f"{diagonals_format}."
            )
        self._format = diagonals_format
        if diagonals_format == "sequence":
            self._diagonals = [reference(x) for x in diagonals]
            self._sliced = {"diagonals": 1}
            dtype = self._diagonals[0].dtype
        else:
            self._diagonals = reference(diagonals)
            dtype = self._diagonals.dtype
        super().__init__(
            dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    diagonals = property(lambda self: self._diagonals)
    diagonals_format = property(lambda self: self._format)

    def _shape(self) -> Any:
        if self._format == "matrix":
            return self._diagonals.shape
        if self._format == "sequence":
            batch = broadcast(*(x.shape[:-1] for x in self._diagonals))
            return (*batch, *[self._diagonals[1].shape[-1]] * 2)
        return (*self._diagonals.shape[:-2], *[self._diagonals.shape[-1]] * 2)

    def _lines(self) -> Any:
        """The three diagonals as (..., 3, n)."""
        if self._format == "compact":
            return self._diagonals
        if self._format == "matrix":
            return matrix_diag_part(self._diagonals, k=(-1, 1), align="LEFT_RIGHT")
        wanted = tuple(self.shape[:-1])
        return arrays.stack([arrays.broadcast_to(x, wanted) for x in self._diagonals], axis=-2)

    def _to_dense(self) -> Any:
        if self._format == "matrix":
            return creation.convert_to_tensor(self._diagonals)
        return matrix_diag(self._lines(), k=(-1, 1), align="LEFT_RIGHT")

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        batch = broadcast(self.batch_shape, rhs.shape[:-2])
        matrix = matrix_diag(self._lines(), k=(-1, 1), align="LEFT_RIGHT")
        return functions.solve(with_batch(matrix, batch), with_batch(rhs, batch), adjoint=adjoint)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        lines = self._lines()
        above, on, below = (lines[..., i, :] for i in range(3))
        if adjoint:
            above, below = tiling.roll(below, -1, -1), tiling.roll(above, 1, -1)
            above, on, below = (math.conj(line) for line in (above, on, below))
        nothing = creation.zeros_like(x[..., :1, :])
        after, before = (arrays.concat(parts, axis=-2) for parts in (
            [x[..., 1:, :], nothing], [nothing, x[..., :-1, :]]))  # fmt: skip
        return on[..., None] * x + above[..., None] * after + below[..., None] * before

    def _assert_self_adjoint(self) -> None:
        lines = self._lines()
        message = "This tridiagonal operator {}, and is not self-adjoint."
        demand(math.imag(lines[..., 1, :]) == 0, message.format("contains non-zero imaginary values on the diagonal"))
        demand(
            lines[..., 2, 1:] == math.conj(lines[..., 0, :-1]),
            "This tridiagonal operator has non-conjugate subdiagonal and superdiagonal.",
        )


def dtype_or_float32(dtype: Any) -> Any:
    return float32 if dtype is None else as_dtype(dtype)
