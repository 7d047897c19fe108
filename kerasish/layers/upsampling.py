"""Layers that enlarge sequences, images and volumes by whole factors.

One implementation serves 1, 2 and 3 spatial axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.errors import fail
from kerasish.core.shape import tuple_of
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.reshape import KeepsDtype, positive
from kerasish.ops.conv import FROM_TORCH, TO_TORCH, check_data_format, spatial_axis
from kerasish.ops.image_resize import as_dtype_of, resample


def enlarge(x: torch.Tensor, factors: tuple[int, ...], data_format: str, kind: str = "nearest") -> torch.Tensor:
    """``x`` with each spatial axis so many times as long; channels-last data goes to torch as a view, as in ``conv``."""
    if x.ndim == 3:
        axis = spatial_axis(data_format)
        return enlarge(x.unsqueeze(axis), (1, *factors), data_format, kind).squeeze(axis)
    last = data_format == "channels_last"
    if last:
        x = x.permute(TO_TORCH[x.ndim])
    y = INTERPOLATIONS[kind](x, factors)
    return y.permute(FROM_TORCH[y.ndim]) if last else y


def _nearest(x: torch.Tensor, factors: tuple[int, ...]) -> torch.Tensor:
    if x.is_floating_point():  # "exact": indices from the middles of the elements, which no rounding can move
        return F.interpolate(x, _times(x.shape[2:], factors), mode="nearest-exact")
    for axis, factor in enumerate(factors, 2):
        x = x.repeat_interleave(factor, axis)
    return x


def _resampled(kind: str) -> Callable:
    def function(x: torch.Tensor, factors: tuple[int, ...]) -> torch.Tensor:
        height, width = _times(x.shape[2:], factors)
        return as_dtype_of(resample(x, (height, width), kind, False), x.dtype)

    return function


def _times(sizes: Any, factors: tuple[int, ...]) -> list[int]:
    return [size * factor for size, factor in zip(sizes, factors)]


INTERPOLATIONS = {
    "nearest": _nearest,
    "bilinear": _resampled("bilinear"),
    "bicubic": _resampled("bicubic"),
    "lanczos3": _resampled("lanczos3"),
    "lanczos5": _resampled("lanczos5"),
    "mitchellcubic": _resampled("mitchellcubic"),
    "gaussian": _resampled("gaussian"),
    "area": _nearest,  # the same thing where the factors are whole numbers
}


class UpSampling1D(KeepsDtype):
    """Each step of a sequence ``size`` times in a row.

    Args:
        size: how many times.

    Input shape: ``(batch, time, features)``. Output shape: ``(batch, time · size, features)``.
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive(size, "size")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return enlarge(inputs, (self.size,), "channels_last")

    def compute_output_shape(self, input_shape: Any) -> tuple:
        batch, time, features = input_shape
        return (batch, None if time is None else time * self.size, features)


class _UpSampling(KeepsDtype):
    """Enlarges each spatial axis by a whole factor."""

    rank: int
    interpolation = "nearest"

    def __init__(self, size: Any = 2, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.size = tuple_of(size, self.rank, "size")
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return enlarge(inputs, self.size, self.data_format, self.interpolation)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = list(input_shape)
        for axis, factor in enumerate(self.size, spatial_axis(self.data_format)):
            shape[axis] = None if shape[axis] is None else shape[axis] * factor
        return tuple(shape)


class UpSampling2D(_UpSampling):
    """Images enlarged by whole factors.

    Args:
        size: the factor, or (for rows, for columns).
        data_format: default: the image data format.
        interpolation: "nearest" repeats rows and columns; "bilinear", "bicubic", "lanczos3", "lanczos5", and Keras 2's
            "mitchellcubic" and "gaussian", compute new values between the middles of the old ones; "area" is "nearest".

    Input shape: ``(batch, height, width, channels)``, or channels first.

    >>> UpSampling2D((2, 3))(np.ones((1, 4, 4, 8))).shape
    TensorShape([1, 8, 12, 8])
    """

    rank = 2

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in INTERPOLATIONS:
            raise fail(
                ValueError,
                "Invalid value for argument `interpolation`",
                f"one of {tuple(INTERPOLATIONS)}",
                f"interpolation={interpolation}",
            )


class UpSampling3D(_UpSampling):
    """Volumes enlarged by whole factors: planes, rows and columns are repeated.

    Args:
        size: the factor, or one for each axis.
        data_format: default: the image data format.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    rank = 3
