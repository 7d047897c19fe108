"""``keras.layers.experimental`` of Keras 2."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.layers.experimental import preprocessing as preprocessing

__all__ = ["preprocessing"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
