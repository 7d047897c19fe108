"""What ``tf.Tensor`` and ``tf.Variable`` have from the time of graphs, and what says that it belongs to them."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import InvalidArgumentError, OutOfRangeError

_TWO_SIDED = ("add", "and", "div", "floordiv", "matmul", "mod", "mul", "or", "pow", "sub", "truediv", "xor")
_ONE_SIDED = ("abs", "eq", "ge", "getitem", "gt", "invert", "le", "lt", "ne", "neg")


class TensorOfGraphs:
    """Methods of a graph's tensors. Attributes of theirs (``name``, ``op``, ``graph``) are told of in ``__getattr__``."""

    __slots__ = ()

    OVERLOADABLE_OPERATORS = frozenset(  # for classes that act as tensors, and hand them on
        f"__{name}__" for name in (*_ONE_SIDED, *_TWO_SIDED, *(f"r{name}" for name in _TWO_SIDED))
    )

    def __nonzero__(self) -> bool:
        return self.__bool__()  # type: ignore[attr-defined] - Python 2's name, which such classes copy

    def consumers(self) -> Any:
        raise NotImplementedError("Tensor.consumers is undefined when eager execution is enabled.")

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        raise NotImplementedError(
            "eval is not supported when eager execution is enabled, is .numpy() what you're looking for?"
        )


class VariableOfGraphs:
    """Methods of a graph's variables."""

    _shown = "tensorflow.python.ops.resource_variable_ops.ResourceVariable"

    def load(self, value: Any, session: Any = None) -> None:
        """Set the value."""
        self.assign(value)  # type: ignore[attr-defined]

    def count_up_to(self, limit: int) -> Any:
        """The value of a scalar, which is 1 more afterwards.

        Raises:
            OutOfRangeError: it is ``limit`` already.
            InvalidArgumentError: the variable is no scalar.
        """
        before = self.read_value()  # type: ignore[attr-defined]
        if before.ndim:
            raise InvalidArgumentError(f"input is not a scalar: {list(before.shape)} [Op:ResourceCountUpTo]")
        if int(before) >= limit:
            raise OutOfRangeError(f"Reached limit of {limit} [Op:ResourceCountUpTo]")
        self.assign_add(1)  # type: ignore[attr-defined]
        return before

    def read_value_no_copy(self) -> Any:
        return self.read_value()  # type: ignore[attr-defined]

    @property
    def initial_value(self) -> Any:
        raise RuntimeError("This property is not supported when eager execution is enabled.")

    @property
    def create(self) -> Any:
        raise RuntimeError("This operation is not supported when eager execution is enabled.")

    def to_proto(self, export_scope: str | None = None) -> Any:
        raise RuntimeError("This operation is not supported when eager execution is enabled.")

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Any:
        raise RuntimeError("This operation is not supported when eager execution is enabled.")
