"""``ClusterSpec``: which processes a cluster has, as programs hand it to resolvers of ``tf.distribute``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasish.tf.train.fields import Field
from kerasish.tf.train.messages import Message


class JobDef(Message):
    """A job of a cluster: ``tasks`` are addresses by number."""

    __slots__ = ()
    _name = "tensorflow.JobDef"
    _fields = {"name": Field(1, "string"), "tasks": Field(2, "string", "map", "int32")}


class ClusterDef(Message):
    """A cluster: its ``job``s."""

    __slots__ = ()
    _name = "tensorflow.ClusterDef"
    _fields = {"job": Field(1, JobDef, "repeated")}


class ServerDef(Message):
    """A task of a cluster, as servers are told. Sessions' options and device filters are kept as unknown fields."""

    __slots__ = ()
    _name = "tensorflow.ServerDef"
    _fields = {
        "cluster": Field(1, ClusterDef),
        "job_name": Field(2, "string"),
        "replica": Field(8, "int32"),
        "task_index": Field(3, "int32"),
        "protocol": Field(5, "string"),
        "port": Field(6, "int32"),
    }


class ClusterSpec:
    """The addresses of a cluster's processes.

    Args:
        cluster: jobs by name, each with a list of addresses ``host:port`` or a mapping from task numbers to them; or
            another ``ClusterSpec``, or a ``ClusterDef``.

    Raises:
        TypeError: something else.
    """

    def __init__(self, cluster: Any) -> None:
        if isinstance(cluster, ClusterSpec):
            cluster = cluster.as_dict()
        if isinstance(cluster, ClusterDef):
            cluster = {job.name: dict(job.tasks) for job in cluster.job}
        if not isinstance(cluster, Mapping):
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a "
                "`ClusterDef` protocol buffer"
            )
        self._jobs: dict[str, dict[int, str]] = {}
        for name, tasks in cluster.items():
            if isinstance(tasks, Mapping):
                pairs: Any = tasks.items()
            elif isinstance(tasks, Sequence) and not isinstance(tasks, str):
                pairs = enumerate(tasks)
            else:
                raise TypeError(f"The tasks for job {name!r} must be a list or a dictionary from integers to strings.")
            self._jobs[name] = {}
            for index, address in pairs:
                if not isinstance(address, str):
                    raise TypeError(f"Tasks in `cluster` must be strings, got {address!r}")
                self._jobs[name][int(index)] = address

    def as_dict(self) -> dict[str, Any]:
        """Jobs by name: lists of addresses, or dictionaries where task numbers have gaps."""
        whole = {name: sorted(tasks) == list(range(len(tasks))) for name, tasks in self._jobs.items()}
        return {
            name: [tasks[i] for i in sorted(tasks)] if whole[name] else dict(tasks)
            for name, tasks in self._jobs.items()
        }

    def as_cluster_def(self) -> ClusterDef:
        """The same as a message."""
        made = ClusterDef()
        for name in sorted(self._jobs):
            made.job.add(name=name, tasks=self._jobs[name])
        return made

    @property
    def jobs(self) -> list[str]:
        return list(self._jobs)

    def _tasks(self, job_name: str) -> dict[int, str]:
        if job_name not in self._jobs:
            raise ValueError(f"No such job in cluster: {job_name!r}")
        return self._jobs[job_name]

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has.

        Raises:
            ValueError: there is no such job.
        """
        return len(self._tasks(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks.

        Raises:
            ValueError: there is no such job.
        """
        return sorted(self._tasks(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task.

        Raises:
            ValueError: there is no such task.
        """
        tasks = self._tasks(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """A job's addresses by task number; None where there is no such task.

        Raises:
            ValueError: there is no such job.
        """
        tasks = self._tasks(job_name)
        return [tasks.get(i) for i in range(max(tasks, default=-1) + 1)]

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and self._jobs == other._jobs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        jobs = self.as_dict()
        return f"ClusterSpec({{{', '.join(f'{name!r}: {jobs[name]!r}' for name in sorted(jobs))}}})"
