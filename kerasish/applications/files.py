"""Files with pretrained weights: what they are called, where they come from, where they are kept."""

from __future__ import annotations

import pathlib
from typing import Any, NamedTuple

from kerasish.core.errors import add_context
from kerasish.utils.download import get_file

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"


class WeightsFile(NamedTuple):
    """A file in the folder ``models`` of Keras's cache.

    Args:
        name: in the cache.
        url: where it is downloaded from.
        digest: MD5 or SHA-256, hexadecimal; None: not checked.
    """

    name: str
    url: str
    digest: str | None = None


def fetch(file: WeightsFile) -> str:
    """The path of the file in the cache, downloaded if it is not there.

    Raises:
        Exception: what ``get_file`` raises, with the file's name, its address and where to put it by hand.
    """
    try:
        return get_file(file.name, file.url, cache_subdir="models", file_hash=file.digest)
    except Exception as error:
        place = pathlib.Path("~", ".keras", "models", file.name)
        add_context(
            error,
            f"'{file.name}' could not be had. Without a network, download {file.url} elsewhere and put it at {place} "
            "(under $KERAS_HOME instead of ~/.keras, if that is set).",
        )
        raise


class Pretrained(NamedTuple):
    """The files of one model: with its top, and without."""

    top: WeightsFile
    without_top: WeightsFile

    @classmethod
    def at(cls, folder: str, top: str, without_top: str, digests: tuple[Any, Any] = (None, None)) -> Pretrained:
        """Two files of a folder, named there as in the cache."""
        return cls(
            WeightsFile(top, folder + top, digests[0]), WeightsFile(without_top, folder + without_top, digests[1])
        )

    @classmethod
    def tf_kernels(cls, folder: str, model: str, *digests: str) -> Pretrained:
        """Named as most of the older ones are: ``model_weights_tf_dim_ordering_tf_kernels[_notop].h5``."""
        name = f"{model}_weights_tf_dim_ordering_tf_kernels"
        return cls.at(f"{KERAS}{folder}/", f"{name}.h5", f"{name}_notop.h5", digests)  # type: ignore[arg-type]
