"""DataParallel and ModelParallel: which layout variables and batches have."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.distribution import processes
from kerasish.distribution.layouts import DeviceMesh, LayoutMap, TensorLayout


class Distribution:
    """Base class of the strategies.

    Args:
        device_mesh: the devices.
        batch_dim_name: the axis of the mesh along which batches are divided.
        auto_shard_dataset: whether each process takes its part of a dataset; False: it is its part already.
    """

    def __init__(
        self, device_mesh: DeviceMesh, batch_dim_name: str | None = None, auto_shard_dataset: bool = True
    ) -> None:
        self._device_mesh = device_mesh
        self._batch_dim_name = batch_dim_name
        self.auto_shard_dataset = auto_shard_dataset
        self._num_processes = processes.num_processes()
        self._process_id = processes.process_id()

    auto_shard_dataset = True
    device_mesh = property(lambda self: self._device_mesh)
    batch_dim_name = property(lambda self: self._batch_dim_name)
    num_processes = property(lambda self: self._num_processes)

    @property
    def num_model_replicas(self) -> int:
        """How many copies of the model there are."""
        raise NotImplementedError

    @property
    def data_shard_id(self) -> int:
        """Which part of the data is this process's."""
        if self.num_model_replicas >= self.num_processes:
            return self._process_id
        return self._process_id // (self.num_processes // self.num_model_replicas)

    def get_data_layout(self, data_shape: Any) -> TensorLayout:
        """The layout of a batch of this shape: its first axis is divided."""
        return TensorLayout([self.batch_dim_name, *[None] * (len(data_shape) - 1)], self.device_mesh)

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """The layout of a variable."""
        raise NotImplementedError

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout of an intermediate tensor; None: as it comes."""
        raise NotImplementedError

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A block in which this is the current distribution."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def distribute_dataset(self, dataset: Any) -> Any:
        """This process's part of a dataset; of a single process, all of it.

        Raises:
            ValueError: something else than a ``tf.data.Dataset``.
        """
        if self.num_processes == 1 or not self.auto_shard_dataset:
            return dataset
        if not hasattr(dataset, "element_spec"):
            raise ValueError(
                f"The dataset type {type(dataset)} is not supported for auto-sharding in multi-process setting."
            )
        return self.distribute_tf_dataset(dataset)

    def distribute_tf_dataset(self, dataset: Any) -> Any:
        """This process's part of each batch of a ``tf.data.Dataset``.

        Raises:
            ValueError: its batches' size is unknown, or does not divide among the parts.
        """
        parts = min(self.num_model_replicas, self.num_processes)
        size = _batch_size(dataset)
        if self.num_model_replicas == 1:
            return dataset.prefetch(-1)
        if size % parts:
            what = "processes" if parts == self.num_processes else "replicas"
            raise ValueError(
                f"Global batch size must be divisible by the number of {what}. `global_batch_size`={size} and "
                f"`num_{what if what == 'processes' else 'model_replicas'}`={parts}"
            )
        return dataset.rebatch(size // parts).shard(num_shards=parts, index=self.data_shard_id).prefetch(-1)

    def check_trainable(self) -> None:
        """Called where a model is trained.

        Raises:
            RuntimeError: there is no process for each device.
        """
        places = self.device_mesh.devices.size
        if places > 1 and places != processes.num_processes():
            raise fail(
                RuntimeError,
                f"The distribution has {places} devices, but {processes.num_processes()} process(es) compute together",
                hint="Start one process for each device: torchrun --nproc-per-node 2 -m kerasish script.py",
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


def _batch_size(dataset: Any) -> int:
    spec = dataset.element_spec
    while isinstance(spec, (tuple, list, dict)):
        spec = next(iter(spec.values())) if isinstance(spec, dict) else spec[0]
    if not len(spec.shape) or spec.shape[0] is None:
        raise ValueError(
            "The batch size of the input dataset is unknown. Please config the batch size for the input dataset, e.g via "
            "`dataset.batch(batch_size, drop_remainder=True)`"
        )
    return int(spec.shape[0])


class DataParallel(Distribution):
    """Every device has the whole model and its part of each batch.

    Args:
        device_mesh: of one axis.
        devices: names, instead of a mesh; default: all.
        auto_shard_dataset: as of ``Distribution``.

    Raises:
        ValueError: something else than a mesh.
    """

    def __init__(self, device_mesh: Any = None, devices: Any = None, auto_shard_dataset: bool = True) -> None:
        if device_mesh:
            if not isinstance(device_mesh, DeviceMesh):
                raise ValueError(
                    "Expect `mesh` to be an instance of `DeviceMesh`. "
                    f"Received: mesh={device_mesh} (of type {type(device_mesh)})"
                )
            if device_mesh.devices.ndim != 1:
                warnings.warn(
                    f"Expect the input mesh to be 1D, but received mesh.devices.ndim={device_mesh.devices.ndim}. The first "
                    "axis will be used for data-parallel sharding.",
                    stacklevel=2,
                )
        else:
            names = np.array(devices or processes.list_devices())
            device_mesh = DeviceMesh(names.shape, ["batch"], names)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    @property
    def num_model_replicas(self) -> int:
        return self.device_mesh.devices.size

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        return TensorLayout([None] * len(variable.shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        return None


class ModelParallel(Distribution):
    """Variables are divided as a map of their paths says, and batches along one axis of the mesh.

    Args:
        layout_map: has the mesh.
        batch_dim_name: default: the mesh's first axis.
        auto_shard_dataset: as of ``Distribution``.

    Raises:
        ValueError: no map, another axis than the mesh's, or processes that do not divide among the replicas.
    """

    def __init__(
        self,
        *,
        layout_map: LayoutMap | None = None,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("device_mesh", None)  # of older versions: the map has it
        if kwargs:
            raise fail(TypeError, f"ModelParallel got an unexpected keyword argument '{next(iter(kwargs))}'")
        if layout_map is None:
            raise ValueError("You must specify a layout_map argument.")
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(f"Argument `layout_map` must be a `LayoutMap` instance. Received: layout_map={layout_map}")
        mesh = layout_map.device_mesh
        if batch_dim_name and batch_dim_name not in mesh.axis_names:
            raise fail(
                ValueError,
                "`batch_dim_name` must be an axis of the mesh",
                f"one of {list(mesh.axis_names)}",
                batch_dim_name,
            )
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map
        replicas = self.num_model_replicas
        if self.num_processes > replicas and self.num_processes % replicas:
            raise ValueError(
                "If `num_processes` is greater than `num_model_replicas`, `num_processes` must be divisible by "
                f"`num_model_replicas`. Got num_processes={self.num_processes}, num_model_replicas={replicas}."
            )

    @property
    def num_model_replicas(self) -> int:
        return self.device_mesh.shape[list(self.device_mesh.axis_names).index(self.batch_dim_name)]

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        found = self._layout_map[variable.path]
        return TensorLayout([None] * len(variable.shape), self.device_mesh) if found is None else found

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        return self._layout_map[path]


def distribution() -> Any:
    """The current distribution; None if there is none."""
    return settings.distribution


def set_distribution(value: Any) -> None:
    """Make a ``Distribution`` the current one; None for none."""
    settings.distribution = value
