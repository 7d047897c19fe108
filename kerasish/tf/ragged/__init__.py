"""``tf.ragged``: tensors with rows of different lengths."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.ragged import elementwise as _elementwise  # noqa: F401 - serves operations
from kerasish.tf.ragged import keras_ops as _keras_ops  # noqa: F401
from kerasish.tf.ragged import reductions as _reductions  # noqa: F401
from kerasish.tf.ragged.arrays import ragged_stack as stack  # not that of tensors
from kerasish.tf.ragged.choosing import boolean_mask as boolean_mask
from kerasish.tf.ragged.crossing import cross as cross
from kerasish.tf.ragged.crossing import cross_hashed as cross_hashed
from kerasish.tf.ragged.elementwise import map_flat_values as map_flat_values
from kerasish.tf.ragged.making import constant as constant
from kerasish.tf.ragged.ranges import range as range
from kerasish.tf.ragged.ranges import row_splits_to_segment_ids as row_splits_to_segment_ids
from kerasish.tf.ragged.ranges import segment_ids_to_row_splits as segment_ids_to_row_splits
from kerasish.tf.ragged.ranges import stack_dynamic_partitions as stack_dynamic_partitions
from kerasish.tf.ragged.spec import RaggedTensorSpec as _RaggedTensorSpec  # noqa: F401

stack.__name__ = stack.__qualname__ = "stack"


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
