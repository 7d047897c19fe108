"""Functions of older file formats (``keras.legacy``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name, public_dir
from kerasish.legacy import saving as saving

__all__ = ["saving"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
