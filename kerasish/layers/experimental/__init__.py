"""Keras 2's ``keras.layers.experimental``: layers under an old name."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.layers.experimental import preprocessing as preprocessing


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
