"""Preparation of sequences (``keras.preprocessing.sequence``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.utils import pad_sequences as pad_sequences

__all__ = ["pad_sequences"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
