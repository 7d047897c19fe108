"""EinsumDense: a fully connected layer whose contraction is written as an einsum equation."""

from __future__ import annotations

import math
import re
import string
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import activations, constraints, initializers, regularizers
from kerasish.core.errors import ShapeMismatchError
from kerasish.core.layout import Layout
from kerasish.layers.adapters import large_weight, stored_weight
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.quantized_product import QuantizedProduct

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class ReshapedLayout(Layout):
    """A weight stored with runs of axes flattened into one, as matrix products want it.

    Args:
        logical, stored: the two shapes.
    """

    def __init__(self, logical: tuple[int, ...], stored: tuple[int, ...]) -> None:
        super().__init__(tuple(range(len(logical))))
        self.logical, self.stored = logical, stored

    def to_logical(self, stored: torch.Tensor) -> torch.Tensor:
        return stored.reshape(self.logical)

    def to_stored(self, logical: torch.Tensor) -> torch.Tensor:
        return logical.reshape(self.stored)

    def logical_shape(self, stored: torch.Size) -> tuple[int, ...]:
        return self.logical


@dataclass(frozen=True)
class Contraction:
    """An equation and the shapes of one layer: axes have letters, those that "..." stands for capital ones of their own.

    Attributes:
        inputs, kernel, outputs: the letters of the three tensors.
        output_shape: with ``None`` where it depends on the inputs or is unknown.
        kernel_shape: of the kernel, ``None`` where unknown.
        bias_shape: as it broadcasts to the outputs; None without a bias.
    """

    inputs: str
    kernel: str
    outputs: str
    output_shape: tuple
    kernel_shape: tuple
    bias_shape: tuple | None

    @property
    def summed(self) -> str:
        """The kernel's letters that are not the outputs'."""
        return "".join(c for c in self.kernel if c not in self.outputs)

    @property
    def is_matrix_product(self) -> bool:
        """Whether the inputs' last axes are multiplied with the kernel's first or last ones, and nothing is permuted."""
        summed = self.summed
        new = "".join(c for c in self.kernel if c not in summed)
        free = self.inputs[: len(self.inputs) - len(summed)]
        return (
            bool(summed and new)
            and len(set(self.inputs)) == len(self.inputs)
            and self.inputs == free + summed
            and self.kernel in (summed + new, new + summed)
            and self.outputs == free + new
        )

    @property
    def kernel_axes(self) -> tuple[list[int], list[int]]:
        """The kernel's axes that are summed over, and those that the outputs have."""
        summed = self.summed
        places = range(len(self.kernel))
        return [i for i in places if self.kernel[i] in summed], [i for i in places if self.kernel[i] not in summed]


def contraction(equation: str, bias_axes: str | None, input_shape: Any, partial_output_shape: tuple) -> Contraction:
    """Read an equation, for inputs of a shape.

    Raises:
        ValueError: the equation has another form, or it does not fit the shapes.
    """
    match = _EQUATION.fullmatch(equation)
    dots = match.group(1, 3, 5, 7) if match else None
    if dots not in ((None,) * 4, ("...", None, "...", None), (None, "...", None, "...")) or (
        dots[1] and len(match[2]) < 2
    ):
        raise ValueError(
            f"Invalid einsum equation '{equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
            "[X]...,[Y]->[Z]...."
        )
    inputs, kernel, outputs = match[2], match[4], match[6]
    elided = len(input_shape) - len(inputs)
    if elided < 0 or (elided and not any(dots)):
        raise ShapeMismatchError(
            f"The einsum equation '{equation}' is for inputs of rank {len(inputs)}{' or more' if any(dots) else ''}. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    hidden = "".join(c for c in string.ascii_uppercase if c not in equation)[:elided]
    if dots[0]:
        inputs, outputs = hidden + inputs, hidden + outputs
        between = tuple(input_shape[1:elided])
        shape = (input_shape[0], *between, *partial_output_shape)
    else:
        inputs, outputs = inputs + hidden, outputs + hidden
        shape = (input_shape[0], *partial_output_shape, *input_shape[len(input_shape) - elided :])
    if len(shape) != len(outputs):
        raise ValueError(
            f"The outputs of the einsum equation '{equation}' have rank {len(outputs)} for inputs of shape "
            f"{tuple(input_shape)}, but `output_shape` gives rank {len(shape)}. Received: "
            f"output_shape={partial_output_shape} (without the batch axis)"
        )
    return _with_shapes(inputs, kernel, outputs, tuple(input_shape), shape, bias_axes, 0 if dots[0] else elided)


def _with_shapes(
    inputs: str,
    kernel: str,
    outputs: str,
    input_shape: tuple,
    output_shape: tuple,
    bias_axes: str | None,
    elided_right: int,
) -> Contraction:
    own, made = dict(zip(inputs, input_shape)), dict(zip(outputs, output_shape))
    for letter in inputs:
        if made.get(letter) is not None and made[letter] != own[letter]:
            raise ValueError(
                f"Input shape and output shape do not match at shared dimension '{letter}'. Input shape is {own[letter]}, "
                f"and output shape is {made[letter]}."
            )
    for letter in outputs:
        if letter not in inputs and letter not in kernel:
            raise ValueError(
                f"Dimension '{letter}' was specified in the output '{outputs}' but has no corresponding dim in the input "
                f"spec '{inputs}' or weight spec '{kernel}'"
            )
    for letter in kernel:
        if letter not in made and letter not in own:
            raise ValueError(
                f"Weight dimension '{letter}' did not have a match in either the input spec '{inputs}' or the output spec "
                f"'{outputs}'. For this layer, the weight must be fully specified."
            )
    kernel_shape = tuple(made[c] if c in made else own[c] for c in kernel)
    bias_shape = None
    if bias_axes is not None:
        for letter in bias_axes:
            if letter not in outputs:
                raise ValueError(
                    f"Bias dimension '{letter}' was requested, but is not part of the output spec '{outputs}'"
                )
        first = min(map(outputs.find, bias_axes))
        bias_shape = tuple(made[c] if c in bias_axes else 1 for c in outputs[first:])
    return Contraction(inputs, kernel, outputs, output_shape, kernel_shape, bias_shape)


class EinsumDense(QuantizedProduct, Layer):
    """A fully connected layer for inputs of any rank: ``activation(einsum(equation, inputs, kernel) + bias)``.

    An equation that multiplies the inputs' last axes with the kernel runs as one matrix product, the bias in it.

    Args:
        equation: letters of the inputs' and the kernel's axes, and of the outputs': "abc,cd->abd". "..." stands for axes
            that are kept, on the left or on the right: "...x,xy->...y".
        output_shape: of the outputs without the batch axis (and without those that "..." stands for), an integer or a
            tuple; ``None`` for a size that is taken from the inputs.
        activation: name or function; default: none.
        bias_axes: letters of the outputs' axes that the bias has; default: no bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint: names,
            objects or configs.
        lora_rank, lora_alpha: as of ``enable_lora``, which is then called when the layer is built.
        gptq_unpacked_column_size: columns of the kernel as a matrix, in configurations of layers that GPTQ quantized.
        quantization_config: of a layer whose dtype policy is a quantized one.

    Raises:
        ValueError: when it is built, the equation has another form, or does not fit the shapes.

    >>> layer = EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")
    >>> layer(np.ones((2, 3, 4))).shape
    TensorShape([2, 3, 5])
    """

    _config_first = (
        "output_shape",
        "equation",
        "activation",
        "bias_axes",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
    )

    _not_in_config = ("output_shape", "lora_rank", "lora_alpha", "gptq_unpacked_column_size")
    _zero_point_name = "zero_point"
    _own_int4_quantizer = False
    kernel = large_weight("kernel")
    _kernel = stored_weight("kernel")

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._take_adapter_arguments(lora_rank, lora_alpha, quantization_config)
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        parts = contraction(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        summed, new = parts.kernel_axes
        shape = tuple(known_axis(parts.kernel_shape, i, self) for i in range(len(parts.kernel)))
        rows, columns = (math.prod(shape[i] for i in axes) for axes in (summed, new))
        self._contraction = parts
        self._torch_equation = f"{parts.inputs},{parts.kernel}->{parts.outputs}"
        self._rows = self._tail = None
        layout = None
        if parts.is_matrix_product:
            self._rows, self._tail = rows, tuple(shape[i] for i in new)
            self._summed = len(summed)
            self._kernel_is_turned = summed[0] != 0
            stored = (columns, rows) if self._kernel_is_turned else (rows, columns)
            layout = ReshapedLayout(shape, stored) if len(shape) > 2 else None
        if not self._build_quantized(shape):
            self.kernel = self.add_weight(
                name="kernel",
                shape=shape,
                initializer=_for_axes(self.kernel_initializer, summed, new),
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
                layout=layout,
            )
        self._add_bias(parts.bias_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        self._end_build()

    def _add_bias(self, shape: tuple | None) -> None:
        self.bias = None
        self._bias_is_fused = False
        if shape is None:
            return
        shape = tuple(known_axis(shape, i, self) for i in range(len(shape)))
        self._bias_is_fused = shape == self._tail
        self.bias = self.add_weight(
            name="bias",
            shape=shape,
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
            layout=ReshapedLayout(shape, (math.prod(shape),)) if self._bias_is_fused and len(shape) > 1 else None,
        )

    def call(self, inputs: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if self._adapted:
            return self._run_adapted(inputs, training)
        weights = self._parameters
        kernel = weights["kernel"]
        if not inputs.is_floating_point():
            inputs = inputs.to(kernel.dtype)
        if self._rows is None:
            outputs = torch.einsum(self._torch_equation, inputs, kernel)
        else:
            outputs = self._product(inputs, kernel, weights["bias"] if self._bias_is_fused else None)
        if self.bias is not None and not self._bias_is_fused:
            outputs = outputs + weights["bias"]
        return outputs if self.activation is activations.linear else activations.raw(self.activation)(outputs)

    def _product(self, inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """The contraction as one product of matrices."""
        rows = inputs.reshape(-1, self._rows)
        if self._kernel_is_turned:
            outputs = F.linear(rows, kernel, bias)
        else:
            outputs = torch.mm(rows, kernel) if bias is None else torch.addmm(bias, rows, kernel)
        return outputs.view(*inputs.shape[: inputs.ndim - self._summed], *self._tail)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return contraction(self.equation, self.bias_axes, input_shape, self.partial_output_shape).output_shape

    def get_config(self) -> dict:
        config = {"activity_regularizer": None, **super().get_config(), "output_shape": self.partial_output_shape}
        if self.gptq_unpacked_column_size:
            config["gptq_unpacked_column_size"] = self.gptq_unpacked_column_size
        return config

    # the product, for QuantizedProduct

    def _times(self, x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return torch.einsum(self._torch_equation, x, kernel)

    def _times_back(self, upstream: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        parts = self._contraction
        return torch.einsum(f"{parts.outputs},{parts.kernel}->{parts.inputs}", upstream, kernel)

    def _summed_axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        of_inputs, of_kernel = (
            tuple(i for i, letter in enumerate(letters) if letter not in self._contraction.outputs)
            for letters in (self._contraction.inputs, self._contraction.kernel)
        )
        return of_inputs, of_kernel

    def _along_outputs(self, scale: torch.Tensor, of_inputs: bool = False) -> torch.Tensor:
        letters = self._contraction.inputs if of_inputs else self._contraction.kernel
        return _rearranged(scale, letters, self._contraction.outputs)

    def _along_kernel(self, scale: torch.Tensor) -> torch.Tensor:
        return _rearranged(scale, self._contraction.outputs, self._contraction.kernel)

    def _matrix(self, shape: tuple) -> tuple[int, int]:
        if len(shape) == 2:
            return shape
        if len(shape) != 3:
            raise ValueError(f"Quantization with data only supports 2D or 3D kernels. Received: kernel shape {shape}")
        first, second, third = shape  # the longest axis is taken for the model's width, the others for the heads
        return (first, second * third) if first == max(shape) else (first * second, third)

    def _gptq_build(self, shape: tuple, config: Any) -> None:
        super()._gptq_build(shape, config)
        self.gptq_unpacked_column_size = self._matrix(shape)[1]


EinsumDense._quantizable = EinsumDense


def _rearranged(scale: torch.Tensor, letters: str, wanted: str) -> torch.Tensor:
    """A scale with axes ``letters`` with the axes ``wanted``: those that it lacks, or that are not wanted, have length 1."""
    kept = [i for i, letter in enumerate(letters) if letter in wanted]
    scale = scale.reshape([scale.shape[i] for i in kept])  # what goes has length 1
    order = [letter for letter in wanted if letter in letters]
    scale = scale.permute([[letters[i] for i in kept].index(letter) for letter in order])
    return scale.reshape([scale.shape[order.index(letter)] if letter in order else 1 for letter in wanted])


def _for_axes(initializer: Any, summed: list[int], new: list[int]) -> Any:
    """An initializer that scales with the axes' lengths, told which they are; one that was told is left as it is."""
    if not isinstance(initializer, initializers.VarianceScaling) or None not in (
        initializer.input_axes,
        initializer.output_axes,
    ):
        return initializer
    config = {**initializer.get_config(), "seed": initializer.seed, "input_axes": summed, "output_axes": new}
    return type(initializer).from_config(config)
