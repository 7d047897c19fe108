"""Writes to parts of a variable: ``v[1:3].assign(x)`` and the ``scatter_*`` methods of ``tf.Variable``.

The functions work on a raw tensor that is the caller's own, and change it in place.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.indexing import index_raw
from kerasish.core.tensor import StringTensor, convert, getitem


def set_slice(whole: Any, key: Any, part: Any) -> None:
    """``whole[key] = part`` with TensorFlow's indexing; ``part`` may be broadcast. Both may be arrays of texts.

    Raises:
        InvalidArgumentError: ``part`` does not fit.
    """
    texts = isinstance(whole, np.ndarray)
    positions = torch.arange(math.prod(whole.shape), device="cpu" if texts else whole.device).reshape(whole.shape)
    chosen = index_raw(positions, key)
    try:
        part = np.broadcast_to(part, tuple(chosen.shape)) if texts else part.expand(chosen.shape)
    except (RuntimeError, ValueError):
        raise InvalidArgumentError(
            f"Cannot broadcast input shape {list(part.shape)} into final shape {list(chosen.shape)} "
            "[Op:ResourceStridedSliceAssign]"
        ) from None
    if texts:
        whole.reshape(-1)[chosen.reshape(-1).numpy()] = part.reshape(-1)
    else:
        whole.view(-1)[chosen.reshape(-1)] = part.reshape(-1)


def _update(rows: torch.Tensor, at: torch.Tensor, new: torch.Tensor) -> None:
    rows[at] = new


def _reduce(rows: torch.Tensor, at: torch.Tensor, new: torch.Tensor, how: str) -> torch.Tensor:
    index = at.reshape(-1, *(1,) * (new.ndim - 1)).expand_as(new)
    return rows.scatter_reduce_(0, index, new, how)


def _divide(rows: torch.Tensor, at: torch.Tensor, new: torch.Tensor) -> None:
    divisors = _reduce(torch.ones_like(rows), at, new, "prod")
    rows.copy_(torch.div(rows, divisors, rounding_mode=None if rows.is_floating_point() else "trunc"))


RULES: dict[str, Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Any]] = {
    "update": _update,
    "add": lambda rows, at, new: rows.index_add_(0, at, new),
    "sub": lambda rows, at, new: rows.index_add_(0, at, new, alpha=-1),
    "mul": lambda rows, at, new: _reduce(rows, at, new, "prod"),
    "div": lambda rows, at, new: _divide(rows, at, new),
    "max": lambda rows, at, new: _reduce(rows, at, new, "amax"),
    "min": lambda rows, at, new: _reduce(rows, at, new, "amin"),
}


def scatter(whole: torch.Tensor, rule: str, indices: torch.Tensor, new: torch.Tensor) -> None:
    """Apply a rule to the slices ``whole[indices[i, 0], indices[i, 1], ...]`` and ``new[i]``.

    Args:
        indices: (..., depth), integers.
        new: (..., *whole.shape[depth:]), or a scalar.

    Raises:
        InvalidArgumentError: an index is out of bounds, or the shapes do not fit.
    """
    depth = indices.shape[-1]
    if depth > whole.ndim:
        raise InvalidArgumentError(
            f"The inner dimension of indices is {depth}, but the variable has rank {whole.ndim}."
        )
    sizes = torch.tensor(whole.shape[:depth], dtype=torch.int64, device=whole.device)
    flat = indices.reshape(-1, depth).long()
    wrong = ((flat < 0) | (flat >= sizes)).any(1)
    if wrong.any():
        i = int(wrong.nonzero()[0, 0])
        raise InvalidArgumentError(f"indices[{i}] = {flat[i].tolist()} does not index into {list(whole.shape)}")
    steps = torch.tensor([whole.shape[k + 1 : depth].numel() for k in range(depth)], device=whole.device)
    rows = whole.view(-1, *whole.shape[depth:])
    expected = (*indices.shape[:-1], *whole.shape[depth:])
    if new.ndim and tuple(new.shape) != expected:
        raise InvalidArgumentError(
            f"Must have updates.shape = {list(expected)}. Received: updates.shape {list(new.shape)}"
        )
    if not new.ndim:
        new = new.expand(expected)
    RULES[rule](rows, (flat * steps).sum(1), new.reshape(len(flat), *whole.shape[depth:]))


class PartialWrites:
    """What ``tf.Variable`` adds to variables for parts of them. A ``sparse_delta`` has ``indices`` and ``values``."""

    read: Callable[[], torch.Tensor]
    shape: Any
    assign: Callable[..., Any]
    _held: Callable[[], torch.Tensor]

    # slices

    def __getitem__(self, key: Any) -> Any:
        value = self.read()
        part = StringTensor(value)[key] if isinstance(value, np.ndarray) else getitem(self, key)
        part.assign = functools.partial(self._assign_slice, key)  # type: ignore[attr-defined]
        return part

    def _assign_slice(self, key: Any, value: Any, name: str | None = None) -> Any:
        """``v[key].assign(value)``."""
        whole = self._copied()
        set_slice(whole, key, self._like(value, whole))
        return self.assign(whole)

    def _copied(self) -> Any:
        whole = self._held()
        return whole.copy() if isinstance(whole, np.ndarray) else whole.clone(memory_format=torch.contiguous_format)

    @staticmethod
    def _like(value: Any, whole: Any) -> Any:
        if isinstance(whole, np.ndarray):
            return dispatch.raw(convert(value, "string"))
        return dispatch.raw(convert(value, whole.dtype)).detach().to(whole)

    # by index

    def _scatter(self, rule: str, indices: Any, new: Any) -> Any:
        whole = self._copied()
        places = dispatch.raw(indices)
        if isinstance(whole, np.ndarray):
            if rule != "update":
                raise InvalidArgumentError(f"Texts can be set, but a variable of them has no scatter_{rule}.")
            numbers = torch.arange(whole.size).reshape(whole.shape)
            new = self._like(new, whole)
            given = torch.arange(new.size).reshape(new.shape)
            scatter(numbers, rule, places, given + whole.size)  # numbers from here on stand for new texts
            every = np.concatenate([whole.reshape(-1), new.reshape(-1)])
            return self.assign(every[numbers.numpy()])
        scatter(whole, rule, places.to(whole.device), self._like(new, whole))
        return self.assign(whole)

    def _scatter_rows(self, rule: str, delta: Any) -> Any:
        if not (hasattr(delta, "indices") and hasattr(delta, "values")):
            raise TypeError(f"sparse_delta must be IndexedSlices. Received: {delta!r}")
        return self._scatter(rule, dispatch.raw(delta.indices).unsqueeze(-1), delta.values)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Set slices of each sample: ``v[b, indices[b, i]] = values[b, i]``."""
        indices = dispatch.raw(sparse_delta.indices).long()
        grid = torch.meshgrid(*(torch.arange(n, device=indices.device) for n in indices.shape), indexing="ij")
        return self._scatter("update", torch.stack([*grid[:-1], indices], -1), sparse_delta.values)

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        """The elements or slices at the indices along the last axis of ``indices``."""
        return self._picked(tuple(dispatch.raw(indices).long().unbind(-1)))

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        """The slices at ``indices`` along the first axis."""
        return self._picked((dispatch.raw(indices).long(),))

    def _picked(self, places: tuple) -> Any:
        """The slices at index tensors for the first axes.

        Raises:
            InvalidArgumentError: there are none.
        """
        value = self.read()
        if len(places) > value.ndim:
            raise InvalidArgumentError(f"There are {len(places)} indices for a variable of rank {value.ndim}.")
        for axis, place in enumerate(places):
            if ((place < 0) | (place >= value.shape[axis])).any():
                raise InvalidArgumentError(f"indices {place.tolist()} are not in [0, {value.shape[axis]})")
        if isinstance(value, np.ndarray):
            return StringTensor(np.asarray(value[tuple(p.numpy() for p in places)], dtype=object))
        return dispatch.wrap(value[places])

    # Python's in-place operators

    @staticmethod
    def _refuse_in_place(sign: str, method: str | None) -> Any:
        instead = f"Use `variable.{method}(value)` to change the variable, or" if method else "Use"
        raise RuntimeError(
            f"`variable {sign}= value` with `tf.Variable`s is not supported. {instead} `out = variable {sign} value` "
            "to get a new tensor."
        )


def _nd_method(rule: str) -> Callable:
    def method(self: PartialWrites, indices: Any, updates: Any, name: str | None = None) -> Any:
        places = dispatch.raw(indices)
        if dispatch.raw(updates).ndim == 0 and (places.ndim > 1 or len(self.shape) > places.shape[-1]):
            raise InvalidArgumentError(
                f"updates must have a dimension for each but the last of indices. Received: updates={updates!r}"
            )
        return self._scatter(rule, indices, updates)

    return method


def _rows_method(rule: str) -> Callable:
    def method(self: PartialWrites, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        return self._scatter_rows(rule, sparse_delta)

    return method


def _in_place_operator(sign: str, instead: str | None) -> Callable:
    def operator(self: PartialWrites, other: Any) -> Any:
        return self._refuse_in_place(sign, instead)

    return operator


def _add(name: str, method: Callable, doc: str) -> None:
    method.__name__, method.__doc__ = name, doc
    method.__qualname__ = f"{PartialWrites.__name__}.{name}"
    setattr(PartialWrites, name, method)


for _rule in RULES:
    _add(f"scatter_{_rule}", _rows_method(_rule), f"Apply '{_rule}' to the slices at ``sparse_delta.indices``.")
    if _rule not in ("mul", "div"):
        _add(f"scatter_nd_{_rule}", _nd_method(_rule), f"Apply '{_rule}' to the elements or slices at ``indices``.")
for _name, _sign, _instead in (
    ("iadd", "+", "assign_add"), ("isub", "-", "assign_sub"), ("imul", "*", None), ("itruediv", "/", None),
    ("ipow", "**", None),
):  # fmt: skip
    _add(f"__{_name}__", _in_place_operator(_sign, _instead), f"Refuse ``v {_sign}= x``.")
