"""Input, Dense, Embedding, Activation, Lambda, Masking, Identity."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations, constraints, initializers, regularizers
from kerasish.core import registry, tree
from kerasish.core.dtypes import as_dtype, standardize
from kerasish.core.errors import InvalidArgumentError, UnknownSizeError, fail
from kerasish.core.shape import TensorShape, standardize_shape
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.core.symbolic import KerasTensor, Node
from kerasish.layers.adapters import large_weight, stored_weight
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.module import converted_dtype
from kerasish.layers.quantized_product import QuantizedProduct
from kerasish.layers.quantized_table import QuantizedTable
from kerasish.layers.shapes import keras_tensors, shape_tree
from kerasish.ops import coordinates
from kerasish.ops.common import nan_note


class InputLayer(Layer):
    """The entry of a model: a shape, a dtype and a name, no computation.

    Args:
        shape: of one sample, without the batch dimension.
        batch_size: the size of the batch if it is fixed.
        dtype: default: ``floatx``.
        sparse: whether it is given sparse tensors, and passes them on as such.
        ragged: whether it is given ragged tensors.
        batch_shape: the whole shape, instead of ``shape`` and ``batch_size``.
        input_tensor: a KerasTensor to start from, instead of a shape.
        optional: whether ``None`` may be passed.
        name: of the layer.

    Raises:
        ValueError: no shape was given, or contradictory ones.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse and ragged:
            raise ValueError("KerasTensor cannot have `sparse=True` and `ragged=True` at the same time.")
        keras_2_shape = kwargs.pop("input_shape", None)
        keras_2_batch_shape = kwargs.pop("batch_input_shape", None)
        super().__init__(name=name, **kwargs)
        shape = shape if shape is not None else keras_2_shape
        batch_shape = batch_shape if batch_shape is not None else keras_2_batch_shape
        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise fail(ValueError, "Argument `input_tensor` must be a KerasTensor", received=repr(input_tensor))
            batch_shape, dtype = tuple(input_tensor.shape), dtype or input_tensor.dtype.name
            if sparse is not None and sparse != input_tensor.sparse:
                raise fail(
                    ValueError, "`sparse` must be that of `input_tensor`", input_tensor.sparse, f"sparse={sparse}"
                )
            sparse = input_tensor.sparse
        elif shape is not None and batch_shape is not None:
            raise fail(ValueError, "You cannot pass both `shape` and `batch_shape` at the same time")
        elif batch_size is not None and batch_shape is not None:
            raise fail(ValueError, "You cannot pass both `batch_size` and `batch_shape` at the same time")
        elif batch_shape is None and shape is None:
            raise fail(ValueError, "You must pass a `shape` argument")
        elif batch_shape is None:
            batch_shape = (batch_size, *standardize_shape(shape))
        self.batch_shape = standardize_shape(batch_shape)
        self._input_dtype = standardize(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        self.built = self._has_nothing_to_build()
        output = input_tensor
        if output is None:
            output = KerasTensor(self.batch_shape, self._input_dtype, self.sparse, self.ragged, name=name)
        output._keras_optional = optional
        Node(self, (), {}, output)

    def call(self) -> None:
        """Nothing: it only marks where a model begins."""

    dtype = property(lambda self: self._input_dtype)

    def _follow_dtype(self, fn: Callable) -> None:
        dtype = converted_dtype(self._input_dtype, fn)
        if dtype is not None:
            self._input_dtype = self.output._dtype = dtype

    def get_config(self) -> dict:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._input_dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to begin a functional model with; arguments as of ``InputLayer``."""
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output


class Dense(QuantizedProduct, Layer):
    """A fully connected layer: ``activation(inputs @ kernel + bias)``.

    Args:
        units: size of the output's last axis.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint: names, objects or configs.
        lora_rank, lora_alpha: as of ``enable_lora``, which is then called when the layer is built.
        quantization_config: of a layer whose dtype policy is a quantized one.

    Input shape: ``(batch, ..., features)``. Output shape: ``(batch, ..., units)``.

    >>> layer = Dense(3)
    >>> layer(np.ones((2, 4))).shape
    TensorShape([2, 3])
    """

    # the base class has the first, if there is one
    _not_in_config = ("activity_regularizer", "lora_rank", "lora_alpha")
    _settled = ("activation", "use_bias")
    kernel = large_weight("kernel")
    _kernel = stored_weight("kernel")

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take_adapter_arguments(lora_rank, lora_alpha, quantization_config)
        self.units = positive_integer(units, "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        features = known_axis(input_shape, -1, self)
        if not self._build_quantized((features, self.units)):
            self.kernel = self.add_weight(
                name="kernel",
                shape=(features, self.units),
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._end_build()

    def call(self, inputs: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if self._adapted:
            return self._run_adapted(inputs, training)
        weights = self._parameters
        kernel = weights["kernel"]
        if not inputs.is_floating_point():
            inputs = inputs.to(kernel.dtype)
        if not self.use_bias:
            outputs = torch.matmul(inputs, kernel)
        elif inputs.ndim == 2:
            outputs = torch.addmm(weights["bias"], inputs, kernel)
        else:
            outputs = torch.matmul(inputs, kernel) + weights["bias"]
        return activations.raw(self.activation)(outputs)

    _takes_sparse = _k_densifies = True

    def _sparse_call(self, inputs: SparseTensor, training: bool | None = None) -> Any:
        if inputs.dtype == "string":
            raise not_dense(inputs, "Dense")
        if self._adapted:
            return self._raw_call(coordinates.to_dense(coordinates.reorder(inputs)), training)
        kernel = self._parameters["kernel"]
        dtype = inputs.dtype.torch if inputs.dtype.is_floating else kernel.dtype
        if inputs.dtype.torch is not dtype:
            inputs = inputs.with_raw(inputs.raw_values.to(dtype))
        outputs = coordinates.matmul(inputs, kernel.to(dtype))
        if self.use_bias:
            outputs = outputs + self._parameters["bias"].to(dtype)
        return activations.raw(self.activation)(outputs)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        weights, matmul, addmm = self._parameters, torch.matmul, torch.addmm

        def product(x: torch.Tensor) -> torch.Tensor:
            return matmul(x, weights["kernel"])

        def rows(x: torch.Tensor) -> torch.Tensor:
            return addmm(weights["bias"], x, weights["kernel"])

        def steps(x: torch.Tensor) -> torch.Tensor:
            return matmul(x, weights["kernel"]) + weights["bias"]

        if not inputs.dtype.is_floating or self._adapted:
            return None
        affine = product if not self.use_bias else rows if len(inputs.shape) == 2 else steps
        return affine, *activations.on_floats(self.activation)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape[:-1], self.units)

    # the product, for QuantizedProduct

    def _times(self, x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return torch.matmul(x, kernel)

    def _times_back(self, upstream: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return torch.matmul(upstream, kernel.t())

    def _summed_axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (-1,), (0,)

    def _along_outputs(self, scale: torch.Tensor, of_inputs: bool = False) -> torch.Tensor:
        return scale if of_inputs else scale.squeeze(0)

    def _along_kernel(self, scale: torch.Tensor) -> torch.Tensor:
        return scale

    def _matrix(self, shape: tuple) -> tuple[int, int]:
        return shape  # type: ignore[return-value]


Dense._quantizable = Dense


class Embedding(QuantizedTable, Layer):
    """Vectors for integers: row ``i`` of ``embeddings`` for index ``i``.

    Args:
        input_dim: number of rows; indices are below it.
        output_dim: length of a vector.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: names, objects or configs.
        mask_zero: whether index 0 is padding: the outputs get a mask that is False there.
        weights: the rows, as one array in a list.
        lora_rank, lora_alpha: as of ``enable_lora``, which is then called when the layer is built.
        quantization_config: of a layer whose dtype policy is a quantized one.
        input_length: Keras 2's; the length of the sequences if it is fixed.

    Input shape: any, integers. Output shape: the same with ``output_dim`` appended.

    Raises:
        InvalidArgumentError: on a CPU, an index outside ``[0, input_dim)``; those from -input_dim count from the end.
    """

    _config_first = (
        "input_dim",
        "output_dim",
        "embeddings_initializer",
        "embeddings_regularizer",
        "activity_regularizer",
    )

    _not_in_config = ("weights", "lora_rank", "lora_alpha")
    embeddings = large_weight("embeddings")
    _embeddings = stored_weight("embeddings")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        input_length = kwargs.pop("input_length", None)
        if input_length is not None and "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            lengths = input_length if isinstance(input_length, (list, tuple)) else (input_length,)
            kwargs["input_shape"] = tuple(lengths)
        if weights is not None:
            kwargs["weights"] = weights if isinstance(weights, (list, tuple)) else [weights]
        super().__init__(**kwargs)
        self._take_adapter_arguments(lora_rank, lora_alpha, quantization_config)
        self.input_dim = positive_integer(input_dim, "input_dim")
        self.output_dim = positive_integer(output_dim, "output_dim")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self._makes_mask = mask_zero
        self.autocast = False  # indices are not cast

    def build(self, input_shape: Any = None) -> None:
        shape = (self.input_dim, self.output_dim)
        if not self._build_quantized(shape):
            self.embeddings = self.add_weight(
                name="embeddings",
                shape=shape,
                initializer=self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )
        self._end_build()

    _by_value = True

    def compute_output_spec(self, inputs: KerasTensor, *args: Any, **kwargs: Any) -> Any:
        if self._user_call:  # a subclass may return something else
            return super().compute_output_spec(inputs, *args, **kwargs)
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype, ragged=inputs.ragged)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        indices = inputs if inputs.dtype in (torch.int32, torch.int64) else inputs.to(torch.int32)
        try:
            return self._rows(indices)
        except (IndexError, RuntimeError) as error:
            counted = self._counted_from_end(indices, inputs, error)
        return self._rows(counted)

    _takes_sparse = _k_densifies = True

    def _sparse_call(self, inputs: SparseTensor) -> torch.Tensor:
        if inputs.dtype == "string" or self.mask_zero:
            raise not_dense(inputs, "Embedding")
        return self._raw_call(coordinates.to_dense(coordinates.reorder(inputs)))

    def _rows(self, indices: torch.Tensor) -> torch.Tensor:
        return self._run_adapted(indices) if self._adapted else torch.embedding(self._parameters["embeddings"], indices)

    def _counted_from_end(self, indices: torch.Tensor, inputs: torch.Tensor, error: Exception) -> torch.Tensor:
        """Negative indices as those of the rows that they name, as in Keras; the kernel of the CPU has refused them."""
        rows = torch.where(indices < 0, indices + self.input_dim, indices)
        wrong = indices[(rows < 0) | (rows >= self.input_dim)]
        if wrong.numel():
            raise InvalidArgumentError(
                f"Layer '{self.name}': index {int(wrong[0])} is not in [0, {self.input_dim}). "
                f"input_dim must be the largest index plus 1.{nan_note(inputs)}"
            ) from error
        return rows

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        if inputs.dtype not in ("int32", "int64") or self._adapted:
            return None
        weights, function = self._parameters, torch.embedding

        def rows(x: torch.Tensor) -> torch.Tensor:
            try:
                return function(weights["embeddings"], x)
            except (IndexError, RuntimeError) as error:
                return function(weights["embeddings"], self._counted_from_end(x, x, error))

        return (rows,)

    def compute_mask(self, inputs: torch.Tensor, mask: Any = None) -> torch.Tensor | None:
        return inputs.ne(0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict:
        return {"activity_regularizer": None, **super().get_config()}


Embedding._quantizable = Embedding


class Activation(Layer):
    """An activation function applied elementwise, or along the axis that it names.

    Args:
        activation: name or function.
    """

    _stacks_lists = True

    _settled = ("activation",)
    _by_value = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return activations.raw(self.activation)(inputs)

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(self.activation, "__name__", "") in ("softmax", "log_softmax", "sparsemax"):
            return self.activation(inputs)  # along rows
        return super()._call_on_composite(inputs, *args, **kwargs)

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> Any:
        return self.activation(inputs)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return activations.on_floats(self.activation) if inputs.dtype.is_floating else None

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class Identity(Layer):
    """Returns its inputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    _takes_sparse = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...]:
        return ()

    def compute_output_spec(self, inputs: Any) -> Any:
        def spec(x: Any) -> KerasTensor:
            dtype = as_dtype(x.dtype)
            kept = self.compute_dtype if dtype.is_floating and self.autocast else dtype
            return KerasTensor(x.shape, kept, sparse=getattr(x, "sparse", False) is True)

        return tree.map_structure(spec, inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Masking(Layer):
    """Masks the time steps whose features all equal ``mask_value``, and sets them to 0.

    Args:
        mask_value: the value that marks padding.

    Input and output shape: ``(batch, time, features)``.
    """

    _stacks_lists = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self._makes_mask = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs * (inputs != self.mask_value).any(-1, keepdim=True)

    def compute_mask(self, inputs: torch.Tensor, mask: Any = None) -> torch.Tensor:
        return (inputs != self.mask_value).any(-1)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class Lambda(Layer):
    """A function of the user's as a layer.

    Args:
        function: takes the inputs, and ``mask`` and ``training`` if it names them.
        output_shape: shape of one sample's output, or a function of the input shape; default: found by tracing.
        mask: the outputs' mask, or a function ``(inputs, mask)`` of it.
        arguments: keyword arguments for ``function``.

    A Lambda is best saved with a function that is registered with ``keras.saving.register_keras_serializable``. The code of
    a lambda expression is written, as Keras does, but runs only for a reader who passes ``safe_mode=False``.
    """

    _runs_user_code = True
    _not_in_config = ("function", "output_shape", "mask", "arguments")  # get_config writes them itself

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise fail(TypeError, "Lambda needs a function", received=repr(function))
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        self._makes_mask = mask is not None
        parameters = inspect.signature(function).parameters
        self._passes_mask = "mask" in parameters
        self._passes_training = "training" in parameters
        self.built = self._has_nothing_to_build()

    _takes_sparse = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        options = dict(self.arguments)
        if self._passes_mask:
            options["mask"] = mask
        if self._passes_training:
            options["training"] = training
        return self.function(inputs, **options)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not isinstance(self._output_shape, (list, tuple)) and callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape is None:
            return shape_tree(self.compute_output_spec(keras_tensors(input_shape, self.compute_dtype)))
        first = input_shape
        while isinstance(first, dict) or (first and isinstance(first[0], (tuple, list, dict))):
            first = next(iter(first.values())) if isinstance(first, dict) else first[0]  # several inputs, one batch
        return (first[0], *standardize_shape(self._output_shape))

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return self._output_shape is not None

    def _made_anew(self) -> Lambda:
        """Another layer of the same function: ``clone_model`` reads no code."""
        options = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy}
        return type(self)(self.function, self._output_shape, self.mask, self.arguments, **options)

    def get_config(self) -> dict:
        base = {key: value for key, value in super().get_config().items() if key in ("name", "trainable", "dtype")}
        config = {**base, "function": registry.serialize_keras_object(self.function)}
        if self._output_shape is not None:
            shape = self._output_shape
            config["output_shape"] = list(shape) if isinstance(shape, list) else registry.serialize_keras_object(shape)
        if self.mask is not None:
            config["mask"] = registry.serialize_keras_object(self.mask)
        config["arguments"] = registry.serialize_keras_object(self.arguments)
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None, safe_mode: bool = True) -> Lambda:
        config = dict(config)
        config.pop("module", None)
        for key in ("function", "output_shape", "mask"):
            config.pop(f"{key}_module", None)
            data = _function_data(config.get(key), config.pop(f"{key}_type", None), key == "function")
            if isinstance(data, dict):
                config[key] = registry.deserialize_keras_object(data, custom_objects, safe_mode)
        config["arguments"] = registry.deserialize_keras_object(config.get("arguments"), custom_objects, safe_mode)
        return cls(**config)


def _function_data(value: Any, kind: str | None, is_function: bool) -> Any:
    """A Lambda's function as Keras 3 serializes it; Keras 2 has its name, or a list with its code and ``kind`` "lambda"."""
    if kind == "lambda" or (is_function and isinstance(value, (list, tuple))):
        return {"class_name": "__lambda__", "config": value}
    if isinstance(value, str):
        return {"module": "builtins", "class_name": "function", "config": value}
    return value


# checks that several families share -----------------------------------------------------------------------------------


def positive_integer(value: Any, name: str) -> int:
    """``value`` as an int.

    Raises:
        ValueError: it is not a positive integer; ``name`` is the argument's.
    """
    whole = isinstance(value, float) and value.is_integer()
    if isinstance(value, bool) or not (hasattr(value, "__index__") or whole) or int(value) <= 0:
        raise ValueError(
            f"Received an invalid value for `{name}`, expected a positive integer. Received: {name}={value}"
        )
    return int(value)


def known_axis(input_shape: Any, axis: int, layer: Layer) -> int:
    """The size of an axis that the weights depend on.

    Raises:
        UnknownSizeError: it is unknown.
    """
    size = input_shape[axis]
    if size is None:
        raise fail(
            UnknownSizeError,
            f"Layer '{layer.name}' cannot create its weights: axis {axis} of its input must be known",
            received=f"input_shape={tuple(input_shape)}",
            hint="Give that dimension in keras.Input(shape=...).",
        )
    return int(size)
