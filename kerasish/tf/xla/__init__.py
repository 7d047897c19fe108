"""``tf.xla``: functions compiled as a whole."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.xla import experimental as experimental


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
