"""A case of a layer that augments images: its configuration, what it draws, and what it makes of the data.

Seeds are equal, so draws and results are.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from case_values import as_array, attempt, build, dtype_name, is_value, leaves, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case: twice in training, once not, and once from a transformation with a seed."""
    keras.utils.clear_session(free_memory=False)
    random.seed(case["python_seed"])
    layer = build(case["layer"], keras)
    images = case["data"]["images"] if "images" in case["data"] else case["data"]
    shape = (None, *images["shape"][1:]) if len(images["shape"]) == 4 else tuple(images["shape"])
    facts = {
        "config": plain(keras.saving.serialize_keras_object(layer)),
        "output_shape": plain(attempt(lambda: layer.compute_output_shape(shape))),
        "symbolic": symbolic(keras, layer, case["data"]),
    }
    arrays: dict = {}
    for turn, training in enumerate((True, True, False)):
        note(arrays, f"call{turn}", layer(tensors(case["data"], keras, tf), training=training), 1 if turn == 0 else 7)
    drawn = layer.get_random_transformation(tensors(case["data"], keras, tf), training=True, seed=5)
    note(arrays, "drawn", numbers_of(drawn))
    if len(images["shape"]) == 4:
        note(arrays, "images", layer.transform_images(tensors(images, keras, tf), drawn, training=True))
    facts["python"] = random.random()  # how many numbers were drawn from Python's generator
    return {"facts": facts, "arrays": arrays}


def symbolic(keras: Any, layer: Any, data: Any) -> Any:
    """Shapes and dtypes of the outputs for symbolic images."""
    if not is_value(data) or len(data["shape"]) == 3:
        return None
    outputs = layer(keras.Input(data["shape"][1:], dtype=data["dtype"]))
    return [[list(t.shape), dtype_name(t)] for t in leaves(outputs)]


def numbers_of(drawn: Any) -> Any:
    """What is drawn, without the generator that one layer hands on."""
    if isinstance(drawn, dict):
        return {key: numbers_of(value) for key, value in drawn.items() if key not in ("seed", "layer_name")}
    if isinstance(drawn, (list, tuple)):
        return [numbers_of(value) for value in drawn]
    return drawn


def note(arrays: dict, name: str, value: Any, step: int = 7) -> None:
    """Keep the arrays of a structure, of long ones every ``step``-th number."""
    for index, leaf in enumerate(leaves(value)):
        found = as_array(leaf)
        found = found.astype("int64") if np.isscalar(leaf) else found
        arrays[f"{name}/{index}"] = found if step == 1 or found.size < 40 else found.reshape(-1)[::step]
