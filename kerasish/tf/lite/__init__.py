"""``tf.lite``: models as LiteRT files. The optional package ``litert-torch`` writes, ``ai-edge-litert`` runs them."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.lite import experimental as experimental
from kerasish.tf.lite.converter import TFLiteConverter as TFLiteConverter
from kerasish.tf.lite.interpreter import Interpreter as Interpreter
from kerasish.tf.lite.wishes import OpsSet as OpsSet
from kerasish.tf.lite.wishes import Optimize as Optimize
from kerasish.tf.lite.wishes import RepresentativeDataset as RepresentativeDataset
from kerasish.tf.lite.wishes import TargetSpec as TargetSpec


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
