"""A case of a layer that prepares features: what it learns, its configuration, shapes and outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import as_array, attempt, build, dtype_name, is_value, leaves, plain, tensors
from run_layers import set_weights


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    return _space(keras, tf, case) if "space" in case else _layer(keras, tf, case)


def _layer(keras: Any, tf: Any, case: dict) -> dict:
    layer = build(case["layer"], keras)
    if "adapt" in case:
        layer.adapt(_source(build(case["adapt"]["data"], keras), case["adapt"]["way"], tf))
    facts: dict = {}
    given = case["inputs"][0]
    facts["symbolic"] = plain(attempt(lambda: _described(layer(_symbols(given, keras)))))
    if case.get("weights"):
        set_weights(layer)
        facts["weights"] = [[w.path, list(w.shape), dtype_name(w), bool(w.trainable)] for w in layer.weights]
    facts["config"] = plain(keras.saving.serialize_keras_object(layer))
    if is_value(given):
        shape = given["shape"] if "shape" in given else list(np.shape(given["values"]))
        facts["output_shape"] = plain(attempt(lambda: layer.compute_output_shape((None, *shape[1:]))))
    if hasattr(layer, "get_vocabulary"):
        facts["vocabulary"] = plain(layer.get_vocabulary())
    arrays: dict = {}
    call = {key: tensors(spec, keras, tf) for key, spec in case.get("call", {}).items()}
    output = layer(tensors(given, keras, tf), **call)
    if "through" in case:
        output = getattr(keras.ops, case["through"])(output)
    _note(facts, arrays, "output", output)
    if not call and is_value(given) and not case.get("weights"):
        dataset = tf.data.Dataset.from_tensors(build(given, keras)).map(layer)
        _note(facts, arrays, "mapped", next(iter(dataset)))
    return {"facts": facts, "arrays": arrays}


def _source(data: np.ndarray, way: str, tf: Any) -> Any:
    """Data as ``adapt`` is given it."""
    if way == "dataset":
        return tf.data.Dataset.from_tensor_slices(data).batch(4)
    batches = [data[:3], data[3:]]
    return {"array": data, "batches": tf.data.Dataset.from_tensor_slices(data).batch(5), "generator": iter(batches)}[
        way
    ]


def _symbols(spec: Any, keras: Any) -> Any:
    if isinstance(spec, list):
        return [_symbols(item, keras) for item in spec]
    shape = spec["shape"] if "shape" in spec else np.shape(spec["values"])
    return keras.Input(tuple(shape[1:]), dtype=spec["dtype"])


def _described(outputs: Any) -> list:
    return [[list(t.shape), dtype_name(t)] for t in leaves(outputs)]


def _note(facts: dict, arrays: dict, name: str, value: Any) -> None:
    """Numbers are arrays, text is a fact."""
    for index, leaf in enumerate(leaves(value)):
        found = as_array(leaf)
        if found.dtype.kind in "OSU":
            facts[f"{name}/{index}"] = _decoded(found.tolist())
        else:
            arrays[f"{name}/{index}"] = found


def _decoded(text: Any) -> Any:
    return [_decoded(t) for t in text] if isinstance(text, list) else text.decode("utf-8")


def _space(keras: Any, tf: Any, case: dict) -> dict:
    """A FeatureSpace: symbolic outputs, outputs for batches, for one row and in a dataset's ``map``."""
    kinds = keras.utils.FeatureSpace
    spec = dict(case["space"])
    features = {
        name: feature if isinstance(feature, str) else getattr(kinds, feature["kind"])(**feature["args"])
        for name, feature in spec.pop("features").items()
    }
    crosses = [tuple(cross) for cross in spec.pop("crosses", [])]
    space = kinds(features, crosses=crosses, name="space", **spec)
    columns = build(case["learned"], keras)
    dataset = tf.data.Dataset.from_tensor_slices(columns)
    space.adapt({"dict": columns, "rows": dataset, "batches": dataset.batch(4)}[case["way"]])
    facts: dict = {"symbolic": _described(space.get_encoded_features())}
    facts["inputs"] = _described(space.get_inputs())
    arrays: dict = {}
    inputs = build(case["inputs"], keras)
    _note(facts, arrays, "output", space(inputs))
    _note(facts, arrays, "mapped", next(iter(tf.data.Dataset.from_tensor_slices(inputs).batch(3).map(space))))
    if all(column.ndim == 1 for column in inputs.values()):
        _note(facts, arrays, "row", space({name: column[0].item() for name, column in inputs.items()}))
    facts["config"] = plain(keras.saving.serialize_keras_object(space))
    facts["weights"] = [[w.path, list(w.shape), dtype_name(w)] for w in space.weights]
    return {"facts": facts, "arrays": arrays}
