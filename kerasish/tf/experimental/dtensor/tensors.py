"""DTensors: whole tensors that carry a layout.

What a program sees of a DTensor is the whole tensor, and so are results of operations. This rendering computes with the
whole one, in one process; a layout tells how ``unpack`` cuts it. Results of operations carry no layout of their own: they
count as replicated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.errors import InvalidArgumentError, UnimplementedError
from kerasish.core.tensor import Tensor
from kerasish.core.variable import TFVariable, Variable
from kerasish.tf.arrays import concat
from kerasish.tf.creation import convert_to_tensor
from kerasish.tf.experimental.dtensor.layouts import Layout, Mesh

_DEVICE = "/job:localhost/replica:0/task:0/device:CUSTOM:0"
_meshes: list[Mesh] = []  # those in use, the last one is the default
_open: list[Mesh] = []  # of the blocks that are open


class DTensor(Tensor):
    """A whole tensor with a layout; made by ``copy_to_mesh``, ``pack`` and their kin."""

    __slots__ = ("_layout",)

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, {_described(self)}>"

    def __str__(self) -> str:
        text = _described(self).removeprefix("value=")
        return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"

    def numpy(self) -> Any:
        """The tensor as an array, if every device has the whole of it.

        Raises:
            UnimplementedError: it is cut.
        """
        if not self._layout.is_fully_replicated():
            raise UnimplementedError("Trying to copy a non-single-device and non-replicated DTensor is not supported.")
        return super().numpy()


def _text(values: Any) -> str:
    """Numbers as TensorFlow's kernels print them."""
    if isinstance(values, list):
        inner = [_text(value) for value in values]
        joint = "\n " if values and isinstance(values[0], list) else " "
        return f"[{joint.join(inner)}]"
    return f"{values:.9g}" if isinstance(values, float) else str(values)


def _described(tensor: Any) -> str:
    layout = tensor._layout
    if layout.is_fully_replicated():
        value = _text(_plain(tensor))
    else:
        kind = layout.mesh.device_type()
        parts = (f'"{kind}:{i}": {_text(_plain(part))}' for i, part in enumerate(unpack(tensor)))
        value = "{" + ", ".join(parts) + "}"
    return f'value={value}, layout="{layout.to_string()}"'


def _plain(tensor: Any) -> Any:
    return dispatch.raw(tensor).detach().cpu().tolist()


def with_layout(value: Any, layout: Layout) -> DTensor:
    """A tensor with a layout, whose dimensions must be cut evenly.

    Raises:
        UnknownError, InvalidArgumentError: they cannot be.
    """
    tensor = convert_to_tensor(value)
    if layout.rank > len(tensor.shape):  # as TensorFlow's kernels do
        layout = layout.delete(range(len(tensor.shape), layout.rank))
    for i, size in enumerate(tensor.shape):
        if i < layout.rank and size % layout.num_shards(i):
            raise InvalidArgumentError(
                f"Dimension {i} of size {size} is not divisible by the number of shards {layout.num_shards(i)} in layout "
                f"{layout!r}."
            )
    raw = dispatch.raw(tensor)
    made = DTensor(raw, local.recording) if raw.requires_grad else DTensor(raw)
    made._layout = layout
    _use(layout.mesh)
    return made


def _use(mesh: Mesh) -> None:
    if not _meshes:
        _meshes.append(mesh)


def copy_to_mesh(tensor: Any, layout: Layout, source_layout: Layout | None = None) -> DTensor:
    """A tensor of one device as a replicated DTensor, or with any layout.

    Args:
        source_layout: has no effect, as in TensorFlow 2.21.
    """
    return with_layout(tensor, layout)


def relayout(tensor: Any, layout: Layout, name: str | None = None) -> DTensor:
    """The same tensor with another layout; ``MATCH`` keeps a dimension's."""
    old = fetch_layout(tensor)
    specs = [mine if new == "match" else new for new, mine in zip(layout.sharding_specs, old.sharding_specs)]
    return with_layout(tensor, Layout(specs, layout.mesh))


def relayout_like(tensor: Any, layout_tensor: Any, name: str | None = None) -> DTensor:
    """The same tensor with another's layout."""
    return with_layout(tensor, fetch_layout(layout_tensor))


def pack(tensors: Any, layout: Layout) -> DTensor:
    """The DTensor of the parts that the devices have.

    Raises:
        InvalidArgumentError: there are more or fewer parts than devices, or their shapes differ.
    """
    if not isinstance(tensors, (list, tuple)):
        tensors = [part[0] for part in _split(convert_to_tensor(tensors), 0, layout.mesh.size)]
    parts = [convert_to_tensor(part) for part in tensors]
    if len(parts) != layout.mesh.size:
        raise InvalidArgumentError(
            f"The dtensor device {_DEVICE} expected {layout.mesh.size} inputs to DTensorPack, but got {len(parts)}"
        )
    if any(part.shape != parts[0].shape or part.dtype != parts[0].dtype for part in parts):
        raise InvalidArgumentError("All parts of a DTensor must have the same shape and dtype.")
    held: dict[tuple, Any] = {}
    for place, part in zip(layout.offset_to_shard(), parts):
        held.setdefault(place, part)
    return with_layout(_joined(held, layout, ()), layout)


def _joined(held: dict[tuple, Any], layout: Layout, place: tuple) -> Any:
    """The tensor of all parts whose places begin so."""
    axis = len(place)
    if axis == layout.rank:
        return held[place]
    rows = [_joined(held, layout, (*place, i)) for i in range(layout.num_shards(axis))]
    return rows[0] if len(rows) == 1 else concat(rows, axis)


def unpack(tensor: Any) -> list:
    """The parts that the devices have, in the mesh's order.

    Raises:
        InvalidArgumentError: it is no DTensor.
    """
    layout = _layout_of(tensor, "DTensorUnpack expects a tensor placed on the DTensor device: " + _DEVICE)
    whole = Tensor(dispatch.raw(tensor))
    return [_part(whole, layout, place) for place in layout.offset_to_shard()]


def _part(whole: Any, layout: Layout, place: Sequence[int]) -> Any:
    for axis, i in enumerate(place):
        if layout.num_shards(axis) > 1:
            whole = _split(whole, axis, layout.num_shards(axis))[i]
    return whole


def _split(x: Any, axis: int, count: int) -> list:
    return [dispatch.wrap(part) for part in torch.chunk(dispatch.raw(x), count, axis)]


def _layout_of(tensor: Any, refusal: str) -> Layout:
    layout = getattr(tensor, "_layout", None) or getattr(tensor, "layout", None)
    if isinstance(layout, Layout):
        return layout
    if not _meshes or not isinstance(tensor, (Tensor, Variable)):
        raise InvalidArgumentError(refusal)
    return Layout.replicated(_meshes[-1], len(tensor.shape))


def fetch_layout(tensor: Any) -> Layout:
    """A DTensor's layout; that of an operation's result is the replicated one.

    Raises:
        InvalidArgumentError: no mesh is in use yet.
    """
    return _layout_of(tensor, "FetchLayout expects a tensor placed on the layout device.")


def check_layout(tensor: Any, layout: Layout) -> None:
    """Raise ``ValueError`` unless a DTensor has that layout."""
    found = fetch_layout(tensor)
    if found != layout:
        raise ValueError(f"Layout of tensor: {found!r}, did not match expected layout: {layout!r}")


def is_dtensor(tensor: Any) -> bool:
    """Whether a tensor carries a layout."""
    return isinstance(tensor, (DTensor, DVariable))


def call_with_layout(fn: Callable, layout: Layout | None, *args: Any, **kwargs: Any) -> Any:
    """A function's result with a layout; as it is, if none is given."""
    if layout is None:
        return fn(*args, **kwargs)
    result = fn(*args, **kwargs)
    if isinstance(result, (list, tuple)):
        return type(result)(with_layout(part, layout) for part in result)
    return with_layout(result, layout)


@contextlib.contextmanager
def default_mesh(mesh: Mesh) -> Iterator[None]:
    """A block whose tensors without a layout count as replicated over this mesh.

    Raises:
        ValueError: it is no mesh.
    """
    if not isinstance(mesh, Mesh):
        raise ValueError(f"Expect `mesh` to be `Mesh`, got {type(mesh)}")
    _meshes.append(mesh)
    _open.append(mesh)
    try:
        yield
    finally:
        _meshes.remove(mesh)
        _open.pop()


run_on = default_mesh


def get_default_mesh() -> Mesh | None:
    """The mesh of the innermost open block; ``None`` if there is none."""
    return _open[-1] if _open else None


def device_name() -> str:
    """The name of the device that DTensors are on in TensorFlow."""
    return _DEVICE


class DVariable(TFVariable):
    """A variable with a layout, its first value's.

    Args:
        initial_value: a DTensor, or a function without arguments that gives one.
        dtype: of the variable; default: the value's.
    """

    def __init__(self, initial_value: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> None:
        if callable(initial_value) and not dispatch.is_tensor(initial_value):
            initial_value = initial_value()
        layout = kwargs.pop("layout", None) or getattr(initial_value, "_layout", None)
        super().__init__(initial_value, *args, dtype=dtype, **kwargs)
        self.layout = layout or fetch_layout(initial_value)
        self.save_as_bf16 = False

    def read_value(self) -> DTensor:
        """The value, with the variable's layout."""
        return with_layout(super().read_value(), self.layout)

    def __repr__(self) -> str:
        value = self.read_value()
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}, {_described(value)}>"
