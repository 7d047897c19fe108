"""``tensorflow.python.autograph``: what packages derive their own rewriting of programs from, refused where it is used.

kerasish has its own reading of functions (``kerasish.tf.rewriting``); that of TensorFlow's is not there to build on.
"""

from __future__ import annotations

import ast
from typing import Any, NoReturn

from kerasish.core.errors import fail


class Base(ast.NodeTransformer):
    """The base of AutoGraph's transformers: classes may be derived from it, but not be made.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise fail(
            NotImplementedError,
            f"{type(self).__module__}.{type(self).__qualname__} rewrites programs with TensorFlow's AutoGraph, which "
            "kerasish does not have",
            hint="Write the function with tf.while_loop and tf.cond, or with Python's own control flow.",
        )


__all__ = ["Base"]
