"""``tf.tpu.experimental``: what programs call before they use TPUs."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.distribute.tpu import initialize_tpu_system as initialize_tpu_system
from kerasish.tf.distribute.tpu import shutdown_tpu_system as shutdown_tpu_system
from kerasish.tf.tpu.experimental import embedding as embedding


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
