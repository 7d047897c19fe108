"""The cluster of a Slurm step: which processes it has, from what Slurm puts into the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from kerasish.core import device as devices
from kerasish.core.errors import fail
from kerasish.tf.distribute.resolver import ClusterResolver, master_address
from kerasish.tf.train.cluster import ClusterSpec


def _variable(name: str) -> str:
    found = os.environ.get(f"SLURM_{name}")
    if found is None:
        raise RuntimeError(f"SLURM_{name} not found in environment. Not running inside a SLURM step?")
    return found


def expand_hostlist(hostlist: str) -> list[str]:
    """``n[1-3],m2`` → the names of the hosts; numbers keep their zeros in front.

    Raises:
        ValueError: another format.
    """
    hosts = []
    for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", hostlist):
        found = re.fullmatch(r"([^\[\]]*)(?:\[([^\[\]]*)\])?([^\[\]]*)", part.strip())
        if found is None:
            raise ValueError(f"Invalid hostlist format {hostlist!r}: {part!r}")
        before, numbers, after = found.groups()
        if numbers is None:
            hosts.append(part.strip())
            continue
        for stretch in numbers.split(","):
            first, _, last = stretch.partition("-")
            if not first.isdigit() or not (last or first).isdigit():
                raise ValueError(f"Invalid hostlist format {hostlist!r}: {stretch!r} is no range of numbers")
            hosts += [f"{before}{n:0{len(first)}d}{after}" for n in range(int(first), int(last or first) + 1)]
    return hosts


def expand_tasks_per_node(tasks_per_node: str) -> list[int]:
    """``3(x2),1`` → [3, 3, 1].

    Raises:
        ValueError: another format.
    """
    counts = []
    for part in tasks_per_node.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:\(x(\d+)\))?\s*", part)
        if found is None:
            raise ValueError(f"Invalid tasks-per-node list format {tasks_per_node!r}: {part!r}")
        counts += [int(found[1])] * int(found[2] or 1)
    return counts


class SlurmClusterResolver(ClusterResolver):
    """A resolver of the Slurm step that this process runs in: tasks in the order of nodes, each with its GPUs.

    Args:
        jobs: how many tasks each job has; default: all are workers.
        port_base: the port of a node's first task.
        gpus_per_node: default: as many as this machine has.
        gpus_per_task: default: all that a task's share of its node is.
        tasks_per_node: default: Slurm's.
        auto_set_gpu: whether ``cluster_spec`` shows this process its own GPUs only, by ``CUDA_VISIBLE_DEVICES``.
        rpc_layer: the protocol.

    Raises:
        RuntimeError: this is no Slurm step, it has another number of tasks, or nodes have fewer GPUs.
    """

    def __init__(
        self,
        jobs: Mapping[str, int] | None = None,
        port_base: int = 8888,
        gpus_per_node: int | None = None,
        gpus_per_task: int | None = None,
        tasks_per_node: int | None = None,
        auto_set_gpu: bool = True,
        rpc_layer: str = "grpc",
    ) -> None:
        self._rank = int(_variable("PROCID"))
        total = int(_variable("STEP_NUM_TASKS"))
        self._hosts = expand_hostlist(_variable("STEP_NODELIST"))
        if tasks_per_node is None:
            self._per_node = expand_tasks_per_node(_variable("STEP_TASKS_PER_NODE"))
        else:
            self._per_node = [int(tasks_per_node)] * len(self._hosts)
        self._jobs = {"worker": total} if jobs is None else dict(jobs)
        if sum(self._jobs.values()) != total:
            raise RuntimeError(f"Requested {sum(self._jobs.values())} tasks but only {total} were assigned.")
        if sum(self._per_node) != total or len(self._per_node) != len(self._hosts):
            raise fail(RuntimeError, "Slurm's tasks per node do not make up its tasks", total, self._per_node)
        self._gpus_per_node = devices.count_of_type("gpu") if gpus_per_node is None else int(gpus_per_node)
        if gpus_per_task is None:
            gpus_per_task = self._gpus_per_node // max(self._per_node)
        self._gpus_per_task = int(gpus_per_task)
        if self._gpus_per_task * max(self._per_node) > self._gpus_per_node:
            raise RuntimeError("Requested more GPUs per node than available.")
        self._port_base, self._auto_set_gpu, self._environment = int(port_base), auto_set_gpu, ""
        self._rpc_layer = rpc_layer
        self._task_type, self._task_id = self.get_task_info()

    rpc_layer = property(lambda self: self._rpc_layer)

    def get_task_info(self) -> tuple[str | None, int | None]:
        """This process's job, and its number in it; None, None if it is in none."""
        first = 0
        for job, count in self._jobs.items():
            if first <= self._rank < first + count:
                return job, self._rank - first
            first += count
        return None, None

    def cluster_spec(self) -> ClusterSpec:
        """The tasks' addresses, job by job."""
        places = [(host, i) for host, count in zip(self._hosts, self._per_node) for i in range(count)]
        if self._auto_set_gpu and self._gpus_per_task and self._rank < len(places):
            first = places[self._rank][1] * self._gpus_per_task
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(first, first + self._gpus_per_task)))
        addresses = iter(f"{host}:{self._port_base + i}" for host, i in places)
        return ClusterSpec({job: [next(addresses) for _ in range(count)] for job, count in self._jobs.items()})

    def master(self, task_type: Any = None, task_id: Any = None, rpc_layer: Any = None) -> str:
        """A task's address with the protocol; default: this process's."""
        kind = self._task_type if task_type is None else task_type
        number = self._task_id if task_id is None else task_id
        if kind is None or number is None:
            return ""
        return master_address(self.cluster_spec().task_address(kind, number), rpc_layer or self._rpc_layer)

    def num_accelerators(self, task_type: Any = None, task_id: Any = None, config_proto: Any = None) -> dict[str, int]:
        """How many GPUs each task has."""
        return {"GPU": self._gpus_per_task}
