"""Specifications of extension types, and how values and specifications of several fields are taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from kerasish.core.composite import CompositeTensor
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf.spec import TypeSpec, spec_of

_TENSORS = (Tensor, Variable, CompositeTensor)


class FrozenDict(dict):
    """A mapping among the fields: it does not change, and says so."""

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(f"'{type(self).__name__}' object does not support item assignment")

    def __repr__(self) -> str:
        return f"ImmutableDict({super().__repr__()})"


def mapped(function: Callable, value: Any, kinds: tuple = _TENSORS) -> Any:
    """A field with ``function`` of each tensor (or specification) in it; other values stay."""
    if isinstance(value, kinds):
        return function(value)
    if isinstance(value, tuple):
        return tuple(mapped(function, part, kinds) for part in value)
    if isinstance(value, Mapping):
        return FrozenDict({key: mapped(function, part, kinds) for key, part in value.items()})
    return value


def tensors_in(value: Any, kinds: tuple = _TENSORS) -> Iterator[Any]:
    """The tensors (or specifications) in a field, in order."""
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, (tuple, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from tensors_in(part, kinds)


class ExtensionTypeSpec(TypeSpec):
    """Describes the values of one extension type: a specification for each tensor, other fields as they are.

    Each class has its own, ``TheClass.Spec``, whose arguments are the fields.

    Raises:
        TypeError: arguments that are not the fields.
    """

    _value_class: ClassVar[Any] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = list(self._value_class._fields)
        given = dict(zip(names, args))
        unknown = [name for name in kwargs if name not in names or name in given]
        if len(args) > len(names) or unknown:
            raise TypeError(f"{self._title()} takes the fields {names}, not {args} and {kwargs}")
        given.update(kwargs)
        for name in names:
            if name not in given and not hasattr(self._value_class, name):
                raise TypeError(f"missing a required argument: '{name}'")
            part = _as_spec(given[name] if name in given else getattr(self._value_class, name))
            if self._value_class._is_of_tensors(name) and not isinstance(part, TypeSpec):
                raise TypeError(f"{name}: expected a TensorSpec, got {type(part).__name__!r}")
            self.__dict__[name] = part

    @classmethod
    def of(cls, fields: dict[str, Any]) -> ExtensionTypeSpec:
        """The specification with these fields, whatever the constructor takes."""
        made = cls.__new__(cls)
        made.__dict__.update(fields)
        return made

    @classmethod
    def from_value(cls, value: Any) -> ExtensionTypeSpec:
        """The specification of a value."""
        return value._type_spec

    @property
    def value_type(self) -> type:
        return self._value_class

    @property
    def fields(self) -> dict[str, Any]:
        """What describes each field."""
        return {name: self.__dict__[name] for name in self._value_class._fields}

    def with_parts(self, function: Callable[[TypeSpec], TypeSpec]) -> ExtensionTypeSpec:
        """The same with ``function`` of each specification."""
        return self.of({name: mapped(function, part, (TypeSpec,)) for name, part in self.fields.items()})

    def of_values(self, function: Callable[[TypeSpec], Any]) -> Any:
        """A value of the type, whose tensors ``function`` makes from their specifications."""
        fields = {name: mapped(function, part, (TypeSpec,)) for name, part in self.fields.items()}
        return self._value_class._of_fields(fields)

    def parts(self) -> list[TypeSpec]:
        """The specifications of its tensors, in order."""
        return [spec for part in self.fields.values() for spec in tensors_in(part, (TypeSpec,))]

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        if type(self) is not type(other) or self._others() != other._others():  # type: ignore[attr-defined]
            return False
        pairs = zip(self.parts(), other.parts(), strict=True)  # type: ignore[attr-defined]
        return all(mine.is_compatible_with(theirs) for mine, theirs in pairs)

    def is_subtype_of(self, other: TypeSpec) -> bool:
        if type(self) is not type(other) or self._others() != other._others():  # type: ignore[attr-defined]
            return False
        return all(a.is_subtype_of(b) for a, b in zip(self.parts(), other.parts()))  # type: ignore[attr-defined]

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> ExtensionTypeSpec | None:
        if any(type(self) is not type(other) or self._others() != other._others() for other in others):  # type: ignore
            return None
        columns = zip(self.parts(), *(other.parts() for other in others))  # type: ignore[attr-defined]
        common = iter([first.most_specific_common_supertype(rest) for first, *rest in columns])
        made = self.with_parts(lambda spec: next(common))  # type: ignore[arg-type,return-value]
        return None if any(part is None for part in made.parts()) or len(made.parts()) != len(self.parts()) else made

    def _others(self) -> Any:
        """What the fields have beside tensors."""
        return _hashable({name: mapped(lambda spec: None, part, (TypeSpec,)) for name, part in self.fields.items()})

    def _key(self) -> tuple:
        return self._value_class, _hashable(self.fields)

    def _title(self) -> str:
        return f"{self._value_class.__name__}.Spec"

    def __repr__(self) -> str:
        return f"{self._title()}({', '.join(f'{name}={_plain(part)!r}' for name, part in self.fields.items())})"


def _as_spec(value: Any) -> Any:
    """What is given for a field: tensors stand for their specifications."""
    return mapped(spec_of, value)


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((key, _hashable(part)) for key, part in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, tuple) and not isinstance(value, TypeSpec) else value


def _plain(value: Any) -> Any:
    """As it prints here: mappings as dicts."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def spec_class(cls: type, own: Any) -> type:
    """``cls.Spec``, with what the user's class of that name has.

    Args:
        own: that class, or None.
    """
    bases = (ExtensionTypeSpec,) if own is None else (own, ExtensionTypeSpec)
    body = {"_value_class": cls, "__qualname__": f"{cls.__qualname__}.Spec", "__module__": cls.__module__}
    if own is not None:
        body.update({name: getattr(ExtensionTypeSpec, name) for name in _OBJECTS if name not in vars(own)})
    return type(f"{cls.__name__}.Spec", bases, body)


_OBJECTS = ("__repr__", "__eq__", "__ne__", "__hash__", "__str__", "__init__")
