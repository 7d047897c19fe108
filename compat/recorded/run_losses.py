"""A loss's case: its value, configuration and gradient."""

from __future__ import annotations

from typing import Any

from case_values import as_array, build, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    loss = build(case["object"], keras)
    predicted = tensors(case["predicted"], keras, tf)
    if "mask" in case:
        predicted._keras_mask = tensors(case["mask"], keras, tf)
    options = {"sample_weight": tensors(case["weight"], keras, tf)} if "weight" in case else {}
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        value = loss(tensors(case["true"], keras, tf), predicted, **options)
        total = tf.reduce_sum(value)
    arrays = {"value": as_array(value)}
    gradient = tape.gradient(total, predicted)
    if gradient is not None:
        arrays["gradient"] = as_array(gradient)
    return {"facts": {"config": plain(keras.losses.serialize(loss)), "name": loss.name}, "arrays": arrays}
