"""Arguments of a function whose signature leaves sizes open: what the function's body is told of their shapes.

A graph for ``tf.TensorSpec([None, 3])`` knows ``x.shape`` as ``(None, 3)``, and programs ask for it.
Such an argument is here a Tensor that tells code of the user's and of packages its declared shape, and our own code the
actual one. What operations make of it tells what runs without storage find (``symbolic.infer``); where they find nothing, it
is a plain Tensor with its actual shape.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from kerasish.core import dispatch, symbolic, tree
from kerasish.core.context import local
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor

_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_OTHERS = ("__neg__", "__abs__", "__invert__", "__getitem__")


def _asked_by_us() -> bool:
    return sys._getframe(2).f_globals.get("__name__", "").startswith("kerasish.") or local.function is None


class Declared(Tensor):
    """A Tensor with a shape that a signature states."""

    __slots__ = ("_static",)
    _is_declared = True

    def __init__(self, t: Any, recording: int, static: TensorShape) -> None:
        super().__init__(t, recording)
        self._static = static

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._t.shape) if _asked_by_us() else self._static

    def get_shape(self) -> TensorShape:
        return TensorShape(self._t.shape) if _asked_by_us() else self._static

    def set_shape(self, shape: Any) -> None:
        super().set_shape(shape)
        self._static = self._static.merge_with(shape)

    def plain(self) -> Tensor:
        """The same without a stated shape."""
        return Tensor(self._t, self._recording)

    __hash__ = Tensor.__hash__


Declared.__name__, Declared.__qualname__ = Tensor.__name__, Tensor.__qualname__


def _installed(name: str) -> None:
    base = getattr(Tensor, name, None)
    if base is None:
        return

    def method(self: Any, *others: Any) -> Any:
        return result(base, (self, *others), {}, base(self, *others))

    method.__name__ = name
    setattr(Declared, name, method)


for _name in (*_OPERATORS, *_COMPARISONS):
    _installed(f"__{_name}__")
for _name in _OPERATORS:
    _installed(f"__r{_name}__")
for _name in _OTHERS:
    _installed(_name)


_found: dict[Any, Any] = {}
_LIMIT = 10_000  # of remembered operations


def declare(x: Any, shape: TensorShape | None) -> Any:
    """An argument with the shape that its specification states; itself where that is its own."""
    if shape is None or type(x) is not Tensor:
        return x
    return Declared(x._t, x._recording, shape)


def open_shape(spec: Any) -> TensorShape | None:
    """The shape of a specification, if it leaves sizes open."""
    shape = getattr(spec, "shape", None)
    return None if not isinstance(shape, TensorShape) or shape.is_fully_defined() else shape


def result(function: Callable, args: tuple, kwargs: dict, out: Any) -> Any:
    """What an operation gives for declared arguments: its results with the shapes that can be known of them."""
    results = [x for x in tree.flatten(out) if type(x) is Tensor]
    if not results or local.function is None:
        return out
    key = _key(function, args, kwargs, results)
    shapes = _found.get(key) if key is not None else None
    if shapes is None:
        shapes = _shapes(function, args, kwargs, results)
        if key is not None and len(_found) < _LIMIT:
            _found[key] = shapes
    if all(shape is None for shape in shapes):
        return out
    given = iter(shapes)
    return tree.map_structure(lambda x: declare(x, next(given)) if type(x) is Tensor else x, out)


def _key(function: Callable, args: tuple, kwargs: dict, results: list) -> Any:
    """What the shapes of results depend on; None: that cannot be told."""
    parts: list[Any] = [function]
    for x in tree.flatten((list(args), kwargs)):
        if isinstance(x, Declared):
            sizes = None if x._static.rank is None else tuple(x._static)
            parts.append((x._t.dtype, sizes, x._t.shape))
        elif dispatch.is_tensor(x):
            parts.append((str(x.dtype), tuple(x.shape)))
        else:
            parts.append((type(x), x))
    parts += [x._t.shape for x in results]
    try:
        hash(key := tuple(parts))
    except TypeError:  # an argument is an array, or a slice
        try:
            hash(key := repr([part for part in parts if not isinstance(part, tuple)]) + repr(parts[1:]))
        except Exception:
            return None
    return key


def _shapes(function: Callable, args: tuple, kwargs: dict, results: list) -> list:
    """The shapes of results, where sizes of theirs depend on what is open; None for the others."""
    nothing = [None] * len(results)
    if any(isinstance(x, Declared) and x._static.rank is None for x in tree.flatten((list(args), kwargs))):
        return nothing
    before, local.function = local.function, None
    try:
        args, kwargs = tree.map_structure(_symbol, [list(args), kwargs])
        of_layer = getattr(function, "compute_output_spec", None)
        made = symbolic.infer(function, tuple(args), kwargs) if of_layer is None else of_layer(*args)
        found = [x for x in tree.flatten(made) if isinstance(x, KerasTensor)]
    except Exception:  # it needs values
        return nothing
    finally:
        local.function = before
    if len(found) != len(results):
        return nothing
    shapes = [TensorShape(tuple(x.shape)) for x in found]
    if getattr(function, "__name__", "") == "reshape" and len(args) > 1:
        shapes = [_asked_for(args[1], shape) for shape in shapes]
    if function is Tensor.__getitem__:
        shapes = [_sliced(args[1], args[0].shape, shape) for shape in shapes]
    fits = all(shape.is_compatible_with(x._t.shape) for shape, x in zip(shapes, results))
    return [None if shape.is_fully_defined() else shape for shape in shapes] if fits else nothing


def _asked_for(sizes: Any, found: TensorShape) -> TensorShape:
    """The shape of a reshaped tensor, of which sizes that are tensors are not known."""
    if not isinstance(sizes, (list, tuple)) or len(sizes) != found.rank or not any(map(dispatch.is_tensor, sizes)):
        return found
    return TensorShape([n if isinstance(n, int) and n >= 0 else None for n in sizes])


def _sliced(key: Any, given: Any, found: TensorShape) -> TensorShape:
    """The shape of what an index takes: of a part of an axis without a known size, the size is not known either."""
    items = list(key) if isinstance(key, tuple) else [key]
    taken = sum(item is not None and item is not Ellipsis for item in items)
    if any(item is Ellipsis for item in items):
        at = next(i for i, item in enumerate(items) if item is Ellipsis)
        items[at : at + 1] = [slice(None)] * (len(given) - taken)
    sizes, axis = list(found), 0
    place = 0
    for item in items:
        if item is None:
            place += 1
        elif isinstance(item, slice):
            if given[axis] is None and place < len(sizes):
                sizes[place] = None
            axis, place = axis + 1, place + 1
        else:
            axis += 1
    return TensorShape(sizes)


def _symbol(x: Any) -> Any:
    return KerasTensor(tuple(x._static), x.dtype.name) if isinstance(x, Declared) else x


dispatch.register(declared=result)
