"""``tensorflow.python.util.nest``: ``tf.nest``, and functions that go as deep as another structure does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.composite import CompositeTensor
from kerasish.tf.nest import (
    assert_same_structure,
    flatten,
    is_mapping,
    is_namedtuple,
    is_nested,
    map_structure,
    pack_sequence_as,
    sequence_like,
    yield_sorted_items,
)

_Path = tuple


def is_nested_or_composite(seq: Any) -> bool:
    """Whether it is a container, or made of several tensors."""
    return is_nested(seq) or isinstance(seq, CompositeTensor)


def yield_value(iterable: Any) -> Iterator[Any]:
    """What a container holds, in the order of ``flatten``."""
    return (value for _, value in yield_sorted_items(iterable))


def assert_shallow_structure(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raise unless ``input_tree`` is ``shallow_tree`` with structures in the place of some of its leaves.

    Args:
        check_types: whether kinds of containers must agree.

    Raises:
        TypeError: a container is met by a leaf, or by one of another kind.
        ValueError: lengths or keys differ.
    """
    inner = is_nested_or_composite if expand_composites else is_nested
    if not inner(shallow_tree):
        return
    if not inner(input_tree):
        raise TypeError(
            "If shallow structure is a sequence, input must also be a sequence. "
            f"Input has type: '{type(input_tree).__name__}'."
        )
    if check_types and not _same_kind(shallow_tree, input_tree):
        raise TypeError(
            "The two structures don't have the same sequence type. "
            f"Input structure has type '{type(input_tree).__name__}', while shallow structure has type "
            f"'{type(shallow_tree).__name__}'."
        )
    first, second = list(yield_sorted_items(shallow_tree)), list(yield_sorted_items(input_tree))
    if len(first) != len(second):
        raise ValueError(
            "The two structures don't have the same sequence length. "
            f"Input structure has length {len(second)}, while shallow structure has length {len(first)}."
        )
    if is_mapping(shallow_tree) and is_mapping(input_tree) and set(shallow_tree) != set(input_tree):
        raise ValueError(
            "The two structures don't have the same keys. "
            f"Input structure has keys {list(input_tree)}, while shallow structure has keys {list(shallow_tree)}."
        )
    for (_, shallow), (_, deep) in zip(first, second):
        assert_shallow_structure(shallow, deep, check_types, expand_composites)


def _same_kind(first: Any, second: Any) -> bool:
    if is_mapping(first) and is_mapping(second):
        return True
    if is_namedtuple(first) and is_namedtuple(second):
        return type(first).__name__ == type(second).__name__ and first._fields == second._fields
    return type(first) is type(second)


def _pairs(shallow: Any, deep: Any, expand: bool, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Paths to the leaves of ``shallow`` and what ``deep`` has there."""
    if not (is_nested(shallow) or (expand and isinstance(shallow, CompositeTensor))):
        yield path, deep
        return
    for (key, inner), below in zip(yield_sorted_items(shallow), yield_value(deep)):
        yield from _pairs(inner, below, expand, (*path, key))


def flatten_with_tuple_paths_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list[tuple[_Path, Any]]:
    """Pairs of path and what ``input_tree`` has where ``shallow_tree`` has leaves."""
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites)
    return list(_pairs(shallow_tree, input_tree, expand_composites))


def flatten_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list:
    """What ``input_tree`` has where ``shallow_tree`` has leaves."""
    pairs = flatten_with_tuple_paths_up_to(shallow_tree, input_tree, check_types, expand_composites)
    return [value for _, value in pairs]


def map_structure_with_tuple_paths_up_to(shallow_tree: Any, func: Callable, *inputs: Any, **kwargs: Any) -> Any:
    """``func(path, *values)`` for each leaf of ``shallow_tree``, in its structure.

    Args:
        check_types: whether kinds of containers must agree.
        expand_composites: whether composite tensors count as containers.

    Raises:
        ValueError: there is nothing to map over, or lengths or keys differ.
        TypeError: kinds differ.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types = kwargs.pop("check_types", True)
    expand = kwargs.pop("expand_composites", False)
    for value in inputs:
        assert_shallow_structure(shallow_tree, value, check_types, expand)
    columns = [list(_pairs(shallow_tree, value, expand)) for value in inputs]
    mapped = [func(row[0][0], *(value for _, value in row), **kwargs) for row in zip(*columns)]
    return pack_sequence_as(shallow_tree, mapped, expand)


def map_structure_up_to(shallow_tree: Any, func: Callable, *inputs: Any, **kwargs: Any) -> Any:
    """``func(*values)`` for each leaf of ``shallow_tree``, in its structure; see the function with paths."""
    return map_structure_with_tuple_paths_up_to(
        shallow_tree, lambda _, *values, **more: func(*values, **more), *inputs, **kwargs
    )


def map_structure_with_tuple_paths(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """``func(path, *values)`` for corresponding leaves, in the structure of the first."""
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    for other in structure[1:]:
        assert_same_structure(
            structure[0], other, kwargs.get("check_types", True), kwargs.get("expand_composites", False)
        )
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


def map_structure_with_paths(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """``func(path, *values)``, with paths as texts: "a/0"."""
    return map_structure_with_tuple_paths(
        lambda path, *values, **more: func("/".join(map(str, path)), *values, **more), *structure, **kwargs
    )


def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[_Path]:
    """Paths to the leaves, in order."""
    return (path for path, _ in _pairs(nest, nest, expand_composites))


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[_Path, Any]]:
    """Pairs of path and leaf."""
    return list(_pairs(structure, structure, expand_composites))


def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """Pairs of path, as a text, and leaf."""
    return [
        (separator.join(map(str, path)), leaf) for path, leaf in flatten_with_tuple_paths(structure, expand_composites)
    ]


def get_traverse_shallow_structure(traverse_fn: Callable, structure: Any, expand_composites: bool = False) -> Any:
    """A structure of truth values that goes as deep as ``traverse_fn`` says; False stands where it ends.

    Args:
        traverse_fn: of a substructure: whether to go into it, or into which of its parts.

    Raises:
        TypeError: ``traverse_fn`` returned something else.
    """
    nested = is_nested_or_composite if expand_composites else is_nested
    enter = traverse_fn(structure)
    if not nested(structure):
        if not isinstance(enter, bool):
            raise TypeError(f"traverse_fn returned structure: {enter} for non-structure: {structure}")
        return enter
    if isinstance(enter, bool):
        if not enter:
            return False
        entered = [True] * len(list(yield_value(structure)))
    elif not nested(enter):
        raise TypeError(f"traverse_fn returned a non-bool scalar: {enter} for input: {structure}")
    else:
        assert_shallow_structure(enter, structure, expand_composites=expand_composites)
        entered = list(yield_value(enter))
    if not all(isinstance(choice, bool) for choice in entered):
        raise TypeError(
            f"traverse_fn didn't return a depth=1 structure of bools.  saw: {enter}  for structure: {structure}"
        )
    below = zip(entered, yield_value(structure))
    return sequence_like(
        structure,
        [choice and get_traverse_shallow_structure(traverse_fn, part, expand_composites) for choice, part in below],
    )


def flatten_dict_items(dictionary: dict) -> dict:
    """Leaves of keys to leaves of values, for dictionaries whose keys are structures like their values.

    Raises:
        TypeError: it is no dictionary.
        ValueError: a key and its value differ in structure, or leaves of keys repeat.
    """
    if not isinstance(dictionary, dict):
        raise TypeError("input must be a dictionary")
    flat: dict = {}
    for key, value in dictionary.items():
        keys, values = ([key], [value]) if not is_nested(key) else (flatten(key), flatten(value))
        if len(keys) != len(values):
            raise ValueError(f"Could not flatten dictionary: key had {len(keys)} elements, but value had {len(values)}")
        for one, leaf in zip(keys, values):
            if one in flat:
                raise ValueError(f"Could not flatten dictionary: key {one} is not unique.")
            flat[one] = leaf
    return flat


def list_to_tuple(structure: Any) -> Any:
    """The structure with tuples for its lists."""
    return tree.lists_to_tuples(structure)


_is_namedtuple = is_namedtuple
_is_mapping = is_mapping
_is_nested_or_composite = is_nested_or_composite
_sequence_like = sequence_like
_yield_sorted_items = yield_sorted_items
_yield_value = yield_value
is_sequence = is_nested
is_sequence_or_composite = is_nested_or_composite

__all__ = [
    "_is_mapping",
    "_is_namedtuple",
    "_is_nested_or_composite",
    "_sequence_like",
    "_yield_sorted_items",
    "_yield_value",
    "assert_same_structure",
    "assert_shallow_structure",
    "flatten",
    "flatten_dict_items",
    "flatten_up_to",
    "flatten_with_joined_string_paths",
    "flatten_with_tuple_paths",
    "flatten_with_tuple_paths_up_to",
    "get_traverse_shallow_structure",
    "is_mapping",
    "is_namedtuple",
    "is_nested",
    "is_nested_or_composite",
    "is_sequence",
    "is_sequence_or_composite",
    "list_to_tuple",
    "map_structure",
    "map_structure_up_to",
    "map_structure_with_paths",
    "map_structure_with_tuple_paths",
    "map_structure_with_tuple_paths_up_to",
    "pack_sequence_as",
    "sequence_like",
    "yield_flat_paths",
    "yield_sorted_items",
    "yield_value",
]
