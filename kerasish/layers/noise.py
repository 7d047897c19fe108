"""Layers that act in training only: dropout and noise; and a penalty on activations.

Without a ``seed`` the numbers come from torch's global generator, with one from a generator of the layer's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import regularizers
from kerasish.core.context import asks_for_keras_2
from kerasish.core.errors import fail
from kerasish.core.random import SeedGenerator
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.reshape import KeepsDtype
from kerasish.ops.conv import check_data_format


class RandomLayer(KeepsDtype):
    """The common part of the layers here that draw random numbers."""

    def __init__(self, seed: int | None, active: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        if active:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    _takes_sparse = True

    def call(self, inputs: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if not training or not self._strength():
            return inputs
        if isinstance(inputs, SparseTensor):
            raise not_dense(inputs, type(self).__name__)
        if not inputs.is_floating_point():
            raise fail(
                ValueError,
                f"Layer '{self.name}' scales its inputs in training: `x.dtype` must be a floating point type",
                received=f"x.dtype={inputs.dtype}",
            )
        return self._disturb(inputs)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return None if training else ()

    def _strength(self) -> float:
        """How much is dropped or added; 0 leaves the inputs as they are."""
        return self.rate

    def _disturb(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def _k_drawn(self, x: torch.Tensor, shape: Any, method: str, *parameters: float) -> torch.Tensor:
        """Random numbers like ``x``: of the layer's own generator, without a seed of torch's global one."""
        if self.seed is not None:
            return self.seed_generator.noise(x, shape, method, *parameters)
        return getattr(x.new_empty(shape), method)(*parameters)

    def _kept(self, x: torch.Tensor, shape: Any) -> torch.Tensor:
        """Ones and zeros of ``shape`` in the dtype of ``x``: which elements are kept."""
        return self._k_drawn(x, shape, "bernoulli_", 1.0 - float(self.rate))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class Dropout(RandomLayer):
    """In training, sets a part ``rate`` of the inputs to 0 and divides the others by ``1 - rate`` (Srivastava et al. 2014).

    Args:
        rate: from 0 to 1.
        noise_shape: shape of the choice, which is broadcast to the inputs: ``(None, 1, None)`` drops whole channels of
            ``(batch, time, channels)``; ``None`` stands for the input's size. Default: the inputs' shape.
        seed: an integer.

    Input and output shape: any.

    Raises:
        ValueError: ``rate`` is not between 0 and 1, or ``noise_shape`` is not a sequence of positive integers and None.

    >>> Dropout(0.5)(np.ones((1, 3))).numpy().tolist()
    [[1.0, 1.0, 1.0]]
    """

    _by_value = True
    _config_first = ("rate", "seed")

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        _check_part("rate", rate)
        super().__init__(seed, rate > 0, **kwargs)
        self.rate = rate
        self.noise_shape = _checked_noise_shape(noise_shape)

    def _disturb(self, x: torch.Tensor) -> torch.Tensor:
        shape = self._noise_shape(x)
        if self.seed is None and shape is None:
            return F.dropout(x, float(self.rate), True)
        if self.rate == 1:
            return torch.zeros_like(x)
        return x * (self._kept(x, x.shape if shape is None else shape) / (1.0 - self.rate))

    def _noise_shape(self, x: torch.Tensor) -> list[int] | None:
        return None if self.noise_shape is None else _filled(self.noise_shape, x)


class SpatialDropout(Dropout):
    """The common part of ``SpatialDropout1D`` … ``3D``: dropout of whole channels (Tompson et al. 2015)."""

    _config_first = ("rate", "seed", "name", "dtype")

    _dims: int

    _by_value = False

    def __init__(self, rate: float, data_format: str | None, seed: int | None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._dims + 2)

    def _noise_shape(self, x: torch.Tensor) -> list[int]:
        ones = (1,) * self._dims
        if self.data_format == "channels_first":
            return [*x.shape[:2], *ones]
        return [x.shape[0], *ones, x.shape[-1]]

    def get_config(self) -> dict:
        config = super().get_config()
        del config["trainable"]  # Keras's classes do not take it
        return {**config, "dtype": self.dtype_policy.name}


class SpatialDropout1D(SpatialDropout):
    """In training, sets a part ``rate`` of the channels to 0 and divides the others by ``1 - rate``.

    Args:
        rate: from 0 to 1.
        seed: an integer.

    Input and output shape: ``(batch, time, channels)``.
    """

    _dims = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, "channels_last", seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout2D(SpatialDropout):
    """In training, sets a part ``rate`` of the channels to 0 and divides the others by ``1 - rate``.

    Args:
        rate: from 0 to 1.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)``, or channels first.
    """

    _dims = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, data_format, seed, name=name, dtype=dtype, **kwargs)


class SpatialDropout3D(SpatialDropout2D):
    """In training, sets a part ``rate`` of the channels to 0 and divides the others by ``1 - rate``.

    Args:
        rate: from 0 to 1.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    _dims = 3


class GaussianNoise(RandomLayer):
    """In training, adds normal noise of mean 0.

    Args:
        stddev: of the noise, from 0 to 1.
        seed: an integer.

    Input and output shape: any.

    Raises:
        ValueError: ``stddev`` is not between 0 and 1.
    """

    _by_value = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        _check_part("stddev", stddev)
        super().__init__(seed, stddev > 0, **kwargs)
        self.stddev = stddev

    def _strength(self) -> float:
        return self.stddev

    def _disturb(self, x: torch.Tensor) -> torch.Tensor:
        return x + self._k_drawn(x, x.shape, "normal_", 0.0, float(self.stddev))


class GaussianDropout(RandomLayer):
    """In training, multiplies with normal noise of mean 1 and variance ``rate / (1 - rate)`` (Srivastava et al. 2014).

    Args:
        rate: from 0 to 1; that of the dropout with the same variance.
        seed: an integer.

    Input and output shape: any.

    Raises:
        ValueError: ``rate`` is not between 0 and 1.
    """

    _by_value = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        _check_part("rate", rate)
        super().__init__(seed, rate > 0, **kwargs)
        self.rate = rate

    def _disturb(self, x: torch.Tensor) -> torch.Tensor:
        deviation = math.sqrt(self.rate / (1.0 - self.rate))
        return x * self._k_drawn(x, x.shape, "normal_", 1.0, deviation)


# What selu tends to for large negative inputs: minus its two constants' product (Klambauer et al. 2017).
_SELU_LIMIT = -1.7580993408473766


class AlphaDropout(RandomLayer):
    """Dropout that keeps mean 0 and variance 1, for use with selu (Klambauer et al. 2017).

    In training a part ``rate`` of the inputs is set to selu's lower limit, then all are scaled and shifted.

    Args:
        rate: from 0 to 1.
        noise_shape: shape of the choice, as of ``Dropout``.
        seed: an integer.

    Input and output shape: any.

    Raises:
        ValueError: ``rate`` is not between 0 and 1, or ``noise_shape`` is not a sequence of positive integers and None.
    """

    _by_value = True
    _config_first = ("rate", "seed")

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        _check_part("rate", rate)
        super().__init__(seed, rate > 0, **kwargs)
        self.rate = rate
        self.noise_shape = _checked_noise_shape(noise_shape)

    def _disturb(self, x: torch.Tensor) -> torch.Tensor:
        kept = self._kept(x, x.shape if self.noise_shape is None else _filled(self.noise_shape, x))
        scale = ((1.0 - self.rate) * (1.0 + self.rate * _SELU_LIMIT**2)) ** -0.5
        shift = -scale * _SELU_LIMIT * self.rate
        return scale * (x * kept + _SELU_LIMIT * (1.0 - kept)) + shift


class ActivityRegularization(KeepsDtype):
    """Returns its inputs and adds a penalty on them to the loss: ``l1 · Σ|x| + l2 · Σx²``, divided by the batch size.

    Args:
        l1, l2: non-negative numbers.

    Input and output shape: any.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["activity_regularizer"]  # made from l1 and l2
        return config


# arguments ------------------------------------------------------------------------------------------------------------


def _check_part(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(
            f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. "
            f"Received: {name}={value}"
        )


def _checked_noise_shape(noise_shape: Any) -> tuple | None:
    if noise_shape is None or asks_for_keras_2():  # Keras 2 looks at it where it is used
        return noise_shape
    invalid = "Invalid value received for argument `noise_shape`."
    if isinstance(noise_shape, str) or not isinstance(noise_shape, Iterable):
        raise ValueError(f"{invalid} Expected a tuple or list of integers. Received: noise_shape={noise_shape}")
    sizes = tuple(noise_shape)
    for i, size in enumerate(sizes):
        if size is not None and not hasattr(size, "__index__"):
            raise ValueError(
                f"{invalid} Expected all elements to be integers or None. "
                f"Received element at index {i}: {size} (type: {type(size).__name__})"
            )
        if size is not None and size <= 0:
            raise ValueError(
                f"{invalid} Expected all dimensions to be positive integers or None. "
                f"Received negative or zero value at index {i}: {size}"
            )
    return sizes


def _filled(noise_shape: tuple, x: torch.Tensor) -> list[int]:
    """``noise_shape`` with the sizes of ``x`` for None; a shorter one belongs to the last axes.

    Raises:
        ValueError: it does not broadcast to the shape of ``x``.
    """
    own = x.shape[x.ndim - len(noise_shape) :] if len(noise_shape) <= x.ndim else ()
    filled = [size if wanted is None else wanted for wanted, size in zip(noise_shape, own)]
    if len(noise_shape) > x.ndim or any(wanted not in (1, size) for wanted, size in zip(filled, own)):
        raise fail(ValueError, "`noise_shape` must broadcast to the inputs' shape", tuple(x.shape), noise_shape)
    return filled
