"""Keras 2's ``keras.utils.layer_utils``."""

from __future__ import annotations

import math
from typing import Any

from kerasish.utils.graphs import get_source_inputs as get_source_inputs


def count_params(weights: Any) -> int:
    """The number of values in weights, each weight counted once."""
    return sum(math.prod(weight.shape) for weight in {id(weight): weight for weight in weights}.values())


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Any = None,
    print_fn: Any = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print a model's table of layers: ``model.summary``."""
    model.summary(line_length, positions, print_fn, expand_nested, show_trainable, layer_range)
