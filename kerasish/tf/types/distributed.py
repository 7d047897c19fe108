"""``tf.types.experimental.distributed``: values of several replicas."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.distribute.reducing import Mirrored as Mirrored
from kerasish.tf.distribute.reducing import PerReplica as PerReplica


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
