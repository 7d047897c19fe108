"""Record what the real Keras gives for every case: run where keras and tensorflow are installed.

python record.py [--resume] [family…]

With ``--resume`` the cases that are recorded already and still planned stay as they are, and the file is written after every
new case, so that a long recording may be interrupted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # plain summation order

import case_store
import keras
import tensorflow as tf
from families import FAMILIES


def record(family: str, resume: bool = False) -> None:
    """Write one family's file."""
    plan, run = FAMILIES[family]
    started = time.time()
    known = {_key(row["case"]): row for row in case_store.read(family)} if resume else {}
    rows: list[dict] = []
    for case in plan():
        if family == "layers" and "channels_first" in str(case):
            case["moved"] = (
                True  # computed channels last: on a CPU TensorFlow adds the bias to the wrong axis, or refuses
            )
        row = known.get(_key(case)) or _record_case(family, run, case)
        if row is None:
            continue
        rows.append(row)
        if resume and _key(case) not in known:
            later = [row for row in known.values() if row not in rows]
            case_store.write(family, rows + later)
    failed = [(row["case"]["id"], row["raises"], row["message"][:90]) for row in rows if "raises" in row]
    size = case_store.write(family, rows)
    print(f"{family}: {len(rows)} cases, {size / 1e6:.2f} MB, {time.time() - started:.0f} s")
    print(*(f"  {row}" for row in failed), sep="\n")


def _record_case(family: str, run: Callable, case: dict) -> dict | None:
    """The row of one case; None for a case to leave out."""
    try:
        result = run(keras, tf, case)
    except Exception as error:
        result = _failure(family, error)
    if result.pop("left_out", False):
        return None
    return {"case": case, "arrays": {}, **result}


def _key(case: dict) -> str:
    return json.dumps(case, sort_keys=True)


def _failure(family: str, error: Exception) -> dict:
    """The row of a refusal; left out where it is TensorFlow's lack of a kernel for a dtype or a shape."""
    left_out = (isinstance(error, tf.errors.OpError) and family != "ragged") or family == "ops"
    return {"raises": type(error).__name__, "message": str(error)[:300], "left_out": left_out}


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--resume"]
    for name in names or FAMILIES:
        record(name, resume="--resume" in sys.argv)
