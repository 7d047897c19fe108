"""Preparation of data (``keras.preprocessing``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name, public_dir
from kerasish.core.registry import above
from kerasish.preprocessing import image as image
from kerasish.preprocessing import sequence as sequence
from kerasish.preprocessing import text as text

# Made of tf.data's datasets, which stand above.
_ABOVE = ("image_dataset_from_directory", "text_dataset_from_directory", "timeseries_dataset_from_array")

__all__ = [
    "image", "image_dataset_from_directory", "sequence", "text", "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ABOVE:
        return above(f"keras.utils.{name}")
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
