"""Windows of signals by name, as ``scipy.signal.get_window`` has those that need no parameter."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from kerasish.core.errors import fail

_COSINES = {  # weights of cos(k·x), x from -π to π
    "blackman": (0.42, 0.5, 0.08),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming": (0.54, 0.46),
    "hann": (0.5, 0.5),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
}
_ALIASES = {
    "barthann": "brthan bth", "bartlett": "bart brt", "blackman": "black blk", "blackmanharris": "blackharr bkh",
    "bohman": "bman bmn", "boxcar": "box ones rect rectangular", "cosine": "halfcosine", "exponential": "poisson",
    "flattop": "flat flt", "hamming": "hamm ham", "hann": "han", "lanczos": "sinc", "nuttall": "nutl nut",
    "parzen": "parz par", "taylor": "taylorwin", "triang": "triangle tri", "tukey": "tuk",
}  # fmt: skip


def _line(size: int) -> torch.Tensor:
    """From -1 to 1."""
    return torch.linspace(-1.0, 1.0, size, dtype=torch.float64)


def _cosines(weights: tuple[float, ...]) -> Callable[[int], torch.Tensor]:
    def window(size: int) -> torch.Tensor:
        x = math.pi * _line(size)
        return torch.stack([weight * torch.cos(k * x) for k, weight in enumerate(weights)]).sum(0)

    return window


def _barthann(size: int) -> torch.Tensor:
    x = _line(size) / 2
    return 0.62 - 0.48 * x.abs() + 0.38 * torch.cos(2 * math.pi * x)


def _bohman(size: int) -> torch.Tensor:
    x = _line(size).abs()
    window = (1 - x) * torch.cos(math.pi * x) + torch.sin(math.pi * x) / math.pi
    window[0] = window[-1] = 0.0
    return window


def _cosine(size: int) -> torch.Tensor:
    return torch.sin(math.pi / size * (torch.arange(size, dtype=torch.float64) + 0.5))


def _exponential(size: int) -> torch.Tensor:
    return torch.exp(-(torch.arange(size, dtype=torch.float64) - (size - 1) / 2).abs())


def _parzen(size: int) -> torch.Tensor:
    x = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2).abs() / (size / 2)
    inner = 1 - 6 * x**2 + 6 * x**3
    return torch.where(x * size / 2 <= (size - 1) / 4, inner, 2 * (1 - x) ** 3)


def _taylor(size: int) -> torch.Tensor:
    """With side lobes 30 dB below the main one, four of them level, and 1 in the middle."""
    terms = 4
    a = math.acosh(10 ** (30 / 20)) / math.pi
    s2 = terms**2 / (a**2 + (terms - 0.5) ** 2)
    numbers = range(1, terms)
    weights = []
    for m in numbers:
        above = math.prod(1 - m * m / s2 / (a**2 + (k - 0.5) ** 2) for k in numbers)
        below = 2 * math.prod(1 - m * m / k**2 for k in numbers if k != m)
        weights.append((-1) ** (m + 1) * above / below)

    def at(n: torch.Tensor) -> torch.Tensor:
        x = 2 * math.pi * (n - size / 2 + 0.5) / size
        return 1 + 2 * sum(weight * torch.cos(m * x) for m, weight in zip(numbers, weights))

    n = torch.arange(size, dtype=torch.float64)
    return at(n) / at(torch.tensor((size - 1) / 2, dtype=torch.float64))


def _triangle(size: int) -> torch.Tensor:
    odd = size % 2
    return 1 - (torch.arange(size, dtype=torch.float64) - (size - 1) / 2).abs() * 2 / (size + odd)


def _tukey(size: int) -> torch.Tensor:
    """The middle half level, a cosine on either side."""
    alpha, n = 0.5, torch.arange(size, dtype=torch.float64)
    n = torch.minimum(n, size - 1 - n)
    rising = 0.5 * (1 + torch.cos(math.pi * (2 * n / alpha / (size - 1) - 1)))
    return torch.where(n <= math.floor(alpha * (size - 1) / 2), rising, 1.0)


_MAKERS: dict[str, Callable[[int], torch.Tensor]] = {
    **{name: _cosines(weights) for name, weights in _COSINES.items()},
    "barthann": _barthann,
    "bartlett": lambda size: 1 - _line(size).abs(),
    "bohman": _bohman,
    "boxcar": lambda size: torch.ones(size, dtype=torch.float64),
    "cosine": _cosine,
    "exponential": _exponential,
    "lanczos": lambda size: torch.sinc(_line(size)),
    "parzen": _parzen,
    "taylor": _taylor,
    "triang": _triangle,
    "tukey": _tukey,
}
NAMES = {name: name for name in _MAKERS}
NAMES.update({alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()})


def check_window(name: str) -> None:
    """Raises ValueError unless there is a window of that name."""
    if name not in NAMES:
        raise fail(ValueError, f"Invalid window name '{name}'", f"one of {tuple(sorted(_MAKERS))}, an array or None")


def window(name: str, size: int, periodic: bool) -> torch.Tensor:
    """A window in float64.

    Args:
        periodic: whether it is one period of a periodic signal, rather than symmetric.
    """
    check_window(name)
    if size <= 1:
        return torch.ones(size, dtype=torch.float64)
    return _MAKERS[NAMES[name]](size + 1)[:-1] if periodic else _MAKERS[NAMES[name]](size)
