"""``tf.train``: what training programs write and read."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.train.example import BytesList as BytesList
from kerasish.tf.train.example import Example as Example
from kerasish.tf.train.example import Feature as Feature
from kerasish.tf.train.example import FeatureList as FeatureList
from kerasish.tf.train.example import FeatureLists as FeatureLists
from kerasish.tf.train.example import Features as Features
from kerasish.tf.train.example import FloatList as FloatList
from kerasish.tf.train.example import Int64List as Int64List
from kerasish.tf.train.example import SequenceExample as SequenceExample


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
