"""Quantizers: objects that turn floats into integers and a scale, and the function behind them."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail
from kerasish.ops.common import Axis, axis_indices, torch_dtype


class Quantizer:
    """Turns a tensor into one of few bits; this one returns it as it is.

    Args:
        output_dtype: name of the dtype of the result.
    """

    def __init__(self, output_dtype: str = "int8") -> None:
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        return x

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls(**config)

    def get_config(self) -> dict:
        """The arguments that ``from_config`` takes.

        Raises:
            NotImplementedError: a subclass does not define it.
        """
        raise NotImplementedError(f"{self} does not implement get_config()")


@op
def abs_max_quantize(
    inputs: Array,
    axis: Axis,
    value_range: tuple = (-127, 127),
    dtype: str = "int8",
    epsilon: float = 1e-07,
    to_numpy: bool = False,
) -> Any:
    """Scale a tensor so that the largest magnitude along ``axis`` becomes ``value_range[1]``, and round.

    Args:
        inputs: floats.
        axis: along which the values share a scale.
        value_range: the least and the largest result.
        dtype: of the result.
        epsilon: added to the largest magnitude.
        to_numpy: has no effect on the result.

    Returns:
        The integers, and the scale, in the dtype of ``inputs`` and with length 1 along ``axis``: floats times scale are
        the integers.
    """
    largest = torch.amax(inputs.abs(), dim=axis_indices(axis, inputs.ndim), keepdim=True)
    scale = (value_range[1] / (largest + epsilon)).to(inputs.dtype)
    outputs = torch.round(inputs * scale).clamp(value_range[0], value_range[1])
    return outputs.to(torch_dtype(dtype)), scale


class AbsMaxQuantizer(Quantizer):
    """Scales by the largest magnitude, so that zero stays zero.

    Args:
        axis: along which the values share a scale; better given in the call.
        value_range: the least and the largest result.
        epsilon: added to the largest magnitude.
        output_dtype: of the result.

    Raises:
        ValueError: the range does not fit int8.

    >>> integers, scale = AbsMaxQuantizer()(np.array([[1.0, -2.0, 0.5]]))
    >>> integers.numpy().tolist()
    [[63, -127, 32]]
    """

    def __init__(
        self,
        axis: Axis = None,
        value_range: tuple = (-127, 127),
        epsilon: float = 1e-07,
        output_dtype: str = "int8",
    ) -> None:
        super().__init__(output_dtype=output_dtype)
        self.axis = axis if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range = value_range
        self.epsilon = epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise fail(
                ValueError,
                "Quantizer with output_dtype='int8' requires value_range to be within the interval [-128, 127]",
                received=f"value_range={value_range}",
            )

    def __call__(self, x: Any, axis: Axis = None, to_numpy: bool = False) -> Any:
        """The integers and the scale; ``axis`` defaults to the constructor's, that to the last."""
        if axis is None:
            axis = -1 if self.axis is None else self.axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self) -> dict:
        config = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        return config if self.axis is None else {**config, "axis": self.axis}
