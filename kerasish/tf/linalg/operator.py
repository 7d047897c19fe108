"""``tf.linalg.LinearOperator``: a matrix, or a batch of them, that is known by what it does.

A class of operators says its shape and how it multiplies; everything else has a way here that needs no more than that, and
classes that know a shorter one override it. What two operators give together is a table of rules (``rules.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.composite import Served
from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype, int32
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf import arrays, creation, math, reductions
from kerasish.tf.diagonals import diag_part as matrix_diag_part
from kerasish.tf.linalg import functions
from kerasish.tf.module import Module

Rule = Callable[..., Any]
RULES: dict[str, dict[tuple, Rule]] = {}  # "matmul" → (class, class) → what makes the result; filled by rules.py
HINTS = ("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square")


def rule(operation: str, *classes: type) -> Callable[[Rule], Rule]:
    """Below it, what an operation does with operators of these classes."""

    def register(function: Rule) -> Rule:
        RULES.setdefault(operation, {})[classes] = function
        return function

    return register


def _apply(operation: str, *operators: LinearOperator) -> Any:
    """The result of the rule for the nearest classes: the first operator's counts first."""
    table = RULES[operation]
    if len(operators) == 1:
        return next(table[kind,] for kind in type(operators[0]).__mro__ if (kind,) in table)(*operators)
    distances = {
        (left, right): (i + j, i)
        for i, left in enumerate(type(operators[0]).__mro__)
        for j, right in enumerate(type(operators[1]).__mro__)
        if (left, right) in table
    }
    return table[min(distances, key=lambda pair: distances[pair])](*operators)


def reference(value: Any, dtype: Any = None) -> Any:
    """A tensor, or the variable itself, whose values are read at each use."""
    return value if isinstance(value, Variable) else creation.convert_to_tensor(value, dtype=dtype)


def broadcast(*shapes: Any) -> tuple:
    """The shape that batches of these shapes have together."""
    shape = TensorShape(())
    for other in shapes:
        shape = arrays.broadcast_static_shape(shape, TensorShape(tuple(other)))
    return tuple(shape)


def with_batch(x: Any, batch: Any) -> Any:
    """Matrices repeated for a batch that may be larger than theirs."""
    wanted = (*broadcast(batch, x.shape[:-2]), *x.shape[-2:])
    return x if tuple(x.shape) == wanted else arrays.broadcast_to(x, wanted)


class LinearOperator(Module, Served):
    """The base class.

    Args:
        dtype: of the matrix, and of what it is multiplied with.
        graph_parents: of no use; as in TensorFlow 2.
        is_non_singular, is_self_adjoint, is_positive_definite, is_square: what is known of the matrix; nobody checks it.
        name: the operator's.
        parameters: the constructor's arguments, by name.

    Raises:
        ValueError: the hints contradict each other.
    """

    _operators_of_tensors = frozenset(("MatMul",))

    def __init__(
        self,
        dtype: Any,
        graph_parents: Any = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
        parameters: dict | None = None,
    ) -> None:
        if is_positive_definite:
            if is_non_singular is False:
                raise ValueError("A positive definite matrix is always non-singular.")
            is_non_singular = True
        if is_non_singular:
            if is_square is False:
                raise ValueError("A non-singular matrix is always square.")
            is_square = True
        if is_self_adjoint:
            if is_square is False:
                raise ValueError("A self-adjoint matrix is always square.")
            is_square = True
        self._dtype = as_dtype(dtype) if dtype else dtype
        self._graph_parents = list(graph_parents or ())
        self._is_non_singular, self._is_self_adjoint = is_non_singular, is_self_adjoint
        self._is_positive_definite, self._is_square_hint = is_positive_definite, is_square
        self._parameters = dict(parameters or {})
        self._name = name or type(self).__name__
        self._scope_name = "/".join((*local.name_scopes, self._name))

    def __repr__(self) -> str:
        return object.__repr__(self)

    # what is known ----------------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> dict:
        """The constructor's arguments."""
        return dict(self._parameters)

    dtype = property(lambda self: self._dtype)
    graph_parents = property(lambda self: self._graph_parents)
    is_non_singular = property(lambda self: self._is_non_singular)
    is_self_adjoint = property(lambda self: self._is_self_adjoint)
    is_positive_definite = property(lambda self: self._is_positive_definite)

    @property
    def is_square(self) -> bool:
        """Whether there are as many rows as columns.

        Raises:
            ValueError: the hint says no, and there are.
        """
        equal = self.domain_dimension == self.range_dimension
        if self._is_square_hint is False and equal:
            raise ValueError("User set is_square hint to False, but the operator was square.")
        return equal if self._is_square_hint is None else self._is_square_hint

    @property
    def hints(self) -> dict[str, bool | None]:
        """What is known, by the constructor's names."""
        known = (self._is_non_singular, self._is_self_adjoint, self._is_positive_definite, self._is_square_hint)
        return dict(zip(HINTS, known))

    # shapes -----------------------------------------------------------------------------------------------------------

    def _shape(self) -> Any:
        raise NotImplementedError("_shape is not implemented.")

    @property
    def shape(self) -> TensorShape:
        """(..., rows, columns)."""
        return TensorShape(tuple(self._shape()))

    batch_shape = property(lambda self: self.shape[:-2])
    tensor_rank = property(lambda self: len(self.shape))
    domain_dimension = property(lambda self: self.shape[-1])
    range_dimension = property(lambda self: self.shape[-2])

    def shape_tensor(self, name: str = "shape_tensor") -> Any:
        return creation.constant(list(self.shape), dtype=int32, shape=(len(self.shape),))

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        return self.shape_tensor()[:-2]

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Any:
        return creation.constant(self.tensor_rank, dtype=int32)

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Any:
        return creation.constant(self.domain_dimension, dtype=int32)

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Any:
        return creation.constant(self.range_dimension, dtype=int32)

    # products ---------------------------------------------------------------------------------------------------------

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        raise NotImplementedError("_matmul is not implemented.")

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """The product with matrices (..., columns, n), or with another operator, which gives an operator.

        Args:
            adjoint, adjoint_arg: take the operator's, or x's, conjugate transpose.

        Raises:
            TypeError: another dtype.
            ValueError: the sizes do not fit.
        """
        if isinstance(x, LinearOperator):
            left, right = (self.adjoint() if adjoint else self), (x.adjoint() if adjoint_arg else x)
            if right.range_dimension != left.domain_dimension:
                raise ValueError(
                    f"Operators are incompatible. Expected `x` to have dimension {left.domain_dimension} but got "
                    f"{right.range_dimension}."
                )
            return _apply("matmul", left, right)
        x = self._operand(x)
        self._fit(x, -1 if adjoint_arg else -2, not adjoint)
        return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)

    def __rmatmul__(self, other: Any) -> Any:
        if not is_tensor(other):
            return NotImplemented
        return functions.adjoint(self.matmul(other, adjoint=True, adjoint_arg=True))

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Any:
        """The product with vectors (..., columns)."""
        x = self._operand(x)
        self._fit(x, -1, not adjoint)
        return self._matvec(x, adjoint=adjoint)

    def _matvec(self, x: Any, adjoint: bool = False) -> Any:
        return self.matmul(x[..., None], adjoint=adjoint)[..., 0]

    def _operand(self, x: Any) -> Any:
        x = x if dispatch.is_symbolic(x) else reference(x)
        if self._dtype and x.dtype != self._dtype:
            raise TypeError(f"Expected argument to have dtype {self._dtype!r}.  Found: {x.dtype!r} in tensor {x}")
        return x

    def _fit(self, x: Any, axis: int, by_columns: bool) -> None:
        own, given = (self.domain_dimension if by_columns else self.range_dimension), tuple(x.shape)[axis]
        if own is not None and given is not None and own != given:
            raise ValueError(f"Dimensions {own} and {given} are not compatible")

    # equations --------------------------------------------------------------------------------------------------------

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """x with self·x = rhs, for matrices or an operator.

        Raises:
            NotImplementedError: the operator is known to be singular, or not square.
        """
        self._need("Exact solve", singular=True)
        if isinstance(rhs, LinearOperator):
            left, right = (self.adjoint() if adjoint else self), (rhs.adjoint() if adjoint_arg else rhs)
            if right.range_dimension != left.domain_dimension:
                raise ValueError(
                    f"Operators are incompatible. Expected `rhs` to have dimension {left.domain_dimension} but got "
                    f"{right.range_dimension}."
                )
            return _apply("solve", left, right)
        rhs = self._operand(rhs)
        self._fit(rhs, -1 if adjoint_arg else -2, adjoint)
        return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Any:
        """x with self·x = rhs, for vectors."""
        rhs = self._operand(rhs)
        self._fit(rhs, -1, adjoint)
        self._need("Exact solve", singular=True)
        return self._solvevec(rhs, adjoint=adjoint)

    def _solvevec(self, rhs: Any, adjoint: bool = False) -> Any:
        return self.solve(rhs[..., None], adjoint=adjoint)[..., 0]

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        batch = broadcast(self.batch_shape, rhs.shape[:-2])
        matrix, rhs = with_batch(self.to_dense(), batch), with_batch(rhs, batch)
        if self._by_cholesky:
            return functions.cholesky_solve(functions.cholesky(matrix), rhs)
        return functions.solve(matrix, rhs, adjoint=adjoint)

    def _need(self, what: str, singular: bool = False) -> None:
        if singular and self.is_non_singular is False:
            raise NotImplementedError(f"{what} not implemented for an operator that is expected to be singular.")
        if self.is_square is False:
            raise NotImplementedError(f"{what} not implemented for an operator that is expected to not be square.")

    @property
    def _by_cholesky(self) -> bool:
        return bool(self.is_self_adjoint and self.is_positive_definite)

    # numbers ----------------------------------------------------------------------------------------------------------

    def determinant(self, name: str = "det") -> Any:
        """The determinant of each matrix."""
        self._need("Determinant")
        return self._determinant()

    def _determinant(self) -> Any:
        return math.exp(self.log_abs_determinant()) if self._by_cholesky else functions.det(self.to_dense())

    def log_abs_determinant(self, name: str = "log_abs_det") -> Any:
        """The logarithm of the determinant's absolute value."""
        self._need("Determinant")
        return self._log_abs_determinant()

    def _log_abs_determinant(self) -> Any:
        if self._by_cholesky:
            diagonal = matrix_diag_part(functions.cholesky(self.to_dense()))
            return 2 * reductions.reduce_sum(math.log(diagonal), axis=[-1])
        return functions.slogdet(self.to_dense()).log_abs_determinant

    def trace(self, name: str = "trace") -> Any:
        """The sum of the diagonal."""
        return self._trace()

    def _trace(self) -> Any:
        return reductions.reduce_sum(self.diag_part(), axis=-1)

    def diag_part(self, name: str = "diag_part") -> Any:
        """The diagonal."""
        return self._diag_part()

    def _diag_part(self) -> Any:
        return matrix_diag_part(self.to_dense())

    def eigvals(self, name: str = "eigvals") -> Any:
        """The eigenvalues.

        Raises:
            NotImplementedError: the operator is not known to be self-adjoint.
        """
        if not self.is_self_adjoint:
            raise NotImplementedError("Only self-adjoint matrices are supported.")
        return self._eigvals()

    def _eigvals(self) -> Any:
        return functions.eigvalsh(self.to_dense())

    def cond(self, name: str = "cond") -> Any:
        """The largest singular value over the smallest."""
        return self._cond()

    def _cond(self) -> Any:
        values = functions.svd(self.to_dense(), compute_uv=False)
        return reductions.reduce_max(values, axis=-1) / reductions.reduce_min(values, axis=-1)

    # tensors ----------------------------------------------------------------------------------------------------------

    def to_dense(self, name: str = "to_dense") -> Any:
        """The matrices as a tensor."""
        return self._to_dense()

    def _to_dense(self) -> Any:
        ones = creation.eye(self.domain_dimension, batch_shape=list(self.batch_shape) or None, dtype=self.dtype)
        return self.matmul(ones)

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Any:
        """The sum with matrices."""
        return self._add_to_tensor(self._operand(x))

    def _add_to_tensor(self, x: Any) -> Any:
        return self.to_dense() + x

    # other operators --------------------------------------------------------------------------------------------------

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """The conjugate transpose."""
        return self if self.is_self_adjoint is True else self._adjoint()

    H = property(lambda self: self.adjoint(), doc="The conjugate transpose.")

    def _adjoint(self) -> LinearOperator:
        return _apply("adjoint", self)

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """The inverse.

        Raises:
            ValueError: it is known that there is none.
        """
        if self.is_square is False:
            raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
        if self.is_non_singular is False:
            raise ValueError("Cannot take the Inverse: This operator represents a singular matrix.")
        return self._inverse()

    def _inverse(self) -> LinearOperator:
        return _apply("inverse", self)

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        """The lower triangular factor.

        Raises:
            ValueError: the operator is not known to be positive definite and self-adjoint.
        """
        if not self._by_cholesky:
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        return self._cholesky()

    def _cholesky(self) -> LinearOperator:
        return _apply("cholesky", self)

    # checks -----------------------------------------------------------------------------------------------------------

    def assert_non_singular(self, name: str = "assert_non_singular") -> None:
        """Raise ``InvalidArgumentError`` if the operator is singular, as far as its dtype can tell."""
        self._assert_non_singular()

    def _assert_non_singular(self) -> None:
        worst = np.max(self.cond().numpy(), initial=0.0)
        if not worst < 1.0 / np.finfo(self.dtype.real_dtype.as_numpy_dtype).eps / 100:
            raise InvalidArgumentError("Singular matrix up to precision epsilon.")

    def assert_positive_definite(self, name: str = "assert_positive_definite") -> None:
        """Raise ``InvalidArgumentError`` if the quadratic form is not positive."""
        self._assert_positive_definite()

    def _assert_positive_definite(self) -> None:
        if not self.is_self_adjoint:
            raise NotImplementedError("assert_positive_definite is not implemented.")
        diagonal = matrix_diag_part(functions.cholesky(self.to_dense()))
        demand(math.real(diagonal) > 0, "Matrix was not positive definite.")

    def assert_self_adjoint(self, name: str = "assert_self_adjoint") -> None:
        """Raise ``InvalidArgumentError`` if the operator differs from its conjugate transpose."""
        self._assert_self_adjoint()

    def _assert_self_adjoint(self) -> None:
        matrix = self.to_dense()
        demand(matrix == functions.adjoint(matrix), "Matrix was not equal to its adjoint.")

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        handler = LinearOperator._handlers.get(operation)
        if handler is None:
            raise ValueError(f"{operation.__name__}() takes no {type(self).__name__}. Its to_dense() is a tensor.")
        return handler(*args, **kwargs)

    # parts ------------------------------------------------------------------------------------------------------------

    _sliced: dict[str, int] = {}  # noqa: RUF012 - parameter → the rank of what it says of one matrix

    def __getitem__(self, slices: Any) -> LinearOperator:
        """The operators of a part of the batch."""
        key = slices if isinstance(slices, tuple) else (slices,)
        parts = {name: self._part(value, self._sliced[name], key) for name, value in self._state().items()}
        given = {**self._parameters, **self.hints, **parts}
        return type(self)(**{name: value for name, value in given.items() if name in self._parameters})

    def _state(self) -> dict[str, Any]:
        """The parameters that have batches."""
        return {name: getattr(self, name) for name in self._sliced if getattr(self, name) is not None}

    def _part(self, value: Any, rank: int, key: tuple) -> Any:
        if isinstance(value, LinearOperator):
            return value._whole_batch(self.batch_shape)[key]
        if isinstance(value, (list, tuple)):
            return [self._part(item, rank, key) for item in value]
        value = creation.convert_to_tensor(value)
        own = tuple(value.shape)[len(value.shape) - rank :]
        whole = arrays.broadcast_to(value, (*self.batch_shape, *own))
        return whole[(*key, *[slice(None)] * rank)]

    def _whole_batch(self, batch: Any) -> LinearOperator:
        """The same operators, each for itself, for a batch that may be larger."""
        if tuple(self.batch_shape) == tuple(batch):
            return self
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        copy._shape = lambda: (*batch, *self.shape[-2:])  # type: ignore[method-assign]
        return copy


def demand(condition: Any, message: str) -> None:
    """Raise ``InvalidArgumentError`` unless all of a tensor of booleans is true."""
    if not bool(reductions.reduce_all(condition)):
        raise InvalidArgumentError(message)


def same_dtype(operators: Any) -> Any:
    """The dtype that all operators have.

    Raises:
        TypeError: they differ.
    """
    if any(operator.dtype != operators[0].dtype for operator in operators):
        pairs = "   ".join(f"('{operator.name}', {operator.dtype!r})" for operator in operators)
        raise TypeError(f"Expected all operators to have the same dtype.  Found {pairs}")
    return operators[0].dtype


def is_tensor(value: Any) -> bool:
    return isinstance(value, (Tensor, Variable))


def _served(operation: Callable, method: str) -> None:
    @LinearOperator.serve(operation)
    def on_operator(operator: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(operator, method)(*args, **kwargs)


for _operation, _method in (
    (functions.det, "determinant"), (functions.inv, "inverse"), (functions.adjoint, "adjoint"),
    (functions.cholesky, "cholesky"), (matrix_diag_part, "diag_part"), (functions.trace, "trace"),
):  # fmt: skip
    _served(_operation, _method)


@LinearOperator.serve(functions.logdet)
def _logdet(matrix: LinearOperator, name: str | None = None) -> Any:
    if not matrix._by_cholesky:
        raise ValueError("Expected matrix to be self-adjoint positive definite.")
    return matrix.log_abs_determinant()


@LinearOperator.serve(functions.solve)
def _solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
    if not isinstance(matrix, LinearOperator):
        raise ValueError("Expected the matrix to be a LinearOperator where the right side is one.")
    return matrix.solve(rhs, adjoint=adjoint)


@LinearOperator.serve(functions.matvec)
def _matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, *rest: Any, **kwargs: Any) -> Any:
    _no_transpose(transpose_a)
    return a.matvec(b, adjoint=adjoint_a)


@LinearOperator.serve(functions.matmul)
def _matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    *rest: Any,
    **kwargs: Any,
) -> Any:
    _no_transpose(transpose_a, transpose_b)
    if isinstance(a, LinearOperator):
        return a.matmul(b, adjoint=adjoint_a, adjoint_arg=adjoint_b)
    return functions.adjoint(b.matmul(a, adjoint=not adjoint_b, adjoint_arg=not adjoint_a))


def _no_transpose(*flags: bool) -> None:
    if any(flags):
        raise ValueError("Transposing is not supported at this time.")
