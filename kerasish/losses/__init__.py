"""Losses (``keras.losses``): classes, functions, and both by name."""

from __future__ import annotations

from typing import Any

from kerasish.core import old_names, registry
from kerasish.core.registry import publish
from kerasish.losses.base import Loss as Loss
from kerasish.losses.base import Reduction as Reduction
from kerasish.losses.losses import CTC as CTC
from kerasish.losses.losses import BinaryCrossentropy as BinaryCrossentropy
from kerasish.losses.losses import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from kerasish.losses.losses import CategoricalCrossentropy as CategoricalCrossentropy
from kerasish.losses.losses import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from kerasish.losses.losses import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from kerasish.losses.losses import CategoricalHinge as CategoricalHinge
from kerasish.losses.losses import Circle as Circle
from kerasish.losses.losses import CosineSimilarity as CosineSimilarity
from kerasish.losses.losses import Dice as Dice
from kerasish.losses.losses import Hinge as Hinge
from kerasish.losses.losses import Huber as Huber
from kerasish.losses.losses import KLDivergence as KLDivergence
from kerasish.losses.losses import LogCosh as LogCosh
from kerasish.losses.losses import LossFunctionWrapper as LossFunctionWrapper
from kerasish.losses.losses import MeanAbsoluteError as MeanAbsoluteError
from kerasish.losses.losses import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from kerasish.losses.losses import MeanSquaredError as MeanSquaredError
from kerasish.losses.losses import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from kerasish.losses.losses import Poisson as Poisson
from kerasish.losses.losses import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from kerasish.losses.losses import SquaredHinge as SquaredHinge
from kerasish.losses.losses import Tversky as Tversky
from kerasish.losses.margin import categorical_hinge as categorical_hinge
from kerasish.losses.margin import circle as circle
from kerasish.losses.margin import hinge as hinge
from kerasish.losses.margin import squared_hinge as squared_hinge
from kerasish.losses.overlap import dice as dice
from kerasish.losses.overlap import tversky as tversky
from kerasish.losses.probabilistic import binary_crossentropy as binary_crossentropy
from kerasish.losses.probabilistic import binary_focal_crossentropy as binary_focal_crossentropy
from kerasish.losses.probabilistic import categorical_crossentropy as categorical_crossentropy
from kerasish.losses.probabilistic import categorical_focal_crossentropy as categorical_focal_crossentropy
from kerasish.losses.probabilistic import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from kerasish.losses.probabilistic import ctc as ctc
from kerasish.losses.probabilistic import kl_divergence as kl_divergence
from kerasish.losses.probabilistic import poisson as poisson
from kerasish.losses.probabilistic import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.losses.regression import cosine_similarity as cosine_similarity
from kerasish.losses.regression import huber as huber
from kerasish.losses.regression import log_cosh as log_cosh
from kerasish.losses.regression import mean_absolute_error as mean_absolute_error
from kerasish.losses.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from kerasish.losses.regression import mean_squared_error as mean_squared_error
from kerasish.losses.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error

# Keras 2's short names
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh

__all__ = [
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CTC", "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle",
    "CosineSimilarity", "Dice", "Hinge", "Huber", "KLD", "KLDivergence", "LogCosh", "Loss", "MAE", "MAPE", "MSE",
    "MSLE", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError",
    "Poisson", "Reduction", "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "circle", "cosine_similarity", "ctc",
    "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "kld", "kullback_leibler_divergence",
    "log_cosh", "logcosh", "mae", "mape", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_error", "mean_squared_logarithmic_error", "mse", "msle", "poisson", "serialize",
    "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]  # fmt: skip

_BY_NAME: dict[str, Any] = {
    name: globals()[name] for name in __all__ if name not in ("Loss", "Reduction", "deserialize", "get", "serialize")
}
_BY_NAME |= {"bce": binary_crossentropy, "BCE": binary_crossentropy, "huber_loss": huber}


def get(identifier: Any) -> Any:
    """The loss for a name, class, config, function or object: a function or a ``Loss``; ``None`` gives ``None``.

    >>> get("mse").__name__
    'mean_squared_error'

    Raises:
        ValueError: nothing of that name, or something of another kind.
    """
    return registry.lookup("loss", identifier, _BY_NAME)


def serialize(loss: Any) -> Any:
    """Plain data that ``deserialize`` turns into an equal loss."""
    return registry.serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict | None = None) -> Any:
    """The loss for a name or for what ``serialize`` gave.

    Raises:
        ValueError, TypeError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return get(name)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), [*__all__, "LossFunctionWrapper"])
