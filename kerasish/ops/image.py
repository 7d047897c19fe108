"""``keras.ops.image``: functions on images, ``(batch, height, width, channels)`` or ``(height, width, channels)``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.ops.image_resize import resize as resize
from kerasish.ops.image_resize import scale_and_translate as scale_and_translate

__all__ = ["resize", "scale_and_translate"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
