"""Folders of checkpoints: ``folder/12/model.keras`` is the state after step 12. What ``OrbaxCheckpoint`` writes.

Names in such a folder are fixed; what else lies there is neither read nor removed.
"""

from __future__ import annotations

import os
import re

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


def newest(path: str) -> str:
    """The file of a folder's last step, or of the step whose folder this is; any other path stays as it is."""
    if not os.path.isdir(path):
        return path
    found = numbers(path)
    inner = _file(os.path.join(path, str(found[-1])) if found else path)
    return path if inner is None else inner


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
