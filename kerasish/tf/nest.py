"""``tf.nest``: nested structures of lists, tuples, dictionaries and named tuples."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import fail, missing_name


def flatten(structure: Any, expand_composites: bool = False) -> list:
    """The leaves of a structure in order; dictionaries by sorted key.

    Args:
        expand_composites: whether to look into ragged and sparse tensors, for the tensors that they are made of.
    """
    leaves = [leaf for leaf, _ in _sorted_leaves(structure)]
    if not expand_composites:
        return leaves
    return [part for leaf in leaves for part in _parts(leaf)]


def _sorted_leaves(structure: Any) -> list[tuple[Any, int]]:
    """The leaves by sorted keys, also of an OrderedDict, whose order ``tree`` keeps; each with its number there."""
    numbered = list(enumerate(tree.flatten(structure)))
    if not _has_ordered(structure):
        return [(leaf, place) for place, leaf in numbered]
    places = tree.pack_as(structure, range(len(numbered)))
    return [(numbered[place][1], place) for place in tree.flatten(_plain(places))]


def _has_ordered(structure: Any) -> bool:
    if isinstance(structure, dict):
        return isinstance(structure, OrderedDict) or any(map(_has_ordered, structure.values()))
    return isinstance(structure, (list, tuple)) and any(map(_has_ordered, structure))


def _plain(structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _plain(part) for key, part in structure.items()}
    return [_plain(part) for part in structure] if isinstance(structure, (list, tuple)) else structure


def _parts(leaf: Any) -> list:
    """What a leaf is made of: the leaf itself, unless it is a ragged or sparse tensor, whose parts may be such, too."""
    if not isinstance(leaf, CompositeTensor):
        return [leaf]
    return [part for component in leaf._tensors_within for part in _parts(component)]


def _packed(like: Any, parts: Iterator[Any]) -> Any:
    if not isinstance(like, CompositeTensor):
        return next(parts)
    return like._with_tensors([_packed(component, parts) for component in like._tensors_within])


def is_nested(seq: Any) -> bool:
    """Whether it is a container that this module looks into."""
    return tree.is_nested(seq)


def map_structure(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """``func`` of corresponding leaves, in the structure of the first.

    Args:
        check_types: whether the kinds of containers must agree.

    Raises:
        TypeError: ``func`` cannot be called, or kinds differ.
        ValueError: the structures differ.
    """
    check_types = kwargs.pop("check_types", True)
    expand = kwargs.pop("expand_composites", False)
    if kwargs:
        raise fail(ValueError, f"Only valid keyword arguments are `check_types` and `expand_composites`, not: {kwargs}")
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    columns = [flatten(s, expand) for s in structure]
    return pack_sequence_as(structure[0], [func(*row) for row in zip(*columns)], expand)


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The leaves ``flat_sequence`` in the shape of ``structure``.

    Raises:
        ValueError: the numbers of leaves differ.
        TypeError: ``flat_sequence`` is no sequence.
    """
    if not isinstance(flat_sequence, (list, tuple, range)):
        raise TypeError(f"Attempted to pack value:\n  {flat_sequence}\ninto a structure, but found incompatible type")
    wanted = len(flatten(structure, expand_composites))
    if wanted == 1 and not tree.is_nested(structure) and len(flat_sequence) != 1:
        raise ValueError(f"The target structure is of type `{type(structure)}`. However the input is a sequence")
    if wanted != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {wanted} atoms, but flat_sequence had {len(flat_sequence)} items. "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    ordered, parts = _sorted_leaves(structure), iter(flat_sequence)
    made = [(place, _packed(leaf, parts) if expand_composites else next(parts)) for leaf, place in ordered]
    return tree.pack_as(structure, [value for _, value in sorted(made, key=operator.itemgetter(0))])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Raise unless two structures agree in everything but their leaves.

    Args:
        check_types: whether the kinds of containers must agree, too.

    Raises:
        ValueError: they differ in length or keys.
        TypeError: they differ in kind.
    """
    start = "The two structures don't have the same nested structure.\n\n"
    shown = f"First structure: {nest1}\n\nSecond structure: {nest2}\n\n"
    try:
        tree.assert_same_structure(nest1, nest2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{start}{shown}{error}") from None
    if expand_composites:
        _check_composites(nest1, nest2, start + shown)
    if check_types:
        _check_kinds(nest1, nest2, start + shown)


def _check_composites(first: Any, second: Any, start: str) -> None:
    """Leaves that are composites must be of one class, and of specifications that go together."""
    for a, b in zip(tree.flatten(first), tree.flatten(second)):
        if isinstance(a, CompositeTensor) != isinstance(b, CompositeTensor):
            raise ValueError(f"{start}One is a composite tensor and the other is not: {a!r} and {b!r}")
        if isinstance(a, CompositeTensor) and not _same_kind(a, b):
            raise ValueError(f"{start}Incompatible CompositeTensor TypeSpecs: {a._type_spec} vs. {b._type_spec}")


def _same_kind(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a._type_spec.most_specific_common_supertype([b._type_spec]) is not None


def _check_kinds(first: Any, second: Any, start: str) -> None:
    if not tree.is_nested(first):
        return
    if not isinstance(first, dict) and type(first) is not type(second):
        raise TypeError(f"{start}The containers are of different types: {type(first)} and {type(second)}")
    keys = first if isinstance(first, dict) else range(len(first))
    for key in keys:
        _check_kinds(first[key], second[key], start)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
