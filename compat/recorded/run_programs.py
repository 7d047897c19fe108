"""A program's case: everything that a small function of the library returns, as arrays and as plain data."""

from __future__ import annotations

from typing import Any

import names_data
import names_files
import names_layers
import names_objects
import names_training
import numpy as np
import programs_ops
import programs_utils
from case_values import as_array, plain

_MODULES = (programs_ops, programs_utils, names_data, names_files, names_layers, names_objects, names_training)
PROGRAMS = {name: program for module in _MODULES for name, program in module.PROGRAMS.items()}


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    arrays: dict = {}
    facts: dict = {}
    collect(PROGRAMS[case["program"]](keras, tf), "result", arrays, facts)
    return {"facts": facts, "arrays": arrays}


def collect(value: Any, where: str, arrays: dict, facts: dict) -> None:
    """Sort a structure's tensors from the rest; what contains them counts by its type."""
    if isinstance(value, (list, tuple)):
        facts[where] = [type(value).__name__, len(value)]
        for index, item in enumerate(value):
            collect(item, f"{where}/{index}", arrays, facts)
    elif isinstance(value, dict):
        facts[where] = type(value).__name__
        for key, item in value.items():
            collect(item, f"{where}/{key}", arrays, facts)
    elif isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "OSU":
        facts[where] = str(value)
    elif hasattr(value, "numpy") or isinstance(value, (np.ndarray, np.generic)):
        arrays[where] = as_array(value)
    else:
        facts[where] = plain(value)
