"""Functional: a model of a graph of layers, and its form in files."""

from __future__ import annotations

from typing import Any

from kerasish.core import registry, tree
from kerasish.core.errors import fail
from kerasish.core.symbolic import FunctionCall, KerasTensor, Node
from kerasish.layers.layer import Layer
from kerasish.models.model import Model


class Functional(Model):
    """What ``keras.Model(inputs, outputs)`` makes.

    Args:
        inputs, outputs: KerasTensors, nested in lists and dicts as the model takes and returns them.
        name: default: from the class's name, numbered.
    """

    def get_config(self) -> dict:
        """Layers with their configs and calls, in the format of Keras 3's files."""
        own_init = type(self).__init__
        if own_init is not Functional.__init__ and own_init is not Model.__init__:
            return Layer.get_config(self)
        network = self._network
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "layers": []}
        nodes = {id(node) for node in network.graph.nodes}
        places = _places(network)
        for operation in network.operations:
            data = _serialize_operation(operation)
            data["name"] = operation.name
            own_nodes = [node for node in operation._inbound_nodes if id(node) in nodes and not node.is_input]
            data["inbound_nodes"] = [_serialize_node(node, places) for node in own_nodes]
            config["layers"].append(data)
        config["input_layers"] = tree.map_structure(lambda x: places[id(x)], network.inputs_structure)
        config["output_layers"] = tree.map_structure(lambda x: places[id(x)], network.outputs_structure)
        if isinstance(network.inputs_structure, KerasTensor):
            config["input_layers"] = list(config["input_layers"])
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Build the layers, then repeat their calls."""
        with registry.CustomObjectScope(custom_objects or {}):
            inputs, outputs = _rebuild(config)
        model = cls(inputs, outputs, name=config.get("name"))
        model.trainable = config.get("trainable", True) if not config.get("trainable", True) else model.trainable
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


def _serialize_operation(operation: Any) -> dict:
    if isinstance(operation, FunctionCall):
        path = registry.public_name(operation.function)
        if path is None:
            raise fail(
                ValueError,
                f"The function '{operation.name}' of the model's graph is not a public one of keras.ops or tf, so the "
                "model cannot be written to a file",
                hint="Put it into a layer of your own with get_config().",
            )
        module, _, name = path.rpartition(".")
        return {"module": module, "class_name": "function", "config": name, "registered_name": name}
    return registry.serialize_keras_object(operation)


def _serialize_node(node: Node, places: dict[int, list]) -> dict:
    def value(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            inner = {"shape": list(x.shape), "dtype": x.dtype.name, "keras_history": places[id(x)]}
            return {"class_name": "__keras_tensor__", "config": inner}
        return registry.serialize_keras_object(x)

    def convert(x: Any) -> Any:
        if type(x) in (list, tuple):
            return [convert(v) for v in x]
        if type(x) is dict:
            return {key: convert(v) for key, v in x.items()}
        return value(x)

    return {"args": [convert(x) for x in node.args], "kwargs": {key: convert(x) for key, x in node.kwargs.items()}}


# from files -----------------------------------------------------------------------------------------------------------


def _rebuild(config: dict) -> tuple[Any, Any]:
    """The inputs and outputs of a functional config, its layers made and called anew."""
    operations: dict[str, Any] = {}
    pending = []
    for data in config["layers"]:
        name = data.get("name") or data["config"]["name"]
        if name in operations:
            raise fail(ValueError, f"Two layers of the file are named '{name}'")
        operations[name] = _make_operation(data, name)
        calls = data.get("inbound_nodes") or []
        pending.extend((name, index, call) for index, call in enumerate(calls))
    results: dict[tuple[str, int], list] = {}
    for name, operation in operations.items():
        for index, node in enumerate(getattr(operation, "_inbound_nodes", [])):
            results[name, index] = node.outputs
    while pending:  # a call can be repeated once the tensors that it takes are there
        waiting = [item for item in pending if not _call_again(item, operations, results)]
        if len(waiting) == len(pending):
            raise fail(ValueError, "The file's layers are not connected", received=str([item[0] for item in waiting]))
        pending = waiting
    return _tensors(config["input_layers"], results), _tensors(config["output_layers"], results)


def _make_operation(data: dict, name: str) -> Any:
    if data["class_name"] == "function":
        return FunctionCall(registry.deserialize_keras_object(data), name)
    operation = registry.deserialize_operation(data)
    if isinstance(operation, Layer):
        return operation
    return FunctionCall(operation, name)


def _call_again(item: tuple, operations: dict, results: dict) -> bool:
    name, index, call = item
    missing = False

    def tensor(place: list) -> Any:
        nonlocal missing
        outputs = results.get((place[0], place[1]))
        if outputs is None:
            missing = True
            return None
        return outputs[place[2]]

    args, kwargs = _arguments(call, tensor)
    if missing:
        return False
    outputs = operations[name](*args, **kwargs)
    results[name, index] = tree.flatten(outputs)
    return True


def _arguments(call: Any, tensor: Any) -> tuple[list, dict]:
    """Arguments of one call: Keras 3's ``{"args", "kwargs"}``, or Keras 2's list of ``[layer, node, tensor, kwargs]``."""

    def convert(x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            return tensor(x["config"]["keras_history"])
        if isinstance(x, dict) and "class_name" not in x:
            return {key: convert(v) for key, v in x.items()}
        if isinstance(x, list):
            return [convert(v) for v in x]
        return registry.deserialize_keras_object(x)

    if isinstance(call, dict):
        return [convert(x) for x in call["args"]], {key: convert(x) for key, x in call["kwargs"].items()}
    places = call if call and isinstance(call[0], list) else [call]
    tensors = [tensor(place) for place in places]
    kwargs: dict[str, Any] = {}
    for place in places:
        kwargs.update(_keras_2_arguments(place[3], tensor) if len(place) > 3 else {})
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _keras_2_arguments(arguments: dict, tensor: Any) -> dict:
    def convert(x: Any) -> Any:
        if isinstance(x, list) and len(x) == 3 and isinstance(x[0], str) and isinstance(x[1], int):
            return tensor(x)
        return registry.deserialize_keras_object(x)

    return {key: convert(value) for key, value in arguments.items()}


def _tensors(places: Any, results: dict) -> Any:
    """KerasTensors for ``[layer, node, tensor]`` places, nested in lists and dicts."""
    if isinstance(places, dict):
        return {key: _tensors(value, results) for key, value in places.items()}
    if isinstance(places, (list, tuple)) and len(places) == 3 and isinstance(places[0], str):
        return results[places[0], places[1]][places[2]]
    return [_tensors(value, results) for value in places]
