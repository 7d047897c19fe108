"""Callbacks (``keras.callbacks``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.training.callback import Callback as Callback
from kerasish.training.callback import CallbackList as CallbackList
from kerasish.training.callback import History as History
from kerasish.training.callback import ProgbarLogger as ProgbarLogger
from kerasish.training.callbacks import CSVLogger as CSVLogger
from kerasish.training.callbacks import EarlyStopping as EarlyStopping
from kerasish.training.callbacks import LambdaCallback as LambdaCallback
from kerasish.training.callbacks import LearningRateScheduler as LearningRateScheduler
from kerasish.training.callbacks import ModelCheckpoint as ModelCheckpoint
from kerasish.training.callbacks import Monitor
from kerasish.training.callbacks import ReduceLROnPlateau as ReduceLROnPlateau
from kerasish.training.callbacks import TerminateOnNaN as TerminateOnNaN

MonitorCallback = Monitor

__all__ = [
    "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler",
    "ModelCheckpoint", "MonitorCallback", "ProgbarLogger", "ReduceLROnPlateau", "TerminateOnNaN",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
