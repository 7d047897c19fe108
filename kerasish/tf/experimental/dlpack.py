"""``tf.experimental.dlpack``: tensors shared with other libraries."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.errors import missing_name


def to_dlpack(tf_tensor: Any) -> Any:
    """A capsule of a tensor's memory, which another library may take once."""
    return torch.utils.dlpack.to_dlpack(dispatch.raw(tf_tensor).detach())


def from_dlpack(dlcapsule: Any) -> Any:
    """The tensor of a capsule's memory."""
    return dispatch.wrap(torch.utils.dlpack.from_dlpack(dlcapsule))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
