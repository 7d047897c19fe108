"""Symbolic results whose sizes depend on values: Keras 3.15's shapes and dtypes, and the values once there are any."""

import numpy as np
import pytest

from kerasish import Input, KerasTensor, Model, ops
from kerasish.core import tree


def _x(*shape, dtype="float32"):
    return KerasTensor(shape, dtype)


N = None
EXPECTED = [
    (lambda: ops.nonzero(_x(4, N, 3)), [((N,), "int32")] * 3),
    (lambda: ops.nonzero(_x()), []),
    (lambda: ops.where(_x(N, 3, dtype="bool")), [((N, 3), "int64")]),
    (lambda: ops.unique(_x(N, 3)), [((N,), "float32")]),
    (lambda: ops.unique(_x(N, 3, dtype="int64"), axis=-1), [((N, N), "int64")]),
    (lambda: ops.unique(_x(4, N, 3), size=5, axis=1), [((4, 5, 3), "float32")]),
    (
        lambda: ops.unique(_x(4, N, 3), return_inverse=True, return_counts=True, return_index=True, axis=0),
        [((N, N, 3), "float32"), ((N,), "int32"), ((4,), "int32"), ((N,), "int32")],
    ),
    (lambda: ops.unique(_x(4, N), return_inverse=True), [((N,), "float32"), ((4, N), "int32")]),
    (lambda: ops.bincount(_x(7, 3, dtype="int64"), minlength=5), [((7, N), "int32")]),
    (lambda: ops.histogram(_x(N)), [((10,), "float32"), ((11,), "float32")]),
    (lambda: ops.histogram(_x(N, dtype="int32"), bins=4, range=(0, 1)), [((4,), "int32"), ((5,), "int32")]),
    (lambda: ops.corrcoef(_x(N, 3, dtype="float16")), [((N, 3), "float16")]),
    (lambda: ops.corrcoef(_x(2, 3, dtype="int64")), [((2, 3), "float64")]),
    (lambda: ops.diag(_x(N, 3), k=1), [((N,), "float32")]),
    (lambda: ops.diag(_x(2, 3), k=1), [((2,), "float32")]),
    (lambda: ops.diagonal(_x(4, N, 3)), [((3, N), "float32")]),
    (lambda: ops.diagonal(_x(4, N, 3), axis1=0, axis2=2), [((N, 3), "float32")]),
    (lambda: ops.segment_max(_x(N, 3), _x(N, dtype="int32")), [((N, 3), "float32")]),
    (lambda: ops.segment_sum(_x(N, 3), _x(N, dtype="int32"), 4), [((4, 3), "float32")]),
    (lambda: ops.slice(_x(N, 3), _x(2, dtype="int32"), [2, -1]), [((2, N), "float32")]),
    (lambda: ops.slice_update(_x(N, 3), _x(2, dtype="int32"), _x(2, 2)), [((N, 3), "float32")]),
    (lambda: ops.linspace(_x(N, 3), 1.0, 5, axis=-1), [((N, 3, 5), "float32")]),
    (lambda: ops.logspace(_x(3, dtype="int32"), _x(2, 1), 5), [((5, 2, 3), "float32")]),
    (lambda: ops.sum(ops.nonzero(_x(N, 3))[0]), [((), "int32")]),
]


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_sizes_that_depend_on_values_are_none(number):
    call, expected = EXPECTED[number]
    assert [(tuple(x.shape), x.dtype) for x in tree.flatten(call())] == expected


def test_the_values_come_when_the_model_is_called():
    x = Input((3,))
    data = np.array([[1, 0, 2], [0, 1, 1]], "float32")
    places, diagonal = Model(x, [ops.nonzero(x), ops.diagonal(x)])(data)
    np.testing.assert_array_equal(places, [[0, 0, 1, 1], [0, 2, 1, 2]])
    np.testing.assert_array_equal(diagonal, [1, 1])
    model = Model(x, ops.sum(ops.unique(x)))
    assert float(Model.from_config(model.get_config())(data)) == 3
    np.testing.assert_array_equal(Model(x, ops.linspace(x, 1.0, 2, axis=1))(data)[:, 0], data)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.unique(_x(N), axis=1), "axis 1 is out of bounds"),
        (lambda: ops.diagonal(_x(N)), "axis 1 is out of bounds"),
        (lambda: ops.diag(_x(4, N, 3)), "must be 1d or 2d"),
        (lambda: ops.histogram(_x(N), bins=-1), "non-negative integer"),
        (lambda: ops.where(_x(3), _x(3)), "either both"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
