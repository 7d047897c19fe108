"""``tensorflow.python.eager.def_function``: the class of what ``tf.function`` makes, for annotations and ``isinstance``."""

from __future__ import annotations

from kerasish.tf.function import Function as Function

__all__ = ["Function"]
