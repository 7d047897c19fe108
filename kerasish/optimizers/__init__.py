"""Optimizers (``keras.optimizers``): how variables follow their gradients."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names, registry
from kerasish.core.errors import close_matches, fail
from kerasish.core.registry import publish
from kerasish.optimizers import legacy as legacy
from kerasish.optimizers import schedules as schedules
from kerasish.optimizers.adam import Adam as Adam
from kerasish.optimizers.adam import Adamax as Adamax
from kerasish.optimizers.adam import AdamW as AdamW
from kerasish.optimizers.adam import Nadam as Nadam
from kerasish.optimizers.adam import ScheduleFreeAdamW as ScheduleFreeAdamW
from kerasish.optimizers.base import Optimizer as Optimizer
from kerasish.optimizers.rules import SGD as SGD
from kerasish.optimizers.rules import Adadelta as Adadelta
from kerasish.optimizers.rules import Adagrad as Adagrad
from kerasish.optimizers.rules import Ftrl as Ftrl
from kerasish.optimizers.rules import Lion as Lion
from kerasish.optimizers.rules import RMSprop as RMSprop
from kerasish.optimizers.shaped import Adafactor as Adafactor
from kerasish.optimizers.shaped import Lamb as Lamb
from kerasish.optimizers.shaped import Muon as Muon
from kerasish.optimizers.wrappers import LossScaleOptimizer as LossScaleOptimizer
from kerasish.optimizers.wrappers import MultiOptimizer as MultiOptimizer
from kerasish.optimizers.wrappers import OptimizerMap as OptimizerMap

__all__ = [
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "LossScaleOptimizer",
    "MultiOptimizer", "Muon", "Nadam", "Optimizer", "OptimizerMap", "RMSprop", "SGD", "ScheduleFreeAdamW", "deserialize",
    "get", "legacy", "schedules", "serialize",
]  # fmt: skip

_OURS = {
    cls.__name__.lower(): cls
    for cls in (
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, MultiOptimizer, Muon,
        Nadam, RMSprop, SGD, ScheduleFreeAdamW,
    )
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The optimizer for a name in any case ("adam", "SGD"), a config or an optimizer; ``None`` gives ``None``.

    Raises:
        ValueError: nothing of that name.
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict) and "class_name" in identifier:
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = registry.get_registered_object(identifier) or _OURS.get(identifier.lower())
        if found is not None:
            return found()
        names = [cls.__name__ for cls in _OURS.values()]
        raise fail(
            ValueError, f"Could not interpret optimizer identifier: {identifier}", hint=close_matches(identifier, names)
        )
    raise fail(
        ValueError,
        f"Could not interpret optimizer identifier: {identifier}",
        "a name, a config or a keras.optimizers.Optimizer",
    )


def serialize(optimizer: Optimizer) -> dict:
    """Plain data that ``deserialize`` turns into an equal optimizer; its state is not in it."""
    return registry.serialize_keras_object(optimizer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Any:
    """The optimizer for what ``serialize`` gave; names of ours may be in any case and without a module.

    Raises:
        TypeError: nothing of that name.
    """
    name = config.get("class_name")
    if isinstance(name, str) and name.lower() in _OURS and registry.get_registered_object(name, custom_objects) is None:
        config = {**config, "class_name": _OURS[name.lower()].__name__, "module": "keras.optimizers"}
    return registry.deserialize_keras_object(config, custom_objects)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), [name for name in __all__ if name not in ("legacy", "schedules")])
