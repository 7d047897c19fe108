"""Numbers of few bits (``keras.quantizers``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
