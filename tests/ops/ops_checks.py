"""What the tests of operations share."""

from __future__ import annotations

import numpy as np

from kerasish.core.tensor import Tensor

TOLERANCE = {
    "float16": 4e-3,
    "bfloat16": 3e-2,
    "float32": 2e-5,
    "complex64": 2e-5,
    "float64": 1e-10,
    "complex128": 1e-10,
}


def same(actual, expected, dtype=None):
    """Assert that a Tensor has the values, the shape and (by default the array's) dtype that are expected."""
    assert isinstance(actual, Tensor)
    expected = np.asarray(expected)
    wanted = dtype or expected.dtype.name
    assert actual.dtype.name == wanted
    assert tuple(actual.shape) == expected.shape
    tolerance = TOLERANCE.get(wanted, 0)
    values = actual.numpy()
    if values.dtype.kind == "V" or wanted == "bfloat16":
        values = values.astype("float64")
    np.testing.assert_allclose(values, expected, rtol=tolerance, atol=tolerance)
