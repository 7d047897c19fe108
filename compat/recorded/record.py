"""Record what the real Keras gives for every case: run where keras and tensorflow are installed.

python record.py [family…]
"""

from __future__ import annotations

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # plain summation order

import case_store
import keras
import tensorflow as tf
from families import FAMILIES


def record(family: str) -> None:
    """Write one family's file."""
    plan, run = FAMILIES[family]
    started = time.time()
    cases, results = [], []
    for case in plan():
        if family == "layers" and "channels_first" in str(case):
            case["moved"] = (
                True  # computed channels last: on a CPU TensorFlow adds the bias to the wrong axis, or refuses
            )
        try:
            result = run(keras, tf, case)
        except Exception as error:
            result = _failure(family, error)
        if result.pop("left_out", False):
            continue
        cases.append(case)
        results.append(result)
    failed = [(c["id"], r["raises"], r["message"][:90]) for c, r in zip(cases, results) if "raises" in r]
    size = case_store.write(family, cases, results)
    print(f"{family}: {len(cases)} cases, {size / 1e6:.2f} MB, {time.time() - started:.0f} s")
    print(*(f"  {row}" for row in failed), sep="\n")


def _failure(family: str, error: Exception) -> dict:
    """The row of a refusal; left out where it is TensorFlow's lack of a kernel for a dtype or a shape."""
    left_out = isinstance(error, tf.errors.OpError) or family == "ops"
    return {"raises": type(error).__name__, "message": str(error)[:300], "left_out": left_out}


if __name__ == "__main__":
    for name in sys.argv[1:] or FAMILIES:
        record(name)
