"""``tf.debugging.enable_check_numerics``: every result is looked at, by a torch dispatch mode that is there meanwhile."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish.core import dtypes, tree
from kerasish.core.errors import InvalidArgumentError

# Operations that make tensors of values given, or move them: what they hold is not their result.
_MOVES = frozenset(
    """_local_scalar_dense _to_copy alias clone copy_ detach empty empty_like empty_strided fill_ full isfinite isinf isnan
    lift_fresh new_empty scalar_tensor view""".split()
)


class _Check(TorchDispatchMode):
    """Raises where a result is not finite."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name not in _MOVES:
            for place, result in enumerate(tree.flatten(out)):
                if isinstance(result, torch.Tensor) and result.dtype.is_floating_point:
                    _demand_finite(result, name, place)
        return out


def _demand_finite(x: torch.Tensor, name: str, place: int) -> None:
    with torch.utils._python_dispatch._disable_current_modes():
        finite = bool(torch.isfinite(x).all())
        nans, infinities = (0, 0) if finite else (int(torch.isnan(x).sum()), int(torch.isinf(x).sum()))
    if not finite:
        raise InvalidArgumentError(
            f'Detected Infinity or NaN in output {place} of the operation "{name}" (dtype {dtypes.as_dtype(x.dtype).name}, '
            f"shape {tuple(x.shape)}, {nans} NaN, {infinities} infinite)."
        )


_checks: list[_Check] = []


def enable_check_numerics(stack_height_limit: int = 30, path_length_limit: int = 50) -> None:
    """Let every operation of this thread raise whose result holds infinity or NaN; slow, for the search of their origin.

    Args:
        stack_height_limit, path_length_limit: how much of the stack TensorFlow's message shows; Python's traceback does here.

    Raises:
        InvalidArgumentError: later, by the operations.
    """
    if not _checks:
        _checks.append(_Check())
        _checks[0].__enter__()


def disable_check_numerics() -> None:
    """Let operations give infinity and NaN again."""
    if _checks:
        _checks.pop().__exit__(None, None, None)
