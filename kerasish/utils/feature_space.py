"""FeatureSpace: tables of numbers, categories and text as vectors, each column by a layer of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core import dispatch, registry, tree
from kerasish.core.context import unique_name
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import convert
from kerasish.layers import (
    CategoryEncoding,
    Discretization,
    HashedCrossing,
    Hashing,
    Input,
    IntegerLookup,
    Normalization,
    Rescaling,
    StringLookup,
    TextVectorization,
)
from kerasish.layers.data_layer import DataLayer
from kerasish.layers.features.batches import is_dataset
from kerasish.layers.layer import Layer
from kerasish.ops import cast, concatenate, expand_dims, reshape, squeeze
from kerasish.saving.model_files import save_model

Number = float  # ``float`` is the name of a method below
_ROWS = 32  # of a batch made from single samples


class Feature:
    """How one column is prepared.

    Args:
        dtype: of the column: "float32", "int32", "string", ...
        preprocessor: the layer that it goes through, or the config of one.
        output_mode: what becomes of the layer's outputs: "one_hot" makes vectors of indices; "int" and "float" nothing.

    Raises:
        ValueError: another ``output_mode``.
    """

    def __init__(self, dtype: Any, preprocessor: Any, output_mode: str) -> None:
        _check_choice("output_mode", output_mode, ("int", "one_hot", "float"))
        self.dtype = dtype
        self.preprocessor = registry.deserialize_inner(preprocessor) if isinstance(preprocessor, dict) else preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict:
        return {
            "dtype": self.dtype,
            "preprocessor": registry.serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict) -> Feature:
        return cls(**config)


class Cross:
    """Columns that are looked at together: the hash of their values' combination.

    Args:
        feature_names: of the columns.
        crossing_dim: how many bins the hash falls into.
        output_mode: "one_hot", or "int" for the bin itself.

    Raises:
        ValueError: another ``output_mode``.
    """

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> None:
        _check_choice("output_mode", output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict:
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict) -> Cross:
        return cls(**config)


class TFDIdentity(DataLayer):
    """Its inputs, as they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, x: Any) -> Any:
        return x


class TFDConcat(DataLayer):
    """Its inputs, side by side along ``axis``."""

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs: Any) -> Any:
        return concatenate.raw(xs, axis=self.axis)


class FeatureSpace(Layer):
    """A table's columns, each prepared by a layer of its own, as one vector for each row, or as a dictionary.

    Args:
        features: name of the column → what it is: "float", "float_rescaled", "float_normalized", "float_discretized",
            "integer_categorical", "string_categorical", "integer_hashed", "string_hashed", or what the method of that name
            or ``feature`` returns.
        output_mode: "concat": one vector, the columns in the order of their names, then the crosses; "dict": name → tensor.
        crosses: tuples of columns to look at together, or what ``cross`` returns.
        crossing_dim: how many bins tuples in ``crosses`` get.
        hashing_dim: how many bins "integer_hashed" and "string_hashed" have.
        num_discretization_bins: how many intervals "float_discretized" has.
        name: of this layer.

    It is called on a dictionary of columns: of shape ``(batch,)`` or ``(batch, n)``, or scalars for a single row; also in
    a dataset's ``map``. ``adapt`` has to be called first if a column's layer learns.

    Attributes:
        preprocessors, crossers: name → layer.

    Raises:
        ValueError: no features, or a bad value.

    >>> space = FeatureSpace({"age": FeatureSpace.float_rescaled(0.1), "town": "string_categorical"})
    >>> space.adapt({"age": [20.0, 30.0], "town": ["Rom", "Bern"]})
    >>> space({"age": 50.0, "town": "Rom"}).numpy()
    array([5., 0., 1., 0.], dtype=float32)
    """

    def __init__(
        self,
        features: dict,
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._standardized(key, value) for key, value in features.items()}
        self.crosses = [self._as_cross(cross) for cross in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        _check_choice("output_mode", output_mode, ("dict", "concat"))
        self.output_mode = output_mode
        self.inputs = {key: Input((1,), dtype=value.dtype, name=key) for key, value in self.features.items()}
        self.preprocessors = {key: value.preprocessor for key, value in self.features.items()}
        self.encoded_features: Any = None
        self.crossers = {cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses}
        self.one_hot_encoders: dict = {}
        self.concat: Any = None
        self._is_adapted = False

    # kinds of columns

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Columns to look at together; see ``Cross``."""
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: Any, preprocessor: Any, output_mode: str) -> Feature:
        """A column with a layer of the user's; see ``Feature``."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers, as they are."""
        name = name or unique_name("float")
        return Feature("float32", TFDIdentity(dtype="float32", name=f"{name}_preprocessor"), "float")

    @classmethod
    def float_rescaled(cls, scale: Number = 1.0, offset: Number = 0.0, name: str | None = None) -> Feature:
        """Numbers as ``x · scale + offset``."""
        name = name or unique_name("float_rescaled")
        layer = Rescaling(scale=scale, offset=offset, name=f"{name}_preprocessor")
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers, shifted and scaled to mean 0 and variance 1."""
        name = name or unique_name("float_normalized")
        return Feature("float32", Normalization(axis=-1, name=f"{name}_preprocessor"), "float")

    @classmethod
    def float_discretized(
        cls, num_bins: int, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers as the interval that they lie in; see ``keras.layers.Discretization``."""
        name = name or unique_name("float_discretized")
        layer = Discretization(num_bins=num_bins, bin_boundaries=bin_boundaries, name=f"{name}_preprocessor")
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers as indices of a vocabulary; see ``keras.layers.IntegerLookup``."""
        name = name or unique_name("integer_categorical")
        layer = IntegerLookup(name=f"{name}_preprocessor", max_tokens=max_tokens, num_oov_indices=num_oov_indices)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Text as indices of a vocabulary; see ``keras.layers.StringLookup``."""
        name = name or unique_name("string_categorical")
        layer = StringLookup(name=f"{name}_preprocessor", max_tokens=max_tokens, num_oov_indices=num_oov_indices)
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Text as bins of its hash."""
        name = name or unique_name("string_hashed")
        return Feature("string", Hashing(name=f"{name}_preprocessor", num_bins=num_bins), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Integers as bins of their hash."""
        name = name or unique_name("integer_hashed")
        return Feature("int32", Hashing(name=f"{name}_preprocessor", num_bins=num_bins), output_mode)

    def _standardized(self, name: str, feature: Any) -> Feature:
        """What ``features`` says of a column, as a Feature."""
        if isinstance(feature, dict):
            feature = registry.deserialize_inner(feature)
        if isinstance(feature, Feature):
            return feature
        sizes = {
            "float_discretized": (self.num_discretization_bins,),
            "integer_hashed": (self.hashing_dim,),
            "string_hashed": (self.hashing_dim,),
        }
        kinds = ("float", "float_normalized", "float_rescaled", "integer_categorical", "string_categorical", *sizes)
        if feature not in kinds:
            raise fail(ValueError, f"Invalid feature type: {feature}", f"a `Feature`, or one of {kinds}")
        return getattr(type(self), feature)(*sizes.get(feature, ()), name=name)

    def _as_cross(self, cross: Any) -> Cross:
        """An entry of ``crosses``, as a Cross."""
        if isinstance(cross, dict):
            cross = registry.deserialize_inner(cross)
        if isinstance(cross, Cross):
            return cross
        if not self.crossing_dim:
            raise ValueError(
                "When specifying `crosses`, the argument `crossing_dim` (dimensionality of the crossing space) should be "
                "specified as well."
            )
        if any(name not in self.features for name in cross):
            raise fail(
                ValueError,
                "All features referenced in the `crosses` argument should be present in the `features` dict",
                received=f"unknown features: {cross}",
            )
        return Cross(cross, crossing_dim=self.crossing_dim)

    # learning

    def adapt(self, dataset: Any) -> None:
        """Let the columns' layers learn: vocabularies, means, intervals.

        Args:
            dataset: a ``tf.data.Dataset`` of dictionaries, of single rows or batches, or a dictionary of columns.

        Raises:
            ValueError: something else, or a layer that was given what it would learn.
            KeyError: a column is missing.
        """
        if isinstance(dataset, dict):
            dataset = registry.above("tf.data.Dataset").from_tensor_slices(dataset)
        elif not is_dataset(dataset):
            raise fail(
                ValueError,
                "`adapt()` can only be called on a tf.data.Dataset or a dict of arrays/lists",
                received=f"{dataset} (of type {type(dataset)})",
            )
        for name in self._to_adapt():
            self.preprocessors[name].adapt(_column_of(dataset, name))
        self._is_adapted = True
        self.get_encoded_features()
        self.built = True

    def _to_adapt(self) -> list[str]:
        """The columns whose layers learn."""
        names = []
        for name, layer in self.preprocessors.items():
            settled = (isinstance(layer, Normalization) and layer.input_mean is not None) or (
                isinstance(layer, TextVectorization) and layer._has_input_vocabulary
            )
            if hasattr(layer, "adapt") and not settled:
                names.append(name)
        return names

    def _check_adapted(self) -> None:
        if not self._is_adapted and self._to_adapt():
            raise ValueError("You need to call `.adapt(dataset)` on the FeatureSpace before you can start using it.")
        self._is_adapted = True

    # symbolic

    def get_inputs(self) -> dict:
        """Name → symbolic input of shape ``(None, 1)``, to begin a functional model with.

        Raises:
            ValueError: ``adapt`` has not been called.
        """
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """What the symbolic inputs become.

        Raises:
            ValueError: ``adapt`` has not been called, or columns cannot be made into vectors.
        """
        self._check_adapted()
        if self.encoded_features is None:
            prepared, crossed = self._prepared(self.inputs)
            for name in sorted(prepared):
                self._add_encoder(name, self.features[name], self.preprocessors[name], prepared[name])
            for name in sorted(crossed):
                self._add_encoder(name, self.crosses_by_name[name], self.crossers[name], crossed[name])
            if self.output_mode == "concat":
                self._check_concatenable(prepared, crossed)
                self.concat = TFDConcat(axis=-1)
            self.encoded_features = self._merged(prepared, crossed)
        return self.encoded_features

    def _add_encoder(self, name: str, spec: Any, layer: Any, outputs: Any) -> None:
        """Make the layer that turns the indices of a column into vectors, if that is wanted."""
        if spec.output_mode != "one_hot":
            return
        dtype = as_dtype(tree.flatten(outputs)[0].dtype).name
        if not dtype.startswith("int"):
            raise ValueError(
                f"Feature '{name}' has `output_mode='one_hot'`. Thus its preprocessor should return an integer dtype. "
                f"Instead it returns a {dtype} dtype."
            )
        size = next((size for kinds, size in _SIZES if isinstance(layer, kinds)), None)
        if size is None:
            raise ValueError(
                f"Feature '{name}' has `output_mode='one_hot'`. However it isn't a standard feature and the dimensionality "
                "of its output space is not known, thus it cannot be one-hot encoded. Try using `output_mode='int'`."
            )
        depth = size(layer)
        if depth is not None:
            self.one_hot_encoders[name] = CategoryEncoding(num_tokens=depth, output_mode="multi_hot")

    def _check_concatenable(self, *features: dict) -> None:
        for name, feature in ((name, group[name]) for group in features for name in sorted(group)):
            dtype = as_dtype(feature.dtype).name
            if name not in self.one_hot_encoders and (dtype.startswith("int") or dtype == "string"):
                raise ValueError(
                    f"Cannot concatenate features because feature '{name}' has not been encoded (it has dtype {dtype}). "
                    "Consider using `output_mode='dict'`."
                )

    # computing

    def __call__(self, data: dict) -> Any:
        """The rows of a table, prepared.

        Args:
            data: name → column: a tensor, an array or a list; or a single value each.

        Returns:
            (batch, n), or a dictionary of tensors; without the batch axis for single values.

        Raises:
            ValueError: ``adapt`` has not been called, or ``data`` is no dictionary.
            KeyError: a column is missing or unknown.
        """
        self.get_encoded_features()
        if not isinstance(data, dict):
            raise fail(
                ValueError, "A FeatureSpace can only be called with a dict", received=f"{data} (of type {type(data)})"
            )
        data = {name: _as_tensor(value) for name, value in data.items()}
        single = any(len(x.shape) == 0 for x in data.values())
        merged = self._merged(*self._prepared({name: _as_column(x) for name, x in data.items()}))
        if not single:
            return merged
        if self.output_mode == "concat":
            if merged.shape[0] != 1:
                raise fail(ValueError, "Expected rebatched data to have batch size 1", received=f"shape={merged.shape}")
            return squeeze(merged, axis=0)
        return {name: _first_row(x) for name, x in merged.items()}

    def _prepared(self, data: dict) -> tuple[dict, dict]:
        """The columns and the crosses, as their layers give them."""
        prepared = {name: _through(self.preprocessors[name], x) for name, x in data.items()}
        crossed = {
            cross.name: self.crossers[cross.name]([prepared[name] for name in cross.feature_names])
            for cross in self.crosses
        }
        return prepared, crossed

    def _merged(self, prepared: dict, crossed: dict) -> Any:
        """The result: indices as vectors where wanted, columns by name, then crosses by name."""
        result = {}
        for name, x in (
            *((name, prepared[name]) for name in sorted(self.features)),
            *((name, crossed[name]) for name in sorted(self.crossers)),
        ):
            encoder = self.one_hot_encoders.get(name)
            result[name] = x if encoder is None else encoder(x)
        return result if self.output_mode == "dict" else self.concat(list(result.values()))

    # files

    def get_config(self) -> dict:
        return {
            "features": registry.serialize_keras_object(dict(self.features)),
            "output_mode": self.output_mode,
            "crosses": registry.serialize_keras_object(list(self.crosses)),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict) -> FeatureSpace:
        return cls(**config)

    def get_build_config(self) -> dict:
        return {name: feature.preprocessor.get_build_config() for name, feature in self.features.items()}

    def build_from_config(self, config: dict) -> None:
        """Create the weights of the columns' layers, whose learned state is about to be read."""
        for name, inner in config.items():
            layer = self.features[name].preprocessor
            if not layer.built:
                layer.build_from_config(inner)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Write a ``.keras`` file, for ``keras.models.load_model``.

        Raises:
            ValueError: another extension.
        """
        if not os.fspath(filepath).endswith(".keras"):
            raise fail(
                ValueError,
                "Invalid `filepath` argument: expected a `.keras` extension",
                received=f"filepath={filepath}",
            )
        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Nothing: what was learned is the columns' layers'."""

    def load_own_variables(self, store: Any) -> None:
        """Nothing, as above."""


# Layers that give indices, and how many there are.
_SIZES: tuple[tuple[Any, Callable], ...] = (
    ((IntegerLookup, StringLookup), lambda layer: layer.vocabulary_size()),
    (CategoryEncoding, lambda layer: layer.num_tokens),
    ((Discretization, HashedCrossing, Hashing), lambda layer: layer.num_bins),
)


def _check_choice(name: str, value: Any, options: tuple[str, ...]) -> None:
    if value not in options:
        raise fail(ValueError, f"Invalid value for argument `{name}`", f"one of {options}", f"{name}={value}")


def _as_tensor(x: Any) -> Any:
    if isinstance(x, KerasTensor):
        raise fail(ValueError, "A FeatureSpace cannot be called on symbolic tensors", received=x)
    return (
        x if dispatch.is_tensor(x) else convert(x if isinstance(x, (list, tuple, int, Number, str)) else np.asarray(x))
    )


def _as_column(x: Any) -> Any:
    if len(x.shape) == 0:
        return reshape(x, (1, 1))
    return expand_dims(x, -1) if len(x.shape) == 1 else x


def _first_row(x: Any) -> Any:
    return squeeze(x, axis=0) if len(x.shape) == 2 and x.shape[0] == 1 else x


def _through(layer: Any, x: Any) -> Any:
    """A layer's outputs; layers for pipelines of data are given their compute dtype."""
    if isinstance(layer, DataLayer) and not isinstance(x, KerasTensor):
        x = cast(x, layer.compute_dtype)
    return layer(x)


def _column_of(dataset: Any, name: str) -> Any:
    """The dataset of one column, batched."""
    column = dataset.map(lambda row: row[name])
    rank = len(next(iter(column)).shape)
    if rank == 0:
        column = column.batch(_ROWS)
    return column.map(lambda x: expand_dims(x, -1)) if rank <= 1 else column


# Files name these by where they are in Keras.
publish("kerasish.src.layers.preprocessing.feature_space", globals(), ("Cross", "Feature", "TFDConcat", "TFDIdentity"))
for _cls in (Cross, Feature, TFDConcat, TFDIdentity):
    _cls.__module__ = __name__
