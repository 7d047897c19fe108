"""An operation's case: results with their dtypes, and gradients of floating-point operands."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np
from case_values import as_array, is_float, is_value, leaves, tensors


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    path = [*case.get("module", "ops").split("."), case["op"]]
    op = getattr(_backend(keras), case["op"]) if case.get("backend") else functools.reduce(getattr, path, keras)
    args = [tensors(a, keras, tf) if has_value(a) else _plain(a, keras) for a in case["args"]]
    keys = {k: tensors(v, keras, tf) if is_value(v) else _plain(v, keras) for k, v in case.get("keys", {}).items()}
    watched = case.get("sources", range(len(args)))
    sources = [args[k] for k in watched if is_value(case["args"][k]) and is_float(args[k])]
    if case.get("nested"):
        sources = [leaf for leaf in leaves(args) if is_float(leaf)]
    with tf.GradientTape() as tape:
        for source in sources:
            tape.watch(source)
        results = leaves(op(*args, **keys))
        floats = [r for r in results if is_float(r)]
        total = sum((tf.reduce_sum(tf.cast(r, "float64") * _cotangent(r)) for r in floats), tf.constant(0.0, "float64"))
    arrays = {f"result{i}": as_array(result) for i, result in enumerate(results)}
    if sources and floats and case["op"] not in NO_GRADIENT and case.get("gradient", True):
        for index, gradient in enumerate(tape.gradient(total, sources)):
            if gradient is not None and np.any(
                as_array(tf.convert_to_tensor(gradient))
            ):  # some steps have None, some 0
                arrays[f"gradient{index}"] = as_array(tf.convert_to_tensor(gradient))
    return {"arrays": arrays}


def _backend(keras: Any) -> Any:
    """Keras 2's functions, which Keras 3 has under another name."""
    found = hasattr(keras.backend, "batch_dot")
    return keras.backend if found else importlib.import_module("keras.src.legacy.backend")


def has_value(spec: Any) -> bool:
    return is_value(spec) or (isinstance(spec, list) and any(is_value(item) for item in spec))


def _plain(spec: Any, keras: Any) -> Any:
    if isinstance(spec, dict) and spec.get("$") == "tuple":
        return tuple(_plain(item, keras) for item in spec["items"])
    return tuple(spec) if isinstance(spec, list) and spec and not isinstance(spec[0], (list, int, float)) else spec


def _cotangent(result: Any) -> np.ndarray:
    return np.random.RandomState(3).standard_normal(list(result.shape))


# where the real gradient is undefined, or a matter of which of several equal values is meant
NO_GRADIENT = {"lstsq", "matrix_rank", "nextafter", "sort", "unique", "cumprod", "hypot", "angle"}
