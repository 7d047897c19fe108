"""Strategies: a replica for each process, the scopes in which there is one, and what a replica asks about itself."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.core import context, tree
from kerasish.core import device as devices
from kerasish.core.errors import NotServedError, fail
from kerasish.core.tensor import convert
from kerasish.distribution.processes import num_processes, process_id
from kerasish.distribution.strategies import DataParallel
from kerasish.tf.distribute import reducing
from kerasish.tf.distribute.cluster_resolver import TFConfigClusterResolver
from kerasish.tf.distribute.inputs import DistributedDataset, ValueContext, distributed, from_function
from kerasish.tf.distribute.reducing import ReduceOp
from kerasish.tf.math import truediv
from kerasish.tf.reductions import reduce_sum

# scopes ---------------------------------------------------------------------------------------------------------------


class _Open(contextlib.ExitStack):
    """``with strategy.scope():`` — the block in which it is the current one."""

    def __init__(self, strategy: Strategy) -> None:
        super().__init__()
        self._strategy = strategy

    def __enter__(self) -> Strategy:  # type: ignore[override]
        strategy, opened = self._strategy, context.local.strategies
        if opened and opened[-1][1] is not None and opened[-1][0]._distributes:
            raise RuntimeError("Method requires being in cross-replica context, use get_replica_context().merge_call()")
        if opened and opened[-1][0] is not strategy and opened[-1][0]._distributes:
            raise RuntimeError(f"Mixing different tf.distribute.Strategy objects: {opened[-1][0]} is not {strategy}")
        super().__enter__()
        self.enter_context(context.scope(strategies=(*opened, (strategy, None))))
        if strategy._device is not None:
            self.enter_context(devices.scope(strategy._device))
        if strategy.num_replicas_in_sync > 1 and context.settings.distribution is None:
            context.settings.distribution = DataParallel(devices=[f"cpu:{i}" for i in range(num_processes())])
        return strategy


class ReplicaContext:
    """What the function of ``Strategy.run`` may ask about its replica, and do together with the others.

    Args:
        strategy: whose replica.
        replica_id_in_sync_group: its number.
    """

    def __init__(self, strategy: Strategy, replica_id_in_sync_group: Any) -> None:
        self._strategy = strategy
        self._replica_id = replica_id_in_sync_group

    strategy = property(lambda self: self._strategy)

    replica_id_in_sync_group = property(lambda self: self._replica_id)

    @property
    def num_replicas_in_sync(self) -> int:
        return self._strategy.num_replicas_in_sync

    @property
    def devices(self) -> list:
        return [list(self._strategy.extended.worker_devices)]

    def __enter__(self) -> ReplicaContext:
        self._before = context.local.strategies
        context.local.strategies = (*self._before, (self._strategy, self))
        return self

    def __exit__(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        context.local.strategies = self._before

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The sum or mean of the replicas' tensors, in any structure, which every replica gets; gradients pass."""
        op = reducing.operation(reduce_op)
        return tree.map_structure(lambda x: reducing.reduced(op, x, self.num_replicas_in_sync), value)

    def all_gather(self, value: Any, axis: int, options: Any = None) -> Any:
        """The replicas' tensors, one after the other along an axis."""
        return tree.map_structure(lambda x: reducing.gathered(x, axis, self.num_replicas_in_sync), value)

    def merge_call(self, merge_fn: Callable, args: Sequence = (), kwargs: dict | None = None) -> Any:
        """What a function of the strategy and these arguments gives outside of any replica."""
        with context.scope(strategies=(*context.local.strategies, (self._strategy, None))):
            return merge_fn(self._strategy, *args, **(kwargs or {}))


# strategies -----------------------------------------------------------------------------------------------------------


class StrategyExtended:
    """What libraries ask of a strategy.

    Args:
        container_strategy: the strategy.
    """

    def __init__(self, container_strategy: Strategy) -> None:
        self._strategy = container_strategy

    experimental_require_static_shapes = property(lambda self: False)

    @property
    def worker_devices(self) -> tuple[str, ...]:
        return (devices.tf_name(self._strategy._device or devices.current()),)

    parameter_devices = worker_devices

    def reduce_to(self, reduce_op: Any, value: Any, destinations: Any, options: Any = None) -> Any:
        """The sum or mean of the replicas' values, where a variable or device is."""
        return reducing.reduced(
            reducing.operation(reduce_op), reducing.local(value), self._strategy.num_replicas_in_sync
        )

    def batch_reduce_to(self, reduce_op: Any, value_destination_pairs: Any, options: Any = None) -> list:
        """``reduce_to`` for pairs of value and destination."""
        return [self.reduce_to(reduce_op, value, place) for value, place in value_destination_pairs]

    def update(
        self, var: Any, fn: Callable, args: Sequence = (), kwargs: dict | None = None, group: bool = True
    ) -> Any:
        """What a function of a variable gives; ``fn(var, *args, **kwargs)`` on this process's copy."""
        result = fn(var, *reducing.local(tuple(args)), **reducing.local(dict(kwargs or {})))
        return result if group else (result,)

    def value_container(self, value: Any) -> Any:
        """What holds a value: itself."""
        return value

    def variable_created_in_scope(self, v: Any) -> bool:
        """Whether a variable belongs to this strategy: there is one kind of variables, which belong to all."""
        return True

    def colocate_vars_with(self, colocate_with_variable: Any) -> Any:
        """A block whose variables lie where this one does.

        Raises:
            RuntimeError: outside of the strategy's scope.
        """
        if get_strategy() is not self._strategy:
            raise RuntimeError(f'Need to be inside "with strategy.scope()" for {self._strategy}')
        return devices.scope(devices.tf_name(colocate_with_variable.stored.device))


class Strategy:
    """Computes with one replica in each process that computes together; with one process, as without a strategy.

    Args:
        extended: a ``StrategyExtended``.
    """

    _device: Any = None  # where the scope's tensors go; None: where they go anyway
    _distributes = True  # false for the strategy that there is where none was opened

    def __init__(self, extended: Any) -> None:
        self._extended = extended
        self._cluster_resolver: Any = None

    extended = property(lambda self: self._extended)
    cluster_resolver = property(lambda self: self._cluster_resolver)

    @property
    def num_replicas_in_sync(self) -> int:
        return num_processes()

    def configure(
        self, session_config: Any = None, cluster_spec: Any = None, task_type: Any = None, task_id: Any = None
    ) -> None:
        """Nothing: the process group is what tells of the others.

        Raises:
            NotServedError: a cluster is given.
        """
        if any(argument is not None for argument in (cluster_spec, task_type, task_id)):
            raise NotServedError(
                "Strategy.configure(cluster_spec=...) is not served by kerasish: processes find each other by torch's "
                "process group. Start them with torchrun."
            )

    def scope(self) -> Any:
        """A block in which this is the current strategy, and whose variables are the replicas'.

        Raises:
            RuntimeError: within another strategy's scope, or in a replica.
        """
        return _Open(self)

    def run(self, fn: Callable, args: Sequence = (), kwargs: dict | None = None, options: Any = None) -> Any:
        """What a function gives in this process's replica; distributed values among the arguments are its own."""
        if not callable(fn):
            raise TypeError(f"'{type(fn).__name__}' object is not callable")
        trace = context.local.function
        if trace is not None:
            fn = trace.callable(fn)
        with contextlib.ExitStack() as stack:
            if self._device is not None:
                stack.enter_context(devices.scope(self._device))
            stack.enter_context(ReplicaContext(self, self._replica_id()))
            return fn(*reducing.local(tuple(args)), **reducing.local(dict(kwargs or {})))

    def _replica_id(self) -> Any:
        return convert(process_id(), "int32")

    def reduce(self, reduce_op: Any, value: Any, axis: Any) -> Any:
        """The sum or mean of the replicas' values.

        Args:
            reduce_op: a ``ReduceOp`` or its name.
            value: what ``run`` gave.
            axis: reduced too, with the mean over all its elements; None: elements stay apart.

        Raises:
            ValueError: another operation.
        """
        op, value = reducing.operation(reduce_op), reducing.local(value)
        if axis is None:
            return tree.map_structure(lambda x: self._reduced(op, x), value)
        if isinstance(value, (dict, list, tuple)):
            raise TypeError("Expected any non-tensor type, but got a tensor instead.")
        replicas = self.num_replicas_in_sync
        total = reducing.summed(reduce_sum(convert(value), axis), replicas)
        if op is ReduceOp.SUM:
            return total
        axes = axis if isinstance(axis, (list, tuple)) else (axis,)
        count = 1
        for one in axes:
            count *= tuple(convert(value).shape)[one]
        return truediv(total, reducing.summed(convert(count, total.dtype), replicas))

    def _reduced(self, op: ReduceOp, value: Any) -> Any:
        return reducing.reduced(op, value, self.num_replicas_in_sync)

    def gather(self, value: Any, axis: int) -> Any:
        """The replicas' tensors, one after the other along an axis, in any structure."""
        return tree.map_structure(
            lambda x: reducing.gathered(x, axis, self.num_replicas_in_sync), reducing.local(value)
        )

    def experimental_local_results(self, value: Any) -> tuple:
        """The values of this process's replicas: one."""
        return (reducing.local(value) if isinstance(value, reducing.DistributedValues) else value,)

    unwrap = experimental_local_results

    def group(self, value: Any, name: str | None = None) -> Any:
        """What waits for the replicas' values: the value itself, since operations have run."""
        return reducing.local(value) if isinstance(value, reducing.DistributedValues) else value

    def update_config_proto(self, config_proto: Any) -> Any:
        """A session's configuration for this strategy: as it is."""
        return config_proto

    def colocate_vars_with(self, colocate_with_variable: Any) -> Any:
        """See ``extended.colocate_vars_with``."""
        return self._extended.colocate_vars_with(colocate_with_variable)

    def experimental_run(self, fn: Callable, input_iterator: Any = None) -> Any:
        """``run`` with an iterator's next element."""
        with self.scope():
            return self.run(fn, () if input_iterator is None else (next(input_iterator),))

    def make_dataset_iterator(self, dataset: Any) -> Any:
        """An iterator over the elements that this process reads."""
        return iter(self.experimental_distribute_dataset(dataset))

    def make_input_fn_iterator(self, input_fn: Callable, replication_mode: Any = None) -> Any:
        """An iterator over what a function of an ``InputContext`` makes."""
        return iter(self.distribute_datasets_from_function(input_fn))

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """A dataset of global batches of which each process reads its part."""
        return distributed(dataset)

    def distribute_datasets_from_function(self, dataset_fn: Callable, options: Any = None) -> DistributedDataset:
        """What a function of an ``InputContext`` makes, which batches by replica."""
        return from_function(dataset_fn)

    experimental_distribute_datasets_from_function = distribute_datasets_from_function

    def experimental_distribute_values_from_function(self, value_fn: Callable) -> Any:
        """What a function of a ``ValueContext`` gives for each replica."""
        return reducing.per_replica(value_fn(ValueContext(process_id(), num_processes())))


class _OnDevice(Strategy):
    def __init__(self, device: Any) -> None:
        super().__init__(StrategyExtended(self))
        self._device = device


class OneDeviceStrategy(_OnDevice):
    """Variables and computation on one device.

    Args:
        device: its name.
    """

    def __init__(self, device: str) -> None:
        super().__init__(devices.resolve(device))

    @property
    def num_replicas_in_sync(self) -> int:
        return 1

    def _replica_id(self) -> Any:
        return 0

    def experimental_distribute_values_from_function(self, value_fn: Callable) -> Any:
        """What a function of a ``ValueContext`` gives for the only replica."""
        return value_fn(ValueContext())


class MirroredStrategy(_OnDevice):
    """A replica for each process, each with one device: to use several GPUs, start a process for each (``torchrun``).

    Args:
        devices: names; default: the accelerator, else the CPU. Of several, the first present one is used, with a warning.
        cross_device_ops: a ``CrossDeviceOps``; torch's process group is what exchanges values.
    """

    def __init__(self, devices: Sequence[str] | None = None, cross_device_ops: Any = None) -> None:
        super().__init__(_first(devices) if devices else None)
        self._cross_device_ops = cross_device_ops


class CentralStorageStrategy(_OnDevice):
    """A replica for each process; variables lie beside the computation.

    Args:
        compute_devices: names of devices.
        parameter_device: of variables.
    """

    def __init__(self, compute_devices: Sequence[str] | None = None, parameter_device: str | None = None) -> None:
        super().__init__(_first(compute_devices) if compute_devices else None)


class MultiWorkerMirroredStrategy(_OnDevice):
    """A replica for each process of torch's process group (``keras.distribution.initialize()``).

    Args:
        cluster_resolver: says who this process is; default: by the variable ``TF_CONFIG``.
        communication_options: a ``CommunicationOptions``.
    """

    def __init__(self, cluster_resolver: Any = None, communication_options: Any = None) -> None:
        super().__init__(None)
        self._cluster_resolver = TFConfigClusterResolver() if cluster_resolver is None else cluster_resolver
        self._communication_options = communication_options or reducing.CommunicationOptions()


def _first(names: Sequence[str]) -> Any:
    if len(names) > 1:
        warnings.warn(
            f"A process computes with one device: {names[0]} of {list(names)} is used. To use several, start a process for "
            "each, for example with torchrun.",
            RuntimeWarning,
            stacklevel=4,
        )
    return devices.resolve(names[0])


class _Default(Strategy):
    """The strategy that there is where none was opened: values are left as they come."""

    _distributes = False

    def __init__(self) -> None:
        super().__init__(StrategyExtended(self))

    @property
    def num_replicas_in_sync(self) -> int:
        return 1

    def _replica_id(self) -> Any:
        return 0

    def _reduced(self, op: ReduceOp, value: Any) -> Any:
        return value

    def gather(self, value: Any, axis: int) -> Any:
        return value

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        return dataset

    def distribute_datasets_from_function(self, dataset_fn: Callable, options: Any = None) -> Any:
        return from_function(dataset_fn)._dataset


# the current one ------------------------------------------------------------------------------------------------------

_default = _Default()
_default_replica = ReplicaContext(_default, 0)
_set: list[Strategy] = []  # by experimental_set_strategy


def _current() -> tuple[Strategy, ReplicaContext | None]:
    if context.local.strategies:
        return context.local.strategies[-1]
    return (_set[0], None) if _set else (_default, _default_replica)


def get_strategy() -> Strategy:
    """The current strategy; where none was opened, one with a single replica."""
    return _current()[0]


def has_strategy() -> bool:
    """Whether a strategy was opened."""
    return get_strategy() is not _default


def get_replica_context() -> ReplicaContext | None:
    """The replica in which this runs; None in a strategy's scope outside of ``run``."""
    return _current()[1]


def in_cross_replica_context() -> bool:
    """Whether this runs in a strategy's scope outside of ``run``."""
    return get_replica_context() is None


def experimental_set_strategy(strategy: Strategy | None) -> None:
    """Make a strategy the current one without a block; None for none.

    Raises:
        RuntimeError: within a strategy's scope.
    """
    if context.local.strategies:
        raise fail(RuntimeError, "Must not be called inside a strategy scope")
    _set[:] = [] if strategy is None else [strategy]
