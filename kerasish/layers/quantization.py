"""What every layer can be asked about quantization: its mode, and the methods that layers with weights define."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from kerasish.core.dtypes import QUANTIZATION_MODES, DTypePolicy, get_policy
from kerasish.core.errors import fail
from kerasish.core.quantized_policies import DTypePolicyMap
from kerasish.layers import tracking
from kerasish.quantizers.configs import Int4QuantizationConfig, QuantizationConfig, resolve_config


def settles_config(quantize: Callable) -> Callable:
    """``quantize`` of a layer or model, called with a configuration that was checked and fits the mode.

    The configuration may be given second by position, as well as where the signature has it.
    """

    @functools.wraps(quantize)
    def settled(self: Any, mode: Any = None, *args: Any, config: Any = None, **kwargs: Any) -> Any:
        if args and (config is None and not isinstance(args[0], bool)):
            config, args = args[0], args[1:]
        config = resolve_config(mode, config)
        self._check_quantize_args(config.mode, self.compute_dtype)
        return quantize(self, config.mode, *args, config=config, **kwargs)

    return settled


class Quantizable:
    """The part of ``Layer`` that concerns quantization and the dtype policies that go with it."""

    _is_quantized = False
    _k_policies: DTypePolicyMap | None = None  # where the layer's policy is to be found by its path, if it was given so
    _dtype_policy: DTypePolicy
    name: str

    def _k_set_policy(self, dtype: Any) -> None:
        """The constructor's argument ``dtype``."""
        policy = get_policy(dtype)
        if isinstance(policy, DTypePolicyMap):
            self.__dict__["_k_policies"] = policy
            policy = policy.default_policy
        self._dtype_policy = policy

    def _k_find_policy(self) -> None:
        """Look the policy up, now that the path is known."""
        if self._k_policies is not None:
            self._dtype_policy = self._k_policies[self.path]  # type: ignore[attr-defined]

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The dtypes of weights and computations; setting a quantized one quantizes a layer that is built."""
        return self._dtype_policy if self._k_policies is None else self._k_policies

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = get_policy(value)
        mode = policy.quantization_mode
        quantizes = mode is not None and self.built and not self._is_quantized  # type: ignore[attr-defined]
        if quantizes and mode in ("gptq", "awq"):
            raise fail(
                ValueError,
                f"Implicitly enabling {mode.upper()} quantization by setting `dtype_policy` to '{value}' is not supported",
                hint=f"It needs data to calibrate with: use `.quantize('{mode}', config=...)` instead.",
            )
        if self._k_policies is not None and self._path is not None:  # type: ignore[attr-defined]
            path = self.path  # type: ignore[attr-defined]
            if path in self._k_policies:
                del self._k_policies[path]
            self._k_policies[path] = policy
        elif isinstance(policy, DTypePolicyMap):
            self._k_set_policy(policy)
            policy = self._dtype_policy
        self._dtype_policy = policy
        tracking.structure_changed()
        if quantizes:
            block = getattr(policy, "block_size", None)
            self.quantize(mode, config=None if block is None else Int4QuantizationConfig(block_size=block))

    @property
    def quantization_mode(self) -> str | None:
        """How the weights are quantized: "int8", "float8", "int4", "gptq", "awq", or None."""
        return self._dtype_policy.quantization_mode

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Create the quantized weights; layers that can be quantized define it."""
        raise self._not_implemented("quantized_build")

    @settles_config
    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Replace the weights by quantized ones.

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq".
            type_check: whether subclasses of the layer's class are refused.
            config: a ``keras.quantizers.QuantizationConfig``, instead of or besides the mode.

        Raises:
            NotImplementedError: the layer cannot be quantized.
            ValueError: it is not built, or quantized already, or the arguments do not go together.
        """
        raise self._not_implemented("quantize")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation with quantized weights; layers that can be quantized define it."""
        mode = self.quantization_mode
        if mode is None:
            raise self._wrong_mode(mode)
        raise self._not_implemented(f"_{mode}_call")

    def _check_quantize_args(self, mode: str, compute_dtype: str) -> None:
        if not self.built:  # type: ignore[attr-defined]
            raise ValueError(
                f"Cannot quantize a layer that isn't yet built. Layer '{self.name}' (of type '{type(self).__name__}') is "
                "not built yet."
            )
        if self._is_quantized:
            raise ValueError(
                f"Layer '{self.name}' is already quantized with dtype_policy='{self.dtype_policy.name}'. "
                f"Received: mode={mode}"
            )
        if mode == "int8" and compute_dtype == "float16":
            raise ValueError(
                f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'. Consider loading model/layer "
                "with another dtype policy such as 'mixed_bfloat16' or 'mixed_float16' before calling `quantize()`."
            )

    def _not_implemented(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"Layer {type(self).__name__} does not have a `{method}` method implemented.")

    def _wrong_mode(self, mode: Any) -> NotImplementedError:
        return NotImplementedError(
            f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: quantization_mode={mode}"
        )


def block_size_of(layer: Quantizable, config: QuantizationConfig | None) -> int | None:
    """How many inputs share a 4-bit range: the configuration says it, else the policy; None for all of them."""
    if isinstance(config, Int4QuantizationConfig):
        size = config.block_size
    else:
        size = getattr(layer._dtype_policy, "block_size", None)
    return None if size == -1 else size


def policy_name(layer: Quantizable, mode: str, config: Any) -> str:
    """The first part of the name of the policy that a layer has once it is quantized."""
    if mode in ("gptq", "awq"):
        return config.dtype_policy_string()
    return f"int4/{block_size_of(layer, config) or -1}" if mode == "int4" else mode
