"""``tf.compat.v1.math``: functions of ``tf.math`` under TensorFlow 1's argument names."""

from __future__ import annotations

from typing import Any

from kerasish.tf import math as modern
from kerasish.tf.compat.v1 import renamed

globals().update(renamed.functions(renamed.MATH, modern))


def __getattr__(name: str) -> Any:
    return getattr(modern, name)
