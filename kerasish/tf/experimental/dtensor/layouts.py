"""``Mesh`` and ``Layout``: how devices are arranged, and along which of their axes a tensor is cut."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.core.dtypes import int32
from kerasish.core.shape import TensorShape
from kerasish.tf.creation import constant
from kerasish.tf.device_spec import DeviceSpec

UNSHARDED = "unsharded"
MATCH = "match"


class MeshDimension(NamedTuple):
    """An axis of a mesh."""

    name: str
    size: int


class Mesh:
    """Devices in a grid with named axes.

    Args:
        dim_names: the axes.
        global_device_ids: the devices' numbers, in the grid's shape.
        local_device_ids: the numbers of this process's devices.
        local_devices: their names.
        mesh_name: the grid's.
        global_devices: the names of all devices; this process's are all.
        use_xla_spmd: has no effect.

    Raises:
        ValueError: the numbers of names and axes, or of devices and numbers, do not fit.
    """

    def __init__(
        self,
        dim_names: Sequence[str],
        global_device_ids: Any,
        local_device_ids: Sequence[int],
        local_devices: Sequence[Any],
        mesh_name: str = "",
        global_devices: Any = None,
        use_xla_spmd: bool = False,
    ) -> None:
        ids = np.asarray(global_device_ids)
        if len(dim_names) != ids.ndim:
            raise ValueError("Number of mesh dimensions does not match number of dimension names.")
        if len(set(dim_names)) != len(dim_names):
            raise ValueError(f"Repeated dimension names in {list(dim_names)}.")
        if len(local_device_ids) != len(local_devices):
            raise ValueError("Number of local devices does not match local device ids.")
        self._names, self._ids = list(dim_names), ids
        self._local_ids, self._name = [int(i) for i in local_device_ids], mesh_name
        self._devices = [d.to_string() if isinstance(d, DeviceSpec) else str(d) for d in local_devices]
        self._global_devices = [str(d) for d in global_devices or ()]
        self._use_xla_spmd = use_xla_spmd

    dim_names = property(lambda self: list(self._names))
    name = property(lambda self: self._name)
    size = property(lambda self: int(self._ids.size))
    single_device = property(lambda self: "")

    @property
    def strides(self) -> list[int]:
        """How far neighbours along each axis are apart in the devices' order."""
        shape = self.shape()
        return [math.prod(shape[i + 1 :]) for i in range(len(shape))]

    def shape(self) -> list[int]:
        return list(self._ids.shape)

    def dim_size(self, dim_name: str) -> int:
        """The number of devices along an axis.

        Raises:
            ValueError: there is no such axis.
        """
        if dim_name not in self._names:
            raise ValueError(f"'{dim_name}' is not a dimension of the mesh: {self._names}.")
        return self._ids.shape[self._names.index(dim_name)]

    def contains_dim(self, dim_name: str) -> bool:
        return dim_name in self._names

    __contains__ = contains_dim

    def __getitem__(self, dim_name: str) -> MeshDimension:
        return MeshDimension(dim_name, self.dim_size(dim_name))

    def coords(self, device_idx: int) -> Any:
        """The place of a device of that index in the grid."""
        return constant([int(i) for i in np.unravel_index(device_idx, self._ids.shape)], dtype=int32)

    def unravel_index(self) -> dict[int, dict[str, int]]:
        """The place of each device in their order, by the names of axes."""
        places = itertools.product(*(range(n) for n in self._ids.shape))
        return {i: dict(zip(self._names, place)) for i, place in enumerate(places)}

    def device_location(self, device_id: int) -> dict[str, int]:
        return self.unravel_index()[self._ids.ravel().tolist().index(device_id)]

    def local_device_locations(self) -> list[dict[str, int]]:
        return [self.device_location(i) for i in self._local_ids]

    def device_type(self) -> str:
        return DeviceSpec.from_string(_full(self._devices[0])).device_type or ""

    def global_device_ids(self) -> np.ndarray:
        return self._ids

    def global_devices(self) -> list[str]:
        return list(self._global_devices)

    def local_device_ids(self) -> list[int]:
        return list(self._local_ids)

    def local_devices(self) -> list[str]:
        return list(self._devices)

    def num_local_devices(self) -> int:
        return len(self._devices)

    def min_global_device_id(self) -> int:
        return int(self._ids.min())

    def is_remote(self) -> bool:
        return False

    def is_single_device(self) -> bool:
        return False

    def use_xla_spmd(self) -> bool:
        return self._use_xla_spmd

    def host_mesh(self) -> Mesh:
        """The same grid of the CPUs that go with the devices."""
        hosts = [DeviceSpec.from_string(_full(name)).replace(device_type="CPU").to_string() for name in self._devices]
        return Mesh(self._names, self._ids, self._local_ids, hosts, self._name)

    def to_string(self) -> str:
        """The mesh as text; ``from_string`` reads it."""
        sizes = ",".join(f"{name}={size}" for name, size in zip(self._names, self._ids.shape))
        ids = ",".join(map(str, self._ids.ravel().tolist()))
        parts = [self._name, sizes, ids, ",".join(map(str, self._local_ids)), ",".join(self._devices)]
        if self._global_devices:
            parts.append(",".join(self._global_devices))
        return "|".join(parts) + ("|use_xla_spmd" if self._use_xla_spmd else "")

    @classmethod
    def from_string(cls, mesh_str: str) -> Mesh:
        """What ``to_string`` wrote.

        Raises:
            ValueError: it is no such text.
        """
        parts = mesh_str.split("|")
        if len(parts) < 5:
            raise ValueError(f"Invalid mesh string {mesh_str!r}.")
        dims = [pair.split("=") for pair in parts[1].split(",") if pair]
        ids = np.array([int(i) for i in parts[2].split(",") if i]).reshape([int(n) for _, n in dims])
        local = [int(i) for i in parts[3].split(",") if i]
        return cls([name for name, _ in dims], ids, local, parts[4].split(","), parts[0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mesh) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"Mesh.from_string({self.to_string()})"


def _full(name: str) -> str:
    return name if name.startswith("/") else f"/device:{name}"


class Layout:
    """Along which axes of a mesh a tensor's dimensions are cut.

    Args:
        sharding_specs: for each dimension the name of an axis, or ``UNSHARDED``.
        mesh: the devices.

    Raises:
        ValueError: there is no such axis, or one stands twice.
    """

    def __init__(self, sharding_specs: Sequence[str], mesh: Mesh) -> None:
        if not isinstance(mesh, Mesh):
            raise ValueError("mesh is not a valid Mesh object.")
        specs = list(sharding_specs)
        for i, spec in enumerate(specs):
            if spec not in (UNSHARDED, MATCH) and spec not in mesh:
                raise ValueError(f"{spec}: A dimension sharding must either be a valid mesh dimension or UNSHARDED.")
            if spec not in (UNSHARDED, MATCH) and spec in specs[:i]:
                raise ValueError(
                    f"Mesh dimension {spec} was repeated in sharding specification {specs}. Mesh dimensions must be unique "
                    "in a layout."
                )
        self._specs, self._mesh = specs, mesh

    sharding_specs = property(lambda self: list(self._specs))
    mesh = property(lambda self: self._mesh)
    rank = property(lambda self: len(self._specs))

    @property
    def shape(self) -> list[int]:
        """The mesh's shape."""
        return self._mesh.shape()

    @classmethod
    def replicated(cls, mesh: Mesh, rank: int) -> Layout:
        """Every device has the whole tensor."""
        return cls([UNSHARDED] * rank, mesh)

    @classmethod
    def batch_sharded(cls, mesh: Mesh, batch_dim: str, rank: int, axis: int = 0) -> Layout:
        """One dimension, by default the first, is cut."""
        return cls([batch_dim if i == axis else UNSHARDED for i in range(rank)], mesh)

    @classmethod
    def inner_sharded(cls, mesh: Mesh, inner_dim: str, rank: int) -> Layout:
        """The last dimension is cut."""
        return cls.batch_sharded(mesh, inner_dim, rank, axis=rank - 1)

    def delete(self, dims: Sequence[int]) -> Layout:
        """Without some dimensions."""
        gone = {dim % self.rank for dim in ([dims] if isinstance(dims, int) else dims)}
        return Layout([spec for i, spec in enumerate(self._specs) if i not in gone], self._mesh)

    def num_shards(self, idx: int) -> int:
        """In how many parts a dimension is cut."""
        spec = self._specs[idx]
        return 1 if spec == UNSHARDED else self._mesh.dim_size(spec)

    def is_fully_replicated(self) -> bool:
        return all(spec == UNSHARDED for spec in self._specs)

    def is_batch_parallel(self) -> bool:
        """Whether the first dimension alone is cut, along the mesh's first axis."""
        first = bool(self._specs) and self._specs[0] == self._mesh.dim_names[0]
        return first and all(spec == UNSHARDED for spec in self._specs[1:])

    def is_single_device(self) -> bool:
        return False

    def offset_to_shard(self) -> list[tuple]:
        """Which part of the tensor each device has, by the parts' numbers along each dimension."""
        return [
            tuple(0 if spec == UNSHARDED else place[spec] for spec in self._specs)
            for place in self._mesh.unravel_index().values()
        ]

    def offset_tuple_to_global_index(self, offset_tuple: Sequence[int]) -> int:
        """The number of a part among all parts."""
        index = 0
        for i, offset in enumerate(offset_tuple):
            index = index * self.num_shards(i) + offset
        return index

    def global_shape_from_local_shape(self, local_shape: Any) -> TensorShape:
        """A tensor's shape, of its parts'."""
        return TensorShape([size * self.num_shards(i) for i, size in enumerate(tuple(local_shape))])

    def local_shape_from_global_shape(self, global_shape: Any) -> TensorShape:
        """The parts' shape, of the tensor's."""
        return TensorShape([size // self.num_shards(i) for i, size in enumerate(tuple(global_shape))])

    def to_parted(self) -> Layout:
        return self

    def to_string(self) -> str:
        """The layout as text; ``from_string`` reads it."""
        return f"sharding_specs:{''.join(f'{spec},' for spec in self._specs) or ''} mesh:{self._mesh.to_string()}"

    @classmethod
    def from_string(cls, layout_str: str) -> Layout:
        """What ``to_string`` wrote.

        Raises:
            ValueError: it is no such text.
        """
        head, found, mesh = layout_str.partition(" mesh:")
        if not found or not head.startswith("sharding_specs:"):
            raise ValueError(f"Invalid layout string {layout_str!r}.")
        specs = [spec for spec in head.removeprefix("sharding_specs:").split(",") if spec]
        return cls(specs, Mesh.from_string(mesh))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layout) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"Layout.from_string({self.to_string()})"
