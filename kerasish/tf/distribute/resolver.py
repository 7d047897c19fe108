"""What all resolvers of clusters have in common."""

from __future__ import annotations

import collections
from typing import Any

from kerasish.core import device as devices
from kerasish.tf.train.cluster import ClusterSpec


def master_address(address: str, layer: str | None) -> str:
    """An address with the protocol before it."""
    return f"{layer}://{address}" if layer else address


class ClusterResolver:
    """What tells a program about its cluster. Classes derived from it say where they know that from."""

    _task_type: str | None = None
    _task_id: int | None = None
    _environment: Any = ""

    def cluster_spec(self) -> ClusterSpec:
        """The cluster's processes."""
        raise NotImplementedError

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        """The address that a session of TensorFlow 1 would be opened at."""
        raise NotImplementedError

    def num_accelerators(self, task_type: Any = None, task_id: Any = None, config_proto: Any = None) -> dict[str, int]:
        """How many accelerators this machine has, by kind."""
        found = {kind: devices.count_of_type(kind.lower()) for kind in ("GPU", "TPU")}
        return collections.defaultdict(int, {kind: count for kind, count in found.items() if count})

    @property
    def environment(self) -> Any:
        return self._environment

    @property
    def task_type(self) -> str | None:
        return self._task_type

    @task_type.setter
    def task_type(self, task_type: str | None) -> None:
        self._task_type = task_type

    @property
    def task_id(self) -> int | None:
        return self._task_id

    @task_id.setter
    def task_id(self, task_id: int | None) -> None:
        self._task_id = task_id
