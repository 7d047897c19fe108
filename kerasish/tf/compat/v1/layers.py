"""``tf.compat.v1.layers``: Keras's layers under TensorFlow 1's names and argument orders, as classes and as functions.

A function makes a new layer at each call, with new weights, as TensorFlow's did where operations run as they are called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from kerasish import layers as modern
from kerasish.core.errors import NotServedError, missing_name
from kerasish.layers import InputSpec as InputSpec
from kerasish.layers import Layer as Layer

_WEIGHTS = (
    "use_bias=True {kernel}_initializer=None bias_initializer=zeros {kernel}_regularizer=None bias_regularizer=None "
    "activity_regularizer=None {kernel}_constraint=None bias_constraint=None trainable=True name=None"
)
_KERNEL = _WEIGHTS.format(kernel="kernel")
_SEPARABLE = (
    "use_bias=True depthwise_initializer=None pointwise_initializer=None bias_initializer=zeros depthwise_regularizer=None "
    "pointwise_regularizer=None bias_regularizer=None activity_regularizer=None depthwise_constraint=None "
    "pointwise_constraint=None bias_constraint=None trainable=True name=None"
)
_SLID = "filters kernel_size strides=1 padding=valid data_format=channels_last"
_POOLED = "pool_size strides padding=valid data_format=channels_last name=None"
_NORMALIZED = (
    "axis=-1 momentum=0.99 epsilon=0.001 center=True scale=True beta_initializer=zeros gamma_initializer=ones "
    "moving_mean_initializer=zeros moving_variance_initializer=ones beta_regularizer=None gamma_regularizer=None "
    "beta_constraint=None gamma_constraint=None"
)

# function: class, arguments of the class
_TABLE = {
    "dense": ("Dense", f"units activation=None {_KERNEL}"),
    "conv1d": ("Conv1D", f"{_SLID} dilation_rate=1 activation=None {_KERNEL}"),
    "conv2d": ("Conv2D", f"{_SLID} dilation_rate=1 activation=None {_KERNEL}"),
    "conv3d": ("Conv3D", f"{_SLID} dilation_rate=1 activation=None {_KERNEL}"),
    "conv2d_transpose": ("Conv2DTranspose", f"{_SLID} activation=None {_KERNEL}"),
    "conv3d_transpose": ("Conv3DTranspose", f"{_SLID} activation=None {_KERNEL}"),
    "separable_conv1d": ("SeparableConv1D", f"{_SLID} dilation_rate=1 depth_multiplier=1 activation=None {_SEPARABLE}"),
    "separable_conv2d": ("SeparableConv2D", f"{_SLID} dilation_rate=1 depth_multiplier=1 activation=None {_SEPARABLE}"),
    "max_pooling1d": ("MaxPooling1D", _POOLED),
    "max_pooling2d": ("MaxPooling2D", _POOLED),
    "max_pooling3d": ("MaxPooling3D", _POOLED),
    "average_pooling1d": ("AveragePooling1D", _POOLED),
    "average_pooling2d": ("AveragePooling2D", _POOLED),
    "average_pooling3d": ("AveragePooling3D", _POOLED),
    "dropout": ("Dropout", "rate=0.5 noise_shape=None seed=None name=None"),
    "flatten": ("Flatten", "name=None data_format=channels_last"),
    "batch_normalization": ("BatchNormalization", f"{_NORMALIZED} trainable=True name=None"),
}
_OF_CALLS = {"dropout": ("training",), "batch_normalization": ("training",)}
_PASSED_ON = (
    "dtype",
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
)  # whose places in the order nobody knows by heart
_NOT_SERVED = ("virtual_batch_size", "adjustment")  # of batch normalization
_WITHOUT_EFFECT = ("reuse", "_reuse", "_scope", "fused")
_VALUES = {"None": None, "True": True, "False": False}


def _parameters(text: str) -> list[inspect.Parameter]:
    """The parameters that a text of words ``name`` and ``name=default`` names."""
    found = []
    for word in text.split():
        name, given, default = word.partition("=")
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        found.append(inspect.Parameter(name, kind, default=_value(default) if given else inspect.Parameter.empty))
    return found


def _value(word: str) -> Any:
    if word in _VALUES:
        return _VALUES[word]
    try:
        return float(word) if "." in word else int(word)
    except ValueError:
        return word


def _arguments(signature: inspect.Signature, args: tuple, kwargs: dict) -> dict[str, Any]:
    """What Keras's layer takes, of what TensorFlow 1's was given; None leaves an initializer to Keras.

    Raises:
        NotServedError: normalization of parts of a batch.
    """
    for name in _NOT_SERVED:
        if kwargs.get(name):
            raise NotServedError(f"'tf.compat.v1.layers.BatchNormalization({name}=...)' is not served by kerasish.")
    known = {k: v for k, v in kwargs.items() if k not in (*_NOT_SERVED, *_WITHOUT_EFFECT)}
    more = {k: known.pop(k) for k in _PASSED_ON if k in known and k not in signature.parameters}
    given = signature.bind(*args, **known)
    given.apply_defaults()
    return {k: v for k, v in given.arguments.items() if v is not None or k in ("axis", "activation")} | more


def _layer(name: str, text: str) -> type:
    base, signature = getattr(modern, name), inspect.Signature(_parameters(text))

    class Made(base):  # type: ignore[misc,valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            given = _arguments(signature, args, kwargs)
            super().__init__(**given)
            self._given = given

        def get_config(self) -> dict:
            config = base(**{**self._given, "name": self.name}).get_config()
            return {key: value for key, value in config.items() if key in signature.parameters or key in _PASSED_ON}

        def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            """A call of the layer."""
            return self(inputs, *args, **kwargs)

        @property
        def scope_name(self) -> str:
            """What its variables' names begin with."""
            return self.name

    Made.__name__ = Made.__qualname__ = name
    Made.__module__ = __name__
    Made.__doc__ = f"``tf.keras.layers.{name}`` with TensorFlow 1's arguments: {', '.join(signature.parameters)}."
    Made.__signature__ = signature  # type: ignore[attr-defined]
    return Made


def _function(name: str, layer: type, text: str) -> Callable:
    of_call = _OF_CALLS.get(name, ())

    def function(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(inputs, *args, **{k: v for k, v in kwargs.items() if k not in outside}).arguments
        called = {key: given.pop(key, False) for key in of_call}
        given.pop("inputs")
        return layer(**given, **{k: v for k, v in kwargs.items() if k in outside})(inputs, **called)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = _parameters(text)
    at = [parameter.name for parameter in own].index("trainable" if name == "batch_normalization" else "name")
    own[at:at] = [inspect.Parameter(key, kind, default=False) for key in of_call]
    signature = inspect.Signature([inspect.Parameter("inputs", kind), *own])
    outside = {*_NOT_SERVED, *_WITHOUT_EFFECT, *_PASSED_ON}
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"What a new layer ``{layer.__name__}`` gives for the inputs."
    return function


for _name, (_class, _text) in _TABLE.items():
    globals()[_class] = _layer(_class, _text)
    globals()[_name] = _function(_name, globals()[_class], _text)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
