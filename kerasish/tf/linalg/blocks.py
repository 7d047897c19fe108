"""Operators made of blocks: block diagonal and block lower triangular ones."""

from __future__ import annotations

from typing import Any

from kerasish.core.variable import Variable
from kerasish.tf import arrays, creation
from kerasish.tf.linalg import functions
from kerasish.tf.linalg.combined import all_known, inferred
from kerasish.tf.linalg.identity import product, total
from kerasish.tf.linalg.operator import LinearOperator, broadcast, same_dtype, with_batch
from kerasish.tf.linalg.plain import given


class _Blocks(LinearOperator):
    """What both share: operands may come, and then results are, in one piece for each block."""

    _row_sizes: list[int]
    _column_sizes: list[int]

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """The product with matrices in one or as many pieces as there are blocks, or with another operator."""
        if not self._in_pieces(x, 2):
            return super().matmul(x, adjoint, adjoint_arg)
        return self._pieces(self._times, x, not adjoint, -1 if adjoint_arg else -2, adjoint, adjoint_arg)

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Any:
        """The product with vectors in one or as many pieces as there are blocks."""
        if not self._in_pieces(x, 1):
            return super().matvec(x, adjoint)
        columns = [self._operand(part)[..., None] for part in x]
        return [part[..., 0] for part in self.matmul(columns, adjoint=adjoint)]

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """x with self·x = rhs; see ``matmul``."""
        if not self._in_pieces(rhs, 2):
            return super().solve(rhs, adjoint, adjoint_arg)
        self._need("Exact solve", singular=True)
        return self._pieces(self._over, rhs, adjoint, -1 if adjoint_arg else -2, adjoint, adjoint_arg)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Any:
        """x with self·x = rhs for vectors; see ``matvec``."""
        if not self._in_pieces(rhs, 1):
            return super().solvevec(rhs, adjoint)
        columns = [self._operand(part)[..., None] for part in rhs]
        return [part[..., 0] for part in self.solve(columns, adjoint=adjoint)]

    def _in_pieces(self, x: Any, rank: int) -> bool:
        """Whether x is a list of tensors, one for each block, and not the rows of one."""
        if not isinstance(x, (list, tuple)) or len(x) != len(self._column_sizes):
            return False
        if any(hasattr(part, "shape") or isinstance(part, Variable) for part in x):
            return all(len(getattr(part, "shape", (0,) * rank)) >= rank for part in x)
        return all(len(creation.convert_to_tensor(part).shape) >= rank for part in x)

    def _pieces(self, method: Any, x: Any, by_columns: bool, axis: int, adjoint: bool, adjoint_arg: bool) -> list:
        parts = [self._operand(part) for part in x]
        for own, part in zip(self._column_sizes if by_columns else self._row_sizes, parts):
            if part.shape[axis] != own:
                raise ValueError(f"Dimensions {own} and {part.shape[axis]} are not compatible")
        parts = [functions.adjoint(part) for part in parts] if adjoint_arg else parts
        return method(parts, adjoint)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        x = functions.adjoint(x) if adjoint_arg else x
        return joined(self._times(arrays.split(x, self._row_sizes if adjoint else self._column_sizes, -2), adjoint))

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        rhs = functions.adjoint(rhs) if adjoint_arg else rhs
        return joined(self._over(arrays.split(rhs, self._column_sizes if adjoint else self._row_sizes, -2), adjoint))

    def _times(self, parts: list, adjoint: bool) -> list:
        raise NotImplementedError

    def _over(self, parts: list, adjoint: bool) -> list:
        raise NotImplementedError


def joined(parts: list, axis: int = -2) -> Any:
    """Blocks one after the other; their batches broadcast."""
    if axis == -1:
        batch = broadcast(*(part.shape[:-1] for part in parts))
        return arrays.concat([arrays.broadcast_to(part, (*batch, part.shape[-1])) for part in parts], axis)
    batch = broadcast(*(part.shape[:-2] for part in parts))
    return arrays.concat([with_batch(part, batch) for part in parts], axis)


class LinearOperatorBlockDiag(_Blocks):
    """Blocks along the diagonal, and zeros.

    Args:
        operators: the blocks.
    """

    _sliced = {"operators": 2}  # noqa: RUF012

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str | None = None,
    ) -> None:
        parameters = given(locals())
        if not operators:
            raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
        self._operators = list(operators)
        self._row_sizes = [operator.range_dimension for operator in self._operators]
        self._column_sizes = [operator.domain_dimension for operator in self._operators]
        what, dtype = "direct sum", same_dtype(self._operators)
        known = {name_: all_known(self._operators, name_) for name_ in (
            "is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square")}  # fmt: skip
        super().__init__(
            dtype,
            None,
            inferred(what, "non-singular", is_non_singular, known["is_non_singular"]),
            inferred(what, "self-adjoint", is_self_adjoint, known["is_self_adjoint"]),
            inferred(what, "positive definite", is_positive_definite, known["is_positive_definite"]),
            inferred(what, "square", is_square, known["is_square"]),
            name or "_ds_".join(operator.name for operator in self._operators),
            parameters,
        )

    operators = property(lambda self: self._operators)

    def _shape(self) -> Any:
        batch = broadcast(*(operator.batch_shape for operator in self._operators))
        return (*batch, sum(self._row_sizes), sum(self._column_sizes))

    def _times(self, parts: list, adjoint: bool) -> list:
        return [operator.matmul(part, adjoint=adjoint) for operator, part in zip(self._operators, parts)]

    def _over(self, parts: list, adjoint: bool) -> list:
        return [operator.solve(part, adjoint=adjoint) for operator, part in zip(self._operators, parts)]

    def _need_square_blocks(self, what: str) -> None:
        if not all(operator.is_square for operator in self._operators):
            raise NotImplementedError(f"`{what}` not implemented for an operator whose blocks are not square.")

    def _determinant(self) -> Any:
        return product([operator.determinant() for operator in self._operators])

    def _log_abs_determinant(self) -> Any:
        return total([operator.log_abs_determinant() for operator in self._operators])

    def _trace(self) -> Any:
        self._need_square_blocks("trace")
        return total([operator.trace() for operator in self._operators])

    def _diag_part(self) -> Any:
        self._need_square_blocks("diag_part")
        return joined([operator.diag_part() for operator in self._operators], -1)

    def _eigvals(self) -> Any:
        return joined([operator.eigvals() for operator in self._operators], -1)

    def _to_dense(self) -> Any:
        batch, columns, start, rows = tuple(self.batch_shape), sum(self._column_sizes), 0, []
        for operator in self._operators:
            block = with_batch(operator.to_dense(), batch)
            sides = (start, columns - start - operator.domain_dimension)
            left, right = (creation.zeros((*batch, operator.range_dimension, n), self.dtype) for n in sides)
            rows.append(arrays.concat([left, block, right], axis=-1))
            start += operator.domain_dimension
        return arrays.concat(rows, axis=-2)

    def _assert_non_singular(self) -> None:
        for operator in self._operators:
            operator.assert_non_singular()

    def _assert_self_adjoint(self) -> None:
        for operator in self._operators:
            operator.assert_self_adjoint()

    def _assert_positive_definite(self) -> None:
        for operator in self._operators:
            operator.assert_positive_definite()


class LinearOperatorBlockLowerTriangular(_Blocks):
    """Blocks on the diagonal and below.

    Args:
        operators: row i is a list of i + 1 operators.
    """

    _sliced = {"operators": 2}  # noqa: RUF012

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorBlockLowerTriangular",
    ) -> None:
        parameters = given(locals())
        if not operators:
            raise ValueError(f"Argument `operators` must be a list of >=1 operators. Received: {operators}.")
        for i, row in enumerate(operators):
            if len(row) != i + 1:
                blocks = "blocks" if len(row) != 1 else "block"
                raise ValueError(
                    f"Argument `operators[{i}]` must contain `{i + 1}` blocks. Received: {len(row)} {blocks}."
                )
        self._operators = [list(row) for row in operators]
        self._diagonal = [row[-1] for row in self._operators]
        dtype = same_dtype([operator for row in self._operators for operator in row])
        if any(operator.is_square is False for operator in self._diagonal):
            raise ValueError("Matrix must be square. The diagonal blocks must be square.")
        self._row_sizes = self._column_sizes = [operator.range_dimension for operator in self._diagonal]
        self._check_blocks()
        what = "block lower triangular matrix with diagonal"
        known = all_known(self._diagonal, "is_non_singular")
        if any(operator.is_non_singular is False for operator in self._diagonal) and is_non_singular is None:
            is_non_singular = False
        super().__init__(
            dtype,
            None,
            inferred(what, "non-singular", is_non_singular, known),
            is_self_adjoint,
            is_positive_definite,
            True if is_square is None else is_square,
            name,
            parameters,
        )

    operators = property(lambda self: self._operators)

    def _check_blocks(self) -> None:
        for i, row in enumerate(self._operators):
            for j, operator in enumerate(row):
                own, wanted = (
                    (operator.range_dimension, operator.domain_dimension),
                    (self._row_sizes[i], self._row_sizes[j]),
                )
                if own != wanted:
                    raise ValueError(f"Operator `operators[{i}][{j}]` must have the shape {wanted}. Received: {own}.")

    def _shape(self) -> Any:
        batch = broadcast(*(operator.batch_shape for row in self._operators for operator in row))
        size = sum(self._row_sizes)
        return (*batch, size, size)

    def _times(self, parts: list, adjoint: bool) -> list:
        count = len(parts)
        if adjoint:
            return [
                total([self._operators[i][j].matmul(parts[i], adjoint=True) for i in range(j, count)])
                for j in range(count)
            ]
        return [total([op.matmul(part) for op, part in zip(row, parts)]) for row in self._operators]

    def _over(self, parts: list, adjoint: bool) -> list:
        count = len(parts)
        found: dict[int, Any] = {}
        for i in reversed(range(count)) if adjoint else range(count):  # substitution
            rest = parts[i]
            for j, x in found.items():
                block = self._operators[j][i] if adjoint else self._operators[i][j]
                rest = rest - block.matmul(x, adjoint=adjoint)
            found[i] = self._diagonal[i].solve(rest, adjoint=adjoint)
        return [found[i] for i in range(count)]

    def _determinant(self) -> Any:
        return self._with_own_batch(product([operator.determinant() for operator in self._diagonal]))

    def _log_abs_determinant(self) -> Any:
        return self._with_own_batch(total([operator.log_abs_determinant() for operator in self._diagonal]))

    def _trace(self) -> Any:
        return self._with_own_batch(total([operator.trace() for operator in self._diagonal]))

    def _with_own_batch(self, x: Any) -> Any:
        return arrays.broadcast_to(x, tuple(self.batch_shape))

    def _diag_part(self) -> Any:
        whole = joined([operator.diag_part() for operator in self._diagonal], -1)
        return arrays.broadcast_to(whole, tuple(self.shape[:-1]))

    def _eigvals(self) -> Any:
        whole = joined([operator.eigvals() for operator in self._diagonal], -1)
        return arrays.broadcast_to(whole, tuple(self.shape[:-1]))

    def _to_dense(self) -> Any:
        batch, rows = tuple(self.batch_shape), []
        for i, row in enumerate(self._operators):
            blocks = [with_batch(operator.to_dense(), batch) for operator in row]
            rest = sum(self._row_sizes[i + 1 :])
            blocks.append(creation.zeros((*batch, self._row_sizes[i], rest), self.dtype))
            rows.append(arrays.concat(blocks, axis=-1))
        return arrays.concat(rows, axis=-2)

    def _assert_non_singular(self) -> None:
        for operator in self._diagonal:
            operator.assert_non_singular()
