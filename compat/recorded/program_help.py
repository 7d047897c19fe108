"""What the programs of the ``names_*`` families share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def attempt(function: Callable) -> Any:
    """The function's result, or a text that names the Python exception that it raises."""
    try:
        return function()
    except Exception as error:
        names = [cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "builtins"]
        return f"raises {names[0]}"


def attempts(**functions: Callable) -> dict:
    """The results of several functions."""
    return {name: attempt(function) for name, function in functions.items()}


def cases(uses: dict[str, str]) -> list[dict]:
    """One case for each program, with the public names that it compares."""
    return [
        {"id": program, "program": program, "uses": [f"keras.{name}" for name in names.split()]}
        for program, names in uses.items()
    ]
