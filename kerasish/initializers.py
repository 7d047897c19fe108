"""First values of weights (``keras.initializers``), with TensorFlow's own numbers.

An integer seed n is the stateless seed (n, 0). Without a seed one is drawn from Python's generator at construction, so an
initializer gives the same values each time it is called, and ``keras.utils.set_random_seed`` makes a model reproducible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, old_names, registry
from kerasish.core.context import asks_for_keras_2, local, scope
from kerasish.core.dtypes import as_dtype, standardize, to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.random import (
    SeedGenerator,
    draw_seed,
    integers_raw,
    make_default_seed,
    normal_raw,
    shape_of,
    truncated_raw,
    uniform_raw,
)
from kerasish.core.registry import publish
from kerasish.ops import signal_windows

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
    "RandomUniform", "STFT", "STFTInitializer", "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize",
    "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
    "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "stft", "truncated_normal", "variance_scaling",
    "zeros",
]  # fmt: skip


class Initializer:
    """Base of the initializers; a subclass implements ``__call__(shape, dtype=None)`` and ``get_config``."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self) -> dict:
        """The constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Initializer:
        return cls(**config)

    def clone(self) -> Initializer:
        """Another one of the same configuration; without a seed it gets one of its own."""
        return type(self).from_config(self.get_config())


class _Builtin(Initializer):
    """An initializer of ours: it computes a raw tensor in ``raw``; called by a user it gives a Tensor."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return dispatch.wrap(self.raw(_known(shape), to_torch(standardize(dtype))))

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        raise NotImplementedError


def _known(shape: Any) -> tuple[int, ...]:
    known = shape_of(shape)
    if None in known:
        raise fail(ValueError, "An initializer needs a shape without unknown dimensions", received=f"shape={shape}")
    return known


# constants ------------------------------------------------------------------------------------------------------------


class Zeros(_Builtin):
    """All zeros (False for booleans)."""

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return devices.full(shape, 0, dtype)


class Ones(_Builtin):
    """All ones (True for booleans)."""

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return devices.full(shape, 1, dtype)


class Constant(_Builtin):
    """All ``value``: a number, or an array that broadcasts to the shape; in programs for Keras 2 also one of as many.

    Raises:
        InvalidArgumentError: on a call, where the array does not broadcast to the shape.
    """

    _exact = False

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def _as_it_is(self) -> Constant:
        """Itself, for an array that was given in the place of an initializer: of the weight's shape, or refused."""
        self._exact = np.ndim(self.value) > 0
        return self

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        value = self.value
        if self._exact and tuple(value.shape) != shape:
            raise fail(ValueError, "An array as initializer must have the weight's shape", shape, tuple(value.shape))
        if isinstance(value, (int, float, bool)):
            return devices.full(shape, torch.tensor(value).to(dtype).item(), dtype)
        value = dispatch.raw(value).detach().to(device=devices.current(), dtype=dtype)
        try:
            return value.expand(shape).clone()
        except RuntimeError:
            if asks_for_keras_2() and value.numel() in (1, math.prod(shape)):  # tf.constant: as many elements, or one
                return value.reshape(shape if value.numel() == math.prod(shape) else ()).expand(shape).clone()
            raise InvalidArgumentError(f"Incompatible shapes: {list(value.shape)} vs. {list(shape)}") from None

    def get_config(self) -> dict:
        return {"value": registry.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict) -> Constant:
        return cls(registry.deserialize_inner(config.get("value", 0.0)))


class Identity(_Builtin):
    """``gain`` on the diagonal of a matrix, 0 elsewhere.

    Raises:
        ValueError: on a call with a shape that is not of rank 2.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        if len(shape) != 2:
            raise fail(
                ValueError,
                "Identity matrix initializer can only be used for 2D matrices",
                received=f"shape={shape} of rank {len(shape)}",
            )
        return (self.gain * torch.eye(*shape, device=devices.current())).to(dtype)

    def get_config(self) -> dict:
        return {"gain": self.gain}


class STFT(_Builtin):
    """The matrix of a short-time Fourier transform, shape (frame length, 1, frequencies), as a convolution's kernel.

    Args:
        side: "real" (cosines) or "imag" (negative sines).
        window: a name, an array of the frame's length, or None.
        scaling: "density" divides by √Σ window², "spectrum" by Σ window, None by 1.
        periodic: whether a named window is periodic instead of symmetric.

    Raises:
        ValueError: an unknown ``side``, ``window`` or ``scaling``.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"side should be 'real' or 'imag', not {side}")
        if isinstance(window, str):
            signal_windows.check_window(window)
        if scaling not in (None, "density", "spectrum"):
            raise fail(
                ValueError,
                "Scaling is invalid, it must be `None`, 'density' or 'spectrum'",
                received=f"scaling={scaling}",
            )
        self.side, self.scaling, self.periodic = side, scaling, periodic
        self.window = registry.deserialize_inner(window) if isinstance(window, dict) else window

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        if len(shape) != 3:
            raise fail(ValueError, "The STFT initializer needs a shape (frame length, 1, frequencies)", received=shape)
        frame, _, frequencies = shape
        angle = torch.outer(torch.arange(frame).double(), torch.arange(frequencies).double())
        angle *= 2 * math.pi / max(1, (frequencies - 1) * 2)
        matrix = torch.cos(angle) if self.side == "real" else -torch.sin(angle)
        if self.window is not None:
            matrix *= self._window(frame).unsqueeze(1)
        return matrix.unsqueeze(1).to(device=devices.current(), dtype=dtype)

    def _window(self, frame: int) -> torch.Tensor:
        if isinstance(self.window, str):
            window = signal_windows.window(self.window, frame, self.periodic)
        else:
            window = torch.as_tensor(np.asarray(self.window), dtype=torch.float64)
            if tuple(window.shape) != (frame,):
                raise fail(ValueError, "The window does not fit the frame", f"shape {(frame,)}", tuple(window.shape))
        if self.scaling == "density":
            return window / torch.sqrt(torch.sum(window * window))
        return window / torch.sum(window) if self.scaling == "spectrum" else window

    def get_config(self) -> dict:
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}


# random ---------------------------------------------------------------------------------------------------------------


class _Random(_Builtin):
    """A random initializer; ``seed`` is an integer or a SeedGenerator, whose successive calls give other values.

    Raises:
        ValueError: ``seed`` is something else.
    """

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, dict):
            seed = registry.deserialize_inner(seed)
        if isinstance(seed, np.integer):
            seed = int(seed)
        self._init_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif not isinstance(seed, (int, SeedGenerator)):
            raise fail(
                ValueError,
                "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer",
                received=f"seed={seed}",
            )
        self.seed = seed

    def get_config(self) -> dict:
        return {"seed": registry.serialize_keras_object(self._init_seed)}


class _Normal(_Random):
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def get_config(self) -> dict:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomNormal(_Normal):
    """Normal numbers."""

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return normal_raw(shape, draw_seed(self.seed), self.mean, self.stddev, _float(dtype, self))


class TruncatedNormal(_Normal):
    """Normal numbers within two standard deviations of the mean; others are drawn again."""

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return truncated_raw(shape, draw_seed(self.seed), self.mean, self.stddev, _float(dtype, self))


class RandomUniform(_Random):
    """Uniform numbers in [minval, maxval); integers for an integer dtype."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        seed = draw_seed(self.seed)
        if as_dtype(dtype).is_integer:
            return integers_raw(shape, seed, int(self.minval), int(self.maxval), dtype)
        return _uniform(shape, seed, self.minval, self.maxval, _float(dtype, self))

    def get_config(self) -> dict:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


def _uniform(shape: tuple[int, ...], seed: tuple, low: float, high: float, dtype: torch.dtype) -> torch.Tensor:
    """Uniform numbers; the limits go through float32, as in Keras, which shows in float64."""
    return uniform_raw(shape, seed, np.float32(low), np.float32(high), dtype)


def _float(dtype: torch.dtype, initializer: Any) -> torch.dtype:
    if not dtype.is_floating_point:
        raise fail(
            ValueError,
            f"{type(initializer).__name__} draws floating-point numbers",
            "a float dtype",
            f"dtype={as_dtype(dtype).name}",
        )
    return dtype


_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal distribution cut off at ±2


class VarianceScaling(_Random):
    """Numbers whose variance is ``scale`` / n, where n counts the inputs or outputs of a unit.

    Args:
        scale: positive.
        mode: n is the number of inputs ("fan_in"), of outputs ("fan_out") or their mean ("fan_avg").
        distribution: "truncated_normal" (also "normal"), "untruncated_normal" or "uniform".
        seed: an integer, a SeedGenerator or None.
        input_axes, output_axes: axes of the shape whose lengths multiply to the two counts; default, also where one of
            them is missing: the last but one and the last, times those of all axes before (the window of a convolution).

    Raises:
        ValueError: an argument is not one of these.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if scale <= 0.0:
            raise fail(ValueError, "Argument `scale` must be positive float", received=f"scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use one of 'fan_in', 'fan_out', 'fan_avg'.")
        distribution = distribution.lower() if isinstance(distribution, str) else distribution
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}. Please use one of 'truncated_normal', "
                "'untruncated_normal', 'uniform'."
            )
        super().__init__(seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        dtype = _float(dtype, self)
        fan_in, fan_out = self._fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        seed = draw_seed(self.seed)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _uniform(shape, seed, -limit, limit, dtype)
        if self.distribution == "truncated_normal":
            return truncated_raw(shape, seed, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype)
        return normal_raw(shape, seed, 0.0, math.sqrt(variance), dtype)

    def _fans(self, shape: tuple[int, ...]) -> tuple[float, float]:
        if self.input_axes is not None and self.output_axes is not None:
            return tuple(math.prod(shape[axis] for axis in axes) for axes in (self.input_axes, self.output_axes))
        if len(shape) < 2:
            return math.prod(shape), math.prod(shape)
        window = math.prod(shape[:-2])
        return window * shape[-2], window * shape[-1]

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Fixed(VarianceScaling):
    """Variance scaling under a name of its own; the class attributes are the arguments."""

    _scale, _mode, _distribution = 1.0, "fan_in", "truncated_normal"

    def __init__(
        self, seed: Any = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        super().__init__(self._scale, self._mode, self._distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict:
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Fixed):
    """Uniform numbers within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010)."""

    _mode, _distribution = "fan_avg", "uniform"


class GlorotNormal(_Fixed):
    """Truncated normal numbers of variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""

    _mode = "fan_avg"


class HeUniform(_Fixed):
    """Uniform numbers within ±√(6 / inputs) (He et al. 2015)."""

    _scale, _distribution = 2.0, "uniform"


class HeNormal(_Fixed):
    """Truncated normal numbers of variance 2 / inputs (He et al. 2015)."""

    _scale = 2.0


class LecunUniform(_Fixed):
    """Uniform numbers within ±√(3 / inputs) (LeCun et al. 1998)."""

    _distribution = "uniform"


class LecunNormal(_Fixed):
    """Truncated normal numbers of variance 1 / inputs (LeCun et al. 1998)."""


class Orthogonal(_Random):
    """``gain`` times an orthogonal matrix: Q of the QR decomposition of normal numbers (Saxe et al. 2014).

    A shape of higher rank is filled as the matrix (product of all axes but the last, last).

    Raises:
        ValueError: on a call with a shape of rank 0 or 1.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def raw(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        if len(shape) < 2:
            raise fail(
                ValueError,
                "The tensor to initialize must be at least two-dimensional",
                received=f"shape={shape} of rank {len(shape)}",
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        with scope(device=torch.device("cpu")):  # for the same weights on every device
            normal = normal_raw(tall, draw_seed(self.seed), dtype=_float(dtype, self))
        wide = normal if normal.dtype is torch.float64 else normal.float()
        q, r = torch.linalg.qr(wide)
        q = q * torch.sign(torch.diagonal(r))  # makes the decomposition unique
        if rows < columns:
            q = q.T
        return devices.place([(self.gain * q.reshape(shape)).to(dtype)], devices.current())[0]

    def get_config(self) -> dict:
        return {**super().get_config(), "gain": self.gain}


# names ----------------------------------------------------------------------------------------------------------------

IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
STFTInitializer = stft = STFT
constant, ones, zeros = Constant, Ones, Zeros
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform

_OURS: dict[str, type] = {
    name: globals()[name] for name in __all__ if name not in ("Initializer", "deserialize", "get", "serialize")
}
_OURS |= {"uniform": RandomUniform, "normal": RandomNormal, "one": Ones, "zero": Zeros}


def get(identifier: Any) -> Any:
    """The initializer for a name, class, config, object, callable or array (a constant); ``None`` gives ``None``.

    Raises:
        ValueError: nothing of that name, or something of another kind.
    """
    if identifier is None:
        return None
    number = isinstance(identifier, np.generic) and not isinstance(identifier, str)
    if number or isinstance(identifier, np.ndarray) or dispatch.is_tensor(identifier):
        return Constant(identifier)._as_it_is()
    return registry.lookup("initializer", identifier, _OURS)


def serialize(initializer: Any) -> Any:
    """Plain data that ``deserialize`` turns into an equal initializer."""
    return registry.serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The initializer for what ``serialize`` gave.

    Raises:
        ValueError, TypeError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return get(config)


def make(initializer: Callable, shape: Sequence[int], dtype: Any) -> torch.Tensor:
    """The raw first value of a weight, from an initializer of ours or any callable ``(shape, dtype=None)``.

    Raises:
        ValueError: the callable gave something of another shape, or a file being read asks for more than it can fill.
    """
    shape, dtype = _known(shape), as_dtype(dtype)
    if dtype == "string":
        return _text(initializer, shape)
    if local.weight_budget is not None:
        _spend(shape, to_torch(dtype))
    if isinstance(initializer, _Builtin) and type(initializer).__call__ is _Builtin.__call__:
        return initializer.raw(shape, to_torch(dtype))
    value = dispatch.raw(initializer(shape, dtype=dtype.name))
    if tuple(value.shape) != shape:
        name = getattr(initializer, "__name__", type(initializer).__name__)
        raise fail(ValueError, f"The initializer '{name}' gave another shape than it was asked for", shape, value.shape)
    return value.detach().clone().to(device=devices.current(), dtype=to_torch(dtype))


def _text(initializer: Callable, shape: tuple[int, ...]) -> np.ndarray:
    """The first value of a weight that is text.

    Raises:
        TypeError: the initializer is one of ours that gives numbers.
    """
    if isinstance(initializer, Constant):
        value = dispatch.raw(initializer.value)
    elif isinstance(initializer, _Builtin):
        raise fail(TypeError, f"The initializer '{type(initializer).__name__}' gives numbers, no text", "Constant")
    else:
        value = dispatch.raw(initializer(shape, dtype="string"))
    return np.broadcast_to(value, shape).copy()


def _spend(shape: Sequence[int], dtype: torch.dtype) -> None:
    """Take a weight's size off what the file that the model is made from may allocate."""
    local.weight_budget[0] -= math.prod(shape) * dtype.itemsize
    if local.weight_budget[0] < 0:
        raise fail(
            ValueError,
            f"The file's architecture asks for a weight of shape {tuple(shape)}, out of all proportion to the file's size",
            hint="If you trust the file, pass safe_mode=False.",
        )


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), __all__)
dispatch.register(initializer=get)
