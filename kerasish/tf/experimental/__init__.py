"""``tf.experimental``: what TensorFlow keeps open to change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kerasish.tf.data.iterators import Optional as Optional
from kerasish.tf.dtypes_experimental import float4_e2m1fn as float4_e2m1fn
from kerasish.tf.dtypes_experimental import float8_e4m3b11fnuz as float8_e4m3b11fnuz
from kerasish.tf.dtypes_experimental import float8_e4m3fn as float8_e4m3fn
from kerasish.tf.dtypes_experimental import float8_e4m3fnuz as float8_e4m3fnuz
from kerasish.tf.dtypes_experimental import float8_e5m2 as float8_e5m2
from kerasish.tf.dtypes_experimental import float8_e5m2fnuz as float8_e5m2fnuz
from kerasish.tf.dtypes_experimental import int2 as int2
from kerasish.tf.dtypes_experimental import int4 as int4
from kerasish.tf.dtypes_experimental import uint2 as uint2
from kerasish.tf.dtypes_experimental import uint4 as uint4
from kerasish.tf.dynamic_shape import DynamicRaggedShape as DynamicRaggedShape
from kerasish.tf.experimental import dlpack as dlpack
from kerasish.tf.experimental import dtensor as dtensor
from kerasish.tf.experimental import extension_type as extension_type
from kerasish.tf.experimental import numpy as numpy
from kerasish.tf.experimental.extension_types import BatchableExtensionType as BatchableExtensionType
from kerasish.tf.experimental.extension_types import ExtensionType as ExtensionType
from kerasish.tf.experimental.extension_types import (
    dispatch_for_api as dispatch_for_api,
)
from kerasish.tf.experimental.extension_types import (
    dispatch_for_binary_elementwise_apis as dispatch_for_binary_elementwise_apis,
)
from kerasish.tf.experimental.extension_types import (
    dispatch_for_binary_elementwise_assert_apis as dispatch_for_binary_elementwise_assert_apis,
)
from kerasish.tf.experimental.extension_types import (
    dispatch_for_unary_elementwise_apis as dispatch_for_unary_elementwise_apis,
)
from kerasish.tf.experimental.extension_types import unregister_dispatch_for as unregister_dispatch_for
from kerasish.tf.extension_spec import ExtensionTypeSpec as ExtensionTypeSpec
from kerasish.tf.gone import missing as _missing
from kerasish.tf.row_partition import RowPartition as RowPartition


@contextlib.contextmanager
def async_scope() -> Iterator[None]:
    """A block; operations on accelerators do not wait for each other anywhere."""
    yield


def async_clear_error() -> None:
    """Nothing: errors are raised where they happen."""


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
