"""``tensorflow.python.ops.random_ops``: normal numbers within limits, for each slice its own."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.random import shape_of
from kerasish.tf.arrays import reshape
from kerasish.tf.creation import cast
from kerasish.tf.linalg import matrix_transpose
from kerasish.tf.random import _drawn
from kerasish.tf.random.truncated import truncated_between

_BLOCKS = 64  # of the stream, which the next operation does not use, for each number
_AT_ONCE = 100  # numbers that follow each other in the stream where all have the same parameters


def parameterized_truncated_normal(
    shape: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Normal floats within limits.

    Args:
        means, stddevs, minvals, maxvals: numbers, or vectors with one for each slice along the first axis.
    """
    sizes = shape_of(shape)
    count = 1
    for size in sizes:
        count *= size
    parameters = [cast(value, as_dtype(dtype)) for value in (means, stddevs, minvals, maxvals)]
    alike = all(value.shape.rank == 0 for value in parameters)
    batches = -(-count // _AT_ONCE) if alike else sizes[0]
    each = _AT_ONCE if alike else count // max(batches, 1)
    draw = _drawn(f"parameterized {as_dtype(dtype).name}", seed)
    drawn = truncated_between((each, batches), lambda: draw(each * batches * _BLOCKS), parameters)
    return reshape(reshape(matrix_transpose(drawn), [-1])[:count], sizes)


__all__ = ["parameterized_truncated_normal"]
