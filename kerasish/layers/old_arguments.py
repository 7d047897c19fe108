"""Arguments of layers that Keras 1 called otherwise: the table, and the rule that serves them.

``accept`` lets the constructors of built-in layers take them. Nothing is added to calls without old names but one look at the
keywords, and a class of the user's that derives from a layer passes old names on as it passes any keyword.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_ANY = {
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "activity_regularizer": "activity_regularizer",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "init": "kernel_initializer",
}
_WINDOW = {"border_mode": "padding", "dim_ordering": "data_format"}
_CONV = {
    **_ANY,
    **_WINDOW,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
}
_POOL = {**_WINDOW, "pool_length": "pool_size", "stride": "strides"}
_RECURRENT = {
    **_ANY,
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "forget_bias_init": "unit_forget_bias",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}

# Class → old name → the name today.
TABLE: dict[str, dict[str, str]] = {
    "Dense": {**_ANY, "output_dim": "units"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer",
                  "W_constraint": "embeddings_constraint"},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D", "LocallyConnected1D",
                     "LocallyConnected2D"), _CONV),
    "Conv2DTranspose": _CONV,
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D",
                     "AveragePooling3D"), _POOL),
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D", "Cropping2D",
                     "Cropping3D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"), _WINDOW | {"length": "size"}),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), _RECURRENT),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout"),
                    {"p": "rate"}),
    "GaussianNoise": {"sigma": "stddev"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "ThresholdedReLU": {},
}  # fmt: skip
_WINDOWS = {  # arguments that stood for one of kernel_size, by class
    "Conv2D": ("nb_row", "nb_col"),
    "Conv2DTranspose": ("nb_row", "nb_col"),
    "LocallyConnected2D": ("nb_row", "nb_col"),
    "SeparableConv2D": ("nb_row", "nb_col"),
    "Conv3D": ("kernel_dim1", "kernel_dim2", "kernel_dim3"),
}
_VALUES = {"dim_ordering": {"th": "channels_first", "tf": "channels_last", "default": None}}
_WITHOUT_EFFECT = ("consume_less",)  # of two equal computations


def renamed(cls_name: str, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Arguments of a constructor in today's words.

    A call in Keras 1's words has its window in single numbers: ``Convolution2D(32, 3, 3, border_mode="same")``.
    """
    table, sides = TABLE[cls_name], _WINDOWS.get(cls_name, ())
    old = [key for key in kwargs if (key in table and table[key] != key) or key in sides or key in _WITHOUT_EFFECT]
    if not old:
        return args, kwargs
    kwargs = {key: value for key, value in kwargs.items() if key not in _WITHOUT_EFFECT}
    if sides and len(args) == 1 + len(sides):
        args = (args[0], tuple(args[1:]))
    elif sides and all(side in kwargs for side in sides):
        kwargs["kernel_size"] = tuple(kwargs.pop(side) for side in sides)
    for key in old:
        if key in table and key in kwargs:
            value = kwargs.pop(key)
            values = _VALUES.get(key, {})
            kwargs[table[key]] = values.get(value, value) if values else value
    return args, kwargs


def accept(cls: type) -> None:
    """Let a layer's constructor take Keras 1's arguments."""
    given: Callable = cls.__init__  # type: ignore[misc]
    name = cls.__name__

    @functools.wraps(given)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs:
            args, kwargs = renamed(name, args, kwargs)
        given(self, *args, **kwargs)

    cls.__init__ = init  # type: ignore[misc]
