"""Reading what ``tf.saved_model.save`` wrote: functions and variables as attributes of one object."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from kerasish.core import dispatch, registry, tree
from kerasish.core.errors import fail
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable, Variable
from kerasish.export import signatures
from kerasish.layers import exported
from kerasish.layers.exported import Exported
from kerasish.saving import folders
from kerasish.saving.model_files import load_model
from kerasish.tf.function import Function
from kerasish.tf.saved_model.restored import Restored
from kerasish.tf.saved_model.signature import Signature, as_dict
from kerasish.tf.spec import TensorSpec, spec_of

DEFAULT = "serving_default"
OTHER = "__trace_"  # stands in the names of a function's further traces


class _Node:
    """An object of which nothing is known but its variables, functions and other objects: they are its attributes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = vars(self).get("__call__")
        if own is None:
            raise TypeError("This object of a SavedModel is not callable: no `__call__` of it was written.")
        return own(*args, **kwargs)


class Loaded(Exported):
    """What ``load`` gives: functions and variables as attributes, and ``signatures``, whose functions give dicts."""

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        names = self._index.get("signatures", {name: name for name in self.endpoint_names if OTHER not in name})
        self._variables: dict[int, Variable] = {}
        if self.python is not None:
            self._functions = dict(self.python["functions"])
            signature_of = _of_python
            self._variables = {i: variable for i, (_, variable) in enumerate(self.python["variables"])}
            for way, variable in self.python["variables"]:
                if way:
                    self._place(way, variable)
        else:
            self._functions = dict(self.signatures)
            signature_of = _of_program
            for name in [name for name in self._functions if f"{name}{OTHER}1" in self._functions]:
                others = (f for other, f in self._functions.items() if other.startswith(name + OTHER))
                self._functions[name] = _chosen(self._functions[name], list(others))
            entries = self._index.get("variables", [])
            if entries:
                for name in self.endpoint_names:
                    self.module(name)
            for entry in entries:
                self._place_variable(entry)
        self.signatures = _SignatureMap((name, signature_of(self, endpoint)) for name, endpoint in names.items())
        for name, function in self._functions.items():
            vars(self).pop(name, None)
            self._place(name.split("."), function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = self._functions.get("__call__")
        if own is None:  # a layer's: written as it predicts
            own = self._functions[DEFAULT]
            if kwargs.pop("training", None):
                raise fail(
                    ValueError, "What was written of this model is its call in inference", received="training=True"
                )
        return own(*args, **kwargs)

    def _place(self, way: list[str], value: Any) -> None:
        """Let attributes lead to a value; what is there stays."""
        owner: Any = self
        *rest, last = way
        for part in rest:
            owner = vars(owner).setdefault(part, _Node())
        vars(owner).setdefault(last, value)

    def _place_variable(self, entry: dict) -> None:
        number, tensor = entry["state"], self._state.get(entry["state"])
        if tensor is None:
            return
        if number not in self._variables:
            made = TFVariable(tensor.detach(), trainable=entry["trainable"], name=entry["name"].removesuffix(":0"))
            self._variables[number] = made
        self._place(entry["path"], self._variables[number])

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


def _of_program(loaded: Loaded, endpoint: str) -> Signature:
    function, entry = exported.Endpoint(loaded, endpoint), loaded._entry(endpoint)
    specs = signatures.flat(_specs_of(loaded.specs(endpoint)))
    named = {spec.name or f"args_{i}": spec for i, spec in enumerate(specs)}
    inputs = {name: TensorSpec(spec.shape, spec.dtype, name) for name, spec in named.items()}

    def run(*values: Any) -> Any:
        left = iter(values)
        return function(*signatures.mapped(lambda _: next(left), _specs_of(loaded.specs(endpoint))))

    def results() -> dict[str, TensorSpec]:
        outputs = as_dict(_specs_of(entry.get("outputs")))
        return {name: TensorSpec(x.shape, x.dtype, name) for name, x in outputs.items() if x is not None}

    def variables() -> list[Variable]:
        state = entry.get("state") or {}
        nodes = [node for node in loaded.module(endpoint).graph.nodes if node.op == "get_attr" and node.users]
        read = {state[node.target] for node in nodes if node.target in state}
        numbers = sorted(read | set(entry.get("writes") or ()))
        return [loaded._variables[number] for number in numbers if number in loaded._variables]

    return Signature(endpoint, inputs, results, run, variables)


def _of_python(loaded: Loaded, endpoint: str) -> Signature:
    function = loaded._functions[endpoint]
    if not isinstance(function, Restored):  # a layer's call, of which the index says what it takes
        specs = signatures.mapped(_tensor_spec, _specs_of(loaded.specs(endpoint)))
        function = Restored(Function(function, input_signature=specs), [(tuple(specs), {})])
    concrete = function.get_concrete_function()

    def results() -> dict[str, Any]:
        return {name: _named(spec, name) for name, spec in as_dict(concrete._trace.output).items()}

    return Signature(function.name, concrete._named_specs(), results, concrete._filled, lambda: concrete.variables)


def _named(spec: Any, name: str) -> Any:
    return TensorSpec(spec.shape, spec.dtype, name) if isinstance(spec, TensorSpec) else spec


def _tensor_spec(spec: signatures.Spec) -> TensorSpec:
    return TensorSpec(spec.shape, spec.dtype, spec.name)


class _SignatureMap(dict):
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
    path = os.fspath(export_dir)
    if folders.is_model(path) and not exported.is_exported(path):
        return _of_model(path)
    if not contains_saved_model(export_dir):
        raise OSError(f"SavedModel file does not exist at: {os.fspath(export_dir)}")
    return Loaded(export_dir)


def _of_model(path: str) -> Loaded:
    """The functions of a model that was saved in a SavedModel's place, for a program that asks for Keras 2."""
    with tempfile.TemporaryDirectory(prefix="keras_functions_") as folder:
        registry.above("tensorflow.saved_model.save")(load_model(path, compile=False), folder)
        loaded = Loaded(folder)
        for name in loaded.endpoint_names if loaded.python is None else ():
            loaded.module(name)  # read while its file is there
    return loaded


def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds an exported model, of ours or TensorFlow's."""
    path = os.fspath(export_dir)
    theirs = any(os.path.isfile(os.path.join(path, name)) for name in ("saved_model.pb", "saved_model.pbtxt"))
    return theirs or exported.is_exported(path) or folders.is_model(path)
