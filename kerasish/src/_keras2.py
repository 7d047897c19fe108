"""What packages take from ``tensorflow.python.keras``: helpers of Keras 2 that neither Keras 3 nor ``keras.utils`` has."""

from __future__ import annotations

import abc
import functools
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasish import config, layers, ops, random
from kerasish.core import dispatch, tree
from kerasish.core.errors import NotServedError, fail
from kerasish.core.shape import TensorShape
from kerasish.layers.conv import Convolution
from kerasish.layers.conv_depthwise import DepthwiseConvolution, SeparableConvolution
from kerasish.layers.conv_lstm import ConvLSTMCell
from kerasish.layers.conv_transpose import TransposedConvolution
from kerasish.layers.merge import Merge
from kerasish.models import Functional as Functional
from kerasish.models import Model
from kerasish.utils.generic_utils import has_arg as has_arg
from kerasish.utils.generic_utils import to_list as to_list
from kerasish.utils.layer_utils import print_summary as print_summary

# conv_utils -----------------------------------------------------------------------------------------------------------


def normalize_tuple(value: Any, n: int, name: str) -> tuple:
    """An int as a tuple of ``n`` of it, other iterables of ``n`` integers as a tuple.

    Raises:
        ValueError: not ``n`` of them, or not integers.
    """
    if isinstance(value, int):
        return (value,) * n
    try:
        found = tuple(value)
        whole = [int(item) for item in found]
    except (TypeError, ValueError):
        found, whole = (), []
    if len(whole) != n:
        raise fail(ValueError, f"The `{name}` argument must be", f"a tuple of {n} integers", value)
    return found


def normalize_data_format(value: str | None) -> str:
    """A data format in lower case; None: that of images.

    Raises:
        ValueError: another text.
    """
    found = (config.image_data_format() if value is None else value).lower()
    if found not in ("channels_first", "channels_last"):
        raise fail(ValueError, "`data_format` must be", '"channels_first" or "channels_last"', value)
    return found


def normalize_padding(value: Any) -> Any:
    """A kind of padding in lower case; lists and tuples as they are.

    Raises:
        ValueError: another text.
    """
    if isinstance(value, (list, tuple)):
        return value
    if value.lower() not in ("valid", "same", "causal"):
        raise fail(ValueError, "`padding` must be", 'a list, a tuple, "valid", "same" or "causal"', value)
    return value.lower()


def convert_data_format(data_format: str, ndim: int) -> str:
    """TensorFlow's word for a data format: ``"NHWC"`` for channels last and 4 axes.

    Raises:
        ValueError: another text, or not 3 to 5 axes.
    """
    if ndim not in (3, 4, 5):
        raise ValueError("Input rank not supported:", ndim)
    space = "DHW"[5 - ndim :]
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError("Invalid data_format:", data_format)
    return f"N{space}C" if data_format == "channels_last" else f"NC{space}"


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """The length of a convolution's output; None for an unknown one.

    Args:
        padding: "same", "causal", "valid" or "full".
    """
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation
    length = input_length + _of_padding(padding, same=0, causal=0, valid=-reach, full=reach)
    return -(-length // stride)


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """The length of what a convolution made an output of; None for an unknown one."""
    if output_length is None:
        return None
    return (output_length - 1) * stride + filter_size - 2 * _added(filter_size, padding)


def deconv_output_length(
    input_length: int | None,
    filter_size: int,
    padding: str,
    output_padding: int | None = None,
    stride: int = 0,
    dilation: int = 1,
) -> int | None:
    """The length of a transposed convolution's output; None for an unknown one.

    Args:
        output_padding: None: what fits ``stride``.
    """
    _of_padding(padding, same=0, valid=0, full=0)
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation + 1
    if output_padding is not None:
        return (input_length - 1) * stride + reach - 2 * _added(reach, padding) + output_padding
    more = _of_padding(padding, same=0, valid=max(reach - stride, 0), full=2 - stride - reach)
    return input_length * stride + more


def _added(reach: int, padding: str) -> int:
    return _of_padding(padding, same=reach // 2, valid=0, full=reach - 1)


def _of_padding(padding: str, **values: int) -> int:
    """As in Keras a padding of another name is a failed assertion."""
    assert padding in values, f"padding must be one of {sorted(values)}, not {padding!r}"
    return values[padding]


# generic_utils --------------------------------------------------------------------------------------------------------


def to_snake_case(name: str) -> str:
    """``"MyLayer2D"`` → ``"my_layer2d"``; what begins with ``_`` is ``private_…``."""
    found = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    found = re.sub("([a-z])([A-Z])", r"\1_\2", found).lower()
    return f"private{found}" if found[0] == "_" else found


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """Where each batch begins and ends."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def is_all_none(structure: Any) -> bool:
    """Whether nothing in a structure is but None."""
    return all(item is None for item in tree.flatten(structure))


def validate_kwargs(
    kwargs: Iterable, allowed_kwargs: Iterable, error_message: str = "Keyword argument not understood:"
) -> None:
    """Refuse keywords that are not allowed.

    Raises:
        TypeError: there is one.
    """
    for name in kwargs:
        if name not in allowed_kwargs:
            raise TypeError(error_message, name)


def check_for_unexpected_keys(name: str, input_dict: dict, expected_values: Iterable) -> None:
    """Refuse keys that are not expected.

    Raises:
        ValueError: there are some.
    """
    unknown = sorted(set(input_dict) - set(expected_values))
    if unknown:
        raise fail(ValueError, f"Unknown entries in {name} dictionary", f"keys among {expected_values}", unknown)


# tf_utils, control_flow_util ------------------------------------------------------------------------------------------


def convert_shapes(input_shape: Any, to_tuples: bool = True) -> Any:
    """Each shape in a structure as a tuple, or as a TensorShape.

    Args:
        to_tuples: which of the two. A shape is a TensorShape, an int, None, or a list or tuple of ints and Nones.
    """
    whole = isinstance(input_shape, TensorShape) or input_shape is None or isinstance(input_shape, int)
    if not whole and isinstance(input_shape, dict):
        return {key: convert_shapes(shape, to_tuples) for key, shape in input_shape.items()}
    if not whole and not all(size is None or isinstance(size, int) for size in input_shape):
        return type(input_shape)([convert_shapes(shape, to_tuples) for shape in input_shape])
    shape = TensorShape(input_shape)
    return tuple(shape.as_list()) if to_tuples else shape


def shape_type_conversion(fn: Callable) -> Callable:
    """A method of an input shape is given tuples, and what it gives becomes TensorShapes."""

    @functools.wraps(fn)
    def call(instance: Any, input_shape: Any) -> Any:
        found = fn(instance, None if input_shape is None else convert_shapes(input_shape))
        return None if found is None else convert_shapes(found, to_tuples=False)

    return call


def is_symbolic_tensor(tensor: Any) -> bool:
    """Whether a tensor has no value."""
    return dispatch.is_symbolic(tensor)


def is_tensor_or_tensor_list(v: Any) -> bool:
    """Whether the first of a list, or what is no list, is a tensor."""
    items = to_list(v)
    return bool(items) and dispatch.is_tensor(items[0])


def constant_value(pred: Any) -> Any:
    """A condition's truth value; None where it is not known yet."""
    if not dispatch.is_tensor(pred):
        return bool(pred) if isinstance(pred, (int, np.bool_)) else pred
    return None if dispatch.is_symbolic(pred) else bool(dispatch.raw(pred))


def smart_cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """Call one of two functions; where the condition is not known yet, both go into the graph."""
    known = constant_value(pred)
    if known is None:
        return ops.cond(pred, true_fn, false_fn)
    return true_fn() if known else false_fn()


def InXlaContext(graph: Any) -> bool:  # noqa: N802 - TensorFlow's name
    """Whether a graph is compiled with XLA: none is."""
    return False


IsInWhileLoop = GraphOrParentsInXlaContext = InXlaContext


# data_adapter ---------------------------------------------------------------------------------------------------------


def expand_1d(data: Any) -> Any:
    """Tensors (n,) in a structure as (n, 1); arrays stay as they are."""
    return tree.map_structure(
        lambda x: ops.expand_dims(x, -1) if dispatch.is_tensor(x) and len(x.shape) == 1 else x, data
    )


def unpack_x_y_sample_weight(data: Any) -> tuple:
    """``(x, y, sample_weight)`` from a tuple of one to three; anything else, lists too, is ``x``.

    Raises:
        ValueError: a tuple of none, or of more.
    """
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise fail(ValueError, "Data must be", "`x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`", data)
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """``x``, ``(x, y)`` or all three; a structure alone is ``(x,)``, weights without ``y`` are dropped."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list, dict)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def train_validation_split(arrays: Any, validation_split: float) -> tuple:
    """A structure of arrays and tensors without their last part, and that part; None stays None.

    Raises:
        ValueError: neither arrays nor tensors, or one of the parts would be empty.
    """
    flat = [item for item in tree.flatten(arrays) if item is not None]
    others = [type(item) for item in flat if not isinstance(item, np.ndarray) and not dispatch.is_tensor(item)]
    if others:
        raise fail(ValueError, "`validation_split` needs", "tensors or NumPy arrays", others)
    if not flat:
        return arrays, arrays
    count = int(flat[0].shape[0])
    at = math.floor(count * (1.0 - validation_split))
    if at in (0, count):
        raise ValueError(f"{count} samples are too few for a part of validation_split={validation_split} and a rest.")
    return tuple(
        tree.map_structure(lambda x: None if x is None else x[part], arrays)  # noqa: B023 - called at once
        for part in (slice(at), slice(at, count))
    )


# recurrent ------------------------------------------------------------------------------------------------------------


class DropoutRNNCellMixin:
    """What a recurrent cell mixes in to drop the same units in all steps of a call.

    The cell has ``dropout`` and ``recurrent_dropout``. A mask is drawn once for inputs, ``training`` and ``count``, until
    it is reset.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__["_k_masks"] = {}
        super().__init__(*args, **kwargs)

    def reset_dropout_mask(self) -> None:
        """Let the next step draw another mask for its inputs."""
        self._k_masks.pop("dropout", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Let the next step draw another mask for the state."""
        self._k_masks.pop("recurrent_dropout", None)

    def get_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> Any:
        """The mask for inputs, of their shape, or a list of ``count``; None without dropout."""
        return self._k_mask("dropout", inputs, training, count)

    def get_recurrent_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> Any:
        """The mask for a state, of its shape, or a list of ``count``; None without dropout."""
        return self._k_mask("recurrent_dropout", inputs, training, count)

    def _k_mask(self, kind: str, inputs: Any, training: Any, count: int) -> Any:
        rate = getattr(self, kind)
        if rate == 0:
            return None
        if kind not in self._k_masks or dispatch.is_symbolic(inputs):  # a mask of made-up shapes is for nobody else
            found = _generate_dropout_mask(ops.ones_like(inputs), rate, training, count)
            if dispatch.is_symbolic(inputs):
                return found
            self._k_masks[kind] = found
        return self._k_masks[kind]

    def __getstate__(self) -> dict:
        state = super().__getstate__()  # type: ignore[misc]
        return {**state, "_k_masks": {}} if isinstance(state, dict) else state


def _generate_dropout_mask(ones: Any, rate: float, training: Any = None, count: int = 1) -> Any:
    masks = [random.dropout(ones, rate) if training else ones for _ in range(count)]
    return masks if count > 1 else masks[0]


def _generate_zero_filled_state_for_cell(cell: Any, inputs: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros for a cell's ``state_size``: (batch, ...); batch and dtype are those of ``inputs``, if there are any."""
    if inputs is not None:
        batch_size, dtype = ops.shape(inputs)[0], inputs.dtype
    return _generate_zero_filled_state(batch_size, cell.state_size, dtype)


def _generate_zero_filled_state(batch_size_tensor: Any, state_size: Any, dtype: Any) -> Any:
    if batch_size_tensor is None or dtype is None:
        raise fail(ValueError, "An initial state needs", "a batch size and a dtype", f"{batch_size_tensor} and {dtype}")
    if _is_multiple_state(state_size):
        return type(state_size)([_generate_zero_filled_state(batch_size_tensor, size, dtype) for size in state_size])
    sizes = [state_size] if isinstance(state_size, int) else TensorShape(state_size).as_list()
    return ops.zeros((int(batch_size_tensor), *sizes), dtype)


def _standardize_args(inputs: Any, initial_state: Any, constants: Any, num_constants: int | None) -> tuple:
    """Inputs, states and constants, each list or None but the first, where all may come in one list."""
    if isinstance(inputs, list):
        assert initial_state is None and constants is None
        if num_constants:
            inputs, constants = inputs[:-num_constants], inputs[-num_constants:]
        initial_state = inputs[1:] or None
        inputs = inputs[0]
    lists = [x if x is None else list(x) if isinstance(x, (list, tuple)) else [x] for x in (initial_state, constants)]
    return inputs, *lists


def _is_multiple_state(state_size: Any) -> bool:
    """Whether a cell has several states."""
    return hasattr(state_size, "__len__") and not isinstance(state_size, TensorShape)


def _caching_device(rnn_cell: Any) -> None:
    """Where a cell's variables are read to: None, as they lie where they are used."""


# kinds of layers ------------------------------------------------------------------------------------------------------


def _kind(name: str, *members: type) -> type:
    """A base class that exists for ``isinstance`` and ``issubclass``: its layers have another base here."""

    def refuse(cls: type, *args: Any, **kwargs: Any) -> None:
        raise NotServedError(f"Layers derived from Keras 2's {name} are not served: derive from keras.layers.Layer.")

    own = {"__init_subclass__": classmethod(refuse), "__init__": refuse, "__module__": __name__}
    return _with_members(abc.ABCMeta(name, (), own), *members)


def _with_members(cls: Any, *members: type) -> Any:
    for member in members:
        cls.register(member)
    return cls


Pooling1D = _kind("Pooling1D", layers.MaxPooling1D, layers.AveragePooling1D)
Pooling2D = _kind("Pooling2D", layers.MaxPooling2D, layers.AveragePooling2D)
Pooling3D = _kind("Pooling3D", layers.MaxPooling3D, layers.AveragePooling3D)
GlobalPooling1D = _kind("GlobalPooling1D", layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D)
GlobalPooling2D = _kind("GlobalPooling2D", layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D)
GlobalPooling3D = _kind("GlobalPooling3D", layers.GlobalMaxPooling3D, layers.GlobalAveragePooling3D)
ConvRNN2D = _kind("ConvRNN2D", layers.ConvLSTM2D)
BaseDenseAttention = layers.Attention
Network = Model


class Conv(Convolution, metaclass=abc.ABCMeta):
    """A convolution in ``rank`` dimensions. Other arguments: of ``Conv2D``; ``rank`` is no part of the configuration."""

    @functools.wraps(Convolution.__init__)  # whose arguments are the configuration
    def __init__(self, rank: int, filters: int, kernel_size: Any, *args: Any, **kwargs: Any) -> None:
        self.rank = rank
        super().__init__(filters, kernel_size, *args, **kwargs)


class _Merge(Merge, metaclass=abc.ABCMeta):
    """A layer of several inputs of one shape, which a subclass combines in ``_merge_function``."""

    def join(self, inputs: Any) -> Any:
        return dispatch.raw(self._merge_function([dispatch.wrap(x) for x in inputs]))

    def _merge_function(self, inputs: list) -> Any:
        raise NotImplementedError


_with_members(
    Conv, layers.Conv1D, layers.Conv2D, layers.Conv3D, TransposedConvolution, DepthwiseConvolution, SeparableConvolution
)
_with_members(
    _Merge, layers.Add, layers.Average, layers.Concatenate, layers.Dot, layers.Maximum, layers.Minimum, layers.Multiply,
    layers.Subtract,
)  # fmt: skip


class ConvLSTM2DCell(ConvLSTMCell):
    """One step of a convolutional LSTM in two dimensions. Arguments: of ``ConvLSTM2D``."""

    _not_in_config = (*getattr(ConvLSTMCell, "_not_in_config", ()), "rank")

    @functools.wraps(ConvLSTMCell.__init__)
    def __init__(self, filters: int, kernel_size: Any, **kwargs: Any) -> None:
        super().__init__(2, filters, kernel_size, **kwargs)


__all__ = [
    "BaseDenseAttention", "Conv", "ConvLSTM2DCell", "ConvRNN2D", "DropoutRNNCellMixin", "Functional",
    "GlobalPooling1D", "GlobalPooling2D", "GlobalPooling3D", "GraphOrParentsInXlaContext", "InXlaContext",
    "IsInWhileLoop", "Network", "Pooling1D", "Pooling2D", "Pooling3D", "_Merge", "_caching_device",
    "_generate_dropout_mask", "_generate_zero_filled_state", "_generate_zero_filled_state_for_cell",
    "_is_multiple_state", "_standardize_args", "check_for_unexpected_keys", "constant_value", "conv_input_length",
    "conv_output_length", "convert_data_format", "convert_shapes", "deconv_output_length", "expand_1d", "has_arg",
    "is_all_none", "is_symbolic_tensor", "is_tensor_or_tensor_list", "make_batches", "normalize_data_format",
    "normalize_padding", "normalize_tuple", "pack_x_y_sample_weight", "print_summary", "shape_type_conversion",
    "smart_cond", "to_list", "to_snake_case", "train_validation_split",
    "unpack_x_y_sample_weight", "validate_kwargs",
]  # fmt: skip
