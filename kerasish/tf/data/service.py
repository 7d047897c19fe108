"""``tf.data.experimental.service`` within one process, and names that need TensorFlow's own runtime and say so."""

from __future__ import annotations

import enum
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

from kerasish.core.errors import NotFoundError, NotServedError, fail, missing_name
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.data.dataset import Dataset

_SERVICE = "the data service of kerasish is within one process: datasets are made in the one that uses them"
_RUNTIME = "datasets are Python objects in kerasish, without a graph or a state that could be handed over"
_HINT = "Dataset.shard(num_shards, index) splits a dataset among processes; Dataset.save and load keep its elements."


def _refuse(name: str, why: str) -> NoReturn:
    raise fail(NotServedError, f"tf.data.experimental.{name} is not served: {why}", hint=_HINT)


class ShardingPolicy(enum.IntEnum):
    """How the service would split a dataset among its workers."""

    OFF = 0
    DYNAMIC = 1
    FILE = 2
    DATA = 3
    FILE_OR_DATA = 4
    HINT = 5


class _Dispatcher(NamedTuple):
    port: int
    protocol: str
    work_dir: str | None
    fault_tolerant_mode: bool
    worker_addresses: Any
    job_gc_check_interval_ms: int
    job_gc_timeout_ms: int
    worker_timeout_ms: int
    worker_max_concurrent_snapshots: int


class DispatcherConfig(_Dispatcher):
    """Settings of a dispatcher of the service; times of None are 0, for the service's own choice."""

    def __new__(
        cls,
        port: int = 0,
        protocol: str | None = None,
        work_dir: str | None = None,
        fault_tolerant_mode: bool = False,
        worker_addresses: Any = None,
        job_gc_check_interval_ms: int | None = None,
        job_gc_timeout_ms: int | None = None,
        worker_timeout_ms: int | None = None,
        worker_max_concurrent_snapshots: int = 0,
    ) -> DispatcherConfig:
        times = (job_gc_check_interval_ms or 0, job_gc_timeout_ms or 0, worker_timeout_ms or 0)
        first = (port, protocol or "grpc", work_dir, fault_tolerant_mode, worker_addresses)
        return super().__new__(cls, *first, *times, worker_max_concurrent_snapshots)


class _Worker(NamedTuple):
    dispatcher_address: str
    worker_address: str
    port: int
    protocol: str
    heartbeat_interval_ms: int
    dispatcher_timeout_ms: int
    data_transfer_protocol: str | None
    data_transfer_address: str | None


class WorkerConfig(_Worker):
    """Settings of a worker of the service; times of None are 0, for the service's own choice."""

    def __new__(
        cls,
        dispatcher_address: str,
        worker_address: str | None = None,
        port: int = 0,
        protocol: str | None = None,
        heartbeat_interval_ms: int | None = None,
        dispatcher_timeout_ms: int | None = None,
        data_transfer_protocol: str | None = None,
        data_transfer_address: str | None = None,
    ) -> WorkerConfig:
        address = worker_address or "localhost:%port%"
        times = (heartbeat_interval_ms or 0, dispatcher_timeout_ms or 0)
        rest = (data_transfer_protocol, data_transfer_address)
        return super().__new__(cls, dispatcher_address, address, port, protocol or "grpc", *times, *rest)


class CrossTrainerCache:
    """Not served."""

    def __init__(self, trainer_id: Any) -> None:
        _refuse("service.CrossTrainerCache", _SERVICE)


# the service, within one process -----------------------------------------------------------------------------------------

_dispatchers: dict[str, DispatchServer] = {}  # by address
_ports = itertools.count(50001)


class DispatchServer:
    """A dispatcher within this process: nothing is sent over a network, and its workers are of this process too.

    Args:
        config: a ``DispatcherConfig``.
        start: whether it starts at once.

    Raises:
        ValueError: fault tolerance without a folder.
    """

    def __init__(self, config: Any = None, start: bool = True) -> None:
        self._config = config or DispatcherConfig()
        if self._config.fault_tolerant_mode and not self._config.work_dir:
            raise ValueError(
                "Cannot enable fault tolerant mode without configuring a work dir. Make sure to set `work_dir` in the "
                "`config` object passed to `DispatcherServer`."
            )
        self._port = self._config.port
        self._workers: list[WorkerServer] = []
        self._datasets: dict[bytes, Dataset] = {}
        self._jobs: dict[tuple, Any] = {}
        self._pulling = threading.Lock()
        if start:
            self.start()

    def start(self) -> None:
        """Let workers and datasets of this process find it."""
        self._port = self._port or next(_ports)
        _dispatchers[f"localhost:{self._port}"] = self

    @property
    def target(self) -> str:
        """The address with the protocol, for ``distribute``."""
        return f"{self._config.protocol}://localhost:{self._port}"

    def join(self) -> None:
        """Wait for other processes.

        Raises:
            NotServedError: always: none can come.
        """
        _refuse("service.DispatchServer.join", _SERVICE)

    def stop(self) -> None:
        """Take no more requests."""
        self._stop()

    def _stop(self) -> None:
        _dispatchers.pop(f"localhost:{self._port}", None)

    def _pull(self, job: tuple, make: Callable[[], Iterator]) -> Iterator:
        """Elements of a job, of which each goes to one of those who ask."""
        with self._pulling:
            if job not in self._jobs:
                self._jobs[job] = make()
        while True:
            with self._pulling:
                element = next(self._jobs[job], _end)
            if element is _end:
                return
            yield element


_end = object()


class WorkerServer:
    """A worker within this process: it makes the elements of datasets.

    Args:
        config: a ``WorkerConfig``.
        start: whether it starts at once.

    Raises:
        ValueError: no dispatcher is named. NotServedError: it is not in this process.
    """

    def __init__(self, config: Any, start: bool = True) -> None:
        if config is None or not config.dispatcher_address:
            raise ValueError("Must specify a `dispatcher_address` in the `config` passed to `WorkerServer`.")
        self._config = config
        if start:
            self.start()

    def start(self) -> None:
        """Work for the dispatcher."""
        workers = _dispatcher(self._config.dispatcher_address)._workers
        if self not in workers:
            workers.append(self)

    def join(self) -> None:
        """Wait for other processes.

        Raises:
            NotServedError: always: none can come.
        """
        _refuse("service.WorkerServer.join", _SERVICE)

    def stop(self) -> None:
        """Make no more elements."""
        self._stop()

    def _stop(self) -> None:
        _dispatcher(self._config.dispatcher_address)._workers.remove(self)


def _dispatcher(service: Any) -> DispatchServer:
    """The dispatcher of an address, with or without the protocol."""
    if not isinstance(service, str):
        raise ValueError(f"`service` must be a string, but `service` was of type {type(service)}. service={service}")
    if not service:
        raise ValueError("`service` must not be empty")
    found = _dispatchers.get(service.rpartition("://")[2])
    if found is None:
        _refuse(f"service with the dispatcher {service}", "it is not in this process, and kerasish reaches no others")
    return found


def _copies(processing_mode: Any) -> bool:
    """Whether each worker makes all of a dataset."""
    if processing_mode in ("parallel_epochs", ShardingPolicy.OFF):
        return True
    if processing_mode in ("distributed_epoch", ShardingPolicy.DYNAMIC):
        return False
    if isinstance(processing_mode, ShardingPolicy):
        _refuse(f"service with {processing_mode!r}", "workers are given no files and shards of their own")
    raise ValueError(
        "tf.data service processing mode should be a `tf.data.experimental.service.ShardingPolicy`, "
        f'`"parallel_epochs"`, or `"distributed_epoch"`. Got {processing_mode!r}.'
    )


def _check_wishes(job_name: Any, target_workers: str, **others: Any) -> None:
    if job_name is not None and not isinstance(job_name, str):
        raise ValueError(
            f"`job_name` must be a string, but `job_name` was of type {type(job_name)}. job_name={job_name}"
        )
    if job_name == "":
        raise ValueError("`job_name` must not be empty")
    for name, value in others.items():
        if value is not None:
            _refuse(f"service with `{name}`", "elements are made in one process, for whoever asks first")
    if target_workers.upper() not in ("AUTO", "ANY", "LOCAL"):
        raise ValueError(f"`target_workers` must be 'AUTO', 'ANY' or 'LOCAL'. Received: {target_workers!r}")


def _distributed(dataset: Dataset, processing_mode: Any, service: Any, job_name: str | None) -> Dataset:
    dispatcher, copies, passes = _dispatcher(service), _copies(processing_mode), itertools.count()

    def made() -> Iterator:
        if not dispatcher._workers:
            _refuse("service without workers", "start a WorkerServer in this process first")
        iterators = [iter(dataset) for _ in (dispatcher._workers if copies else [0])]
        while iterators:
            for iterator in list(iterators):
                element = next(iterator, _end)
                if element is _end:
                    iterators.remove(iterator)
                else:
                    yield element

    def elements() -> Iterator:
        number = next(passes)
        return made() if job_name is None else dispatcher._pull((job_name, number), made)

    return Dataset.from_generator(elements, output_signature=dataset.element_spec)


def distribute(
    processing_mode: Any,
    service: Any,
    job_name: Any = None,
    consumer_index: Any = None,
    num_consumers: Any = None,
    max_outstanding_requests: Any = None,
    data_transfer_protocol: Any = None,
    compression: str | None = "AUTO",
    cross_trainer_cache: Any = None,
    target_workers: str = "AUTO",
) -> Callable[[Dataset], Dataset]:
    """For ``Dataset.apply``: the elements as a dispatcher's workers make them, in this process.

    Args:
        processing_mode: "parallel_epochs" or ``ShardingPolicy.OFF``: each worker makes all elements; "distributed_epoch" or
            ``ShardingPolicy.DYNAMIC``: each element is made once.
        service: the dispatcher's ``target``.
        job_name: datasets of one job share its elements, each of which goes to one of them.
        max_outstanding_requests, compression, target_workers: of the transport, which there is none of.

    Raises:
        ValueError: another mode, no address. NotServedError: dispatchers elsewhere, consumers in turn.
    """
    _copies(processing_mode)
    _dispatcher(service)
    _check_wishes(
        job_name,
        target_workers,
        consumer_index=consumer_index,
        num_consumers=num_consumers,
        data_transfer_protocol=data_transfer_protocol,
        cross_trainer_cache=cross_trainer_cache,
    )
    return lambda dataset: _distributed(dataset, processing_mode, service, job_name)


def register_dataset(service: Any, dataset: Any, compression: str | None = "AUTO", dataset_id: Any = None) -> Tensor:
    """Hand a dataset to a dispatcher of this process.

    Args:
        compression: of the transport, which there is none of.
        dataset_id: a text; default: one that the dispatcher makes up.

    Returns:
        The dataset's id, a text.
    """
    dispatcher = _dispatcher(service)
    name = str(1000 + len(dispatcher._datasets)) if dataset_id is None else dataset_id
    text = convert(name, "string")
    dispatcher._datasets.setdefault(text.numpy(), dataset)
    return text


def from_dataset_id(
    processing_mode: Any,
    service: Any,
    dataset_id: Any,
    element_spec: Any = None,
    job_name: Any = None,
    consumer_index: Any = None,
    num_consumers: Any = None,
    max_outstanding_requests: Any = None,
    data_transfer_protocol: Any = None,
    cross_trainer_cache: Any = None,
    target_workers: str = "AUTO",
) -> Dataset:
    """The dataset that was registered under an id, as workers make its elements; see ``distribute``.

    Args:
        element_spec: of its elements, which the dispatcher knows as well.

    Raises:
        NotFoundError: there is no such dataset.
    """
    apply = distribute(
        processing_mode, service, job_name, consumer_index, num_consumers, max_outstanding_requests,
        data_transfer_protocol, "AUTO", cross_trainer_cache, target_workers,
    )  # fmt: skip
    found = _dispatcher(service)._datasets.get(convert(dataset_id, "string").numpy())
    if found is None:
        raise NotFoundError(
            None, None,
            f"Dataset id {dataset_id} not found. It must be registered with `register_dataset` before calling "
            "`from_dataset_id`.",
        )  # fmt: skip
    return apply(found)


# what is refused ------------------------------------------------------------------------------------------------------


def distributed_save(dataset: Any, path: Any, data_service_address: Any, compression: str = "AUTO") -> NoReturn:
    """Not served."""
    _refuse("distributed_save", _SERVICE)


def to_variant(dataset: Any) -> NoReturn:
    """Not served."""
    _refuse("to_variant", _RUNTIME)


def from_variant(variant: Any, structure: Any) -> NoReturn:
    """Not served."""
    _refuse("from_variant", _RUNTIME)


def get_model_proto(iterator: Any) -> NoReturn:
    """Not served."""
    _refuse("get_model_proto", _RUNTIME)


def make_saveable_from_iterator(iterator: Any, external_state_policy: Any = None) -> NoReturn:
    """Not served."""
    _refuse("make_saveable_from_iterator", _RUNTIME)


for _name in (
    CrossTrainerCache, distributed_save, to_variant, from_variant, get_model_proto, make_saveable_from_iterator,
):  # fmt: skip
    _name.__kerasish_stub__ = True  # type: ignore[union-attr]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
