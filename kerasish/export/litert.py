"""Models as LiteRT (TensorFlow Lite) files, by ``litert-torch``, which converts programs of torch's."""

from __future__ import annotations

import contextlib
import importlib
import io
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from kerasish.core import tree
from kerasish.core.context import scope
from kerasish.core.errors import fail
from kerasish.export import signatures
from kerasish.layers.tracking import structure_changed


def package(name: str, install: str) -> Any:
    """An optional package's module.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise fail(ImportError, f"LiteRT needs the package {install}", hint=f"pip install {install}") from error


def convert(
    function: Callable, modules: Iterable[nn.Module], signature: list, output_names: list[str] | None = None
) -> bytes:
    """The file's contents for a function of raw tensors.

    The file has one signature, "serving_default". Dimensions of any size become 1: litert-torch converts fixed sizes.

    Args:
        modules: whose parameters the function uses.
        signature: as ``signatures.given`` makes it.
        output_names: default: "output_0" and so on.

    Raises:
        ImportError: ``litert-torch`` is not installed.
        RuntimeError: it cannot convert the function.
    """
    litert = package("litert_torch", "litert-torch")
    modules = list(dict.fromkeys(modules))
    fixed = signatures.mapped(lambda spec: spec._replace(shape=tuple(size or 1 for size in spec.shape)), signature)
    names = [name.replace("/", "_").replace(":", "_") for name in signatures.input_names(fixed)]
    values = signatures.flat(list(signatures.samples(fixed)))
    whole = _Named(function, modules, fixed, output_names)
    modes = [(part, part.training) for module in modules for part in nn.Module.modules(module)]
    structure_changed()  # layers must not take ways that they have found for tensors of other sizes
    try:
        with _quiet(), scope(tracing=True, training=None):
            made = litert.signature("serving_default", whole.eval(), sample_kwargs=dict(zip(names, values))).convert()
            return _contents(made)
    except Exception as error:  # of many classes
        raise fail(
            RuntimeError, "litert-torch cannot convert the model", hint=f"It says: {str(error)[:1500]}"
        ) from error
    finally:
        structure_changed()
        for part, mode in modes:
            part.training = mode


def _contents(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.tflite"
        model.export(str(path))
        return path.read_bytes()


class _Named(nn.Module):
    """A function of a structure of tensors as one of named tensors with named results."""

    def __init__(
        self, function: Callable, modules: Iterable[nn.Module], signature: list, output_names: list[str] | None
    ) -> None:
        super().__init__()
        self._function, self._signature, self._output_names = function, signature, output_names
        for i, module in enumerate(modules):
            self.add_module("model" if i == 0 else f"model_{i}", module)

    def forward(self, **tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        given = iter(tensors.values())
        outputs = self._function(*signatures.mapped(lambda spec: next(given), self._signature))
        if isinstance(outputs, dict):
            return dict(outputs)
        flat = tree.flatten(outputs)
        names = self._output_names or []
        return dict(zip(names if len(names) == len(flat) else [f"output_{i}" for i in range(len(flat))], flat))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A block in which the converter prints nothing: it tells its steps, in colours."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
