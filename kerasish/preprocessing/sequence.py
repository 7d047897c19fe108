"""Preparation of sequences (``keras.preprocessing.sequence``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name, public_dir
from kerasish.preprocessing.sampling import TimeseriesGenerator as TimeseriesGenerator
from kerasish.preprocessing.sampling import make_sampling_table as make_sampling_table
from kerasish.preprocessing.sampling import skipgrams as skipgrams
from kerasish.utils import pad_sequences as pad_sequences

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]
for _thing in (TimeseriesGenerator, make_sampling_table, skipgrams):
    _thing.__module__ = __name__


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
