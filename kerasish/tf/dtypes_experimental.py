"""``tf.dtypes.experimental``: small numbers. There are tensors of float8_e4m3fn and float8_e5m2 only."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import SMALL
from kerasish.core.dtypes import float8_e4m3fn as float8_e4m3fn
from kerasish.core.dtypes import float8_e5m2 as float8_e5m2
from kerasish.core.errors import missing_name

float8_e4m3fnuz, float8_e4m3b11fnuz, float8_e5m2fnuz, int4, uint4, int2, uint2, float4_e2m1fn = SMALL


def __getattr__(name: str) -> Any:
    raise missing_name("kerasish.tf.dtypes.experimental", name, globals())
