"""Well-known small data sets (``keras.datasets``): downloaded on first use into Keras's cache folder."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name, public_dir
from kerasish.datasets import boston_housing as boston_housing
from kerasish.datasets import california_housing as california_housing
from kerasish.datasets import cifar10 as cifar10
from kerasish.datasets import cifar100 as cifar100
from kerasish.datasets import fashion_mnist as fashion_mnist
from kerasish.datasets import imdb as imdb
from kerasish.datasets import mnist as mnist
from kerasish.datasets import reuters as reuters

__all__ = [
    "boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
