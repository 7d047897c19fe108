"""Raw operations of random numbers: TensorFlow's own for each pair of seeds, going on where the last call ended."""

from __future__ import annotations

from typing import Any

from kerasish import tf
from kerasish.core import dtypes
from kerasish.core.random import paired_stream, shape_of
from kerasish.tf.random import draws


def _drawn(kind: str, seed: int, seed2: int) -> draws.Draw:
    return lambda blocks: paired_stream(kind, seed, seed2, blocks)


def uniform(shape: Any, dtype: Any, seed: int, seed2: int) -> Any:
    """Floats in [0, 1)."""
    kind = dtypes.as_dtype(dtype)
    return draws.uniform(shape_of(shape), _drawn(f"uniform {kind.name}", seed, seed2), 0, 1.0, kind)


def uniform_integers(shape: Any, minval: Any, maxval: Any, seed: int, seed2: int) -> Any:
    """Integers in [minval, maxval), in their dtype."""
    kind = tf.convert_to_tensor(minval).dtype
    return draws.uniform(shape_of(shape), _drawn(f"uniform {kind.name}", seed, seed2), minval, maxval, kind)


def normal(shape: Any, dtype: Any, seed: int, seed2: int) -> Any:
    """Standard normal floats."""
    kind = dtypes.as_dtype(dtype)
    return draws.normal(shape_of(shape), _drawn(f"normal {kind.name}", seed, seed2), 0.0, 1.0, kind)


def truncated_normal(shape: Any, dtype: Any, seed: int, seed2: int) -> Any:
    """Standard normal floats within two standard deviations."""
    kind = dtypes.as_dtype(dtype)
    return draws.truncated_normal(shape_of(shape), _drawn(f"truncated {kind.name}", seed, seed2), 0.0, 1.0, kind)


def multinomial(logits: Any, num_samples: Any, seed: int, seed2: int, output_dtype: Any) -> Any:
    """Class numbers drawn from rows of log-probabilities."""
    return draws.categorical(logits, num_samples, _drawn("categorical", seed, seed2), output_dtype)
