"""``model.export(path, format=...)``."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from kerasish.core import registry
from kerasish.core.errors import fail
from kerasish.core.messages import say
from kerasish.export import litert, onnx, programs, signatures
from kerasish.export.archive import ExportArchive
from kerasish.saving.archive import replacing

FORMATS = ("tf_saved_model", "onnx", "openvino", "litert", "torch")


def export_model(
    model: Any, filepath: Any, format: str, verbose: bool | None, input_signature: Any, options: dict[str, Any]
) -> Any:
    """Write a model's forward pass in a format for other programs.

    Raises:
        ValueError: no such format, or options that it does not have.
        NotImplementedError: a format that kerasish does not write.
    """
    if format not in FORMATS:
        raise ValueError(f"Unrecognized format={format}. Supported formats are: {list(FORMATS)}.")
    if format == "openvino":
        raise fail(
            NotImplementedError,
            f"kerasish does not write format='{format}'",
            hint="Write format='onnx' and convert that file, or format='torch' (.pt2), with openvino.convert_model.",
        )
    signature = signatures.signature_of(model) if input_signature is None else signatures.given(input_signature)
    said = verbose is None or verbose
    if format == "tf_saved_model":
        _no_options(options, ("is_static", "jax2tf_kwargs"), format)
        archive = ExportArchive()
        archive.track_and_add_endpoint("serve", model, signature)
        archive.write_out(filepath, verbose=said)
        return None
    if format == "torch":
        return _write_torch(model, str(filepath), signature, said, options)
    if format == "litert":
        return _write_litert(model, str(filepath), signature, said, options)
    opset_version = options.pop("opset_version", None)
    _no_options(options, (), format)
    program = programs.export(programs.inference(model), [model], signature)
    names = model.output_names if model._k_network is not None and not model._user_call else []
    onnx.write(program, filepath, signature, names, opset_version)
    if said:
        say(f"Saved artifact at '{filepath}'.")
    return None


def _write_torch(model: Any, filepath: str, signature: list, said: bool, options: dict) -> str:
    if not filepath.endswith(".pt2"):
        raise ValueError(f"The PyTorch export requires the filepath to end with '.pt2'. Got: {filepath}")
    known = set(inspect.signature(torch.export.export).parameters) - {"mod", "args", "kwargs"}
    _no_options({key: value for key, value in options.items() if key not in known}, (), "torch")
    shapes = options.pop("dynamic_shapes", None)
    if shapes is not None:
        options["dynamic_shapes"] = _shapes_of_arguments(shapes, signature)
    program = programs.export(programs.inference(model), [model], signature, **options)
    with replacing(filepath) as temporary, open(temporary, "wb") as out:
        programs.save(program, out)
    if said:
        say(f"Saved PyTorch ExportedProgram at '{filepath}'.")
    return filepath


def _write_litert(model: Any, filepath: str, signature: list, said: bool, options: dict) -> None:
    if not filepath.endswith(".tflite"):
        raise ValueError(f"The LiteRT export requires the filepath to end with '.tflite'. Got: {filepath}")
    _no_options(options, (), "litert")
    contents = litert.convert(programs.inference(model), [model], signature)
    with replacing(filepath) as temporary, open(temporary, "wb") as out:
        out.write(contents)
    if said:
        say(f"Saved artifact at '{filepath}'.")


def _shapes_of_arguments(shapes: Any, signature: list) -> Any:
    """``dynamic_shapes`` with an entry for each argument; a dict of dimensions is that of the only one."""
    if isinstance(shapes, dict):
        return (shapes,) if len(signature) == 1 else shapes
    if len(shapes) == 1 and isinstance(shapes[0], (list, tuple)) and len(shapes[0]) == len(signature):
        return tuple(shapes[0])
    return tuple(shapes)


def _no_options(options: dict, ignored: tuple, format: str) -> None:
    unknown = sorted(set(options) - set(ignored))
    if unknown:
        raise ValueError(f'Unsupported arguments for `format="{format}"`: {", ".join(unknown)}.')


registry.publish_alias("keras.src.export.export_model", export_model)
