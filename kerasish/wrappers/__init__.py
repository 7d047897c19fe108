"""Models as scikit-learn's estimators (``keras.wrappers``)."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())
