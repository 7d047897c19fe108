"""Rows: texts or indices in rows of unequal length, as splitting text gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.storage import from_strings


class Rows:
    """Rows of texts.

    Attributes:
        values: all texts in order, an object array of bytes.
        lengths: how many of them each row has.
    """

    def __init__(self, values: np.ndarray, lengths: list[int]) -> None:
        self.values, self.lengths = values, lengths

    @classmethod
    def of(cls, rows: Iterable[list[bytes]]) -> Rows:
        rows = list(rows)
        values = np.empty(sum(map(len, rows)), dtype=object)
        values[:] = [text for row in rows for text in row]
        return cls(values, [len(row) for row in rows])

    @classmethod
    def from_user(cls, value: Any) -> Any:
        """What a user's function returned: Rows for ragged values and lists of lists, else an object array of bytes."""
        if hasattr(value, "row_lengths") and hasattr(value, "flat_values"):
            lengths = [int(n) for n in np.asarray(value.row_lengths())]
            return cls(dispatch.raw(value.flat_values), lengths)
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)):
            return cls.of([list(from_strings(list(row)).reshape(-1)) for row in value])
        return dispatch.raw(value)

    def __iter__(self) -> Iterator[list]:
        start = 0
        for length in self.lengths:
            yield self.values[start : start + length].tolist()
            start += length

    def owners(self) -> torch.Tensor:
        """For each text, the number of its row."""
        return torch.repeat_interleave(torch.arange(len(self.lengths)), torch.tensor(self.lengths, dtype=torch.int64))

    def padded(self, flat: torch.Tensor, width: int | None, fill: int = 0) -> torch.Tensor:
        """What belongs to the texts, as (rows, width): cut, and filled up; ``width`` is by default the longest."""
        lengths = torch.tensor(self.lengths, dtype=torch.int64)
        if width is None:
            width = max(self.lengths, default=0)
        owners = self.owners()
        starts = lengths.cumsum(0) - lengths
        places = torch.arange(len(flat)) - starts[owners]
        kept = places < width
        out = torch.full((len(self.lengths), width), fill, dtype=flat.dtype)
        out[owners[kept], places[kept]] = flat[kept]
        return out
