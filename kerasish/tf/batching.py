"""``tf.nondifferentiable_batch_function``: functions of batches that serving programs call from many threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.tensor import convert
from kerasish.tf.private.operations import prevent_gradient


def nondifferentiable_batch_function(
    num_batch_threads: int,
    max_batch_size: int,
    batch_timeout_micros: int,
    allowed_batch_sizes: Sequence[int] | None = None,
    max_enqueued_batches: int = 10,
    autograph: bool = True,
    enable_large_batch_splitting: bool = True,
) -> Callable[[Callable], Callable]:
    """Decorate a function of tensors with a common first axis, which may be called from several threads.

    Each call is a batch of its own: it waits for no others, so that threads and times change nothing.

    Args:
        num_batch_threads, batch_timeout_micros, max_enqueued_batches: of batches made of several calls.
        max_batch_size: how many rows a call may have.
        allowed_batch_sizes: sizes of batches made of several calls, the last one ``max_batch_size``.
        autograph: whether ``tf.function`` rewrites the function.
        enable_large_batch_splitting: of batches made of several calls.

    Raises:
        ValueError: sizes that do not fit.
    """
    if max_batch_size < 1 or num_batch_threads < 1:
        raise fail(
            ValueError, "Batches need a thread and a size of at least 1", received=(num_batch_threads, max_batch_size)
        )
    if allowed_batch_sizes and (
        list(allowed_batch_sizes) != sorted(set(allowed_batch_sizes)) or allowed_batch_sizes[-1] != max_batch_size
    ):
        raise fail(
            ValueError, "`allowed_batch_sizes` must rise to `max_batch_size`", max_batch_size, allowed_batch_sizes
        )

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def batched(*args: Any) -> Any:
            for argument in args:
                if not hasattr(argument, "dtype"):
                    raise AttributeError(f"{type(argument).__name__!r} object has no attribute 'dtype'")
                size = convert(argument).shape[0]
                if size is not None and size > max_batch_size:
                    raise InvalidArgumentError(
                        f"Task size {size} is larger than maximum input batch size {max_batch_size} [Op:BatchFunction]"
                    )
            given = [prevent_gradient(convert(argument), "the function is not differentiable") for argument in args]
            return tree.map_structure(lambda x: x if dispatch.is_tensor(x) else convert(x), function(*given))

        return batched

    return decorate
