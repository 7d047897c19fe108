"""Where dtypes meet in the promotion modes: the whole table of TensorFlow's, and what has no place in it."""

import pathlib

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.dtypes import as_dtype
from kerasish.tf.promotion import Kind, NoPromotionError, is_risky, join, kind_of, result_kind

LINES = (pathlib.Path(__file__).parent / "promotion_table.txt").read_text(encoding="utf-8").splitlines()
NAMES = [line.partition(": ")[0] for line in LINES]
ROWS = {line.partition(": ")[0]: line.partition(": ")[2].split() for line in LINES}


def kind(text):
    return Kind(as_dtype(text.strip("*")), text.endswith("*"))


@pytest.mark.parametrize("first", NAMES)
def test_meets_every_kind_as_recorded(first):
    found = []
    for second in NAMES:
        a, b = kind(first), kind(second)
        met = join(a, b)
        assert join(b, a) == met
        found.append(("!" if is_risky(a, b, met) else "") + met.dtype.name + ("*" if met.weak else ""))
    assert found == ROWS[first]


def test_the_table_has_every_kind():
    assert len(NAMES) == 20
    assert {len(row) for row in ROWS.values()} == {20}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "int32*"),
        (1.5, "float32*"),
        (1j, "complex128*"),
        (True, "bool"),
        (int, "int32*"),
        (np.float32, "float32"),
        (np.int8(1), "int8"),
        (np.float64(1), "float64"),
        (np.zeros(2), "float64"),
        (tf.constant(1), "int32"),
        (tf.float16, "float16"),
        ("text", "string"),
        (tf.TensorShape([2]), "int32"),
        (np.dtype("int16"), "int16"),
    ],
)
def test_kinds_of_values(value, expected):
    assert kind_of(value) == kind(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (([1, 2.5],), "float32*"),
        (([1, [2, True]], 1), "int32*"),
        (([],), "float32*"),
        ((), "float32*"),
        ((1, None), "int32*"),
        (([np.float16(1), 2.5],), "float16"),
        (({"a": 1, "b": np.int8(2)},), "int8"),
    ],
)
def test_values_in_lists_count(values, expected):
    assert result_kind(*values, safe=False) == kind(expected)


def test_safe_refuses_in_tensorflows_words():
    words = (
        "In promotion mode PromoMode.SAFE, implicit dtype promotion between (<dtype: 'int32'>, weak=False) and "
        "(<dtype: 'float32'>, weak=False) is disallowed. You need to explicitly specify the dtype in your op, or relax your "
        "dtype promotion rules (such as from SAFE mode to ALL mode)."
    )
    with pytest.raises(TypeError) as raised:
        result_kind(tf.int32, tf.float32, safe=True)
    assert str(raised.value) == words


@pytest.mark.parametrize("values", [(1, "text"), (tf.ragged.constant([[1]]), 1), (object(),)])
def test_other_values_have_no_rule(values):
    with pytest.raises(NoPromotionError):
        result_kind(*values, safe=False)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, [1, 2**40]])
def test_integers_of_more_than_32_bits(value):
    with pytest.raises(OverflowError, match="too large to convert to np.int32"):
        result_kind(value, safe=False)
