"""Cases are plain data; here they become arrays, layers and other objects of whichever library is under test.

A dict with the key ``$`` stands for a value: ``{"$": "normal", "shape": [2, 3], "seed": 1}`` for random numbers,
``{"$": "layers", "class": "Dense", "args": {"units": 2}}`` for an object of a public module.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ml_dtypes  # noqa: F401  (makes "bfloat16" a NumPy dtype)
import numpy as np


def normal(*shape: int, seed: int = 0, dtype: str = "float32", **more: Any) -> dict:
    """Normal numbers; ``scale``, ``shift`` and ``positive`` change them."""
    return {"$": "normal", "shape": list(shape), "seed": seed, "dtype": dtype, **more}


def uniform(*shape: int, seed: int = 0, dtype: str = "float32", low: float = 0.0, high: float = 1.0) -> dict:
    return {"$": "uniform", "shape": list(shape), "seed": seed, "dtype": dtype, "low": low, "high": high}


def integers(*shape: int, high: int, low: int = 0, seed: int = 0, dtype: str = "int32") -> dict:
    return {"$": "integers", "shape": list(shape), "seed": seed, "dtype": dtype, "low": low, "high": high}


def mask(*shape: int, seed: int = 0) -> dict:
    """Booleans, two of three true."""
    return {"$": "mask", "shape": list(shape), "seed": seed}


def texts(*shape: int, words: list[str], seed: int = 0) -> dict:
    """Text, drawn from some words."""
    return {"$": "texts", "shape": list(shape), "words": words, "seed": seed, "dtype": "string"}


def array(values: Any, dtype: str = "float32") -> dict:
    return {"$": "array", "values": values, "dtype": dtype}


def made(module: str, name: str, /, **args: Any) -> dict:
    """An object of a public module, by the name of its class."""
    return {"$": module, "class": name, "args": args}


def build(spec: Any, keras: Any) -> Any:
    """The value that a case states."""
    if isinstance(spec, dict):
        kind = spec.get("$")
        if kind is None:
            return {key: build(value, keras) for key, value in spec.items()}
        if kind in _MAKERS:
            return _MAKERS[kind](spec)
        if kind == "tuple":
            return tuple(build(item, keras) for item in spec["items"])
        if kind == "dtype":
            return np.dtype(spec["name"])
        owner = keras
        for part in filter(None, kind.split(".")):
            owner = getattr(owner, part)
        member = getattr(owner, spec["class"])
        return member if spec.get("itself") else member(**build(spec["args"], keras))
    if isinstance(spec, list):
        return [build(item, keras) for item in spec]
    return spec


def _normal(spec: dict) -> np.ndarray:
    values = np.random.RandomState(spec["seed"]).standard_normal(spec["shape"])
    values = values * spec.get("scale", 1.0) + spec.get("shift", 0.0)
    if spec.get("positive"):
        values = np.abs(values) + 0.1
    if spec.get("simplex"):
        values = np.exp(values) / np.exp(values).sum(-1, keepdims=True)
    return np.asarray(values).astype(spec["dtype"])


def _uniform(spec: dict) -> np.ndarray:
    return np.asarray(
        np.random.RandomState(spec["seed"]).uniform(spec["low"], spec["high"], spec["shape"]).astype(spec["dtype"])
    )


def _integers(spec: dict) -> np.ndarray:
    values = np.random.RandomState(spec["seed"]).randint(spec["low"], spec["high"], spec["shape"])
    return np.asarray(values).astype(spec["dtype"])


def _mask(spec: dict) -> np.ndarray:
    return np.random.RandomState(spec["seed"]).uniform(size=spec["shape"]) < 2 / 3


def _texts(spec: dict) -> np.ndarray:
    return np.array(spec["words"])[np.random.RandomState(spec["seed"]).randint(0, len(spec["words"]), spec["shape"])]


_MAKERS: dict[str, Callable] = {
    "normal": _normal,
    "uniform": _uniform,
    "integers": _integers,
    "mask": _mask,
    "texts": _texts,
    "array": lambda spec: np.array(spec["values"], dtype=spec["dtype"]),
}


def is_value(spec: Any) -> bool:
    return isinstance(spec, dict) and spec.get("$") in _MAKERS


def tensors(spec: Any, keras: Any, tf: Any) -> Any:
    """Like ``build``, with tensors instead of arrays."""
    if is_value(spec):
        return tf.convert_to_tensor(build(spec, keras))
    if isinstance(spec, (list, tuple)):
        return [tensors(item, keras, tf) for item in spec]
    if isinstance(spec, dict) and "$" not in spec:
        return {key: tensors(item, keras, tf) for key, item in spec.items()}
    return build(spec, keras)


def as_array(value: Any) -> np.ndarray:
    """A tensor's numbers; scalars of bfloat16 give no array by themselves."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def leaves(value: Any) -> list:
    """The tensors of a structure, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [] if value is None else [value]


def dtype_name(value: Any) -> str:
    dtype = value.dtype
    return getattr(dtype, "name", None) or str(dtype)


def is_float(value: Any) -> bool:
    return "float" in dtype_name(value)


def attempt(function: Callable) -> Any:
    """The function's result, or a text that names the exception's class."""
    try:
        return function()
    except Exception as error:
        return f"raises {type(error).__name__}"


def plain(value: Any) -> Any:
    """As JSON: tuples as lists, everything unknown as text."""
    return json.loads(json.dumps(value, default=_as_text))


def _as_text(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return str(value)
