"""Models as programs for other runtimes (``keras.export``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.export import formats as _formats  # noqa: F401 - lets models find what exports them
from kerasish.export.archive import ExportArchive as ExportArchive

__all__ = ["ExportArchive"]
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
