"""What packages take from ``tensorflow.python``: the global seed and the state of determinism, which have no public names."""

from __future__ import annotations

import torch

from kerasish.core.context import settings


def global_seed() -> int | None:
    """The seed that ``tf.random.set_seed`` was given."""
    return settings.global_seed


def is_op_determinism_enabled() -> bool:
    """Whether ``tf.config.experimental.enable_op_determinism`` was called."""
    return torch.are_deterministic_algorithms_enabled()


def disable_op_determinism() -> None:
    """Undo ``tf.config.experimental.enable_op_determinism``."""
    torch.use_deterministic_algorithms(False)


__all__ = ["disable_op_determinism", "global_seed", "is_op_determinism_enabled"]
