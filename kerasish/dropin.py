"""Drop-in: ``import tensorflow`` and ``import keras`` that give kerasish.

``install()`` puts a finder before Python's own. It answers for every module below ``tensorflow``, ``keras`` and
``tf_keras``: names map to our modules by a rule (``target``), and ``sys.modules`` then holds our module itself, with its own
``__name__`` and ``__spec__``. Python processes started from here inherit the hook, through ``_child/sitecustomize.py``.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from kerasish.about import KERAS_VERSION, TENSORFLOW_VERSION
from kerasish.core import old_names
from kerasish.core.context import settings
from kerasish.core.dtypes import DType
from kerasish.core.errors import close_matches, real_names
from kerasish.src import KERAS_2, core_messages, private_name
from kerasish.src import module as private_module

ROOTS = {"tensorflow": "kerasish.tf", "keras": "kerasish", "tf_keras": "kerasish"}
_REPEATED = (["compat", "v1", "compat", "v1"], ["compat", "v1", "compat", "v2"])
_CHILD_FOLDER = str(pathlib.Path(__file__).with_name("_child"))
_VERSIONS = {"tensorflow": TENSORFLOW_VERSION, "tensorflow-cpu": TENSORFLOW_VERSION, "keras": KERAS_VERSION}


def target(name: str) -> str | None:
    """The module of ours that a name of the real libraries stands for; None if there is none.

    ``tensorflow.keras.layers`` → ``kerasish.layers``; ``tensorflow.python.keras.layers`` → the same, being the public module
    that the private path lies in. What is listed of ``tensorflow.python.keras``, ``keras.src`` and the rest of
    ``tensorflow.python`` are the business of ``kerasish.src``.
    """
    parts = name.split(".")
    if parts[0] == "tensorflow":
        if parts[1:2] == ["python"]:
            parts = ["tensorflow", *parts[2:]]
        if parts[1:2] == ["_api"]:
            parts = ["tensorflow", *parts[3:]]
        while (
            parts[1:3] == ["compat", "v2"] or parts[1:5] in _REPEATED
        ):  # tensorflow.compat.v1 has both versions, again
            parts = ["tensorflow", *parts[3:]]
        if parts[1:3] == ["compat", "v1"] and parts[3:4] != ["keras"] and len(parts) > 3:
            return None  # see _of_v1
        if parts[1:4] == ["compat", "v1", "keras"]:
            parts = ["tensorflow", *parts[3:]]
        if parts[1:2] == ["keras"]:
            parts = ["keras", *parts[2:]]
    if parts[0] in ("keras", "tf_keras"):
        if parts[1:2] == ["api"] and parts[2:3] in (["_v1"], ["_v2"]):
            parts = ["keras", *parts[4:]]
        elif parts[1:2] == ["api"]:
            parts = ["keras", *parts[2:]]
        if parts[1:2] in (["src"], ["__internal__"]):
            return None
        parts = _without_old_module(parts)
    ours = ".".join([ROOTS[parts[0]], *parts[1:]])
    return ours if _is_public(ours) else None


def _of_v1(name: str) -> Any:
    """What ``tensorflow.compat.v1.…`` stands for: an attribute of ours, which need not be a module of its own; or None."""
    parts = name.split(".")
    while parts[1:5] == _REPEATED[0]:
        parts = ["tensorflow", *parts[3:]]
    if parts[1:3] != ["compat", "v1"]:
        return None
    value: Any = importlib.import_module("kerasish.tf.compat.v1")
    for part in parts[3:]:
        value = getattr(value, part, None)
    return None if isinstance(value, type) or callable(value) else value


def _without_old_module(parts: list[str]) -> list[str]:
    """``keras.layers.core`` → ``keras.layers``; ``keras.engine.topology`` → ``keras``, which has all of that."""
    found = old_names.today(".".join(["keras", *parts[1:]]))
    return parts if found is None else [parts[0], *found.split(".")[1:]]


def _is_public(name: str) -> bool:
    """Whether a module of ours exists under a name that the real libraries have, too."""
    if name in ("kerasish", "kerasish.tf", "kerasish.tf.compat.v1"):
        return True
    public = name.removeprefix("kerasish.")
    real = public if public.startswith("tf.") else f"keras.{public}"
    if real in old_names.MODULES.values():
        return True
    if real not in real_names() and not any(known.startswith(real + ".") for known in real_names()):
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


class Finder(importlib.abc.MetaPathFinder):
    """Answers for the real libraries' names; raises, rather than let another finder look for them on the disk."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, module: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root = name.partition(".")[0]
        if root == "kerasish":
            parts = _without_old_module(["kerasish", *name.split(".")[1:]])
            if (
                len(parts) < name.count(".") + 1
                and importlib.machinery.PathFinder.find_spec(name, _path_of(name)) is None
            ):
                return importlib.machinery.ModuleSpec(name, _Loader(".".join(parts)), is_package=True)
            private = _private_beside(name)
            if private is not None:
                return importlib.machinery.ModuleSpec(name, _PrivateLoader(private), is_package=True)
            self._explain_missing(name)
            return None
        if root not in ROOTS:
            return None
        below_keras_2 = name.startswith(f"{KERAS_2}.")
        if (name in (KERAS_2, "tensorflow.python") or below_keras_2) and (private := private_name(name)) is not None:
            return importlib.machinery.ModuleSpec(name, _PrivateLoader(private), is_package=True)
        ours = target(name)
        if below_keras_2 and old_names.today(f"keras{name.removeprefix(KERAS_2)}") is not None:
            raise _missing(name)  # a name within an old module that it does not have
        if ours is None and (found := _of_v1(name) or core_messages.module(name)) is not None:
            return importlib.machinery.ModuleSpec(name, _ObjectLoader(found), is_package=True)
        if ours is None and (private := private_name(name)) is not None:
            return importlib.machinery.ModuleSpec(name, _PrivateLoader(private), is_package=True)
        if ours is None:
            raise _missing(name)
        return importlib.machinery.ModuleSpec(name, _Loader(ours), is_package=True)

    def _explain_missing(self, name: str) -> None:
        """``from tensorflow import x`` asks for ``kerasish.tf.x`` when there is no such attribute: say what is missing."""
        public = name.removeprefix("kerasish.")
        real = public if public.startswith("tf.") else f"keras.{public}"
        if real in real_names() and importlib.machinery.PathFinder.find_spec(name, _path_of(name)) is None:
            raise _missing(("tensorflow." + real[3:]) if real.startswith("tf.") else real)

    def find_distributions(self, context: Any = None) -> Iterator[importlib.metadata.Distribution]:
        """``importlib.metadata.version("tensorflow")`` and ``("keras")``; both where all are listed."""
        wanted = getattr(context, "name", None)
        for name, version in _VERSIONS.items():
            if wanted is None or wanted.lower().replace("_", "-") == name:
                yield _Distribution(name, version)


def _private_beside(name: str) -> str | None:
    """The private module for ``kerasish.tf.saved_model.x``, that ``from tensorflow.python.saved_model import x`` asks for."""
    parts = name.split(".")
    if parts[:2] != ["kerasish", "tf"]:
        return None
    private = private_name(".".join(["tensorflow", "python", *parts[2:]]))
    found = private is not None and importlib.machinery.PathFinder.find_spec(name, _path_of(name)) is None
    return private if found else None


def _path_of(name: str) -> list[str] | None:
    parent = sys.modules.get(name.rpartition(".")[0])
    return list(getattr(parent, "__path__", [])) if parent is not None else None


def _missing(name: str) -> ImportError:
    real = name.replace("tensorflow.", "tf.", 1) if name.startswith("tensorflow.") else name
    real = real.replace("tf.keras.", "keras.", 1)
    if real in real_names():
        parent = real.rpartition(".")[0] + "."
        near = close_matches(real, [other for other in _served() if other.startswith(parent)])
        return ImportError(
            f"'{name}' is part of the real library but is not served by kerasish yet. {near}".rstrip(), name=name
        )
    return ModuleNotFoundError(f"No module named '{name}'", name=name)


def _served() -> list[str]:
    """Public paths of what can be imported now."""
    found = []
    for name in list(sys.modules):
        if name == "kerasish" or name.startswith("kerasish."):
            public = name.removeprefix("kerasish").lstrip(".")
            prefix = public if public == "tf" or public.startswith("tf.") else f"keras.{public}".rstrip(".")
            found += [f"{prefix}.{key}" for key in vars(sys.modules[name]) if f"{prefix}.{key}" in real_names()]
    return found


class _Loader(importlib.abc.Loader):
    """Puts our module, as it is, under the name that was asked for."""

    def __init__(self, ours: str) -> None:
        self.ours = ours

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = _as_package(importlib.import_module(self.ours))


class _ObjectLoader(importlib.abc.Loader):
    """Puts an object that stands for a module under the name that was asked for."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if not hasattr(self.found, "__spec__"):
            self.found.__spec__ = module.__spec__  # Python looks there when a name below is imported
        sys.modules[module.__name__] = _as_package(self.found)


class _PrivateLoader(importlib.abc.Loader):
    """Puts the stand-in for a private module under the name that was asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = private_module(self.name)


def _as_package(module: ModuleType) -> ModuleType:
    """A single-file module as a package without files, so that Python asks the finder for names that it lacks."""
    if not hasattr(module, "__path__"):
        module.__path__ = []  # type: ignore[attr-defined]
    return module


class _Distribution(importlib.metadata.Distribution):
    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: Served by kerasish.\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> pathlib.Path:
        return pathlib.Path(__file__).parent / path


_finder = Finder()


def _is_sequence(asked: type, kind: type) -> Any:
    """Packages tell a dtype from a sequence of them by ``isinstance(x, Sequence)``, which is true of strings, as ours are."""
    return False if asked is Sequence and issubclass(kind, DType) else NotImplemented


def install(backend_name: str | None = None) -> None:
    """From here on ``import tensorflow`` and ``import keras`` give kerasish, in this process and those it starts.

    Args:
        backend_name: what ``keras.config.backend()`` says; default "torch".

    Raises:
        RuntimeError: the real TensorFlow or Keras is imported already.
    """
    for root in ROOTS:
        module = sys.modules.get(root)
        if module is not None and module.__name__.partition(".")[0] != "kerasish":
            raise RuntimeError(
                f"The real '{root}' is already imported (from {getattr(module, '__file__', '?')}); kerasish cannot take its "
                f"place any more. Start a new process and call kerasish.install() before importing {root}, or run the "
                "script with: python -m kerasish script.py"
            )
    if backend_name is not None:
        settings.backend_name = backend_name
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    Sequence.__subclasshook__ = classmethod(_is_sequence)  # type: ignore[assignment]
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if _CHILD_FOLDER not in folders:
        package_parent = str(pathlib.Path(__file__).parent.parent)
        extra = (
            [] if importlib.util.find_spec("kerasish") is None or package_parent not in sys.path else [package_parent]
        )
        os.environ["PYTHONPATH"] = os.pathsep.join([_CHILD_FOLDER, *[f for f in folders if f], *extra])


def uninstall() -> None:
    """Undo ``install``: modules imported meanwhile stay what they are, new imports are Python's own."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        del Sequence.__subclasshook__  # its base's answers again
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [folder for folder in folders if folder and folder != _CHILD_FOLDER]
    if kept:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    else:
        os.environ.pop("PYTHONPATH", None)
    for name in [name for name in sys.modules if name.partition(".")[0] in ROOTS]:
        if getattr(sys.modules[name], "__name__", "").partition(".")[0] == "kerasish":
            del sys.modules[name]


def is_installed() -> bool:
    return _finder in sys.meta_path
