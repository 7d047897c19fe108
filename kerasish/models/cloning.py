"""``clone_model``: the same architecture with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.core.symbolic import FunctionCall, KerasTensor
from kerasish.layers.core import Input, InputLayer, Lambda
from kerasish.layers.layer import Layer
from kerasish.layers.operation import Operation
from kerasish.models.model import Model
from kerasish.models.network import takes_graph
from kerasish.models.sequential import Sequential


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A model with the same layers, made anew from their configs, with fresh weights.

    Args:
        model: Sequential or functional; of a subclass with ``get_config``.
        input_tensors: KerasTensors to build on, instead of inputs like the model's.
        clone_function: makes the new layer from an old one; default: from its config.
        call_function: ``(layer, *args, **kwargs) -> outputs``, how the new layers are called; functional models only.
        recursive: whether ``clone_function`` is also given the layers of nested models.

    Raises:
        ValueError: not a model, or arguments that its kind does not take.
    """
    if kwargs:
        raise fail(ValueError, "Unexpected keyword argument(s)", received=str(sorted(kwargs)))
    if not isinstance(model, Model):
        raise fail(ValueError, "Expected `model` argument to be a Keras Model instance", received=repr(model))
    clone = clone_function or _made_anew
    if recursive:
        clone = _recursive(clone)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise fail(ValueError, "`call_function` argument is not supported with Sequential models")
        return _clone_sequential(model, input_tensors, clone)
    if model._k_network is not None and not model._user_call:
        return _clone_functional(model, input_tensors, clone, call_function)
    if clone_function is not None or input_tensors is not None:
        raise fail(
            ValueError, "Arguments `clone_function` and `input_tensors` are only for Sequential and functional models"
        )
    return type(model).from_config(model.get_config())


def _made_anew(layer: Layer) -> Layer:
    """A layer from another one's config. A Lambda's function is the same object, so that no code is read."""
    if type(layer) is Lambda:
        return layer._made_anew()
    return type(layer).from_config(layer.get_config())


def _recursive(clone: Callable) -> Callable:
    def deep(layer: Layer) -> Layer:
        return clone_model(layer, clone_function=clone, recursive=True) if isinstance(layer, Model) else clone(layer)

    return deep


def _clone_sequential(model: Sequential, input_tensors: Any, clone: Callable) -> Sequential:
    copy = Sequential(name=model.name)
    if input_tensors is not None:
        tensors = tree.flatten(input_tensors)
        if len(tensors) != 1 or not isinstance(tensors[0], KerasTensor):
            raise fail(ValueError, "Argument `input_tensors` must contain a single KerasTensor", received=input_tensors)
        entry = tensors[0]._keras_history.operation
        own = isinstance(entry, InputLayer)
        copy.add(entry if own else InputLayer(input_tensor=tensors[0]), rebuild=False)
    elif model._k_entry is not None:
        entry = model._k_entry
        copy.add(InputLayer(batch_shape=entry.batch_shape, dtype=entry.dtype, name=entry.name), rebuild=False)
    made: dict[int, Any] = {}  # a layer that stands twice in the model is one in the copy, too
    for layer in model.layers:
        if id(layer) not in made:
            made[id(layer)] = clone(layer)
        copy.add(made[id(layer)], rebuild=False)
    copy._k_redraw()
    if copy._k_network is None and model._k_network is not None:
        copy.build(model.input_shape)
    return copy


def _clone_functional(model: Model, input_tensors: Any, clone: Callable, call_function: Callable | None) -> Model:
    network = model._k_network
    if input_tensors is None:
        inputs = [
            Input(batch_shape=tuple(x.shape), dtype=x.dtype.name, name=entry.name)
            for x, entry in zip(network.inputs, network.entries)
        ]
    else:
        inputs = tree.flatten(input_tensors)
        if len(inputs) != len(network.inputs) or not all(isinstance(x, KerasTensor) for x in inputs):
            raise fail(
                ValueError, "`input_tensors` must fit the model's inputs", f"{len(network.inputs)} KerasTensors", inputs
            )
    clones: dict[int, Any] = {}

    def call(operation: Any, args: tuple, kwargs: dict) -> Any:
        if id(operation) not in clones:
            is_function = isinstance(operation, FunctionCall) and not isinstance(operation, Operation)
            clones[id(operation)] = (
                FunctionCall(operation.function, operation.name) if is_function else clone(operation)
            )
        copy = clones[id(operation)]
        return copy(*args, **kwargs) if call_function is None else call_function(copy, *args, **kwargs)

    values = {id(x): new for x, new in zip(network.inputs, inputs)}
    outputs = network.graph.run(values, call)
    kind = type(model) if takes_graph(type(model)) else Model
    return kind(
        tree.pack_as(network.inputs_structure, inputs),
        tree.pack_as(network.outputs_structure, outputs),
        name=model.name,
    )
