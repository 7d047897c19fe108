"""Objects by name: public classes, registered custom ones, and their plain-data form.

A file names classes and functions; only what stands in these tables can be made from it. Nothing here imports by name, and
code that a file holds (a lambda's) is refused unless the reader passed ``safe_mode=False``.

The format of serialized objects is Keras 3's:

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

from kerasish.core import bytecode, dispatch, dtypes
from kerasish.core.context import local, scope
from kerasish.core.errors import NotLocatedError, add_context, close_matches, fail, public_dir, public_path, real_names
from kerasish.core.shape import TensorShape

_public: dict[str, Any] = {}  # "keras.layers.Dense" -> class
_public_names: dict[int, str] = {}  # id of an object -> its public path
_by_class_name: dict[str, Any] = {}  # "Dense" -> class, for files of Keras 2, which name no module
_operations: set[int] = set()  # ids of functions of tf that files may name
_later: dict[str, Callable[[], Any]] = {}  # public package -> what imports it
_above: dict[str, Callable[[], Any]] = {}  # public name -> what imports the module that defines it
_custom: dict[str, Any] = {}  # "package>Name" -> class or function
_custom_names: dict[int, str] = {}


# public objects -------------------------------------------------------------------------------------------------------


def publish(module: str, namespace: dict, names: Iterable[str]) -> None:
    """Register a package's public classes and functions under their public paths, and make that their ``__module__``.

    Called at the end of a public package: ``publish(__name__, globals(), __all__)``. ``dir`` of it then lists what is public.
    """
    path = public_path(module)
    if module == namespace["__name__"]:
        namespace.setdefault("__dir__", lambda: public_dir(module, namespace))
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
                _by_class_name.setdefault(thing.__name__, thing)


def publish_operations(module: str, namespace: dict, makers: Iterable[str] = ()) -> None:
    """Let files name the operations of a module of ``tf``: functions of tensors that ``dispatch`` made public.

    Args:
        makers: names of functions that are not such, but only make a tensor from a shape or numbers.
    """
    path = public_path(module)
    for name, thing in namespace.items():
        of_tensors = inspect.isfunction(thing) and hasattr(thing, "raw") and not name.startswith("_")
        if of_tensors or name in makers:
            _public.setdefault(f"{path}.{name}", thing)
            _public_names.setdefault(id(thing), f"{path}.{name}")
            _operations.add(id(thing))


def publish_alias(path: str, thing: Any) -> None:
    """Let files also name ``thing`` by another public path."""
    _public[path] = thing


def write_as(path: str, thing: Any) -> None:
    """Let files write ``thing`` under the public path of another that takes its configuration."""
    _public_names[id(thing)] = path


def is_public(path: str) -> bool:
    """Whether a public object of that path is there: ``"keras.layers.Dense"``."""
    return path in _public


def publish_later(path: str, load: Callable[[], Any]) -> None:
    """Announce a public package that publishes its names when ``load`` is called: at the first file that names it."""
    _later[path] = load


def public_name(thing: Any) -> str | None:
    """``"keras.layers.Dense"`` for a public object of ours, None for others."""
    return _public_names.get(id(thing))


def class_named(path: str) -> Any:
    """The public class of that path: ``class_named("keras.models.Functional")``. For files above the asking one."""
    return _public[path]


def announce_above(path: str, load: Callable[[], Any]) -> None:
    """Say what imports the module, far above, that publishes the object of that path."""
    _above[path] = load


def above(path: str) -> Any:
    """The public object of that path, which a module above the asking one defines: for ``__getattr__`` of packages."""
    if path not in _public:
        _above[path]()
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


def get_registered_name(obj: Any) -> str:
    """The name under which ``obj`` is registered, else its own."""
    return _custom_names.get(id(obj)) or getattr(obj, "__name__", str(obj))


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

    def __init__(self, custom_objects: dict | None = None, *more: dict) -> None:
        tables = (custom_objects, *more)
        self.custom_objects = {name: thing for table in tables if table for name, thing in table.items()}

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
        TypeError: the object has no ``get_config``.
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
        TypeError,
        f"Cannot serialize object {obj!r} of type {type(obj)}",
        hint="To be serializable, a class must implement the `get_config()` method.",
    )


def _serialize_object(obj: Any) -> dict:
    cls = type(obj)
    path = public_name(cls)
    data: dict[str, Any]
    if path is not None:
        module, _, name = path.rpartition(".")
        private = module.startswith("keras.src.")  # Keras registers what it has no public path for
        data = {"module": module, "class_name": name, "config": None, "registered_name": name if private else None}
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
    if local.share_objects and hasattr(obj, "_keras_layer"):
        data["shared_object_id"] = id(obj)
    return data


def _jsonable(value: Any) -> Any:
    """A build or compile config holds plain lists where objects hold tuples."""
    if isinstance(value, (list, tuple)):
        return [_jsonable(v) for v in value]
    return value


def _serialize_function(function: Any) -> Any:
    if inspect.isfunction(function) and function.__name__ == "<lambda>":
        warnings.warn(
            "The object being serialized includes a `lambda`: its code goes into the config, and will run only for a reader "
            "who passes `safe_mode=False`, with the same version of Python. Prefer a def with "
            "@keras.saving.register_keras_serializable() above it.",
            stacklevel=3,
        )
        parts = bytecode.encode(function)
        encoded = {key: _jsonable(serialize_keras_object(parts[key])) for key in ("defaults", "closure")}
        return {"class_name": "__lambda__", "config": {"code": parts["code"], **encoded}}
    path = public_name(function)
    if path is not None:
        module, _, name = path.rpartition(".")
        if (
            module not in ("keras.activations", "keras.losses", "keras.metrics")
            or _function_named(name) is not function
        ):
            return {"module": module, "class_name": "function", "config": name, "registered_name": name}
    else:
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

    Args:
        safe_mode: anything but False forbids code. Within another object's ``from_config`` what that one's reader passed
            counts instead.

    Raises:
        TypeError: a name that is in none of these.
        ValueError: data that is not of the format, or code where ``safe_mode`` forbids it.
    """
    safe_mode = (safe_mode if local.safe_mode is None else local.safe_mode) is not False
    with understood("The object"), _maybe_scope(custom_objects), scope(safe_mode=safe_mode):
        return _deserialize(config, safe_mode, module_objects)


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Data of another structure than the format's is a ValueError, wherever in the library that shows.

    What a class of the user's raises is left as it is, and so is what a reader of files will explain.
    """
    outermost = local.safe_mode is None and local.shared_objects is None
    try:
        yield
    except (KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        if not outermost or not _raised_here(error):
            raise
        raise fail(ValueError, f"{what} cannot be made of such a config ({type(error).__name__}: {error})") from error


def _raised_here(error: BaseException) -> bool:
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    module = place.tb_frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in ("kerasish", "json", "numpy", "torch") or isinstance(error, RecursionError)


def deserialize_inner(config: Any, module_objects: dict | None = None) -> Any:
    """What stands within another object's config: custom objects and safe mode are those of the reader around it."""
    return _deserialize(config, local.safe_mode is not False, module_objects)


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
        return _lambda(inner, safe_mode)
    if name == "function" and not isinstance(inner, dict):
        return _find(config, inner, "function")
    cls = _find(config, name, "class")
    return _build(cls, config, inner, safe_mode)


def _lambda(inner: Any, safe_mode: bool) -> Callable:
    """A lambda expression, whose code stands in the config.

    Raises:
        ValueError: in safe mode; or it is no code.
    """
    if safe_mode:
        raise fail(
            ValueError,
            "The config asks for a Python lambda, whose code would have to be run",
            hint="If you trust its source, pass `safe_mode=False` to the loading function. Otherwise build the model in "
            "Python and load its weights.",
        )
    parts = {**inner, "closure": _deserialize(inner.get("closure"), safe_mode)} if isinstance(inner, dict) else inner
    return bytecode.decode(
        parts, {name: thing for table in (_custom, *local.custom_objects) for name, thing in table.items()}
    )


def _build(cls: Any, config: dict, inner: Any, safe_mode: bool) -> Any:
    if not inspect.isclass(cls) or not hasattr(cls, "from_config"):
        raise fail(
            TypeError, f"'{config['class_name']}' is not a class that can be made from a config", received=config
        )
    if not isinstance(inner, dict):
        raise fail(ValueError, f"The config of '{config['class_name']}' must be a dictionary", received=repr(inner))
    shared = (cls, config.get("shared_object_id")) if hasattr(cls, "_keras_layer") else (cls, None)
    if local.shared_objects is not None and shared in local.shared_objects:
        return local.shared_objects[shared]
    accepts = inspect.signature(cls.from_config).parameters
    options = {"safe_mode": safe_mode} if "safe_mode" in accepts else {}
    try:
        obj = cls.from_config(inner, **options)
    except TypeError as error:
        add_context(error, f"This happened while a {cls.__name__} was made from its config: {str(inner)[:500]}")
        raise
    build = config.get("build_config")
    if build and hasattr(obj, "build_from_config") and not getattr(obj, "built", False):
        obj.build_from_config(build)
    compile_config = config.get("compile_config")
    if compile_config and hasattr(obj, "compile_from_config"):
        obj.compile_from_config(compile_config)
    if local.shared_objects is not None and isinstance(shared[1], int):
        local.shared_objects[shared] = obj
    return obj


def _find(config: dict, name: Any, kind: str) -> Any:
    """The class or function that a serialized object names, from the tables alone.

    A public name is itself, whatever else the file calls it; ``custom_objects`` may replace it by its plain name.

    Raises:
        NotLocatedError: it is in none of them, or is not of those that files may name.
    """
    registered, module = config.get("registered_name"), config.get("module")
    public = _public_named(module, name, kind)
    for key in (name,) if public is not None else (registered, name):
        found = get_registered_object(key) if isinstance(key, str) else None
        if found is not None and inspect.isclass(found) == (kind == "class"):
            return found
    if public is not None:
        return public
    where = f"{module}.{name}" if module else str(name)
    if f"{_public_module(str(module))}.{name}" in real_names() or f"keras.layers.{name}" in real_names():
        raise fail(
            NotLocatedError,
            f"Could not locate {kind} '{where}'. It belongs to the real library, but kerasish does not have it yet, or "
            "does not let files name it",
        )
    raise fail(
        NotLocatedError,
        f"Could not locate {kind} '{where}' (registered name: {registered!r})",
        hint=f"If it is yours, put @keras.saving.register_keras_serializable() on the line above its definition, or pass "
        f"custom_objects={{'{name}': {name}}}. {close_matches(str(name), _by_class_name)}".rstrip(),
    )


# What files may name: what models are made of. Everything else that is public (keras.utils, keras.config, tf.io, ...) may
# read, write, download or change settings when it is called.
_CLASS_PACKAGES = frozenset(
    ("keras", "keras.constraints", "keras.distillation", "keras.dtype_policies", "keras.initializers", "keras.layers",
     "keras.layers.experimental",
     "keras.losses", "keras.metrics", "keras.models", "keras.optimizers", "keras.optimizers.schedules", "keras.quantizers",
     "keras.random", "keras.regularizers", "keras.src.applications.convnext",
     "keras.src.applications.inception_resnet_v2", "keras.src.layers.preprocessing.feature_space",
     "keras.src.models.functional")
)  # fmt: skip
_CLASSES = frozenset(("keras.utils.FeatureSpace",))
_FUNCTION_PACKAGES = (
    "keras.activations", "keras.losses", "keras.metrics", "keras.ops", "keras.ops.image", "keras.ops.linalg",
    "keras.ops.nn", "keras.ops.numpy", "keras.initializers", "keras.regularizers", "keras.random", "tf.math", "tf.nn",
    "tf.linalg", "tf.image", "tf.signal", "tf.strings", "tf.bitwise", "tf.random", "tf",
)  # fmt: skip
_HELPERS = frozenset(("get", "serialize", "deserialize"))


def _public_named(module: Any, name: Any, kind: str) -> Any:
    """The public class or function of that name which files may name; None if there is none."""
    if not isinstance(name, str):
        return None
    if kind == "function" and module in (None, "builtins"):
        return _function_named(name)
    if isinstance(module, str):
        parts = _public_module(module).split(".")
        for package in (".".join(parts[:2]), ".".join(parts[:3])):
            if package in _later:
                _later.pop(package)()
        for path in (f"{module}.{name}", f"{_public_module(module)}.{name}"):
            found = _public.get(path)
            if found is not None and _loadable(path, found, kind):
                return found
    ours = module is None or str(module).partition(".")[0] in ("keras", "tf_keras", "kerasish")
    found = _by_class_name.get(name) if ours else None
    if kind == "class" and found is not None and _loadable(_public_names.get(id(found), ""), found, kind):
        return found
    return None


def _function_named(name: str) -> Any:
    """The public function that a file calls by its name alone."""
    for package in _FUNCTION_PACKAGES:
        path = f"{package}.{name}"
        if path in _public and _loadable(path, _public[path], "function"):
            return _public[path]
    return None


def _loadable(path: str, thing: Any, kind: str) -> bool:
    package, _, name = path.rpartition(".")
    if kind == "class":
        return inspect.isclass(thing) and (package in _CLASS_PACKAGES or path in _CLASSES)
    if inspect.isclass(thing) or package not in _FUNCTION_PACKAGES or name in _HELPERS:
        return False
    return not path.startswith("tf.") or id(thing) in _operations  # not tf.py_function and the like


def _public_module(module: str) -> str:
    """``keras.src.layers.core.dense`` and ``keras.src.engine.…`` as the public package: ``keras.layers``."""
    if module == "tensorflow.python.ops.init_ops_v2":  # tf.constant_initializer and its kin, in layers of a saved model
        return "keras.initializers"
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
    "__numpy__": lambda c, safe: _array(c),
    "__tensor__": lambda c, safe: dispatch.wrap(dispatch.raw(_array(c))),
    "TensorShape": lambda c, safe: TensorShape(c),
    "__typespec__": lambda c, safe: _no_typespec(c),
}


def _array(config: Any) -> np.ndarray:
    """An array of numbers; other dtypes could ask for any size, or hold objects."""
    dtype = np.dtype(dtypes.as_dtype(config["dtype"]).as_numpy_dtype)
    if dtype.kind not in "biufcV":
        raise fail(ValueError, "An array in a config must be of numbers", received=f"dtype {config['dtype']!r}")
    return np.array(config["value"], dtype=dtype)


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
        obj = deserialize_inner(identifier, table)
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
