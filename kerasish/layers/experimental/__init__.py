"""Keras 2's ``keras.layers.experimental``: layers under an old name."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names
from kerasish.layers.einsum_dense import EinsumDense as EinsumDense
from kerasish.layers.experimental import preprocessing as preprocessing


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())
