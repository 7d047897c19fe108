"""Known architectures of image models (``keras.applications``)."""

from __future__ import annotations

from typing import Any

from kerasish.applications import convnext as convnext
from kerasish.applications import densenet as densenet
from kerasish.applications import efficientnet as efficientnet
from kerasish.applications import efficientnet_v2 as efficientnet_v2
from kerasish.applications import imagenet_utils as imagenet_utils
from kerasish.applications import inception_resnet_v2 as inception_resnet_v2
from kerasish.applications import inception_v3 as inception_v3
from kerasish.applications import mobilenet as mobilenet
from kerasish.applications import mobilenet_v2 as mobilenet_v2
from kerasish.applications import mobilenet_v3 as mobilenet_v3
from kerasish.applications import nasnet as nasnet
from kerasish.applications import resnet as resnet
from kerasish.applications import resnet50 as resnet50
from kerasish.applications import resnet_v2 as resnet_v2
from kerasish.applications import vgg16 as vgg16
from kerasish.applications import vgg19 as vgg19
from kerasish.applications import xception as xception
from kerasish.applications.convnext import ConvNeXtBase as ConvNeXtBase
from kerasish.applications.convnext import ConvNeXtLarge as ConvNeXtLarge
from kerasish.applications.convnext import ConvNeXtSmall as ConvNeXtSmall
from kerasish.applications.convnext import ConvNeXtTiny as ConvNeXtTiny
from kerasish.applications.convnext import ConvNeXtXLarge as ConvNeXtXLarge
from kerasish.applications.densenet import DenseNet121 as DenseNet121
from kerasish.applications.densenet import DenseNet169 as DenseNet169
from kerasish.applications.densenet import DenseNet201 as DenseNet201
from kerasish.applications.efficientnet import EfficientNetB0 as EfficientNetB0
from kerasish.applications.efficientnet import EfficientNetB1 as EfficientNetB1
from kerasish.applications.efficientnet import EfficientNetB2 as EfficientNetB2
from kerasish.applications.efficientnet import EfficientNetB3 as EfficientNetB3
from kerasish.applications.efficientnet import EfficientNetB4 as EfficientNetB4
from kerasish.applications.efficientnet import EfficientNetB5 as EfficientNetB5
from kerasish.applications.efficientnet import EfficientNetB6 as EfficientNetB6
from kerasish.applications.efficientnet import EfficientNetB7 as EfficientNetB7
from kerasish.applications.efficientnet_v2 import EfficientNetV2B0 as EfficientNetV2B0
from kerasish.applications.efficientnet_v2 import EfficientNetV2B1 as EfficientNetV2B1
from kerasish.applications.efficientnet_v2 import EfficientNetV2B2 as EfficientNetV2B2
from kerasish.applications.efficientnet_v2 import EfficientNetV2B3 as EfficientNetV2B3
from kerasish.applications.efficientnet_v2 import EfficientNetV2L as EfficientNetV2L
from kerasish.applications.efficientnet_v2 import EfficientNetV2M as EfficientNetV2M
from kerasish.applications.efficientnet_v2 import EfficientNetV2S as EfficientNetV2S
from kerasish.applications.inception_resnet_v2 import InceptionResNetV2 as InceptionResNetV2
from kerasish.applications.inception_v3 import InceptionV3 as InceptionV3
from kerasish.applications.mobilenet import MobileNet as MobileNet
from kerasish.applications.mobilenet_v2 import MobileNetV2 as MobileNetV2
from kerasish.applications.mobilenet_v3 import MobileNetV3Large as MobileNetV3Large
from kerasish.applications.mobilenet_v3 import MobileNetV3Small as MobileNetV3Small
from kerasish.applications.nasnet import NASNetLarge as NASNetLarge
from kerasish.applications.nasnet import NASNetMobile as NASNetMobile
from kerasish.applications.resnet import ResNet50 as ResNet50
from kerasish.applications.resnet import ResNet101 as ResNet101
from kerasish.applications.resnet import ResNet152 as ResNet152
from kerasish.applications.resnet_v2 import ResNet50V2 as ResNet50V2
from kerasish.applications.resnet_v2 import ResNet101V2 as ResNet101V2
from kerasish.applications.resnet_v2 import ResNet152V2 as ResNet152V2
from kerasish.applications.vgg16 import VGG16 as VGG16
from kerasish.applications.vgg19 import VGG19 as VGG19
from kerasish.applications.xception import Xception as Xception
from kerasish.core.errors import missing_name, public_dir

__all__ = [
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge", "DenseNet121", "DenseNet169",
    "DenseNet201", "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4",
    "EfficientNetB5", "EfficientNetB6", "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S", "InceptionResNetV2", "InceptionV3",
    "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small", "NASNetLarge", "NASNetMobile", "ResNet101",
    "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception", "convnext",
    "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils", "inception_resnet_v2", "inception_v3", "mobilenet",
    "mobilenet_v2", "mobilenet_v3", "nasnet", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19", "xception",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
