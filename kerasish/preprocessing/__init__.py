"""Preparation of data (``keras.preprocessing``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.preprocessing import sequence as sequence
from kerasish.preprocessing import text as text

__all__ = ["sequence", "text"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
