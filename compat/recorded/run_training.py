"""Cases of what trains: optimizers' paths, schedules, initializers, regularizers, constraints, activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import as_array, build, dtype_name, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    return KINDS[case["kind"]](keras, tf, case)


def optimizer(keras: Any, tf: Any, case: dict) -> dict:
    """Thirty steps with given gradients, which depend on the variables too."""
    rule = build(case["object"], keras)
    starts = [build(spec, keras) for spec in case["variables"]]
    variables = [keras.Variable(start, name=f"v{i}") for i, start in enumerate(starts)]
    rule.build(variables)
    arrays = {}
    for step in range(case["steps"]):
        random = np.random.RandomState(step)
        gradients = [random.standard_normal(v.shape) + 0.5 * as_array(v) for v in variables]
        if step in case.get("bad", []):
            gradients[0] = gradients[0] * np.inf
        rule.apply([tf.convert_to_tensor(np.asarray(g).astype("float32")) for g in gradients], variables)
        if step in (0, 9):
            arrays |= {f"step{step}/{i}": as_array(v) for i, v in enumerate(variables)}
    arrays |= {f"end/{i}": as_array(v) for i, v in enumerate(variables)}
    for index, slot in enumerate(rule.variables):
        if "seed" not in slot.path and "loss_scale" not in str(case["object"].get("class")):
            arrays[f"slot{index}"] = as_array(slot)
    arrays["rate"] = as_array(rule.learning_rate)
    if case["object"]["args"].get("use_ema"):
        rule.finalize_variable_values(variables)
        arrays |= {f"final/{i}": as_array(v) for i, v in enumerate(variables)}
    slots = [[v.path.rpartition("/")[2], list(v.shape), dtype_name(v)] for v in rule.variables]
    return {"facts": {"config": plain(keras.optimizers.serialize(rule)), "slots": slots}, "arrays": arrays}


def schedule(keras: Any, tf: Any, case: dict) -> dict:
    rule = build(case["object"], keras)
    rates = [as_array(rule(step)) for step in [*range(30), 50, 1000]]
    config = plain(keras.optimizers.schedules.serialize(rule))
    return {"facts": {"config": config}, "arrays": {"rates": np.stack(rates)}}


def initializer(keras: Any, tf: Any, case: dict) -> dict:
    made = build(case["object"], keras)
    values = as_array(made(tuple(case["shape"]), dtype=case["dtype"]))
    again = as_array(made(tuple(case["shape"]), dtype=case["dtype"]))
    facts = {"config": plain(keras.initializers.serialize(made)), "same": bool((values == again).all())}
    return {"facts": facts, "arrays": {"values": values}}


def function(keras: Any, tf: Any, case: dict) -> dict:
    """A regularizer or a constraint, with its gradient."""
    made = build(case["object"], keras)
    given = tensors(case["value"], keras, tf)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = made(given)
        total = tf.reduce_sum(value)
    module = getattr(keras, case["object"]["$"])
    arrays = {"value": as_array(value), "gradient": as_array(tape.gradient(total, given))}
    return {"facts": {"config": plain(module.serialize(made))}, "arrays": arrays}


def activation(keras: Any, tf: Any, case: dict) -> dict:
    given = tensors(case["value"], keras, tf)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = getattr(keras.activations, case["name"])(given, **case["args"])
        total = tf.reduce_sum(value)
    arrays = {"value": as_array(value)}
    gradient = tape.gradient(total, given)
    return {"arrays": arrays if gradient is None else {**arrays, "gradient": as_array(gradient)}}


KINDS = {
    "optimizer": optimizer,
    "schedule": schedule,
    "initializer": initializer,
    "function": function,
    "activation": activation,
}
