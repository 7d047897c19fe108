"""Writing an object's functions as programs of torch's, or as functions of Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from kerasish.core import registry, tree
from kerasish.core.context import local, scope
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable
from kerasish.export import programs, signatures
from kerasish.export.archive import ExportArchive
from kerasish.layers.layer import Layer
from kerasish.saving import object_graph
from kerasish.saving.checkpoint_files import write_objects
from kerasish.tf.concrete import ConcreteFunction
from kerasish.tf.function import Function
from kerasish.tf.saved_model.fingerprint import write_fingerprint
from kerasish.tf.saved_model.reading import DEFAULT, OTHER
from kerasish.tf.saved_model.restored import Restored, kept_signatures
from kerasish.tf.saved_model.signature import as_dict
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of

_OF_LAYERS = frozenset(  # whatever they are: a layer is written by its call as a whole
    "call train_step test_step predict_step train_function test_function predict_function".split()
)


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Write a model's forward pass, or the functions of a ``tf.Module``, as programs.

    Functions without an ``input_signature`` are written for the arguments that they have been called with.

    The folder holds programs of torch's, and the variables as a checkpoint of TensorFlow's, but no graph of TensorFlow's.
    Where one of the functions is no such program (it has text, takes values of Python, decides by values, prints, or has a
    gradient of its own), all are written as functions of Python, with the code that they use (needs cloudpickle).

    Args:
        obj: a built model or layer, or a ``tf.Module``.
        export_dir: the folder; made if it is not there.
        signatures: a ``tf.function`` with an ``input_signature``, a concrete function, or a dict of such by name.
        options: ``SaveOptions``.

    Raises:
        ValueError: a signature is no ``tf.function`` with an ``input_signature``, or gives something else than tensors.
    """
    if not hasattr(obj, "__dict__"):
        raise ValueError(f"Expected an object such as `tf.Module`, for export. Got {obj!r} with type {type(obj)}.")
    graph = object_graph.ObjectGraph(obj)
    given = {} if signatures is None else dict(signatures) if isinstance(signatures, dict) else {DEFAULT: signatures}
    functions = _functions(graph)
    for name, function in given.items():
        if not isinstance(function, ConcreteFunction) and getattr(function, "input_signature", None) is None:
            raise ValueError(
                f"Expected a TensorFlow function for which to generate a signature, but got {function}. Only `tf.functions` "
                "with an input signature or concrete functions can be used as a signature."
            )
        _check_results(name, function)
    layer = obj if isinstance(obj, Layer) and DEFAULT not in given and (obj.built or not functions) else None
    named = {name: name for name in given} or _default_signatures(obj, functions, layer is not None)
    functions |= given
    reason = _beyond_programs(functions) if functions or layer is not None else "There is no function, hence no program"
    if reason is None:
        with _held(graph) as modules:
            archive = _programs(layer, graph, functions, modules)
        reason = archive._refusal
    if reason is not None:
        archive = _in_python(layer, graph, functions, reason)
    archive._notes["signatures"] = named
    archive.write_out(export_dir, verbose=False)
    write_objects(os.path.join(os.fspath(export_dir), "variables", "variables"), graph)
    write_fingerprint(export_dir)


def _check_results(key: str, function: Function | ConcreteFunction) -> None:
    """Raise ValueError if a function that is to be a signature gives something else than tensors by name or number."""
    concrete = function if isinstance(function, ConcreteFunction) else function.get_concrete_function()
    if not concrete._trace.is_output_known:
        return
    for name, result in as_dict(concrete.structured_outputs).items():
        told = (
            f"in the output of the function {concrete.name.decode()} used to generate the SavedModel signature '{key}'"
        )
        if not isinstance(name, str):
            raise ValueError(f"Got a dictionary with a non-string key {name!r} {told}.")
        if not isinstance(result, TypeSpec):
            raise ValueError(
                f"Got a non-Tensor value {result!r} for key {name!r} {told}. Outputs for functions used as signatures must "
                "be a single Tensor, a sequence of Tensors, or a dictionary from string to Tensor."
            )


def _functions(graph: object_graph.ObjectGraph) -> dict[str, Function | ConcreteFunction]:
    """The functions of an object and of those below it, by the attributes that lead to them, that have a signature."""
    found = {}
    for thing, path in zip(graph.things, graph._paths):
        for name in dict.fromkeys([*dir(type(thing)), *getattr(thing, "__dict__", ())]):
            value = getattr(thing, "__dict__", {}).get(name, getattr(type(thing), name, None))
            if not isinstance(value, (Function, ConcreteFunction)) or (isinstance(thing, Layer) and name in _OF_LAYERS):
                continue
            value = getattr(thing, name)
            if isinstance(value, ConcreteFunction) or kept_signatures(value):
                found[path.replace("/", ".") + name] = value
    return found


def _default_signatures(obj: Any, functions: dict[str, Any], whole: bool) -> dict[str, str]:
    """The name under which ``load`` finds a signature where none were given, and its endpoint: a model's, or that of the only
    function that states its arguments and gives tensors."""
    if isinstance(obj, Layer):
        return {DEFAULT: DEFAULT} if whole else {}
    complete = [name for name, function in functions.items() if "." not in name and _gives_tensors(function)]
    return {DEFAULT: complete[0]} if len(complete) == 1 else {}


def _gives_tensors(function: Any) -> bool:
    if not isinstance(function, Function) or function.input_signature is None:
        return False
    concrete = function.get_concrete_function()
    outputs = tree.flatten(concrete.structured_outputs)
    return not concrete._trace.is_output_known or (bool(outputs) and all(isinstance(x, TypeSpec) for x in outputs))


def _signatures_of(function: Function | ConcreteFunction) -> list[tuple[tuple, dict]]:
    return [(function._args, function._kwargs)] if isinstance(function, ConcreteFunction) else kept_signatures(function)


def _beyond_programs(functions: dict[str, Any]) -> str | None:
    """Why functions cannot be programs of torch's, as far as their arguments tell."""
    for name, function in functions.items():
        for args, kwargs in _signatures_of(function):
            if isinstance(function, Function) and function.input_signature is None:
                leaves = [spec or x for spec, x in ((_spec(x), x) for x in args)] + list(kwargs.values())
            else:  # what is no tensor is settled
                leaves = [x for x in tree.flatten((args, kwargs)) if isinstance(x, TypeSpec)]
            for spec in leaves:
                if not isinstance(spec, TensorSpec) or spec.dtype.name == "string" or spec.shape.rank is None:
                    return f"The function '{name}' takes {spec!r}, which a program of torch's cannot take"
    return None


def _programs(layer: Layer | None, graph: object_graph.ObjectGraph, functions: dict, modules: list) -> ExportArchive:
    """An archive of programs, or one that says why there are none."""
    archive = ExportArchive()
    archive._complete = True
    if layer is not None:
        archive.track(layer)
    for name, function in functions.items():
        for part, concrete in _concrete(name, function).items():
            specs = list(concrete._named_specs().values())
            _add_program(archive, part, concrete._filled, modules, signatures.given(specs))
    archive._variables = graph.variables()
    if layer is not None and archive._refusal is None:
        archive.track_and_add_endpoint(DEFAULT, layer, signatures.signature_of(layer))
    return archive


def _concrete(name: str, function: Any) -> dict[str, ConcreteFunction]:
    """A function's traces: the first under its name, others under names that ``load`` knows."""
    if isinstance(function, ConcreteFunction):
        return {name: function}
    if function.input_signature is not None:
        return {name: function.get_concrete_function()}
    found: dict[tuple, Any] = {}
    for trace in function._traces.by_key.values():
        args, _ = trace.arguments
        specs = tuple(_spec(x) for x in args)
        key = tuple((tuple(spec.shape), spec.dtype.name) for spec in specs)
        found.setdefault(key, ConcreteFunction(function, trace, None, specs, {}))
    return {name + (f"{OTHER}{i}" if i else ""): concrete for i, concrete in enumerate(found.values())}


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


def _add_program(archive: ExportArchive, name: str, function: Callable, modules: list, signature: list) -> None:
    """Add a function; the values that it gives to variables are results of its program."""
    run = programs.user_function(function)
    written: list[Variable] = []

    def recorded(*args: Any) -> Any:
        with scope(overlay={}):
            outputs = run(*args)
            pairs = list(local.overlay.values())
        written[:] = [variable for variable, _ in pairs]
        return (outputs, [value for _, value in pairs]) if pairs else outputs

    archive._add(name, function, recorded, modules, signature)
    archive._written[name] = [variable.stored for variable in written]


def _in_python(layer: Layer | None, graph: object_graph.ObjectGraph, functions: dict, reason: Any) -> ExportArchive:
    """An archive of functions of Python, with the variables that they use."""
    archive = ExportArchive()
    archive._refusal = reason
    for name, function in functions.items():
        kept = _signatures_of(function)
        archive._functions[name] = Restored(function, kept)
        archive._endpoints[name] = _inputs(*kept[0]), None
    if layer is not None:
        archive.track(layer)
        archive.track_and_add_endpoint(DEFAULT, layer, signatures.signature_of(layer))
    archive._variables = graph.variables()
    return archive


def _inputs(args: tuple, kwargs: dict) -> list:
    """What the index says of a signature of tensors; nothing of others."""
    leaves = tree.flatten((args, kwargs))
    plain = all(isinstance(x, TensorSpec) and x.shape.rank is not None for x in leaves)
    return signatures.given(list(args)) if plain and not kwargs else []


@contextmanager
def _held(graph: object_graph.ObjectGraph) -> Iterator[list[nn.Module]]:
    """The modules that hold the object's variables; those that no layer holds are lent to one meanwhile."""
    things = graph.things
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


registry.publish_alias("tensorflow.saved_model.save", save)
