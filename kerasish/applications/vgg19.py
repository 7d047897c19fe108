"""VGG19 (``keras.applications.vgg19``)."""

from __future__ import annotations

from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.applications.vgg16 import vgg
from kerasish.core.registry import publish

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = vgg("VGG19", (2, 2, 4, 4, 4), "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6")
preprocess_input = preprocessing("caffe")

publish(__name__, globals(), __all__)
