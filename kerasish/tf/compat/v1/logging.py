"""``tf.compat.v1.logging``: messages to Python's logger "tensorflow"."""

from __future__ import annotations

import collections
import sys
from logging import DEBUG, ERROR, FATAL, INFO, Logger, getLogger  # noqa: F401 - names of this module
from logging import WARNING as WARN  # noqa: F401 - a name of this module
from typing import Any

_calls: collections.Counter = collections.Counter()  # by file and line of the call


def _logger() -> Logger:
    return getLogger("tensorflow")


def set_verbosity(v: int) -> None:
    """Write messages of this level (``DEBUG``, ``INFO``, ``WARN``, ``ERROR``, ``FATAL``) and above."""
    _logger().setLevel(v)


def get_verbosity() -> int:
    """The level of messages that are written."""
    return _logger().getEffectiveLevel()


def log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message of a level."""
    _logger().log(level, msg, *args, **kwargs)


def vlog(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """The same."""
    _logger().log(level, msg, *args, **kwargs)


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message for those who look for errors."""
    _logger().debug(msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message of interest."""
    _logger().info(msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a warning."""
    _logger().warning(msg, *args, **kwargs)


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message of an error."""
    _logger().error(msg, *args, **kwargs)


def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """Write a message of an error that ends the program; it does not end here."""
    _logger().fatal(msg, *args, **kwargs)


def TaskLevelStatusMessage(msg: str) -> None:  # noqa: N802 - TensorFlow's name
    """Write a message of an error."""
    error(msg)


def log_if(level: int, msg: str, condition: Any, *args: Any) -> None:
    """Write a message if ``condition`` holds."""
    if condition:
        vlog(level, msg, *args)


def _count() -> int:
    """How often the caller's caller came to its line before."""
    frame = sys._getframe(2)
    place = (frame.f_code.co_filename, frame.f_lineno)
    _calls[place] += 1
    return _calls[place] - 1


def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Write a message at the first call of this line, and at each n-th after it."""
    log_if(level, msg, _count() % n == 0, *args)


def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Write a message at the first ``n`` calls of this line."""
    log_if(level, msg, _count() < n, *args)


def flush() -> None:
    """Write what handlers hold back."""
    for handler in _logger().handlers:
        handler.flush()


warn = warning
