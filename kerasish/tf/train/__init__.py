"""``tf.train``: what training programs write and read."""

from __future__ import annotations

from typing import Any

from kerasish.tf.gone import missing as _missing
from kerasish.tf.train import experimental as experimental
from kerasish.tf.train.average import ExponentialMovingAverage as ExponentialMovingAverage
from kerasish.tf.train.checkpoint import Checkpoint as Checkpoint
from kerasish.tf.train.checkpoint import CheckpointOptions as CheckpointOptions
from kerasish.tf.train.cluster import ClusterDef as ClusterDef
from kerasish.tf.train.cluster import ClusterSpec as ClusterSpec
from kerasish.tf.train.cluster import JobDef as JobDef
from kerasish.tf.train.cluster import ServerDef as ServerDef
from kerasish.tf.train.coordinator import Coordinator as Coordinator
from kerasish.tf.train.example import BytesList as BytesList
from kerasish.tf.train.example import Example as Example
from kerasish.tf.train.example import Feature as Feature
from kerasish.tf.train.example import FeatureList as FeatureList
from kerasish.tf.train.example import FeatureLists as FeatureLists
from kerasish.tf.train.example import Features as Features
from kerasish.tf.train.example import FloatList as FloatList
from kerasish.tf.train.example import Int64List as Int64List
from kerasish.tf.train.example import SequenceExample as SequenceExample
from kerasish.tf.train.manager import CheckpointManager as CheckpointManager
from kerasish.tf.train.reader import checkpoints_iterator as checkpoints_iterator
from kerasish.tf.train.reader import get_checkpoint_state as get_checkpoint_state
from kerasish.tf.train.reader import latest_checkpoint as latest_checkpoint
from kerasish.tf.train.reader import list_variables as list_variables
from kerasish.tf.train.reader import load_checkpoint as load_checkpoint
from kerasish.tf.train.reader import load_variable as load_variable
from kerasish.tf.train.views import CheckpointView as CheckpointView
from kerasish.tf.train.views import TrackableView as TrackableView


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
