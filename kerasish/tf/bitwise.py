"""``tf.bitwise``: the bits of integers."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.errors import missing_name
from kerasish.tf.alias import INTEGERS, define

define(globals(), INTEGERS, {
    "bitwise_and(x: Array, y: Array, name=None)": (torch.bitwise_and, "The bits set in both."),
    "bitwise_or(x: Array, y: Array, name=None)": (torch.bitwise_or, "The bits set in either."),
    "bitwise_xor(x: Array, y: Array, name=None)": (torch.bitwise_xor, "The bits set in exactly one."),
    "invert(x, name=None)": (torch.bitwise_not, "Every bit inverted."),
    "left_shift(x: Array, y: Array, name=None)": (torch.bitwise_left_shift, "The bits of x moved y places up."),
    "right_shift(x: Array, y: Array, name=None)": (
        torch.bitwise_right_shift, "The bits of x moved y places down; negative numbers stay negative.",
    ),
})  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
