"""ResNet50 under its first module's name (``keras.applications.resnet50``)."""

from __future__ import annotations

from kerasish.applications.resnet import ResNet50 as ResNet50
from kerasish.applications.resnet import decode_predictions as decode_predictions
from kerasish.applications.resnet import preprocess_input as preprocess_input
from kerasish.core.errors import public_dir

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
