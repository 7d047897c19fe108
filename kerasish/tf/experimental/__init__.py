"""``tf.experimental``: what TensorFlow keeps open to change."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.experimental import dtensor as dtensor
from kerasish.tf.experimental import numpy as numpy


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
