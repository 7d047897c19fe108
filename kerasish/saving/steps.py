"""Folders of checkpoints: ``folder/12/model.keras`` is the state after step 12. What ``OrbaxCheckpoint`` writes.

Names in such a folder are fixed; what else lies there is neither read nor removed.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from typing import Any

from kerasish.saving.archive import CorruptFileError

MODEL, WEIGHTS = "model.keras", "model.weights.h5"
_STEP = re.compile(r"\d{1,18}")


def path_of(folder: str, step: int, weights_only: bool) -> str:
    """The file of a step."""
    return os.path.join(folder, str(step), WEIGHTS if weights_only else MODEL)


def numbers(folder: str) -> list[int]:
    """The steps that a folder has complete checkpoints of, in order."""
    if not os.path.isdir(folder):
        return []
    names = [name for name in os.listdir(folder) if _STEP.fullmatch(name)]
    return sorted(int(name) for name in names if _file(os.path.join(folder, name)) is not None)


def newest_intact(path: str, read: Callable[[str], Any]) -> Any:
    """What ``read`` gives for the file of a folder's last step, or of the step whose folder this is; else for the path.

    A damaged last step is told of, and the one before it is read.

    Raises:
        CorruptFileError: there is no other.
    """
    steps = reversed(numbers(path)) if os.path.isdir(path) else ()
    found = [_file(os.path.join(path, str(step))) for step in steps] or [_file(path) if os.path.isdir(path) else None]
    for i, file in enumerate(found):
        try:
            return read(file or path)
        except CorruptFileError as error:
            if i == len(found) - 1:
                raise
            warnings.warn(f"'{found[i + 1]}' is read in place of a later checkpoint: {error}", stacklevel=4)
    return None


def keep(folder: str, count: int) -> None:
    """Remove all but the last ``count`` steps' files."""
    for step in numbers(folder)[:-count]:
        own = os.path.join(folder, str(step))
        for name in (MODEL, WEIGHTS):
            if os.path.exists(os.path.join(own, name)):
                os.remove(os.path.join(own, name))
        if not os.listdir(own):
            os.rmdir(own)


def _file(folder: str) -> str | None:
    """The checkpoint in the folder of a step."""
    for name in (MODEL, WEIGHTS):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path):
            return path
    return None
