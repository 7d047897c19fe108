"""Exported models: a folder with one program of torch's (``.pt2``) for each endpoint, and how it is read.

    path/
        endpoints.json      {"format": "kerasish.export", "version": 1, "collections": {name: names of variables},
                         "endpoints": [{"name", "inputs", "outputs", "state", "writes"}, ...],
                         "variables": [{"path": attributes, "state": number, "name", "trainable"}, ...],
                         "signatures": {name: endpoint}}
        saved_model.pb      the signatures, for programs that look for this file; no graph (see ``export/description.py``)
        endpoint_0.pt2      what torch.export.save writes; torch.export.load reads it without this library
        collections.npz     variables of ``ExportArchive.add_variable_collection``
    functions.pickle    instead of all programs, and with "language": "python" in the index: the endpoints as functions of
                        Python, because one of them is no program of torch's (it has text, or decides by values)

A program is code: reading one that others wrote is running what they wrote. So no file of a model leads here; a program
calls ``TFSMLayer`` or ``tf.saved_model.load`` with the path.
"""

from __future__ import annotations

import io
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from kerasish.core import dispatch, tree
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable
from kerasish.layers import exported_python

INDEX = "endpoints.json"
COLLECTIONS = "collections.npz"
FUNCTIONS = "functions.pickle"
FORMAT = "kerasish.export"
_LARGEST_INDEX = 1 << 24  # bytes


def program_file(place: int) -> str:
    """The name of the program of the endpoint that stands at this place; files do not choose their names."""
    return f"endpoint_{place}.pt2"


def is_exported(path: Any) -> bool:
    """Whether a folder holds an exported model of this library's format."""
    return pathlib.Path(path, INDEX).is_file()


class Exported:
    """An exported model: its endpoints are attributes, as those of ``tf.saved_model.load`` are.

    Args:
        path: of the folder.

    Attributes:
        signatures: name of each endpoint → function; "serving_default" is the first one.

    Raises:
        ValueError: there is no such folder, or it is another format's, or damaged.
    """

    def __init__(self, path: Any) -> None:
        self._folder = pathlib.Path(path)
        self._index = _read_index(self._folder)
        # "functions" by name and "variables" with the attributes that lead to them; None: the endpoints are programs
        self.python: dict[str, Any] | None = self._read_python()
        self._modules: dict[str, nn.Module] = {}
        self._state: dict[int, torch.Tensor] = {}
        self._places: dict[int, list[tuple[dict, str]]] = {}  # where programs look for that tensor
        self.signatures: dict[str, Callable] = {name: Endpoint(self, name) for name in self.endpoint_names}
        for name, endpoint in self.signatures.items():
            setattr(self, name, endpoint)
        if self.signatures and "serving_default" not in self.signatures:
            self.signatures["serving_default"] = self.signatures[self.endpoint_names[0]]
        for name, values in self._read_collections().items():
            setattr(self, name, values)

    @property
    def endpoint_names(self) -> list[str]:
        return [entry["name"] for entry in self._index["endpoints"]]

    def specs(self, name: str) -> list:
        """The inputs of an endpoint, ``{"shape", "dtype", "name"}`` each, nested as its arguments are."""
        return self._entry(name)["inputs"]

    def _entry(self, name: str) -> dict:
        return next(entry for entry in self._index["endpoints"] if entry["name"] == name)

    def module(self, name: str) -> nn.Module:
        """An endpoint's program as a module of torch's, whose parameters are those of the model that was exported.

        Raises:
            ValueError: it is a function of Python, and not of a layer.
        """
        if self.python is not None and name not in self._modules:
            holder = getattr(self.python["functions"][name], "layer", None)
            if holder is None:
                raise fail(
                    ValueError,
                    f"The endpoint '{name}' is a function of Python, not a program of torch's",
                    hint=self._index["reason"],
                )
            self._modules[name] = holder
        if name not in self._modules:
            place = self.endpoint_names.index(name)
            module = torch.export.load(self._folder / program_file(place)).module()
            for method in ("train", "eval"):  # which raise an error; the program has one mode, so they may do nothing
                module.__dict__.pop(method, None)
            self._share(module, self._entry(name).get("state") or {})
            self._modules[name] = module
        return self._modules[name]

    def _share(self, module: nn.Module, numbers: dict) -> None:
        """Let a module have the tensors of those that were read before, where the exported functions shared them."""
        for table in ("_parameters", "_buffers"):
            for path, part in module.named_modules():
                own = getattr(part, table)
                for key, tensor in own.items():
                    number = numbers.get(f"{path}.{key}" if path else key)
                    if number is not None and tensor is not None:
                        own[key] = self._state.setdefault(number, tensor)
                        self._places.setdefault(number, []).append((own, key))

    def run(self, name: str, args: tuple) -> Any:
        """What an endpoint's program gives for raw tensors; variables that it sets have their new values afterwards."""
        outputs = self.module(name)(*args)
        written = self._entry(name).get("writes")
        if not written:
            return outputs
        outputs, values = outputs
        for number, value in zip(written, values):
            self._set(number, value)
        return outputs

    def _set(self, number: int, value: torch.Tensor) -> None:
        with torch.no_grad():
            self._state[number].copy_(value)

    @property
    def variables(self) -> list:
        """Parameters and buffers of all programs, as tensors of torch's; of functions of Python, their variables."""
        if self.python is not None:
            return [variable for _, variable in self.python["variables"]]
        modules = [self.module(name) for name in self.endpoint_names]
        tensors = [t for module in modules for t in (*module.parameters(), *module.buffers())]
        return list({id(t): t for t in tensors}.values())

    @property
    def trainable_variables(self) -> list:
        trained = "requires_grad" if self.python is None else "trainable"
        return [t for t in self.variables if getattr(t, trained)]

    def _read_python(self) -> dict[str, Any] | None:
        if self._index.get("language") != "python":
            return None
        return exported_python.read(self._folder / FUNCTIONS, self._index["python"])

    def _read_collections(self) -> dict[str, list]:
        names = self._index.get("collections") or {}
        if not names:
            return {}
        with np.load(self._folder / COLLECTIONS, allow_pickle=False) as arrays:
            return {
                name: [Variable(arrays[f"{place}_{i}"], name=variable) for i, variable in enumerate(variables)]
                for place, (name, variables) in enumerate(names.items())
            }


class Endpoint:
    """One function of an exported model: Tensors and arrays give Tensors, torch tensors give torch tensors."""

    def __init__(self, exported: Exported, name: str) -> None:
        self._exported = exported
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = self.positional(args, kwargs)
        if self._exported.python is not None:
            return self._exported.python["functions"][self.name](*self.tensors(args))
        torch_given = any(isinstance(x, torch.Tensor) for x in tree.flatten(args))
        outputs = self._exported.run(self.name, self.raw(args))
        return outputs if torch_given else tree.map_structure(dispatch.wrap, outputs)

    def positional(self, args: tuple, kwargs: dict) -> tuple:
        """All arguments by position; keywords are the names of the inputs."""
        specs = self._exported.specs(self.name)
        if not kwargs:
            return args
        named = {spec.get("name"): i for i, spec in enumerate(specs) if _is_spec(spec)}
        unknown = [name for name in kwargs if name not in named]
        if unknown:
            raise fail(
                TypeError, f"Endpoint '{self.name}' has no argument {unknown[0]!r}", hint=f"It has {list(named)}."
            )
        return (*args, *(kwargs[name] for name in sorted(kwargs, key=named.__getitem__)))

    def raw(self, args: tuple) -> tuple:
        """Arguments as torch's tensors of the program's dtypes, in its structure."""
        return self._converted(args, lambda value, dtype: dispatch.raw(value).to(to_torch(dtype)))

    def tensors(self, args: tuple) -> tuple:
        """Arguments as Tensors of the signature's dtypes, in its structure."""
        return self._converted(args, convert)

    def _converted(self, args: tuple, to: Callable) -> tuple:
        specs = self._exported.specs(self.name)
        if len(args) != len(specs):
            raise fail(
                TypeError, f"Endpoint '{self.name}' takes {len(specs)} argument(s)", received=f"{len(args)} argument(s)"
            )
        return tuple(_like(value, spec, to) for value, spec in zip(args, specs))


def _is_spec(data: Any) -> bool:
    return isinstance(data, dict) and set(data) == {"shape", "dtype", "name"} and isinstance(data["shape"], list)


def _like(value: Any, spec: Any, to: Callable) -> Any:
    if _is_spec(spec):
        return to(value, spec["dtype"])
    if isinstance(spec, dict):
        return {key: _like(value[key], part, to) for key, part in spec.items()}
    if len(value) != len(spec):
        raise fail(ValueError, f"A structure of {len(spec)} inputs is needed", received=f"{len(value)}")
    return [_like(v, part, to) for v, part in zip(value, spec)]


def _read_index(folder: pathlib.Path) -> dict:
    file = folder / INDEX
    theirs = (folder / "saved_model.pb").exists() or (folder / "saved_model.pbtxt").exists()
    if theirs and not file.is_file():  # ours has such a file, too
        raise fail(
            ValueError,
            f"'{folder}' is a SavedModel of TensorFlow's: a graph that only TensorFlow can run",
            hint="Where TensorFlow is installed, load the Keras model that it was made from and write it with "
            "model.save('model.keras'), which kerasish.models.load_model reads.",
        )
    if not file.is_file():
        raise fail(
            ValueError, f"'{folder}' is no exported model: it has no {INDEX}", hint="model.export(path) writes one."
        )
    try:
        if file.stat().st_size > _LARGEST_INDEX:
            raise ValueError("it is too large")
        index = json.loads(file.read_text(encoding="utf-8"))
        if index["format"] != FORMAT or index["version"] != 1 or not (index["endpoints"] or "language" in index):
            raise ValueError(f"it is of format {index['format']!r}, version {index['version']!r}")
        for entry in index["endpoints"]:
            if not isinstance(entry["name"], str) or not isinstance(entry["inputs"], list):
                raise ValueError("an endpoint has no name or no inputs")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise fail(ValueError, f"'{file}' cannot be read: {error}") from error
    return index


def array_file(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an ``.npz`` file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
