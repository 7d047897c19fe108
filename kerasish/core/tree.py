"""Nested structures: flatten, map and pack dicts, lists, tuples and namedtuples.

Order is that of ``keras.tree``: dictionaries by sorted key (OrderedDict as it stands; ``tf.nest`` sorts it, too); ``None`` is
a leaf, and so is a tuple whose class says ``is_leaf`` (a TensorShape).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasish.core.errors import fail


def is_nested(structure: Any) -> bool:
    """Whether ``structure`` is a container that this module looks into."""
    return isinstance(structure, (list, tuple, dict)) and not getattr(structure, "is_leaf", False)


def _is_sequence(structure: Any) -> bool:
    return isinstance(structure, (list, tuple)) and not getattr(structure, "is_leaf", False)


def _keys(mapping: dict) -> list:
    if isinstance(mapping, OrderedDict):
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:  # keys of mixed kinds have no order of their own
        return list(mapping)


def _leaves(structure: Any) -> Iterator[Any]:
    kind = type(structure)
    if kind is tuple or kind is list:
        for value in structure:
            yield from _leaves(value)
    elif isinstance(structure, dict):
        for key in _keys(structure):
            yield from _leaves(structure[key])
    elif _is_sequence(structure):
        for value in structure:
            yield from _leaves(value)
    else:
        yield structure


def flatten(structure: Any) -> list:
    """The leaves of ``structure`` in order; a leaf alone gives a list of one."""
    if not isinstance(structure, (list, tuple, dict)):  # one tensor: by far the most frequent call
        return [structure]
    return list(_leaves(structure))


def flatten_with_path(structure: Any, prefix: tuple = ()) -> list[tuple[tuple, Any]]:
    """Pairs of path (keys and indices from the root) and leaf."""
    if isinstance(structure, dict):
        items: Iterable = ((key, structure[key]) for key in _keys(structure))
    elif _is_sequence(structure):
        fields = getattr(structure, "_fields", None)
        items = zip(fields, structure, strict=True) if fields else enumerate(structure)
    else:
        return [(prefix, structure)]
    return [pair for key, value in items for pair in flatten_with_path(value, (*prefix, key))]


def _rebuild(like: Any, values: list) -> Any:
    """A sequence of the kind of ``like``; subclasses of list and tuple that only track become the plain type."""
    if isinstance(like, list):
        return values
    if hasattr(like, "_fields"):
        return type(like)(*values)
    return tuple(values)


def dict_like(like: dict, values: dict) -> dict:
    """A dictionary of the class of ``like``; a plain one if that class cannot be filled."""
    kind = type(like)
    if kind is dict:
        return values
    if kind is defaultdict:
        return defaultdict(like.default_factory, values)
    try:
        if isinstance(like, OrderedDict):
            return kind(values)
        made = kind()
        for key, value in values.items():
            made[key] = value
        return made
    except (TypeError, AttributeError):
        return values


def map_structure(function: Callable, *structures: Any) -> Any:
    """Apply ``function`` to corresponding leaves; returns the structure of the first.

    Raises:
        ValueError: the structures differ in length or keys.
        TypeError: the structures differ in kind.
    """
    first = structures[0]
    if isinstance(first, dict):
        for other in structures[1:]:
            assert_same_level(first, other)
        mapped = {key: map_structure(function, *(s[key] for s in structures)) for key in _keys(first)}
        return dict_like(first, {key: mapped[key] for key in first})
    if _is_sequence(first):
        for other in structures[1:]:
            assert_same_level(first, other)
        return _rebuild(first, [map_structure(function, *values) for values in zip(*structures, strict=True)])
    return function(*structures)


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples for its lists."""
    if isinstance(structure, dict):
        return dict_like(structure, {key: lists_to_tuples(value) for key, value in structure.items()})
    if _is_sequence(structure):
        return tuple(lists_to_tuples(value) for value in structure)
    return structure


def map_structure_up_to(shallow: Any, function: Callable, *structures: Any) -> Any:
    """Like ``map_structure``, but stops where ``shallow`` has leaves."""
    if isinstance(shallow, dict):
        mapped = {key: map_structure_up_to(shallow[key], function, *(s[key] for s in structures)) for key in shallow}
        return dict_like(shallow, mapped)
    if _is_sequence(shallow):
        parts = zip(shallow, *structures, strict=True)
        return _rebuild(shallow, [map_structure_up_to(part, function, *rest) for part, *rest in parts])
    return function(*structures)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """Apply ``func`` to each shape (a tuple or list of ints and None) of a structure of shapes."""
    if isinstance(structure, dict):
        return {key: map_shape_structure(func, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not all(d is None or isinstance(d, int) for d in structure):
        return type(structure)(map_shape_structure(func, value) for value in structure)
    return func(structure)


def pack_as(structure: Any, flat: Iterable) -> Any:
    """Put the leaves ``flat`` into the shape of ``structure``.

    Raises:
        ValueError: the numbers of leaves differ.
    """
    leaves = list(flat)
    wanted = len(flatten(structure))
    if len(leaves) != wanted:
        raise fail(
            ValueError,
            "The flat sequence does not fit the structure",
            f"{wanted} leaves for {structure!r}",
            f"{len(leaves)} leaves",
        )
    iterator = iter(leaves)
    return map_structure(lambda _: next(iterator), structure)


def assert_same_level(first: Any, second: Any) -> None:
    """Raise unless the two containers agree in kind, length and keys; does not look further in."""
    if isinstance(first, dict) != isinstance(second, dict) or not is_nested(second):
        raise fail(TypeError, "The structures differ in kind", type(first).__name__, type(second).__name__)
    if len(first) != len(second):
        raise fail(ValueError, "The structures differ in length", f"{len(first)} elements", f"{len(second)}")
    if isinstance(first, dict) and set(first) != set(second):
        raise fail(ValueError, "The structures differ in their keys", sorted(map(str, first)), sorted(map(str, second)))


def assert_same_structure(first: Any, second: Any) -> None:
    """Raise unless the two structures agree in everything but their leaves."""
    if not is_nested(first) and not is_nested(second):
        return
    if not is_nested(first):
        raise fail(TypeError, "The structures differ in kind", "a leaf", type(second).__name__)
    assert_same_level(first, second)
    keys = _keys(first) if isinstance(first, dict) else range(len(first))
    for key in keys:
        assert_same_structure(first[key], second[key])
