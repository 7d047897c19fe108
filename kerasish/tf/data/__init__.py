"""``tf.data``: pipelines of data."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish_alias
from kerasish.tf.data import experimental as experimental
from kerasish.tf.data.dataset import AUTOTUNE as AUTOTUNE
from kerasish.tf.data.dataset import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from kerasish.tf.data.dataset import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY
from kerasish.tf.data.dataset import Dataset as Dataset
from kerasish.tf.data.elements import DatasetSpec as DatasetSpec
from kerasish.tf.data.iterators import Iterator as Iterator
from kerasish.tf.data.iterators import IteratorSpec as IteratorSpec
from kerasish.tf.data.iterators import NumpyIterator as NumpyIterator
from kerasish.tf.data.options import Options as Options
from kerasish.tf.data.options import ThreadingOptions as ThreadingOptions
from kerasish.tf.data.readers import FixedLengthRecordDataset as FixedLengthRecordDataset
from kerasish.tf.data.readers import TextLineDataset as TextLineDataset
from kerasish.tf.data.readers import TFRecordDataset as TFRecordDataset

publish_alias("tf.data.Dataset", Dataset)  # for what stands below


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
