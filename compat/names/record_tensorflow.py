"""Run records again with the real TensorFlow, and write down what it gives.

    python compat/names/record_tensorflow.py tests/tf/recorded/nn_each.txt …

In an environment that has TensorFlow 2.21 (on the CPU). The format is that of ``tests/tf/test_recorded.py``, which replays
the records; to add some, write their code with anything behind ``=>``. A file whose prelude changes the whole process,
as ``experimental_enable_numpy_behavior`` does, is recorded in a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import pathlib
import subprocess
import sys
import warnings
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def text_of(value: Any) -> str:
    """What a record has for an expression's value."""
    if type(value) in (list, tuple):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return repr(value)


def result(prelude: str, code: str) -> str:
    """What the code prints or gives, and the class of its exception."""
    namespace = {"tf": tf, "np": np, "keras": tf.keras, "__name__": "__main__"}
    exec(compile(prelude, "<prelude>", "exec", dont_inherit=True), namespace)
    linecache.cache["<record>"] = (len(code), None, [line + "\n" for line in code.split("\n")], "<record>")
    printed, raised = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            try:
                expression = None if code.startswith("print(") else compile(code, "<record>", "eval", dont_inherit=True)
            except SyntaxError:
                expression = None
            if expression is None:
                exec(compile(code, "<record>", "exec", dont_inherit=True), namespace)
            else:
                print(text_of(eval(expression, namespace)), end="")
    except Exception as error:
        raised = f"raises {type(error).__name__}"
    return "\n".join(part for part in (printed.getvalue().rstrip("\n"), raised) if part)


def record(path: pathlib.Path) -> None:
    """Replace the results in one file."""
    prelude, out = "", []
    for entry in path.read_text(encoding="utf-8").rstrip("\n").split("\n%%\n"):
        if entry.startswith("prelude"):
            prelude = entry.removeprefix("prelude").strip()
            out.append(entry)
            continue
        code = entry.partition("\n=>\n")[0]
        out.append(f"{code}\n=>\n{result(prelude, code)}")
    path.write_text("\n%%\n".join(out) + "\n", encoding="utf-8")


def changes_the_process(path: pathlib.Path) -> bool:
    return "experimental_enable_numpy_behavior" in path.read_text(encoding="utf-8").partition("\n%%\n")[0]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    paths = [pathlib.Path(name) for name in sys.argv[1:]]
    for path in paths:
        if len(paths) > 1 and changes_the_process(path):
            subprocess.run([sys.executable, __file__, str(path)], check=True)
        else:
            record(path)
