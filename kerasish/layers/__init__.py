"""Layers (``keras.layers``)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from kerasish.core import old_names
from kerasish.core.registry import above, deserialize_keras_object, publish, serialize_keras_object
from kerasish.layers import experimental as experimental
from kerasish.layers import old_arguments
from kerasish.layers.advanced_activations import ELU as ELU
from kerasish.layers.advanced_activations import LeakyReLU as LeakyReLU
from kerasish.layers.advanced_activations import PReLU as PReLU
from kerasish.layers.advanced_activations import ReLU as ReLU
from kerasish.layers.advanced_activations import Softmax as Softmax
from kerasish.layers.advanced_activations import ThresholdedReLU as ThresholdedReLU
from kerasish.layers.attention import AdditiveAttention as AdditiveAttention
from kerasish.layers.attention import Attention as Attention
from kerasish.layers.batch_norm import BatchNormalization as BatchNormalization
from kerasish.layers.cells import GRUCell as GRUCell
from kerasish.layers.cells import LSTMCell as LSTMCell
from kerasish.layers.cells import SimpleRNNCell as SimpleRNNCell
from kerasish.layers.cells import StackedRNNCells as StackedRNNCells
from kerasish.layers.conv import Conv1D as Conv1D
from kerasish.layers.conv import Conv2D as Conv2D
from kerasish.layers.conv import Conv3D as Conv3D
from kerasish.layers.conv_depthwise import DepthwiseConv1D as DepthwiseConv1D
from kerasish.layers.conv_depthwise import DepthwiseConv2D as DepthwiseConv2D
from kerasish.layers.conv_depthwise import SeparableConv1D as SeparableConv1D
from kerasish.layers.conv_depthwise import SeparableConv2D as SeparableConv2D
from kerasish.layers.conv_lstm import ConvLSTM1D as ConvLSTM1D
from kerasish.layers.conv_lstm import ConvLSTM2D as ConvLSTM2D
from kerasish.layers.conv_lstm import ConvLSTM3D as ConvLSTM3D
from kerasish.layers.conv_transpose import Conv1DTranspose as Conv1DTranspose
from kerasish.layers.conv_transpose import Conv2DTranspose as Conv2DTranspose
from kerasish.layers.conv_transpose import Conv3DTranspose as Conv3DTranspose
from kerasish.layers.conv_transpose import Convolution1DTranspose as Convolution1DTranspose
from kerasish.layers.conv_transpose import Convolution2DTranspose as Convolution2DTranspose
from kerasish.layers.conv_transpose import Convolution3DTranspose as Convolution3DTranspose
from kerasish.layers.core import Activation as Activation
from kerasish.layers.core import Dense as Dense
from kerasish.layers.core import Embedding as Embedding
from kerasish.layers.core import Identity as Identity
from kerasish.layers.core import Input as Input
from kerasish.layers.core import InputLayer as InputLayer
from kerasish.layers.core import Lambda as Lambda
from kerasish.layers.core import Masking as Masking
from kerasish.layers.einsum_dense import EinsumDense as EinsumDense
from kerasish.layers.features.audio import MelSpectrogram as MelSpectrogram
from kerasish.layers.features.category import CategoryEncoding as CategoryEncoding
from kerasish.layers.features.category import HashedCrossing as HashedCrossing
from kerasish.layers.features.category import Hashing as Hashing
from kerasish.layers.features.discretization import Discretization as Discretization
from kerasish.layers.features.lookup import IntegerLookup as IntegerLookup
from kerasish.layers.features.lookup import StringLookup as StringLookup
from kerasish.layers.features.normalization import Normalization as Normalization
from kerasish.layers.features.stft import STFTSpectrogram as STFTSpectrogram
from kerasish.layers.features.vectorization import TextVectorization as TextVectorization
from kerasish.layers.image import CenterCrop as CenterCrop
from kerasish.layers.image import Rescaling as Rescaling
from kerasish.layers.image import Resizing as Resizing
from kerasish.layers.images.affine import RandomRotation as RandomRotation
from kerasish.layers.images.affine import RandomShear as RandomShear
from kerasish.layers.images.affine import RandomTranslation as RandomTranslation
from kerasish.layers.images.affine import RandomZoom as RandomZoom
from kerasish.layers.images.blur import RandomGaussianBlur as RandomGaussianBlur
from kerasish.layers.images.box_count import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from kerasish.layers.images.clahe import (
    ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
)
from kerasish.layers.images.colours import RandomColorDegeneration as RandomColorDegeneration
from kerasish.layers.images.colours import RandomColorJitter as RandomColorJitter
from kerasish.layers.images.colours import RandomGrayscale as RandomGrayscale
from kerasish.layers.images.colours import RandomHue as RandomHue
from kerasish.layers.images.colours import RandomSaturation as RandomSaturation
from kerasish.layers.images.crop import RandomCrop as RandomCrop
from kerasish.layers.images.elastic import RandomElasticTransform as RandomElasticTransform
from kerasish.layers.images.equalize import AutoContrast as AutoContrast
from kerasish.layers.images.equalize import Equalization as Equalization
from kerasish.layers.images.erasing import RandomErasing as RandomErasing
from kerasish.layers.images.flip import RandomFlip as RandomFlip
from kerasish.layers.images.mixing import CutMix as CutMix
from kerasish.layers.images.mixing import MixUp as MixUp
from kerasish.layers.images.perspective import RandomPerspective as RandomPerspective
from kerasish.layers.images.pipeline import Pipeline as Pipeline
from kerasish.layers.images.policies import AugMix as AugMix
from kerasish.layers.images.policies import RandAugment as RandAugment
from kerasish.layers.images.sharpness import RandomSharpness as RandomSharpness
from kerasish.layers.images.stretching import RandomHeight as RandomHeight
from kerasish.layers.images.stretching import RandomWidth as RandomWidth
from kerasish.layers.images.tones import RandomBrightness as RandomBrightness
from kerasish.layers.images.tones import RandomContrast as RandomContrast
from kerasish.layers.images.tones import RandomInvert as RandomInvert
from kerasish.layers.images.tones import RandomPosterization as RandomPosterization
from kerasish.layers.images.tones import Solarization as Solarization
from kerasish.layers.input_spec import InputSpec as InputSpec
from kerasish.layers.jax_layer import FlaxLayer as FlaxLayer
from kerasish.layers.jax_layer import JaxLayer as JaxLayer
from kerasish.layers.layer import Layer as Layer
from kerasish.layers.local import LocallyConnected1D as LocallyConnected1D
from kerasish.layers.local import LocallyConnected2D as LocallyConnected2D
from kerasish.layers.merge import Add as Add
from kerasish.layers.merge import Average as Average
from kerasish.layers.merge import Concatenate as Concatenate
from kerasish.layers.merge import Dot as Dot
from kerasish.layers.merge import Maximum as Maximum
from kerasish.layers.merge import Minimum as Minimum
from kerasish.layers.merge import Multiply as Multiply
from kerasish.layers.merge import Subtract as Subtract
from kerasish.layers.merge import add as add
from kerasish.layers.merge import average as average
from kerasish.layers.merge import concatenate as concatenate
from kerasish.layers.merge import dot as dot
from kerasish.layers.merge import maximum as maximum
from kerasish.layers.merge import minimum as minimum
from kerasish.layers.merge import multiply as multiply
from kerasish.layers.merge import subtract as subtract
from kerasish.layers.multi_head import GroupedQueryAttention as GroupedQueryAttention
from kerasish.layers.multi_head import MultiHeadAttention as MultiHeadAttention
from kerasish.layers.noise import ActivityRegularization as ActivityRegularization
from kerasish.layers.noise import AlphaDropout as AlphaDropout
from kerasish.layers.noise import Dropout as Dropout
from kerasish.layers.noise import GaussianDropout as GaussianDropout
from kerasish.layers.noise import GaussianNoise as GaussianNoise
from kerasish.layers.noise import SpatialDropout1D as SpatialDropout1D
from kerasish.layers.noise import SpatialDropout2D as SpatialDropout2D
from kerasish.layers.noise import SpatialDropout3D as SpatialDropout3D
from kerasish.layers.norm import GroupNormalization as GroupNormalization
from kerasish.layers.norm import LayerNormalization as LayerNormalization
from kerasish.layers.norm import RMSNormalization as RMSNormalization
from kerasish.layers.norm import UnitNormalization as UnitNormalization
from kerasish.layers.pool import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from kerasish.layers.pool import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from kerasish.layers.pool import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from kerasish.layers.pool import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from kerasish.layers.pool import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from kerasish.layers.pool import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from kerasish.layers.pool import AveragePooling1D as AveragePooling1D
from kerasish.layers.pool import AveragePooling2D as AveragePooling2D
from kerasish.layers.pool import AveragePooling3D as AveragePooling3D
from kerasish.layers.pool import GlobalAveragePooling1D as GlobalAveragePooling1D
from kerasish.layers.pool import GlobalAveragePooling2D as GlobalAveragePooling2D
from kerasish.layers.pool import GlobalAveragePooling3D as GlobalAveragePooling3D
from kerasish.layers.pool import GlobalMaxPooling1D as GlobalMaxPooling1D
from kerasish.layers.pool import GlobalMaxPooling2D as GlobalMaxPooling2D
from kerasish.layers.pool import GlobalMaxPooling3D as GlobalMaxPooling3D
from kerasish.layers.pool import MaxPooling1D as MaxPooling1D
from kerasish.layers.pool import MaxPooling2D as MaxPooling2D
from kerasish.layers.pool import MaxPooling3D as MaxPooling3D
from kerasish.layers.recurrent import GRU as GRU
from kerasish.layers.recurrent import LSTM as LSTM
from kerasish.layers.recurrent import SimpleRNN as SimpleRNN
from kerasish.layers.reshape import Cropping1D as Cropping1D
from kerasish.layers.reshape import Cropping2D as Cropping2D
from kerasish.layers.reshape import Cropping3D as Cropping3D
from kerasish.layers.reshape import Flatten as Flatten
from kerasish.layers.reshape import Permute as Permute
from kerasish.layers.reshape import RepeatVector as RepeatVector
from kerasish.layers.reshape import Reshape as Reshape
from kerasish.layers.reshape import ZeroPadding1D as ZeroPadding1D
from kerasish.layers.reshape import ZeroPadding2D as ZeroPadding2D
from kerasish.layers.reshape import ZeroPadding3D as ZeroPadding3D
from kerasish.layers.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from kerasish.layers.rnn import RNN as RNN
from kerasish.layers.spectral_norm import SpectralNormalization as SpectralNormalization
from kerasish.layers.tfsm_layer import TFSMLayer as TFSMLayer
from kerasish.layers.torch_module import TorchModuleWrapper as TorchModuleWrapper
from kerasish.layers.upsampling import UpSampling1D as UpSampling1D
from kerasish.layers.upsampling import UpSampling2D as UpSampling2D
from kerasish.layers.upsampling import UpSampling3D as UpSampling3D
from kerasish.layers.wrappers import Bidirectional as Bidirectional
from kerasish.layers.wrappers import TimeDistributed as TimeDistributed
from kerasish.layers.wrappers import Wrapper as Wrapper

# Keras's other names of the same layers
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
GroupQueryAttention = GroupedQueryAttention
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D


def serialize(layer: Layer) -> dict:
    """Plain data that ``deserialize`` turns into an equal layer; without its weights."""
    return serialize_keras_object(layer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Layer:
    """The layer for what ``serialize`` gave.

    Raises:
        TypeError: a class that is neither public, nor registered, nor in ``custom_objects``.
        ValueError: the config is that of something else.
    """
    layer = deserialize_keras_object(config, custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(
            "`keras.layers.deserialize` was passed a `config` object that is not a `keras.layers.Layer`. "
            f"Received: {config}"
        )
    return layer


__all__ = [
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "Add",
    "AdditiveAttention", "AlphaDropout", "Attention", "AugMix", "AutoContrast", "Average", "AveragePooling1D",
    "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D", "BatchNormalization",
    "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate",
    "ContrastLimitedAdaptiveHistogramEqualization", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose",
    "Conv3D", "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Convolution1D",
    "Convolution1DTranspose", "Convolution2D", "Convolution2DTranspose", "Convolution3D", "Convolution3DTranspose",
    "Cropping1D", "Cropping2D", "Cropping3D", "CutMix", "Dense", "DepthwiseConv1D", "DepthwiseConv2D",
    "Discretization", "Dot", "Dropout", "ELU", "EinsumDense", "Embedding", "Equalization", "Flatten", "FlaxLayer",
    "GRU", "GRUCell", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalAveragePooling3D", "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D",
    "GlobalMaxPool2D", "GlobalMaxPool3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
    "GroupNormalization", "GroupQueryAttention", "HashedCrossing", "Hashing", "Identity", "Input", "InputLayer",
    "InputSpec", "IntegerLookup", "JaxLayer", "LSTM", "LSTMCell", "Lambda", "Layer", "LayerNormalization",
    "LeakyReLU", "LocallyConnected1D", "LocallyConnected2D", "Masking", "MaxNumBoundingBoxes", "MaxPool1D",
    "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum", "MelSpectrogram",
    "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "Normalization", "PReLU", "Permute", "Pipeline",
    "RMSNormalization", "RNN", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
    "RandomGrayscale", "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization",
    "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth",
    "RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing", "ReversibleEmbedding",
    "STFTSpectrogram", "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D",
    "SimpleRNN", "SimpleRNNCell", "Softmax", "Solarization", "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D", "SpectralNormalization", "StackedRNNCells", "StringLookup", "Subtract", "TFSMLayer",
    "TextVectorization",
    "ThresholdedReLU", "TimeDistributed", "TorchModuleWrapper", "UnitNormalization", "UpSampling1D", "UpSampling2D",
    "UpSampling3D", "Wrapper", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "add", "average", "concatenate",
    "deserialize", "dot", "maximum", "minimum", "multiply", "serialize", "subtract",
]  # fmt: skip
# no file names these two
publish(__name__, globals(), [name for name in __all__ if name != "InputSpec"])
InputSpec.__module__ = Layer.__module__ = GroupedQueryAttention.__module__ = __name__


# what Keras 1 and 2 called otherwise: arguments of constructors, and the files that layers lay in
for _name in old_arguments.TABLE:
    old_arguments.accept(globals()[_name])


def __getattr__(name: str) -> Any:
    if name == "DenseFeatures":  # Keras 2's, made of TensorFlow's feature columns
        return above("keras.layers.DenseFeatures")
    return old_names.found(__name__, name, globals())


def _elsewhere(name: str) -> Any:
    """A layer that Keras 2 had in a file in which we have others."""
    return globals()[name] if name in __all__ else __getattr__(name)


for _name, _file in list(globals().items()):  # files of ours with names of Keras 2's
    _old = f"keras.layers.{_name}" in old_names.MODULES and isinstance(_file, ModuleType)
    if _old and "__getattr__" not in vars(_file):
        _file.__getattr__ = _elsewhere  # type: ignore[method-assign]
