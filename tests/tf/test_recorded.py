"""What TensorFlow 2.21 prints, for several thousand expressions and small programs, is what kerasish.tf prints.

``recorded/*.txt`` has records of code, ``=>`` and what it gave: the ``repr`` of an expression's value or what a program
printed, and ``raises X`` for an exception. Numbers may differ in the last digits. ``*_each.txt`` has a few random calls of
each function; a test takes many of them, since they are short.
"""

import contextlib
import io
import linecache
import math
import pathlib
import re
import traceback
import warnings

import numpy as np
import pytest

from kerasish import tf
from kerasish.core import device
from kerasish.core.context import clear_session
from kerasish.tf.experimental.dtensor import tensors
from kerasish.tf.experimental.numpy import behavior

HERE = pathlib.Path(__file__).parent / "recorded"
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf|nan)")
TOLERANCE = 2e-5
GROUP = 40
COARSE = {"bfloat16": 1e-2, "float16": 2e-3}  # a unit or two in the last place: sums are made in another order


@pytest.fixture(autouse=True)
def _nothing_of_others(monkeypatch):
    """Meshes, hidden devices and the numpy behaviour are the process's."""
    monkeypatch.setattr(tensors, "_meshes", [])
    monkeypatch.setattr(device, "_visible", {})
    yield
    device.best.cache_clear()
    behavior.disable()


def parsed(path):
    """Prelude, code and result of each record of a file."""
    prelude = None
    for record in path.read_text(encoding="utf-8").rstrip("\n").split("\n%%\n"):
        if record.startswith("prelude"):
            prelude = compile(record.removeprefix("prelude").strip(), f"<{path.stem}>", "exec")
            continue
        code, _, expected = record.partition("\n=>\n")
        yield prelude, code, expected


def records():
    for path in sorted(HERE.glob("*.txt")):
        if path.stem.endswith("_each"):
            continue
        for i, (prelude, code, expected) in enumerate(parsed(path)):
            name = re.sub(r"\W+", "_", code.splitlines()[0])[:50]
            yield pytest.param(prelude, code, expected, id=f"{path.stem}-{i}-{name}")


def short_records():
    for path in sorted(HERE.glob("*_each.txt")):
        found = list(parsed(path))
        for i in range(0, len(found), GROUP):
            yield pytest.param(found[i : i + GROUP], id=f"{path.stem}-{i}")


def text_of(value):
    if type(value) in (list, tuple):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return repr(value)


def is_expression(code):
    try:
        compile(code, "<record>", "eval")
    except SyntaxError:
        return False
    return not code.startswith("print(")


def outcome(prelude, code):
    """What the code printed and gave, and the exception if there was one."""
    namespace = {"tf": tf, "np": np, "keras": tf.keras, "__name__": "__main__"}
    if prelude is not None:
        exec(prelude, namespace)
    lines = [line + "\n" for line in code.split("\n")]
    linecache.cache["<record>"] = (len(code), None, lines, "<record>")  # functions have a text, as in notebooks
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            if is_expression(code):
                print(text_of(eval(compile(code, "<record>", "eval"), namespace)), end="")
            else:
                exec(compile(code, "<record>", "exec"), namespace)
    except Exception as error:
        return printed.getvalue().rstrip("\n"), error
    return printed.getvalue().rstrip("\n"), None


def same(text, expected):
    if re.sub(r"\s+", "", NUMBER.sub("#", text)) != re.sub(r"\s+", "", NUMBER.sub("#", expected)):
        return False
    tolerance = next((coarse for name, coarse in COARSE.items() if name in expected), TOLERANCE)
    for ours, theirs in zip(NUMBER.findall(text), NUMBER.findall(expected), strict=True):
        x, y = float(ours), float(theirs)
        if not (x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= tolerance * max(1e-3, abs(x), abs(y))):
            return False
    return True


def difference(prelude, code, expected):
    """What is other than recorded, in words; None if nothing is."""
    clear_session(free_memory=False)  # automatic names begin anew
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text, error = outcome(prelude, code)
    expected, raises, kind = expected.partition("raises ")
    expected = expected.rstrip("\n")
    if raises:
        if error is None:
            return f"no {kind}; got {text}"
        if kind not in [cls.__name__ for cls in type(error).__mro__]:
            return f"{error!r}\n--- expected\n{kind}"
    elif error is not None:
        return "".join(traceback.format_exception(error))
    return None if same(text, expected) else f"{text}\n--- expected\n{expected}"


@pytest.mark.parametrize(("prelude", "code", "expected"), list(records()))
def test_recorded(prelude, code, expected):
    wrong = difference(prelude, code, expected)
    assert wrong is None, wrong


@pytest.mark.parametrize("group", list(short_records()))
def test_recorded_of_each(group):
    wrong = [f"{code}\n{found}" for prelude, code, expected in group if (found := difference(prelude, code, expected))]
    assert not wrong, "\n\n".join(wrong)
