"""Nested structures (``keras.tree``)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from kerasish.core import tree as _tree
from kerasish.core.errors import fail, missing_name
from kerasish.core.registry import publish

flatten = _tree.flatten
flatten_with_path = _tree.flatten_with_path
is_nested = _tree.is_nested
map_shape_structure = _tree.map_shape_structure


class MAP_TO_NONE:
    """What ``traverse``'s function returns where the result shall hold None."""


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply ``func`` to corresponding leaves; with ``none_is_leaf=False``, None stays None.

    Raises:
        ValueError: the structures differ.
    """
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    if none_is_leaf:
        return _tree.map_structure(func, *structures)
    return _tree.map_structure(lambda *leaves: None if leaves[0] is None else func(*leaves), *structures)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """Like ``map_structure``, but stops where ``shallow_structure`` has leaves."""
    return _tree.map_structure_up_to(shallow_structure, func, *structures)


def pack_sequence_as(structure: Any, flat_sequence: Iterable, sequence_fn: Callable | None = None) -> Any:
    """Put the leaves ``flat_sequence`` into the shape of ``structure``."""
    return _tree.pack_as(structure, flat_sequence)


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples for its lists."""
    return _tree.lists_to_tuples(structure)


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise ValueError unless the two agree in everything but their leaves: types, lengths, keys.

    Args:
        check_types: without effect, and any value warns, as in Keras: types are always compared.
    """
    if check_types is not None:
        warnings.warn(
            "The `check_types` argument is deprecated and no longer has any effect: types are always compared. "
            "`keras.tree.assert_same_paths()` takes `list`, `tuple` and `namedtuple` as matching.",
            DeprecationWarning,
            stacklevel=2,
        )
    if _tree.is_nested(a) or _tree.is_nested(b):
        if type(a) is not type(b):
            raise fail(ValueError, "The structures differ in their types", type(a).__name__, type(b).__name__)
        _tree.assert_same_level(a, b)
        for key in a if isinstance(a, dict) else range(len(a)):
            assert_same_structure(a[key], b[key])


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless the leaves of the two have the same paths."""
    paths_a, paths_b = ([path for path, _ in _tree.flatten_with_path(x)] for x in (a, b))
    if paths_a != paths_b:
        raise ValueError(f"`a` and `b` don't have the same paths: {paths_a} against {paths_b}")


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Replace what ``func`` answers for with its answer (None: go on), from the root down or from the leaves up."""
    if top_down:
        answer = func(structure)
        if answer is not None:
            return None if answer is MAP_TO_NONE else answer
    if isinstance(structure, dict):
        changed = {key: traverse(func, structure[key], top_down) for key in _tree._keys(structure)}
        structure = {key: changed[key] for key in structure}
    elif isinstance(structure, (list, tuple)):
        parts = [traverse(func, value, top_down) for value in structure]
        structure = type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    if not top_down:
        answer = func(structure)
        if answer is not None:
            return None if answer is MAP_TO_NONE else answer
    return structure


__all__ = [
    "MAP_TO_NONE", "assert_same_paths", "assert_same_structure", "flatten", "flatten_with_path", "is_nested",
    "lists_to_tuples", "map_shape_structure", "map_structure", "map_structure_up_to", "pack_sequence_as", "traverse",
]  # fmt: skip
publish(__name__, globals(), ("MAP_TO_NONE", "map_structure", "pack_sequence_as"))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
