"""``tf.xla.experimental``: TensorFlow's older way to say ``tf.function(jit_compile=True)``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.errors import missing_name
from kerasish.core.tensor import convert
from kerasish.tf.function import function
from kerasish.tf.scopes import executing_eagerly


def compile(computation: Callable, inputs: Any = None) -> Any:
    """What ``computation(*inputs)`` gives, by a compiled function; one tensor comes in a list.

    Raises:
        TypeError: ``inputs`` is no list, or ``computation`` returns nothing.
    """
    if inputs is not None and not isinstance(inputs, (list, tuple)):
        raise TypeError("inputs must be a list")
    given = tree.map_structure(lambda x: x if dispatch.is_tensor(x) else convert(x), list(inputs or ()))
    result = function(computation, jit_compile=True)(*given)
    if result is None:
        raise TypeError("The computation must return one or more tensors.")
    return list(result) if isinstance(result, (list, tuple)) else result if isinstance(result, dict) else [result]


@contextlib.contextmanager
def jit_scope(compile_ops: Any = True, separate_compiled_gradients: bool = False) -> Iterator[None]:
    """A hint, in a ``tf.function``, that the operations of a block may be compiled; here functions are, as wholes.

    Raises:
        RuntimeError: outside of a ``tf.function``.
    """
    if executing_eagerly():
        raise RuntimeError(
            "xla.experimental.jit_scope is not supported when eager execution is enabled. Try use it inside tf.function."
        )
    yield


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
