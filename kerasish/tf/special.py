"""``tf.math.special``: Bessel functions."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.errors import missing_name
from kerasish.tf.alias import FLOATS, define

define(globals(), FLOATS, {
    "bessel_i0(x, name=None)": (torch.special.i0, "The modified Bessel function of the first kind, order 0."),
    "bessel_i0e(x, name=None)": (torch.special.i0e, "exp(-|x|) · bessel_i0(x)."),
    "bessel_i1(x, name=None)": (torch.special.i1, "The modified Bessel function of the first kind, order 1."),
    "bessel_i1e(x, name=None)": (torch.special.i1e, "exp(-|x|) · bessel_i1(x)."),
    "bessel_j0(x, name=None)": (torch.special.bessel_j0, "The Bessel function of the first kind, order 0."),
    "bessel_j1(x, name=None)": (torch.special.bessel_j1, "The Bessel function of the first kind, order 1."),
    "bessel_k0(x, name=None)": (
        torch.special.modified_bessel_k0, "The modified Bessel function of the second kind, order 0.",
    ),
    "bessel_k0e(x, name=None)": (torch.special.scaled_modified_bessel_k0, "exp(x) · bessel_k0(x)."),
    "bessel_k1(x, name=None)": (
        torch.special.modified_bessel_k1, "The modified Bessel function of the second kind, order 1.",
    ),
    "bessel_k1e(x, name=None)": (torch.special.scaled_modified_bessel_k1, "exp(x) · bessel_k1(x)."),
    "bessel_y0(x, name=None)": (torch.special.bessel_y0, "The Bessel function of the second kind, order 0."),
    "bessel_y1(x, name=None)": (torch.special.bessel_y1, "The Bessel function of the second kind, order 1."),
})  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name("kerasish.tf.math.special", name, globals())
