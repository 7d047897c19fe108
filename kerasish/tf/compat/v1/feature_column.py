"""``tf.compat.v1.feature_column``: that of TensorFlow 2, and a model's first layer as a function."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import NotServedError, missing_name
from kerasish.tf import feature_column as modern
from kerasish.tf.feature_column.layers import DenseFeatures


def input_layer(
    features: Any,
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict | None = None,
    cols_to_output_tensors: dict | None = None,
) -> Any:
    """The numbers of dense columns, side by side in the order of the columns' names.

    Args:
        features: a dictionary from names to tensors (batch, …).
        feature_columns: numeric, bucketized, indicator and embedding columns.
        weight_collections: of graphs.
        trainable: whether the tables of embeddings, which are new in each call, may be trained.
        cols_to_vars: is filled with an empty list for each column: variables are in collections of graphs.
        cols_to_output_tensors: is filled with each column's part.

    Output shape: ``(batch, numbers)``.

    Raises:
        ValueError: no columns, others, or two of one name.
    """
    layer = DenseFeatures(feature_columns, trainable=trainable)
    out = layer(features, cols_to_output_tensors=cols_to_output_tensors)
    if cols_to_vars is not None:
        cols_to_vars.update({column: [] for column in layer.feature_columns})
    return out


def __getattr__(name: str) -> Any:
    if name == "linear_model":
        raise NotServedError(
            "'tf.compat.v1.feature_column.linear_model' makes new weights in each call, which only graphs can "
            "train. Use tf.keras.layers.DenseFeatures(columns) and a Dense layer, or tf.keras.experimental.LinearModel."
        )
    if name in dir(modern) and not name.startswith("_"):
        return getattr(modern, name)
    raise missing_name(__name__, name, globals())
