"""Objects by name: public classes, registered custom ones, and their plain-data form.

A file names classes and functions; only what stands in these tables can be made from it. Nothing here imports by name, and
nothing runs code that a file holds. The format of serialized objects is Keras 3's:

    {"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.context import local, snake_case
from kerasish.core.errors import close_matches, fail, public_path
from kerasish.core.shape import TensorShape

_public: dict[str, Any] = {}  # "keras.layers.Dense" -> class
_public_names: dict[int, str] = {}  # id of an object -> its public path
_by_class_name: dict[str, Any] = {}  # "Dense" -> class, for files of Keras 2, which name no module
_custom: dict[str, Any] = {}  # "package>Name" -> class or function
_custom_names: dict[int, str] = {}


# public objects -------------------------------------------------------------------------------------------------------


def publish(module: str, namespace: dict, names: Iterable[str]) -> None:
    """Register a package's public classes and functions under their public paths, and make that their ``__module__``.

    Called at the end of a public package: ``publish(__name__, globals(), __all__)``.
    """
    path = public_path(module)
    for name in sorted(names, key=lambda n: getattr(namespace[n], "__name__", n) != n):  # aliases last
        thing = namespace[name]
        _public[f"{path}.{name}"] = thing
        if inspect.isclass(thing) or inspect.isfunction(thing):
            own_name = thing.__name__ == name
            if own_name and thing.__module__.startswith("kerasish") and id(thing) not in _public_names:
                thing.__module__ = module
            if own_name or id(thing) not in _public_names:
                _public_names.setdefault(id(thing), f"{path}.{name}")
            if inspect.isclass(thing):
                _by_class_name.setdefault(name, thing)


def publish_alias(path: str, thing: Any) -> None:
    """Let files also name ``thing`` by another public path."""
    _public[path] = thing


def public_name(thing: Any) -> str | None:
    """``"keras.layers.Dense"`` for a public object of ours, None for others."""
    return _public_names.get(id(thing))


def class_named(path: str) -> Any:
    """The public class of that path: ``class_named("keras.models.Functional")``. For files above the asking one."""
    return _public[path]


_wrappers: list[tuple[type, Callable]] = []


def register_wrapper(kind: type, wrapper: Callable) -> None:
    """Let objects of ``kind`` stand where a layer is expected: ``wrapper(object)`` makes it one."""
    _wrappers.append((kind, wrapper))


def wrapper_for(thing: Any) -> Callable | None:
    return next((wrapper for kind, wrapper in _wrappers if isinstance(thing, kind)), None)


def is_builtin(cls: type) -> bool:
    """Whether a class is defined by the library rather than by its user."""
    return cls.__module__.partition(".")[0] == "kerasish"


# custom objects -------------------------------------------------------------------------------------------------------


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Decorator that lets files name a class or function of the user's as ``package>name``.

    Raises:
        ValueError: a class without ``get_config``, or a name already taken by something else.
    """

    def register(thing: Any) -> Any:
        registered = f"{package}>{name or thing.__name__}"
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise fail(ValueError, "Cannot register a class that does not have a get_config() method", received=thing)
        _custom[registered] = thing
        _custom_names[id(thing)] = registered
        return thing

    return register


def get_registered_name(thing: Any) -> str:
    """The name under which ``thing`` is registered, else its own."""
    return _custom_names.get(id(thing)) or getattr(thing, "__name__", str(thing))


def get_registered_object(name: str, custom_objects: dict | None = None, module_objects: dict | None = None) -> Any:
    """What is registered as ``name``, in open scopes, the table or the given dictionaries; None if nothing is."""
    for table in (*reversed(local.custom_objects), _custom, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def get_custom_objects() -> dict:
    """The dictionary of registered custom objects; entries added to it count."""
    return _custom


class CustomObjectScope:
    """``with CustomObjectScope({"MyLayer": MyLayer}): ...`` — names that loading may use inside the block."""

    def __init__(self, *custom_objects: dict) -> None:
        self.custom_objects = {name: thing for table in custom_objects if table for name, thing in table.items()}

    def __enter__(self) -> CustomObjectScope:
        local.custom_objects = (*local.custom_objects, self.custom_objects)
        return self

    def __exit__(self, *exception: Any) -> None:
        local.custom_objects = local.custom_objects[:-1]


@contextmanager
def _maybe_scope(custom_objects: dict | None) -> Iterator[None]:
    if custom_objects:
        with CustomObjectScope(custom_objects):
            yield
    else:
        yield


# to plain data --------------------------------------------------------------------------------------------------------


class SerializableDict:
    """Marks a dict that is a config already."""

    def __init__(self, **config: Any) -> None:
        self.config = config

    def serialize(self) -> Any:
        return serialize_keras_object(self.config)


def serialize_keras_object(obj: Any) -> Any:
    """Plain data (JSON's kinds) that ``deserialize_keras_object`` turns into an equal object.

    Raises:
        ValueError: the object has no ``get_config`` and is not registered.
    """
    if obj is None or type(obj) in (str, int, float, bool):
        return obj
    if isinstance(obj, dtypes.DType):
        return obj.name
    if isinstance(obj, (bool, np.bool_)):
        return bool(obj)
    if isinstance(obj, (np.integer, np.floating)):
        return obj.item()
    if isinstance(obj, (TensorShape, torch.Size)):
        return list(obj)
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(v) for v in obj)
    if isinstance(obj, list):
        return [serialize_keras_object(v) for v in obj]
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        return {"class_name": "__slice__", "config": {"start": obj.start, "stop": obj.stop, "step": obj.step}}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, torch.dtype):
        return dtypes.as_dtype(obj).name
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if dispatch.is_tensor(obj) and not dispatch.is_symbolic(obj):
        array = np.asarray(obj.detach().cpu() if isinstance(obj, torch.Tensor) else obj)
        return {"class_name": "__tensor__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if hasattr(obj, "get_config") and not inspect.isclass(obj):
        return _serialize_object(obj)
    if inspect.isfunction(obj) or inspect.isbuiltin(obj) or inspect.isclass(obj):
        return _serialize_function(obj)
    raise fail(
        ValueError,
        f"Cannot serialize object {obj!r} of type {type(obj)}",
        hint="To be serializable, a class must implement the `get_config()` method.",
    )


def _serialize_object(obj: Any) -> dict:
    cls = type(obj)
    path = public_name(cls)
    data: dict[str, Any]
    if path is not None:
        module, _, name = path.rpartition(".")
        data = {"module": module, "class_name": name, "config": None, "registered_name": None}
    else:
        data = {
            "module": cls.__module__ if cls.__module__ != "__main__" else None,
            "class_name": cls.__name__,
            "config": None,
            "registered_name": get_registered_name(cls),
        }
    data["config"] = {key: serialize_keras_object(value) for key, value in obj.get_config().items()}
    for extra in ("build", "compile"):
        getter = getattr(obj, f"get_{extra}_config", None)
        config = getter() if getter is not None else None
        if config is not None:
            data[f"{extra}_config"] = {key: _jsonable(serialize_keras_object(value)) for key, value in config.items()}
    return data


def _jsonable(value: Any) -> Any:
    """A build or compile config holds plain lists where objects hold tuples."""
    if isinstance(value, (list, tuple)):
        return [_jsonable(v) for v in value]
    return value


def _serialize_function(function: Any) -> Any:
    """A function by name alone, as Keras writes it: the reader finds it among the public and the registered ones."""
    if function.__name__ == "<lambda>":
        warnings.warn(
            "A lambda cannot be saved: kerasish writes no code into files. Give it a name with "
            "@keras.saving.register_keras_serializable() and a def.",
            stacklevel=3,
        )
        return {"class_name": "__lambda__", "config": {"code": None, "defaults": None, "closure": None}}
    name = get_registered_name(function)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


# from plain data ------------------------------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any,
    custom_objects: dict | None = None,
    safe_mode: bool = True,
    module_objects: dict | None = None,
    **_: Any,
) -> Any:
    """The object for plain data made by ``serialize_keras_object``.

    Classes and functions come from the public names, the registered custom objects and ``custom_objects`` only.

    Raises:
        TypeError: a name that is in none of these.
        ValueError: data that is not of the format, or code where ``safe_mode`` forbids it.
    """
    with _maybe_scope(custom_objects):
        return _deserialize(config, safe_mode, module_objects)


def deserialize_operation(config: Any) -> Any:
    """A layer, or the function of an operation, of a model's config; custom objects come from the open scopes."""
    module, name = str(config.get("module")), str(config.get("class_name"))
    if ".ops" in module and name != "function":  # Keras's files name operations by classes: GetItem, Add
        function = dispatch.OPS.get(snake_case(name))
        if function is None:
            raise fail(TypeError, f"Could not locate the operation '{module}.{name}'")
        return function
    return _deserialize(config, True)


def _deserialize(config: Any, safe_mode: bool, module_objects: dict | None = None) -> Any:
    if config is None or isinstance(config, (int, float, bool)):
        return config
    if isinstance(config, str):
        if module_objects is not None or get_registered_object(config) is not None:
            found = get_registered_object(config, None, module_objects)
            if found is not None:
                return found() if inspect.isclass(found) else found
        return config
    if isinstance(config, (list, tuple)):
        values = [_deserialize(value, safe_mode) for value in config]
        return tuple(values) if isinstance(config, tuple) else values
    if not isinstance(config, dict):
        raise fail(TypeError, "Could not parse config", "plain data", f"{config!r}")
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value, safe_mode) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name in _PLAIN:
        return _PLAIN[name](inner, safe_mode)
    if name == "__lambda__":
        raise fail(
            ValueError,
            "The file asks for a lambda, whose code would have to be run",
            hint="kerasish never runs code from a file, with safe_mode=False neither: build the model in Python and "
            "load its weights, or save it with a registered function.",
        )
    if name == "function" and not isinstance(inner, dict):
        return _find(config, inner, "function")
    cls = _find(config, name, "class")
    return _build(cls, config, inner, safe_mode)


def _build(cls: Any, config: dict, inner: Any, safe_mode: bool) -> Any:
    if not inspect.isclass(cls) or not hasattr(cls, "from_config"):
        raise fail(
            TypeError, f"'{config['class_name']}' is not a class that can be made from a config", received=config
        )
    if not isinstance(inner, dict):
        raise fail(ValueError, f"The config of '{config['class_name']}' must be a dictionary", received=repr(inner))
    accepts = inspect.signature(cls.from_config).parameters
    options = {"safe_mode": safe_mode} if "safe_mode" in accepts else {}
    try:
        obj = cls.from_config(inner, **options)
    except TypeError as error:
        raise TypeError(f"{cls} could not be made from its config. Error: {error}. config={config}.") from error
    build = config.get("build_config")
    if build and hasattr(obj, "build_from_config") and not getattr(obj, "built", False):
        obj.build_from_config(build)
    compile_config = config.get("compile_config")
    if compile_config and hasattr(obj, "compile_from_config"):
        obj.compile_from_config(compile_config)
    return obj


def _find(config: dict, name: Any, kind: str) -> Any:
    """The class or function that a serialized object names, from the tables alone.

    Raises:
        TypeError: it is in none of them.
    """
    registered = config.get("registered_name")
    for key in (registered, name):
        found = get_registered_object(key) if isinstance(key, str) else None
        if found is not None:
            return found
    module = config.get("module")
    if isinstance(module, str) and isinstance(name, str):
        for path in (f"{module}.{name}", f"{_public_module(module)}.{name}"):
            if path in _public:
                return _public[path]
    if kind == "class" and name in _by_class_name and (module is None or str(module).startswith("keras")):
        return _by_class_name[name]
    if kind == "function" and module in (None, "builtins") and isinstance(name, str):
        for package in ("keras.activations", "keras.losses", "keras.metrics", "keras.ops"):
            if f"{package}.{name}" in _public:
                return _public[f"{package}.{name}"]
    where = f"{module}.{name}" if module else str(name)
    raise fail(
        TypeError,
        f"Could not locate {kind} '{where}' (registered name: {registered!r})",
        hint=f"If it is yours, decorate it with @keras.saving.register_keras_serializable() or pass it: "
        f"custom_objects={{'{name}': ...}}. {close_matches(str(name), _by_class_name)}".rstrip(),
    )


def _public_module(module: str) -> str:
    """``keras.src.layers.core.dense`` and ``keras.src.engine.…`` as the public package: ``keras.layers``."""
    parts = module.split(".")
    if parts[:2] in (["keras", "src"], ["tf_keras", "src"], ["tensorflow", "keras"]):
        parts = ["keras", *parts[2:]]
    if parts[0] in ("tf_keras", "kerasish"):
        parts[0] = "keras"
    return ".".join(parts[:2])


_PLAIN: dict[str, Callable[[Any, bool], Any]] = {
    "__tuple__": lambda c, safe: tuple(_deserialize(v, safe) for v in c["value"]),
    "__bytes__": lambda c, safe: c["value"].encode("utf-8"),
    "__slice__": lambda c, safe: slice(c["start"], c["stop"], c["step"]),
    "__ellipsis__": lambda c, safe: Ellipsis,
    "__numpy__": lambda c, safe: np.array(c["value"], dtype=c["dtype"]),
    "__tensor__": lambda c, safe: dispatch.wrap(dispatch.raw(np.array(c["value"], dtype=c["dtype"]))),
    "TensorShape": lambda c, safe: TensorShape(c),
    "__typespec__": lambda c, safe: _no_typespec(c),
}


def _no_typespec(config: Any) -> Any:
    raise fail(ValueError, "A tf.TypeSpec in a config is not served", received=config)


# identifiers ----------------------------------------------------------------------------------------------------------


def lookup(kind: str, identifier: Any, table: dict[str, Any], callables: bool = True) -> Any:
    """Resolve what users pass for an initializer, a loss, ...: a name, a class, a config, an object or a callable.

    Args:
        kind: for the message: "loss".
        table: names to classes and functions; classes are instantiated.

    Raises:
        ValueError: nothing of that name, with close matches; or an object of the wrong sort.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        obj = deserialize_keras_object(identifier, module_objects=table)
    elif isinstance(identifier, str):
        obj = get_registered_object(identifier, None, table)
        if obj is None:
            raise fail(
                ValueError,
                f"Could not interpret {kind} identifier: {identifier}",
                hint=close_matches(identifier, table) or None,
            )
    else:
        obj = identifier
    if inspect.isclass(obj):
        obj = obj()
    if callables and not callable(obj):
        raise fail(ValueError, f"Could not interpret {kind} identifier: {identifier}")
    return obj
