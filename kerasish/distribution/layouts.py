"""DeviceMesh, TensorLayout, LayoutMap: a grid of devices, and which axes of a tensor are divided among them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.distribution.processes import list_devices, num_processes


class DeviceMesh:
    """A grid of devices with named axes.

    Args:
        shape: of the grid: ``(8,)`` to divide data alone, ``(4, 2)`` to divide models too.
        axis_names: one for each axis.
        devices: names, as many as places; default: ``list_devices()``.

    Raises:
        ValueError: names or devices of another number.
    """

    def __init__(self, shape: Any, axis_names: Any, devices: Any = None) -> None:
        if not shape or not axis_names:
            raise ValueError(f"Shape and axis_names cannot be empty. Received: shape={shape}, axis_names={axis_names}")
        if len(shape) != len(axis_names):
            raise ValueError(
                f"Shape and axis_names should have same size. Received: shape={shape}, axis_names={axis_names}"
            )
        found = np.array(list_devices() if devices is None else devices)
        if math.prod(shape) != found.size:
            raise ValueError(
                f"Shape does not match the number of devices. Received: shape={shape}; devices.shape={found.shape}"
            )
        self._shape = shape
        self._axis_names = axis_names
        self._devices = found.reshape(shape)
        self._backend_mesh: Any = None

    shape = property(lambda self: self._shape)
    axis_names = property(lambda self: self._axis_names)
    devices = property(lambda self: self._devices)

    @property
    def backend_mesh(self) -> Any:
        """The grid as torch's ``DeviceMesh``, whose places are processes.

        Raises:
            RuntimeError: there is no process for each place.
        """
        if self._backend_mesh is None:
            if self._devices.size != num_processes():
                raise fail(
                    RuntimeError,
                    f"The mesh has {self._devices.size} devices, but {num_processes()} process(es) compute together",
                    hint="Start one process for each device (torchrun) and call keras.distribution.initialize().",
                )
            from torch.distributed.device_mesh import DeviceMesh as TorchMesh  # seconds to import

            places = torch.arange(self._devices.size).reshape(tuple(self._shape))
            self._backend_mesh = TorchMesh(devices.current().type, places, mesh_dim_names=tuple(self._axis_names))
        return self._backend_mesh

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Which axis of the mesh each axis of a tensor is divided along; None: not divided.

    Args:
        axes: names, one for each axis of the tensor.
        device_mesh: may be set later, once.

    Raises:
        ValueError: a name that the mesh does not have, or a second mesh.
    """

    def __init__(self, axes: Any, device_mesh: DeviceMesh | None = None) -> None:
        self._axes = tuple(axes)
        self._device_mesh = device_mesh
        self._check()

    axes = property(lambda self: self._axes)

    @property
    def device_mesh(self) -> DeviceMesh | None:
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ValueError(f"Cannot override device mesh value. Existing value is {self._device_mesh}")
        self._device_mesh = device_mesh
        self._check()

    def _check(self) -> None:
        if self._device_mesh is None:
            return
        valid, given = set(self._device_mesh.axis_names), set(self._axes) - {None}
        if given - valid:
            raise ValueError(f"Invalid axis names for Layout. Valid axis names: {valid}, Got {given}")

    @property
    def is_replicated(self) -> bool:
        """Whether every device has all of the tensor."""
        sizes = dict(zip(self._device_mesh.axis_names, self._device_mesh.shape)) if self._device_mesh else {}
        return all(axis is None or sizes.get(axis, 0) == 1 for axis in self._axes)

    @property
    def backend_layout(self) -> tuple[Any, tuple]:
        """The layout as torch has it: the mesh, and a placement for each of its axes.

        Raises:
            ValueError: there is no mesh.
        """
        if self._device_mesh is None:
            raise ValueError("Cannot create sharding when device mesh is not set for TensorLayout.")
        mesh = self._device_mesh.backend_mesh
        from torch.distributed.tensor import Replicate, Shard

        return mesh, tuple(
            Shard(self._axes.index(name)) if name in self._axes else Replicate()
            for name in self._device_mesh.axis_names
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"


class LayoutMap(MutableMapping):
    """Regular expressions → ``TensorLayout``s; looked up with a path, of a variable say.

    A key that is equal to the path comes first, then the one that matches all of it. Without any, it is None.

    Args:
        device_mesh: set on layouts that have none.
    """

    def __init__(self, device_mesh: DeviceMesh | None) -> None:
        self._layouts: dict[str, TensorLayout] = {}
        self._device_mesh = device_mesh

    device_mesh = property(lambda self: self._device_mesh)

    def __getitem__(self, key: str) -> TensorLayout | None:
        if key in self._layouts:
            return self._layouts[key]
        found = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple layout specification keys: {found}. Please make sure each tensor/variable "
                "path only matches at most one layout specification key in the LayoutMap."
            )
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key: str, layout: Any) -> None:
        if key in self._layouts:
            raise ValueError(
                f"{key} already exist in the LayoutMap with value {self._layouts[key]}. Please make sure to not use "
                "duplicated keys."
            )
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"{layout} should be a TensorLayout type, got {type(layout)}")
        if layout.device_mesh is None and self._device_mesh is not None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layouts)


def distribute_tensor(tensor: Any, layout: Any) -> Any:
    """A tensor laid out on the devices of a mesh; on a single device, and where nothing is divided, as it is.

    In a step of several processes it stays as it is too: each process computes its own rows.

    Args:
        tensor: a Tensor, an array, or a symbolic tensor, which stays what it is.
        layout: a ``TensorLayout``, or torch's mesh and placements.

    Raises:
        RuntimeError: the layout divides the tensor among more devices than processes compute together.
    """
    if isinstance(tensor, KerasTensor) or local.share is not None:
        return tensor
    value = dispatch.raw(tensor)
    if isinstance(layout, TensorLayout):
        if layout.is_replicated and num_processes() == 1:
            return tensor
        layout = layout.backend_layout
    from torch.distributed.tensor import distribute_tensor as torch_distribute

    out = torch_distribute(value, *layout)
    return out if isinstance(tensor, torch.Tensor) else dispatch.wrap(out)
