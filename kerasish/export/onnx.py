"""Models as ONNX files, by torch's exporter."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import logging
import warnings
from typing import Any

import torch

from kerasish.core.errors import fail
from kerasish.export import signatures


def write(program: Any, filepath: Any, signature: list, output_names: list[str], opset_version: int | None) -> None:
    """Write a program of torch's as an ONNX file with named inputs and outputs.

    Args:
        program: a ``torch.export.ExportedProgram``.
        signature: of its inputs.
        output_names: as many as there are outputs, else torch's own are used.
        opset_version: of ONNX; default: torch's.

    Raises:
        ImportError: ``onnx`` or ``onnxscript`` is not installed.
    """
    _needs("onnx", "onnxscript")
    names = signatures.input_names(signature)
    options: dict[str, Any] = {"opset_version": opset_version} if opset_version is not None else {}
    with contextlib.redirect_stdout(io.StringIO()), _quiet():  # it prints its steps, with paths of this machine
        made = torch.onnx.export(
            program, dynamo=True, verbose=False, custom_translation_table=_translations(), **options
        )
    graph = made.model.graph
    if len(output_names) != len(graph.outputs):
        output_names = [f"output_{i}" for i in range(len(graph.outputs))]
    free = _free_names(graph.inputs, signature)
    for node_values in ([*graph.inputs, *graph.outputs], *(node.outputs for node in graph)):
        for value in node_values:
            _name_dimensions(value, free)
    taken = {value.name for node in graph for value in node.outputs if value not in graph.outputs}
    for value, name in [*zip(graph.inputs, names), *zip(graph.outputs, output_names)]:
        value.name = name if name not in taken else f"{name}_"
        taken.add(value.name)
    made.save(str(filepath))


def _needs(*packages: str) -> None:
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise fail(
                ImportError,
                f"`format='onnx'` needs the package {package}",
                hint="pip install onnx onnxscript onnxruntime",
            ) from error


@contextlib.contextmanager
def _quiet() -> Any:
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _free_names(inputs: Any, signature: list) -> dict[str, str]:
    """torch's names of free dimensions (``s31``) → ours: "batch", and "dim_<input>_<axis>" for others."""
    names: dict[str, str] = {}
    for i, (value, spec) in enumerate(zip(inputs, signatures.flat(signature))):
        for axis, size in enumerate(value.shape or ()):
            if not isinstance(size, int) and spec.shape[axis] is None:
                names.setdefault(str(size.value), "batch" if axis == 0 else f"dim_{i}_{axis}")
    return names


def _name_dimensions(value: Any, names: dict[str, str]) -> None:
    shape = value.shape
    for axis, size in enumerate(shape or ()):
        if not isinstance(size, int) and str(size.value) in names:
            shape[axis] = names[str(size.value)]


@functools.cache
def _translations() -> dict:
    """Operations of torch's that its exporter has no function for."""
    script = importlib.import_module("onnxscript")
    op = script.opset18
    integer = importlib.import_module("onnx").TensorProto.INT64

    def stable_sort(x: Any, stable: bool | None = None, dim: int = -1, descending: bool = False) -> Any:
        # TopK gives, of equal values, that with the lower index first
        count = op.Gather(op.Shape(x), op.Constant(value_ints=[dim]), axis=0)
        is_bool = x.dtype is not None and x.dtype.name == "BOOL"
        values, places = op.TopK(
            op.Cast(x, to=integer) if is_bool else x, count, axis=dim, largest=int(descending), sorted=1
        )
        return (op.Cast(values, to=9) if is_bool else values), places

    return {torch.ops.aten.sort.stable: stable_sort}
