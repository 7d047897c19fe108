"""``tf.feature_column``: descriptions of features, and the numbers that models get of them.

Keras 3 has preprocessing layers and ``keras.utils.FeatureSpace`` in their place; ``keras.layers.DenseFeatures`` makes a layer
of columns.
"""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish_alias
from kerasish.tf.feature_column.layers import DenseFeatures, SequenceFeatures
from kerasish.tf.feature_column.making import bucketized_column as bucketized_column
from kerasish.tf.feature_column.making import categorical_column_with_hash_bucket as categorical_column_with_hash_bucket
from kerasish.tf.feature_column.making import categorical_column_with_identity as categorical_column_with_identity
from kerasish.tf.feature_column.making import (
    categorical_column_with_vocabulary_file as categorical_column_with_vocabulary_file,
)
from kerasish.tf.feature_column.making import (
    categorical_column_with_vocabulary_list as categorical_column_with_vocabulary_list,
)
from kerasish.tf.feature_column.making import crossed_column as crossed_column
from kerasish.tf.feature_column.making import embedding_column as embedding_column
from kerasish.tf.feature_column.making import indicator_column as indicator_column
from kerasish.tf.feature_column.making import make_parse_example_spec as make_parse_example_spec
from kerasish.tf.feature_column.making import numeric_column as numeric_column
from kerasish.tf.feature_column.making import (
    sequence_categorical_column_with_hash_bucket as sequence_categorical_column_with_hash_bucket,
)
from kerasish.tf.feature_column.making import (
    sequence_categorical_column_with_identity as sequence_categorical_column_with_identity,
)
from kerasish.tf.feature_column.making import (
    sequence_categorical_column_with_vocabulary_file as sequence_categorical_column_with_vocabulary_file,
)
from kerasish.tf.feature_column.making import (
    sequence_categorical_column_with_vocabulary_list as sequence_categorical_column_with_vocabulary_list,
)
from kerasish.tf.feature_column.making import sequence_numeric_column as sequence_numeric_column
from kerasish.tf.feature_column.making import shared_embeddings as shared_embeddings
from kerasish.tf.feature_column.making import weighted_categorical_column as weighted_categorical_column

publish_alias("keras.layers.DenseFeatures", DenseFeatures)  # for what stands below
publish_alias("keras.experimental.SequenceFeatures", SequenceFeatures)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
