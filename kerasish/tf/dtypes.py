"""``tf.dtypes``: data types and casts."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import HANDLES, QUANTIZED, bool_
from kerasish.core.dtypes import DType as DType
from kerasish.core.dtypes import as_dtype as as_dtype
from kerasish.core.dtypes import bfloat16 as bfloat16
from kerasish.core.dtypes import complex64 as complex64
from kerasish.core.dtypes import complex128 as complex128
from kerasish.core.dtypes import float16 as float16
from kerasish.core.dtypes import float32 as float32
from kerasish.core.dtypes import float64 as float64
from kerasish.core.dtypes import int8 as int8
from kerasish.core.dtypes import int16 as int16
from kerasish.core.dtypes import int32 as int32
from kerasish.core.dtypes import int64 as int64
from kerasish.core.dtypes import string as string
from kerasish.core.dtypes import uint8 as uint8
from kerasish.core.dtypes import uint16 as uint16
from kerasish.core.dtypes import uint32 as uint32
from kerasish.core.dtypes import uint64 as uint64
from kerasish.core.errors import missing_name
from kerasish.tf import dtypes_experimental as experimental  # noqa: F401
from kerasish.tf.creation import cast as cast
from kerasish.tf.creation import complex as complex
from kerasish.tf.creation import saturate_cast as saturate_cast

bool, half, double = bool_, float16, float64
qint8, quint8, qint32, qint16, quint16 = QUANTIZED
resource, variant = HANDLES
QUANTIZED_DTYPES = frozenset(QUANTIZED)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
