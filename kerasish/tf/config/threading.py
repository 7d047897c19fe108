"""``tf.config.threading``: how many threads operations use."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.errors import missing_name

_asked = {"intra": 0, "inter": 0}


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Set how many threads one operation uses; 0 leaves it to torch."""
    _asked["intra"] = int(num_threads)
    if num_threads:
        torch.set_num_threads(int(num_threads))


def get_intra_op_parallelism_threads() -> int:
    """How many threads one operation uses, if that was set; 0 if it was left to torch."""
    return _asked["intra"]


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Set how many operations may run at the same time; 0 leaves it to torch.

    Raises:
        RuntimeError: operations have run already.
    """
    if num_threads and int(num_threads) != torch.get_num_interop_threads():
        torch.set_num_interop_threads(int(num_threads))
    _asked["inter"] = int(num_threads)


def get_inter_op_parallelism_threads() -> int:
    """How many operations may run at the same time, if that was set; 0 if it was left to torch."""
    return _asked["inter"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
