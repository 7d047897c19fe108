"""Operators made of operators: products, adjoints, inverses, Kronecker products, updates of low rank."""

from __future__ import annotations

from typing import Any

from kerasish.tf import arrays, creation, math, reductions
from kerasish.tf.diagonals import diag_part as matrix_diag_part
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.identity import LinearOperatorIdentity, product, total
from kerasish.tf.linalg.operator import LinearOperator, broadcast, reference, same_dtype, with_batch
from kerasish.tf.linalg.plain import LinearOperatorDiag, given


def all_known(operators: Any, hint: str) -> bool | None:
    """True if the hint is known to hold of all, else None."""
    return True if all(getattr(operator, hint) for operator in operators) else None


def inferred(what: str, hint: str, stated: bool | None, known: bool | None) -> bool | None:
    """A hint, from what is stated and what follows from the parts.

    Raises:
        ValueError: these contradict each other.
    """
    if known and stated is False:
        raise ValueError(f"The {what} of {hint} operators is always {hint}.")
    return True if known else stated


class LinearOperatorComposition(LinearOperator):
    """The product of operators, the last of which acts first.

    Args:
        operators: a list of them.
    """

    _sliced = {"operators": 2}  # noqa: RUF012

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        if not operators:
            raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
        self._operators = list(operators)
        dtype = same_dtype(self._operators)
        known = all_known(self._operators, "is_non_singular")
        is_non_singular = inferred("composition", "non-singular", is_non_singular, known)
        if self._is_its_square():
            is_square = True
            is_self_adjoint = inferred("product A·Aᴴ", "self-adjoint", is_self_adjoint, True)
            if is_non_singular:
                is_positive_definite = inferred("product A·Aᴴ", "positive definite", is_positive_definite, True)
        name = name or "_o_".join(operator.name for operator in self._operators)
        super().__init__(
            dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    operators = property(lambda self: self._operators)

    def _is_its_square(self) -> bool:
        """Whether this is A·Aᴴ."""
        operators = self._operators
        if len(operators) % 2:
            return False
        half = len(operators) // 2
        return all(_is_adjoint(x, y) for x, y in zip(operators[:half], reversed(operators[half:])))

    def _shape(self) -> Any:
        batch = broadcast(*(operator.batch_shape for operator in self._operators))
        return (*batch, self._operators[0].range_dimension, self._operators[-1].domain_dimension)

    def _in_turn(self, x: Any, method: str, reverse: bool, adjoint: bool, adjoint_arg: bool) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        for operator in reversed(self._operators) if reverse else self._operators:
            x = getattr(operator, method)(x, adjoint=adjoint)
        return x

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._in_turn(x, "matmul", not adjoint, adjoint, adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        if any(operator.is_square is False for operator in self._operators):
            return super()._solve(rhs, adjoint, adjoint_arg)
        return self._in_turn(rhs, "solve", adjoint, adjoint, adjoint_arg)

    def _all_square(self) -> bool:
        return all(operator.is_square for operator in self._operators)

    def _determinant(self) -> Any:
        if not self._all_square():
            return super()._determinant()
        return product([operator.determinant() for operator in self._operators])

    def _log_abs_determinant(self) -> Any:
        if not self._all_square():
            return super()._log_abs_determinant()
        return total([operator.log_abs_determinant() for operator in self._operators])

    def _assert_non_singular(self) -> None:
        if not self._all_square():
            return super()._assert_non_singular()
        for operator in self._operators:
            operator.assert_non_singular()
        return None


def _is_adjoint(left: LinearOperator, right: LinearOperator) -> bool:
    """Whether it is certain that one is the other's adjoint."""
    if left is right:
        return bool(left.is_self_adjoint)
    return any(isinstance(x, LinearOperatorAdjoint) and x.operator is y for x, y in ((left, right), (right, left)))


class _OfOne(LinearOperator):
    """What adjoints and inverses share."""

    _sliced = {"operator": 2}  # noqa: RUF012
    _operator: LinearOperator

    operator = property(lambda self: self._operator)

    def _take_hints(self, stated: dict[str, bool | None]) -> dict[str, bool | None]:
        """The operator's hints, with those that are stated."""
        merged = {}
        for hint, value in stated.items():
            known = self._operator.hints[hint]
            if value is not None and known is not None and value != known:
                raise ValueError(
                    f"The operator's `{hint}` and the argument contradict each other: {known} and {value}."
                )
            merged[hint] = known if value is None else value
        return merged


class LinearOperatorAdjoint(_OfOne):
    """The conjugate transpose of an operator.

    Args:
        operator: of which.
    """

    def __init__(
        self,
        operator: LinearOperator,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        hints = {key: value for key, value in parameters.items() if key.startswith("is_")}
        self._operator = operator
        super().__init__(
            operator.dtype, **self._take_hints(hints), name=name or f"{operator.name}_adjoint", parameters=parameters
        )

    def _adjoint(self) -> LinearOperator:
        return self._operator

    def _shape(self) -> Any:
        shape = tuple(self._operator.shape)
        return (*shape[:-2], shape[-1], shape[-2])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Any:
        return math.conj(self._operator.determinant())

    def _log_abs_determinant(self) -> Any:
        return self._operator.log_abs_determinant()

    def _trace(self) -> Any:
        return math.conj(self._operator.trace())

    def _to_dense(self) -> Any:
        return functions.adjoint(self._operator.to_dense())

    def _cond(self) -> Any:
        return self._operator.cond()

    def _assert_non_singular(self) -> None:
        self._operator.assert_non_singular()

    def _assert_positive_definite(self) -> None:
        self._operator.assert_positive_definite()

    def _assert_self_adjoint(self) -> None:
        self._operator.assert_self_adjoint()


class LinearOperatorInversion(_OfOne):
    """The inverse of an operator: products with it solve equations.

    Args:
        operator: of which.
    """

    def __init__(
        self,
        operator: LinearOperator,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        hints = {key: value for key, value in parameters.items() if key.startswith("is_")}
        for hint in ("is_square", "is_non_singular"):
            known, stated = getattr(operator, hint), hints[hint]
            if known is False or stated is False:
                raise ValueError(
                    f"Argument `{hint}` or argument `operator` must have supplied hint `{hint}` equal to `True` or `None`. "
                    f"Found `operator.{hint}`: {known}, `{hint}`: {stated}."
                )
        self._operator = operator
        super().__init__(
            operator.dtype, **self._take_hints(hints), name=name or f"{operator.name}_inv", parameters=parameters
        )

    def _inverse(self) -> LinearOperator:
        return self._operator

    def _shape(self) -> Any:
        return self._operator.shape

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Any:
        return 1.0 / self._operator.determinant()

    def _log_abs_determinant(self) -> Any:
        return -1.0 * self._operator.log_abs_determinant()

    def _cond(self) -> Any:
        return self._operator.cond()

    def _assert_non_singular(self) -> None:
        self._operator.assert_non_singular()

    def _eigvals(self) -> Any:
        return 1.0 / self._operator.eigvals()


class LinearOperatorKronecker(LinearOperator):
    """The Kronecker product of operators.

    Args:
        operators: a list of them.
    """

    _sliced = {"operators": 2}  # noqa: RUF012

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        if not operators:
            raise ValueError(f"Argument `operators` must be a list of >=1 operators. Received: {operators}.")
        self._operators = list(operators)
        dtype = same_dtype(self._operators)
        what = "Kronecker product"
        known = {hint: all_known(self._operators, hint) for hint in ("is_non_singular", "is_self_adjoint", "is_square")}
        known["is_positive_definite"] = all_known(self._operators, "is_positive_definite")
        super().__init__(
            dtype,
            None,
            inferred(what, "non-singular", is_non_singular, known["is_non_singular"]),
            inferred(what, "self-adjoint", is_self_adjoint, known["is_self_adjoint"]),
            inferred(what, "positive definite", is_positive_definite, known["is_positive_definite"]),
            inferred(what, "square", is_square, known["is_square"]),
            name or "_x_".join(operator.name for operator in self._operators),
            parameters,
        )

    operators = property(lambda self: self._operators)

    def _shape(self) -> Any:
        batch = broadcast(*(operator.batch_shape for operator in self._operators))
        rows = columns = 1
        for operator in self._operators:
            rows, columns = rows * operator.range_dimension, columns * operator.domain_dimension
        return (*batch, rows, columns)

    def _each(self, x: Any, method: str, adjoint: bool, adjoint_arg: bool) -> Any:
        """Every operator's product with, or solution for, its own axis of the operand."""
        x = functions.adjoint(x) if adjoint_arg else x
        takes_columns = (method == "matmul") != adjoint
        sizes = [op.domain_dimension if takes_columns else op.range_dimension for op in self._operators]
        count = x.shape[-1]
        for place, operator in enumerate(self._operators):
            batch = tuple(x.shape)[:-2]
            left, right = _product(sizes[:place]), _product(sizes[place + 1 :]) * count
            split = arrays.reshape(x, (*batch, left, sizes[place], right))
            rank = len(batch)
            mine = arrays.transpose(split, (*range(rank), rank + 1, rank, rank + 2))
            done = getattr(operator, method)(
                arrays.reshape(mine, (*batch, sizes[place], left * right)), adjoint=adjoint
            )
            batch, rank, sizes[place] = tuple(done.shape)[:-2], len(done.shape) - 2, done.shape[-2]
            back = arrays.reshape(done, (*batch, sizes[place], left, right))
            back = arrays.transpose(back, (*range(rank), rank + 1, rank, rank + 2))
            x = arrays.reshape(back, (*batch, left * sizes[place] * (right // count), count))
        return x

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._each(x, "matmul", adjoint, adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        if any(operator.is_square is False for operator in self._operators):
            return super()._solve(rhs, adjoint, adjoint_arg)
        return self._each(rhs, "solve", adjoint, adjoint_arg)

    def _powers(self) -> list[int]:
        return [self.domain_dimension // operator.domain_dimension for operator in self._operators]

    def _determinant(self) -> Any:
        return product([operator.determinant() ** n for operator, n in zip(self._operators, self._powers())])

    def _log_abs_determinant(self) -> Any:
        parts = zip(self._operators, self._powers())
        return total([operator.log_abs_determinant() * creation.cast(n, self.dtype) for operator, n in parts])

    def _trace(self) -> Any:
        if any(operator.is_square is False for operator in self._operators):
            return super()._trace()
        return product([operator.trace() for operator in self._operators])

    def _outer(self, parts: list) -> Any:
        """All products of one number of each list."""
        result = parts[0]
        for part in parts[1:]:
            both = result[..., :, None] * part[..., None, :]
            result = arrays.reshape(both, (*tuple(both.shape)[:-2], -1))
        return result

    def _diag_part(self) -> Any:
        if any(operator.is_square is False for operator in self._operators):
            return super()._diag_part()
        return self._outer([operator.diag_part() for operator in self._operators])

    def _eigvals(self) -> Any:
        return self._outer([operator.eigvals() for operator in self._operators])

    def _to_dense(self) -> Any:
        result = self._operators[0].to_dense()
        for operator in self._operators[1:]:
            block = operator.to_dense()
            both = result[..., :, None, :, None] * block[..., None, :, None, :]
            *batch, a, b, c, d = both.shape
            result = arrays.reshape(both, (*batch, a * b, c * d))
        return result

    def _assert_non_singular(self) -> None:
        if any(operator.is_square is False for operator in self._operators):
            super()._assert_non_singular()
        for operator in self._operators:
            operator.assert_non_singular()

    def _assert_self_adjoint(self) -> None:
        if any(operator.is_square is False for operator in self._operators):
            super()._assert_self_adjoint()
        for operator in self._operators:
            operator.assert_self_adjoint()


def _product(sizes: list[int]) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


class LinearOperatorLowRankUpdate(LinearOperator):
    """L + U·D·Vᴴ, of an operator L, two narrow matrices and a diagonal.

    Args:
        base_operator: L.
        u: (..., m, k).
        diag_update: (..., k), the diagonal of D; default: ones.
        v: (..., n, k); default: u.
        is_diag_update_positive: a hint on D.
    """

    _sliced = {"base_operator": 2, "u": 2, "diag_update": 1, "v": 2}  # noqa: RUF012

    def __init__(
        self,
        base_operator: LinearOperator,
        u: Any,
        diag_update: Any = None,
        v: Any = None,
        is_diag_update_positive: bool | None = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorLowRankUpdate",
    ) -> None:
        parameters = given(locals())
        dtype = base_operator.dtype
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError("Default diagonal is the identity, which is positive.  However, user set otherwise.")
            is_diag_update_positive = True
        self._base, self._u = base_operator, reference(u)
        self._symmetric = v is None
        self._v = self._u if v is None else reference(v)
        self._diag = None if diag_update is None else reference(diag_update)
        self._positive = is_diag_update_positive
        self._check_shapes()
        if (
            self._symmetric
            and base_operator.is_self_adjoint
            and (self._diag is None or not self._diag.dtype.is_complex)
        ):
            is_self_adjoint = inferred("symmetric update", "self-adjoint", is_self_adjoint, True)
        if self._symmetric and base_operator.is_positive_definite and is_diag_update_positive:
            is_positive_definite = inferred("positive update", "positive definite", is_positive_definite, True)
        if base_operator.is_non_singular and is_positive_definite:
            is_non_singular = True
        super().__init__(
            dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    def _check_shapes(self) -> None:
        pairs = [
            (self._base.range_dimension, self._u.shape[-2]),
            (self._base.domain_dimension, self._v.shape[-2]),
            (self._u.shape[-1], self._v.shape[-1]),
        ]
        if self._diag is not None:
            pairs.append((self._u.shape[-1], self._diag.shape[-1]))
        for own, other in pairs:
            if own != other:
                raise ValueError(f"Dimensions {own} and {other} are not compatible")

    base_operator = property(lambda self: self._base)
    u = property(lambda self: self._u)
    v = property(lambda self: self._v)
    diag_update = property(lambda self: self._diag)
    is_diag_update_positive = property(lambda self: self._positive)

    def _state(self) -> dict[str, Any]:
        state = super()._state()
        return {name: value for name, value in state.items() if name != "v" or not self._symmetric}

    @property
    def diag_operator(self) -> LinearOperator:
        """D."""
        if self._diag is None:
            return LinearOperatorIdentity(self._u.shape[-1], dtype=self.dtype)
        return LinearOperatorDiag(self._diag, is_positive_definite=self._positive)

    def _shape(self) -> Any:
        parts = [self._base.batch_shape, self._u.shape[:-2], self._v.shape[:-2], self.diag_operator.batch_shape]
        return (*broadcast(*parts), *self._base.shape[-2:])

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        left, right = (self._v, self._u) if adjoint else (self._u, self._v)
        inner = self.diag_operator.matmul(functions.matmul(right, x, adjoint_a=True), adjoint=adjoint)
        return self._base.matmul(x, adjoint=adjoint) + functions.matmul(left, inner)

    def _capacitance(self) -> Any:
        """D⁻¹ + Vᴴ·L⁻¹·U."""
        middle = functions.matmul(self._v, self._base.solve(self._u), adjoint_a=True)
        return self.diag_operator.inverse().add_to_tensor(self._for_diagonal(middle))

    def _for_diagonal(self, middle: Any) -> Any:
        return with_batch(middle, self.diag_operator.batch_shape)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        left, right = (self._v, self._u) if adjoint else (self._u, self._v)
        first = self._base.solve(rhs, adjoint=adjoint)  # Woodbury's formula
        reduced = functions.matmul(right, first, adjoint_a=True)
        matrix = self._capacitance()
        batch = broadcast(matrix.shape[:-2], reduced.shape[:-2])
        matrix, reduced = with_batch(matrix, batch), with_batch(reduced, batch)
        if self._by_cholesky_of_update:
            inner = functions.cholesky_solve(functions.cholesky(matrix), reduced)
        else:
            inner = functions.solve(matrix, reduced, adjoint=adjoint)
        return first - self._base.solve(functions.matmul(left, inner), adjoint=adjoint)

    @property
    def _by_cholesky_of_update(self) -> bool:
        base = self._base
        return bool(self._symmetric and base.is_positive_definite and base.is_self_adjoint and self._positive)

    def _determinant(self) -> Any:
        middle = functions.det(self._capacitance())
        return middle * self.diag_operator.determinant() * self._base.determinant()

    def _log_abs_determinant(self) -> Any:
        matrix = self._capacitance()
        if self._by_cholesky_of_update:
            diagonal = matrix_diag_part(functions.cholesky(matrix))
            middle = 2 * LinearOperatorDiag(diagonal).log_abs_determinant()
        else:
            middle = functions.slogdet(matrix).log_abs_determinant
        return middle + self.diag_operator.log_abs_determinant() + self._base.log_abs_determinant()

    def _diag_part(self) -> Any:
        weighted = functions.adjoint(self.diag_operator.matmul(self._v, adjoint=True, adjoint_arg=True))
        from_update = self._u * math.conj(weighted)
        return self._base.diag_part() + reductions.reduce_sum(from_update, axis=-1)
