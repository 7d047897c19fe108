"""How variables and data are laid out on devices (``keras.distribution``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.distribution.launching import launch as launch
from kerasish.distribution.layouts import DeviceMesh as DeviceMesh
from kerasish.distribution.layouts import LayoutMap as LayoutMap
from kerasish.distribution.layouts import TensorLayout as TensorLayout
from kerasish.distribution.layouts import distribute_tensor as distribute_tensor
from kerasish.distribution.processes import get_device_count as get_device_count
from kerasish.distribution.processes import initialize as initialize
from kerasish.distribution.processes import list_devices as list_devices
from kerasish.distribution.strategies import DataParallel as DataParallel
from kerasish.distribution.strategies import ModelParallel as ModelParallel
from kerasish.distribution.strategies import distribution as distribution
from kerasish.distribution.strategies import set_distribution as set_distribution

__all__ = [
    "DataParallel", "DeviceMesh", "LayoutMap", "ModelParallel", "TensorLayout", "distribute_tensor", "distribution",
    "get_device_count", "initialize", "launch", "list_devices", "set_distribution",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
