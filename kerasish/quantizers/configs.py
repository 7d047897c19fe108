"""What ``quantize`` is told: a mode, and the quantizers and numbers that belong to it."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import QUANTIZATION_MODES
from kerasish.core.errors import fail
from kerasish.core.registry import deserialize_keras_object, serialize_keras_object
from kerasish.quantizers.base import AbsMaxQuantizer


class QuantizationConfig:
    """The base of the configurations; a subclass has a ``mode``.

    Args:
        weight_quantizer, activation_quantizer: ``Quantizer`` objects; ``None`` for none, or the mode's own.
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None) -> None:
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self) -> str:
        raise NotImplementedError(
            "Subclasses must implement this property. Do not instantiate QuantizationConfig directly."
        )

    def get_config(self) -> dict:
        return {
            "weight_quantizer": serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config: dict) -> Any:
        names = ("weight_quantizer", "activation_quantizer")
        return cls(**{name: deserialize_keras_object(config.get(name)) for name in names})

    @staticmethod
    def weight_quantizer_or_default(config: Any, default: Any) -> Any:
        """The weight quantizer of a configuration that has one, else ``default``."""
        return default if config is None or config.weight_quantizer is None else config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config: Any, default: Any) -> Any:
        """The activation quantizer of a configuration, which may be ``None``; without a configuration ``default``."""
        return default if config is None else config.activation_quantizer


def _demand_int8(name: str, quantizer: Any) -> None:
    if quantizer is not None and quantizer.output_dtype != "int8":
        raise fail(
            ValueError,
            f"{name} requires a weight_quantizer with output_dtype='int8'",
            received=f"output_dtype={quantizer.output_dtype}",
        )


class Int8QuantizationConfig(QuantizationConfig):
    """8-bit weights, and activations that are rounded to 8 bits on the way.

    Args:
        weight_quantizer: default: ``AbsMaxQuantizer`` along the inputs.
        activation_quantizer: "default" for ``AbsMaxQuantizer``; ``None`` leaves activations as they are.

    Raises:
        ValueError: the weight quantizer does not give int8.
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default") -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _demand_int8("Int8QuantizationConfig", weight_quantizer)

    mode = property(lambda self: "int8")


class Int4QuantizationConfig(QuantizationConfig):
    """4-bit weights, two in a byte.

    Args:
        weight_quantizer: with values in (-8, 7).
        activation_quantizer: "default" for none.
        block_size: inputs that share a range, in which case there can be no quantizers of one's own; ``None`` or -1 for
            one scale for each output.

    Raises:
        ValueError: the arguments do not go together.
    """

    def __init__(
        self, weight_quantizer: Any = None, activation_quantizer: Any = "default", block_size: int | None = 128
    ) -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise fail(ValueError, "block_size must be None, -1, or a positive integer", received=f"{block_size=}")
        self.block_size = block_size
        own = weight_quantizer is not None or activation_quantizer is not None
        if block_size is not None and block_size > 0 and own:
            raise fail(
                ValueError,
                "Int4 sub-channel quantization (block_size > 0) does not support custom quantizers",
                received=f"{block_size=}",
                hint="Set block_size to None or -1 for per-channel quantization, or leave the quantizers out.",
            )
        if weight_quantizer is not None and tuple(weight_quantizer.value_range) != (-8, 7):
            raise fail(
                ValueError,
                "Int4QuantizationConfig requires a weight_quantizer with value_range=(-8, 7)",
                received=f"value_range={weight_quantizer.value_range}",
            )
        _demand_int8("Int4QuantizationConfig", weight_quantizer)

    mode = property(lambda self: "int4")

    def get_config(self) -> dict:
        return {**super().get_config(), "block_size": self.block_size}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        names = ("weight_quantizer", "activation_quantizer")
        quantizers = {name: deserialize_keras_object(config.get(name)) for name in names}
        return cls(**quantizers, block_size=config.get("block_size"))  # files from before there were blocks have none


class Float8QuantizationConfig(QuantizationConfig):
    """Matrix products of 8-bit floats in training."""

    def __init__(self) -> None:
        super().__init__(None, None)

    mode = property(lambda self: "float8")

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls()


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


class _Calibrated(QuantizationConfig):
    """What the modes that look at data have in common."""

    _kind: str
    _arguments: tuple[str, ...]

    def _set(self, arguments: dict) -> None:
        super().__init__()
        size = arguments["group_size"]
        _demand(arguments["num_samples"] > 0, "num_samples must be a positive integer.")
        _demand(arguments["sequence_length"] > 0, "sequence_length must be a positive integer.")
        _demand(
            size == -1 or size > 0,
            f"Invalid group_size. Supported values are -1 or a positive integer, but got {size}.",
        )
        for name in ("dataset", "tokenizer", *self._arguments):
            setattr(self, name, arguments[name])

    def get_config(self) -> dict:
        """The arguments but for data, tokenizer and layers, which are of no use in a file."""
        config = {name: getattr(self, name) for name in self._arguments}
        return {"dataset": None, "tokenizer": None, **config, "quantization_layer_structure": None}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls(**config)

    def dtype_policy_string(self) -> str:
        """What names of dtype policies begin with: "gptq/4/128"."""
        return f"{self._kind}/{self.weight_bits}/{self.group_size}"  # type: ignore[attr-defined]


class GPTQConfig(_Calibrated):
    """Weights rounded one input at a time, the error of each made up for by those to come (Frantar et al. 2022).

    Args:
        dataset: strings for the tokenizer, or arrays of token ids.
        tokenizer: an object with ``tokenize(text)``.
        weight_bits: 2, 3, 4 or 8.
        num_samples: sequences to calibrate with.
        per_channel: whether each output has its own scale.
        sequence_length: in tokens.
        hessian_damping: part of the mean of the Hessian's diagonal that is added to it.
        group_size: inputs that share a scale; -1 for all.
        symmetric: whether ranges lie around zero.
        activation_order: whether inputs that matter most are rounded first.
        quantization_layer_structure: ``{"pre_block_layers": [...], "sequential_blocks": [...]}``.

    Raises:
        ValueError: a number is out of its range.
    """

    _kind = "gptq"
    _arguments = (
        "weight_bits", "num_samples", "per_channel", "sequence_length", "hessian_damping", "group_size", "symmetric",
        "activation_order", "quantization_layer_structure",
    )  # fmt: skip

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        per_channel: bool = True,
        sequence_length: int = 512,
        hessian_damping: float = 0.01,
        group_size: int = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: dict | None = None,
    ) -> None:
        arguments = dict(locals())
        _demand(
            weight_bits in (2, 3, 4, 8),
            f"Unsupported weight_bits {weight_bits}. Supported values are 2, 3, 4, and 8.",
        )
        _demand(0 <= hessian_damping <= 1, "hessian_damping must be between 0 and 1.")
        self._set(arguments)

    mode = property(lambda self: "gptq")


class AWQConfig(_Calibrated):
    """4-bit weights, those of strong inputs scaled up before they are rounded (Lin et al. 2023).

    Args:
        dataset, tokenizer, num_samples, sequence_length, group_size, quantization_layer_structure: as of ``GPTQConfig``.
        weight_bits: 4.
        num_grid_points: exponents that are tried, less one.

    Raises:
        ValueError: a number is out of its range.
    """

    _kind = "awq"
    _arguments = (
        "weight_bits", "num_samples", "sequence_length", "group_size", "num_grid_points", "quantization_layer_structure",
    )  # fmt: skip

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        sequence_length: int = 512,
        group_size: int = 128,
        num_grid_points: int = 20,
        quantization_layer_structure: dict | None = None,
    ) -> None:
        arguments = dict(locals())
        _demand(weight_bits == 4, f"AWQ only supports 4-bit quantization. Received weight_bits={weight_bits}.")
        _demand(num_grid_points > 0, "num_grid_points must be a positive integer.")
        self._set(arguments)

    mode = property(lambda self: "awq")


_DEFAULTS = {"int8": Int8QuantizationConfig, "int4": Int4QuantizationConfig, "float8": Float8QuantizationConfig}
_OWN = {"gptq": GPTQConfig, "awq": AWQConfig}


def resolve_config(mode: Any, config: Any) -> QuantizationConfig:
    """The configuration that a mode, a configuration or both stand for.

    Raises:
        ValueError: an unknown mode, a mode that needs a configuration, or the two contradict each other.
    """
    if isinstance(config, str):
        mode, config = config, None
    _demand_mode(mode)
    if config is None:
        if mode is None:
            raise ValueError("You must provide either `mode` or `config` to `quantize`.")
        if mode in _OWN:
            raise ValueError(
                f"For {mode.upper()}, you must pass a `{_OWN[mode].__name__}` object in the `config` argument."
            )
        return _DEFAULTS[mode]()
    if not isinstance(config, QuantizationConfig):
        raise fail(
            ValueError,
            "Argument `config` must be an instance of `QuantizationConfig`",
            received=f"config={config} (of type {type(config)})",
        )
    if mode is not None and config.mode != mode:
        raise ValueError(f"Contradictory arguments: mode='{mode}' but config.mode='{config.mode}'")
    _demand_mode(config.mode)
    if config.mode in _OWN and not isinstance(config, _OWN[config.mode]):
        raise ValueError(
            f"Mode '{config.mode}' requires a valid `config` argument of type `{_OWN[config.mode].__name__}`. "
            f"Received: {type(config)}"
        )
    return config


def _demand_mode(mode: Any) -> None:
    if mode is not None and mode not in QUANTIZATION_MODES:
        raise fail(ValueError, "Invalid quantization mode", f"one of {QUANTIZATION_MODES}", f"mode={mode}")
