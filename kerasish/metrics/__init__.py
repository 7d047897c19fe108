"""Metrics (``keras.metrics``): classes, functions, and both by name."""

from __future__ import annotations

import inspect
from typing import Any

from kerasish.core import old_names, registry
from kerasish.core.context import snake_case
from kerasish.core.registry import publish
from kerasish.losses import KLD as KLD
from kerasish.losses import MAE as MAE
from kerasish.losses import MAPE as MAPE
from kerasish.losses import MSE as MSE
from kerasish.losses import MSLE as MSLE
from kerasish.losses import binary_crossentropy as binary_crossentropy
from kerasish.losses import binary_focal_crossentropy as binary_focal_crossentropy
from kerasish.losses import categorical_crossentropy as categorical_crossentropy
from kerasish.losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from kerasish.losses import categorical_hinge as categorical_hinge
from kerasish.losses import hinge as hinge
from kerasish.losses import huber as huber
from kerasish.losses import kl_divergence as kl_divergence
from kerasish.losses import kld as kld
from kerasish.losses import kullback_leibler_divergence as kullback_leibler_divergence
from kerasish.losses import log_cosh as log_cosh
from kerasish.losses import logcosh as logcosh
from kerasish.losses import mae as mae
from kerasish.losses import mape as mape
from kerasish.losses import mean_absolute_error as mean_absolute_error
from kerasish.losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from kerasish.losses import mean_squared_error as mean_squared_error
from kerasish.losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from kerasish.losses import mse as mse
from kerasish.losses import msle as msle
from kerasish.losses import poisson as poisson
from kerasish.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.losses import squared_hinge as squared_hinge
from kerasish.metrics.accuracy import Accuracy as Accuracy
from kerasish.metrics.accuracy import BinaryAccuracy as BinaryAccuracy
from kerasish.metrics.accuracy import CategoricalAccuracy as CategoricalAccuracy
from kerasish.metrics.accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from kerasish.metrics.accuracy import SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy
from kerasish.metrics.accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from kerasish.metrics.accuracy import binary_accuracy as binary_accuracy
from kerasish.metrics.accuracy import categorical_accuracy as categorical_accuracy
from kerasish.metrics.accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from kerasish.metrics.accuracy import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from kerasish.metrics.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from kerasish.metrics.auc import AUC as AUC
from kerasish.metrics.base import Mean as Mean
from kerasish.metrics.base import Metric as Metric
from kerasish.metrics.confusion import FalseNegatives as FalseNegatives
from kerasish.metrics.confusion import FalsePositives as FalsePositives
from kerasish.metrics.confusion import Precision as Precision
from kerasish.metrics.confusion import PrecisionAtRecall as PrecisionAtRecall
from kerasish.metrics.confusion import Recall as Recall
from kerasish.metrics.confusion import RecallAtPrecision as RecallAtPrecision
from kerasish.metrics.confusion import SensitivityAtSpecificity as SensitivityAtSpecificity
from kerasish.metrics.confusion import SpecificityAtSensitivity as SpecificityAtSensitivity
from kerasish.metrics.confusion import TrueNegatives as TrueNegatives
from kerasish.metrics.confusion import TruePositives as TruePositives
from kerasish.metrics.iou import BinaryIoU as BinaryIoU
from kerasish.metrics.iou import IoU as IoU
from kerasish.metrics.iou import MeanIoU as MeanIoU
from kerasish.metrics.iou import OneHotIoU as OneHotIoU
from kerasish.metrics.iou import OneHotMeanIoU as OneHotMeanIoU
from kerasish.metrics.scores import F1Score as F1Score
from kerasish.metrics.scores import FBetaScore as FBetaScore
from kerasish.metrics.scores import R2Score as R2Score
from kerasish.metrics.values import BinaryCrossentropy as BinaryCrossentropy
from kerasish.metrics.values import CategoricalCrossentropy as CategoricalCrossentropy
from kerasish.metrics.values import CategoricalHinge as CategoricalHinge
from kerasish.metrics.values import ConcordanceCorrelation as ConcordanceCorrelation
from kerasish.metrics.values import CosineSimilarity as CosineSimilarity
from kerasish.metrics.values import Hinge as Hinge
from kerasish.metrics.values import KLDivergence as KLDivergence
from kerasish.metrics.values import LogCoshError as LogCoshError
from kerasish.metrics.values import MeanAbsoluteError as MeanAbsoluteError
from kerasish.metrics.values import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from kerasish.metrics.values import MeanMetricWrapper as MeanMetricWrapper
from kerasish.metrics.values import MeanRelativeError as MeanRelativeError
from kerasish.metrics.values import MeanSquaredError as MeanSquaredError
from kerasish.metrics.values import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from kerasish.metrics.values import MeanTensor as MeanTensor
from kerasish.metrics.values import PearsonCorrelation as PearsonCorrelation
from kerasish.metrics.values import Poisson as Poisson
from kerasish.metrics.values import RootMeanSquaredError as RootMeanSquaredError
from kerasish.metrics.values import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from kerasish.metrics.values import SquaredHinge as SquaredHinge
from kerasish.metrics.values import Sum as Sum
from kerasish.metrics.values import concordance_correlation as concordance_correlation
from kerasish.metrics.values import pearson_correlation as pearson_correlation

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy",
    "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score",
    "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLD", "KLDivergence", "LogCoshError", "MAE",
    "MAPE", "MSE", "MSLE", "Mean", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU",
    "MeanMetricWrapper", "MeanRelativeError", "MeanSquaredError", "MeanSquaredLogarithmicError", "MeanTensor",
    "Metric", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision", "PrecisionAtRecall",
    "R2Score", "Recall", "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
    "binary_accuracy", "binary_crossentropy", "binary_focal_crossentropy", "categorical_accuracy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge", "concordance_correlation",
    "deserialize", "get", "hinge", "huber", "kl_divergence", "kld", "kullback_leibler_divergence", "log_cosh",
    "logcosh", "mae", "mape", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle", "pearson_correlation", "poisson", "serialize",
    "sparse_categorical_accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy",
    "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip

# A name means the metric where there is one, else the function.
_BY_NAME: dict[str, Any] = {
    name: globals()[name] for name in __all__ if name not in ("Metric", "deserialize", "get", "serialize")
}
_BY_NAME |= {snake_case(name): thing for name, thing in _BY_NAME.items() if inspect.isclass(thing)}
_BY_NAME |= dict.fromkeys(("mse", "MSE"), MeanSquaredError)
_BY_NAME |= dict.fromkeys(("mae", "MAE"), MeanAbsoluteError)
_BY_NAME |= dict.fromkeys(("mape", "MAPE"), MeanAbsolutePercentageError)
_BY_NAME |= dict.fromkeys(("msle", "MSLE"), MeanSquaredLogarithmicError)
_BY_NAME |= dict.fromkeys(("kld", "KLD", "kullback_leibler_divergence"), KLDivergence)
_BY_NAME |= dict.fromkeys(("logcosh", "log_cosh"), LogCoshError)
_BY_NAME |= dict.fromkeys(("bce", "BCE"), BinaryCrossentropy)
_BY_NAME |= {"cosine_proximity": CosineSimilarity}


def get(identifier: Any) -> Any:
    """The metric for a name, class, config, function or object: a ``Metric`` or a function; ``None`` gives ``None``.

    >>> get("mae").name
    'mean_absolute_error'

    Raises:
        ValueError: nothing of that name, or something of another kind.
    """
    return registry.lookup("metric", identifier, _BY_NAME)


def serialize(metric: Any) -> Any:
    """Plain data that ``deserialize`` turns into an equal metric."""
    return registry.serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The metric for a name or for what ``serialize`` gave.

    Raises:
        ValueError, TypeError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return get(config)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), __all__)
