"""``tf.experimental``: of it, NumPy's functions on tensors (``tf.experimental.numpy``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.experimental import numpy as numpy


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
