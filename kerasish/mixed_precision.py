"""Mixed precision (``keras.mixed_precision``)."""

from __future__ import annotations

from typing import Any

from kerasish.config import dtype_policy as dtype_policy
from kerasish.config import set_dtype_policy as set_dtype_policy
from kerasish.core.dtypes import DTypePolicy as DTypePolicy
from kerasish.core.errors import missing_name, public_dir
from kerasish.optimizers import LossScaleOptimizer as LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy", "LossScaleOptimizer", "Policy", "dtype_policy", "global_policy", "set_dtype_policy", "set_global_policy",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
