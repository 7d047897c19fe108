"""Writing an object's functions as programs of torch's, and reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from kerasish.core.errors import fail
from kerasish.core.variable import Variable
from kerasish.export import programs, signatures
from kerasish.export.archive import ExportArchive
from kerasish.layers import exported
from kerasish.layers.exported import Exported
from kerasish.layers.layer import Layer
from kerasish.saving import object_graph
from kerasish.saving.checkpoint_files import write_objects
from kerasish.tf.function import Function

_DEFAULT = "serving_default"


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Write a model's forward pass, or the functions of a ``tf.Module`` with an ``input_signature``, as programs.

    The folder holds programs of torch's, and the variables as a checkpoint of TensorFlow's, but no graph of TensorFlow's.

    Args:
        obj: a built model or layer, or a ``tf.Module``.
        export_dir: the folder; made if it is not there.
        signatures: a ``tf.function`` with an ``input_signature``, or a dict of such by name.
        options: ``SaveOptions``.

    Raises:
        ValueError: there is no function to write, or one has no ``input_signature``.
    """
    archive = ExportArchive()
    with _held(obj) as modules:
        if isinstance(obj, Layer):
            archive.track(obj)
        for name, function in _functions(obj, signatures).items():
            _add(archive, name, function, modules)
        if isinstance(obj, Layer) and _DEFAULT not in archive._endpoints:
            archive.track_and_add_endpoint(_DEFAULT, obj, _signature_of(obj))
        if not archive._endpoints:
            raise fail(
                ValueError,
                f"There is no function to write in {obj!r}",
                hint="Give methods @tf.function(input_signature=[tf.TensorSpec(...)]), or pass `signatures`.",
            )
        archive.write_out(export_dir, verbose=False)
    write_objects(os.path.join(os.fspath(export_dir), "variables", "variables"), object_graph.ObjectGraph(obj))


def _signature_of(layer: Layer) -> list:
    return signatures.signature_of(layer)


def _functions(obj: Any, given: Any) -> dict[str, Any]:
    """The functions with a signature: those given, then those of the object."""
    found = {} if given is None else dict(given) if isinstance(given, dict) else {_DEFAULT: given}
    for name in dir(type(obj)) + list(vars(obj)):
        value = vars(obj).get(name, getattr(type(obj), name, None))
        if isinstance(value, Function) and value.input_signature is not None and name not in found:
            found[name] = getattr(obj, name)
    return found


def _add(archive: ExportArchive, name: str, function: Any, modules: list[nn.Module]) -> None:
    signature = getattr(function, "input_signature", None)
    if not isinstance(function, Function) or signature is None:
        raise fail(
            ValueError,
            f"The signature '{name}' needs a tf.function with an `input_signature`",
            received=f"{function!r}",
        )
    archive._check_name(name)
    archive._add(name, programs.user_function(function.python_function), modules, signatures.given(list(signature)))


@contextmanager
def _held(obj: Any) -> Iterator[list[nn.Module]]:
    """The modules that hold the object's variables; those that no layer holds are lent to one meanwhile."""
    things = object_graph.ObjectGraph(obj).things
    holder = nn.Module()
    lent = [v for v in things if isinstance(v, Variable) and v.is_free]
    before = [(v, v._owner, v._key) for v in lent]
    try:
        for number, variable in enumerate(lent):
            variable.move(holder, f"variable_{number}")
        yield [holder, *(thing for thing in things if isinstance(thing, Layer))]
    finally:
        for variable, owner, key in before:
            variable.move(owner, key)


class Loaded(Exported):
    """What ``load`` gives: functions as attributes, and in ``signatures``, where they give dicts."""

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self._functions = dict(self.signatures)
        self.signatures = {name: _named(function) for name, function in self._functions.items()}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = self._functions.get("__call__") or self._functions[_DEFAULT]
        return own(*args, **kwargs)


def _named(function: Callable) -> Callable:
    def run(*args: Any, **kwargs: Any) -> dict[str, Any]:
        outputs = function(*args, **kwargs)
        if isinstance(outputs, dict):
            return outputs
        listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        return {f"output_{i}": output for i, output in enumerate(listed)}

    return run


def load(export_dir: Any, tags: Any = None, options: Any = None) -> Loaded:
    """Read what ``save``, or ``model.export``, wrote. A program is code: read only what you trust.

    Args:
        tags: TensorFlow's, of no use here.
        options: ``LoadOptions``.

    Raises:
        ValueError: it is a SavedModel of TensorFlow's, or no exported model, or damaged.
    """
    return Loaded(export_dir)


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds an exported model, of ours or TensorFlow's."""
    path = os.fspath(export_dir)
    theirs = any(os.path.isfile(os.path.join(path, name)) for name in ("saved_model.pb", "saved_model.pbtxt"))
    return theirs or exported.is_exported(path)
