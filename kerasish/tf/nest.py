"""``tf.nest``: nested structures of lists, tuples, dictionaries and named tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerasish.core import tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import fail, missing_name

_CONTAINERS = (list, tuple, dict)


def is_mapping(obj: Any) -> bool:
    """Whether it is a dictionary."""
    return isinstance(obj, dict)


def is_namedtuple(instance: Any, strict: bool = False) -> bool:
    """Whether it is a named tuple.

    Args:
        strict: whether classes derived from one do not count.
    """
    if not isinstance(instance, tuple) or not isinstance(getattr(instance, "_fields", None), (tuple, list)):
        return False
    return not strict or type(instance).__base__ is tuple


def _keys(mapping: dict) -> list:
    """Sorted, also those of an OrderedDict; as they stand, if they have no order."""
    try:
        return sorted(mapping)
    except TypeError:
        return list(mapping)


def yield_sorted_items(iterable: Any) -> Iterator[tuple[Any, Any]]:
    """Keys, names or places and what is there, in the order of ``flatten``."""
    if isinstance(iterable, dict):
        yield from ((key, iterable[key]) for key in _keys(iterable))
    elif is_namedtuple(iterable):
        yield from zip(iterable._fields, iterable)
    elif isinstance(iterable, CompositeTensor):
        yield type(iterable).__name__, list(iterable._tensors_within)
    else:
        yield from enumerate(iterable)


def sequence_like(instance: Any, args: Sequence) -> Any:
    """The values ``args``, in the order of ``flatten``, in a container like ``instance``."""
    if isinstance(instance, dict):
        found = dict(zip(_keys(instance), args))
        return tree.dict_like(instance, {key: found[key] for key in instance})
    if isinstance(instance, CompositeTensor):
        return instance._with_tensors(flatten(list(args), expand_composites=True))
    return tree._rebuild(instance, list(args))


def _collect(structure: Any, into: list) -> None:
    """Append the leaves of a structure; packages flatten thousands of small ones a second."""
    kind = type(structure)
    if kind is tuple or kind is list:
        for value in structure:
            _collect(value, into)
    elif not isinstance(structure, _CONTAINERS) or not tree.is_nested(structure):
        into.append(structure)
    elif isinstance(structure, dict):
        for key in _keys(structure):
            _collect(structure[key], into)
    else:
        for value in structure:
            _collect(value, into)


def _mapped(func: Callable, structure: Any) -> Any:
    """``func`` of the leaves of one structure."""
    kind = type(structure)
    if kind is list or kind is tuple:
        return kind([_mapped(func, value) for value in structure])
    if not isinstance(structure, _CONTAINERS) or not tree.is_nested(structure):
        return func(structure)
    return sequence_like(structure, [_mapped(func, value) for _, value in yield_sorted_items(structure)])


def flatten(structure: Any, expand_composites: bool = False) -> list:
    """The leaves of a structure in order; dictionaries by sorted key.

    Args:
        expand_composites: whether to look into ragged and sparse tensors, for the tensors that they are made of.
    """
    leaves: list = []
    _collect(structure, leaves)
    if not expand_composites:
        return leaves
    return [part for leaf in leaves for part in _parts(leaf)]


def _parts(leaf: Any) -> list:
    """What a leaf is made of: the leaf itself, unless it is a ragged or sparse tensor, whose parts may be such, too."""
    if not isinstance(leaf, CompositeTensor):
        return [leaf]
    return [part for component in leaf._tensors_within for part in _parts(component)]


def _packed(like: Any, parts: Iterator[Any], expand: bool) -> Any:
    kind = type(like)
    if kind is list or kind is tuple:
        return kind([_packed(value, parts, expand) for value in like])
    if isinstance(like, _CONTAINERS) and tree.is_nested(like):
        return sequence_like(like, [_packed(value, parts, expand) for _, value in yield_sorted_items(like)])
    if not expand or not isinstance(like, CompositeTensor):
        return next(parts)
    return like._with_tensors([_packed(component, parts, True) for component in like._tensors_within])


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
    if len(structure) == 1 and not expand:
        return _mapped(func, structure[0])
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
        kind = type(flat_sequence)
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence}\ninto a structure, but found incompatible type `{kind}` instead."
        )
    wanted = len(flatten(structure, expand_composites))
    if wanted == 1 and not tree.is_nested(structure) and len(flat_sequence) != 1:
        raise ValueError(
            f"The target structure is of type `{type(structure)}`\n  {structure}\nHowever the input is a sequence "
            f"({type(flat_sequence)}) of length {len(flat_sequence)}.\n  {flat_sequence}"
        )
    if wanted != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {wanted} atoms, but flat_sequence had {len(flat_sequence)} items. "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return _packed(structure, iter(flat_sequence), expand_composites)


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Raise unless two structures agree in everything but their leaves.

    Args:
        check_types: whether the kinds of containers must agree, too.

    Raises:
        ValueError: they differ in length or keys.
        TypeError: they differ in kind.
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"The two structures don't have the same nested structure.\n\nFirst structure: {_described(nest1)}\n\nSecond "
            f"structure: {_described(nest2)}\n\nMore specifically: {error}\nEntire first structure:\n{_outline(nest1)}\n"
            f"Entire second structure:\n{_outline(nest2)}"
        ) from None


def _described(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


class _Dot:
    def __repr__(self) -> str:
        return "."


def _outline(structure: Any) -> Any:
    return map_structure(lambda _: _Dot(), structure)


def _compare(first: Any, second: Any, check_types: bool, expand: bool) -> None:
    if tree.is_nested(first) != tree.is_nested(second):
        whole, leaf = (first, second) if tree.is_nested(first) else (second, first)
        raise ValueError(
            f'Substructure "{_described(whole)}" is a sequence, while substructure "{_described(leaf)}" is not'
        )
    if not tree.is_nested(first):
        if expand:
            _check_composites(first, second)
        return
    mappings = isinstance(first, dict) and isinstance(second, dict)
    if check_types and not mappings and type(first) is not type(second):
        kinds = type(first).__name__, type(second).__name__
        raise TypeError(
            f"The two namedtuples don't have the same sequence type. First structure {_described(first)} has type "
            f"{kinds[0]}, while second structure {_described(second)} has type {kinds[1]}"
        )
    if check_types and mappings and set(first) != set(second):
        raise ValueError(
            f"The two dictionaries don't have the same set of keys. First structure has keys {_described(_keys(first))}, "
            f"while second structure has keys {_described(_keys(second))}"
        )
    ours, theirs = ([value for _, value in yield_sorted_items(s)] for s in (first, second))
    for a, b in zip(ours, theirs):
        _compare(a, b, check_types, expand)
    if len(ours) != len(theirs):
        raise ValueError(
            f"The two structures don't have the same number of elements. First structure: {_described(first)}. Second "
            f"structure: {_described(second)}"
        )


def _check_composites(a: Any, b: Any) -> None:
    """Leaves that are composites must be of one class, and of specifications that go together."""
    if isinstance(a, CompositeTensor) != isinstance(b, CompositeTensor):
        raise ValueError(f"One is a composite tensor and the other is not: {a!r} and {b!r}")
    if isinstance(a, CompositeTensor) and not _same_kind(a, b):
        raise ValueError(f"Incompatible CompositeTensor TypeSpecs: {a._type_spec} vs. {b._type_spec}")


def _same_kind(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a._type_spec.most_specific_common_supertype([b._type_spec]) is not None


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
