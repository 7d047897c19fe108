"""Keras 2's ``keras.layers.experimental.preprocessing``: the preprocessing layers of ``keras.layers`` under an old name."""

from __future__ import annotations

import sys
from typing import Any

from kerasish.core.errors import missing_name

_NAMES = frozenset(
    ("CategoryEncoding", "CenterCrop", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "Normalization",
     "RandomContrast", "RandomCrop", "RandomFlip", "RandomHeight", "RandomRotation", "RandomTranslation", "RandomWidth",
     "RandomZoom", "Rescaling", "Resizing", "StringLookup", "TextVectorization")
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(sys.modules["kerasish.layers"], name)
    raise missing_name(__name__, name, globals())
