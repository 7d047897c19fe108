"""Integrals that torch lacks, by published series and continued fractions, computed in float64.

- Dawson's integral by sampling (Rybicki 1989), Fresnel's by the power series near 0 and by the continued fraction of the
  complex error function elsewhere, the exponential integral by its power and asymptotic series: Press et al., "Numerical
  Recipes", chapter 6.
- The dilogarithm by the series in Bernoulli numbers (Zagier, "The Dilogarithm Function", 1988).
- The incomplete gamma function's derivative by its order from the power series and Legendre's continued fraction
  (Abramowitz and Stegun 6.5.29 and 6.5.31), differentiated term by term.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

_STEP = 0.25  # of Rybicki's samples; the error is about exp(-(π / 2h)²), below float64's
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_TERMS = 400  # at most, of a series; loops end when nothing changes any more


def in_double(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """``function`` computed in float64, its result in the first argument's dtype."""

    def wide(*xs: torch.Tensor) -> torch.Tensor:
        return function(*(x.double() for x in xs)).to(xs[0].dtype)

    wide.__doc__ = function.__doc__
    return wide


def _chosen(inside: torch.Tensor, x: torch.Tensor, replacement: float) -> torch.Tensor:
    """x where a method applies, elsewhere a number for which it does."""
    return torch.where(inside, x, replacement)


@in_double
def dawson(x: torch.Tensor) -> torch.Tensor:
    """exp(-x²) ∫₀ˣ exp(t²) dt."""
    near = x.abs() < 0.2
    s = _chosen(near, x, 0.0)
    square = s * s
    series = torch.ones_like(s)
    for k in range(8, 0, -1):
        series = 1 - 2 * square / (2 * k + 1) * series
    far = _chosen(torch.isfinite(x) & ~near, x, 1.0)
    even = 2 * torch.round(far / (2 * _STEP))
    rest = far - even * _STEP
    total = torch.zeros_like(far)
    for n in range(-27, 28, 2):
        total = total + torch.exp(-((rest - n * _STEP) ** 2)) / (n + even)
    return torch.where(
        near, s * series, torch.where(torch.isinf(x), 0, torch.where(x.isnan(), x, total / math.pi**0.5))
    )


@in_double
def exponential_integral(x: torch.Tensor) -> torch.Tensor:
    """∫ exp(t) / t dt from -∞ to x > 0; -∞ at 0, NaN for negative numbers."""
    near = (x > 0) & (x < 40)
    s = _chosen(near, x, 1.0)
    term, total = torch.ones_like(s), torch.zeros_like(s)
    for k in range(1, _TERMS):
        term = term * s / k
        total = total + term / k
        if bool((term < 1e-17 * total).all()):
            break
    far = _chosen(x >= 40, x, 40.0)
    tail, power = torch.ones_like(far), torch.ones_like(far)
    for k in range(1, 40):
        power = power * k / far
        tail = tail + power
    value = torch.where(
        near,
        float(torch.special.digamma(torch.tensor(1.0).double())) * -1 + s.log() + total,
        torch.exp(far) / far * tail,
    )
    return torch.where(x == 0, -torch.inf, torch.where(x > 0, torch.where(torch.isinf(x), x, value), torch.nan))


def _fresnel(x: torch.Tensor) -> torch.Tensor:
    """C(x) + i S(x)."""
    size = x.abs()
    near = size < 1.5
    s = _chosen(near, size, 1.0)
    step = 0.5j * math.pi * s * s
    term = s.to(torch.complex128)
    series = term.clone()
    for k in range(1, 30):
        term = term * step / k
        series = series + term / (2 * k + 1)
    far = _chosen(torch.isfinite(size) & ~near, size, 2.0)
    square = math.pi * far * far
    b = torch.complex(torch.ones_like(far), -square)
    c, d = torch.full_like(b, 1e300), 1 / b
    h = d
    for k in range(1, 100):  # modified Lentz
        a = -(2 * k - 1) * (2 * k)
        b = b + 4
        d = 1 / (a * d + b)
        c = b + a / c
        h = h * c * d
    h = h * torch.complex(far, -far)
    tail = (0.5 + 0.5j) * (1 - torch.polar(torch.ones_like(far), 0.5 * square) * h)
    value = torch.where(near, series, torch.where(torch.isinf(size), 0.5 + 0.5j, tail))
    return torch.where(x.isnan(), torch.complex(x, x), value * torch.where(x < 0, -1, 1))


@in_double
def fresnel_cosine(x: torch.Tensor) -> torch.Tensor:
    """∫₀ˣ cos(π t² / 2) dt."""
    return _fresnel(x).real


@in_double
def fresnel_sine(x: torch.Tensor) -> torch.Tensor:
    """∫₀ˣ sin(π t² / 2) dt."""
    return _fresnel(x).imag


@in_double
def dilogarithm(x: torch.Tensor) -> torch.Tensor:
    """Li₂(1 - x) for x ≥ 0; NaN for negative numbers."""
    inside = (x > 0) & torch.isfinite(x)
    s = _chosen(inside, x, 1.0)
    large = s > 1.5
    z = torch.where(large, 1 / s, s)
    small = z < 0.5
    y = torch.where(small, 1 - z, z)  # in [½, 1½], where the series converges fast
    u = -torch.log(y)
    square = u * u
    power, total = u * square, u - square / 4
    for k, number in enumerate(_BERNOULLI, 1):
        total = total + number / math.factorial(2 * k + 1) * power
        power = power * square
    reflected = math.pi**2 / 6 - torch.log(z) * torch.log(torch.where(small, 1 - z, 1)) - total
    value = torch.where(small, reflected, total)
    value = torch.where(large, -0.5 * torch.log(s) ** 2 - value, value)
    edge = torch.where(x == 0, math.pi**2 / 6, torch.where(x > 0, -torch.inf, torch.nan))
    return torch.where(inside, value, edge)


# the incomplete gamma function ----------------------------------------------------------------------------------------


def _series_slope(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """dP/da from P(a, x) = Σ xᵃ⁺ⁿ e⁻ˣ / Γ(a + n + 1), for x ≤ a + 1."""
    order = a + 1
    term = torch.exp(a * torch.log(x) - x - torch.lgamma(order))
    slope = torch.log(x) - torch.digamma(order)
    total = term * slope
    for _ in range(_TERMS):
        term = term * x / order
        slope = slope - 1 / order
        order = order + 1
        total = total + term * slope
        if bool((term <= 1e-17 * (total.abs() + 1e-300)).all()):
            break
    return total


def _fraction_slope(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """dQ/da from Q(a, x) = xᵃ e⁻ˣ / Γ(a) · 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - …)), for x > a + 1.

    The numerators and denominators of the convergents and their derivatives by a run along.
    """
    front = torch.exp(a * torch.log(x) - x - torch.lgamma(a))
    b = x + 1 - a
    p0, p1, q0, q1 = torch.zeros_like(x), torch.ones_like(x), torch.ones_like(x), b
    dp0, dp1, dq0, dq1 = (torch.zeros_like(x) for _ in range(4))
    dq1 = dq1 - 1
    ratio = slope = torch.zeros_like(x)
    for n in range(1, _TERMS):
        c, b = -n * (n - a), b + 2
        p0, p1, dp0, dp1 = p1, b * p1 + c * p0, dp1, b * dp1 - p1 + c * dp0 + n * p0
        q0, q1, dq0, dq1 = q1, b * q1 + c * q0, dq1, b * dq1 - q1 + c * dq0 + n * q0
        scale = 1 / q1.abs()
        p0, p1, dp0, dp1, q0, q1, dq0, dq1 = (v * scale for v in (p0, p1, dp0, dp1, q0, q1, dq0, dq1))
        ratio, before = p1 / q1, slope
        slope = (dp1 - ratio * dq1) / q1
        if n > 2 and bool(((slope - before).abs() <= 1e-15 * slope.abs()).all()):
            break
    return front * ((torch.log(x) - torch.digamma(a)) * ratio + slope)


@in_double
def slope_by_order(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The derivative of P(a, x) by a; 0 at x = 0, NaN outside of the domain."""
    a, x = torch.broadcast_tensors(a, x)
    inside = (a > 0) & (x > 0) & torch.isfinite(a) & torch.isfinite(x)
    near = x <= a + 1
    first = _series_slope(_chosen(inside & near, a, 1.0), _chosen(inside & near, x, 1.0))
    second = -_fraction_slope(_chosen(inside & ~near, a, 1.0), _chosen(inside & ~near, x, 3.0))
    return torch.where(inside, torch.where(near, first, second), torch.where((x == 0) & (a >= 0), 0, torch.nan))


@in_double
def gamma_slope(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The derivative of a gamma number x by the distribution's parameter a, at the same P(a, x)."""
    density = torch.exp(-x + (a - 1) * torch.log(x) - torch.lgamma(a))
    return -slope_by_order(a, x) / density


def _summed(gradient: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return gradient.sum_to_size(like.shape)


def _with_gradients(function: Callable, sign: int) -> Callable:
    class Incomplete(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(a, x)
            return function(a, x)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
            a, x = ctx.saved_tensors
            by_order = _summed(gradient * sign * slope_by_order(a, x), a) if ctx.needs_input_grad[0] else None
            density = torch.exp(-x + (a - 1) * torch.log(x) - torch.lgamma(a))
            return by_order, _summed(gradient * sign * density, x)

    return lambda a, x: Incomplete.apply(a, x) if a.requires_grad or x.requires_grad else function(a, x)


def _lower(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """P(a, x): 0 at x = 0 for any a, otherwise NaN where a is not positive; torch says 1 for a = 0."""
    return torch.where(x == 0, 0, torch.where(a > 0, torch.igamma(a, x), torch.nan))


def _upper(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.where(a > 0, torch.igammac(a, x), torch.nan)


lower_gamma = _with_gradients(_lower, 1)
upper_gamma = _with_gradients(_upper, -1)
