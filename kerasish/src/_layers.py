"""What packages take from ``keras.src.layers``: base classes, under the names that Keras gives them."""

from __future__ import annotations

from typing import Any

from kerasish import config, ops, random
from kerasish.core.errors import NotServedError
from kerasish.layers import Layer, data_layer
from kerasish.layers.conv import Convolution as BaseConv
from kerasish.layers.conv_depthwise import DepthwiseConvolution as BaseDepthwiseConv
from kerasish.layers.conv_transpose import TransposedConvolution as BaseConvTranspose
from kerasish.layers.merge import Merge
from kerasish.layers.pool import GlobalPooling as BaseGlobalPooling
from kerasish.layers.pool import WindowPooling as BasePooling
from kerasish.utils.feature_space import Cross, Feature, TFDConcat, TFDIdentity


class DynamicBackend:
    """The operations as Keras's backends have them: those on arrays in ``numpy``, then ``image``, ``nn``, ``random`` ..."""

    numpy, image, linalg, nn, random = ops.numpy, ops.image, ops.linalg, ops.nn, random
    core = math = ops

    @property
    def name(self) -> str:
        return config.backend()

    _backend = name

    def __getattr__(self, name: str) -> Any:
        return getattr(ops, name)


class DataLayer(data_layer.DataLayer):
    """A layer for pipelines of data, which computes by ``self.backend``; here every layer works in a dataset's ``map``."""

    _is_base = True
    backend = DynamicBackend()

    def _get_seed_generator(self, backend: Any = None) -> Any:
        """``self.generator``.

        Raises:
            ValueError: it or ``self.seed`` was not set.
        """
        if not hasattr(self, "seed") or not hasattr(self, "generator"):
            raise ValueError(
                "The `seed` and `generator` variable must be set in the `__init__` method before calling "
                "`_get_seed_generator()`."
            )
        return self.generator


TFDataLayer = DataLayer


class TensorFlowOpLayer(Layer):
    """Keras 2's class of operations of TensorFlow 1's graphs. There are none: packages ask layers whether they are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotServedError(
            "Layers of TensorFlow 1's operations (TensorFlowOpLayer) are not served: call the operation."
        )


__all__ = [
    "BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "BaseGlobalPooling", "BasePooling", "Cross", "DataLayer",
    "DynamicBackend", "Feature", "Merge", "TensorFlowOpLayer", "TFDConcat", "TFDIdentity", "TFDataLayer",
]  # fmt: skip
