"""InputSpec: what a layer demands of its inputs' ranks, shapes and dtypes, and the check."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import NotNumbersError, ShapeMismatchError, fail, failed_under_ours
from kerasish.core.shape import standardize_shape
from kerasish.core.tensor import StringTensor


class InputSpec:
    """Demands on one input of a layer (``keras.InputSpec``).

    Args:
        dtype: name of the dtype.
        shape: the shape; ``None`` for dimensions that may be anything.
        ndim, max_ndim, min_ndim: the rank, or bounds on it.
        axes: sizes of single axes: ``{-1: 16}``.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or added.
        name: of the input, for models that take a dictionary.
        optional: whether ``None`` may be passed.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (TypeError, ValueError, AttributeError):
            raise fail(TypeError, "Argument `axes` must be a dict with integer keys", received=repr(axes)) from None
        bound = self.ndim if self.ndim is not None else self.max_ndim
        if self.axes and bound is not None and max(self.axes) >= bound:
            raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {bound - 1}")

    def get_config(self) -> dict:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict) -> InputSpec:
        return cls(**config)

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        parts = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return f"InputSpec({', '.join(parts)})"


def check_input(specs: Any, inputs: Any, layer_name: str) -> None:
    """Compare a layer's inputs with its spec, or list or dict of specs.

    Raises:
        ValueError: naming the layer, what it expects and the shape it was given.
    """
    if isinstance(specs, InputSpec) and hasattr(inputs, "shape"):
        _check_one(specs, inputs, 0, layer_name)
        return
    wanted, given = _pair(specs, inputs)
    if len(wanted) != len(given):
        raise ValueError(
            f'Layer "{layer_name}" expects {len(wanted)} input(s), but it received {len(given)} input tensors. '
            f"Inputs received: {[getattr(x, 'shape', x) for x in given]}"
        )
    for index, (spec, x) in enumerate(zip(wanted, given, strict=True)):
        if spec is not None and not (x is None and spec.optional):
            _check_one(spec, x, index, layer_name)


def is_no_data(x: Any) -> bool:
    """Whether ``x`` can be no input of a layer of ours: text, functions, sets."""
    return isinstance(x, (str, bytes, set, frozenset, range)) or callable(x) or type(x) is object


def is_tensors(x: Any) -> bool:
    """Whether ``x`` is a tensor, or a structure."""
    return hasattr(x, "shape") or isinstance(x, (list, tuple, dict))


def no_tensor(x: Any, layer: str) -> ValueError:
    """The error for an input that is no tensor."""
    if isinstance(x, (list, tuple, dict)):
        return fail(ValueError, f"Layer '{layer}' takes one tensor, but was given a {type(x).__name__} of {len(x)}")
    return fail(
        ValueError,
        f"Only input tensors may be passed as positional arguments. Layer '{layer}' was given {x!r} (of type {type(x)})",
        hint="Anything else is to be passed as a keyword argument.",
    )


def input_failure(error: Exception, args: tuple, layer: str) -> Exception:
    """What a layer of ours raises for ``error``: one that says so, if an input was no tensor, or text among numbers."""
    if not isinstance(error, (TypeError, AttributeError, NotNumbersError)) or not failed_under_ours(error):
        return error
    for x in tree.flatten(args):
        if not hasattr(x, "shape") or hasattr(x, "tocoo"):  # the latter: SciPy's sparse data
            return no_tensor(x, layer)
        if isinstance(x, (StringTensor, np.ndarray)):
            return no_numbers(layer)
    return error if all(hasattr(x, "shape") for x in args) else no_tensor(args[0], layer)


def no_numbers(layer: str) -> NotNumbersError:
    """The error for text given to a layer that computes with numbers."""
    return fail(
        NotNumbersError,
        f"Layer '{layer}' computes with numbers, but was given text (dtype string)",
        hint="Layers such as StringLookup and TextVectorization turn text into numbers.",
    )  # type: ignore[return-value]


def _pair(specs: Any, inputs: Any) -> tuple[list, list]:
    flat = tree.flatten(specs)
    names = [getattr(spec, "name", None) for spec in flat]
    if isinstance(inputs, dict) and all(name in inputs for name in names):
        return flat, [inputs[name] for name in names]
    return flat, tree.flatten(inputs)


def _check_one(spec: InputSpec, x: Any, index: int, layer: str) -> None:
    if not hasattr(x, "shape"):
        raise fail(
            ValueError, f"Inputs to a layer should be tensors. Layer '{layer}' was given {x!r} (of type {type(x)})"
        )
    shape = tuple(x.shape)
    rank, place = len(shape), f"{index} with name '{spec.name}'"
    if spec.ndim is not None and rank != spec.ndim and not _squeezes(spec, shape):
        raise _mismatch(place, layer, f"expected ndim={spec.ndim}, found ndim={rank}. Full shape received: {shape}")
    if spec.max_ndim is not None and rank > spec.max_ndim:
        raise _mismatch(
            place, layer, f"expected max_ndim={spec.max_ndim}, found ndim={rank}. Full shape received: {shape}"
        )
    if spec.min_ndim is not None and rank < spec.min_ndim:
        raise _mismatch(
            place, layer, f"expected min_ndim={spec.min_ndim}, found ndim={rank}. Full shape received: {shape}"
        )
    if spec.dtype is not None and as_dtype(x.dtype).name != spec.dtype:
        raise _mismatch(place, layer, f"expected dtype={spec.dtype}, found dtype={as_dtype(x.dtype).name}")
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            raise _mismatch(
                place,
                layer,
                f"expected axis {axis} of input shape to have value {size}, but received input with shape {shape}",
            )
    if spec.shape is not None and not _squeezes(spec, shape):
        for wanted, size in zip(spec.shape, shape, strict=True):
            if wanted is not None and size is not None and wanted != size:
                raise _mismatch(place, layer, f"expected shape={spec.shape}, found shape={shape}")


def _squeezes(spec: InputSpec, shape: tuple) -> bool:
    """Whether the shapes differ only by a last axis of size 1 that may come or go."""
    if not spec.allow_last_axis_squeeze or spec.shape is None or len(spec.shape) == len(shape):
        return False
    longer, shorter = sorted((spec.shape, shape), key=len, reverse=True)
    return len(longer) == len(shorter) + 1 and longer[-1] in (1, None)


def _mismatch(place: str, layer: str, what: str) -> ShapeMismatchError:
    return ShapeMismatchError(f"Input {place} of layer '{layer}' is incompatible with the layer: {what}")
