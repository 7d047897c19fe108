"""What packages take from ``keras.src.layers``: base classes, under the names that Keras gives them."""

from __future__ import annotations

from kerasish.layers.conv import Convolution as BaseConv
from kerasish.layers.conv_depthwise import DepthwiseConvolution as BaseDepthwiseConv
from kerasish.layers.conv_transpose import TransposedConvolution as BaseConvTranspose
from kerasish.layers.layer import Layer
from kerasish.layers.merge import Merge
from kerasish.layers.pool import GlobalPooling as BaseGlobalPooling
from kerasish.layers.pool import WindowPooling as BasePooling

DataLayer = TFDataLayer = Layer  # here every layer works in a dataset's map

__all__ = [
    "BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "BaseGlobalPooling", "BasePooling", "DataLayer",
    "Merge", "TFDataLayer",
]  # fmt: skip
