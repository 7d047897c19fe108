"""``tf.distribute.cluster_resolver``: who the processes of a cluster are, and which one this is."""

from __future__ import annotations

import json
import os
from typing import Any

from kerasish.core.errors import NotServedError, missing_name
from kerasish.tf.distribute.resolver import ClusterResolver as ClusterResolver
from kerasish.tf.distribute.resolver import master_address
from kerasish.tf.distribute.slurm import SlurmClusterResolver as SlurmClusterResolver
from kerasish.tf.train.cluster import ClusterSpec


class SimpleClusterResolver(ClusterResolver):
    """A resolver of what its arguments say.

    Args:
        cluster_spec: the processes.
        master: the address of a session.
        task_type, task_id: which of them this one is.
        environment: a text for programs.
        num_accelerators: by kind; default: this machine's.
        rpc_layer: the protocol.

    Raises:
        TypeError: ``cluster_spec`` is no ``ClusterSpec``.
    """

    def __init__(
        self,
        cluster_spec: Any,
        master: str = "",
        task_type: str | None = None,
        task_id: int | None = None,
        environment: str = "",
        num_accelerators: dict[str, int] | None = None,
        rpc_layer: str | None = None,
    ) -> None:
        if not isinstance(cluster_spec, ClusterSpec):
            raise TypeError("cluster_spec must be a `tf.train.ClusterSpec`.")
        self._cluster_spec = cluster_spec
        self._master = master
        self._task_type, self._task_id = task_type, task_id
        self._environment = environment
        self._num_accelerators = num_accelerators
        self._rpc_layer = rpc_layer

    rpc_layer = property(lambda self: self._rpc_layer)

    def cluster_spec(self) -> ClusterSpec:
        return self._cluster_spec

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        layer = rpc_layer or self._rpc_layer
        if task_type is not None and task_id is not None:
            return master_address(self._cluster_spec.task_address(task_type, task_id), layer)
        return master_address(self._master, layer)

    def num_accelerators(self, task_type: Any = None, task_id: Any = None, config_proto: Any = None) -> dict[str, int]:
        if self._num_accelerators is None:
            return super().num_accelerators(task_type, task_id, config_proto)
        return self._num_accelerators


class TFConfigClusterResolver(ClusterResolver):
    """A resolver of the variable ``TF_CONFIG`` in the environment, a JSON text.

    Args:
        task_type, task_id, rpc_layer, environment: instead of what the variable says.
    """

    def __init__(
        self,
        task_type: str | None = None,
        task_id: int | None = None,
        rpc_layer: str | None = None,
        environment: str | None = None,
    ) -> None:
        self._task_type, self._task_id = task_type, task_id
        self._rpc_layer = rpc_layer
        self._environment = environment

    @staticmethod
    def _config() -> dict:
        return json.loads(os.environ.get("TF_CONFIG", "{}"))

    @property
    def task_type(self) -> str | None:
        task = self._config().get("task", {})
        return self._task_type if self._task_type is not None else (str(task["type"]) if "type" in task else None)

    @task_type.setter
    def task_type(self, task_type: str | None) -> None:
        self._task_type = task_type

    @property
    def task_id(self) -> int | None:
        task = self._config().get("task", {})
        return self._task_id if self._task_id is not None else (int(task["index"]) if "index" in task else None)

    @task_id.setter
    def task_id(self, task_id: int | None) -> None:
        self._task_id = task_id

    @property
    def environment(self) -> Any:
        return self._environment

    @property
    def rpc_layer(self) -> str | None:
        return self._rpc_layer if self._rpc_layer is not None else self._config().get("rpc_layer")

    @rpc_layer.setter
    def rpc_layer(self, rpc_layer: str | None) -> None:
        self._rpc_layer = rpc_layer

    def cluster_spec(self) -> ClusterSpec:
        return ClusterSpec(self._config().get("cluster", {}))

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        spec = self.cluster_spec()
        if not spec.jobs:
            return ""
        kind = task_type if task_type is not None else self.task_type
        number = task_id if task_id is not None else self.task_id
        if len(spec.jobs) == 1 and sum(len(spec.job_tasks(job)) for job in spec.jobs) == 1:
            return ""
        return master_address(spec.task_address(kind or "", number or 0), rpc_layer or self.rpc_layer)


class UnionResolver(ClusterResolver):
    """The clusters of several resolvers as one.

    Args:
        *args: the resolvers.
        rpc_layer, task_type, task_id: as keywords: instead of the first one's.

    Raises:
        ValueError: no resolver. TypeError: something else.
    """

    def __init__(self, *args: ClusterResolver, **kwargs: Any) -> None:
        if not args:
            raise ValueError("At least one ClusterResolver must be specified.")
        if not all(isinstance(resolver, ClusterResolver) for resolver in args):
            raise TypeError("All arguments must be a sub-class of `ClusterResolver.`")
        self._resolvers = args
        self._task_type = kwargs.get("task_type", args[0].task_type)
        self._task_id = kwargs.get("task_id", args[0].task_id)
        self._environment = args[0].environment
        self._rpc_layer = kwargs.get("rpc_layer", getattr(args[0], "rpc_layer", None))

    @property
    def rpc_layer(self) -> Any:
        return self._rpc_layer

    @rpc_layer.setter
    def rpc_layer(self, rpc_layer: Any) -> None:
        self._rpc_layer = rpc_layer

    def cluster_spec(self) -> ClusterSpec:
        jobs: dict[str, Any] = {}
        for resolver in self._resolvers:
            for name, tasks in resolver.cluster_spec().as_dict().items():
                if name not in jobs:
                    jobs[name] = tasks
                elif isinstance(tasks, list) and isinstance(jobs[name], list):
                    jobs[name] = jobs[name] + tasks
                else:
                    raise KeyError(f"Duplicate keys detected when merging two ClusterSpecs: {name}")
        return ClusterSpec(jobs)

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        if task_type is not None and task_id is not None:
            return master_address(self.cluster_spec().task_address(task_type, task_id), rpc_layer or self.rpc_layer)
        return self._resolvers[0].master(rpc_layer=rpc_layer)


class TPUClusterResolver(ClusterResolver):
    """A resolver of TPUs, which torch-xla reaches where they are; there is none to connect to over a network.

    Args:
        tpu: "local" for this machine's TPUs, or an address, which is noted only.
        zone, project, job_name, coordinator_name, coordinator_address, credentials, service, discovery_url: of Google's
            cloud; noted.

    Raises:
        ValueError: no TPU is named.
        NotServedError: a name that only Google's cloud could tell an address for.
    """

    def __init__(
        self,
        tpu: str | None = None,
        zone: str | None = None,
        project: str | None = None,
        job_name: str = "worker",
        coordinator_name: str | None = None,
        coordinator_address: str | None = None,
        credentials: str = "default",
        service: Any = None,
        discovery_url: str | None = None,
    ) -> None:
        if not tpu:
            raise ValueError("Please provide a TPU Name to connect to.")
        if tpu != "local" and "://" not in tpu:
            raise NotServedError(
                f"TPUClusterResolver(tpu={tpu!r}): kerasish asks no cloud service for addresses. Start the program on the "
                "TPU's own machine, with torch-xla installed."
            )
        self._tpu = tpu
        self._task_type, self._task_id = job_name, 0
        self._environment = ""

    def __enter__(self) -> TPUClusterResolver:
        return self

    def __exit__(self, type: Any, value: Any, traceback: Any) -> None:  # noqa: A002 - TensorFlow's name
        pass

    @staticmethod
    def connect(tpu: str | None = None, zone: str | None = None, project: str | None = None) -> TPUClusterResolver:
        """A resolver of TPUs that are ready to be used.

        Raises:
            ValueError: no TPU is named.
        """
        return TPUClusterResolver(tpu, zone, project)

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        return "" if self._tpu == "local" else self._tpu

    def get_master(self) -> str:
        """The address of a session."""
        return self.master()

    def get_job_name(self) -> str | None:
        """The job's name; of this machine's TPUs None."""
        return None if self._tpu == "local" else self._task_type

    def cluster_spec(self) -> ClusterSpec:
        if self._tpu == "local":
            return ClusterSpec({})
        return ClusterSpec({self._task_type: [self._tpu.partition("://")[2]]})


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
