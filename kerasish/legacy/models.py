"""Models and helpers of Keras 2 that Keras 3 has no more (``keras.experimental`` and some of ``keras.utils``)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from kerasish import activations, config, initializers, ops, regularizers
from kerasish.core import old_names, registry
from kerasish.core.errors import NotServedError, fail
from kerasish.layers import Dense
from kerasish.models import Model
from kerasish.optimizers.schedules import CosineDecay as CosineDecay
from kerasish.optimizers.schedules import CosineDecayRestarts as CosineDecayRestarts


def count_params(weights: Sequence) -> int:
    """The number of numbers in a list of weights, each counted once."""
    return int(sum(math.prod(w.shape) for w in {id(w): w for w in weights}.values()))


def model_from_config(config: dict, custom_objects: dict | None = None) -> Model:
    """A model from what ``{"class_name": …, "config": model.get_config()}`` says.

    Raises:
        TypeError: a list, as Keras 1 had for sequential models.
    """
    if isinstance(config, list):
        raise fail(
            TypeError,
            "`model_from_config` expects a dictionary, not a list",
            hint="Maybe you meant to use `Sequential.from_config(config)`?",
        )
    return registry.deserialize_keras_object(config, custom_objects)


def multi_gpu_model(model: Model, gpus: Any = None, cpu_merge: bool = True, cpu_relocation: bool = False) -> Model:
    """The model itself, with a warning: TensorFlow 2.4 took this function away.

    To train on several devices, start one process for each (``torchrun``), which ``keras.distribution`` joins.
    """
    warnings.warn(
        "multi_gpu_model returns the model as it is: it will run on one device. To use several, start one process for "
        "each with torchrun and set keras.distribution.DataParallel().",
        stacklevel=2,
    )
    return model


def image_dim_ordering() -> str:
    """Keras 1's word for the data format: "tf" for channels last, "th" for channels first."""
    return {"channels_last": "tf", "channels_first": "th"}[config.image_data_format()]


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the data format in Keras 1's words, "tf" or "th".

    Raises:
        ValueError: another word.
    """
    if dim_ordering not in ("tf", "th"):
        raise ValueError(f"Unknown dim_ordering: {dim_ordering}")
    config.set_image_data_format("channels_last" if dim_ordering == "tf" else "channels_first")


class LinearModel(Model):
    """A sum of products: ``activation(Σ inputs @ kernel + bias)``, of one tensor or of several.

    Args:
        units: size of the output.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer: names, objects or configs.
    """

    def __init__(
        self,
        units: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "zeros",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.dense_layers: Any = []

    def build(self, input_shape: Any) -> None:
        """One layer for each input; those of a dictionary are known by its keys."""
        named = isinstance(input_shape, dict)
        shapes = input_shape if named or not isinstance(input_shape, list) else dict(enumerate(input_shape))
        shapes = shapes if isinstance(shapes, dict) else {0: input_shape}
        for key in sorted(shapes):
            options = {"name": key} if named else {}
            layer = Dense(
                self.units,
                use_bias=False,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer,
                **options,
            )
            layer.build(tuple(shapes[key]))
            self.dense_layers.append(layer)
        self.__dict__["_keys"] = sorted(shapes)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        if isinstance(inputs, dict):
            if sorted(inputs) != self._keys:
                raise fail(ValueError, f"Model '{self.name}' got other inputs", self._keys, sorted(inputs))
            parts = [inputs[key] for key in self._keys]
        else:
            parts = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        result = sum(layer(x) for layer, x in zip(self.dense_layers, parts, strict=True))
        if self.bias is not None:
            result = result + self._parameters["bias"].to(result.dtype)  # raw, as in every class of the library's
        return self.activation(result)

    def get_config(self) -> dict:
        return {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
        }


class WideDeepModel(Model):
    """A linear and a deep model side by side: ``activation(linear(x) + deep(x))`` (Cheng et al. 2016).

    Args:
        linear_model, dnn_model: the two; both get the inputs, or one each of two.
        activation: name or function; default: none.
    """

    def __init__(self, linear_model: Any, dnn_model: Any, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.linear_model = linear_model
        self.dnn_model = dnn_model
        self.activation = activations.get(activation)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        pair = isinstance(inputs, (list, tuple)) and len(inputs) == 2
        linear, deep = inputs if pair else (inputs, inputs)
        return self.activation(ops.add(self.linear_model(linear), self.dnn_model(deep, training=training)))

    def compile(self, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        """As of any model.

        Raises:
            NotServedError: there are two optimizers, one for each of the models.
        """
        if isinstance(optimizer, (list, tuple)):
            if len(optimizer) > 1:
                raise fail(
                    NotServedError,
                    "WideDeepModel.compile takes one optimizer for both models here",
                    hint="Give each model its own with a train_step of your own.",
                )
            optimizer = optimizer[0]
        super().compile(optimizer, *args, **kwargs)

    def get_config(self) -> dict:
        return {
            "linear_model": registry.serialize_keras_object(self.linear_model),
            "dnn_model": registry.serialize_keras_object(self.dnn_model),
            "activation": activations.serialize(self.activation),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> WideDeepModel:
        with registry.CustomObjectScope(custom_objects or {}):
            parts = {key: registry.deserialize_keras_object(config[key]) for key in ("linear_model", "dnn_model")}
        return cls(**{**config, **parts})


def __getattr__(name: str) -> Any:
    if name == "SequenceFeatures":  # made of TensorFlow's feature columns
        return registry.above("keras.experimental.SequenceFeatures")
    return old_names.found("kerasish.experimental", name, globals())
