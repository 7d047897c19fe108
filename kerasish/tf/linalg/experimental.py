"""``tf.linalg.experimental``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.linalg.bands import conjugate_gradient as conjugate_gradient


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
