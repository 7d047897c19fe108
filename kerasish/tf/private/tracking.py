"""``tensorflow.python.trackable``: objects whose attributes checkpoints follow, and how to keep some from it."""

from __future__ import annotations

import abc
import contextlib
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from kerasish.core.context import scope
from kerasish.core.variable import Variable
from kerasish.layers.layer import Layer
from kerasish.layers.tracking import NoDependency as NoDependency
from kerasish.src._utils import no_automatic_dependency_tracking
from kerasish.tf.module import Module

TrackableReference = namedtuple("TrackableReference", ["name", "ref"])


class Trackable(metaclass=abc.ABCMeta):  # noqa: B024 - for isinstance
    """The base of what checkpoints hold; variables, layers and modules are such. Checkpoints follow all attributes."""


class AutoTrackable(Trackable):
    """The same: checkpoints follow its attributes."""


for _class in (Variable, Layer, Module):
    AutoTrackable.register(_class)


@contextlib.contextmanager
def no_automatic_dependency_tracking_scope(obj: Any) -> Iterator[None]:
    """A block in which what is assigned to a layer's attributes is not one of its parts."""
    with scope(tracking=False):
        yield


def sticky_attribute_assignment(trackable: Any, name: str, value: Any) -> Any:
    """What is to be assigned: the value as it is, since attributes are followed when a checkpoint is written."""
    return value


def wrap_or_unwrap(value: Any) -> Any:
    """The value without its ``NoDependency``; lists and dictionaries need no wrapper to be followed."""
    return value.value if isinstance(value, NoDependency) else value


__all__ = [
    "AutoTrackable",
    "NoDependency",
    "Trackable",
    "TrackableReference",
    "no_automatic_dependency_tracking",
    "no_automatic_dependency_tracking_scope",
    "sticky_attribute_assignment",
    "wrap_or_unwrap",
]
