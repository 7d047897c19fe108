"""A layer's case: its configuration, weights, shapes, outputs and gradients."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from case_values import attempt, build, dtype_name, is_float, is_value, leaves, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case. ``case["moved"]``: computed channels last, given and returned channels first."""
    keras.utils.clear_session(free_memory=False)
    layer = build(case["layer"], keras)
    facts = describe(keras, layer, case)
    if case.get("moved"):
        keras.utils.clear_session(free_memory=False)
        last = copy.deepcopy(case["layer"])
        _set_channels_last(last)
        layer = build(last, keras)
        symbolic(keras, layer, case, moved=True)
    return {"facts": facts, "arrays": numbers(keras, tf, layer, case)}


def _set_channels_last(spec: Any) -> None:
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key == "data_format":
                spec[key] = "channels_last"
            _set_channels_last(value)


def _shape(spec: Any, moved: bool = False) -> Any:
    if not is_value(spec):
        return [_shape(item, moved) for item in spec]
    shape = spec["shape"] if "shape" in spec else list(np.shape(spec["values"]))
    if moved:
        shape = [shape[0], *shape[2:], shape[1]]
    return tuple(shape)


def _without_batch(shapes: Any) -> Any:
    return [_without_batch(s) for s in shapes] if isinstance(shapes, list) else (None, *shapes[1:])


def symbolic(keras: Any, layer: Any, case: dict, moved: bool = False) -> Any:
    """The layer, built by a call with symbolic inputs; its symbolic outputs."""
    known = case.get("batch")

    def of(spec: Any) -> Any:
        if not is_value(spec):
            return [of(item) for item in spec]
        shape = _shape(spec, moved)
        return keras.Input(batch_shape=shape if known else (None, *shape[1:]), dtype=spec.get("dtype", "bool"))

    extra = {key: of(spec) for key, spec in case.get("call", {}).items() if key in ("initial_state",)}
    arguments = [of(spec) for spec in case["inputs"]]
    return layer(*arguments, **extra)


def describe(keras: Any, layer: Any, case: dict) -> dict:
    """Everything that is not a number."""
    outputs = symbolic(keras, layer, case)
    first = case["inputs"][0]
    shapes = _shape(first) if case.get("batch") else _without_batch(_shape(first))
    config = None if case["layer"]["class"] == "Sequential" else keras.saving.serialize_keras_object(layer)
    return {
        "config": plain(config),
        "weights": [[w.path, list(w.shape), dtype_name(w), bool(w.trainable)] for w in layer.weights],
        "variables": [[v.path, list(v.shape), dtype_name(v)] for v in layer.variables],
        "count": int(layer.count_params()),
        "symbolic": [[list(t.shape), dtype_name(t)] for t in leaves(outputs)],
        "output_shape": plain(attempt(lambda: layer.compute_output_shape(shapes))),
        "supports_masking": bool(layer.supports_masking),
    }


def set_weights(layer: Any) -> None:
    """Random numbers, of the size that trained weights have."""
    values = []
    for index, weight in enumerate(layer.weights):
        random = np.random.RandomState(100 + index)
        if "variance" in weight.path:
            values.append(random.uniform(0.3, 2.0, weight.shape))
        elif "gamma" in weight.path:
            values.append(random.uniform(0.5, 1.5, weight.shape))
        else:
            values.append(random.standard_normal(weight.shape) * 0.5)
    layer.set_weights([v.astype(dtype_name(w)) for v, w in zip(values, layer.weights)])


def numbers(keras: Any, tf: Any, layer: Any, case: dict) -> dict:
    """Outputs of every call, gradients of a random projection of the last one, and what the calls changed."""
    set_weights(layer)
    moved = case.get("moved", False)
    inputs = [tensors(spec, keras, tf) for spec in case["inputs"]]
    if moved:
        inputs = [tf.convert_to_tensor(np.moveaxis(np.asarray(x), 1, -1)) for x in inputs]
    call = {key: tensors(spec, keras, tf) for key, spec in case.get("call", {}).items()}
    sources = [x for x in leaves(inputs) + leaves(call.get("initial_state")) if is_float(x)]
    arrays = {}
    for turn in range(case.get("calls", 1) - 1):
        for index, output in enumerate(leaves(layer(*inputs, **call))):
            arrays[f"call{turn}/output{index}"] = _back(output, moved)
    with tf.GradientTape(persistent=True) as tape:
        for source in sources:
            tape.watch(source)
        result = layer(*inputs, **call)
        outputs = leaves(result)
        floats = [(i, y) for i, y in enumerate(outputs) if is_float(y)]
        projection = [tf.reduce_sum(tf.cast(y, "float64") * _cotangent(y, i, moved)) for i, y in floats]
        total = sum(projection[1:], projection[0]) if projection else None
        if layer.losses:
            total = total + sum(tf.cast(loss, "float64") for loss in layer.losses)
    for index, output in enumerate(outputs):
        arrays[f"output{index}"] = _back(output, moved)
        if getattr(output, "_keras_mask", None) is not None:
            arrays[f"mask{index}"] = np.asarray(output._keras_mask)
    if total is not None and not case["layer"]["class"].startswith("AdaptiveMax"):  # TensorFlow's are out of bounds
        _gradients(tape, total, sources, layer, arrays, moved)
    for weight in layer.non_trainable_weights:
        arrays[f"after/{weight.path}"] = np.asarray(weight)
    return arrays


def _gradients(tape: Any, total: Any, sources: list, layer: Any, arrays: dict, moved: bool) -> None:
    names = [f"gradient/input{i}" for i in range(len(sources))]
    names += [f"gradient/{w.path}" for w in layer.trainable_weights]
    for name, gradient in zip(names, tape.gradient(total, sources + list(layer.trainable_weights))):
        if gradient is not None:
            dense = np.asarray(_tensor(gradient))
            arrays[name] = np.moveaxis(dense, -1, 1) if moved and "/input" in name else dense


def _tensor(gradient: Any) -> Any:
    """A dense gradient: Embedding's rows come as slices."""
    if not hasattr(gradient, "indices"):
        return gradient
    dense = np.zeros(tuple(gradient.dense_shape), np.asarray(gradient.values).dtype)
    np.add.at(dense, np.asarray(gradient.indices), np.asarray(gradient.values))
    return dense


def _back(output: Any, moved: bool) -> np.ndarray:
    output = np.asarray(output)
    return np.moveaxis(output, -1, 1) if moved and output.ndim > 2 else output


def _cotangent(output: Any, index: int, moved: bool) -> np.ndarray:
    shape = list(output.shape)
    if moved and len(shape) > 2:
        shape = [shape[0], shape[-1], *shape[1:-1]]
    values = np.random.RandomState(7 + index).standard_normal(shape)
    return np.moveaxis(values, 1, -1) if moved and len(shape) > 2 else values
