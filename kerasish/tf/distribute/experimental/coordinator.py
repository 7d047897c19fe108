"""``tf.distribute.experimental.coordinator``: the first names of ``tf.distribute.coordinator``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.distribute.coordinator import ClusterCoordinator as ClusterCoordinator
from kerasish.tf.distribute.coordinator import PerWorkerValue as PerWorkerValues  # noqa: F401 - its first name
from kerasish.tf.distribute.coordinator import RemoteValue as RemoteValue


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
