"""Policies for the dtypes that layers compute in (``keras.dtype_policies``, ``keras.mixed_precision``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import DTypePolicy as DTypePolicy
from kerasish.core.dtypes import get_policy
from kerasish.core.errors import missing_name
from kerasish.core.quantized_policies import AWQDTypePolicy as AWQDTypePolicy
from kerasish.core.quantized_policies import DTypePolicyMap as DTypePolicyMap
from kerasish.core.quantized_policies import GPTQDTypePolicy as GPTQDTypePolicy
from kerasish.core.quantized_policies import Int4DTypePolicy as Int4DTypePolicy
from kerasish.core.quantized_policies import QuantizedDTypePolicy as QuantizedDTypePolicy
from kerasish.core.quantized_policies import QuantizedFloat8DTypePolicy as QuantizedFloat8DTypePolicy
from kerasish.core.registry import deserialize_keras_object, publish, serialize_keras_object

FloatDTypePolicy = DTypePolicy


def get(identifier: Any) -> DTypePolicy:
    """The policy for a name, a dtype, a policy or its config."""
    return get_policy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict:
    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: dict | None = None) -> DTypePolicy:
    return get_policy(deserialize_keras_object(config, custom_objects))


__all__ = [
    "AWQDTypePolicy", "DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "GPTQDTypePolicy", "Int4DTypePolicy",
    "QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy", "deserialize", "get", "serialize",
]  # fmt: skip
publish(
    __name__,
    globals(),
    [name for name in __all__ if name not in ("DTypePolicy", "FloatDTypePolicy") and name[0].isupper()],
)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
