"""``tensorflow.core``: TensorFlow's messages, which the package ``tensorboard`` has too; ``Example`` and its kin are ours."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any

_ROOT = "tensorflow.core"
_FOLDERS = ("example", "framework", "profiler", "protobuf", "util")
_OURS = {
    "example_pb2": ("Example", "SequenceExample"),
    "feature_pb2": ("BytesList", "Feature", "FeatureList", "FeatureLists", "Features", "FloatList", "Int64List"),
}
_HOME = "tensorboard.compat.proto"


def module(name: str) -> Any:
    """What a module below ``tensorflow.core`` is; None if nothing is.

    Raises:
        ImportError: its messages are ``tensorboard``'s, which is not installed.
    """
    if name != _ROOT and not name.startswith(_ROOT + "."):
        return None
    parts = name.split(".")[2:]
    if not parts or (len(parts) == 1 and parts[0] in _FOLDERS):
        return ModuleType(name, "A folder of TensorFlow's messages.")
    if len(parts) != 2 or parts[0] not in _FOLDERS:
        return None
    if parts[1] in _OURS:
        found = ModuleType(name, "Messages of tf.train.")
        train = importlib.import_module("kerasish.tf.train")
        vars(found).update({message: getattr(train, message) for message in _OURS[parts[1]]})
        return found
    try:
        importlib.import_module(_HOME)
    except ImportError as error:
        raise ImportError(
            f"The messages of '{name}' are those of tensorboard: pip install tensorboard", name=name
        ) from error
    home = f"{_HOME}.{parts[1]}"
    return importlib.import_module(home) if importlib.util.find_spec(home) is not None else None
