"""Prices of houses in Boston's suburbs in the 1970s: 506 of 13 features (``keras.datasets.boston_housing``)."""

from __future__ import annotations

from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, check_split, fetch, read_npz, shuffled_split

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: features (n, 13) and prices (n,) in thousands of dollars.

    Args:
        path: name of the file in the cache.
        test_split: fraction for testing.
        seed: of the shuffle before the split.
    """
    check_split(test_split)
    arrays = read_npz(fetch("boston_housing.npz", path, _HASH))
    return shuffled_split(arrays["x"], arrays["y"], test_split, seed)


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
