"""How ``tf.experimental.numpy`` takes values: NumPy's dtypes and promotion, over torch tensors.

Python's numbers are int64 and float64 on their own (``prefer_float32``: float32), and take the dtype of what they meet. So do
the numbers inside lists. In the promotion modes "all" and "safe" they are int32 and float32, and dtypes meet by kinds.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import DTypeMismatchError
from kerasish.core.shape import TensorShape
from kerasish.core.storage import cast_raw
from kerasish.tf.alias import ANY, Kinds, check
from kerasish.tf.promotion import Kind

F = TypeVar("F", bound=Callable)

_NUMBERS = (bool, int, float, complex)


class _Settings:
    """What ``experimental_enable_numpy_behavior`` has set."""

    prefer_float32 = False  # whether floats of no dtype of their own are float32
    kind: Callable[..., Kind] | None = None  # in which values meet, in the modes "all" and "safe"
    promotes = False  # whether operators promote


settings = _Settings()


# dtypes ---------------------------------------------------------------------------------------------------------------


def numpy_type(dtype: Any) -> np.dtype:
    """A dtype of any kind as NumPy's; Python's types are NumPy's defaults, or the promotion mode's."""
    if isinstance(dtype, torch.dtype):
        dtype = dtypes.as_dtype(dtype)
    if isinstance(dtype, dtypes.DType):
        return np.dtype(dtype.as_numpy_dtype)
    if settings.kind is not None and dtype in _NUMBERS:
        return numpy_type(settings.kind(dtype).dtype)
    return np.dtype(dtype)


def torch_type(dtype: Any) -> torch.dtype:
    """A dtype of any kind as torch's."""
    return dtypes.to_torch(numpy_type(dtype).name)


def default_float() -> np.dtype:
    """float64, or float32 if that is preferred."""
    return np.dtype("float32" if settings.prefer_float32 else "float64")


def _kinds_of(value: Any) -> list:
    """What NumPy's promotion is to see of a value: dtypes, and Python's numbers as they are."""
    if isinstance(value, TensorShape):
        return [np.dtype(np.int32)]
    if settings.prefer_float32 and isinstance(value, (float, complex)):  # NumPy's float64 is a float too
        return [np.dtype("float32" if isinstance(value, float) else "complex64")]
    if isinstance(value, _NUMBERS) and not isinstance(value, np.generic):
        return [value]
    if isinstance(value, (list, tuple)):
        return [kind for item in value for kind in _kinds_of(item)]
    if isinstance(value, (torch.Tensor, torch.dtype, dtypes.DType)) or dispatch.is_tensor(value):
        return [numpy_type(getattr(value, "dtype", value))]
    return [value.dtype if isinstance(value, (np.ndarray, np.generic)) else value]


def _numpy_common_type(*arrays_and_dtypes: Any) -> np.dtype:
    kinds = [kind for value in arrays_and_dtypes for kind in _kinds_of(value)]
    return np.result_type(*kinds or [float])


def common_type(*arrays_and_dtypes: Any) -> np.dtype:
    """The dtype that operations on these arrays, numbers and dtypes have."""
    if settings.kind is not None:
        return numpy_type(settings.kind(*arrays_and_dtypes).dtype)
    return _numpy_common_type(*arrays_and_dtypes)


def result_type(*arrays_and_dtypes: Any) -> dtypes.DType:
    """The dtype that operations on these arrays, numbers and dtypes have."""
    return dtypes.as_dtype(common_type(*arrays_and_dtypes).name)


def promote_types(type1: Any, type2: Any) -> np.dtype:
    """The smallest dtype that both convert to."""
    return np.promote_types(
        *(numpy_type(t) if isinstance(t, (torch.dtype, dtypes.DType)) else t for t in (type1, type2))
    )


# values ---------------------------------------------------------------------------------------------------------------


def _has_tensors(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_tensors, value))
    return dispatch.is_tensor(value)


def raw_array(value: Any, dtype: Any = None) -> torch.Tensor:
    """Any value as a raw tensor, of its own dtype or of the one given."""
    if dispatch.is_tensor(value):
        x = dispatch.raw(value)
        if not isinstance(x, torch.Tensor):
            raise DTypeMismatchError("NumPy's functions do not take tensors of dtype string.")
    elif isinstance(value, (list, tuple)) and _has_tensors(value):
        x = _stacked(value)
    else:
        array = np.asarray(value)
        if array.dtype.kind in "biufc" and not isinstance(value, np.ndarray):
            array = array.astype(common_type(value))
        x = dispatch.raw(array if array.ndim else array[()])
        if not isinstance(x, torch.Tensor):
            raise DTypeMismatchError(f"NumPy's functions do not take text. Received: {value!r}")
    return x if dtype is None else cast(x, torch_type(dtype))


def _stacked(values: Any) -> torch.Tensor:
    common = common_type(values)
    return torch.stack([raw_array(value, common) for value in values])


def cast(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """x in another dtype; complex numbers lose their imaginary part in real ones, and as truth values."""
    return cast_raw(x, dtype)


def promoted(*values: Any) -> list[torch.Tensor]:
    """Values as raw tensors of their common dtype."""
    common = common_type(*values)
    return [raw_array(value, common) for value in values]


def promoted_pair(x1: Any, x2: Any) -> list[torch.Tensor]:
    """Two values as raw tensors of their common dtype: NumPy's in all modes, as in TensorFlow, unless one is a list."""
    lists = isinstance(x1, (list, tuple)) or isinstance(x2, (list, tuple))
    common = common_type(x1, x2) if lists else _numpy_common_type(x1, x2)
    return [raw_array(value, common) for value in (x1, x2)]


def met_by_double(x: torch.Tensor) -> torch.Tensor:
    """x in the dtype that an operator gives for it and a float64 of NumPy's; its own where operators do not promote."""
    counts_as_float32 = settings.prefer_float32 and settings.kind is None
    if not settings.promotes or counts_as_float32:
        return x
    return cast(x, torch.complex128 if x.is_complex() else torch.float64)


def to_inexact(x: torch.Tensor) -> torch.Tensor:
    """What is inexact to NumPy as it is; integers, bools and bfloat16 as float64 (float32 in promotion modes)."""
    return x if (x.is_floating_point() and x.dtype is not torch.bfloat16) or x.is_complex() else x.to(torch_type(float))


# functions ------------------------------------------------------------------------------------------------------------


def public(function: F) -> F:
    """Publish a function that computes on raw tensors: its results become Tensors, torch's errors TensorFlow's."""
    name = function.__name__

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            try:
                out = function(*args, **kwargs)
            except NotImplementedError as error:
                out = _in_int64(function, args, kwargs, error)
        except (RuntimeError, NotImplementedError, IndexError) as error:
            if isinstance(error, IndexError) and "dim" not in str(error).lower():  # not torch's
                raise
            raise dispatch._translate(error, name) from error
        return dispatch.wrap(_unshared(out, args))

    return call  # type: ignore[return-value]


def _in_int64(function: Callable, args: tuple, kwargs: dict, error: Exception) -> Any:
    """Compute in int64 what torch has no kernels for in uint16, uint32 and uint64."""
    if not args:
        raise error
    return dispatch.in_int64(function, [raw_array(args[0]), *args[1:]], kwargs, error)


def _unshared(out: Any, args: tuple) -> Any:
    """Results that may be views of a variable's storage as copies."""
    if any(isinstance(a, dispatch._types.variable) for a in args) and isinstance(out, torch.Tensor):
        return out.clone()
    return out


def table(namespace: dict[str, Any], parameters: str, rule: Callable, kinds: Kinds | None, targets: dict) -> None:
    """Put functions of one signature, written ``x`` or ``x1, x2``, into a module's namespace.

    Args:
        rule: takes the target and the arguments, converts these and calls it.
        kinds: the dtypes that the converted first argument may have; None for all.
        targets: name → what computes on raw tensors, or a pair of that and the docstring.
    """
    signature = inspect.signature(eval(f"lambda {parameters}: None"))
    for name, target in targets.items():
        function, doc = target if isinstance(target, tuple) else (target, inspect.getdoc(target))
        namespace[name] = _entry(namespace["__name__"], name, signature, doc, rule, kinds or ANY, function)


def _entry(
    module: str, name: str, signature: inspect.Signature, doc: Any, rule: Callable, kinds: Kinds, target: Callable
) -> Callable:
    target = getattr(target, "raw", target)

    def checked(*xs: torch.Tensor) -> Any:
        if kinds is not ANY:
            check(xs[0], kinds, name)
        try:
            return target(*xs)
        except NotImplementedError as error:
            return dispatch.in_int64(target, list(xs), {}, error)

    def entry(*args: Any, **kwargs: Any) -> Any:
        return rule(checked, *signature.bind(*args, **kwargs).args)

    entry.__name__ = entry.__qualname__ = name
    entry.__module__, entry.__doc__ = module, doc
    entry.__signature__ = signature  # type: ignore[attr-defined]
    return public(entry)
