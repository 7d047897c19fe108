"""Keras 2's ``keras.optimizers.legacy``: the same optimizers, which here are compatible with both.

Their state in memory is that of ``keras.optimizers``.
"""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name, public_dir
from kerasish.optimizers.adam import Adam as Adam
from kerasish.optimizers.adam import Adamax as Adamax
from kerasish.optimizers.adam import Nadam as Nadam
from kerasish.optimizers.base import Optimizer as Optimizer
from kerasish.optimizers.rules import SGD as SGD
from kerasish.optimizers.rules import Adadelta as Adadelta
from kerasish.optimizers.rules import Adagrad as Adagrad
from kerasish.optimizers.rules import Ftrl as Ftrl
from kerasish.optimizers.rules import RMSprop as RMSprop

__all__ = ["Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "Optimizer", "RMSprop", "SGD"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
