"""``tf.types``: types for annotations, and for what traces are told apart by."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.types import experimental as experimental


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
