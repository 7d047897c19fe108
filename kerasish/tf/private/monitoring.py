"""``tensorflow.python.eager.monitoring``: counts and values that packages keep of their own use, in this process only."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any


class _Cell:
    """One value of a metric, for one combination of labels."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def set(self, value: Any) -> None:
        self._value = value

    def increase_by(self, value: int) -> None:
        """Raises ValueError where the value would fall, as counters do not."""
        if value < 0:
            raise ValueError(f"A counter does not fall. Received: value={value}")
        self._value += value

    def value(self) -> Any:
        return self._value


class _Metric:
    """A metric with a cell for each combination of labels.

    Args:
        name, description: what it counts.
        labels: names of the labels.
    """

    _first: Any = 0

    def __init__(self, name: str, description: str, *labels: str) -> None:
        self.name, self.description, self._labels = name, description, labels
        self._cells: dict[tuple, Any] = {}

    def get_cell(self, *labels: str) -> Any:
        """The value for these labels.

        Raises:
            ValueError: there are not as many as the metric has.
        """
        if len(labels) != len(self._labels):
            raise ValueError(f"'{self.name}' has {len(self._labels)} labels, but {len(labels)} were given.")
        if labels not in self._cells:
            self._cells[labels] = self._cell()
        return self._cells[labels]

    def _cell(self) -> Any:
        return _Cell(self._first)


class Counter(_Metric):
    """Counts upwards: ``get_cell().increase_by(1)``."""


class IntGauge(_Metric):
    """A whole number: ``get_cell().set(3)``."""


class BoolGauge(_Metric):
    """A truth value."""

    _first = False


class StringGauge(_Metric):
    """A text."""

    _first = ""


class ExponentialBuckets:
    """Bounds of a sampler's buckets: ``scale * growth_factor**i`` for i below ``bucket_count``."""

    def __init__(self, scale: float, growth_factor: float, bucket_count: int) -> None:
        self.bounds = [scale * growth_factor**i for i in range(bucket_count)]


class _Histogram:
    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self.counts, self.total = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, sample: float) -> None:
        self.counts[bisect.bisect_right(self._bounds, sample)] += 1
        self.total += sample

    def value(self) -> _Histogram:
        return self


class Sampler(_Metric):
    """Counts samples by buckets: ``get_cell().add(0.3)``.

    Args:
        buckets: ``ExponentialBuckets``.
    """

    def __init__(self, name: str, buckets: ExponentialBuckets, description: str, *labels: str) -> None:
        super().__init__(name, description, *labels)
        self._buckets = buckets

    def _cell(self) -> _Histogram:
        return _Histogram(self._buckets.bounds)


__all__ = ["BoolGauge", "Counter", "ExponentialBuckets", "IntGauge", "Sampler", "StringGauge"]
