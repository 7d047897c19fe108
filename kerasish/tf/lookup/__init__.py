"""``tf.lookup``: tables from keys to values."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.lookup import experimental as experimental
from kerasish.tf.lookup.initializers import KeyValueTensorInitializer as KeyValueTensorInitializer
from kerasish.tf.lookup.initializers import TextFileIndex as TextFileIndex
from kerasish.tf.lookup.initializers import TextFileInitializer as TextFileInitializer
from kerasish.tf.lookup.tables import StaticHashTable as StaticHashTable
from kerasish.tf.lookup.tables import StaticVocabularyTable as StaticVocabularyTable


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
