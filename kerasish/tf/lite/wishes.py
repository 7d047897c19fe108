"""What a converter is told: optimizations, kinds of operations and numbers, examples of inputs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any


class _Word(enum.Enum):
    def __str__(self) -> str:
        return str(self.value)


class Optimize(_Word):
    """What a converter may do to make the file smaller and faster."""

    DEFAULT = "DEFAULT"
    OPTIMIZE_FOR_SIZE = "OPTIMIZE_FOR_SIZE"
    OPTIMIZE_FOR_LATENCY = "OPTIMIZE_FOR_LATENCY"
    EXPERIMENTAL_SPARSITY = "EXPERIMENTAL_SPARSITY"


class OpsSet(_Word):
    """Sets of operations that a file may use."""

    TFLITE_BUILTINS = "TFLITE_BUILTINS"
    SELECT_TF_OPS = "SELECT_TF_OPS"
    TFLITE_BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
    EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 = (
        "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
    )
    EXPERIMENTAL_STABLEHLO_OPS = "EXPERIMENTAL_STABLEHLO_OPS"


class TargetSpec:
    """What the machine that runs the file can do.

    Args:
        supported_ops: a list of ``OpsSet``.
        supported_types: a list of dtypes of weights.
        experimental_select_user_tf_ops, experimental_supported_backends: of TensorFlow's own operations; of no effect.
    """

    def __init__(
        self,
        supported_ops: Iterable[OpsSet] | None = None,
        supported_types: Iterable[Any] | None = None,
        experimental_select_user_tf_ops: Iterable[str] | None = None,
        experimental_supported_backends: Any = None,
    ) -> None:
        self.supported_ops = {OpsSet.TFLITE_BUILTINS} if supported_ops is None else supported_ops
        self.supported_types = set() if supported_types is None else supported_types
        self.experimental_select_user_tf_ops = set(experimental_select_user_tf_ops or ())
        self.experimental_supported_backends = experimental_supported_backends


class RepresentativeDataset:
    """Examples of inputs, from which a converter learns the ranges of numbers.

    Args:
        input_gen: a function that gives lists, or dicts by name, of inputs.
    """

    def __init__(self, input_gen: Callable[[], Iterable[Any]]) -> None:
        self.input_gen = input_gen
