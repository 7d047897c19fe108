"""Raw operations of random numbers: TensorFlow's own for each pair of seeds, going on where the last call ended."""

from __future__ import annotations

from typing import Any

from kerasish import tf
from kerasish.core import dtypes
from kerasish.core.random import paired_stream, shape_of
from kerasish.core.random_discrete import order
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


def gamma(shape: Any, alpha: Any, seed: int, seed2: int) -> Any:
    """Gamma numbers: ``shape`` of them for each parameter."""
    alpha, sizes = tf.convert_to_tensor(alpha), shape_of(shape)
    drawn = _drawn(f"gamma {alpha.dtype.name}", seed, seed2)
    return draws.gamma(lambda parameters: (*sizes, *parameters), drawn, alpha, None, alpha.dtype)


def poisson(shape: Any, rate: Any, seed: int, seed2: int, dtype: Any) -> Any:
    """Poisson numbers: ``shape`` of them for each rate."""
    sizes = shape_of(shape)
    drawn = _drawn(f"poisson {dtypes.as_dtype(dtype).name}", seed, seed2)
    return draws.poisson(lambda parameters: (*sizes, *parameters), drawn, rate, dtype)


def shuffle(value: Any, seed: int, seed2: int) -> Any:
    """Slices along the first axis in random order."""
    value = tf.convert_to_tensor(value)
    if draws.tracing() or not value.shape.rank:
        return value
    return tf.gather(value, order(len(value), paired_stream("shuffle", seed, seed2, -(-(len(value) - 1) // 4))))
