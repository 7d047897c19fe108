"""``tf.experimental.ExtensionType``: classes of values made of tensors, and what operations do with them."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import fail
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf import creation, debugging, math
from kerasish.tf.extension_spec import ExtensionTypeSpec, FrozenDict, mapped, spec_class, tensors_in
from kerasish.tf.ragged import elementwise as ragged_elementwise
from kerasish.tf.reductions import reduce_all
from kerasish.tf.spec import spec_of

_MISSING = object()
_UNSUPPORTED = (list, dict, set)  # they change


class ExtensionType(CompositeTensor):
    """The base of classes whose annotated fields are tensors, numbers, texts, tuples or other such values.

    A subclass has a constructor with its fields as arguments; ``__validate__`` is called at its end. Values do not change.
    """

    _fields: ClassVar[dict[str, Any]] = {}
    _is_tensor: ClassVar[bool] = False
    _has_rows: ClassVar[bool] = False
    Spec: ClassVar[type] = ExtensionTypeSpec

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: note for name, note in inspect.get_annotations(cls).items() if not _is_class_variable(note)}
        for name, note in own.items():
            if note in _UNSUPPORTED or typing.get_origin(note) in _UNSUPPORTED:
                text = note.__name__ if note in _UNSUPPORTED else str(note)
                raise TypeError(f"In field '{name}': Unsupported type annotation '{text}'")
        cls._fields = {**cls._fields, **own}
        if "__init__" not in vars(cls):
            cls.__init__ = _constructor(cls)  # type: ignore[method-assign]
        else:
            cls.__init__ = _finishing(cls, cls.__init__)  # type: ignore[method-assign]
        cls.Spec = spec_class(cls, vars(cls).get("Spec"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if type(self) in (ExtensionType, BatchableExtensionType):
            raise AssertionError(
                f"Cannot create an instance of {type(self).__name__} because it is an abstract base class."
            )
        self._set(inspect.signature(_constructor(type(self))).bind(self, *args, **kwargs))

    def __validate__(self) -> None:
        """Called when all fields are set; a subclass may raise an exception."""

    def __setattr__(self, name: str, value: Any) -> None:
        if "_complete" in vars(self):
            raise AttributeError(f"Cannot mutate attribute `{name}` outside the custom constructor of ExtensionType.")
        if name not in self._fields:
            raise AttributeError(f"'{type(self).__name__}' has no field '{name}'")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Cannot mutate attribute `{name}` outside the custom constructor of ExtensionType.")

    def __eq__(self, other: object) -> Any:
        if type(self) is not type(other):
            return False
        same = True
        for name in self._fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Tensor) and isinstance(theirs, Tensor):
                same = same and mine.shape == theirs.shape and bool(reduce_all(math.equal(mine, theirs)))
            else:
                same = same and bool(mine == theirs)
        return creation.constant(same)

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return math.logical_not(equal) if isinstance(equal, Tensor) else not equal

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

    @property
    def _type_spec(self) -> Any:
        return self.Spec.of({name: mapped(spec_of, getattr(self, name)) for name in self._fields})  # type: ignore

    @property
    def _tensors_within(self) -> tuple:
        return tuple(part for name in self._fields for part in tensors_in(getattr(self, name)))

    def _with_tensors(self, components: Sequence[Any]) -> ExtensionType:
        parts = iter(components)
        return self._of_fields({name: mapped(lambda _: next(parts), getattr(self, name)) for name in self._fields})

    @classmethod
    def _is_of_tensors(cls, name: str) -> bool:
        """Whether a field is annotated as a tensor."""
        note = _notes(cls).get(name)
        return inspect.isclass(note) and issubclass(note, Tensor)

    @classmethod
    def _of_fields(cls, fields: dict[str, Any]) -> ExtensionType:
        """A value with these fields, whatever the constructor takes."""
        made = object.__new__(cls)
        for name, value in fields.items():
            object.__setattr__(made, name, value)
        object.__setattr__(made, "_complete", True)
        return made

    def _with_differentiated(self, gradient: Any) -> ExtensionType:
        """A gradient with respect to it: of its floats, the others have none."""
        first = self._differentiated
        return self._with_tensors(
            [gradient if part is first else creation.zeros_like(part) for part in self._tensors_within]
        )

    def _finish(self) -> None:
        """Convert fields to what they are annotated as, and look whether all are there."""
        missing = [name for name in self._fields if name not in vars(self)]
        if missing:
            raise ValueError(f"{type(self).__name__}.{missing[0]} was not set in the constructor.")
        notes = _notes(type(self))
        for name in self._fields:
            converted = _converted(getattr(self, name), notes.get(name, Any), f"{type(self).__name__}.{name}")
            object.__setattr__(self, name, converted)
        object.__setattr__(self, "_complete", True)
        self.__validate__()

    def _set(self, bound: inspect.BoundArguments) -> None:
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            object.__setattr__(self, name, value)
        self._finish()


def _is_class_variable(note: Any) -> bool:
    return "ClassVar" in str(note)


def _constructor(cls: type) -> Callable:
    """A constructor with the fields as arguments."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for name in cls._fields:  # type: ignore[attr-defined]
        default = inspect.getattr_static(cls, name, _MISSING)
        given = inspect.Parameter.empty if default is _MISSING else default
        parameters.append(inspect.Parameter(name, kind, default=given))
    signature = inspect.Signature(parameters)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        self._set(signature.bind(self, *args, **kwargs))

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def _finishing(cls: type, own: Callable) -> Callable:
    """A constructor of the user's, after which the fields are converted and settled."""

    @functools.wraps(own)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        own(self, *args, **kwargs)
        if type(self) is cls and "_complete" not in vars(self):
            self._finish()

    return __init__


def _notes(cls: type) -> dict[str, Any]:
    """The fields' annotations as objects."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        scope = vars(sys.modules.get(base.__module__, sys))
        for name, note in inspect.get_annotations(base).items():
            if isinstance(note, str):
                try:
                    note = eval(note, dict(scope), dict(vars(base)))  # noqa: S307 - the class's own text
                except Exception:  # a name that is not known there
                    note = Any
            found[name] = note
    return found


def _converted(value: Any, note: Any, where: str) -> Any:
    """A field's value as its annotation says.

    Raises:
        TypeError: it is of another kind.
    """
    if note is Any or isinstance(note, typing.TypeVar):
        return value
    origin, inside = typing.get_origin(note), typing.get_args(note)
    if note in (Tensor, "Tensor") or (inspect.isclass(note) and issubclass(note, Tensor)):
        return value if isinstance(value, Variable) else _tensor(value, where)
    if hasattr(note, "is_compatible_with") and hasattr(note, "shape"):  # a TensorSpec
        made = creation.convert_to_tensor(value, dtype=note.dtype)
        if not note.is_compatible_with(made):
            raise fail(TypeError, f"{where}: expected a value of {note!r}", received=repr(value))
        return made
    if origin is tuple:
        kinds = [inside[0]] * len(value) if len(inside) == 2 and inside[1] is Ellipsis else list(inside)
        if len(kinds) != len(value):
            raise fail(TypeError, f"{where}: expected {len(kinds)} values", received=repr(value))
        return tuple(_converted(item, kind, where) for item, kind in zip(value, kinds))
    if origin is typing.Union or str(origin) == "<class 'types.UnionType'>":
        return _one_of(value, inside, where)
    if inspect.isclass(origin) and inside and issubclass(origin, typing.Mapping):
        return FrozenDict({_converted(k, inside[0], where): _converted(v, inside[1], where) for k, v in value.items()})
    if inspect.isclass(note) and not isinstance(value, note):
        raise TypeError(f"{where}: expected a {note.__name__}, got {value!r}")
    return value


def _tensor(value: Any, where: str) -> Any:
    try:
        return creation.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{where}: expected a Tensor, got {value!r}") from error


def _one_of(value: Any, kinds: tuple, where: str) -> Any:
    for kind in kinds:
        if kind is type(None):
            if value is None:
                return value
            continue
        try:
            return _converted(value, kind, where)
        except (TypeError, ValueError):
            continue
    raise fail(TypeError, f"{where}: expected one of {kinds}", received=repr(value))


class BatchableExtensionType(ExtensionType):
    """An ``ExtensionType`` all of whose tensors have a batch: datasets and ``tf.map_fn`` take its rows."""

    _has_rows: ClassVar[bool] = True


def as_dict(value: ExtensionType) -> dict[str, Any]:
    """The fields by name."""
    return {name: getattr(value, name) for name in value._fields}


# what operations do with them -----------------------------------------------------------------------------------------

_targets: dict[Callable, list[tuple[type, Callable]]] = {}  # function → where it is registered


class _Choice:
    """The handlers of one operation for one class, the last registered first."""

    def __init__(self) -> None:
        self.entries: list[tuple[Callable, Callable]] = []  # test of the arguments, handler

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for fits, handler in self.entries:
            if fits(args, kwargs):
                return handler(*args, **kwargs)
        raise TypeError("The operation is not defined for these types.")


def _register(cls: type, operation: Callable, fits: Callable, handler: Callable, target: Callable) -> None:
    choice = cls._handlers.setdefault(operation, _Choice())  # type: ignore[attr-defined]
    choice.entries.insert(0, (fits, handler))
    _targets.setdefault(target, []).append((cls, operation))


def _classes(note: Any) -> list[type]:
    parts = typing.get_args(note) or (note,)
    return [part for part in parts if inspect.isclass(part) and issubclass(part, ExtensionType)]


def dispatch_for_api(api: Callable, *signatures: dict) -> Callable:
    """Decorate what an operation does with values of other classes.

    Args:
        api: the operation.
        signatures: dicts of the classes of arguments by name or place; default: the decorated function's annotations.

    Raises:
        ValueError: no argument is of an ``ExtensionType``.
    """
    parameters = list(inspect.signature(api).parameters)

    def decorate(target: Callable) -> Callable:
        given = signatures or ({k: v for k, v in typing.get_type_hints(target).items() if k in parameters},)
        for signature in given:
            named = {parameters[key] if isinstance(key, int) else key: note for key, note in signature.items()}
            classes = [kind for note in named.values() for kind in _classes(note)]
            if not classes:
                raise ValueError("The signature must have an argument of an ExtensionType.")

            def fits(args: tuple, kwargs: dict, named: dict = named) -> bool:
                values = {**dict(zip(parameters, args)), **kwargs}
                return all(_is_a(values.get(name), note) for name, note in named.items())

            for kind in classes:
                _register(kind, api, fits, target, target)
        return target

    return decorate


def _is_a(value: Any, note: Any) -> bool:
    """Whether a value is of a class, one of several, or a list of such."""
    if typing.get_origin(note) in (list, tuple):
        kinds = tuple(part for part in typing.get_args(note) if inspect.isclass(part))
        return isinstance(value, (list, tuple)) and any(isinstance(item, kinds) for item in value)
    kinds = tuple(part for part in (typing.get_args(note) or (note,)) if inspect.isclass(part))
    return not kinds or isinstance(value, kinds)


_NOT_ELEMENTWISE = ("dropout",)
_ASSERTIONS = [
    getattr(debugging, f"assert_{name}")
    for name in "equal none_equal less less_equal greater greater_equal near".split()
]


def _elementwise(table: dict) -> list[Callable]:
    names = ((module, name) for module, text in table.items() for name in text.split() if name not in _NOT_ELEMENTWISE)
    return list(dict.fromkeys(getattr(module, name) for module, name in names if hasattr(module, name)))


def dispatch_for_unary_elementwise_apis(x_type: Any) -> Callable:
    """Decorate ``handler(api_func, x)``: what every elementwise operation of one operand does with a class.

    Args:
        x_type: the class.
    """

    def decorate(handler: Callable) -> Callable:
        for operation in _elementwise(ragged_elementwise._UNARY):

            def run(x: Any, *args: Any, _operation: Callable = operation, **kwargs: Any) -> Any:
                return handler(lambda value: _operation(value, *args, **kwargs), x)

            for kind in _classes(x_type):
                _register(kind, operation, lambda args, kwargs: True, run, handler)
        return handler

    return decorate


def dispatch_for_binary_elementwise_apis(x_type: Any, y_type: Any) -> Callable:
    """Decorate ``handler(api_func, x, y)``: what every elementwise operation of two operands does with two classes.

    Args:
        x_type, y_type: the classes; one of them is an ``ExtensionType``.
    """
    return _for_pairs(_elementwise(ragged_elementwise._BINARY), x_type, y_type)


def _for_pairs(operations: Iterable[Callable], x_type: Any, y_type: Any) -> Callable:
    def decorate(handler: Callable) -> Callable:
        for operation in operations:

            def run(x: Any, y: Any, *args: Any, _operation: Callable = operation, **kwargs: Any) -> Any:
                return handler(lambda a, b: _operation(a, b, *args, **kwargs), x, y)

            def fits(args: tuple, kwargs: dict) -> bool:
                values = [*args, *kwargs.values()]
                return len(values) > 1 and _is_a(values[0], x_type) and _is_a(values[1], y_type)

            for kind in dict.fromkeys([*_classes(x_type), *_classes(y_type)]):
                _register(kind, operation, fits, run, handler)
        return handler

    return decorate


def dispatch_for_binary_elementwise_assert_apis(x_type: Any, y_type: Any) -> Callable:
    """Decorate ``handler(assert_func, x, y)``: what every assertion on two operands does with two classes.

    Args:
        x_type, y_type: the classes; one of them is an ``ExtensionType``.
    """
    return _for_pairs(_ASSERTIONS, x_type, y_type)


def unregister_dispatch_for(dispatch_target: Callable) -> None:
    """Forget what a function was registered for.

    Raises:
        ValueError: it was not.
    """
    if dispatch_target not in _targets:
        raise ValueError(f"Function {dispatch_target} was not registered")
    for cls, operation in _targets.pop(dispatch_target):
        cls._handlers.pop(operation, None)  # type: ignore[attr-defined]
