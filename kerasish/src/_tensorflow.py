"""What packages take from ``tensorflow.python``: what has no public name, such as the global seed and the list of devices."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from kerasish.core import device as machine
from kerasish.core import dispatch, tree
from kerasish.core.context import local, settings
from kerasish.core.dtypes import float32
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import convert
from kerasish.layers.layer import Layer


def global_seed() -> int | None:
    """The seed that ``tf.random.set_seed`` was given."""
    return settings.global_seed


def is_op_determinism_enabled() -> bool:
    """Whether ``tf.config.experimental.enable_op_determinism`` was called."""
    return torch.are_deterministic_algorithms_enabled()


def disable_op_determinism() -> None:
    """Undo ``tf.config.experimental.enable_op_determinism``."""
    torch.use_deterministic_algorithms(False)


def list_local_devices(session_config: object = None) -> list:
    """The devices, with ``name`` ("/device:CPU:0") and ``device_type``."""
    return [
        SimpleNamespace(name=f"/device:{kind}:{i}", device_type=kind, memory_limit=0, physical_device_desc="")
        for kind in ("CPU", "GPU", "TPU")
        for i in range(machine.count_of_type(kind.lower()))
    ]


def _concat(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """A batch's shape and a state's as one: a TensorShape with ``static``, else a tensor of sizes."""
    parts = [_sizes(prefix), _sizes(suffix)]
    if static:
        return TensorShape([size for part in parts for size in part])
    return convert([size for part in parts for size in part], "int32")


def _sizes(shape: Any) -> list:
    if dispatch.is_tensor(shape):
        shape = np.asarray(dispatch.raw(shape)).tolist()
    return [shape] if isinstance(shape, int) else list(TensorShape(shape))


def enabled() -> bool:
    """``tensorflow.python.tf2.enabled``: TensorFlow 2's behaviour is the one there is."""
    return True


def in_eager_mode() -> bool:
    """Whether no function is being traced."""
    return local.function is None


def GraphOrParentsInXlaContext(graph: Any) -> bool:  # noqa: N802 - TensorFlow's name
    """Whether a graph is compiled with XLA: none is."""
    return False


class RNNCell(Layer):
    """The base of TensorFlow 1's recurrent cells: ``call(inputs, state)`` gives output and new state.

    Args:
        _reuse: was for variable scopes, which are not there; layers own their weights.
    """

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, _reuse: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._reuse = _reuse

    @property
    def state_size(self) -> Any:
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        raise NotImplementedError("Abstract method")

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> Any:
        """Zeros of the shape of a state, in a structure like ``state_size``."""
        return tree.map_structure(
            lambda size: convert(np.zeros(_concat(batch_size, size).numpy(), np.float64), dtype), self.state_size
        )


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """The length of a convolution's output.

    Args:
        padding: "same", "valid" or "full".
    """
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation
    length = input_length + {"same": 0, "valid": -reach, "full": reach}[padding]
    return (length + stride - 1) // stride


__all__ = [
    "GraphOrParentsInXlaContext",
    "RNNCell",
    "_concat",
    "conv_output_length",
    "disable_op_determinism",
    "enabled",
    "global_seed",
    "in_eager_mode",
    "is_op_determinism_enabled",
    "list_local_devices",
]
