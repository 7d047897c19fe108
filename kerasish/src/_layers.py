"""What packages take from ``keras.src.layers``: base classes, under the names that Keras gives them."""

from __future__ import annotations

from typing import Any

from kerasish import config, ops, random
from kerasish.core.context import local
from kerasish.core.errors import NotServedError
from kerasish.layers import Layer, data_layer
from kerasish.layers.conv import Convolution as BaseConv
from kerasish.layers.conv_depthwise import DepthwiseConvolution as BaseDepthwiseConv
from kerasish.layers.conv_transpose import TransposedConvolution as BaseConvTranspose
from kerasish.layers.merge import Merge
from kerasish.layers.pool import GlobalPooling as BaseGlobalPooling
from kerasish.layers.pool import WindowPooling as BasePooling
from kerasish.utils.feature_space import Cross, Feature, TFDConcat, TFDIdentity


class DynamicBackend:
    """The operations as Keras's backends have them: those on arrays in ``numpy``, then ``image``, ``nn``, ``random`` ..."""

    numpy, image, linalg, nn, random = ops.numpy, ops.image, ops.linalg, ops.nn, random
    core = math = ops

    @property
    def name(self) -> str:
        return config.backend()

    _backend = name

    def __getattr__(self, name: str) -> Any:
        return getattr(ops, name)


class DataLayer(data_layer.DataLayer):
    """A layer for pipelines of data, which computes by ``self.backend``; here every layer works in a dataset's ``map``."""

    _is_base = True
    backend = DynamicBackend()

    def _get_seed_generator(self, backend: Any = None) -> Any:
        """``self.generator``.

        Raises:
            ValueError: it or ``self.seed`` was not set.
        """
        if not hasattr(self, "seed") or not hasattr(self, "generator"):
            raise ValueError(
                "The `seed` and `generator` variable must be set in the `__init__` method before calling "
                "`_get_seed_generator()`."
            )
        return self.generator


TFDataLayer = DataLayer


class DropoutRNNCell:
    """What a recurrent cell mixes in to drop the same units in all steps of a call.

    The cell has ``dropout``, ``recurrent_dropout`` and ``seed_generator``; with ``dropout_mask_count`` masks are lists.
    """

    _dropout_mask: Any = None
    _recurrent_dropout_mask: Any = None

    def _create_dropout_mask(self, step_input: Any, dropout_rate: float) -> Any:
        count = getattr(self, "dropout_mask_count", None)
        ones = ops.ones_like(step_input)
        masks = [random.dropout(ones, dropout_rate, seed=self.seed_generator) for _ in range(count or 1)]  # type: ignore
        return masks[0] if count is None else masks

    def get_dropout_mask(self, step_input: Any) -> Any:
        """The mask for a step's inputs, ``step_input``'s shape; None without dropout."""
        return self._mask_of("_dropout_mask", step_input, self.dropout)  # type: ignore[attr-defined]

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """The mask for the hidden state, ``step_input``'s shape; None without dropout."""
        return self._mask_of("_recurrent_dropout_mask", step_input, self.recurrent_dropout)  # type: ignore[attr-defined]

    def _mask_of(self, name: str, step_input: Any, rate: float) -> Any:
        mask = getattr(self, name)
        if mask is None and rate > 0:
            mask = self._create_dropout_mask(step_input, rate)
            if not local.tracing:  # a mask of made-up shapes is for nobody else
                self.__dict__[name] = mask
        return mask

    def reset_dropout_mask(self) -> None:
        """Let the next step draw another mask for its inputs."""
        self.__dict__["_dropout_mask"] = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Let the next step draw another mask for the hidden state."""
        self.__dict__["_recurrent_dropout_mask"] = None


def match_dtype_and_rank(y_t: Any, y_p: Any, sw: Any) -> tuple:
    """Targets and sample weights with the predictions' rank, where one of them is 1 and the other 2, and their dtype.

    Integers stay integers: targets are cast where both are floats or both are integers.
    """
    if y_t.shape.rank == 1 and y_p.shape.rank == 2:
        y_t = ops.expand_dims(y_t, -1)
    if sw is not None and sw.shape.rank == 1 and y_p.shape.rank == 2:
        sw = ops.expand_dims(sw, -1)
    kinds = ("is_floating", "is_integer")
    if any(getattr(y_t.dtype, kind) and getattr(y_p.dtype, kind) for kind in kinds):
        y_t = ops.cast(y_t, y_p.dtype)
    return y_t, y_p, None if sw is None else ops.cast(sw, y_p.dtype)


class TensorFlowOpLayer(Layer):
    """Keras 2's class of operations of TensorFlow 1's graphs. There are none: packages ask layers whether they are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotServedError(
            "Layers of TensorFlow 1's operations (TensorFlowOpLayer) are not served: call the operation."
        )


__all__ = [
    "BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "BaseGlobalPooling", "BasePooling", "Cross", "DataLayer",
    "DropoutRNNCell", "DynamicBackend", "Feature", "Merge", "TensorFlowOpLayer", "TFDConcat", "TFDIdentity", "TFDataLayer",
    "match_dtype_and_rank",
]  # fmt: skip
