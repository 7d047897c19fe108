"""What an exported program is called with: shapes, dtypes and names of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.utils import _pytree as pytree

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.input_spec import InputSpec
from kerasish.models import Model

_SIZES = (2, 3)  # of unknown dimensions in the inputs that a program is traced with: the batch, others


class Spec(NamedTuple):
    """One input: its shape with ``None`` where any size fits, the name of its dtype, its name if it has one."""

    shape: tuple
    dtype: str
    name: str | None

    def plain(self) -> dict:
        return {"shape": list(self.shape), "dtype": self.dtype, "name": self.name}


def mapped(function: Callable, structure: Any) -> Any:
    """``function`` of every specification (or tensor) in lists, tuples and dicts, as plain lists and dicts.

    Not ``tree.map_structure``: a Spec is a tuple itself.
    """
    if isinstance(structure, dict):
        return {key: mapped(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not isinstance(structure, Spec):
        return [mapped(function, value) for value in structure]
    return function(structure)


def flat(structure: Any) -> list:
    """The specifications in a structure, in order."""
    found: list = []
    mapped(found.append, structure)
    return found


def spec_of(x: Any) -> Spec:
    """The specification for an ``InputSpec``, ``TensorSpec``, ``KerasTensor`` or tensor; a tensor's batch may have any size.

    Raises:
        ValueError: no shape or no dtype.
        TypeError: something else was given.
    """
    if isinstance(x, Spec):
        return x
    stated = isinstance(x, InputSpec) or hasattr(x, "is_compatible_with")  # the latter: a TensorSpec, of a level above
    if not stated and not isinstance(x, KerasTensor) and not dispatch.is_tensor(x):
        raise fail(
            TypeError,
            "An input signature is made of `keras.InputSpec`, `tf.TensorSpec`, `keras.KerasTensor` and tensors",
            received=f"{x!r} of type {type(x).__name__}",
        )
    if x.shape is None or x.dtype is None:
        raise fail(ValueError, "The `shape` and `dtype` of an input must be given", received=repr(x))
    shape = tuple(standardize_shape(x.shape))
    if not stated and shape:
        shape = (None, *shape[1:])
    name = getattr(x, "name", None)
    if isinstance(x, KerasTensor):
        operation = x._keras_history.operation
        name = operation.name if operation is not None else name
    return Spec(shape, as_dtype(x.dtype).name, name if isinstance(name, str) else None)


def given(input_signature: Any) -> list:
    """A signature as a list with a structure of specifications for each argument."""
    structure = mapped(spec_of, input_signature)
    return structure if isinstance(structure, list) else [structure]


def signature_of(model: Any) -> list:
    """What a model is called with, as far as it is known.

    Raises:
        TypeError: not a model.
        ValueError: it is not built, or its class is a user's and it was not called yet.
    """
    if not isinstance(model, Model):
        raise fail(TypeError, "Only a `keras.Model` can be exported", received=type(model).__name__)
    if not model.built:
        raise fail(
            ValueError,
            f"Model '{model.name}' has not been built yet, so it cannot be exported",
            hint="Call it on data, build(input_shape), or pass `input_signature`.",
        )
    network = model._k_network
    if network is not None and not model._user_call:
        names = {id(x): entry.name for x, entry in zip(network.inputs, network.entries)}

        def declared(x: KerasTensor) -> Spec:
            return spec_of(x)._replace(name=names[id(x)])

        return [mapped(declared, network.inputs_structure)]
    if model._stated_inputs is not None:
        return [mapped(spec_of, model._stated_inputs)]
    shapes = list((model._build_shapes or {}).values()) or [model._k_last_shapes[0] if model._k_last_shapes else None]
    if not shapes or shapes[0] is None:
        raise fail(
            ValueError,
            f"The inputs of model '{model.name}' are not known, since it was never called",
            hint="Call it on data first, or pass `input_signature`.",
        )
    return [_from_shapes(shape, model.input_dtype) for shape in shapes]


def _from_shapes(shapes: Any, dtype: Any) -> Any:
    if isinstance(shapes, dict):
        return {key: _from_shapes(shape, dtype) for key, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return Spec((None, *shapes[1:]), as_dtype(dtype).name, None)
    return [_from_shapes(shape, dtype) for shape in shapes]


def input_names(signature: list) -> list[str]:
    """A name for each input, none twice."""
    names: list[str] = []
    for i, spec in enumerate(flat(signature)):
        name = spec.name or f"input_{i}"
        names.append(name if name not in names else f"{name}_{i}")
    return names


class TextError(ValueError):
    """An input is text, which no program of torch's takes."""


def samples(signature: list) -> tuple:
    """Tensors of the signature's shapes and dtypes to trace a program with.

    Raises:
        TextError: an input is text.
    """

    def sample(spec: Spec) -> torch.Tensor:
        if spec.dtype == "string":
            raise fail(
                TextError,
                f"The input '{spec.name}' is text, which a program of torch's cannot take",
                hint="Export the part of the model that starts from numbers.",
            )
        sizes = [_SIZES[i > 0] if size is None else size for i, size in enumerate(spec.shape)]
        return torch.zeros(sizes, dtype=to_torch(spec.dtype))

    return tuple(mapped(sample, signature))


def free_dimensions(signature: list, named: bool) -> tuple:
    """Which dimensions may have any size, in the form of ``torch.export.export``'s ``dynamic_shapes``.

    Args:
        named: whether the first dimension of all inputs is one batch that must stay free; else torch may find that it is
            fixed.
    """
    batch, auto = torch.export.Dim("batch"), torch.export.Dim.AUTO

    def free(spec: Spec) -> dict:
        return {i: batch if named and i == 0 else auto for i, size in enumerate(spec.shape) if size is None}

    return tuple(mapped(free, signature))


def outputs_of(program: Any, writes: bool) -> Any:
    """The specifications of a program's results, nested as they are; None where a result is no tensor.

    Args:
        writes: whether the results come first in a pair, before new values of variables.
    """
    values = [getattr(x, "meta", {}).get("val") for x in program.graph.output_node().args[0]]
    structure = pytree.tree_unflatten(values[-program.call_spec.out_spec.num_leaves :], program.call_spec.out_spec)
    return mapped(_result_spec, structure[0] if writes else structure)


def _result_spec(value: Any) -> dict | None:
    if not isinstance(value, torch.Tensor):
        return None
    sizes = [size if isinstance(size, int) else None for size in value.shape]
    return Spec(tuple(sizes), as_dtype(value.dtype).name, None).plain()
