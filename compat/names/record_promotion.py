"""Write down in which dtype TensorFlow's promotion modes let two dtypes meet: ``tests/tf/promotion_table.txt``.

    python compat/names/record_promotion.py

In an environment that has TensorFlow 2.21. A line has a kind, that is a dtype with * if it is weak, and what it meets each
kind in, in the order of the lines; ! before it says that the mode "safe" refuses.
"""

from __future__ import annotations

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import flexible_dtypes, ops  # noqa: E402
from tensorflow.python.framework.weak_tensor import WeakTensor  # noqa: E402

STRONG = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 complex64 complex128"
WEAK = "int32 int64 float32 float64 complex128"


def met(a: tf.Tensor, b: tf.Tensor) -> str:
    ops.set_dtype_conversion_mode("all")
    dtype, weak = flexible_dtypes.result_type(a, b)
    text = dtype.name + ("*" if weak else "")
    ops.set_dtype_conversion_mode("safe")
    try:
        flexible_dtypes.result_type(a, b)
    except TypeError:
        return f"!{text}"
    return text


if __name__ == "__main__":
    kinds = {name: tf.zeros([], name) for name in STRONG.split()}
    kinds |= {f"{name}*": WeakTensor.from_tensor(tf.zeros([], name)) for name in WEAK.split()}
    lines = [f"{name}: " + " ".join(met(a, b) for b in kinds.values()) for name, a in kinds.items()]
    path = pathlib.Path(__file__).parents[2] / "tests" / "tf" / "promotion_table.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
