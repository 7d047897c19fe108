"""``tf.tpu.experimental.embedding``: large embedding tables, their features and optimizers, and lookups on any machine.

What says how tables look is all here, and ``TPUEmbeddingForServing`` looks rows up. Training in a TPU's own embedding
hardware is not served: use ``tf.keras.layers.Embedding`` with an optimizer.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from kerasish.core import tree
from kerasish.core.dtypes import float32
from kerasish.core.errors import NotServedError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.initializers import TruncatedNormal
from kerasish.tf import creation
from kerasish.tf.arrays import reshape
from kerasish.tf.distribute.strategies import get_strategy
from kerasish.tf.distribute.tpu import TPUStrategy
from kerasish.tf.gone import missing as _missing
from kerasish.tf.indexing import boolean_mask, scatter_nd
from kerasish.tf.nn import embedding_lookup
from kerasish.tf.sparse_embeddings import safe_embedding_lookup_sparse

# optimizers -----------------------------------------------------------------------------------------------------------


class _Optimizer:
    """How a table is updated: numbers, which are kept."""

    def _common(
        self,
        learning_rate: Any,
        use_gradient_accumulation: bool,
        clip_weight_min: float | None,
        clip_weight_max: float | None,
        weight_decay_factor: float | None,
        multiply_weight_decay_factor_by_learning_rate: bool | None,
        clipvalue: Any,
        slot_variable_creation_fn: Callable | None,
        low_dimensional_packing_status: bool,
    ) -> None:
        if not use_gradient_accumulation and clipvalue is not None:
            raise ValueError(
                "When `use_gradient_accumulation` is False, gradient clipping cannot be used and `clipvalue` should be "
                f"left as None. Received value {clipvalue} for argument `clipvalue`."
            )
        low, high = (
            clipvalue if isinstance(clipvalue, tuple) else (None if clipvalue is None else -clipvalue, clipvalue)
        )
        self.learning_rate = learning_rate
        self.use_gradient_accumulation = use_gradient_accumulation
        self.clip_weight_min, self.clip_weight_max = clip_weight_min, clip_weight_max
        self.clip_gradient_min, self.clip_gradient_max = low, high
        self.weight_decay_factor = weight_decay_factor
        self.multiply_weight_decay_factor_by_learning_rate = multiply_weight_decay_factor_by_learning_rate
        self.slot_variable_creation_fn = slot_variable_creation_fn
        self.low_dimensional_packing_status = low_dimensional_packing_status

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, tuple(sorted((k, repr(v)) for k, v in vars(self).items()))))


class SGD(_Optimizer):
    """Gradient descent."""

    def __init__(
        self,
        learning_rate: Any = 0.01,
        use_gradient_accumulation: bool = True,
        clip_weight_min: float | None = None,
        clip_weight_max: float | None = None,
        weight_decay_factor: float | None = None,
        multiply_weight_decay_factor_by_learning_rate: bool | None = None,
        clipvalue: Any = None,
        low_dimensional_packing_status: bool = False,
    ) -> None:
        self._common(
            learning_rate, use_gradient_accumulation, clip_weight_min, clip_weight_max, weight_decay_factor,
            multiply_weight_decay_factor_by_learning_rate, clipvalue, None, low_dimensional_packing_status,
        )  # fmt: skip


class Adagrad(_Optimizer):
    """Adagrad.

    Raises:
        ValueError: the accumulators do not begin above 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        use_gradient_accumulation: bool = True,
        clip_weight_min: float | None = None,
        clip_weight_max: float | None = None,
        weight_decay_factor: float | None = None,
        multiply_weight_decay_factor_by_learning_rate: bool | None = None,
        slot_variable_creation_fn: Callable | None = None,
        clipvalue: Any = None,
        low_dimensional_packing_status: bool = False,
    ) -> None:
        self._common(
            learning_rate, use_gradient_accumulation, clip_weight_min, clip_weight_max, weight_decay_factor,
            multiply_weight_decay_factor_by_learning_rate, clipvalue, slot_variable_creation_fn,
            low_dimensional_packing_status,
        )  # fmt: skip
        if initial_accumulator_value <= 0:
            raise ValueError(
                f"Argument `initial_accumulator_value` must be a positive float. Received: {initial_accumulator_value}"
            )
        self.initial_accumulator_value = initial_accumulator_value


class AdagradMomentum(_Optimizer):
    """Adagrad with momentum.

    Raises:
        ValueError: ``exponent`` is not above 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        momentum: float = 0.0,
        use_nesterov: bool = False,
        exponent: float = 2,
        beta2: float = 1,
        epsilon: float = 1e-10,
        use_gradient_accumulation: bool = True,
        clip_weight_min: float | None = None,
        clip_weight_max: float | None = None,
        weight_decay_factor: float | None = None,
        multiply_weight_decay_factor_by_learning_rate: bool | None = None,
        slot_variable_creation_fn: Callable | None = None,
        clipvalue: Any = None,
        low_dimensional_packing_status: bool = False,
    ) -> None:
        self._common(
            learning_rate, use_gradient_accumulation, clip_weight_min, clip_weight_max, weight_decay_factor,
            multiply_weight_decay_factor_by_learning_rate, clipvalue, slot_variable_creation_fn,
            low_dimensional_packing_status,
        )  # fmt: skip
        if epsilon <= 0:
            raise ValueError("Adagrad momentum: epsilon must be positive")
        if exponent <= 0:
            raise ValueError("Adagrad momentum: Precondition exponent must >0")
        self.momentum, self.use_nesterov, self.exponent = momentum, use_nesterov, exponent
        self.beta2, self.epsilon = beta2, epsilon


class FTRL(_Optimizer):
    """Follow the regularized leader.

    Raises:
        ValueError: the accumulators do not begin above 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        beta: float = 0.0,
        initial_accumulator_value: float = 0.1,
        use_gradient_accumulation: bool = True,
        clip_weight_min: float | None = None,
        clip_weight_max: float | None = None,
        weight_decay_factor: float | None = None,
        multiply_weight_decay_factor_by_learning_rate: bool | None = None,
        slot_variable_creation_fn: Callable | None = None,
        clipvalue: Any = None,
        multiply_linear_by_learning_rate: bool = False,
        allow_zero_accumulator: bool = False,
        low_dimensional_packing_status: bool = False,
    ) -> None:
        self._common(
            learning_rate, use_gradient_accumulation, clip_weight_min, clip_weight_max, weight_decay_factor,
            multiply_weight_decay_factor_by_learning_rate, clipvalue, slot_variable_creation_fn,
            low_dimensional_packing_status,
        )  # fmt: skip
        if initial_accumulator_value <= 0:
            raise ValueError(
                f"Argument `initial_accumulator_value` must be a positive float. Received: {initial_accumulator_value}"
            )
        self.initial_accumulator_value = initial_accumulator_value
        self.learning_rate_power = learning_rate_power
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.beta = beta
        self.multiply_linear_by_learning_rate = multiply_linear_by_learning_rate
        self.allow_zero_accumulator = allow_zero_accumulator


class Adam(_Optimizer):
    """Adam.

    Raises:
        ValueError: averages forget by no share of 1, or ``epsilon`` is not above 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-07,
        lazy_adam: bool = True,
        sum_inside_sqrt: bool = True,
        use_gradient_accumulation: bool = True,
        clip_weight_min: float | None = None,
        clip_weight_max: float | None = None,
        weight_decay_factor: float | None = None,
        multiply_weight_decay_factor_by_learning_rate: bool | None = None,
        slot_variable_creation_fn: Callable | None = None,
        clipvalue: Any = None,
        low_dimensional_packing_status: bool = False,
    ) -> None:
        self._common(
            learning_rate, use_gradient_accumulation, clip_weight_min, clip_weight_max, weight_decay_factor,
            multiply_weight_decay_factor_by_learning_rate, clipvalue, slot_variable_creation_fn,
            low_dimensional_packing_status,
        )  # fmt: skip
        for name, beta in {"beta_1": beta_1, "beta_2": beta_2}.items():
            if not 0 <= beta < 1:
                raise ValueError(f"Argument `{name}` must be >= 0 and < 1. Received: {beta}.")
        if epsilon <= 0:
            raise ValueError(f"epsilon must be positive; got {epsilon}.")
        if not use_gradient_accumulation and not lazy_adam:
            raise ValueError("When disabling lazy Adam (`lazy_adam=False`), gradient accumulation must be used.")
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.lazy_adam, self.sum_inside_sqrt = lazy_adam, sum_inside_sqrt


# tables and features --------------------------------------------------------------------------------------------------


class QuantizationConfig:
    """How looked-up rows are rounded: to one of some numbers between two.

    Args:
        num_buckets: how many numbers.
        lower, upper: the smallest and the largest.

    Raises:
        ValueError: fewer than 2.
    """

    def __init__(self, num_buckets: int, lower: float, upper: float) -> None:
        if num_buckets < 2:
            raise ValueError(f"num_buckets is {num_buckets}, must be at least 2 for simulated quantization.")
        self.num_buckets, self.lower, self.upper = num_buckets, lower, upper

    def __repr__(self) -> str:
        return f"QuantizationConfig(num_buckets={self.num_buckets!r}, lower={self.lower!r}, upper={self.upper!r})"


class RowIdInitializer:
    """A table whose rows hold their numbers.

    Args:
        offset: of the first row.
    """

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def __call__(self, shape: Any, dtype: Any) -> Any:
        rows, columns = shape
        numbers = creation.range(self.offset, self.offset + rows, dtype="int64")
        return creation.cast(reshape(numbers, [rows, 1]), dtype) + creation.zeros([rows, columns], dtype)


class TableConfig:
    """A table.

    Args:
        vocabulary_size, dim: rows and columns.
        initializer: ``(shape, dtype) -> values``; default: truncated normal with deviation 1 / √dim.
        optimizer: how it is updated; default: the embedding object's.
        combiner: how a sample's rows become one: "mean", "sum" or "sqrtn".
        name: of its variable.
        quantization_config: how rows are rounded on TPUs.
        layout: of TPUs' shards.
        dtype: of the values.

    Raises:
        ValueError: arguments that do not fit.
    """

    def __init__(
        self,
        vocabulary_size: int,
        dim: int,
        initializer: Callable | None = None,
        optimizer: _Optimizer | None = None,
        combiner: Any = "mean",
        name: str | None = None,
        quantization_config: QuantizationConfig | None = None,
        layout: Any = None,
        dtype: Any = float32,
    ) -> None:
        for label, size in {"vocabulary_size": vocabulary_size, "dim": dim}.items():
            if not isinstance(size, int) or size < 1:
                words = " (embedding dimension)" if label == "dim" else ""
                raise ValueError(f"Argument `{label}`{words} must be an int and must be >= 1. Received: {size}")
        if initializer is not None and not callable(initializer):
            raise ValueError(f"Argument `initializer` must be a callable (or None). Received: {initializer}")
        if combiner not in ("mean", "sum", "sqrtn"):
            raise ValueError(f"String argument `combiner` must be in ('mean', 'sum', 'sqrtn'). Received: {combiner}")
        self._given = initializer
        self.vocabulary_size, self.dim, self.optimizer, self.combiner = vocabulary_size, dim, optimizer, combiner
        self.initializer = initializer or TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dim))
        self.name, self.quantization_config, self.layout, self.dtype = name, quantization_config, layout, dtype

    def __repr__(self) -> str:
        return (
            f"TableConfig(vocabulary_size={self.vocabulary_size!r}, dim={self.dim!r}, initializer={self._given!r}, "
            f"optimizer={self.optimizer!r}, combiner={self.combiner!r}, name={self.name!r}, "
            f"quantization_config={self.quantization_config!r})"
        )


class FeatureConfig:
    """A feature, whose ids are rows of a table.

    Args:
        table: a ``TableConfig``.
        max_sequence_length: above 0: rows are not combined, but the first so many are given.
        validate_weights_and_indices: whether ids and weights are checked on TPUs.
        output_shape: of the results on TPUs, without the table's columns.
        name: for errors.
    """

    def __init__(
        self,
        table: TableConfig,
        max_sequence_length: int = 0,
        validate_weights_and_indices: bool = True,
        output_shape: Any = None,
        name: str | None = None,
    ) -> None:
        self.table, self.max_sequence_length, self.name = table, max_sequence_length, name
        self.output_shape = TensorShape(output_shape)
        if not isinstance(max_sequence_length, int) or max_sequence_length < 0:
            raise fail(
                ValueError, "Argument `max_sequence_length` must be an int and >= 0", received=max_sequence_length
            )
        self.validate_weights_and_indices = validate_weights_and_indices

    def __repr__(self) -> str:
        return (
            f"FeatureConfig(table={self.table!r}, max_sequence_length={self.max_sequence_length!r}, "
            f"validate_weights_and_indices={self.validate_weights_and_indices!r}, "
            f"output_shape={self.output_shape!r}, name={self.name!r})"
        )


@dataclasses.dataclass
class SparseCoreEmbeddingConfig:
    """How tables are laid out on TPUs with sparse cores."""

    disable_table_stacking: bool = False
    max_ids_per_chip_per_sample: int = 64
    max_ids_per_table: dict[str, int] | None = None
    max_unique_ids_per_table: dict[str, int] | None = None
    allow_id_dropping: bool = False
    initialize_tables_on_host: bool = True
    enable_fast_table_initialization: bool = False


# lookups --------------------------------------------------------------------------------------------------------------


def _sequence(table: Any, ids: SparseTensor, length: int) -> Any:
    """The first rows of each sample: (batch, length, dim), zeros behind its end."""
    places, numbers = ids.indices, ids.values
    inside = places[:, 1] < length
    rows = embedding_lookup(table, boolean_mask(numbers, inside))
    shape = [int(ids.shape[0]), length, int(table.shape[1])]
    return scatter_nd(boolean_mask(places, inside), rows, convert(shape, places.dtype))


def _looked_up(table: Any, ids: Any, weights: Any, feature: FeatureConfig, path: str) -> Any:
    name = feature.name if feature.name is not None else path
    sparse = isinstance(ids, (SparseTensor, RaggedTensor))
    if weights is not None and not sparse:
        raise ValueError(f"Weight specified for {name}, but input is dense.")
    if weights is not None and type(weights) is not type(ids):
        raise ValueError(
            f"Weight for {name} is of type {type(weights)} but it does not match type of the input {type(ids)}."
        )
    if weights is not None and feature.max_sequence_length:
        raise ValueError(f"Weight specified for {name}, but this is a sequence feature.")
    if not sparse:
        if feature.max_sequence_length:
            raise ValueError(f"Feature {name} is a sequence feature but a dense tensor was passed.")
        return embedding_lookup(table, ids)
    if isinstance(ids, RaggedTensor):
        if ids.ragged_rank != 1:
            raise fail(ValueError, f"Feature {name} must be ragged in one dimension", received=ids.ragged_rank)
        ids, weights = ids.to_sparse(), None if weights is None else weights.to_sparse()
    if feature.max_sequence_length:
        return _sequence(table, ids, feature.max_sequence_length)
    return safe_embedding_lookup_sparse(table, ids, weights, feature.table.combiner)


def serving_embedding_lookup(inputs: Any, weights: Any, tables: dict, feature_config: Any) -> Any:
    """Rows of tables for features.

    Args:
        inputs: dense, sparse or ragged ids, in the structure of ``feature_config`` or a part of it.
        weights: None, or weights of sparse and ragged ids; None where a feature has none.
        tables: from ``TableConfig`` to variables.
        feature_config: a structure of ``FeatureConfig``.

    Raises:
        ValueError: weights of dense ids or of sequences.
    """
    features = dict(tree.flatten_with_path(feature_config))
    given = dict(tree.flatten_with_path(weights)) if weights is not None else {}
    paths = tree.flatten_with_path(inputs)
    found = [
        _looked_up(tables[features[path].table], ids, given.get(path), features[path], "/".join(map(str, path)))
        for path, ids in paths
    ]
    return tree.pack_as(inputs, found)


class _Tables:
    """Tables of features.

    Args:
        feature_config: a structure of ``FeatureConfig``.
        optimizer: of tables that name none.

    Raises:
        ValueError: two tables have one name.
    """

    def __init__(self, feature_config: Any, optimizer: _Optimizer | None) -> None:
        self._feature_config = feature_config
        tables = dict.fromkeys(feature.table for feature in tree.flatten(feature_config))
        names: set[str] = set()
        for i, table in enumerate(tables):
            if table.optimizer is None:
                table.optimizer = optimizer
            if table.name is None:
                table.name = f"table_{i}"
            if table.name in names:
                raise ValueError(f"Tables must have a unique name. Multiple tables with name {table.name} found.")
            names.add(table.name)
        self._configs = list(tables)
        self._tables: dict[TableConfig, TFVariable] = {}

    def build(self) -> None:
        """Make the tables' variables, if they are not there yet."""
        if self._tables:
            return
        for table in self._configs:
            values = table.initializer((table.vocabulary_size, table.dim), dtype=table.dtype)
            self._tables[table] = TFVariable(values, name=table.name, dtype=table.dtype)

    @property
    def embedding_tables(self) -> dict[TableConfig, TFVariable]:
        """The variables by their tables' configurations."""
        self.build()
        return dict(self._tables)


class TPUEmbeddingForServing(_Tables):
    """Tables that rows are looked up in, on any machine.

    Args:
        feature_config: a structure of ``FeatureConfig``.
        optimizer: of tables that name none; tables are not updated here.
        experimental_sparsecore_restore_info: of TPUs' shards; must be None.
    """

    def __init__(
        self, feature_config: Any, optimizer: _Optimizer | None, experimental_sparsecore_restore_info: Any = None
    ) -> None:
        if experimental_sparsecore_restore_info is not None:
            raise NotServedError("Tables of TPUs' sparse cores are not served by kerasish.")
        super().__init__(feature_config, optimizer)

    @property
    def variables(self) -> dict[str, dict[str, TFVariable]]:
        """The variables by the tables' names: "parameters" of each."""
        self.build()
        return {table.name: {"parameters": variable} for table, variable in self._tables.items()}  # type: ignore[misc]

    def embedding_lookup(self, features: Any, weights: Any = None) -> Any:
        """Rows for features; see ``serving_embedding_lookup``."""
        self.build()
        return serving_embedding_lookup(features, weights, self._tables, self._feature_config)


class TPUEmbedding(_Tables):
    """Tables that a TPU's embedding hardware updates: here what of it needs no TPU, the tables.

    Args:
        feature_config: a structure of ``FeatureConfig``.
        optimizer: of tables that name none.
        pipeline_execution_with_tensor_core: of TPUs.
    """

    def __init__(
        self, feature_config: Any, optimizer: _Optimizer | None, pipeline_execution_with_tensor_core: bool = False
    ) -> None:
        super().__init__(feature_config, optimizer)
        self._pipelined = pipeline_execution_with_tensor_core

    def build(self, per_replica_input_shapes: Any = None, per_replica_batch_size: int | None = None) -> None:
        """Make the tables' variables, if they are not there yet; shapes are of TPUs' programs."""
        super().build()

    def enqueue(
        self, features: Any, weights: Any = None, training: bool = True, name: str | None = None, device: Any = None
    ) -> None:
        """Hand features to a TPU.

        Raises:
            RuntimeError: there is no TPU's strategy. NotServedError: there is one.
        """
        raise _needs_hardware("enqueue")

    def dequeue(self, name: str | None = None) -> Any:
        """Rows from a TPU; see ``enqueue``."""
        raise _needs_hardware("dequeue")

    def apply_gradients(self, gradients: Any, name: str | None = None) -> None:
        """Update tables on a TPU; see ``enqueue``."""
        raise _needs_hardware("apply_gradients")


class TPUEmbeddingV0:
    """The embeddings of a TPU's own tables, which packages ask strategies and layers for.

    Raises:
        NotServedError: always.
    """

    def __init__(self, feature_config: Any, optimizer: Any) -> None:
        raise NotServedError("TPUEmbeddingV0 is not served by kerasish: use tf.keras.layers.Embedding.")


def _needs_hardware(what: str) -> Exception:
    if not isinstance(get_strategy(), TPUStrategy):
        return RuntimeError(f"{what} is not valid when TPUEmbedding object is not created under a TPUStrategy.")
    return NotServedError(
        f"TPUEmbedding.{what} is not served by kerasish: torch-xla reaches no embedding hardware. Use "
        "tf.keras.layers.Embedding."
    )


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
