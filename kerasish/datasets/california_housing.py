"""Prices of houses in Californian districts in 1990: 20,640 of 8 features (``keras.datasets.california_housing``)."""

from __future__ import annotations

from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, check_split, fetch, read_npz, shuffled_split

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: features (n, 8) and prices (n,) in dollars.

    Args:
        version: "large" for all districts, "small" for 600 near the bay.
        path: name of the file in the cache.
        test_split: fraction for testing.
        seed: of the shuffle before the split.
    """
    check_split(test_split)
    arrays = read_npz(fetch("california_housing.npz", path, _HASH))
    if version not in ("small", "large"):
        raise fail(ValueError, "Argument `version` must be one of 'small', 'large'", received=f"version={version}")
    end = _SMALL if version == "small" else None
    return shuffled_split(arrays["x"][:end], arrays["y"][:end], test_split, seed)


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
