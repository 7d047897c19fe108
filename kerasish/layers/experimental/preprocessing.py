"""The names that preprocessing layers had in Keras 2 (``keras.layers.experimental.preprocessing``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.layers.features.category import CategoryEncoding as CategoryEncoding
from kerasish.layers.features.category import HashedCrossing as HashedCrossing
from kerasish.layers.features.category import Hashing as Hashing
from kerasish.layers.features.discretization import Discretization as Discretization
from kerasish.layers.features.lookup import IntegerLookup as IntegerLookup
from kerasish.layers.features.lookup import StringLookup as StringLookup
from kerasish.layers.features.normalization import Normalization as Normalization
from kerasish.layers.features.vectorization import TextVectorization as TextVectorization

__all__ = [
    "CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "Normalization", "StringLookup",
    "TextVectorization",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
