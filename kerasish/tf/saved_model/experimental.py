"""``tf.saved_model.experimental``: fingerprints, and how variables are written."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.saved_model.fingerprint import Fingerprint as Fingerprint
from kerasish.tf.saved_model.fingerprint import read_fingerprint as read_fingerprint
from kerasish.tf.saved_model.options import VariablePolicy as VariablePolicy


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
