"""``tf.types.experimental``: types for annotations, and for what traces are told apart by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, Union, runtime_checkable

import numpy as np

from kerasish.core import trace_type as core_types
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import missing_name
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf.concrete import ConcreteFunction as ConcreteFunction
from kerasish.tf.function import Function as GenericFunction
from kerasish.tf.function_type import FunctionType as FunctionType
from kerasish.tf.spec import TypeSpec
from kerasish.tf.types import distributed as distributed

TensorLike = Union[  # noqa: UP007 - what isinstance and typing.get_args take on every Python
    Tensor, CompositeTensor, Variable, int, float, bool, str, bytes, complex, tuple, list, np.ndarray, np.generic
]
PolymorphicFunction = GenericFunction
AtomicFunction = ConcreteFunction
Callable = Union[GenericFunction, ConcreteFunction]  # noqa: UP007


class TraceType(ABC):
    """What an argument of a ``tf.function`` is to its traces: calls whose arguments have equal ones share a trace."""

    @abstractmethod
    def is_subtype_of(self, other: TraceType) -> bool:
        """Whether every value of this type is one of ``other``."""

    @abstractmethod
    def most_specific_common_supertype(self, others: Sequence[TraceType]) -> TraceType | None:
        """The narrowest type of the values of this and the others; None if there is none."""

    flatten = core_types.TraceType.flatten
    to_tensors = core_types.TraceType.to_tensors
    from_tensors = core_types.TraceType.from_tensors
    cast = core_types.TraceType.cast

    def placeholder_value(self, placeholder_context: Any) -> Any:
        """What stands for a value while a function is traced."""
        raise NotImplementedError(f"{type(self).__name__}.placeholder_value")

    @abstractmethod
    def __hash__(self) -> int: ...

    @abstractmethod
    def __eq__(self, other: object) -> bool: ...


TraceType.register(TypeSpec)


@runtime_checkable
class SupportsTracingProtocol(Protocol):
    """An object that says what it is to traces."""

    def __tf_tracing_type__(self, context: Any) -> TraceType:
        """Its type."""


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
