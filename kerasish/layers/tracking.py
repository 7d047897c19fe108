"""Attribute tracking: what a layer's attributes hold becomes part of it.

A Layer is a ``torch.nn.Module``. Assigning a layer, a variable or a torch module to an attribute registers it twice: in
Keras's lists (``_layers``, ``_trainable_variables``, ..., in the order of assignment) and with torch, under the attribute's
own path (``blocks.0.kernel``). Lists and dicts become tracked containers, so that what is put into them later counts too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, SupportsIndex

import torch
from torch import nn
from torch.compiler import is_dynamo_compiling

from kerasish.core import dispatch
from kerasish.core.context import asks_for_keras_2
from kerasish.core.errors import fail, no_attribute
from kerasish.core.random import SeedGenerator
from kerasish.core.variable import Cell, Variable, Weight


class _Structure:
    """Counts changes that make programs lowered from models stale, and changes of ``trainable``; process-wide."""

    version = 0
    trainable_version = 0


structure = _Structure()


def structure_changed() -> None:
    structure.version += 1


def trainable_changed() -> None:
    structure.trainable_version += 1


_PLAIN = frozenset((int, float, bool, str, bytes, type(None), complex, range))


class NoDependency:
    """What an attribute is assigned to hold ``value`` without the layers and variables in it being the owner's."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def is_plain(value: Any) -> bool:
    """Whether nothing inside ``value`` can need tracking."""
    return type(value) in _PLAIN or isinstance(value, type)


def _child(container: Any, name: str) -> nn.Module:
    """A layer in a tracked container as torch asks for it: as an attribute named by index or key."""
    children = container._modules
    if name in children:
        return children[name]
    raise no_attribute(container, name)


def _traceable(kind: type, readers: str, writers: str) -> Callable[[type], type]:
    """Let torch.compile read a tracked container: it takes it for a module and sees its attributes only.

    So writers leave a plain copy in ``_plain``, which readers use while a function is being traced.
    """

    def reader(name: str) -> Callable:
        own = getattr(kind, name)

        def read(self: Any, *args: Any) -> Any:
            return getattr(self._plain, name)(*args) if is_dynamo_compiling() else own(self, *args)

        return read

    def writer(write: Callable) -> Callable:
        @functools.wraps(write)
        def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
            out = write(self, *args, **kwargs)
            object.__setattr__(self, "_plain", kind.copy(self))
            return out

        return noted

    def change(cls: type) -> type:
        for name in readers.split():
            setattr(cls, name, reader(name))
        for name in writers.split():
            setattr(cls, name, writer(getattr(cls, name)))
        return cls

    return change


class _Contents:
    """What Keras 2's tracked lists and dictionaries tell of the layers in them."""

    @property
    def layers(self) -> list:
        """The layers in it, and in lists and dictionaries in it."""
        found: list = []
        for value in self._modules.values():  # type: ignore[attr-defined]
            found += value.layers if isinstance(value, _Contents) else [value]
        return found

    def _of_layers(self, name: str) -> list:
        return [variable for layer in self.layers for variable in getattr(layer, name)]

    weights = variables = property(lambda self: self._of_layers("weights"))
    trainable_weights = trainable_variables = property(lambda self: self._of_layers("trainable_weights"))
    losses = property(lambda self: self._of_layers("losses"))


@_traceable(
    list,
    "__iter__ __len__ __getitem__ __contains__ __reversed__ index count",
    "__init__ append extend insert __iadd__ __imul__ __setitem__ __delitem__ pop remove clear sort reverse",
)
class TrackedList(_Contents, list, nn.Module):
    """A list attribute of a layer; also a torch module whose children are the layers in it, named by index."""

    __hash__ = object.__hash__

    def __init__(self, values: Iterable = (), owner: Any = None) -> None:
        nn.Module.__init__(self)
        object.__setattr__(self, "_owner", owner)
        list.__init__(self, [track(owner, value) for value in values])

    @property
    def _modules(self) -> dict[str, nn.Module]:  # type: ignore[override]
        return {str(i): value for i, value in enumerate(self) if isinstance(value, nn.Module)}

    @_modules.setter
    def _modules(self, value: dict) -> None:
        """nn.Module's constructor sets an empty one; the children are the list's own."""
        if value:
            raise fail(AttributeError, "The modules of a tracked list are its elements")

    def __getattr__(self, name: str) -> Any:
        return _child(self, name)

    def append(self, value: Any) -> None:
        super().append(track(self._owner, value))

    def extend(self, values: Iterable) -> None:
        super().extend([track(self._owner, value) for value in values])

    def insert(self, index: SupportsIndex, value: Any) -> None:
        super().insert(index, track(self._owner, value))

    def __iadd__(self, values: Iterable) -> TrackedList:  # type: ignore[override,misc]
        self.extend(values)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        before = super().__getitem__(index)
        if isinstance(index, slice):
            super().__setitem__(index, [track(self._owner, v) for v in value])
        else:
            super().__setitem__(index, track(self._owner, value))
        for old in before if isinstance(index, slice) else [before]:
            untrack(self._owner, old)

    def __delitem__(self, index: Any) -> None:
        before = super().__getitem__(index)
        super().__delitem__(index)
        for old in before if isinstance(index, slice) else [before]:
            untrack(self._owner, old)

    def pop(self, index: SupportsIndex = -1) -> Any:
        value = super().pop(index)
        untrack(self._owner, value)
        return value

    def remove(self, value: Any) -> None:
        super().remove(value)
        untrack(self._owner, value)

    def clear(self) -> None:
        values = list(self)
        super().clear()
        for value in values:
            untrack(self._owner, value)

    def __reduce__(self) -> tuple:
        return _rebuild_list, (list(self), self._owner)

    def __deepcopy__(self, memo: dict) -> TrackedList:
        import copy

        clone = _rebuild_list([], None)
        memo[id(self)] = clone
        list.extend(clone, (copy.deepcopy(value, memo) for value in self))
        _settle(clone, copy.deepcopy(self._owner, memo))
        return clone

    __repr__ = list.__repr__
    __eq__ = list.__eq__
    __dir__ = object.__dir__


def _rebuild_list(values: list, owner: Any) -> TrackedList:
    out = TrackedList()
    list.extend(out, values)
    return _settle(out, owner)


def _settle(container: Any, owner: Any) -> Any:
    """Finish a container that was filled without entering its values into the owner's lists."""
    object.__setattr__(container, "_owner", owner)
    object.__setattr__(container, "_plain", container.copy())
    return container


@_traceable(
    dict,
    "__iter__ __len__ __getitem__ __contains__ __reversed__ keys values items get",
    "__init__ __setitem__ update setdefault __ior__ __delitem__ pop popitem clear",
)
class TrackedDict(_Contents, dict, nn.Module):
    """A dict attribute of a layer; also a torch module whose children are the layers in it, named by key."""

    __hash__ = object.__hash__

    def __init__(self, values: Any = (), owner: Any = None) -> None:
        nn.Module.__init__(self)
        object.__setattr__(self, "_owner", owner)
        dict.__init__(self, {key: track(owner, value) for key, value in dict(values).items()})

    @property
    def _modules(self) -> dict[str, nn.Module]:  # type: ignore[override]
        return {str(key): value for key, value in dict.items(self) if isinstance(value, nn.Module)}

    @_modules.setter
    def _modules(self, value: dict) -> None:
        if value:
            raise fail(AttributeError, "The modules of a tracked dict are its values")

    def __getattr__(self, name: str) -> Any:
        return _child(self, name)

    def __setitem__(self, key: Any, value: Any) -> None:
        old = self.get(key)
        super().__setitem__(key, track(self._owner, value))
        untrack(self._owner, old)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __delitem__(self, key: Any) -> None:
        old = self[key]
        super().__delitem__(key)
        untrack(self._owner, old)

    def pop(self, key: Any, *default: Any) -> Any:
        value = super().pop(key, *default)
        untrack(self._owner, value)
        return value

    def clear(self) -> None:
        for key in list(self):
            del self[key]

    def __reduce__(self) -> tuple:
        return _rebuild_dict, (dict(self), self._owner)

    def __deepcopy__(self, memo: dict) -> TrackedDict:
        import copy

        clone = _rebuild_dict({}, None)
        memo[id(self)] = clone
        dict.update(clone, {key: copy.deepcopy(value, memo) for key, value in self.items()})
        _settle(clone, copy.deepcopy(self._owner, memo))
        return clone

    __repr__ = dict.__repr__
    __eq__ = dict.__eq__
    __dir__ = object.__dir__


def _rebuild_dict(values: dict, owner: Any) -> TrackedDict:
    out = TrackedDict()
    dict.update(out, values)
    return _settle(out, owner)


def is_tracked(value: Any) -> bool:
    """Whether an attribute's old value may have to be taken out of the owner's lists."""
    kinds = (Variable, nn.Module, SeedGenerator, list, dict, tuple)
    return isinstance(value, kinds) or hasattr(type(value), "_keras_metric")


# what an owner keeps --------------------------------------------------------------------------------------------------


def track(owner: Any, value: Any) -> Any:
    """Enter ``value``, or what a container holds, into the owner's lists; returns what the attribute shall hold."""
    if owner is None or is_plain(value):
        return value
    if isinstance(value, Variable):
        _track_variable(owner, value)
    elif isinstance(value, SeedGenerator):
        _add(owner._seed_generators, value)
    elif isinstance(value, (TrackedList, TrackedDict)):
        if value._owner is not owner:
            return type(value)(value, owner)
    elif hasattr(value, "_keras_metric"):
        _add(owner._metrics, value)
    elif hasattr(value, "_keras_layer"):
        _add_layer(owner, value)
    elif isinstance(value, nn.Module):
        _track_torch_module(owner, value)
    elif type(value) is list:
        return TrackedList(value, owner)
    elif type(value) is dict:
        return TrackedDict(value, owner)
    elif isinstance(value, tuple):
        for part in value:
            track(owner, part)
    return value


def untrack(owner: Any, value: Any) -> None:
    """Take ``value`` out of the owner's lists, unless another attribute still holds it."""
    if owner is None or is_plain(value):
        return
    if isinstance(value, (list, tuple)):
        for part in value:
            untrack(owner, part)
        return
    if isinstance(value, dict):
        for part in value.values():
            untrack(owner, part)
        return
    if any(value is held for held in _held(owner)):
        return
    if isinstance(value, nn.Module) and not hasattr(value, "_keras_layer"):
        parts = {id(part) for part in value.modules()}
        for kept in (owner._trainable_variables, owner._non_trainable_variables):
            kept[:] = [variable for variable in kept if id(variable._owner) not in parts]
    for kept in (
        owner._layers,
        owner._metrics,
        owner._seed_generators,
        owner._k_torch_modules,
        owner._trainable_variables,
        owner._non_trainable_variables,
    ):
        for i, other in enumerate(kept):
            if other is value:
                del kept[i]
                structure_changed()
                break


def _held(owner: Any) -> Iterator[Any]:
    """Everything that the owner's attributes hold, containers opened."""
    private = (
        "_layers",
        "_metrics",
        "_seed_generators",
        "_k_torch_modules",
        "_trainable_variables",
        "_non_trainable_variables",
    )
    stack = [value for key, value in owner.__dict__.items() if key not in private and key not in _TORCH_TABLES]
    while stack:
        value = stack.pop()
        if isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
        else:
            yield value


_TORCH_TABLES = frozenset(nn.Module().__dict__)


def _add(kept: list, value: Any) -> None:
    if not any(other is value for other in kept):
        kept.append(value)


def _add_layer(owner: Any, layer: Any) -> None:
    _add(owner._layers, layer)
    structure_changed()


def _track_variable(owner: Any, variable: Variable) -> None:
    if not any(variable is known for known in (*owner._trainable_variables, *owner._non_trainable_variables)):
        kept = owner._trainable_variables if variable.trainable else owner._non_trainable_variables
        kept.append(variable)  # the list that it begins in is its place in files
        structure_changed()
    if variable.is_free:
        variable.move(owner, free_key(owner, variable._name))


def free_key(owner: Any, name: str) -> str:
    """A key for a parameter or buffer that the owner does not use yet."""
    name = name.replace(".", "_")
    key, count = name, 1
    while key in owner._parameters or key in owner._buffers or key in owner._modules:
        key, count = f"{name}_{count}", count + 1
    return key


def rename(variable: Variable, key: str) -> None:
    """Store an owner's variable under the first attribute that holds it, so that torch's names are the attributes'."""
    slots = variable._slots
    if variable._owner.__dict__.get(variable._key) is variable:
        return
    if variable._key == key or key in slots or "." in key:
        return
    items = [(key if old == variable._key else old, value) for old, value in slots.items()]
    slots.clear()  # in place and in order: torch's tools hold this dictionary
    slots.update(items)
    variable._key = key


def take_place(owner: Any, name: str, old: Variable, new: Variable) -> None:
    """Let a variable that the user made stand where one of the layer's own was: the layer computes with it."""
    if old._key != name or any(new is other for other in (old, *owner._k_replaced.values())):
        return
    value = new._slots.pop(new._key)
    kept = any(old is own for own in (*owner._trainable_variables, *owner._non_trainable_variables))
    old.move(*((owner, free_key(owner, name)) if kept else (Cell(), old._name)))
    if old._layout is not None and new._layout is None:
        new._layout, value = old._layout, old._layout.allocate(value.detach())
    new._owner, new._key, new._is_parameter = owner, name, old._is_parameter
    new._install(value)
    structure_changed()


def tie(old: Variable, new: Variable) -> None:
    """Let another layer's variable stand where one of this layer's own was: both layers use its tensor.

    Raises:
        ValueError: their stored layouts, or, where these are the layers' own, their shapes differ.
    """
    other_shape = old.shape != new.shape and (old._layout is not None or not asks_for_keras_2())
    if other_shape or type(old._layout) is not type(new._layout) or old._is_parameter != new._is_parameter:
        raise fail(
            ValueError,
            f"Variable '{new.path}' cannot take the place of '{old.path}'",
            f"shape {tuple(old.shape)}",
            f"shape {tuple(new.shape)}",
        )
    new.add_tie(old._owner, old._key)
    structure_changed()


def replace(owner: Any, name: str, old: Any, tensor: Any) -> None:
    """Let a tensor stand where one of a layer's own variables was: the layer computes with it, as Keras 2's does.

    Args:
        old: what the attribute was, perhaps such a variable. It keeps its value, under another key.
    """
    variable = owner._k_replaced.get(name)
    if variable is None:
        if not isinstance(old, Variable) or old._owner is not owner or old._key != name:
            return
        variable = old
        old.move(owner, free_key(owner, name))
        owner.__dict__["_k_replaced"] = {**owner._k_replaced, name: old}
    raw = dispatch.raw(tensor)
    variable._slots[name] = raw if variable._layout is None else variable._layout.to_stored(raw)


def put_back(owner: Any, name: str) -> Variable:
    """The variable in whose place a tensor stood, which has its place again."""
    variable = owner._k_replaced[name]
    owner.__dict__["_k_replaced"] = {key: v for key, v in owner._k_replaced.items() if key != name}
    del variable._slots[name]
    variable.move(owner, name)
    return variable


def _track_torch_module(owner: Any, module: nn.Module) -> None:
    """The parameters and buffers of a torch module, as variables of the layer that holds it."""
    _add(owner._k_torch_modules, module)
    own = (*owner._trainable_variables, *owner._non_trainable_variables)
    known = {(id(holder), key) for v in own for holder, key in ((v._owner, v._key), *v._ties)}
    variables = {id(v.stored): v for v in own}  # a tensor that several modules hold is one variable
    for part in module.modules():
        if hasattr(part, "_keras_layer"):
            _add_layer(owner, part)
            continue
        for table, trainable in ((part._parameters, True), (part._buffers, False)):
            for key, tensor in table.items():
                if tensor is None or (id(part), key) in known:
                    continue
                if id(tensor) in variables:
                    variables[id(tensor)].add_tie(part, key)
                    continue
                kept = owner._trainable_variables if trainable else owner._non_trainable_variables
                kept.append(reference(part, key, trainable))
                variables[id(tensor)] = kept[-1]


def reference(module: nn.Module, key: str, trainable: bool) -> Weight:
    """A variable for a tensor that a torch module holds already."""
    variable = Weight.__new__(Weight)
    tensor = (module._parameters if trainable else module._buffers)[key]
    variable._setup(torch.zeros(()), trainable and tensor.requires_grad, key, None)
    variable._is_parameter = trainable
    variable._owner, variable._key = module, key
    return variable
