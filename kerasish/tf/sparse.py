"""``tf.sparse``: sparse tensors and what is computed of them."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.sparse import SparseTensor as SparseTensor
from kerasish.tf.sparse_arrays import concat as concat
from kerasish.tf.sparse_arrays import expand_dims as expand_dims
from kerasish.tf.sparse_arrays import eye as eye
from kerasish.tf.sparse_arrays import fill_empty_rows as fill_empty_rows
from kerasish.tf.sparse_arrays import from_dense as from_dense
from kerasish.tf.sparse_arrays import mask as mask
from kerasish.tf.sparse_arrays import reorder as reorder
from kerasish.tf.sparse_arrays import reset_shape as reset_shape
from kerasish.tf.sparse_arrays import reshape as reshape
from kerasish.tf.sparse_arrays import retain as retain
from kerasish.tf.sparse_arrays import slice as slice
from kerasish.tf.sparse_arrays import split as split
from kerasish.tf.sparse_arrays import to_dense as to_dense
from kerasish.tf.sparse_arrays import to_indicator as to_indicator
from kerasish.tf.sparse_arrays import transpose as transpose
from kerasish.tf.sparse_cross import cross as cross
from kerasish.tf.sparse_cross import cross_hashed as cross_hashed
from kerasish.tf.sparse_math import add as add
from kerasish.tf.sparse_math import bincount as bincount
from kerasish.tf.sparse_math import map_values as map_values
from kerasish.tf.sparse_math import maximum as maximum
from kerasish.tf.sparse_math import minimum as minimum
from kerasish.tf.sparse_math import reduce_max as reduce_max
from kerasish.tf.sparse_math import reduce_sum as reduce_sum
from kerasish.tf.sparse_math import sampled_addmm as sampled_addmm
from kerasish.tf.sparse_math import segment_mean as segment_mean
from kerasish.tf.sparse_math import segment_sqrt_n as segment_sqrt_n
from kerasish.tf.sparse_math import segment_sum as segment_sum
from kerasish.tf.sparse_math import softmax as softmax
from kerasish.tf.sparse_math import sparse_dense_matmul as sparse_dense_matmul


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
