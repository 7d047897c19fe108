"""Network: what makes a model of a graph run — inputs checked and ordered, the lowered program, outputs packed.

Functional and Sequential models, and the user's classes that call ``super().__init__(inputs=..., outputs=...)``, have one.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence, ValuesView
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, symbolic, tree
from kerasish.core.context import local, scope
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail, torch_failure
from kerasish.core.masks import copy_mask
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import cast_raw
from kerasish.core.symbolic import FunctionCall, KerasTensor
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.layers.core import InputLayer
from kerasish.layers.input_spec import no_numbers, no_tensor
from kerasish.layers.layer import Layer
from kerasish.layers.operation import Operation
from kerasish.models.graph import Graph
from kerasish.models.plan import Plan, lowered
from kerasish.ops import coordinates

_SHAPES = 256  # of inputs that are remembered as fitting


def takes_graph(cls: type) -> bool:
    """Whether files may give a model of this class by its graph: its ``__init__`` takes inputs and outputs, or anything.

    That is Keras's rule: ``(inputs, outputs, name)`` with or without keywords, or ``(*args, **kwargs)``.
    """
    own = inspect.getfullargspec(cls.__init__)
    return own.args[1:] == ["inputs", "outputs", "name"] or (own.varargs == "args" and own.varkw == "kwargs")


class Network:
    """A graph between structures of KerasTensors, ready to run.

    Args:
        inputs, outputs: KerasTensors, nested in lists and dicts as the model takes and returns them. A list of one is that
            one.
        name: of the model, for messages.

    Raises:
        ValueError: something else was given, an input twice, or two layers of one name.
    """

    measured: dict = {}
    losses: tuple = ()  # of a PenalizedNetwork, whose ``whole`` graph ends in them as well
    loss_layers: Sequence = ()  # which only losses depend on

    def __init__(self, inputs: Any, outputs: Any, name: str) -> None:
        self.name = name
        inputs, outputs = _only(inputs), _only(outputs)
        for name, tensors in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(tensors):
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"All `{name}` values must be KerasTensors. Received: {name}={tensors} including invalid value "
                        f"{x} of type {type(x)}"
                    )
        self.inputs_structure = inputs
        self.outputs_structure = outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        if len({id(x) for x in self.inputs}) != len(self.inputs):
            raise fail(ValueError, "The same tensor is passed twice in `inputs`", received=str(self.inputs))
        for name, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not tensors:
                raise ValueError(f"`{name}` argument cannot be empty. Received: inputs={inputs}, outputs={outputs}")
        self.has_masked_inputs = any(x._keras_mask is not None for x in self.inputs)
        self.graph = self.whole = Graph(self.inputs, self.outputs)
        self.entries = [_entry(x) for x in self.inputs]
        self.input_names = [entry.name for entry in self.entries]
        known = {id(operation) for operation in self.graph.operations}
        stand_ins = [entry for entry in self.entries if id(entry) not in known]
        self.operations: list = stand_ins + self.graph.operations
        for name, count in Counter(operation.name for operation in self.operations).items():
            if count > 1:
                raise ValueError(
                    f'The name "{name}" is used {count} times in the model. All operation names should be unique.'
                )
        self._plans: dict[bool | None, Plan] = {}

    @property
    def plain(self) -> Network:
        """The network of the outputs alone."""
        return self

    @property
    def layers(self) -> list[Layer]:
        return [operation for operation in self.operations if isinstance(operation, Layer)]

    # running

    def plan(self, training: bool | None) -> Plan:
        """The program for a mode, lowered anew if the structure has changed since."""
        return lowered(self.whole, training, self._plans)

    def run(self, inputs: Any, training: bool | None, owner: Any) -> Any:
        """The outputs for raw inputs, in the model's structure; ``owner`` is the model."""
        plan = self.plan(training)
        if type(inputs) is torch.Tensor and (inputs.shape, inputs.dtype) in plan.fitting:
            flat = [inputs]
        else:
            try:
                flat = self.standardize(inputs)
            except ValueError as error:
                return adapted(owner, inputs, error).run(inputs, training, owner)
            if type(inputs) is torch.Tensor and flat[0] is inputs and len(plan.fitting) < _SHAPES:
                plan.fitting.add((inputs.shape, inputs.dtype))
        try:
            if not plan.calls_layers:
                return self.pack(plan.program(*flat))
            with scope(call_layers=(*local.call_layers, owner), training=training):
                return self.pack(plan.program(*flat))
        except RuntimeError as error:
            raise torch_failure(error) from error.__cause__

    def pack(self, outputs: Any) -> Any:
        """Flat outputs in the model's structure."""
        if not isinstance(self.outputs_structure, (list, tuple, dict)):
            return outputs[0]
        return tree.pack_as(self.outputs_structure, outputs)

    def program_for(self, x: torch.Tensor, training: bool | None) -> Callable | None:
        """The outputs as a function of a layer (not looked at) and one tensor like ``x``, which has been checked; None if
        there is more to do than to run the program."""
        plan = self.plan(training)
        flat = self.standardize(x)
        if plan.calls_layers or len(flat) != 1 or flat[0] is not x:
            return None
        program, pack = plan.program, self.pack
        if isinstance(self.outputs_structure, (list, tuple, dict)):
            return lambda layer, t: pack(program(t))
        return lambda layer, t: program(t)[0]

    def run_layers(self, inputs: Any, training: bool | None, owner: Any) -> Any:
        """The same, layer by layer on whatever was given: for ``run_eagerly`` and for new symbolic calls."""

        def call(operation: Any, args: tuple, kwargs: dict) -> Any:
            if isinstance(operation, Layer) and training is not None and "training" not in kwargs:
                return operation(*args, training=training, **kwargs)
            return operation(*args, **kwargs)

        try:
            flat = self.standardize(inputs)
        except ValueError as error:
            return adapted(owner, inputs, error).run_layers(inputs, training, owner)
        values = {id(x): value for x, value in zip(self.inputs, flat, strict=True)}
        return self.pack(self.whole.run(values, call))

    def output_spec(self, inputs: Any) -> Any:
        """KerasTensors like the outputs, for symbolic inputs of possibly other shapes.

        Raises:
            ValueError: an input's sizes are not those that were declared. Another rank is the layers' business, as in Keras.
        """
        flat = self.order(inputs)
        for i, (x, own) in enumerate(zip(flat, self.inputs, strict=True)):
            if len(x.shape) == len(own.shape) and not _fits(x.shape, own.shape):
                raise _incompatible(x, own, i, self.name)
        if all(x.shape == own.shape for x, own in zip(flat, self.inputs, strict=True)):
            return tree.map_structure(lambda x: _like(x, x), self.outputs_structure)

        def spec(operation: Any, args: tuple, kwargs: dict) -> Any:
            if isinstance(operation, FunctionCall) and not isinstance(operation, Operation):
                return symbolic.infer(operation.function, args, kwargs)
            return operation.compute_output_spec(*args, **kwargs)

        values = {id(own): x for own, x in zip(self.inputs, flat, strict=True)}
        outputs = self.graph.run(values, spec)
        return tree.pack_as(self.outputs_structure, [_like(x, own) for x, own in zip(outputs, self.outputs)])

    # inputs

    def order(self, inputs: Any) -> list:
        """The given inputs as a flat list in the order of ``self.inputs``: dicts by name, single ones alone.

        Raises:
            ValueError: a wrong number of inputs, or a missing name.
        """
        structure_is_dict = isinstance(self.inputs_structure, dict)
        if isinstance(inputs, dict):
            keys = list(self.inputs_structure) if structure_is_dict else self.input_names
            if structure_is_dict and set(keys) <= set(inputs):
                return tree.flatten({key: inputs[key] for key in keys})
            if set(self.input_names) <= set(inputs):
                return [inputs[name] for name in self.input_names]
            missing = next(key for key in keys if key not in inputs)
            raise ValueError(
                f'Missing data for input "{missing}". You passed a data dictionary with keys {list(inputs)}. Expected the '
                f"following keys: {keys}"
            )
        flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f'Layer "{self.name}" expects {len(self.inputs)} input(s), named {self.input_names}, but it received '
                f"{len(flat)} input tensors. Inputs received: {[tuple(getattr(x, 'shape', ())) for x in flat]}"
            )
        return flat

    def standardize(self, inputs: Any) -> list:
        """Ordered inputs of the declared dtypes, their shapes checked."""
        return [
            _nothing(own, self.name) if value is None else _standardize(value, own, i, self.name)
            for i, (value, own) in enumerate(zip(self.order(inputs), self.inputs, strict=True))
        ]

    def nested_program(self, training: bool | None) -> Callable[..., tuple]:
        """The program for use inside another one; dtypes and shapes were settled when that one was drawn."""
        return self.plan(training).program

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_plans": {}}  # programs are made of closures; a copy lowers its own


def _entry(x: KerasTensor) -> InputLayer:
    """The InputLayer of an input tensor; for a tensor from the middle of another graph, one that stands in for it."""
    operation = x._keras_history.operation
    if isinstance(operation, InputLayer):
        return operation
    return InputLayer(batch_shape=tuple(x.shape), dtype=x.dtype.name, sparse=x.sparse, name=x.name)


def _like(x: KerasTensor, own: KerasTensor) -> KerasTensor:
    """A new tensor like ``x``, which has a mask if the model's ``own`` output has one."""
    like = KerasTensor(x.shape, x.dtype, x.sparse)
    mask = own._keras_mask
    if mask is not None:
        like._keras_mask = KerasTensor(x.shape[: mask.ndim], mask.dtype)
    return like


def adapted(owner: Any, inputs: Any, error: ValueError) -> Network:
    """The model's network for inputs that do not fit its usual one; raises the error if there is none."""
    network = owner._k_network_for(inputs)
    if network is None:
        raise error
    return network


def _only(structure: Any) -> Any:
    structure = [*structure] if isinstance(structure, ValuesView) else structure  # ``inputs.values()``, as in Keras 2
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure


def _standardize(value: Any, own: KerasTensor, index: int, name: str) -> Any:
    """An input in the declared rank and dtype; a batch may have any size."""
    if not hasattr(value, "shape") or hasattr(value, "tocoo"):  # the latter: SciPy's sparse data
        raise no_tensor(value, name)
    shape, declared = value.shape, own.shape
    if len(shape) != len(declared):
        shape = (value := _adjust_rank(value, own, index, name)).shape
    if not _fits(shape, declared):
        raise _incompatible(value, own, index, name)
    if isinstance(value, SparseTensor):
        return _sparse_or_dense(value, own)
    if isinstance(value, torch.Tensor):
        dtype = to_torch(own.dtype) if own.dtype != "string" else None
        if dtype is not None and value.dtype is not dtype:
            cast = cast_raw(value, dtype)
            copy_mask(value, cast)
            return cast
    elif own.dtype != "string" and isinstance(value, (np.ndarray, StringTensor)):
        raise no_numbers(name)
    elif isinstance(value, Tensor) and value.dtype != own.dtype != "string":  # of a model that runs layer by layer
        cast = dispatch.OPS["cast"](value, own.dtype)
        copy_mask(value, cast)
        return cast
    return value


def _fits(shape: Any, declared: Any) -> bool:
    """Whether all sizes but that of the batch are as declared, or unknown."""
    for size, expected in zip(shape[1:], declared[1:]):
        if expected is not None and size is not None and size != expected:
            return False
    return True


def _name_of(own: KerasTensor) -> str:
    """What an input is called in messages: as its InputLayer."""
    operation = own._keras_history.operation
    return operation.name if isinstance(operation, InputLayer) else own.name


def _nothing(own: KerasTensor, name: str) -> None:
    """None for an input, which has to be optional."""
    entry = own._keras_history.operation
    if isinstance(entry, InputLayer) and not entry.optional:
        raise ValueError(
            f"The input '{_name_of(own)}' of model '{name}' is not optional, but None was passed. Pass a tensor, or declare "
            "it with `keras.Input(..., optional=True)`."
        )


def _sparse_or_dense(value: SparseTensor, own: KerasTensor) -> Any:
    """A sparse input in the declared dtype; dense, where that is declared."""
    if own.dtype != "string" and value.dtype != own.dtype:
        value = value.with_raw(cast_raw(value.raw_values, to_torch(own.dtype)))
    return value if own.sparse else coordinates.to_dense(coordinates.reorder(value))


def _adjust_rank(value: Any, own: KerasTensor, index: int, name: str) -> Any:
    """A last axis of size 1 may be missing or in excess."""
    declared = own.shape
    extra = len(value.shape) - len(declared)
    if extra == 1 and value.shape[-1] == 1:
        return dispatch.raw(dispatch.OPS["squeeze"](value, axis=-1))
    if extra == -1 and declared[-1] == 1:
        return dispatch.raw(dispatch.OPS["expand_dims"](value, axis=-1))
    raise _incompatible(value, own, index, name)


def _incompatible(value: Any, own: KerasTensor, index: int, name: str) -> Exception:
    return ValueError(
        f"Input {index} with name '{_name_of(own)}' of layer '{name}' is incompatible with the layer: "
        f"expected shape={tuple(own.shape)}, found shape={tuple(value.shape)}"
    )
