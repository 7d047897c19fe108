"""Serialized objects as Keras 2 had them (``keras.legacy.saving``)."""

from __future__ import annotations

from kerasish.core.registry import publish
from kerasish.utils.legacy import deserialize_keras_object as deserialize_keras_object
from kerasish.utils.legacy import serialize_keras_object as serialize_keras_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]
publish(__name__, globals(), __all__)
