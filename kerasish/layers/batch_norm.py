"""BatchNormalization: by torch's fused kernel where nothing but the batch has a say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import initializers
from kerasish.core.context import local, settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.replicas import AllSum, num_processes
from kerasish.core.symbolic import KerasTensor
from kerasish.core.variable import Variable, Weight
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.norm import ScaledNormalization, check_axes, parameter, single_axis

_SIXTEEN_BITS = (torch.float16, torch.bfloat16)


class BatchNormalization(ScaledNormalization):
    """Normalizes each channel: in training by the mean and variance of the batch, otherwise by their moving averages.

    ``gamma · (x - mean) / √(variance + epsilon) + beta`` (Ioffe and Szegedy 2015). A training step also moves the averages:
    ``moving = momentum · moving + (1 - momentum) · batch``, the variance being the biased one. A layer with
    ``trainable=False`` uses the moving averages in training too.

    Args:
        axis: of the channels.
        momentum: how much of the old moving averages is kept.
        epsilon: added to the variance.
        center, scale: whether ``beta`` is added, and whether it is multiplied by ``gamma``.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer, beta_regularizer,
        gamma_regularizer, beta_constraint, gamma_constraint: names, objects or configs.
        renorm: whether to correct the normalized batch towards moving averages (Ioffe 2017): times r, plus d, with
            r = batch deviation / average deviation and d = (batch mean - average mean) / average deviation, as constants.
        renorm_clipping: bounds ``rmin``, ``rmax`` of r and ``dmax`` of d's size, as a dictionary; a missing one is no bound.
        renorm_momentum: how much of the old averages behind r and d is kept.
        synchronized: whether the statistics are those of the whole batch where several processes compute together;
            otherwise each process normalizes by its own rows, and averages are made one at the end of each epoch.
        fused: Keras 2's choice of a kernel; it does not change the result.

    Call arguments: ``training``; ``mask`` of shape ``(batch, ...)`` without the last axis: what is False does not count.

    Input and output shape: any.

    >>> layer = BatchNormalization()
    >>> layer(np.ones((2, 3)), training=True).shape
    TensorShape([2, 3])
    """

    _config_last = ("renorm", "renorm_clipping", "renorm_momentum")

    _settled = ("axis", "epsilon", "gamma", "beta", "renorm")

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("fused", None)
        for name in ("virtual_batch_size", "adjustment"):
            if kwargs.pop(name, None) is not None:
                raise fail(NotImplementedError, f"BatchNormalization({name}=...) is not available, as in Keras 3")
        super().__init__(
            float(epsilon),
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        self.axis = single_axis(axis)
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.synchronized = synchronized
        self.renorm = renorm
        self.renorm_clipping = _checked_clipping(renorm_clipping or {}) if renorm else renorm_clipping
        self.renorm_momentum = float(renorm_momentum)

    def build(self, input_shape: Any) -> None:
        check_axes([self.axis], input_shape, self)
        channels = known_axis(input_shape, self.axis, self)
        self._add_scale_and_offset((channels,), self.scale, self.center)
        mean, variance = self.moving_mean_initializer, self.moving_variance_initializer
        self.moving_mean = self._add_statistic("moving_mean", channels, mean)
        self.moving_variance = self._add_statistic("moving_variance", channels, variance)
        if self.renorm:
            deviation = _root_of(variance)
            self.moving_stddev = self._add_statistic("moving_stddev", channels, deviation)
            self.renorm_mean = self._add_statistic("renorm_mean", channels, mean)
            self.renorm_stddev = self._add_statistic("renorm_stddev", channels, deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def _add_statistic(self, name: str, channels: int, initializer: Any) -> Weight:
        # 16 bits are too few for an average that moves by a hundredth of a difference
        dtype = "float32" if to_torch(self.variable_dtype) in _SIXTEEN_BITS else self.variable_dtype
        return self.add_weight(
            name=name, shape=(channels,), initializer=initializer, dtype=dtype, trainable=False, autocast=False
        )

    def call(self, inputs: torch.Tensor, training: bool | None = None, mask: Any = None) -> torch.Tensor:
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                "The mask provided should be one dimension less than the inputs. "
                f"Received: mask.shape={tuple(mask.shape)}, inputs.shape={tuple(inputs.shape)}"
            )
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        if training and self._trainable and (mask is not None or self.renorm or self._is_shared()):
            return self._normalize_by_steps(x, mask)
        flat = x.ndim < 2 or (self.axis in (-1, x.ndim - 1) and x.is_contiguous())
        folded = x.reshape(-1, x.shape[self.axis]) if flat else x.movedim(self.axis, 1)  # views; kernels take either
        if training and self._trainable:
            outputs = self._normalize_by_batch(folded)
        else:
            statistics = self._buffers
            mean, variance = statistics["moving_mean"], statistics["moving_variance"]
            if torch.is_grad_enabled():  # what backward keeps must not change with the next step of training
                mean, variance = mean.clone(), variance.clone()
            gamma, beta = self._scale_and_offset(mean.dtype)
            outputs = F.batch_norm(folded, mean, variance, gamma, beta, False, 0.0, self.epsilon)
        return outputs.reshape(x.shape) if flat else outputs.movedim(1, self.axis)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        rank, dtype = len(inputs.shape), self._buffers["moving_mean"].dtype
        plain = self.gamma is not None and self.beta is not None and self.gamma.dtype == self.moving_mean.dtype
        last = self.axis in (-1, rank - 1)
        if self.renorm or self._is_shared() or not plain or rank < 2 or to_torch(inputs.dtype.name) is not dtype:
            return None
        if rank > 2 and not last:
            return None
        weights, statistics, epsilon, channels = self._parameters, self._buffers, self.epsilon, self.gamma.shape[0]
        function = torch.batch_norm

        def by_average(x: torch.Tensor) -> torch.Tensor:
            mean, variance = statistics["moving_mean"], statistics["moving_variance"]
            if torch.is_grad_enabled():  # see ``call``
                mean, variance = mean.clone(), variance.clone()
            return function(x, weights["gamma"], weights["beta"], mean, variance, False, 0.0, epsilon, True)

        def by_batch(x: torch.Tensor) -> torch.Tensor:
            return self._normalize_by_batch(x) if self._trainable else by_average(x)

        rows = by_batch if training else by_average

        def folded(x: torch.Tensor) -> torch.Tensor:
            if x.is_contiguous():
                return rows(x.reshape(-1, channels)).view(x.shape)
            return rows(x.movedim(-1, 1)).movedim(1, -1)

        return (rows if rank == 2 else folded,)

    def _is_shared(self) -> bool:
        """Whether the statistics are made by several processes."""
        return bool(self.synchronized) and (
            num_processes() > 1 or local.share is not None
        )  # the latter: while compiled

    def _scale_and_offset(self, dtype: torch.dtype) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        return parameter(self, "gamma", dtype), parameter(self, "beta", dtype)

    def _normalize_by_batch(self, folded: torch.Tensor) -> torch.Tensor:
        """The batch's own statistics, by torch's fused kernel; ``folded`` has the channels second."""
        # With momentum 1 the kernel leaves the batch's mean and unbiased variance in the buffers that it is given. The
        # moving averages are not given to it: its backward keeps them, and a second call would change them under it.
        mean, variance = torch.zeros_like(self._buffers["moving_mean"]), torch.zeros_like(self._buffers["moving_mean"])
        gamma, beta = self._scale_and_offset(mean.dtype)
        outputs = torch.native_batch_norm(folded, gamma, beta, mean, variance, True, 1.0, self.epsilon)[0]
        count = folded.numel() // folded.shape[1]
        biased = variance * ((count - 1) / count) if count > 1 else torch.zeros_like(variance)
        _move_average(self.moving_mean, mean, self.momentum)
        _move_average(self.moving_variance, biased, self.momentum)
        return outputs

    def _normalize_by_steps(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """The batch's statistics where a mask or a correction has a say."""
        last = x.movedim(self.axis, -1)
        dtype = self._buffers["moving_mean"].dtype
        rows = last.reshape(-1, last.shape[-1]).to(dtype)
        together = self._is_shared() and local.overlay is None
        if mask is None and not together:
            variance, mean = torch.var_mean(rows, 0, correction=0)
        else:
            weights = torch.ones_like(rows)
            if mask is not None:
                weights = mask.bool().unsqueeze(-1).expand(x.shape).movedim(self.axis, -1).reshape(rows.shape).to(dtype)
            if local.share is not None and not local.share.rows:
                weights = weights * 0
            total = AllSum.apply if together else _itself
            count = total(weights.sum(0)) + (settings.epsilon if mask is not None else 0)
            mean = total((rows * weights).sum(0)) / count
            variance = total(((rows - mean).square() * weights).sum(0)) / count
        outputs = (rows - mean) * torch.rsqrt(variance + self.epsilon)
        if self.renorm:
            r, d = self._renorm(mean.detach(), torch.sqrt(variance.detach() + self.epsilon))
            outputs = outputs * r + d
        else:
            _move_average(self.moving_mean, mean.detach(), self.momentum)
            _move_average(self.moving_variance, variance.detach(), self.momentum)
        gamma, beta = self._scale_and_offset(dtype)
        outputs = outputs if gamma is None else outputs * gamma
        outputs = outputs if beta is None else outputs + beta
        return outputs.to(x.dtype).reshape(last.shape).movedim(-1, self.axis)

    def _renorm(self, mean: torch.Tensor, deviation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The correction (r, d) of batch renormalization; moves all averages."""
        average = self._buffers["renorm_stddev"].clamp(min=self.epsilon**0.5)
        limits = self.renorm_clipping
        r = deviation / average
        d = (mean - self._buffers["renorm_mean"]) / average
        if limits.get("rmin") is not None or limits.get("rmax") is not None:
            r = torch.clamp(r, limits.get("rmin"), limits.get("rmax"))
        if limits.get("dmax") is not None:
            d = torch.clamp(d, -limits["dmax"], limits["dmax"])
        _move_average(self.renorm_mean, mean, self.renorm_momentum)
        _move_average(self.renorm_stddev, deviation, self.renorm_momentum)
        _move_average(self.moving_mean, mean, self.momentum)
        _move_average(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.write((self._buffers["moving_stddev"].square() - self.epsilon).clamp(min=0))
        return r, d


def _itself(x: torch.Tensor) -> torch.Tensor:
    return x


def _move_average(average: Variable, value: torch.Tensor, momentum: float) -> None:
    """average = momentum · average + (1 - momentum) · value, in place."""
    if local.overlay is not None:  # a trial run: nothing of it stays
        average.write(torch.lerp(average.read(), value, 1.0 - momentum))
        return
    average.make_writable()
    average.stored.lerp_(value, 1.0 - momentum)


def _root_of(initializer: Callable) -> Callable:
    """The initializer of a standard deviation, from that of the variance."""
    return lambda shape, dtype=None: torch.sqrt(initializers.make(initializer, shape, dtype))


def _checked_clipping(limits: dict) -> dict:
    limits = dict(limits)
    if set(limits) - {"rmax", "rmin", "dmax"}:
        raise ValueError(
            f"Received invalid keys for `renorm_clipping` argument: {limits}. "
            "Supported values: ['rmax', 'rmin', 'dmax']."
        )
    low, high, size = (limits.get(name) for name in ("rmin", "rmax", "dmax"))
    if low is not None and high is not None and high <= low:
        raise ValueError(
            f"rmax should be greater than rmin in the `renorm_clipping` argument. Received: rmax={high}, rmin={low}."
        )
    if size is not None and size < 0:
        raise ValueError(f"dmax should be non-negative in the `renorm_clipping` argument. Received: dmax={size}.")
    return limits
