"""Pooling layers: the maximum or mean of windows, of a given number of windows, or of whole axes.

One implementation serves 1, 2 and 3 spatial axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import ops
from kerasish.core.dtypes import to_torch
from kerasish.core.ragged import RaggedTensor
from kerasish.core.shape import tuple_of, window_output
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.reshape import KeepsDtype
from kerasish.ops.conv import check_data_format, check_padding, spatial_axis
from kerasish.ops.pool import adaptive_pool, pool, pooler


class PoolingLayer(KeepsDtype):
    """What all pooling layers share: ``rank`` spatial axes, and whether they take the "max" or the "average"."""

    rank: int
    kind: str

    def __init__(self, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def compute_dtype_of_output(self, args: tuple) -> Any:
        return super().compute_dtype_of_output(args) if self.kind == "max" else self.compute_dtype

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.is_floating_point() or self.kind == "average":
            return self._pool(self._floats(inputs))
        return self._pool(inputs.double()).to(inputs.dtype)  # torch's kernels on GPUs take floats only

    def _floats(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))

    def _pool(self, inputs: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def _with_sizes(self, input_shape: Any, sizes: Any) -> tuple:
        """``input_shape`` with other sizes of the spatial axes."""
        first = spatial_axis(self.data_format)
        return (*input_shape[:first], *sizes, *input_shape[first + self.rank :])


# windows --------------------------------------------------------------------------------------------------------------


class WindowPooling(PoolingLayer):
    """The common part of ``MaxPooling1D`` … ``AveragePooling3D``.

    Args:
        pool_size, strides: an integer, or one for each spatial axis; ``strides`` are ``pool_size`` by default.
        padding: "valid", or "same": windows may reach over the ends; what lies outside does not count.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Raises:
        ValueError: an argument is out of its range, or the inputs are smaller than the window.
    """

    _config_first = ("pool_size", "padding", "strides")

    _settled = ("pool_size", "strides", "padding", "data_format")

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, name=name, **kwargs)
        self.pool_size = tuple_of(pool_size, self.rank, "pool_size")
        self.strides = self.pool_size if strides is None else tuple_of(strides, self.rank, "strides")
        self.padding = check_padding(padding, ("valid", "same"))
        self.built = self._has_nothing_to_build()

    def _pool(self, inputs: torch.Tensor) -> torch.Tensor:
        try:
            return pool(inputs, self.kind, self.pool_size, self.strides, self.padding, self.data_format)
        except RuntimeError:
            self.compute_output_shape(inputs.shape)  # words it if the shape is at fault
            raise

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        if self.padding != "valid" or not inputs.dtype.is_floating or inputs.dtype.size < 4:
            return None
        refuse = self.compute_output_shape  # words it if the shape is at fault
        return (pooler(self.kind, self.pool_size, self.strides, self.data_format, refuse),)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        first = spatial_axis(self.data_format)
        sizes = [
            window_output(size, window, stride, self.padding)
            for size, window, stride in zip(input_shape[first:], self.pool_size, self.strides)
        ]
        if any(size is not None and size <= 0 for size in sizes):
            raise ValueError(
                f"Computed output size would be zero or negative. Received: `inputs.shape={tuple(input_shape)}`, "
                f"`pool_size={self.pool_size}`, `strides={self.strides}`, `padding={self.padding}`."
            )
        return self._with_sizes(input_shape, sizes)


class MaxPooling1D(WindowPooling):
    """The largest value of each channel in windows along time.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: the same, ``time`` shorter.
    """

    rank, kind = 1, "max"


class MaxPooling2D(WindowPooling):
    """The largest value of each channel in windows of height and width.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first. Output shape: the same, smaller.

    >>> MaxPooling2D(2)(np.ones((1, 28, 28, 8))).shape
    TensorShape([1, 14, 14, 8])
    """

    rank, kind = 2, "max"


class MaxPooling3D(WindowPooling):
    """The largest value of each channel in windows of depth, height and width.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first. Output shape: the same, smaller.
    """

    rank, kind = 3, "max"


class AveragePooling1D(WindowPooling):
    """The mean of each channel in windows along time.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: the same, ``time`` shorter.
    """

    rank, kind = 1, "average"


class AveragePooling2D(WindowPooling):
    """The mean of each channel in windows of height and width.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first. Output shape: the same, smaller.
    """

    rank, kind = 2, "average"


class AveragePooling3D(WindowPooling):
    """The mean of each channel in windows of depth, height and width.

    Arguments: see ``WindowPooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first. Output shape: the same, smaller.
    """

    rank, kind = 3, "average"


# whole axes -----------------------------------------------------------------------------------------------------------


class GlobalPooling(PoolingLayer):
    """The common part of ``GlobalMaxPooling1D`` … ``GlobalAveragePooling3D``.

    Args:
        data_format: "channels_last" or "channels_first"; default: the image data format.
        keepdims: whether the spatial axes stay, with length 1.
    """

    _settled = ("data_format", "keepdims")

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.keepdims = keepdims
        self.built = self._has_nothing_to_build()

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(inputs, RaggedTensor) or self.data_format != "channels_last":
            return super()._call_on_composite(inputs)
        reduce = ops.mean if self.kind == "average" else ops.max
        return reduce(inputs, axis=list(range(1, self.rank + 1)), keepdims=self.keepdims)

    def _axes(self) -> tuple[int, ...]:
        first = spatial_axis(self.data_format)
        return tuple(range(first, first + self.rank))

    def _pool(self, inputs: torch.Tensor) -> torch.Tensor:
        reduce = torch.amax if self.kind == "max" else torch.mean
        return reduce(inputs, self._axes(), self.keepdims)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        if not inputs.dtype.is_floating:
            return None
        reduce, axes, keepdims = torch.amax if self.kind == "max" else torch.mean, self._axes(), self.keepdims
        return (lambda x: reduce(x, axes, keepdims),)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._with_sizes(input_shape, (1,) * self.rank if self.keepdims else ())


class GlobalMaxPooling1D(GlobalPooling):
    """The largest value of each channel over time.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, channels)``.
    """

    rank, kind = 1, "max"


class GlobalMaxPooling2D(GlobalPooling):
    """The largest value of each channel over height and width.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first. Output shape: ``(batch, channels)``.
    """

    rank, kind = 2, "max"


class GlobalMaxPooling3D(GlobalPooling):
    """The largest value of each channel over depth, height and width.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first. Output shape: ``(batch, channels)``.
    """

    rank, kind = 3, "max"


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel over time; steps that the mask calls padding are left out.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, channels)``.

    >>> GlobalAveragePooling1D()(np.ones((2, 5, 8)), mask=np.array([[True] * 5, [True] * 2 + [False] * 3])).shape
    TensorShape([2, 8])
    """

    rank, kind = 1, "average"

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        inputs = self._floats(inputs)
        if mask is None:
            return self._pool(inputs)
        (time,) = self._axes()
        kept = mask.to(torch.bool).unsqueeze(3 - time)
        total = torch.where(kept, inputs, 0).sum(time, self.keepdims)  # not a product: NaN in padding does not count
        return total / kept.to(inputs.dtype).sum(time, self.keepdims)

    _lowered = GlobalPooling._lowered

    def compute_mask(self, inputs: torch.Tensor, mask: Any = None) -> None:
        return None


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel over height and width.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first. Output shape: ``(batch, channels)``.

    >>> GlobalAveragePooling2D()(np.ones((2, 7, 7, 8))).shape
    TensorShape([2, 8])
    """

    rank, kind = 2, "average"


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel over depth, height and width.

    Arguments: see ``GlobalPooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first. Output shape: ``(batch, channels)``.
    """

    rank, kind = 3, "average"


# a given number of windows --------------------------------------------------------------------------------------------


class AdaptivePooling(PoolingLayer):
    """The common part of ``AdaptiveMaxPooling1D`` … ``AdaptiveAveragePooling3D``.

    Window i of n along an axis reaches from ⌊i · length / n⌋ to ⌈(i + 1) · length / n⌉.

    Args:
        output_size: the number of windows: an integer, or one for each spatial axis.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Raises:
        TypeError: ``output_size`` is neither.
    """

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        try:
            self.output_size = tuple_of(output_size, self.rank, "output_size")
        except ValueError:
            axes = ("", "tuple of 1 integer", "(height, width) tuple", "(depth, height, width) tuple")[self.rank]
            raise TypeError(
                f"`output_size` must be an integer or {axes}, all positive. "
                f"Received: {output_size} of type {type(output_size)}"
            ) from None

    def _pool(self, inputs: torch.Tensor) -> torch.Tensor:
        return adaptive_pool(inputs, self.kind, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._with_sizes(input_shape, self.output_size)


class AdaptiveMaxPooling1D(AdaptivePooling):
    """The largest value of each channel in ``output_size`` windows along time.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: the same, ``time`` being ``output_size``.
    """

    rank, kind = 1, "max"


class AdaptiveMaxPooling2D(AdaptivePooling):
    """The largest value of each channel in ``output_size`` windows of height and width.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    """

    rank, kind = 2, "max"


class AdaptiveMaxPooling3D(AdaptivePooling):
    """The largest value of each channel in ``output_size`` windows of depth, height and width.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    rank, kind = 3, "max"


class AdaptiveAveragePooling1D(AdaptivePooling):
    """The mean of each channel in ``output_size`` windows along time.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: the same, ``time`` being ``output_size``.
    """

    rank, kind = 1, "average"


class AdaptiveAveragePooling2D(AdaptivePooling):
    """The mean of each channel in ``output_size`` windows of height and width.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, height, width, channels)``, or channels first.

    >>> AdaptiveAveragePooling2D((2, 3))(np.ones((1, 7, 7, 8))).shape
    TensorShape([1, 2, 3, 8])
    """

    rank, kind = 2, "average"


class AdaptiveAveragePooling3D(AdaptivePooling):
    """The mean of each channel in ``output_size`` windows of depth, height and width.

    Arguments: see ``AdaptivePooling``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    rank, kind = 3, "average"


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
