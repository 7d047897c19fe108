"""ExportArchive: several functions of a model, written together."""

from __future__ import annotations

import json
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.errors import fail
from kerasish.core.messages import say
from kerasish.core.variable import Variable
from kerasish.export import description, programs, python_functions, signatures
from kerasish.layers.exported import COLLECTIONS, FORMAT, FUNCTIONS, INDEX, array_file, program_file
from kerasish.layers.layer import Layer
from kerasish.saving.archive import replacing


class ExportArchive:
    """Endpoints, each a function with a signature, to be written into one folder that needs no code to be run.

    The folder holds a program of torch's for each endpoint (see ``kerasish/layers/exported.py``), not TensorFlow's graph.
    ``keras.layers.TFSMLayer`` reads it, and ``torch.export.load`` each of its programs. Where torch can make no program of
    one of them (it has text, or decides by values), all are written as functions of Python, with a warning.

    Args:
        format: "saved_model".

    Raises:
        ValueError: another format.

    For example::

        archive = ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", model.call, [keras.InputSpec(shape=(None, 3), dtype="float32")])
        archive.write_out("folder")
    """

    def __init__(self, format: str = "saved_model", **kwargs: Any) -> None:
        if format != "saved_model":
            raise fail(ValueError, f"Unsupported format: {format}", hint="It is 'saved_model'.")
        self._tracked: list[Layer] = []
        self._endpoints: dict[str, tuple[list, Any]] = {}  # name -> signature, program (None: torch can make none)
        self._functions: dict[str, Callable] = {}  # name -> the endpoint in Python, on Tensors
        self._refusal: Exception | None = None  # why an endpoint is no program
        self._complete = False  # whether Python is better than a program that leaves something out
        self._written: dict[str, list[torch.Tensor]] = {}  # name -> the tensors of which the program gives new values
        self._notes: dict[str, Any] = {}  # what else the index says
        self._variables: list[tuple[list[str], Variable]] = []  # with the attributes that lead to them
        self._collections: dict[str, list[Variable]] = {}

    def track(self, resource: Any) -> None:
        """Let the weights of a layer or model be those of the endpoints that use it.

        Raises:
            ValueError: it is neither, or not built.
        """
        if not isinstance(resource, Layer):
            raise fail(
                ValueError,
                "Invalid resource type. Expected a Keras `Layer` or `Model`",
                received=type(resource).__name__,
            )
        if not resource.built:
            raise ValueError("The layer provided has not yet been built. It must be built before export.")
        self._tracked.append(resource)

    def add_endpoint(self, name: str, fn: Callable, input_signature: Any = None, **kwargs: Any) -> Callable:
        """Add a function of tensors under a name.

        Args:
            name: an identifier.
            fn: a model's ``call``, a lambda, a ``tf.function`` …
            input_signature: a list with an ``InputSpec``, ``TensorSpec``, tensor or structure of them for each argument.

        Returns:
            The function.

        Raises:
            ValueError: the name is taken, or there is no signature.
        """
        self._check_name(name)
        if "jax2tf_kwargs" in kwargs or "is_static" in kwargs:
            raise ValueError("'jax2tf_kwargs' and 'is_static' are only supported with the jax backend.")
        if input_signature is None:
            input_signature = getattr(fn, "input_signature", None)
        if input_signature is None:
            raise fail(
                ValueError,
                f"The endpoint '{name}' needs an `input_signature`, which says the shapes and dtypes of its arguments",
                hint=f"add_endpoint('{name}', fn, input_signature=[keras.InputSpec(shape=(None, 3), dtype='float32')])",
            )
        modules = [*self._tracked, *programs.modules_of(fn)]
        self._add(name, fn, programs.user_function(fn), modules, signatures.given(input_signature))
        return fn

    def track_and_add_endpoint(self, name: str, resource: Any, input_signature: Any, **kwargs: Any) -> Callable:
        """Track a layer or model, and add its call as an endpoint.

        Raises:
            ValueError: as of ``track`` and ``add_endpoint``.
        """
        self._check_name(name)
        self.track(resource)
        function = python_functions.LayerCall(resource)
        self._add(name, function, programs.inference(resource), [resource], signatures.given(input_signature))
        return resource.__call__

    def add_variable_collection(self, name: str, variables: Any) -> None:
        """Keep variables under a name: an attribute of what is read.

        Raises:
            ValueError: not a list, tuple or set of variables.
        """
        if not isinstance(variables, (list, tuple, set)):
            raise fail(ValueError, "Expected `variables` to be a list/tuple/set", received=type(variables).__name__)
        if not all(isinstance(v, Variable) for v in variables):
            kinds = sorted({type(v).__name__ for v in variables})
            raise fail(ValueError, "Expected all elements in `variables` to be variables", received=str(kinds))
        self._collections[name] = list(variables)

    def write_out(self, filepath: Any, options: Any = None, verbose: bool = True) -> None:
        """Write the folder.

        Args:
            filepath: of the folder; made if it is not there.
            options: TensorFlow's SaveOptions, of no use here.
            verbose: whether to print what the endpoints are.

        Raises:
            ValueError: there is no endpoint.
        """
        if not self._endpoints and self._refusal is None:  # else there are variables, at least
            raise ValueError("No endpoints have been set yet. Call add_endpoint().")
        folder = pathlib.Path(filepath)
        folder.mkdir(parents=True, exist_ok=True)
        if self._refusal is None:
            for place, (_, program) in enumerate(self._endpoints.values()):
                with replacing(folder / program_file(place)) as temporary, open(temporary, "wb") as out:
                    programs.save(program, out)
        else:
            self._write_python(folder)
        if self._collections:
            arrays = {
                f"{place}_{i}": np.asarray(variable.numpy())
                for place, variables in enumerate(self._collections.values())
                for i, variable in enumerate(variables)
            }
            with replacing(folder / COLLECTIONS) as temporary:
                pathlib.Path(temporary).write_bytes(array_file(arrays))
        index = self._index()
        with replacing(folder / description.FILE) as temporary:
            pathlib.Path(temporary).write_bytes(description.description(index))
        with replacing(folder / INDEX) as temporary:  # last: all that it names is there
            pathlib.Path(temporary).write_text(json.dumps(index, indent=1), encoding="utf-8")
        if verbose:
            say(f"Saved artifact at '{filepath}'. The following endpoints are available:\n\n{self._described()}")

    def _write_python(self, folder: pathlib.Path) -> None:
        variables = self._variables or [([], v) for layer in self._tracked for v in layer.variables]
        content = {"functions": self._functions, "variables": variables}
        data = python_functions.dumped(content, str(self._refusal))
        with replacing(folder / FUNCTIONS) as temporary:
            pathlib.Path(temporary).write_bytes(data)

    def _index(self) -> dict:
        if self._refusal is not None:
            return self._python_index()
        numbers: dict[
            tuple, int
        ] = {}  # where a tensor of some program's state lies -> its number, which says what is shared
        endpoints = []
        for name, (signature, program) in self._endpoints.items():
            state = {
                key: numbers.setdefault(_place(tensor), len(numbers)) for key, tensor in program.state_dict.items()
            }
            inputs = signatures.mapped(signatures.Spec.plain, signature)
            written = [numbers[_place(tensor)] for tensor in self._written.get(name, ())]
            outputs = signatures.outputs_of(program, bool(written))
            entry = {"name": name, "inputs": inputs, "outputs": outputs, "state": state}
            endpoints.append(entry | ({"writes": written} if written else {}))
        collections = {name: [v.name for v in variables] for name, variables in self._collections.items()}
        index = {"format": FORMAT, "version": 1, "endpoints": endpoints, "collections": collections, **self._notes}
        variables = [
            {"path": path, "state": numbers.get(_place(v.stored)), "name": v.name, "trainable": v.trainable}
            for path, v in self._variables
        ]
        return index | ({"variables": [v for v in variables if v["state"] is not None]} if variables else {})

    def _python_index(self) -> dict:
        endpoints = [
            {"name": name, "inputs": signatures.mapped(signatures.Spec.plain, signature)}
            for name, (signature, _) in self._endpoints.items()
        ]
        notes = {"language": "python", "python": python_functions.version(), "reason": str(self._refusal)}
        collections = {name: [v.name for v in variables] for name, variables in self._collections.items()}
        return {
            "format": FORMAT,
            "version": 1,
            **notes,
            "endpoints": endpoints,
            "collections": collections,
            **self._notes,
        }

    def _check_name(self, name: str) -> None:
        if name in self._endpoints:
            raise ValueError(f"Endpoint name '{name}' is already taken.")

    def _add(self, name: str, function: Callable, run: Callable, modules: list, signature: list) -> None:
        """Add an endpoint: ``function`` on Tensors, which ``run`` is on raw ones."""
        program = None
        if self._refusal is None:
            try:
                program = programs.export(run, modules, signature, complete=self._complete)
            except signatures.TextError as error:
                self._refusal = error
            except RuntimeError as error:
                self._refusal = error
                if not self._complete:
                    warnings.warn(f"The functions are written as functions of Python. {error}", stacklevel=3)
        self._endpoints[name], self._functions[name] = (signature, program), function

    def _described(self) -> str:
        return "\n\n".join(
            "\n".join([f"* Endpoint '{name}'", *(_described(spec) for spec in signatures.flat(signature))])
            for name, (signature, _) in self._endpoints.items()
        )


def _place(tensor: torch.Tensor) -> tuple:
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tuple(tensor.shape), tensor.dtype


def _described(spec: signatures.Spec) -> str:
    return f"  {spec.name or 'input'}: shape {spec.shape}, {spec.dtype}"
