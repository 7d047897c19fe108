"""The real libraries' private modules (``keras.src.*``, ``tensorflow.python.*``), for packages that import from them.

One rule serves them: a private module gives the public object of the name that is asked for, first of the public package
that lies nearest (``keras.src.layers.core.dense`` → ``keras.layers``), then of any other. What has no public name but a
behaviour that packages rely on is in the modules of this package (``HELPERS``); other names are in ``RENAMED``.
``tensorflow.python.keras`` is Keras 2 as it was within TensorFlow: a path below it gives its own helpers
(``KERAS_2_HELPERS``), then the names of the public module that it stands for today, then those of ``keras.src``.
``homes.txt`` has the names of TensorFlow's for which that rule would find another object than the real one's (the private
``ragged_math_ops.range`` is ``tf.ragged.range``). ``modules.txt`` lists the private modules that the real libraries have, so
that an import of anything else fails as it should.
"""

from __future__ import annotations

import functools
import importlib
import pathlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from kerasish.core import old_names
from kerasish.core.errors import real_names

KERAS_2 = "tensorflow.python.keras"
ROOTS = ("keras.src", KERAS_2, "tensorflow.python", "tensorflow.compiler")

# First part of a private path → what of ours has the helpers that it defines.
HELPERS = {
    "activations": "kerasish.src._utils",
    "backend": "kerasish.src._backend",
    "engine": "kerasish.src._layers",
    "layers": "kerasish.src._layers",
    "losses": "kerasish.src._losses",
    "metrics": "kerasish.src._losses",
    "ops": "kerasish.src._shapes",
    "random": "kerasish.src._backend",
    "saving": "kerasish.src._saving",
    "testing": "kerasish.src._testing",
    "trainers": "kerasish.src._data",
    "api_export": "kerasish.src._utils",
    "utils": "kerasish.src._utils",
}

# A path below ``tensorflow.python`` → what of ours has the helpers of it and of what lies below, the longest path first.
TENSORFLOW_HELPERS = {
    "autograph": "kerasish.tf.private.rewriting",
    "data.util.nest": "kerasish.tf.private.nest",
    "eager.context": "kerasish.tf.private.eager",
    "eager.def_function": "kerasish.tf.private.functions",
    "eager.monitoring": "kerasish.tf.private.monitoring",
    "eager.polymorphic_function.polymorphic_function": "kerasish.tf.private.functions",
    "framework": "kerasish.tf.private.specs",
    "framework.load_library": "kerasish.tf.private.testing",
    "framework.ops": "kerasish.tf.private.scopes",
    "framework.smart_cond": "kerasish.tf.private.operations",
    "framework.test_util": "kerasish.tf.private.testing",
    "layers.utils": "kerasish.tf.private.operations",
    "ops": "kerasish.tf.private.operations",
    "ops.ragged": "kerasish.tf.private.ragged",
    "ops.random_ops": "kerasish.tf.private.drawing",
    "ops.resource_variable_ops": "kerasish.tf.private.specs",
    "platform.resource_loader": "kerasish.tf.private.testing",
    "trackable": "kerasish.tf.private.tracking",
    "training.moving_averages": "kerasish.tf.private.operations",
    "training.tracking": "kerasish.tf.private.tracking",
    "util": "kerasish.tf.private.decorators",
    "util.function_utils": "kerasish.tf.private.inspecting",
    "util.nest": "kerasish.tf.private.nest",
    "util.tf_inspect": "kerasish.tf.private.inspecting",
    "util.variable_utils": "kerasish.tf.private.specs",
    "": "kerasish.src._tensorflow",
}

# The same below ``tensorflow.python.keras``.
KERAS_2_HELPERS = {
    "engine.saving": "kerasish.src._keras2_files",
    "losses": "kerasish.src._keras2_losses",
    "saving": "kerasish.src._keras2_files",
    "utils.losses_utils": "kerasish.src._keras2_losses",
    "utils.metrics_utils": "kerasish.src._keras2_metrics",
    "utils.tf_contextlib": "kerasish.tf.private.decorators",
    "utils.tf_inspect": "kerasish.tf.private.inspecting",
    "": "kerasish.src._keras2",
}

# The same below ``tensorflow.compiler``, which has nothing public.
COMPILER_HELPERS = {"tf2xla.python.xla": "kerasish.tf.private.xla"}

# What has the raw operations, for ``ops.gen_math_ops`` and its kin, from which ``ops.math_ops`` takes all names.
RAW = "kerasish.tf.private.raw"

# Parts of ``tf.__internal__``, which is public in name only → the private module that has them.
INTERNAL = {
    "decorator": "util.tf_decorator",
    "nest": "util.nest",
    "smart_cond": "framework.smart_cond",
    "tracking": "trackable.base",
    "train": "training.moving_averages",
}

# Where a private module's names are looked for before its own public package.
NEAREST = {
    "backend": ("keras.ops", "keras.config", "keras", "keras.random", "keras.backend"),
    "engine": ("keras.models", "keras.layers", "keras"),
    "dtype_policies": ("keras.dtype_policies", "keras"),
    "legacy": ("keras.legacy", "keras.backend"),
    "trainers": ("keras.utils", "keras"),
}

# Parts of ``tf.compat.v1`` where names are looked for that are in no public package of today's.
VERSION_1 = ("nn", "math", "train", "losses", "data", "logging", "gfile")

# Private name → public one.
RENAMED = {
    "enable_numpy_behavior": "experimental_enable_numpy_behavior",
    "BackendVariable": "Variable",
    "BaseOptimizer": "Optimizer",
    "OptimizerV2": "Optimizer",
    "KerasVariable": "Variable",
    "TFOptimizer": "Optimizer",
    "TorchLayer": "Layer",
    "TFLayer": "Layer",
    "Trainer": "Model",
    "Zeros": "zeros_initializer",
    "Ones": "ones_initializer",
    "Constant": "constant_initializer",
    "TruncatedNormal": "truncated_normal_initializer",
    "glorot_normal_initializer": "glorot_normal",
    "glorot_uniform_initializer": "glorot_uniform",
    "EagerTensor": "Tensor",
    "OwnedIterator": "Iterator",
    "constant_value": "get_static_value",
    "gradients_v2": "gradients",
    "reverse_v2": "reverse",
    "try_evaluate_constant": "get_static_value",
}


# The ways that Keras's private modules are spelled; those of ``keras.__internal__`` are public in name only.
_KERAS_PATH = re.compile(r"(tensorflow\.|tf_)?keras(\.api\._v[12]\.keras)?\.(src|__internal__)(?=\.|$)")


@functools.cache
def real_modules() -> frozenset[str]:
    """The private modules that the real libraries have."""
    text = pathlib.Path(__file__).with_name("modules.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


@functools.cache
def homes() -> dict[tuple[str, str], str]:
    """(Path below ``tensorflow.python``, name) → public path, as ``homes.txt`` says."""
    found = {}
    for line in pathlib.Path(__file__).with_name("homes.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            path, _, names = line.partition(": ")
            found |= {(path, private): public for private, _, public in (pair.partition("=") for pair in names.split())}
    return found


def private_name(name: str) -> str | None:
    """A module's name in the list of private ones, whatever it is imported as; None if it is not there."""
    found = _KERAS_PATH.match(name)
    if found is not None:
        name = "keras.src" + name[found.end() :]
    if name in real_modules():
        return name
    inner = name.removeprefix(f"{KERAS_2}.").removeprefix("engine.")  # of older versions: "engine.network"
    return name if name.startswith(f"{KERAS_2}.") and f"keras.{inner}" in old_names.MODULES else None


@functools.cache
def module(name: str) -> PrivateModule:
    """The private module of a listed name."""
    root = next(root for root in ROOTS if name == root or name.startswith(root + "."))
    return PrivateModule(name, root)


@functools.cache
def internal() -> PrivateModule:
    """``tf.__internal__``."""
    found = PrivateModule("tensorflow.python.framework", "tensorflow.python")
    for name, path in INTERNAL.items():
        setattr(found, name, module(f"tensorflow.python.{path}"))
    return found


class PrivateModule(ModuleType):
    """A module under a private path of the real libraries; ``path`` is without its root (``layers.core.dense``)."""

    def __init__(self, name: str, root: str) -> None:
        super().__init__(name, f"The real '{name}', as far as public names and a few helpers go.")
        self.__path__: list = []
        self._root = root
        self._inner = name.removeprefix(root).lstrip(".")

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self._public_names()
        if name.startswith("__") and (name != "__version__" or self._inner):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        if private_name(f"{self.__name__}.{name}") is not None:
            return module(f"{self.__name__}.{name}")
        found = find(self._root, self._inner, name)
        if found is _NOTHING:
            raise AttributeError(
                f"'{self.__name__}.{name}' is private to the real library, and kerasish has nothing public of that name",
                name=name,
            )
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._public_names()})

    def _public_names(self) -> list[str]:
        """For ``import *``: what the nearest public package exports."""
        names: set[str] = set()
        for path in _nearest(self._root, self._inner):
            module = _package(path)
            if module is not None:
                names |= set(getattr(module, "__all__", ()))
                break
        for helper in _helpers(self._root, self._inner):
            names |= set(helper.__all__)
        return sorted(names)


_NOTHING = object()


def find(root: str, inner: str, name: str) -> Any:
    """What a private module has under a name: a helper, or the public object of that name; ``_NOTHING`` if neither."""
    for helper in _helpers(root, inner):
        if name in helper.__all__:
            return getattr(helper, name)
    if root == KERAS_2 and (found := _of_today(inner, name)) is not _NOTHING:
        return found
    if root == "tensorflow.python" and (home := homes().get((inner, name))):
        return functools.reduce(getattr, home.split("."), importlib.import_module("kerasish.tf"))
    for path in (*_nearest(root, inner), *_everywhere(root, name)):
        found = _attribute(path, name)
        if found is not _NOTHING:
            return found
    if name in RENAMED:
        return find(root, inner, RENAMED[name])
    if root == KERAS_2:
        return find("keras.src", inner, name)
    if root != "tensorflow.python":
        return _NOTHING
    found = _of_version_1(name)
    if found is _NOTHING and inner.startswith("ops.") and name in importlib.import_module(RAW).__all__:
        return getattr(importlib.import_module(RAW), name)
    return found


def _of_today(inner: str, name: str) -> Any:
    """What the public module that a path of Keras 2's stands for has under a name, old names included; no modules."""
    path = _todays_path(inner)
    is_old = path in old_names.MODULES.values()
    place = importlib.import_module("kerasish" + path.removeprefix("keras")) if is_old else _package(path)
    found = getattr(place, name, _NOTHING)
    return _NOTHING if isinstance(found, ModuleType) else found


def _todays_path(inner: str) -> str:
    """The public module that a path of Keras 2's stands for."""
    path = f"keras.{inner}".rstrip(".")
    return old_names.today(path) or path


def _of_version_1(name: str) -> Any:
    """What only ``tf.compat.v1`` has; names that it had, and that went, are not there."""
    module = importlib.import_module("kerasish.tf.compat.v1")
    for part in (module, *(getattr(module, path) for path in VERSION_1)):
        try:
            return getattr(part, name)
        except (AttributeError, NotImplementedError):
            continue
    return _NOTHING


def _helpers(root: str, inner: str) -> list[ModuleType]:
    """The modules of helpers for a private path."""
    if root == "keras.src":
        path = HELPERS.get(inner.partition(".")[0])
        return [importlib.import_module(path)] if path else []
    if root == "tensorflow.compiler":
        return [importlib.import_module(COMPILER_HELPERS[inner])] if inner in COMPILER_HELPERS else []
    parts = inner.split(".")
    prefixes = (".".join(parts[:count]) for count in range(len(parts), -1, -1))
    table = KERAS_2_HELPERS if root == KERAS_2 else TENSORFLOW_HELPERS
    found = [RAW] if parts[-1].startswith("gen_") else []
    found += [table[prefix] for prefix in prefixes if prefix in table]
    return [importlib.import_module(path) for path in dict.fromkeys(found)]


def _nearest(root: str, inner: str) -> Iterator[str]:
    """Public packages that a private path lies in, the nearest first."""
    if root == "tensorflow.compiler":
        return
    if root == KERAS_2:
        yield _todays_path(inner)
        return
    public = "tf" if root == "tensorflow.python" else "keras"
    parts = inner.split(".") if inner else []
    if root == "keras.src" and parts:
        yield from NEAREST.get(parts[0], ())
    for count in range(len(parts), -1, -1):
        yield ".".join([public, *parts[:count]])


def _everywhere(root: str, name: str) -> list[str]:
    """All public packages that have the name in the real library; those with short paths first."""
    if root == "tensorflow.compiler":
        return []
    public = "tf." if root == "tensorflow.python" else "keras."
    owners = {full.rpartition(".")[0] for full in real_names() if full.endswith(f".{name}") and full.startswith(public)}
    return sorted(owners, key=lambda path: (path.count("."), len(path), path))


def _package(path: str) -> Any:
    """Our module for a public package of the real libraries; None if there is none."""
    root, *parts = path.split(".")
    found: Any = importlib.import_module("kerasish.tf" if root == "tf" else "kerasish")
    for part in parts:
        found = getattr(found, part, None)
    return found if isinstance(found, ModuleType) and not isinstance(found, PrivateModule) else None


def _attribute(path: str, name: str) -> Any:
    """What a public package has under a name: exported, or a class of ours; not the modules that it imports for itself."""
    module = _package(path)
    found = _NOTHING if module is None else getattr(module, name, _NOTHING)
    exported = f"{path}.{name}" in real_names() or name in getattr(module, "__all__", ())
    is_class = isinstance(found, type) and found.__module__.startswith("kerasish")
    return found if exported or is_class else _NOTHING


def __getattr__(name: str) -> Any:
    """``kerasish.src.layers`` for ``import kerasish as keras``."""
    return getattr(module("keras.src"), name)
