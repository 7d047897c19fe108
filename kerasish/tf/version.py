"""``tf.version``: the version of TensorFlow whose behaviour this is, and of graph files."""

from __future__ import annotations

from typing import Any

from kerasish.about import TENSORFLOW_VERSION as VERSION
from kerasish.about import VERSION as _OWN
from kerasish.core.errors import missing_name

GIT_VERSION = f"v{VERSION}-kerasish-{_OWN}"
COMPILER_VERSION = "none: kerasish runs on PyTorch"
GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_CONSUMER, GRAPH_DEF_VERSION_MIN_PRODUCER = 2474, 0, 0


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
