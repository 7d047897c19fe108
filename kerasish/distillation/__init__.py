"""Training a small model on what a large one says (``keras.distillation``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.distillation.distiller import Distiller as Distiller
from kerasish.distillation.losses import DistillationLoss as DistillationLoss
from kerasish.distillation.losses import FeatureDistillation as FeatureDistillation
from kerasish.distillation.losses import LogitsDistillation as LogitsDistillation

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
