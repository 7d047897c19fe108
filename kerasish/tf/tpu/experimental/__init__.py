"""``tf.tpu.experimental``: what programs call before they use TPUs."""

from __future__ import annotations

import enum
from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.distribute.tpu import initialize_tpu_system as initialize_tpu_system
from kerasish.tf.distribute.tpu import shutdown_tpu_system as shutdown_tpu_system
from kerasish.tf.tpu.experimental import embedding as embedding


class HardwareFeature:
    """What a TPU has.

    Args:
        tpu_hardware_feature_proto: a message with ``embedding_feature``, a number, and ``num_embedding_devices_per_chip``.
    """

    class EmbeddingFeature(enum.Enum):
        """Which operations on tables of embeddings a TPU has."""

        UNSUPPORTED = "UNSUPPORTED"
        V1 = "V1"
        V2 = "V2"

    def __init__(self, tpu_hardware_feature_proto: Any) -> None:
        self.tpu_hardware_feature_proto = tpu_hardware_feature_proto

    @property
    def embedding_feature(self) -> HardwareFeature.EmbeddingFeature:
        return list(self.EmbeddingFeature)[int(self.tpu_hardware_feature_proto.embedding_feature)]

    @property
    def num_embedding_devices_per_chip(self) -> int:
        return self.tpu_hardware_feature_proto.num_embedding_devices_per_chip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
