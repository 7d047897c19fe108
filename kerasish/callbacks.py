"""Callbacks (``keras.callbacks``)."""

from __future__ import annotations

import types
from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.training.averaging import SwapEMAWeights as SwapEMAWeights
from kerasish.training.backup import BackupAndRestore as BackupAndRestore
from kerasish.training.callback import Callback as Callback
from kerasish.training.callback import CallbackList as CallbackList
from kerasish.training.callback import History as History
from kerasish.training.callback import ProgbarLogger as ProgbarLogger
from kerasish.training.callbacks import BaseLogger as BaseLogger
from kerasish.training.callbacks import CSVLogger as CSVLogger
from kerasish.training.callbacks import EarlyStopping as EarlyStopping
from kerasish.training.callbacks import LambdaCallback as LambdaCallback
from kerasish.training.callbacks import LearningRateScheduler as LearningRateScheduler
from kerasish.training.callbacks import ModelCheckpoint as ModelCheckpoint
from kerasish.training.callbacks import ReduceLROnPlateau as ReduceLROnPlateau
from kerasish.training.callbacks import TerminateOnNaN as TerminateOnNaN
from kerasish.training.checkpoints import OrbaxCheckpoint as OrbaxCheckpoint
from kerasish.training.monitor import Monitor
from kerasish.training.remote import RemoteMonitor as RemoteMonitor
from kerasish.training.tensorboard import TensorBoard as TensorBoard

MonitorCallback = Monitor
experimental = types.SimpleNamespace(BackupAndRestore=BackupAndRestore)  # Keras 2's place

__all__ = [
    "BackupAndRestore", "BaseLogger", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History",
    "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback", "OrbaxCheckpoint", "ProgbarLogger",
    "ReduceLROnPlateau", "RemoteMonitor", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
