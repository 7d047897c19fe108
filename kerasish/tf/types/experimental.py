"""``tf.types.experimental``: what tensors are made of, functions, and what describes values."""

from __future__ import annotations

from typing import Any, Union

import numpy as np

from kerasish.core.errors import missing_name
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf.concrete import ConcreteFunction as ConcreteFunction
from kerasish.tf.function import Function as GenericFunction
from kerasish.tf.spec import TypeSpec as TraceType  # noqa: F401

TensorLike = Union[Tensor, Variable, int, float, bool, str, bytes, complex, tuple, list, np.ndarray, np.generic]  # noqa: UP007
PolymorphicFunction = GenericFunction
AtomicFunction = ConcreteFunction
Callable = Union[GenericFunction, ConcreteFunction]  # noqa: UP007


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
