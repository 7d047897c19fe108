"""Numbers of few bits (``keras.quantizers``)."""

from __future__ import annotations

import inspect
from typing import Any

from kerasish.core.context import snake_case
from kerasish.core.errors import missing_name
from kerasish.core.registry import deserialize_keras_object, publish, serialize_keras_object
from kerasish.quantizers.base import AbsMaxQuantizer as AbsMaxQuantizer
from kerasish.quantizers.base import Quantizer as Quantizer
from kerasish.quantizers.base import abs_max_quantize as abs_max_quantize
from kerasish.quantizers.configs import AWQConfig as AWQConfig
from kerasish.quantizers.configs import Float8QuantizationConfig as Float8QuantizationConfig
from kerasish.quantizers.configs import GPTQConfig as GPTQConfig
from kerasish.quantizers.configs import Int4QuantizationConfig as Int4QuantizationConfig
from kerasish.quantizers.configs import Int8QuantizationConfig as Int8QuantizationConfig
from kerasish.quantizers.configs import QuantizationConfig as QuantizationConfig
from kerasish.quantizers.fake_quant import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from kerasish.quantizers.float8 import compute_float8_amax_history as compute_float8_amax_history
from kerasish.quantizers.float8 import compute_float8_scale as compute_float8_scale
from kerasish.quantizers.float8 import quantize_and_dequantize as quantize_and_dequantize
from kerasish.quantizers.grouped import (
    abs_max_quantize_grouped_with_zero_point as abs_max_quantize_grouped_with_zero_point,
)
from kerasish.quantizers.packing import pack_int4 as pack_int4
from kerasish.quantizers.packing import unpack_int4 as unpack_int4

_CLASSES = {
    cls.__name__: cls
    for cls in (Quantizer, AbsMaxQuantizer, QuantizationConfig, Int8QuantizationConfig, Int4QuantizationConfig,
                Float8QuantizationConfig, GPTQConfig, AWQConfig)
}  # fmt: skip
_NAMES = {**_CLASSES, **{snake_case(name): cls for name, cls in _CLASSES.items()}}


def get(identifier: Any, **kwargs: Any) -> Any:
    """The quantizer for a name, a config, a class or an object; ``kwargs`` go to the class.

    Raises:
        ValueError: there is none of that name.
    """
    if identifier is None:
        return None
    found = identifier
    if isinstance(identifier, dict):
        found = deserialize(identifier)
    elif isinstance(identifier, str):
        found = _NAMES.get(identifier)
    if callable(found):
        return found(**kwargs) if inspect.isclass(found) else found
    raise ValueError(f"Could not interpret quantizer identifier: {identifier}")


def serialize(initializer: Quantizer) -> dict:
    """The config of a quantizer, which ``deserialize`` takes."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The quantizer for a config."""
    return deserialize_keras_object(config, module_objects=_NAMES, custom_objects=custom_objects)


__all__ = [
    "AWQConfig", "AbsMaxQuantizer", "Float8QuantizationConfig", "GPTQConfig", "Int4QuantizationConfig",
    "Int8QuantizationConfig", "QuantizationConfig", "Quantizer", "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point", "compute_float8_amax_history", "compute_float8_scale", "deserialize",
    "fake_quant_with_min_max_vars", "get", "pack_int4", "quantize_and_dequantize", "serialize", "unpack_int4",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
