"""What either library makes of the cases of ``plan_applications``."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from case_values import as_array, build


def run(keras: Any, tf: Any, case: dict) -> dict:
    keras.utils.clear_session(free_memory=False)
    return KINDS[case["kind"]](keras, tf, case)


# structures -----------------------------------------------------------------------------------------------------------


def structure(keras: Any, tf: Any, case: dict) -> dict:
    """Layers, links and weights, as counts and digests; nothing is drawn, and with kerasish nothing allocated."""
    with _format(keras, case["format"]), _weights_noted(keras) as weights:
        model = _model(keras, case)
    layers = [_layer_line(layer) for layer in model.layers]
    facts = {
        "name": model.name,
        "input_shape": list(model.input_shape),
        "output_shape": list(model.output_shape),
        "layers": len(layers),
        "total": sum(row["size"] for row in weights),
        "trainable": sum(row["size"] for row in weights if row["trainable"]),
        "layers_digest": _digest(layers),
        "weights_digest": _digest([row["line"] for row in weights]),
    }
    return {"facts": facts}


def _model(keras: Any, case: dict) -> Any:
    arguments = {"weights": None, **build(case["arguments"], keras)}
    return getattr(keras.applications, case["name"])(**arguments)


def _layer_line(layer: Any) -> str:
    node = layer._inbound_nodes[-1]
    sources = [tensor._keras_history[0].name for tensor in node.input_tensors]
    return f"{layer.name} {type(layer).__name__} {tuple(layer.output.shape)} {sources}"


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _format(keras: Any, order: str) -> Iterator[None]:
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(order)
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


@contextlib.contextmanager
def _weights_noted(keras: Any) -> Iterator[list[dict]]:
    """Note what weights layers ask for. kerasish needs none to know the shapes; Keras gets zeros."""
    noted: list[dict] = []
    owner = next(cls for cls in keras.layers.Layer.__mro__ if "add_weight" in vars(cls))
    original = owner.add_weight

    def add_weight(layer: Any, shape: Any = None, initializer: Any = None, name: Any = None, **kwargs: Any) -> Any:
        trainable = bool(kwargs.get("trainable", True))
        size = int(np.prod(shape or (), dtype=int))
        line = f"{layer.name} {name} {tuple(shape or ())} {trainable}"
        noted.append({"size": size, "trainable": trainable, "line": line})
        if keras.__name__ == "kerasish":
            return None
        return original(layer, shape=shape, initializer="zeros", name=name, **kwargs)

    owner.add_weight = add_weight
    try:
        yield noted
    finally:
        owner.add_weight = original


# predictions ----------------------------------------------------------------------------------------------------------


def predictions(keras: Any, tf: Any, case: dict) -> dict:
    """Of a model whose weights come from a formula."""
    before = keras.config.floatx()
    keras.config.set_floatx(case["dtype"])
    try:
        model = _model(keras, case)
        fill(model)
        shape = [size or 32 + 5 * i for i, size in enumerate(model.input_shape[1:])]
        images = np.random.RandomState(3).uniform(0, 255, (2, *shape)).astype(case["dtype"])
        if not case["arguments"].get("include_preprocessing", True):
            images = images / 127.5 - 1
        outputs = as_array(model(tf.convert_to_tensor(images), training=False))
    finally:
        keras.config.set_floatx(before)
    paths = [f"{w.path} {tuple(w.shape)}" for w in model.weights]
    return {"facts": {"weights": len(paths), "paths": _digest(paths)}, "arrays": {"outputs": outputs}}


def fill(model: Any) -> None:
    """Weights of a size that keeps activations within bounds: a table of normal numbers, turned a little for each."""
    table = np.random.RandomState(0).standard_normal(10007).astype("float32")
    for i, weight in enumerate(model.weights):
        if "int" in str(weight.dtype):
            continue  # the count of a Normalization
        values = np.resize(np.roll(table, 31 * i), weight.shape)
        kind = weight.path.rpartition("/")[2]
        if "variance" in kind:
            values = np.abs(values) * 0.1 + 1.0
        elif "gamma" in kind:
            values = values * 0.1 + 1.0
        elif len(weight.shape) < 2:
            values = values * 0.1
        elif "depthwise" in kind:
            values = values / np.sqrt(np.prod(weight.shape[:2]))
        else:
            values = values / np.sqrt(np.prod(weight.shape[:-1]))
        weight.assign(values)


# images ---------------------------------------------------------------------------------------------------------------


def image(keras: Any, tf: Any, case: dict) -> dict:
    """``preprocess_input`` of an array (which may be overwritten), a tensor, or inside a model."""
    module = getattr(keras.applications, case["module"])
    given = build(case["image"], keras)
    arrays = {}
    if case["form"] == "array":
        result = module.preprocess_input(given, **case["arguments"])
        arrays["given"] = given
    elif case["form"] == "tensor":
        result = module.preprocess_input(tf.convert_to_tensor(given), **case["arguments"])
    else:
        entry = keras.Input(given.shape[1:], dtype=given.dtype.name)
        model = keras.Model(entry, module.preprocess_input(entry, **case["arguments"]))
        result = model(given)
        names = [operation.name for operation in getattr(model, "operations", None) or model._k_network.operations]
        return {"facts": {"operations": names[1:]}, "arrays": {"result": as_array(result)}}
    return {"arrays": {"result": as_array(result), **arrays}}


KINDS = {"structure": structure, "predictions": predictions, "image": image}
