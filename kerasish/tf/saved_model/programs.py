"""Writing an object's functions as programs of torch's, and reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable
from kerasish.export import programs, signatures
from kerasish.export.archive import ExportArchive
from kerasish.layers import exported
from kerasish.layers.exported import Exported
from kerasish.layers.layer import Layer
from kerasish.saving import object_graph
from kerasish.saving.checkpoint_files import write_objects
from kerasish.tf.concrete import ConcreteFunction
from kerasish.tf.function import Function
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of

_DEFAULT = "serving_default"
_OTHER = "__trace_"


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Write a model's forward pass, or the functions of a ``tf.Module``, as programs.

    Functions without an ``input_signature`` are written for the tensors that they have been called with.

    The folder holds programs of torch's, and the variables as a checkpoint of TensorFlow's, but no graph of TensorFlow's.

    Args:
        obj: a built model or layer, or a ``tf.Module``.
        export_dir: the folder; made if it is not there.
        signatures: a ``tf.function`` with an ``input_signature``, a concrete function, or a dict of such by name.
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
        if not isinstance(value, Function) or name in found:
            continue
        if value.input_signature is not None:
            found[name] = getattr(obj, name)
        else:
            found |= _traced(name, getattr(obj, name))
    return found


def _traced(name: str, function: Function) -> dict[str, Any]:
    """A function's traces of tensors alone: the first under its name, others under names that ``load`` knows."""
    found: dict[tuple, Any] = {}
    for trace in function._traces.by_key.values():
        args, kwargs = trace.arguments
        specs = tuple(map(_spec, args))
        if specs and not kwargs and all(spec is not None for spec in specs):
            key = tuple((tuple(spec.shape), spec.dtype.name) for spec in specs)
            found.setdefault(key, ConcreteFunction(function, trace, None, specs, {}))
    return {name + (f"{_OTHER}{i}" if i else ""): concrete for i, concrete in enumerate(found.values())}


def _spec(value: Any) -> TensorSpec | None:
    """What stands for an argument of a trace; a list of numbers is a tensor too."""
    if isinstance(value, TensorSpec):
        return value if value.shape.rank is not None else None
    if isinstance(value, (list, tuple)) and value and not any(isinstance(x, TypeSpec) for x in tree.flatten(value)):
        try:
            return spec_of(convert(value))
        except (TypeError, ValueError):
            return None
    return None


def _add(archive: ExportArchive, name: str, function: Any, modules: list[nn.Module]) -> None:
    archive._check_name(name)
    if isinstance(function, ConcreteFunction):
        specs = function.inputs
        archive._add(name, programs.user_function(function._filled), modules, signatures.given(specs))
        return
    signature = getattr(function, "input_signature", None)
    if not isinstance(function, Function) or signature is None:
        raise fail(
            ValueError,
            f"The signature '{name}' needs a tf.function with an `input_signature`",
            received=f"{function!r}",
        )
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
        self.signatures = {name: _named(function) for name, function in self._functions.items() if _OTHER not in name}
        for name in [name for name in self._functions if f"{name}{_OTHER}1" in self._functions]:
            others = (f for other, f in self._functions.items() if other.startswith(name + _OTHER))
            self._functions[name] = _chosen(self._functions[name], list(others))
            setattr(self, name, self._functions[name])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = self._functions.get("__call__") or self._functions[_DEFAULT]
        return own(*args, **kwargs)


def _chosen(first: Any, others: list) -> Callable:
    """A function of several traces: the one whose shapes the arguments have."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return next((f for f in (first, *others) if _fits(f, args, kwargs)), first)(*args, **kwargs)

    return run


def _fits(function: Any, args: tuple, kwargs: dict) -> bool:
    specs = function._exported.specs(function.name)
    try:
        shapes = [tuple(convert(x).shape) for x in function.positional(args, kwargs)]
    except (TypeError, ValueError):
        return False
    wanted = [spec["shape"] for spec in specs if isinstance(spec, dict) and "shape" in spec]
    return len(shapes) == len(wanted) and all(
        len(a) == len(b) and all(n is None or m == n for m, n in zip(a, b)) for a, b in zip(shapes, wanted)
    )


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
