"""Blocks that say whether torch records what is computed."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.context import local


class recorded_only:  # noqa: N801 - reads as a block's description
    """A block in which torch records only if a tape, or torch's rule, asks for it."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = torch.is_grad_enabled()
        torch._C._set_grad_enabled(local.recording != 0)

    def __exit__(self, *exception: Any) -> None:
        torch._C._set_grad_enabled(self._before)


class grad_mode:  # noqa: N801
    """A block in which torch records, or does not: as ``torch.enable_grad`` and ``no_grad``, at a quarter of their time."""

    __slots__ = ("_before", "_enabled")

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled

    def __enter__(self) -> None:
        self._before = torch.is_grad_enabled()
        torch._C._set_grad_enabled(self._enabled)

    def __exit__(self, *exception: Any) -> None:
        torch._C._set_grad_enabled(self._before)
