"""Quantized kernels of layers that multiply: ``Dense`` and ``EinsumDense``.

The modes, and what a layer keeps in each:

    int8    kernel of int8, a scale for each output
    int4    two values in a byte of kernel, a scale for each output, or scale and zero point for groups of inputs
    float8  the float kernel; scales and histories of inputs, kernel and gradient, which training sets
    gptq    quantized_kernel (outputs, inputs), scales and zero points for groups of inputs, made from data
    awq     the same, and a factor for each input

A layer says how it multiplies in ``_times``, ``_times_back`` and the methods around them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations
from kerasish.core.dtypes import to_torch
from kerasish.core.quantized_policies import QuantizedFloat8DTypePolicy
from kerasish.core.variable import Variable
from kerasish.layers.adapters import QuantizedWeight
from kerasish.layers.quantization import block_size_of
from kerasish.quantizers.base import AbsMaxQuantizer, abs_max_quantize
from kerasish.quantizers.configs import QuantizationConfig
from kerasish.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from kerasish.quantizers.grouped import abs_max_quantize_grouped_with_zero_point, dequantize_groups
from kerasish.quantizers.packing import pack_int4, unpack_int4

_EXACT = 1040  # products of int8 numbers that float32 adds up without rounding: 2^24 / 127^2


class WithInputGradient(torch.autograd.Function):
    """``forward(x)``, whose gradient with respect to ``x`` is ``backward(upstream)``."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, forward: Callable, backward: Callable) -> torch.Tensor:
        ctx.gradient = backward
        return forward(x)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:
        return ctx.gradient(upstream), None, None


class _RoundedIn(torch.autograd.Function):
    """A tensor rounded to float8 on the way in; "gradients" of scale and history are their next values."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, scale: torch.Tensor, history: torch.Tensor, training: bool, dtype: str
    ) -> Any:
        ctx.next = _next_scale(x, scale, history, torch.float8_e4m3fn) if training else (None, None)
        return quantize_and_dequantize(x, scale, "float8_e4m3fn", dtype)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:
        return upstream, *ctx.next, None, None


class _RoundedBack(torch.autograd.Function):
    """A tensor as it is, whose gradient is rounded to float8 on the way back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, scale: torch.Tensor, history: torch.Tensor, dtype: str) -> Any:
        ctx.save_for_backward(scale, history)
        ctx.compute = dtype
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:
        scale, history = ctx.saved_tensors
        rounded = quantize_and_dequantize(upstream, scale, "float8_e5m2", ctx.compute)
        return rounded, *_next_scale(upstream, scale, history, torch.float8_e5m2), None


def _next_scale(x: torch.Tensor, scale: torch.Tensor, history: torch.Tensor, kind: torch.dtype) -> tuple:
    largest = torch.full_like(scale, torch.finfo(kind).max)
    return compute_float8_scale(history.amax(0), scale, largest), compute_float8_amax_history(x, history)


class QuantizedProduct(QuantizedWeight):
    """The modes of quantization of a layer with a kernel and a bias."""

    is_gptq_calibrated = False
    is_awq_calibrated = False
    _block_size: int | None = None

    # how the layer multiplies

    def _times(self, x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def _times_back(self, upstream: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        """The gradient of the product with respect to ``x``."""
        raise NotImplementedError

    def _summed_axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes of inputs and of the kernel that are summed over."""
        raise NotImplementedError

    def _along_outputs(self, scale: torch.Tensor, of_inputs: bool = False) -> torch.Tensor:
        """A scale that has length 1 where the kernel (or the inputs) is summed over, as it broadcasts to the outputs."""
        raise NotImplementedError

    def _along_kernel(self, scale: torch.Tensor) -> torch.Tensor:
        """The reverse: a scale of outputs as it broadcasts to the kernel."""
        raise NotImplementedError

    def _matrix(self, shape: tuple) -> tuple[int, int]:
        """Rows and columns of the kernel as a matrix, for calibrated modes."""
        raise NotImplementedError

    _zero_point_name = "kernel_zero"  # of calibrated modes, in paths

    # building

    def _new(self, name: str, shape: Any, initializer: Any = "zeros", dtype: Any = None, attribute: str = "") -> None:
        weight = self.add_weight(name=name, shape=shape, initializer=initializer, dtype=dtype, trainable=False)
        setattr(self, attribute or name, weight)

    def _remember(self, shape: tuple) -> None:
        summed = self._summed_axes()[1]
        self._kernel_shape = tuple(shape)
        self._flat = math.prod(shape[i] for i in summed), math.prod(d for i, d in enumerate(shape) if i not in summed)

    def _int8_build(self, shape: tuple, config: Any) -> None:
        self._remember(shape)
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, AbsMaxQuantizer())
        self._new("kernel", shape, dtype="int8")
        ones = [1 if i in self._summed_axes()[1] else d for i, d in enumerate(shape)]
        self._new("kernel_scale", self._along_outputs(torch.empty(ones)).shape, "ones")

    def _int4_build(self, shape: tuple, config: Any) -> None:
        self._remember(shape)
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, None)
        rows, columns = self._flat
        self._new("kernel", (rows, (columns + 1) // 2), dtype="int8")
        self._block_size = size = block_size_of(self, config)
        if size is None:
            self._new("kernel_scale", (columns,), "ones")
            return
        groups = math.ceil(rows / size)
        self._new("kernel_scale", (groups, columns), "ones")
        self._new("kernel_zero", (groups, columns), dtype="int8")
        self._new("g_idx", (rows,), lambda shape, dtype: torch.arange(rows, dtype=torch.float32) // size, "float32")

    def _float8_build(self, shape: tuple, config: Any) -> None:
        self._remember(shape)
        default = QuantizedFloat8DTypePolicy.default_amax_history_length
        length = getattr(self._dtype_policy, "amax_history_length", default)
        for of in ("inputs", "kernel", "outputs_grad"):
            for name, own, start in ((f"{of}_scale", (), "ones"), (f"{of}_amax_history", (length,), "zeros")):
                weight = self.add_weight(
                    name=name,
                    shape=own,
                    initializer=start,
                    dtype="float32",
                    autocast=False,
                    overwrite_with_gradient=True,
                )
                setattr(self, name, weight)

    def _gptq_build(self, shape: tuple, config: Any) -> None:
        self._calibrated_build(shape, config)
        self.is_gptq_calibrated = False

    def _awq_build(self, shape: tuple, config: Any) -> None:
        self._calibrated_build(shape, config, awq=True)
        self.is_awq_calibrated = False

    def _calibrated_build(self, shape: tuple, config: Any, awq: bool = False) -> None:
        says = config if config is not None else self._dtype_policy
        rows, columns = self._matrix(shape)
        self._kernel_shape, self._bits = tuple(shape), says.weight_bits
        packed = (columns + 1) // 2 if self._bits == 4 else columns
        groups = 1 if says.group_size == -1 else math.ceil(rows / says.group_size)
        self._new("kernel", (packed, rows), dtype="uint8", attribute="quantized_kernel")
        self._new("kernel_scale", (columns, groups), "ones")
        self._new(self._zero_point_name, (columns, groups), dtype="uint8", attribute="kernel_zero")
        if awq:
            self._new("awq_scales", (rows,), "ones")
        self._new("g_idx", (rows,), dtype="float32")

    # from floats to integers

    def _quantize(self, mode: str, config: Any) -> None:
        kernel = self._stored.logical.detach()
        shape = tuple(kernel.shape)
        if mode not in ("int8", "int4"):
            self.quantized_build(shape, mode, config)
            return
        self._remember(shape)
        own = None if config is None else config.weight_quantizer
        self._block_size = block_size_of(self, config) if mode == "int4" else None
        values = self._integers(kernel, mode, own)
        del self.kernel
        self.quantized_build(shape, mode, config)
        for name, value in values.items():
            self.__dict__[name].assign(value)

    def _integers(self, kernel: torch.Tensor, mode: str, quantizer: Any = None) -> dict[str, torch.Tensor]:
        """The values of the quantized variables for a float kernel."""
        if mode == "int8":
            quantizer = quantizer or AbsMaxQuantizer(axis=self._summed_axes()[1])
            values, scale = quantizer(kernel, to_numpy=True)
            return {"kernel": values, "kernel_scale": self._along_outputs(scale)}
        flat = kernel.reshape(self._flat)
        if self._block_size is None:
            if quantizer is not None and self._own_int4_quantizer:
                values, scale = quantizer(flat, to_numpy=True)
            else:
                values, scale = abs_max_quantize(flat, 0, (-8, 7))
            return {"kernel": pack_int4(values, axis=-1)[0], "kernel_scale": scale.squeeze(0)}
        values, scale, zero = abs_max_quantize_grouped_with_zero_point(flat, self._block_size, to_numpy=True)
        return {"kernel": pack_int4(values, axis=-1)[0], "kernel_scale": scale, "kernel_zero": zero}

    _own_int4_quantizer = (
        True  # whether a weight quantizer counts in this mode; EinsumDense of Keras has its own always
    )

    def _requantized(self, kernel: torch.Tensor) -> dict[str, torch.Tensor]:
        return self._integers(kernel, self.quantization_mode)

    # back to floats

    def _unpacked(self) -> torch.Tensor:
        """The kernel's 4-bit integers, as a matrix."""
        return unpack_int4(self._stored.logical, self._flat[1], axis=-1)

    def _dequantized(self) -> torch.Tensor:
        """The float kernel that the int8 or int4 one stands for."""
        compute, scale = to_torch(self.compute_dtype), self._value(self.kernel_scale)
        if self.quantization_mode == "int8":
            return self._stored.logical.to(compute) / self._along_kernel(scale)
        if self._block_size is None:
            kernel = self._unpacked().to(compute) / scale
        else:
            zero = self.kernel_zero.logical
            kernel = dequantize_groups(self._unpacked(), scale, zero, self.g_idx.logical, axis=0).to(compute)
        return kernel.reshape(self._kernel_shape)

    def _codes(self) -> torch.Tensor:
        """The integers (outputs, inputs) of a calibrated mode."""
        packed = self.quantized_kernel.logical
        if self._bits != 4:
            return packed
        return unpack_int4(packed, self._matrix(self._kernel_shape)[1], axis=0, dtype="uint8")

    def _calibrated_kernel(self) -> torch.Tensor:
        """The float kernel of a calibrated mode; the original one until there was data."""
        if not (self.is_gptq_calibrated or self.is_awq_calibrated):
            return self._value(self._stored)
        scale, zero = self._value(self.kernel_scale), self.kernel_zero.logical
        kernel = dequantize_groups(self._codes(), scale, zero, self._value(self.g_idx)).t()
        if self.is_awq_calibrated:
            kernel = kernel / self._value(self.awq_scales).unsqueeze(-1)
        return kernel.reshape(self._kernel_shape)

    def _effective(self) -> torch.Tensor:
        mode = self.quantization_mode
        if mode == "int4":
            kernel = self._unpacked().reshape(self._kernel_shape)
        elif self.is_gptq_calibrated or self.is_awq_calibrated:
            kernel = self._codes()
        else:
            kernel = self._value(self._stored)
        return self._with_adapters(kernel)

    def _large_shape(self) -> Any:
        return self._kernel_shape if self._is_quantized else self._stored.shape

    # computing

    def _adapted_call(self, x: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if not x.is_floating_point():
            x = x.to(to_torch(self.compute_dtype))
        mode = self.quantization_mode
        if mode is None:
            x = self._times(x, self._effective())
        elif mode == "float8":
            return self._float8_outputs(x, bool(training))
        elif mode in ("gptq", "awq"):
            x = self._times(x, self._calibrated_kernel())
        else:
            x = self._integer_outputs(x, mode)
        if self.bias is not None:
            x = x + self._value(self.bias)
        return activations.raw(self.activation)(x)

    def _integer_outputs(self, x: torch.Tensor, mode: str) -> torch.Tensor:
        """The product with an int8 or int4 kernel, and what adapters add."""
        forward = self._int8_product if mode == "int8" else self._int4_product
        outputs = WithInputGradient.apply(x, forward, lambda up: self._times_back(up, self._dequantized()))
        if self.lora_enabled:
            a, b = self._adapters()
            dtype = torch.promote_types(x.dtype, a.dtype)
            added = torch.matmul(self._times(x.to(dtype), a.to(dtype)), b.to(dtype))
            outputs = (outputs + self._lora_scale * added).to(to_torch(self.compute_dtype))
        return outputs

    def _int8_product(self, x: torch.Tensor) -> torch.Tensor:
        scale, compute = self._value(self.kernel_scale), to_torch(self.compute_dtype)
        kernel = self._stored.logical
        if self.inputs_quantizer is None:
            return self._times(x, kernel.to(x.dtype)).to(compute) / scale
        x, of_inputs = self._quantized_inputs(x, self._summed_axes()[0])
        return self._exact(x, kernel).to(compute) / (scale * self._along_outputs(of_inputs, of_inputs=True))

    def _int4_product(self, x: torch.Tensor) -> torch.Tensor:
        kernel = self._dequantized()
        if self._block_size is not None or self.inputs_quantizer is None:
            return self._times(x, kernel)
        x, of_inputs = self._quantized_inputs(x, self._summed_axes()[0])
        return self._times(x.to(kernel.dtype), kernel) / self._along_outputs(of_inputs, of_inputs=True)

    def _exact(self, x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        """A product of integers without rounding."""
        wide = torch.float32 if self._flat[0] <= _EXACT else torch.float64
        return self._times(x.to(wide), kernel.to(wide))

    def _float8_outputs(self, x: torch.Tensor, training: bool) -> torch.Tensor:
        if self.lora_enabled:
            raise NotImplementedError("Currently, `_float8_call` doesn't support LoRA")
        dtype = self.compute_dtype

        def rounded(t: torch.Tensor, of: str) -> torch.Tensor:
            scale, history = getattr(self, f"{of}_scale").logical, getattr(self, f"{of}_amax_history").logical
            return _RoundedIn.apply(t, scale, history, training, dtype)

        outputs = self._times(rounded(x, "inputs"), rounded(self._value(self._stored), "kernel"))
        outputs = _RoundedBack.apply(
            outputs, self.outputs_grad_scale.logical, self.outputs_grad_amax_history.logical, dtype
        )
        if self.bias is not None:
            bias = self._value(self.bias)
            if dtype == "float32":
                bias = bias.to(torch.bfloat16).to(bias.dtype)  # the addition that is fused on devices with float8
            outputs = outputs + bias
        return activations.raw(self.activation)(outputs)

    # files

    @property
    def variable_serialization_spec(self) -> dict:
        """The names of the variables in files, in their order, for each mode of quantization."""
        history = [f"{of}_{what}" for of in ("inputs", "kernel", "outputs_grad") for what in ("scale", "amax_history")]
        return {
            None: ["kernel", "bias"],
            "int8": ["kernel", "bias", "kernel_scale"],
            "int4": ["kernel", "bias", "kernel_scale", "kernel_zero", "g_idx"],
            "float8": ["kernel", "bias", *history],
            "gptq": ["bias", "quantized_kernel", "kernel_scale", "kernel_zero", "g_idx"],
            "awq": ["bias", "quantized_kernel", "kernel_scale", "kernel_zero", "awq_scales", "g_idx"],
        }

    def _after_loading(self, loaded: list[Variable]) -> None:
        super()._after_loading(loaded)
        self._end_calibration(self.quantization_mode)

    def _end_calibration(self, mode: str | None) -> None:
        """The quantized kernel is there: from here on it counts, and the float one goes."""
        if mode in ("gptq", "awq"):
            setattr(self, f"is_{mode}_calibrated", True)
            if "kernel" in self.__dict__:
                del self.kernel
