"""``tf.lite.experimental``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.lite.interpreter import OpResolverType as OpResolverType
from kerasish.tf.lite.interpreter import load_delegate as load_delegate


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
