"""``tf.experimental.extension_type``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.experimental.extension_types import as_dict as as_dict


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
