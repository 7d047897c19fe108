"""Tasks of a cluster that are all in one process, and the strategy of a coordinator and its workers.

Nothing is sent over a network: a task that is started here is a place among this process's threads. Tasks of other processes
are not reached; ``torchrun`` and ``MultiWorkerMirroredStrategy`` are for several processes.
"""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import InvalidArgumentError, NotServedError, fail
from kerasish.tf.distribute.strategies import Strategy, StrategyExtended
from kerasish.tf.train.cluster import ClusterDef, ClusterSpec, ServerDef

_started: dict[str, Server] = {}  # by address


class Server:
    """A task of a cluster within this process.

    Args:
        server_or_cluster_def: a cluster, as ``ClusterSpec`` takes it, or a ``ServerDef``.
        job_name, task_index: which task; default: the only one.
        protocol: named before the address; default "grpc".
        config: options of TensorFlow 1's sessions; must be None.
        start: whether it starts at once.

    Raises:
        ValueError: it does not follow which task it is.
        InvalidArgumentError: there is no such task.
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ) -> None:
        if config is not None:
            raise fail(ValueError, "`config` belongs to sessions of TensorFlow 1, which are not served")
        given = server_or_cluster_def if isinstance(server_or_cluster_def, ServerDef) else ServerDef()
        cluster = given.cluster if given is server_or_cluster_def else server_or_cluster_def
        spec = cluster if isinstance(cluster, ClusterSpec) else ClusterSpec(cluster)
        job = job_name or given.job_name
        if not job:
            if len(spec.jobs) != 1:
                raise ValueError("Must specify an explicit job_name.")
            job = spec.jobs[0]
        if task_index is None:
            task_index = given.task_index if given is server_or_cluster_def else None
        if task_index is None:
            if len(spec.task_indices(job)) != 1:
                raise ValueError("Must specify an explicit task_index.")
            task_index = spec.task_indices(job)[0]
        if job not in spec.jobs or task_index not in spec.task_indices(job):
            raise InvalidArgumentError(None, None, f"Task {task_index} was not defined in job {job!r}")
        definition: ClusterDef = spec.as_cluster_def()
        self._definition = ServerDef(
            cluster=definition, job_name=job, task_index=task_index, protocol=protocol or given.protocol or "grpc"
        )
        self._address = spec.task_address(job, task_index)
        if start:
            self.start()

    @property
    def server_def(self) -> ServerDef:
        """The cluster and which task this is, as a message."""
        return self._definition

    @property
    def target(self) -> str:
        """The address with the protocol."""
        return f"{self._definition.protocol}://{self._address}"

    def start(self) -> None:
        """Let coordinators of this process find the task."""
        _started[self._address] = self

    def join(self) -> None:
        """Wait for a coordinator in another process.

        Raises:
            NotServedError: always: none can come.
        """
        raise NotServedError(
            "'tf.distribute.Server.join' waits for another process over TensorFlow's network protocol, which kerasish does "
            "not have. Use tf.distribute.MultiWorkerMirroredStrategy and torchrun, or start all tasks in one process."
        )

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A cluster of one task."""
        return Server({"localhost": ["localhost:0"]}, protocol="grpc", config=config, start=start)


class ParameterServerStrategy(Strategy):
    """A coordinator and workers; here in one process, whose memory holds the variables. See ``ClusterCoordinator``.

    Args:
        cluster_resolver: tells of the cluster; its workers must have been started in this process by ``Server``.
        variable_partitioner: how variables are cut up for several parameter servers: here is one memory, and they stay whole.

    Raises:
        ValueError: the cluster has no workers.
        NotServedError: a worker is not in this process.
    """

    def __init__(self, cluster_resolver: Any, variable_partitioner: Any = None) -> None:
        super().__init__(StrategyExtended(self))
        self._cluster_resolver = cluster_resolver
        if variable_partitioner is not None and not callable(variable_partitioner):
            raise fail(ValueError, "`variable_partitioner` must be callable", received=variable_partitioner)
        spec = cluster_resolver.cluster_spec()
        workers = spec.job_tasks("worker") if "worker" in spec.jobs else []
        if not workers:
            raise ValueError("At least one worker is needed in the cluster of a ParameterServerStrategy.")
        away = [address for address in workers if address not in _started]
        if away:
            raise NotServedError(
                f"ParameterServerStrategy: the workers at {', '.join(map(str, away))} are not in this process, and kerasish "
                "reaches no others. Use tf.distribute.MultiWorkerMirroredStrategy and torchrun; or tf.distribute.Server "
                "for each task in this process."
            )
        self._num_workers = len(workers)

    @property
    def num_replicas_in_sync(self) -> int:
        return 1

    def _replica_id(self) -> Any:
        return 0
