"""What the real Keras gave for random configurations, against kerasish: numbers, gradients, shapes, configurations.

The results lie in results/, one file for each family; README.md says how they are made.
"""

from __future__ import annotations

import os
import warnings

import case_store
import numpy as np
import pytest
from families import FAMILIES

import kerasish
from kerasish import tf

TOLERANCE = {
    "float64": 1e-10,
    "complex128": 1e-10,
    "float32": 1e-5,
    "complex64": 1e-5,
    "float16": 5e-3,
    "bfloat16": 2e-2,
}
ROWS = [
    pytest.param(family, row, id=f"{family}-{row['case']['id']}")
    for family in FAMILIES
    for row in case_store.read(family)
]


def compare(actual: np.ndarray, expected: np.ndarray, dtype: str, coarsest: float, case: dict, what: str) -> None:
    """Equal dtypes and shapes, and values within the tolerance, measured by the largest of the array."""
    actual = np.asarray(actual)
    assert actual.dtype.name == dtype, what
    assert actual.shape == expected.shape, what
    if expected.dtype.kind in "biu":
        np.testing.assert_array_equal(actual, expected, err_msg=what)
        return
    finite = expected[np.isfinite(expected)]
    scale = max(1.0, float(np.abs(finite).max())) if finite.size else 1.0
    tolerance = max(coarsest, case.get("tolerance", 0.0))
    if what.startswith("gradient") and coarsest > 1e-3:
        tolerance *= 4  # sums of rounded terms
    wide = "complex128" if expected.dtype.kind == "c" else "float64"
    np.testing.assert_allclose(
        actual.astype(wide), expected.astype(wide), rtol=tolerance, atol=tolerance * scale, err_msg=what
    )


def differences(expected: object, actual: object, where: str = "") -> list[str]:
    """Where the facts differ. What a configuration of ours has in addition is no difference; nor are shapes of builds."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = [key for key in expected if key not in ("build_config", "compile_config")]
        return [d for key in keys for d in differences(expected[key], actual.get(key, "nothing"), f"{where}/{key}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [d for i, (e, a) in enumerate(zip(expected, actual)) for d in differences(e, a, f"{where}/{i}")]
    return [] if expected == actual else [f"{where}: {expected} was expected, {actual} received"]


@pytest.mark.parametrize(("family", "row"), ROWS)
def test_recorded_case_gives_the_recorded_results(family, row):
    case = row["case"]
    run = FAMILIES[family][1]
    if "raises" in row:
        with pytest.raises(Exception) as caught:
            run(kerasish, tf, case)
        names = [cls.__name__ for cls in type(caught.value).__mro__]
        assert row["raises"] in names, row["message"]
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a layer warns of is tested elsewhere
        result = run(kerasish, tf, case)
    assert not differences(row.get("facts", {}), result.get("facts", {}))
    assert sorted(result.get("arrays", {})) == sorted(row["arrays"])
    coarsest = max((TOLERANCE.get(dtype, 0.0) for _, dtype in row["arrays"].values()), default=0.0)
    for name, (expected, dtype) in row["arrays"].items():  # numbers are as good as the coarsest dtype on their way
        compare(result["arrays"][name], expected, dtype, coarsest, case, name)


def test_every_family_is_recorded():
    assert sorted(p.stem for p in case_store.FOLDER.glob("*.npz")) == sorted(FAMILIES)
    assert sum(os.path.getsize(p) for p in case_store.FOLDER.glob("*.npz")) < 20e6
