"""What packages take from ``tensorflow.python``: what has no public name, such as the global seed and the list of devices."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from kerasish.core import device as machine
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


def list_local_devices(session_config: object = None) -> list:
    """The devices, with ``name`` ("/device:CPU:0") and ``device_type``."""
    return [
        SimpleNamespace(name=f"/device:{kind}:{i}", device_type=kind, memory_limit=0, physical_device_desc="")
        for kind in ("CPU", "GPU", "TPU")
        for i in range(machine.count_of_type(kind.lower()))
    ]


__all__ = ["disable_op_determinism", "global_seed", "is_op_determinism_enabled", "list_local_devices"]
