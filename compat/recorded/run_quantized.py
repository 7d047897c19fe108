"""What a library makes of a case of ``plan_quantized``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from case_values import as_array, build, dtype_name, is_float, leaves, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    keras.utils.clear_session(free_memory=False)
    if "function" in case:
        return _function(keras, tf, case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _model(keras, case) if "mode" in case else _layer(keras, tf, case)


def _function(keras: Any, tf: Any, case: dict) -> dict:
    inputs = [tensors(spec, keras, tf) for spec in case["inputs"]]
    sources = [x for x in inputs if is_float(x)]
    with tf.GradientTape() as tape:
        for source in sources:
            tape.watch(source)
        outputs = getattr(keras.quantizers, case["function"])(*inputs, **build(case["args"], keras))
        floats = [tf.reduce_sum(y * np.asarray(_noise(y, 3), dtype_name(y))) for y in leaves(outputs) if _is_float(y)]
    arrays = {f"output{i}": as_array(y) for i, y in enumerate(leaves(outputs)) if hasattr(y, "dtype")}
    if case["function"].startswith("fake"):
        for i, gradient in enumerate(tape.gradient(floats[0], sources)):
            arrays[f"gradient{i}"] = as_array(gradient)
    return {"arrays": arrays}


def _is_float(y: Any) -> bool:
    return hasattr(y, "dtype") and is_float(y)


def _noise(y: Any, seed: int) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal(tuple(y.shape))


def _fill(weights: list, start: int) -> None:
    for i, weight in enumerate(weights):
        values = np.random.RandomState(start + i).standard_normal(tuple(weight.shape)) * 0.5
        weight.assign(values.astype("float32"))


def _layer(keras: Any, tf: Any, case: dict) -> dict:
    layer = build(case["layer"], keras)
    x = tensors(case["input"], keras, tf)
    layer(x)
    _fill(layer.weights, 100)
    for step, *given in case["steps"]:
        if step == "lora":
            layer.enable_lora(**given[0])
            _fill([w for w in layer.weights if "lora" in w.name], 200)
        else:
            layer.quantize(given[0], config=build(given[1], keras))
    arrays = {f"weight/{w.name}": as_array(w) for w in layer.weights}
    arrays.update(_numbers(tf, layer, x, case))
    if "vectors" in case:
        arrays["scores"] = as_array(layer(tensors(case["vectors"], keras, tf), reverse=True))
    store: dict = {}
    layer.save_own_variables(store)
    arrays.update({f"file/{key}": np.asarray(as_array(value)) for key, value in store.items()})
    again = type(layer).from_config(layer.get_config())
    again(x)
    again.load_own_variables({key: np.asarray(as_array(value)) for key, value in store.items()})
    arrays["again"] = as_array(again(x))
    return {"facts": _facts(keras, layer), "arrays": arrays}


def _numbers(tf: Any, layer: Any, x: Any, case: dict) -> dict:
    arrays = {}
    sources = [x] if is_float(x) else []
    with tf.GradientTape(persistent=True) as tape:
        for source in sources:
            tape.watch(source)
        y = layer(x, training=True) if "float8" in str(case["steps"]) else layer(x)
        total = tf.reduce_sum(tf.cast(y, "float32") * _noise(y, 5).astype("float32"))
    arrays["output"] = as_array(y)
    trained = list(layer.trainable_weights)
    names = ["input"] * len(sources) + [w.name for w in trained]
    for name, gradient in zip(names, tape.gradient(total, sources + trained)):
        if gradient is not None:
            arrays[f"gradient/{name}"] = as_array(tf.convert_to_tensor(gradient))
    return arrays


def _facts(keras: Any, layer: Any) -> dict:
    return {
        "config": plain(keras.saving.serialize_keras_object(layer)),
        "weights": [[w.path, list(w.shape), dtype_name(w), bool(w.trainable)] for w in layer.weights],
        "policy": layer.dtype_policy.name,
        "mode": layer.quantization_mode,
    }


def _model(keras: Any, case: dict) -> dict:
    width, inner, outer = case["widths"]
    table = keras.layers.Embedding(11, width, name="table")
    first = keras.layers.Dense(inner, activation="relu", name="first")
    second = keras.layers.Dense(outer, name="second")
    block = keras.Sequential([keras.Input((None, width)), first, second], name="block")
    parts = [block]
    if case["heads"]:
        head = keras.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", name="head")
        parts.append(head)
    x = inputs = keras.Input((None,), dtype="int32")
    for part in (table, *parts):
        x = part(x)
    model = keras.Model(inputs, x)
    _fill(model.weights, 10 * case["seed"])
    tokens = np.random.RandomState(1).randint(0, 11, (3, 6))
    before = np.asarray(model(tokens))
    model.quantize(case["mode"], filters=case["filters"])
    arrays = {f"weight/{w.path}": as_array(w) for w in model.weights if "history" not in w.path}
    arrays["before"], arrays["after"] = before, np.asarray(model(tokens))
    return {"facts": {"policies": [layer.dtype_policy.name for layer in model.layers]}, "arrays": arrays}
