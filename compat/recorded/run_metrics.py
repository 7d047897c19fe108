"""A metric's case: its result after every update, and after a reset."""

from __future__ import annotations

from typing import Any

from case_values import as_array, build, leaves, plain, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    metric = build(case["object"], keras)
    arrays = {}
    for index, update in enumerate(case["updates"]):
        given = [tensors(update[key], keras, tf) for key in ("true", "predicted") if key in update]
        weight = {"sample_weight": tensors(update["weight"], keras, tf)} if "weight" in update else {}
        metric.update_state(*given, **weight)
        for part, result in enumerate(leaves(metric.result())):
            arrays[f"after{index}/{part}"] = as_array(result)
    variables = [[v.name, list(v.shape)] for v in metric.variables]
    metric.reset_state()
    for part, variable in enumerate(metric.variables):
        arrays[f"reset/{part}"] = as_array(variable)
    facts = {"config": plain(keras.metrics.serialize(metric)), "name": metric.name, "variables": variables}
    return {"facts": facts, "arrays": arrays}
