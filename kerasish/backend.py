"""Names, dtypes and settings (``keras.backend``), and Keras 2's functions on tensors, which are those of ``keras.ops``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import activations, ops, random
from kerasish.config import backend as backend
from kerasish.config import epsilon as epsilon
from kerasish.config import floatx as floatx
from kerasish.config import image_data_format as image_data_format
from kerasish.config import set_epsilon as set_epsilon
from kerasish.config import set_floatx as set_floatx
from kerasish.config import set_image_data_format as set_image_data_format
from kerasish.core import dispatch, dtypes
from kerasish.core.autodiff import stop_gradient as stop_gradient
from kerasish.core.context import clear_session as clear_session
from kerasish.core.context import get_uid as get_uid
from kerasish.core.context import local as _local
from kerasish.core.errors import fail, missing_name
from kerasish.core.registry import publish
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.core.variable import Variable as Variable


def standardize_dtype(dtype: Any) -> str:
    """The canonical name of a dtype; None gives ``floatx``."""
    return dtypes.standardize(dtype)


def result_type(*dtypes_: Any) -> str:
    """The dtype that Keras computes in when these dtypes (or Python types) meet."""
    return dtypes.result_type(*dtypes_)


def is_float_dtype(dtype: Any) -> bool:
    return dtypes.as_dtype(standardize_dtype(dtype)).is_floating


def is_int_dtype(dtype: Any) -> bool:
    return dtypes.as_dtype(standardize_dtype(dtype)).is_integer


# Keras 2's functions --------------------------------------------------------------------------------------------------

_SAME = """
    abs all any cast cos dtype exp log max mean min ones_like prod round sigmoid sign sin softplus softsign
    sqrt square squeeze stack std sum tanh var zeros_like
""".split()  # fmt: skip
_RENAMED: dict[str, Callable] = {
    "elu": activations.elu,
    "hard_sigmoid": activations.hard_sigmoid,
    "softmax": activations.softmax,
    "binary_crossentropy": ops.binary_crossentropy,
    "categorical_crossentropy": ops.categorical_crossentropy,
}
globals().update({name: getattr(ops, name) for name in _SAME if hasattr(ops, name)}, **_RENAMED)


def equal(x: Any, y: Any) -> Any:
    return ops.equal(x, y)


def not_equal(x: Any, y: Any) -> Any:
    return ops.not_equal(x, y)


def greater(x: Any, y: Any) -> Any:
    return ops.greater(x, y)


def greater_equal(x: Any, y: Any) -> Any:
    return ops.greater_equal(x, y)


def less(x: Any, y: Any) -> Any:
    return ops.less(x, y)


def less_equal(x: Any, y: Any) -> Any:
    return ops.less_equal(x, y)


def maximum(x: Any, y: Any) -> Any:
    return ops.maximum(x, y)


def minimum(x: Any, y: Any) -> Any:
    return ops.minimum(x, y)


def pow(x: Any, a: Any) -> Any:  # noqa: A001 - Keras's name
    return ops.power(x, a)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """``x`` within two bounds, of which None is no bound; the upper one is never below the lower one."""
    if min_value is not None and isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)):
        max_value = min_value if max_value < min_value else max_value
    return ops.clip(x, -np.inf if min_value is None else min_value, np.inf if max_value is None else max_value)


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the largest element along ``axis``, as int64."""
    return ops.cast(ops.argmax(x, axis), "int64")


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the smallest element along ``axis``, as int64."""
    return ops.cast(ops.argmin(x, axis), "int64")


def cumsum(x: Any, axis: int = 0) -> Any:
    return ops.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    return ops.cumprod(x, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    return ops.expand_dims(x, axis)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """The identity matrix; a variable, as in Keras 2."""
    return variable(ops.eye(size, dtype=dtype or floatx()), dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> TFVariable:
    """Ones; a variable, as in Keras 2."""
    return variable(ops.ones(shape, dtype or floatx()), dtype, name)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> TFVariable:
    """Zeros; a variable, as in Keras 2."""
    return variable(ops.zeros(shape, dtype or floatx()), dtype, name)


def one_hot(indices: Any, num_classes: int) -> Any:
    """(...) → (..., num_classes), of ones and zeros."""
    return ops.one_hot(indices, num_classes)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether each target is among the ``k`` classes of the highest predictions."""
    return ops.in_top_k(targets, predictions, k)


def reshape(x: Any, shape: Any) -> Any:
    return ops.reshape(x, shape)


def tile(x: Any, n: Any) -> Any:
    return ops.tile(x, n)


def transpose(x: Any) -> Any:
    """All axes in reverse order."""
    return ops.transpose(x)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Axis ``pattern[i]`` of ``x`` as axis i."""
    return ops.transpose(x, pattern)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x where it is at least ``threshold``, at most ``max_value``; below ``alpha`` · (x - ``threshold``)."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Any:
    """The loss of integer classes; 0 where the class is ``ignore_class``."""
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(target, output, from_logits, axis)
    kept = ops.not_equal(target, ops.cast(ignore_class, target.dtype))
    losses = ops.sparse_categorical_crossentropy(
        ops.where(kept, target, ops.zeros_like(target)), output, from_logits, axis
    )
    return ops.where(kept, losses, ops.zeros_like(losses))


def int_shape(x: Any) -> tuple:
    """The shape as a tuple of integers and None."""
    return tuple(x.shape)


def shape(x: Any) -> Any:
    """The shape as an int32 tensor."""
    return ops.convert_to_tensor(ops.shape(x), "int32")


def ndim(x: Any) -> int:
    return len(x.shape)


def count_params(x: Any) -> int:
    return int(np.prod(TensorShape(x.shape)))


def is_sparse(tensor: Any) -> bool:
    return False  # there are no sparse tensors


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor; one number fills ``shape``."""
    t = convert(np.asarray(value), None)
    t = ops.cast(t, dtype or floatx())
    return t if shape is None else ops.broadcast_to(t, shape)


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Callable | None = None) -> TFVariable:
    """A variable of ``floatx`` unless ``dtype`` says otherwise."""
    return TFVariable(value, dtype=dtype or floatx(), name=name, constraint=constraint)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    return ops.arange(start, stop, step, dtype)


def cast_to_floatx(x: Any) -> Any:
    """A tensor or array in the default float dtype; arrays stay arrays."""
    return ops.cast(x, floatx()) if dispatch.is_tensor(x) else np.asarray(x, dtype=floatx())


def eval(x: Any) -> Any:  # noqa: A001 - Keras's name
    """The value as a NumPy array."""
    return x.numpy()


def get_value(x: Any) -> Any:
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: Any) -> None:
    x.assign(value)


def batch_get_value(tensors: list) -> list:
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: list) -> None:
    for x, value in tuples:
        x.assign(value)


def update(x: Any, new_x: Any) -> Any:
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    return x.assign_sub(decrement)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of ``x`` and the last but one of ``y``."""
    return ops.matmul(x, y) if len(y.shape) == 2 else ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each sample of ``x`` with that of ``y``, over one axis of each (default: last, and last but one)."""
    first, second = (axes, axes) if isinstance(axes, int) else axes or (len(x.shape) - 1, max(len(y.shape) - 2, 1))
    x, y = ops.moveaxis(x, first, -1), ops.moveaxis(y, second, 1)
    vector_x, vector_y = len(x.shape) == 2, len(y.shape) == 2
    x = ops.expand_dims(x, 1) if vector_x else x
    y = ops.expand_dims(y, -1) if vector_y else y
    out = ops.matmul(x, y)
    if vector_x and vector_y:
        return ops.squeeze(out, -1)
    return ops.squeeze(out, 1) if vector_x else ops.squeeze(out, -1) if vector_y else out


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """``x`` plus one number per channel."""
    if (data_format or image_data_format()) == "channels_first" and len(x.shape) > 2:
        bias = ops.reshape(bias, (1, -1) + (1,) * (len(x.shape) - 2))
    return ops.add(x, bias)


def concatenate(tensors: list, axis: int = -1) -> Any:
    return ops.concatenate(tensors, axis)


def flatten(x: Any) -> Any:
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """(batch, ...) → (batch, everything else)."""
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def gather(reference: Any, indices: Any) -> Any:
    return ops.take(reference, indices, axis=0)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """``x / √max(Σ x², 1e-12)``."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, True), 1e-12))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    return ops.repeat(x, rep, axis)


def repeat(x: Any, n: int) -> Any:
    """(batch, features) → (batch, n, features)."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def reverse(x: Any, axes: Any) -> Any:
    return ops.flip(x, axes)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors, or of two functions' results, by a condition; elementwise for tensors."""
    if callable(then_expression) and not dispatch.is_tensor(then_expression):
        return ops.cond(condition, then_expression, else_expression)
    condition = ops.cast(condition, "bool")
    while len(condition.shape) < len(then_expression.shape) and len(condition.shape):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, then_expression, else_expression)


def map_fn(fn: Callable, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    return ops.map(fn, elems)


def random_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return random.uniform(shape, minval, maxval, dtype, seed)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    return random.dropout(x, level, noise_shape, seed)


def gradients(loss: Any, variables: Any) -> Any:
    raise fail(
        NotImplementedError,
        "keras.backend.gradients works on TensorFlow 1's graphs only",
        hint="Use tf.GradientTape.",
    )


def learning_phase() -> int:
    """1 inside a call with training=True, else 0."""
    return int(bool(_local.training))


_MODULES = ("activations", "annotations", "dispatch", "dtypes", "np", "ops", "random")
_OTHERS = ("Any", "Callable", "TFVariable", "TensorShape", "convert", "fail", "missing_name", "publish")
__all__ = sorted(name for name in globals() if name[0] != "_" and name not in (*_MODULES, *_OTHERS))
publish(__name__, globals(), ("result_type", "standardize_dtype", "is_float_dtype", "is_int_dtype"))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
