"""Operators that are told by their size: identities, multiples of them, and zeros."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import InvalidArgumentError
from kerasish.tf import arrays, creation, math, reductions
from kerasish.tf.diagonals import diag_part as matrix_diag_part
from kerasish.tf.diagonals import set_diag
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.operator import LinearOperator, broadcast, demand, reference, with_batch
from kerasish.tf.linalg.plain import conjugated, dtype_or_float32, given


def _size(value: Any, argument: str) -> int:
    """A number of rows or columns as an int.

    Raises:
        TypeError, ValueError: it is none.
    """
    number = creation.convert_to_tensor(value)
    if not number.dtype.is_integer:
        raise TypeError(f"Argument {argument} must be integer type.  Found: {number}")
    if len(number.shape):
        raise ValueError(f"Argument {argument} must be a 0-D Tensor.  Found: {number.numpy()}")
    if int(number) < 0:
        raise ValueError(f"Argument {argument} must be non-negative.  Found: {int(number)}")
    return int(number)


def _batch(value: Any) -> tuple:
    if value is None:
        return ()
    sizes = creation.convert_to_tensor(value).numpy()
    if sizes.ndim != 1:
        raise ValueError(f"Argument batch_shape must be a 1-D Tensor.  Found: {sizes}")
    if sizes.size and sizes.dtype.kind not in "iu":
        raise TypeError(f"Argument batch_shape must be integer type.  Found: {sizes}")
    if (sizes < 0).any():
        raise ValueError(f"Argument batch_shape must be non-negative.  Found:{sizes}")
    return tuple(int(size) for size in sizes)


class _OfSize(LinearOperator):
    """What identities and zeros share: a batch shape that is no tensor's."""

    _batch_shape: tuple

    def _numbers(self, value: float, *more: int) -> Any:
        """A constant for each matrix of the batch."""
        return creation.fill([*self._batch_shape, *more], creation.cast(value, self.dtype))

    def __getitem__(self, slices: Any) -> LinearOperator:
        key = slices if isinstance(slices, tuple) else (slices,)
        if not self._batch_shape:
            raise ValueError("An operator without a batch cannot be sliced.")
        shape = creation.zeros(self._batch_shape)[key].shape
        return type(self)(**{**self._parameters, "batch_shape": list(shape) or None})


class LinearOperatorIdentity(_OfSize):
    """Identity matrices.

    Args:
        num_rows: their size.
        batch_shape: of the batch; default: one matrix.
        dtype: default float32.
        assert_proper_shapes: what is wrong about shapes is told in any case.
    """

    def __init__(
        self,
        num_rows: Any,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: bool | None = True,
        is_self_adjoint: bool | None = True,
        is_positive_definite: bool | None = True,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorIdentity",
    ) -> None:
        parameters = given(locals())
        if not is_self_adjoint:
            raise ValueError("An identity operator is always self adjoint.")
        if not is_non_singular:
            raise ValueError("An identity operator is always non-singular.")
        if not is_positive_definite:
            raise ValueError("An identity operator is always positive-definite.")
        if not is_square:
            raise ValueError("An identity operator is always square.")
        super().__init__(dtype_or_float32(dtype), None, True, True, True, True, name, parameters)
        self._rows, self._batch_shape = _size(num_rows, "num_rows"), _batch(batch_shape)

    def _shape(self) -> Any:
        return (*self._batch_shape, self._rows, self._rows)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return with_batch(functions.adjoint(x) if adjoint_arg else x, self._batch_shape)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._matmul(rhs, adjoint, adjoint_arg)

    def _determinant(self) -> Any:
        return self._numbers(1.0)

    def _log_abs_determinant(self) -> Any:
        return self._numbers(0.0)

    def _trace(self) -> Any:
        return self._numbers(self._rows)

    def _diag_part(self) -> Any:
        return self._numbers(1.0, self._rows)

    def _eigvals(self) -> Any:
        return self._diag_part()

    def _cond(self) -> Any:
        return creation.cast(self._numbers(1.0), self.dtype.real_dtype)

    def _to_dense(self) -> Any:
        return creation.eye(self._rows, batch_shape=list(self._batch_shape) or None, dtype=self.dtype)

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Any:
        """The sum with matrices."""
        mat = self._operand(mat)
        return set_diag(mat, matrix_diag_part(mat) + creation.cast(1.0, self.dtype))

    def _assert_non_singular(self) -> None:
        return

    _assert_positive_definite = _assert_self_adjoint = _assert_non_singular


class LinearOperatorScaledIdentity(LinearOperator):
    """Multiples of the identity.

    Args:
        num_rows: the matrices' size.
        multiplier: (...), a number for each matrix.
        assert_proper_shapes: what is wrong about shapes is told in any case.
    """

    _sliced = {"multiplier": 0}  # noqa: RUF012

    def __init__(
        self,
        num_rows: Any,
        multiplier: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorScaledIdentity",
    ) -> None:
        parameters = given(locals())
        self._multiplier = reference(multiplier)
        if not self._multiplier.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        if not is_square:
            raise ValueError("A ScaledIdentity operator is always square.")
        super().__init__(
            self._multiplier.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )
        self._rows = _size(num_rows, "num_rows")

    multiplier = property(lambda self: self._multiplier)

    def _shape(self) -> Any:
        return (*self._multiplier.shape, self._rows, self._rows)

    def _factor(self, adjoint: bool = False) -> Any:
        return conjugated(self._multiplier, adjoint)[..., None, None]

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return (functions.adjoint(x) if adjoint_arg else x) * self._factor(adjoint)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return (functions.adjoint(rhs) if adjoint_arg else rhs) / self._factor(adjoint)

    def _determinant(self) -> Any:
        return self._multiplier**self._rows

    def _log_abs_determinant(self) -> Any:
        size = math.log(math.abs(self._multiplier))
        return creation.cast(self._rows, self.dtype) * (
            creation.cast(size, self.dtype) if self.dtype.is_complex else size
        )

    def _trace(self) -> Any:
        return self._multiplier * creation.cast(self._rows, self.dtype)

    def _diag_part(self) -> Any:
        return arrays.broadcast_to(self._multiplier[..., None], tuple(self.shape[:-1]))

    def _eigvals(self) -> Any:
        return self._diag_part()

    def _cond(self) -> Any:
        size = math.abs(self._multiplier)
        return size / size  # NaN for 0

    def _to_dense(self) -> Any:
        return creation.eye(self._rows, dtype=self.dtype) * self._factor()

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Any:
        """The sum with matrices."""
        mat = self._operand(mat)
        return set_diag(mat, matrix_diag_part(mat) + self._multiplier[..., None])

    def __getitem__(self, slices: Any) -> LinearOperator:
        key = slices if isinstance(slices, tuple) else (slices,)
        parts = {**self._parameters, **self.hints, "multiplier": self._part(self._multiplier, 0, key)}
        return type(self)(**parts)

    def _assert_non_singular(self) -> None:
        demand(math.abs(self._multiplier) > 0, "LinearOperator was singular")

    def _assert_positive_definite(self) -> None:
        demand(math.real(self._multiplier) > 0, "LinearOperator was not positive definite.")

    def _assert_self_adjoint(self) -> None:
        demand(math.imag(self._multiplier) == 0, "LinearOperator was not self-adjoint")


class LinearOperatorZeros(_OfSize):
    """Matrices of zeros.

    Args:
        num_rows, num_columns: their size; default: square.
        batch_shape: of the batch; default: one matrix.
        dtype: default float32.
        assert_proper_shapes: what is wrong about shapes is told in any case.
    """

    def __init__(
        self,
        num_rows: Any,
        num_columns: Any = None,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: bool | None = False,
        is_self_adjoint: bool | None = True,
        is_positive_definite: bool | None = False,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorZeros",
    ) -> None:
        parameters = given(locals())
        if not is_self_adjoint and is_square:
            raise ValueError("A zero operator is always self adjoint.")
        if is_non_singular:
            raise ValueError("A zero operator is always singular.")
        if is_positive_definite:
            raise ValueError("A zero operator is always not positive-definite.")
        self._rows = _size(num_rows, "num_rows")
        self._columns = self._rows if num_columns is None else _size(num_columns, "num_columns")
        if is_square and self._rows != self._columns:
            raise ValueError(
                f"LinearOperatorZeros initialized as is_square=True, but got num_rows({self._rows}) != "
                f"num_columns({self._columns})"
            )
        super().__init__(
            dtype_or_float32(dtype), None, False, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )
        self._batch_shape = _batch(batch_shape)

    def _shape(self) -> Any:
        return (*self._batch_shape, self._rows, self._columns)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rows = self._columns if adjoint else self._rows
        columns = x.shape[-2] if adjoint_arg else x.shape[-1]
        return creation.zeros((*broadcast(self._batch_shape, x.shape[:-2]), rows, columns), self.dtype)

    def _determinant(self) -> Any:
        return self._numbers(0.0)

    def _log_abs_determinant(self) -> Any:
        return self._numbers(float("-inf"))

    def _trace(self) -> Any:
        return self._numbers(0.0)

    def _diag_part(self) -> Any:
        return self._numbers(0.0, min(self._rows, self._columns))

    def _eigvals(self) -> Any:
        return self._numbers(0.0, self._rows)

    def _to_dense(self) -> Any:
        return creation.zeros(self._shape(), self.dtype)

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Any:
        """The sum with matrices: these as they are."""
        return mat

    def _assert_non_singular(self) -> None:
        raise InvalidArgumentError("Zero operators are always non-invertible.")

    def _assert_positive_definite(self) -> None:
        raise InvalidArgumentError("Zero operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> None:
        return


def total(values: Any) -> Any:
    """The sum of a list of tensors, which broadcast."""
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


def product(values: Any) -> Any:
    """The product of a list of tensors, which broadcast."""
    result = values[0]
    for value in values[1:]:
        result = result * value
    return result


def largest_over_smallest(sizes: Any) -> Any:
    return reductions.reduce_max(sizes, axis=-1) / reductions.reduce_min(sizes, axis=-1)
