"""Keras 2's functions on tensors, with its names of arguments, defaults and dtypes."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import activations, ops, random
from kerasish.backend.windows import settled_format
from kerasish.config import epsilon, floatx
from kerasish.core import dispatch, dtypes, symbolic
from kerasish.core.context import local
from kerasish.core.custom_gradient import stop_gradient as stopped
from kerasish.core.device import current as current_device
from kerasish.core.random import BLOCKS, normal_raw, op_stream, shape_of, truncated_raw, uniform_raw
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable

# functions that are known by other names or take other names of arguments --------------------------------------------


def _renamed(name: str, text: str, target: Callable) -> Callable:
    """``target`` under the name and with the parameters that a row of the table states."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = []
    for part in text.split():
        parameter, given, default = part.partition("=")
        options = {"default": _DEFAULTS[default]} if given else {}
        parameters.append(inspect.Parameter(parameter, kind, **options))
    signature = inspect.Signature(parameters)

    def function(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return target(*bound.arguments.values())

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = inspect.getdoc(target)
    return function


def _in_own_dtype(reduction: Callable) -> Callable:
    """A reduction that keeps the dtype of integers, as TensorFlow's do; booleans are numbers of ``floatx`` to it."""

    def function(x: Any, axis: Any, keepdims: bool) -> Any:
        x = ops.cast(x, floatx()) if x.dtype == "bool" else x
        return ops.cast(reduction(x, axis, keepdims), x.dtype)

    function.__doc__ = inspect.getdoc(reduction)
    return function


_DEFAULTS = {"None": None, "False": False, "0": 0, "-1": -1, "1.0": 1.0}
_UNARY = "abs cos exp log round sigmoid sign sin softplus softsign square tanh".split()
_BINARY = "equal greater greater_equal less less_equal maximum minimum not_equal".split()
_REDUCTION = "x axis=None keepdims=False"
_TABLE: dict[str, tuple[str, Callable]] = {
    **{name: ("x", getattr(ops, name)) for name in _UNARY},
    **{name: ("x y", getattr(ops, name)) for name in _BINARY},
    **{name: (_REDUCTION, getattr(ops, name)) for name in ("all", "any", "max", "min", "std", "var")},
    **{name: (_REDUCTION, _in_own_dtype(getattr(ops, name))) for name in ("mean", "prod", "sum")},
    "batch_flatten": ("x", lambda x: ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))),
    "cast": ("x dtype", ops.cast),
    "concatenate": ("tensors axis=-1", ops.concatenate),
    "count_params": ("x", lambda x: int(np.prod(TensorShape(x.shape)))),
    "cumprod": ("x axis=0", ops.cumprod),
    "cumsum": ("x axis=0", ops.cumsum),
    "dropout": ("x level noise_shape=None seed=None", random.dropout),
    "elu": ("x alpha=1.0", activations.elu),
    "expand_dims": ("x axis=-1", ops.expand_dims),
    "flatten": ("x", lambda x: ops.reshape(x, (-1,))),
    "gather": ("reference indices", lambda reference, indices: ops.take(reference, indices, axis=0)),
    "in_top_k": ("predictions targets k", lambda predictions, targets, k: ops.in_top_k(targets, predictions, k)),
    "map_fn": ("fn elems name=None dtype=None", lambda fn, elems, name, dtype: ops.map(fn, elems)),
    "ndim": ("x", lambda x: len(x.shape)),
    "one_hot": ("indices num_classes", ops.one_hot),
    "ones_like": ("x dtype=None name=None", lambda x, dtype, name: ops.ones_like(x, dtype)),
    "permute_dimensions": ("x pattern", ops.transpose),
    "pow": ("x a", ops.power),
    "repeat_elements": ("x rep axis", ops.repeat),
    "reshape": ("x shape", ops.reshape),
    "reverse": ("x axes", ops.flip),
    "sqrt": ("x", lambda x: ops.sqrt(ops.maximum(x, ops.cast(0, x.dtype)))),
    "squeeze": ("x axis", ops.squeeze),
    "stack": ("x axis=0", ops.stack),
    "tile": ("x n", lambda x, n: ops.tile(x, [n] if isinstance(n, int) else n)),
    "to_dense": ("tensor", lambda tensor: tensor),
    "transpose": ("x", ops.transpose),
    "update": ("x new_x", lambda x, new_x: x.assign(new_x)),
    "update_add": ("x increment", lambda x, increment: x.assign_add(increment)),
    "update_sub": ("x decrement", lambda x, decrement: x.assign_sub(decrement)),
    "zeros_like": ("x dtype=None name=None", lambda x, dtype, name: ops.zeros_like(x, dtype)),
}  # fmt: skip
globals().update({name: _renamed(name, text, target) for name, (text, target) in _TABLE.items()})


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


def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """The identity matrix; a variable, as in Keras 2."""
    return variable(ops.eye(size, dtype=dtype or floatx()), dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> TFVariable:
    """Ones; a variable, as in Keras 2."""
    return variable(ops.ones(shape, dtype or floatx()), dtype, name)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> TFVariable:
    """Zeros; a variable, as in Keras 2."""
    return variable(ops.zeros(shape, dtype or floatx()), dtype, name)


def int_shape(x: Any) -> tuple:
    """The shape as a tuple of integers and None."""
    return tuple(x.shape)


def shape(x: Any) -> Any:
    """The shape as an int32 tensor."""
    return ops.convert_to_tensor(ops.shape(x), "int32")


def is_sparse(tensor: Any) -> bool:
    """Whether it is a sparse tensor, symbolic or with values."""
    return isinstance(tensor, SparseTensor) or getattr(tensor, "sparse", False) is True


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor; one number fills ``shape``."""
    t = convert(np.asarray(value), None)
    t = ops.cast(t, dtype or floatx())
    return t if shape is None else ops.broadcast_to(t, shape)


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Callable | None = None) -> TFVariable:
    """A variable of ``floatx`` unless ``dtype`` says otherwise."""
    return TFVariable(value, dtype=dtype or floatx(), name=name, constraint=constraint)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """``start``, ``start + step``, ... below ``stop``; one number is ``stop``."""
    return ops.arange(builtins.max(start, 0) if stop is None else start, stop, step, dtype)


def cast_to_floatx(x: Any) -> Any:
    """A tensor or array in the default float dtype; arrays stay arrays."""
    return ops.cast(x, floatx()) if dispatch.is_tensor(x) else np.asarray(x, dtype=floatx())


def eval(x: Any) -> Any:  # noqa: A001 - Keras's name
    """The value as a NumPy array."""
    return x.numpy()


def get_value(x: Any) -> Any:
    return x.numpy() if hasattr(x, "numpy") else x


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """``x / √max(Σ x², 1e-12)``."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, True), 1e-12))


def _draw(kind: str, make: Callable, shape: Any, a: float, b: float, dtype: Any, seed: Any) -> Any:
    """Numbers as ``tf.random`` draws them for an operation's seed; without one NumPy's global generator gives it."""
    if symbolic.any_symbolic((shape,)):
        return symbolic.call(_draw, (kind, make, shape, a, b, dtype, seed), {})
    seed = int(np.random.randint(10**7)) if seed is None else seed
    sizes, dtype = shape_of(shape), dtypes.as_dtype(dtype or floatx())
    if local.tracing or current_device().type == "meta":
        return ops.zeros(sizes, dtype)
    stream = op_stream(f"{kind} {dtype.name}", seed, int(np.prod(sizes)) * BLOCKS)
    return dispatch.wrap(make(sizes, stream, a, b, dtype))


def random_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return _draw("normal", normal_raw, shape, mean, stddev, dtype, seed)


def random_uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return _draw("uniform", uniform_raw, shape, minval, maxval, dtype, seed)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return _draw("truncated", truncated_raw, shape, mean, stddev, dtype, seed)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with probability ``p``, else 0."""
    return ops.cast(random_uniform(shape, dtype=dtype, seed=seed) <= p, dtype or floatx())


random_binomial = random_bernoulli  # Keras 2's first name for it


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> TFVariable:
    """A variable of normal random numbers."""
    seed = int(np.random.randint(10**9)) if seed is None else seed
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> TFVariable:
    """A variable of random numbers in [low, high)."""
    seed = int(np.random.randint(10**9)) if seed is None else seed
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)


# values of variables --------------------------------------------------------------------------------------------------


def set_value(x: Any, value: Any) -> None:
    x.assign(np.asarray(value, dtype=dtypes.as_dtype(x.dtype).as_numpy_dtype))


def batch_get_value(tensors: Sequence) -> list:
    return [x.numpy() for x in tensors]


def batch_set_value(tuples: Sequence) -> None:
    for x, value in tuples:
        set_value(x, value)


def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """Move a variable towards ``value``: ``x - (x - value) · (1 - momentum)``."""
    return x.assign_sub((x - ops.cast(value, x.dtype)) * (1 - momentum))


def stop_gradient(variables: Any) -> Any:
    """The same values as constants to a gradient; for a list an iterator of them."""
    return map(stopped, variables) if isinstance(variables, (list, tuple)) else stopped(variables)


# arithmetic -----------------------------------------------------------------------------------------------------------


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of ``x`` and the last but one of ``y``."""
    return ops.dot(x, y) if builtins.max(len(x.shape), len(y.shape)) > 2 else ops.matmul(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each sample of ``x`` with that of ``y``, over one axis of each (default: last, and last but one).

    Raises:
        ValueError: ranks below 2, other batch sizes or lengths of the two axes, or axis 0.
    """
    a, b = _batch_axes(x, y, axes)
    vector_x, vector_y = len(x.shape) == 2, len(y.shape) == 2
    x, y = ops.moveaxis(x, a, -1), ops.moveaxis(y, b, 1)
    rows, columns = tuple(x.shape[1:-1]), tuple(y.shape[2:])
    x = ops.reshape(x, (-1, int(np.prod(rows)), x.shape[-1]))
    y = ops.reshape(y, (-1, y.shape[1], int(np.prod(columns))))
    out = ops.reshape(ops.matmul(x, y), (-1, *rows, *columns))
    return ops.expand_dims(out, -1) if vector_x and vector_y else out


def _batch_axes(x: Any, y: Any, axes: Any) -> tuple[int, int]:
    shapes = f"Received inputs with shapes {tuple(x.shape)} and {tuple(y.shape)}."
    if builtins.min(len(x.shape), len(y.shape)) < 2:
        raise ValueError(f"Cannot do batch_dot on inputs with rank < 2. {shapes}")
    if None not in (x.shape[0], y.shape[0]) and x.shape[0] != y.shape[0]:
        raise ValueError(f"Cannot do batch_dot on inputs with different batch sizes. {shapes}")
    if axes is None:
        axes = (len(x.shape) - 1, builtins.max(len(y.shape) - 2, 1))
    first, second = (axes, axes) if isinstance(axes, int) else axes
    if isinstance(first, (list, tuple)) or isinstance(second, (list, tuple)):
        raise ValueError(
            f"Multiple target dimensions are not supported. Expected: None, int, (int, int), Provided: {axes}"
        )
    first, second = first % len(x.shape), second % len(y.shape)
    if 0 in (first, second):
        raise ValueError("Cannot perform batch_dot over axis 0. Add a batch dimension with K.expand_dims(x, 0).")
    if None not in (x.shape[first], y.shape[second]) and x.shape[first] != y.shape[second]:
        raise ValueError(f"Cannot do batch_dot with axes={[first, second]}: their lengths differ. {shapes}")
    return first, second


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """``x`` plus one number per channel, or plus a bias of one axis less than it has.

    Raises:
        ValueError: a bias of another rank, or an unknown data format.
    """
    rank, shape = len(x.shape), tuple(bias.shape)
    first = settled_format(data_format) == "channels_first"
    if len(shape) not in (1, rank - 1):
        raise ValueError(f"Unexpected bias dimensions {len(shape)}. Expected it to be 1 or {rank - 1} dimensions")
    if first and rank > 2:
        moved = (shape[-1], *shape[:-1]) if len(shape) > 1 else (shape[0], *(1,) * (rank - 2))
        bias = ops.reshape(bias, (1, *moved))
    return ops.add(x, bias)


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """``gamma · (x - mean) / √(var + epsilon) + beta``, with broadcasting."""
    scale = ops.rsqrt(var + epsilon)
    scale = scale if gamma is None else scale * gamma
    shift = -mean * scale
    return x * scale + (shift if beta is None else beta + shift)


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float = 1e-3
) -> tuple:
    """The normalized batch, its means and its variances."""
    mean, variance = ops.moments(x, list(reduction_axes))
    shape = tuple(1 if axis in reduction_axes else n for axis, n in enumerate(x.shape))
    shaped = [t if t is None else ops.reshape(t, shape) for t in (mean, variance, beta, gamma)]
    return batch_normalization(x, *shaped, epsilon=epsilon), mean, variance


def hard_sigmoid(x: Any) -> Any:
    """min(max(x / 5 + 1/2, 0), 1): Keras 2's."""
    return ops.clip(x * 0.2 + 0.5, 0.0, 1.0)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x where it is at least ``threshold``, at most ``max_value``; below ``alpha`` · (x - ``threshold``)."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) over its sum along ``axis``."""
    if len(x.shape) <= 1:
        raise ValueError(f"Cannot apply softmax to a tensor that is 1D. Received input: {x}")
    return activations.softmax(x, axis)


def repeat(x: Any, n: int) -> Any:
    """(batch, features) → (batch, n, features)."""
    if len(x.shape) != 2:
        raise ValueError(f"Expected input `x` to have rank 2. Received: rank(x)={len(x.shape)}")
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors, or of two functions' results, by a condition; elementwise if the condition is no scalar.

    Raises:
        ValueError: the condition has more axes than the tensors.
    """

    def value(expression: Any) -> Any:
        called = callable(expression) and not dispatch.is_tensor(expression)
        return expression() if called else expression

    condition = ops.cast(condition, "bool")
    rank = len(condition.shape)
    if not rank:
        return ops.cond(condition, lambda: value(then_expression), lambda: value(else_expression))
    then_expression, else_expression = value(then_expression), value(else_expression)
    wanted = len(then_expression.shape)
    if rank > wanted:
        raise ValueError(
            "Rank of `condition` should be less than or equal to rank of `then_expression` and `else_expression`. "
            f"ndim(condition)={rank}, ndim(then_expression)={wanted}"
        )
    if rank > 1:
        condition = ops.reshape(condition, tuple(condition.shape) + (1,) * (wanted - rank))
    return ops.where(condition, then_expression, else_expression)


# crossentropies -------------------------------------------------------------------------------------------------------


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The loss of each element, whose probability is ``output``."""
    if from_logits:
        return ops.binary_crossentropy(target, output, from_logits=True)
    p, tiny = ops.clip(output, epsilon(), 1 - epsilon()), epsilon()
    return -(target * ops.log(p + tiny) + (1 - target) * ops.log(1 - p + tiny))


def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Any:
    """``binary_crossentropy`` weighted by (1 - probability of the truth)^gamma (Lin et al. 2017)."""
    p = ops.sigmoid(output) if from_logits else output
    truth = target * p + (1 - target) * (1 - p)
    losses = ops.power(1.0 - truth, gamma) * binary_crossentropy(target, output, from_logits)
    return (target * alpha + (1 - target) * (1 - alpha)) * losses if apply_class_balancing else losses


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The loss of distributions over the classes along ``axis``."""
    return ops.categorical_crossentropy(target, output, from_logits, axis)


def categorical_focal_crossentropy(
    target: Any, output: Any, alpha: Any = 0.25, gamma: float = 2.0, from_logits: bool = False, axis: int = -1
) -> Any:
    """``categorical_crossentropy`` weighted by alpha · (1 - probability)^gamma (Lin et al. 2017)."""
    p = ops.softmax(output, axis) if from_logits else output
    p = ops.clip(p / ops.sum(p, axis, True), epsilon(), 1 - epsilon())
    return ops.sum(ops.power(1.0 - p, gamma) * alpha * -target * ops.log(p), axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Any:
    """The loss of integer classes; 0 where the class is ``ignore_class``.

    Targets of another rank than the classes leave are taken in their order; so (batch, 1) is as good as (batch,).
    """
    output, target = ops.moveaxis(output, axis, -1), ops.cast(target, "int64")
    leading = tuple(output.shape[:-1])
    if len(target.shape) != len(leading):
        output = output if len(leading) > 1 else ops.reshape(output, (-1, output.shape[-1]))
        target = ops.reshape(target, leading if None not in leading else (-1, *leading[1:]))
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(target, output, from_logits)
    kept = ops.not_equal(target, ignore_class)
    losses = ops.sparse_categorical_crossentropy(ops.where(kept, target, ops.zeros_like(target)), output, from_logits)
    return ops.where(kept, losses, ops.zeros_like(losses))
