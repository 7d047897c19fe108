"""Writing an object's functions as programs of torch's, and reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from kerasish.core import dispatch, tree
from kerasish.core.context import local, scope
from kerasish.core.errors import fail
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable, Variable
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
    if not hasattr(obj, "__dict__"):
        raise ValueError(f"Expected an object such as `tf.Module`, for export. Got {obj!r} with type {type(obj)}.")
    archive = ExportArchive()
    graph = object_graph.ObjectGraph(obj)
    with _held(graph) as modules:
        if isinstance(obj, Layer):
            archive.track(obj)
        functions = _functions(obj, signatures)
        for name, function in functions.items():
            _add(archive, name, function, modules)
        archive._notes["signatures"] = _signatures(obj, signatures, functions)
        archive._variables = graph.variables()
        if isinstance(obj, Layer) and _DEFAULT not in archive._endpoints:
            archive.track_and_add_endpoint(_DEFAULT, obj, _signature_of(obj))
        if not archive._endpoints:
            raise fail(
                ValueError,
                f"There is no function to write in {obj!r}",
                hint="Give methods @tf.function(input_signature=[tf.TensorSpec(...)]), or pass `signatures`.",
            )
        archive.write_out(export_dir, verbose=False)
    write_objects(os.path.join(os.fspath(export_dir), "variables", "variables"), graph)


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


def _signatures(obj: Any, given: Any, functions: dict[str, Any]) -> dict[str, str]:
    """The names under which ``load`` finds signatures, and their endpoints: those given; else a model's, or that of the only
    function that states its arguments and gives tensors."""
    if given is not None:
        return {name: name for name in (given if isinstance(given, dict) else [_DEFAULT])}
    if isinstance(obj, Layer):
        return {_DEFAULT: _DEFAULT}
    complete = [name for name, function in functions.items() if _gives_tensors(function)]
    return {_DEFAULT: complete[0]} if len(complete) == 1 else {}


def _gives_tensors(function: Any) -> bool:
    if not isinstance(function, Function) or function.input_signature is None:
        return False
    outputs = tree.flatten(function.get_concrete_function().structured_outputs)
    return bool(outputs) and all(isinstance(output, TypeSpec) for output in outputs)


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
    if isinstance(function, Function) and function.input_signature is not None:
        function = function.get_concrete_function()
    if isinstance(function, ConcreteFunction):
        specs = tree.flatten(function.structured_input_signature)
        specs = [spec for spec in specs if isinstance(spec, TypeSpec)]
        _add_program(archive, name, function._filled, modules, signatures.given(specs))
        return
    raise fail(
        ValueError,
        f"The signature '{name}' needs a tf.function with an `input_signature`",
        received=f"{function!r}",
    )


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

    archive._add(name, recorded, modules, signature)
    archive._written[name] = [variable.stored for variable in written]


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


class _Node:
    """An object of which nothing is known but its variables and other objects: they are its attributes."""


class Loaded(Exported):
    """What ``load`` gives: functions and variables as attributes, and ``signatures``, whose functions give dicts."""

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self._functions = dict(self.signatures)
        names = self._index.get("signatures", {name: name for name in self._functions if _OTHER not in name})
        self.signatures = _Signatures((name, Signature(self._functions[endpoint])) for name, endpoint in names.items())
        for name in [name for name in self._functions if f"{name}{_OTHER}1" in self._functions]:
            others = (f for other, f in self._functions.items() if other.startswith(name + _OTHER))
            self._functions[name] = _chosen(self._functions[name], list(others))
            setattr(self, name, self._functions[name])
        self._variables: dict[int, Variable] = {}
        entries = self._index.get("variables", [])
        if entries:
            for name in self.endpoint_names:
                self.module(name)
        for entry in entries:
            self._place_variable(entry)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = self._functions.get("__call__") or self._functions[_DEFAULT]
        return own(*args, **kwargs)

    def _place_variable(self, entry: dict) -> None:
        number, tensor = entry["state"], self._state.get(entry["state"])
        if tensor is None:
            return
        if number not in self._variables:
            made = TFVariable(tensor.detach(), trainable=entry["trainable"], name=entry["name"].removesuffix(":0"))
            self._variables[number] = made
        owner: Any = self
        *way, last = entry["path"]
        for part in way:
            owner = vars(owner).setdefault(part, _Node())
        vars(owner).setdefault(last, self._variables[number])

    def run(self, name: str, args: tuple) -> Any:
        for number, variable in self._variables.items():
            value = variable.read()
            for table, key in self._places.get(number, ()):
                table[key] = value
        self._check(name, args)
        try:
            return super().run(name, args)
        except AssertionError as error:  # of torch's program: a size is not the signature's
            specs = signatures.flat(_specs_of(self.specs(name)))
            raise TypeError(
                f"Binding inputs to tf.function failed: sizes do not fit ({error}). Received args: {args} for signature: "
                f"{specs}."
            ) from None

    def _check(self, name: str, args: tuple) -> None:
        """Whether the arguments are the signature's: a program of torch's may take other ranks.

        Raises:
            TypeError: a shape is not.
        """
        specs = signatures.flat(_specs_of(self.specs(name)))
        for spec, value in zip(specs, tree.flatten(args)):
            known = TensorSpec(spec.shape, spec.dtype)
            if dispatch.is_tensor(value) and not known.shape.is_compatible_with(value.shape):
                raise TypeError(
                    f"Binding inputs to tf.function failed due to `Can not cast {spec_of(value)} to {known}`. Received args: "
                    f"{args}."
                )

    def _set(self, number: int, value: Any) -> None:
        variable = self._variables.get(number)
        super()._set(number, value) if variable is None else variable.assign(value)

    @property
    def variables(self) -> list:
        """The variables; where none were noted, tensors of torch's."""
        return list(self._variables.values()) or super().variables

    @property
    def trainable_variables(self) -> list:
        return [v for v in self._variables.values() if v.trainable] if self._variables else super().trainable_variables


class Signature:
    """A function of a loaded model that gives a dict of its results."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.name = function.name

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _as_dict(self._function(*args, **kwargs))

    @property
    def structured_input_signature(self) -> tuple[tuple, dict[str, TensorSpec]]:
        """No positional arguments, and the specification of each argument by its name."""
        specs = signatures.flat(_specs_of(self._function._exported.specs(self.name)))
        named = {spec.name or f"args_{i}": spec for i, spec in enumerate(specs)}
        return (), {name: TensorSpec(spec.shape, spec.dtype, name) for name, spec in named.items()}

    @property
    def structured_outputs(self) -> dict[str, TensorSpec]:
        """The specification of each result by its name."""
        found = _as_dict(_specs_of(self._function._exported._entry(self.name).get("outputs")))
        return {name: TensorSpec(spec.shape, spec.dtype, name) for name, spec in found.items() if spec is not None}

    @property
    def inputs(self) -> list[TensorSpec]:
        return list(self.structured_input_signature[1].values())

    @property
    def outputs(self) -> list[TensorSpec]:
        return list(self.structured_outputs.values())

    output_shapes = property(lambda self: {name: spec.shape for name, spec in self.structured_outputs.items()})
    output_dtypes = property(lambda self: {name: spec.dtype for name, spec in self.structured_outputs.items()})

    def __repr__(self) -> str:
        given = ", ".join(f"{name}: {spec!r}" for name, spec in self.structured_input_signature[1].items())
        gives = ", ".join(f"[{name!r}, {spec!r}]" for name, spec in self.structured_outputs.items())
        return f"<ConcreteFunction (*, {given}) -> Dict[{gives}] at 0x{id(self):X}>"


class _Signatures(dict):
    """Signatures by name."""

    def __repr__(self) -> str:
        return f"_SignatureMap({super().__repr__()})"


def _specs_of(data: Any) -> Any:
    """Specifications from what the index says, in its lists and dicts."""
    if isinstance(data, dict) and set(data) == {"shape", "dtype", "name"} and isinstance(data["shape"], list):
        return signatures.Spec(tuple(data["shape"]), data["dtype"], data["name"])
    if isinstance(data, dict):
        return {key: _specs_of(value) for key, value in data.items()}
    return [_specs_of(value) for value in data] if isinstance(data, list) else data


def _as_dict(outputs: Any) -> dict[str, Any]:
    if isinstance(outputs, dict):
        return outputs
    listed = outputs if isinstance(outputs, (list, tuple)) and not isinstance(outputs, signatures.Spec) else [outputs]
    return {f"output_{i}": output for i, output in enumerate(listed)}


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


def load(export_dir: Any, tags: Any = None, options: Any = None) -> Loaded:
    """Read what ``save``, or ``model.export``, wrote. A program is code: read only what you trust.

    Args:
        tags: TensorFlow's, of no use here.
        options: ``LoadOptions``.

    Raises:
        OSError: there is none.
        ValueError: it is a SavedModel of TensorFlow's, or damaged.
    """
    if not contains_saved_model(export_dir):
        raise OSError(f"SavedModel file does not exist at: {os.fspath(export_dir)}")
    return Loaded(export_dir)


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds an exported model, of ours or TensorFlow's."""
    path = os.fspath(export_dir)
    theirs = any(os.path.isfile(os.path.join(path, name)) for name in ("saved_model.pb", "saved_model.pbtxt"))
    return theirs or exported.is_exported(path)
