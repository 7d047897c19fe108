"""``tensorflow.python.framework.test_util``: decorators of tests, and files beside a test's own.

Operations run as they are called here: tests for both ways of running run once, those for graphs alone are skipped.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import unittest
from collections.abc import Callable
from typing import Any

from kerasish.core.errors import NotServedError

_GRAPHS = "graphs of TensorFlow 1 are not served"


def run_in_graph_and_eager_modes(
    func: Callable | None = None, config: Any = None, use_gpu: bool = True, assert_no_eager_garbage: bool = False
) -> Any:
    """A test as it is."""
    return (lambda function: function) if func is None else func


def run_v2_only(func: Callable | None = None, reason: str | None = None) -> Any:
    """A test as it is."""
    return (lambda function: function) if func is None else func


def run_all_in_graph_and_eager_modes(cls: type) -> type:
    """A class of tests as it is."""
    return cls


def run_v1_only(reason: str | None = None, func: Callable | None = None) -> Any:
    """A test, or a class of tests, that is skipped."""
    skipped = unittest.skip(reason or _GRAPHS)
    return skipped if func is None else skipped(func)


def deprecated_graph_mode_only(func: Any) -> Any:
    """A test, or a class of tests, that is skipped."""
    return unittest.skip(_GRAPHS)(func)


run_deprecated_v1 = run_all_in_deprecated_graph_mode_only = deprecated_graph_mode_only


def disable_xla(description: str) -> Callable:
    """A decorator that leaves a test as it is."""
    return lambda function: function


def assert_no_new_pyobjects_executing_eagerly(func: Callable | None = None, warmup_iters: int = 2) -> Any:
    """A test as it is, run more than once.

    Args:
        warmup_iters: how often before.
    """
    if func is None:
        return functools.partial(assert_no_new_pyobjects_executing_eagerly, warmup_iters=warmup_iters)

    @functools.wraps(func)
    def repeated(self: Any, *args: Any, **kwargs: Any) -> None:
        for _ in range(warmup_iters + 1):
            func(self, *args, **kwargs)

    return repeated


def get_data_files_path() -> str:
    """The folder of the file that calls."""
    return os.path.dirname(os.path.abspath(inspect.getfile(sys._getframe(1))))


def get_path_to_datafile(path: str) -> str:
    """A path that is given beside the file that calls."""
    return os.path.join(os.path.dirname(os.path.abspath(inspect.getfile(sys._getframe(1)))), path)


def load_op_library(library_filename: str) -> Any:
    """Refuse to load compiled operations.

    Raises:
        NotServedError: always.
    """
    raise NotServedError(
        f"'{library_filename}' has operations compiled for TensorFlow's runtime, which kerasish does not have. "
        "Write them with tf's own operations, or as a tf.custom_gradient of torch's."
    )


__all__ = [
    "assert_no_new_pyobjects_executing_eagerly",
    "deprecated_graph_mode_only",
    "disable_xla",
    "get_data_files_path",
    "get_path_to_datafile",
    "load_op_library",
    "run_all_in_deprecated_graph_mode_only",
    "run_all_in_graph_and_eager_modes",
    "run_deprecated_v1",
    "run_in_graph_and_eager_modes",
    "run_v1_only",
    "run_v2_only",
]
