"""A case of images: a layer's, or a function's."""

from __future__ import annotations

from typing import Any

import run_layers
import run_ops


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    return (run_layers if "layer" in case else run_ops).run(keras, tf, case)
