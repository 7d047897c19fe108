"""Functional: a model of a graph of layers, and its form in files."""

from __future__ import annotations

from typing import Any

from kerasish.core import registry, tree
from kerasish.core.errors import fail
from kerasish.core.masks import mask_of
from kerasish.core.symbolic import FunctionCall, KerasTensor, Node
from kerasish.layers.layer import Layer
from kerasish.layers.operation import Operation
from kerasish.models import operations
from kerasish.models.model import Model
from kerasish.models.network import takes_graph
from kerasish.saving.dialects import functional_to_keras_3


class Functional(Model):
    """What ``keras.Model(inputs, outputs)`` makes.

    Args:
        inputs, outputs: KerasTensors, nested in lists and dicts as the model takes and returns them.
        name: default: from the class's name, numbered.
    """

    def get_config(self) -> dict:
        """Layers with their configs and calls, in the format of Keras 3's files."""
        return self._graph_config() if takes_graph(type(self)) else Layer.get_config(self)

    def _graph_config(self) -> dict:
        network = self._k_network
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "layers": []}
        nodes = {id(node) for node in network.graph.nodes}
        places = _places(network)
        for operation in network.operations:
            own_nodes = [node for node in operation._inbound_nodes if id(node) in nodes and not node.is_input]
            if isinstance(operation, FunctionCall) and not isinstance(operation, Operation):
                data, args, kwargs = operations.serialize(operation, own_nodes[0])
                calls = [(args, kwargs)]
            else:
                data = registry.serialize_keras_object(operation)
                calls = [(node.args, node.kwargs or _implied(operation, node)) for node in own_nodes]
            data["name"] = operation.name
            data["inbound_nodes"] = [
                _serialize_call(args, kwargs, places, bool(node.kwargs))
                for (args, kwargs), node in zip(calls, own_nodes)
            ]
            config["layers"].append(data)
        config["input_layers"] = tree.map_structure(lambda x: places[id(x)], network.inputs_structure)
        config["output_layers"] = tree.map_structure(lambda x: _end(x, places), network.outputs_structure)
        if isinstance(network.inputs_structure, KerasTensor):
            config["input_layers"] = list(config["input_layers"])
        return config

    def get_build_config(self) -> dict:
        return {"input_shape": None}  # built by its graph; files of Keras say so

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Build the layers, then repeat their calls."""
        with registry.understood("The model"), registry.CustomObjectScope(custom_objects or {}):
            inputs, outputs = _rebuild(config)
        model = cls(inputs, outputs, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        return model


def _places(network: Any) -> dict[int, list]:
    """id of each tensor of the graph → [name of its operation, which of the operation's calls here, which result]."""
    places = {}
    nodes = {id(node) for node in network.graph.nodes}
    for operation in network.operations:
        own = [node for node in operation._inbound_nodes if id(node) in nodes or node.is_input]
        for index, node in enumerate(own):
            for i, x in enumerate(node.outputs):
                places[id(x)] = [operation.name, index, i]
    for x, entry in zip(network.inputs, network.entries, strict=True):
        places[id(x)] = [entry.name, 0, 0]
    return places


def _serialize_call(args: Any, kwargs: dict, places: dict[int, list], explicit: bool) -> dict:
    def value(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            inner = {"shape": tuple(x.shape), "dtype": x.dtype.name, "keras_history": places[id(x)]}
            return {"class_name": "__keras_tensor__", "config": inner}
        return registry.serialize_keras_object(x)

    def convert(x: Any) -> Any:
        if type(x) in (list, tuple):
            return [convert(v) for v in x]
        if type(x) is dict:
            return {key: convert(v) for key, v in x.items()}
        return value(x)

    data = {"args": [convert(x) for x in args], "kwargs": {key: convert(x) for key, x in kwargs.items()}}
    if kwargs.get("training") is not None and explicit:
        data["explicit_training"] = True  # in a file of Keras's nothing tells a mode that the user gave from a default
    return data


# Layers whose ``call`` has training=False in Keras, and None here: their mode is then that of the model around them.
_FALSE_IN_KERAS = frozenset(
    "AlphaDropout ConvLSTM Dropout GaussianDropout GaussianNoise RNN SpatialDropout SpectralNormalization".split()
)


def _implied(layer: Any, node: Node) -> dict:
    """What Keras notes of a call with one tensor and nothing else: the default of ``training``, and that there is no mask."""
    spec = getattr(layer, "_call_spec", None)
    if spec is None or len(node.args) != 1 or not isinstance(node.args[0], KerasTensor):
        return {}
    found = {}
    if spec.takes_training:
        default = spec.training_default
        if default is None and not layer._user_call and _FALSE_IN_KERAS & {cls.__name__ for cls in type(layer).__mro__}:
            default = False
        if default is not None:
            found["training"] = default
    if spec.takes_mask and mask_of(node.args[0]) is None:
        found["mask"] = None
    return found


# from files -----------------------------------------------------------------------------------------------------------


def _end(x: KerasTensor, places: dict) -> list:
    """The place of an output as Keras writes it: there, and only there, a nested model's own graph counts as its call 0."""
    name, index, i = places[id(x)]
    return [name, index + isinstance(x._keras_history.operation, Functional), i]


def _rebuild(config: dict) -> tuple[Any, Any]:
    """The inputs and outputs of a functional config, its layers made and called anew."""
    given = config
    config = functional_to_keras_3(config)
    made: dict[str, Any] = {}
    pending = []
    for data in config["layers"]:
        name = data.get("name") or data["config"]["name"]
        if name in made:
            raise fail(ValueError, f"Two layers of the file are named '{name}'")
        made[name] = _make_operation(data, name)
        calls = data.get("inbound_nodes") or []
        pending.extend((name, index, call) for index, call in enumerate(calls))
    results: dict[tuple[str, int], list] = {}
    for name, operation in made.items():
        for index, node in enumerate(getattr(operation, "_inbound_nodes", [])):
            results[name, index] = node.outputs
    while pending:  # a call can be repeated once the tensors that it takes are there
        waiting = [item for item in pending if not _call_again(item, made, results)]
        if len(waiting) == len(pending):
            raise fail(ValueError, "The file's layers are not connected", received=str([item[0] for item in waiting]))
        pending = waiting
    inputs = _tensors(config["input_layers"], results)
    if config is given:  # Keras 3's way to count, see _end
        nested = {name: operation for name, operation in made.items() if isinstance(operation, Functional)}
        results.update({(name, index + 1): result for (name, index), result in list(results.items()) if name in nested})
    return inputs, _tensors(config["output_layers"], results)


def _make_operation(data: dict, name: str) -> Any:
    if operations.is_operation(data):
        return operations.Operation(data, name)
    layer = registry.deserialize_inner(data)
    if not isinstance(layer, (Layer, Operation)):
        raise fail(TypeError, f"The file's '{name}' is not a layer", received=type(layer).__name__)
    return layer


def _call_again(item: tuple, made: dict, results: dict) -> bool:
    name, index, call = item
    missing = False

    def tensor(place: list) -> Any:
        nonlocal missing
        outputs = results.get((place[0], place[1]))
        if outputs is None:
            missing = True
            return None
        return outputs[place[2]]

    args, kwargs = _arguments(made[name], call, tensor)
    if missing:
        return False
    if not any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs))):
        raise fail(ValueError, f"The file's '{name}' is called without any of the model's tensors")
    outputs = made[name](*args, **kwargs)
    results[name, index] = tree.flatten(outputs)
    return True


def _arguments(operation: Any, call: dict, tensor: Any) -> tuple[list, dict]:
    """Arguments of one call ``{"args": [...], "kwargs": {...}}``, ``tensor`` looking places up."""

    def convert(x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            return tensor(x["config"]["keras_history"])
        if isinstance(x, dict) and "class_name" not in x:
            return {key: convert(v) for key, v in x.items()}
        if isinstance(x, list):
            return [convert(v) for v in x]
        return registry.deserialize_keras_object(x)

    kwargs = {key: convert(x) for key, x in call["kwargs"].items()}
    if kwargs.get("mask", ()) is None:
        del kwargs["mask"]
    default = getattr(getattr(operation, "_call_spec", None), "training_default", None)
    if kwargs.get("training", ()) in (False, default) and not call.get("explicit_training"):
        del kwargs["training"]
    return [convert(x) for x in call["args"]], kwargs


def _tensors(places: Any, results: dict) -> Any:
    """KerasTensors for ``[layer, node, tensor]`` places, nested in lists and dicts."""
    if isinstance(places, dict):
        return {key: _tensors(value, results) for key, value in places.items()}
    if isinstance(places, (list, tuple)) and len(places) == 3 and isinstance(places[0], str):
        return results[places[0], places[1]][places[2]]
    return [_tensors(value, results) for value in places]
