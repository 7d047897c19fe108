"""``tensorflow.python.util``: decorators that are seen through, names of modules, notices of deprecation."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

_logger = logging.getLogger("tensorflow")

# decorators --------------------------------------------------------------------------------------------------------------


class TFDecorator:
    """What a decorated function remembers: the function below, the decorator's name and the signature to show."""

    def __init__(
        self,
        decorator_name: str,
        target: Any,
        decorator_doc: str = "",
        decorator_argspec: inspect.FullArgSpec | None = None,
    ) -> None:
        self.decorated_target = target
        self.decorator_name = decorator_name
        self.decorator_doc = decorator_doc
        self.decorator_argspec = decorator_argspec
        for name in ("__name__", "__qualname__"):
            if hasattr(target, name):
                setattr(self, name, getattr(target, name))
        self.__doc__ = decorator_doc or getattr(target, "__doc__", None) or ""
        with contextlib.suppress(TypeError, ValueError):
            self.__signature__ = _signature_of(target, decorator_argspec)

    def __get__(self, instance: Any, owner: type) -> Any:
        return self.decorated_target.__get__(instance, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.decorated_target(*args, **kwargs)


def _signature_of(target: Any, spec: inspect.FullArgSpec | None) -> inspect.Signature:
    return inspect.signature(target) if spec is None else fullargspec_to_signature(spec)


def fullargspec_to_signature(fullargspec: inspect.FullArgSpec) -> inspect.Signature:
    """A signature with the parameters of an argument specification."""
    kinds = inspect.Parameter
    defaults = dict(zip(reversed(fullargspec.args), reversed(fullargspec.defaults or ())))
    found = [kinds(n, kinds.POSITIONAL_OR_KEYWORD, default=defaults.get(n, kinds.empty)) for n in fullargspec.args]
    if fullargspec.varargs:
        found.append(kinds(fullargspec.varargs, kinds.VAR_POSITIONAL))
    only = fullargspec.kwonlydefaults or {}
    found += [kinds(n, kinds.KEYWORD_ONLY, default=only.get(n, kinds.empty)) for n in fullargspec.kwonlyargs]
    if fullargspec.varkw:
        found.append(kinds(fullargspec.varkw, kinds.VAR_KEYWORD))
    return inspect.Signature(found)


def make_decorator(
    target: Any,
    decorator_func: Any,
    decorator_name: str | None = None,
    decorator_doc: str = "",
    decorator_argspec: inspect.FullArgSpec | None = None,
) -> Any:
    """``decorator_func`` with the name, text and signature of ``target``, which it wraps; ``unwrap`` sees through it."""
    name = decorator_name or sys._getframe(1).f_code.co_name
    decorator_func._tf_decorator = TFDecorator(name, target, decorator_doc, decorator_argspec)
    for attribute in ("__name__", "__qualname__", "__module__"):
        if hasattr(target, attribute):
            setattr(decorator_func, attribute, getattr(target, attribute))
    for attribute, value in getattr(target, "__dict__", {}).items():
        decorator_func.__dict__.setdefault(attribute, value)
    decorator_func.__doc__ = decorator_func._tf_decorator.__doc__
    decorator_func.__wrapped__ = decorator_func.__original_wrapped__ = target
    with contextlib.suppress(TypeError, ValueError):
        decorator_func.__signature__ = _signature_of(target, decorator_argspec)
    return decorator_func


def unwrap(maybe_tf_decorator: Any) -> tuple[list[TFDecorator], Any]:
    """The decorators around a function, the outermost first, and the function itself."""
    decorators: list[TFDecorator] = []
    current = maybe_tf_decorator
    while True:
        found = current if isinstance(current, TFDecorator) else getattr(current, "__dict__", {}).get("_tf_decorator")
        if found is None:
            return decorators, current
        decorators.append(found)
        current = found.decorated_target


def rewrap(decorator_func: Any, previous_target: Any, new_target: Any) -> Any:
    """Put another function in the place of one that is decorated."""
    current, innermost = decorator_func, None
    while current is not previous_target:
        innermost = current
        current = getattr(current, "__dict__", {})["_tf_decorator"].decorated_target
    if innermost is None:
        return new_target
    innermost._tf_decorator.decorated_target = new_target
    innermost.__wrapped__ = new_target
    return decorator_func


def contextmanager(target: Callable) -> Callable:
    """``contextlib.contextmanager`` as a decorator that ``unwrap`` sees through."""
    return make_decorator(target, contextlib.contextmanager(target), "contextmanager")


# names of modules --------------------------------------------------------------------------------------------------------

_HIDDEN: dict[str, tuple[ModuleType, Any]] = {}


def make_all(module_name: str, doc_string_modules: list[ModuleType] | None = None) -> list[str]:
    """The names of a module that docstrings mention as ``@@name``."""
    module = sys.modules[module_name]
    texts = [found.__doc__ or "" for found in ([module] if doc_string_modules is None else doc_string_modules)]
    named = {name for text in texts for name in re.findall(r"^@@\s*(\w+)$", text, re.MULTILINE)}
    return [name for name, _ in inspect.getmembers(module) if name in named]


def remove_undocumented(
    module_name: str,
    allowed_exception_list: list[str] | None = None,
    doc_string_modules: list[ModuleType] | None = None,
) -> None:
    """Take out of a module the names that it neither documents nor allows; those that begin with "_" stay."""
    module = sys.modules[module_name]
    kept = {*make_all(module_name, doc_string_modules), *(allowed_exception_list or [])}
    for name in set(dir(module)) - kept:
        if not name.startswith("_"):
            _HIDDEN[f"{module_name}.{name}"] = (module, getattr(module, name))
            delattr(module, name)


def reveal_undocumented(symbol_name: str, target_module: ModuleType | None = None) -> None:
    """Put back what ``remove_undocumented`` took out.

    Raises:
        LookupError: it took out no such name.
    """
    if symbol_name not in _HIDDEN:
        raise LookupError(f"Symbol {symbol_name} is not a hidden symbol")
    module, value = _HIDDEN[symbol_name]
    setattr(target_module or module, symbol_name.rpartition(".")[2], value)


class tf_export:  # noqa: N801 - TensorFlow's name
    """A decorator that would publish a name of TensorFlow's; it leaves what it is put on as it is."""

    def __init__(self, *args: str, **kwargs: Any) -> None:
        self._names = args

    def __call__(self, func: Any) -> Any:
        return func

    def export_constant(self, module_name: str, name: str) -> None:
        """Would publish a constant; nothing is published here."""


# deprecation -------------------------------------------------------------------------------------------------------------

_silent = [0]
_told: set[Any] = set()


@contextmanager
def silence() -> Iterator[None]:
    """A block without notices of deprecation."""
    _silent[0] += 1
    try:
        yield
    finally:
        _silent[0] -= 1


def _tell(key: Any, once: bool, what: str, date: str | None, instructions: str) -> None:
    if _silent[0] or (once and key in _told):
        return
    _told.add(key)
    when = "in a future version" if date is None else f"after {date}"
    _logger.warning(
        "%s is deprecated and will be removed %s.\nInstructions for updating:\n%s", what, when, instructions
    )


def _validate(date: str | None, instructions: str) -> None:
    if date is not None and not re.fullmatch(r"20\d\d-[01]\d-[0123]\d", date):
        raise ValueError(f"Date must be in format YYYY-MM-DD. Received: {date}")
    if not instructions:
        raise ValueError(
            f"Don't deprecate things without conversion instructions! Specify instructions. Received: {instructions}"
        )


def _name(function: Any) -> str:
    return f"{getattr(function, '__qualname__', function)} (from {getattr(function, '__module__', '?')})"


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable:
    """A decorator: tell, at the first call, that the function or class is deprecated.

    Args:
        date: when it goes, "YYYY-MM-DD"; None for some time.
        instructions: what to use.
    """
    _validate(date, instructions)

    def decorate(target: Any) -> Any:
        if isinstance(target, type):
            begin = target.__init__  # type: ignore[misc]

            @functools.wraps(begin)
            def init(self: Any, *args: Any, **kwargs: Any) -> None:
                _tell(target, warn_once, _name(target), date, instructions)
                begin(self, *args, **kwargs)

            target.__init__ = init  # type: ignore[misc]
            return target

        @functools.wraps(target)
        def call(*args: Any, **kwargs: Any) -> Any:
            _tell(target, warn_once, _name(target), date, instructions)
            return target(*args, **kwargs)

        return make_decorator(target, call, "deprecated")

    return decorate


def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any, warn_once: bool = True
) -> Callable:
    """A decorator: tell of arguments that are deprecated, where they are given; a pair's second is what may be given."""
    _validate(date, instructions)
    if not deprecated_arg_names_or_tuples:
        raise ValueError("Specify which argument is deprecated.")
    allowed = dict(
        one if isinstance(one, tuple) and len(one) == 2 else (one[0] if isinstance(one, tuple) else one, _GIVEN)
        for one in deprecated_arg_names_or_tuples
    )

    def decorate(target: Callable) -> Callable:
        parameters = inspect.signature(target).parameters
        missing = [name for name in allowed if name not in parameters]
        if missing and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
            raise ValueError(f"The following deprecated arguments are not present in the function: {missing}")
        return _tell_of_arguments(
            target, lambda n, v: n in allowed and not _same(v, allowed[n]), date, instructions, warn_once
        )

    return decorate


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable:
    """A decorator: tell of arguments' values that are deprecated."""
    _validate(date, instructions)
    if not deprecated_kwargs:
        raise ValueError("Specify which argument values are deprecated.")

    def is_old(name: str, value: Any) -> bool:
        return name in deprecated_kwargs and _same(value, deprecated_kwargs[name])

    return lambda target: _tell_of_arguments(target, is_old, date, instructions, warn_once)


_GIVEN = object()


def _same(first: Any, second: Any) -> bool:
    return first is second or (
        type(first) is type(second) and isinstance(first, (bool, int, float, str)) and first == second
    )


def _tell_of_arguments(
    target: Callable, is_old: Callable[[str, Any], bool], date: str | None, instructions: str, once: bool
) -> Callable:
    signature = inspect.signature(target)

    @functools.wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(TypeError):  # wrong arguments are the function's own business
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                if is_old(name, value):
                    what = f"Calling {_name(target)} with {name}={value!r}"
                    _tell((target, name), once, what, date, instructions)
        return target(*args, **kwargs)

    return make_decorator(target, call, "deprecated_args")


def deprecated_alias(deprecated_name: str, name: str, func_or_class: Any, warn_once: bool = True) -> Any:
    """A function or class under an old name, which tells that there is a new one."""
    if isinstance(func_or_class, type):

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            _tell(deprecated_name, warn_once, f"The name {deprecated_name}", None, f"Please use {name} instead.")
            func_or_class.__init__(self, *args, **kwargs)

        return type(func_or_class)(func_or_class.__name__, (func_or_class,), {"__init__": init})

    @functools.wraps(func_or_class)
    def call(*args: Any, **kwargs: Any) -> Any:
        _tell(deprecated_name, warn_once, f"The name {deprecated_name}", None, f"Please use {name} instead.")
        return func_or_class(*args, **kwargs)

    return make_decorator(func_or_class, call, "deprecated_alias")


def deprecated_argument_lookup(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that has two names.

    Raises:
        ValueError: both are given.
    """
    if old_value is None:
        return new_value
    if new_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'.")
    return old_value


def deprecated_endpoints(*args: str) -> Callable:
    """A decorator that would mark public names as deprecated; it leaves the function as it is."""
    return lambda target: target


# objects by identity -----------------------------------------------------------------------------------------------------


class Reference:
    """An object that counts as a key by identity; ``deref`` gives it back."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def deref(self) -> Any:
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


class ObjectIdentityDictionary(dict):
    """A dictionary whose keys are told apart by identity."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.update(*args, **kwargs)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Put in all of another one."""
        for key, value in dict(*args, **kwargs).items() if not args or isinstance(args[0], dict) else args[0]:
            self[key] = value

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(Reference(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(Reference(key), value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(Reference(key))

    def __contains__(self, key: object) -> bool:
        return super().__contains__(Reference(key))

    def __iter__(self) -> Iterator:
        return (key.deref() for key in super().__iter__())

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(Reference(key), default)

    def pop(self, key: Any, *default: Any) -> Any:
        return super().pop(Reference(key), *default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        return super().setdefault(Reference(key), default)

    def keys(self) -> Any:
        return list(self)

    def items(self) -> Any:
        return [(key.deref(), value) for key, value in super().items()]


class ObjectIdentitySet(ObjectIdentityDictionary):
    """A set of objects told apart by identity."""

    def __init__(self, items: Any = ()) -> None:
        super().__init__()
        for item in items:
            self.add(item)

    def add(self, item: Any) -> None:
        self[item] = True

    def discard(self, item: Any) -> None:
        self.pop(item, None)

    remove = ObjectIdentityDictionary.__delitem__

    def update(self, items: Any = ()) -> None:  # type: ignore[override]
        for item in items:
            self.add(item)


__all__ = [
    "ObjectIdentityDictionary",
    "ObjectIdentitySet",
    "Reference",
    "TFDecorator",
    "contextmanager",
    "deprecated",
    "deprecated_alias",
    "deprecated_arg_values",
    "deprecated_args",
    "deprecated_argument_lookup",
    "deprecated_endpoints",
    "fullargspec_to_signature",
    "make_all",
    "make_decorator",
    "remove_undocumented",
    "reveal_undocumented",
    "rewrap",
    "silence",
    "tf_export",
    "unwrap",
]
