"""Control flow of ``tf``, run eagerly: branches, loops, loops over tensors, Python functions.

While only shapes are worked out there are no values to decide by: a branch is then checked against the other one, and a
loop's variables keep their shapes (see ``ops/control.py``). ``map_fn`` and ``tuple`` are among the names here.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch, symbolic, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import InvalidArgumentError, OutOfRangeError, ShapeMismatchError, fail, of_python
from kerasish.core.ragged import RaggedTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.tf import arrays, sparse_arrays, symbolic_results
from kerasish.tf.extension_spec import ExtensionTypeSpec
from kerasish.tf.ragged.arrays import deepened, joined_rows
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.sparse_spec import SparseTensorSpec
from kerasish.tf.spec import TensorSpec, spec_of
from kerasish.tf.traced import Untaken, followed, rounds

SEQUENCE = (list, tuple)  # before this module's own `tuple`

# branches -------------------------------------------------------------------------------------------------------------


def _single(result: Any) -> Any:
    """The element of a list of one, as TensorFlow's conditionals return it."""
    return result[0] if isinstance(result, SEQUENCE) and len(result) == 1 else result


def cond(pred: Any, true_fn: Callable | None = None, false_fn: Callable | None = None, name: str | None = None) -> Any:
    """``true_fn()`` if ``pred`` holds, else ``false_fn()``.

    Raises:
        TypeError: one of them is missing or cannot be called.
    """
    for argument, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if function is None:
            raise TypeError(f"cond(): '{argument}' argument required")
        if not callable(function):
            raise TypeError(f"'{argument}' must be callable.")
    if not dispatch.is_tensor(pred):
        return true_fn() if pred else false_fn()  # type: ignore[misc]
    true_fn, false_fn = followed(true_fn), followed(false_fn)
    traced = local.function is not None and local.function.tracing and not local.tracing
    other = Untaken(pred, true_fn, false_fn) if traced else None
    result = ops.cond(pred, true_fn, false_fn)  # type: ignore[arg-type]
    if other is not None:
        other.compare(result)
    return result


def case(
    pred_fn_pairs: Any,
    default: Callable | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str | None = "case",
) -> Any:
    """The result of the function of the first condition that holds, else of ``default``.

    Args:
        pred_fn_pairs: pairs of a boolean scalar tensor and a function.
        exclusive: whether at most one condition may hold; in eager mode TensorFlow does not check it, either.
        strict: leave a list of one as it is.

    Raises:
        InvalidArgumentError: no condition holds and there is no ``default``.
        TypeError: a condition is no tensor, or a function cannot be called.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    if not pairs:
        raise fail(ValueError, "`pred_fn_pairs` is empty", "pairs of a condition and a function", pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("'false_fn' must be callable.")
    for pred, function in pairs:
        if not dispatch.is_tensor(pred):
            raise TypeError(f"pred must be a Tensor, got: {pred}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred} must be callable.")
    if local.tracing and pairs:  # the conditions' values come when it runs
        *first, last = [*pairs, *([(None, default)] if default is not None else [])]
        found = last[1]
        for pred, function in reversed(first):
            found = functools.partial(ops.cond, pred, function, found)
        return found() if strict else _single(found())
    holding = [function for pred, function in pairs if bool(pred)]
    chosen = holding[0] if holding else default
    if chosen is None:
        raise InvalidArgumentError("Input error: None of conditions evaluated as True")
    return chosen() if strict else _single(chosen())


def switch_case(
    branch_index: Any, branch_fns: Any, default: Callable | None = None, name: str | None = "switch_case"
) -> Any:
    """The result of the function that ``branch_index`` names; outside of them of ``default``, or of the last one.

    Args:
        branch_index: an integer scalar tensor.
        branch_fns: a list of functions, or pairs or a dictionary of index and function.

    Raises:
        TypeError: ``branch_index`` is no tensor, or a function cannot be called.
        ValueError: the indices do not run from 0 without gaps.
    """
    if not dispatch.is_tensor(branch_index):
        raise TypeError(f"'branch_index' must be a Tensor, got {type(branch_index)}")
    if not as_dtype(branch_index.dtype).is_integer:
        raise TypeError(f"'branch_index' must be an integer Tensor, got {branch_index.dtype!r}")
    if not branch_fns:
        raise ValueError("Must provide at least one item in 'branch_fns'")
    if isinstance(branch_fns, dict):
        numbered = branch_fns
    elif branch_fns and all(isinstance(item, SEQUENCE) for item in branch_fns):
        numbered = dict(branch_fns)
    else:
        numbered = dict(enumerate(branch_fns))
    if sorted(numbered) != list(range(len(branch_fns))):
        keys = sorted(branch_fns if isinstance(branch_fns, dict) else [key for key, _ in branch_fns])
        raise ValueError(
            f"branch indices (keys) must form contiguous range of [0 to {len(keys)}) but found "
            f"{{{','.join(map(str, keys))}}}"
        )
    functions = [numbered[i] for i in range(len(numbered))]
    functions.append(functions[-1] if default is None else default)
    for function in functions:
        if not callable(function):
            raise TypeError(f"fn for a branch index must be callable, got {function!r}")
    if dispatch.is_symbolic(branch_index) or dispatch.raw(branch_index).is_meta:
        return _single(ops.switch(branch_index, functions))
    if branch_index.shape.rank:
        raise InvalidArgumentError(f"`branch_index` must be a scalar, but has the shape {branch_index.shape}.")
    index = int(branch_index)
    return _single(functions[index if 0 <= index < len(functions) else -1]())


# loops ----------------------------------------------------------------------------------------------------------------


def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: int | None = None,
    name: str | None = None,
) -> Any:
    """Replace ``loop_vars`` by ``body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds.

    Args:
        loop_vars: a list or tuple of structures of tensors.
        shape_invariants: shapes that hold in all rounds, in the structure of ``loop_vars``; default: the first ones. They
            count in functions only.
        parallel_iterations, swap_memory: concern graphs; an eager loop runs step by step.
        back_prop: whether gradients pass through the loop.
        maximum_iterations: stop after so many in any case.

    Raises:
        TypeError: ``cond`` or ``body`` cannot be called; outside of functions, ``body`` returns no list; in functions,
            ``body`` returns other dtypes.
        ValueError: there are no ``loop_vars``; ``body`` returns another structure than it takes; in functions, other shapes.
    """
    for argument, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(f"'{argument}' must be callable.")
    if symbolic.any_symbolic(loop_vars):
        return symbolic.call(while_loop, (cond, body, loop_vars), {"maximum_iterations": maximum_iterations})
    if isinstance(loop_vars, SEQUENCE) and not loop_vars:
        raise ValueError("'loop_vars' must be provided.")
    if not isinstance(parallel_iterations, int) or parallel_iterations < 1:
        raise TypeError("'parallel_iterations' must be a positive integer.")
    cond, body = followed(cond), followed(body)
    limit = None if maximum_iterations is None else int(maximum_iterations)
    kind = type(loop_vars)
    in_function = local.function is not None
    invariants = _Invariants((*loop_vars,), shape_invariants) if in_function else None

    def step(*values: Any) -> Any:
        nonlocal kind
        after = body(*values)
        if not isinstance(after, SEQUENCE):
            after = (after,) if in_function else list(after)  # a tensor's rows, in eager mode
        kind = kind if in_function else type(after)
        done()
        if invariants is not None:
            invariants.check((*after,))
        return (*after,)

    with rounds() as done:
        result = ops.while_loop(cond, step, (*loop_vars,), limit)
    if not back_prop:
        result = tree.map_structure(lambda t: convert(dispatch.raw(t).detach()) if dispatch.is_tensor(t) else t, result)
    if in_function:  # a graph's loop gives back the structure that went in, whatever ``body`` returns
        return tree.pack_as(loop_vars, tree.flatten(result))
    if hasattr(kind, "_fields"):
        return kind(*result)
    return list(result) if kind is list else (*result,)


class _Invariants:
    """What holds of a loop's variables in all rounds of a graph: dtypes, and shapes unless others are given."""

    def __init__(self, values: tuple, shapes: Any) -> None:
        self._specs = [_spec_or_none(value) for value in tree.flatten(values)]
        self._given = shapes is not None
        if shapes is not None:
            known = tree.flatten((*shapes,))
            if len(known) == len(self._specs):
                pairs = zip(self._specs, known)
                self._specs = [spec and TensorSpec(getattr(s, "shape", s), spec.dtype) for spec, s in pairs]

    def check(self, after: tuple) -> None:
        """Raise TypeError for another dtype, ValueError for another shape."""
        for spec, value in zip(self._specs, tree.flatten(after)):
            new = _spec_or_none(value)
            if spec is None or new is None:
                continue
            if spec.dtype != new.dtype:
                raise TypeError(
                    f"Loop var enters the loop with type {spec.dtype!r} but has type {new.dtype!r} after 1 iteration. Its "
                    "type should remain constant."
                )
            if not new.shape.is_subtype_of(spec.shape):
                what = "has the shape invariant" if self._given else "enters the loop with shape"
                raise ValueError(
                    f"Input tensor {what} {spec.shape}, but has shape {new.shape} after one iteration. To allow the shape to "
                    "vary across iterations, use the `shape_invariants` argument of tf.while_loop to specify a less-specific "
                    "shape."
                )


def _spec_or_none(value: Any) -> TensorSpec | None:
    """The specification of a dense tensor or number."""
    if isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)):
        value = convert(value)
    return TensorSpec(value.shape, value.dtype) if isinstance(value, Tensor) else None


# loops over tensors ---------------------------------------------------------------------------------------------------


def _rows(elems: Any) -> list:
    """The slices of a structure of tensors along their first axes, each a structure.

    Raises:
        ValueError: a tensor is a scalar, or the lengths differ.
    """
    columns: list[list] = []
    for elem in tree.flatten(elems):
        if isinstance(elem, CompositeTensor):
            columns.append(_rows_of(elem))
            continue
        tensor = elem if dispatch.is_tensor(elem) else convert(elem)
        if not tensor.ndim:
            raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars")
        columns.append(list(tensor.snapshot() if hasattr(tensor, "snapshot") else tensor))
    if len({len(column) for column in columns}) > 1:
        raise fail(ValueError, "The tensors must have one length", received=[len(column) for column in columns])
    return [tree.pack_as(elems, row) for row in zip(*columns)]


def _rows_of(value: CompositeTensor) -> list:
    """The slices of a ragged tensor, or of an extension type's value.

    Raises:
        TypeError: it has none.
    """
    if isinstance(value, RaggedTensor):
        return list(value)
    if value._is_tensor or not value._has_rows:
        raise TypeError(f"map_fn can not consume {spec_of(value)} inputs: got {value!r}")
    return [value._with_tensors(row) for row in zip(*map(_rows, value._tensors_within))]


def _stacked(steps: list, kinds: Any) -> Any:
    """Structures of one kind as a structure of stacks; ``kinds`` gives the dtypes of values that have none."""
    columns = []
    for column, kind in zip(zip(*(tree.flatten(step) for step in steps)), tree.flatten(kinds)):
        if isinstance(kind, RaggedTensorSpec):
            columns.append(_ragged_rows(column, kind))
            continue
        if isinstance(kind, ExtensionTypeSpec):
            parts = zip(*(value._tensors_within for value in column))
            columns.append(column[0]._with_tensors([_stacked(part, own) for part, own in zip(parts, kind.parts())]))
            continue
        if isinstance(kind, SparseTensorSpec):
            columns.append(sparse_arrays.concat(0, [sparse_arrays.expand_dims(value, 0) for value in column]))
            continue
        wanted = None if kind is None else as_dtype(getattr(kind, "dtype", kind))
        parts = [x if dispatch.is_tensor(x) else convert(x, wanted) for x in column]
        for part in parts:
            if wanted is not None and part.dtype != wanted:
                raise InvalidArgumentError(
                    f"TensorArray dtype is {wanted.name} but Op is trying to write dtype {part.dtype.name}"
                )
        columns.append(_stack(parts))
    return tree.pack_as(steps[0], columns)


def _stack(parts: list) -> Any:
    """Results of one shape as one.

    Raises:
        ValueError: the shapes differ.
    """
    try:
        return ops.stack(parts)
    except InvalidArgumentError:
        shapes = [tuple(part.shape) for part in parts]
        other = next((shape for shape in shapes if shape != shapes[0]), None)
        if other is None:
            raise
        raise ValueError(f"Incompatible shape for value ({other}), expected ({shapes[0]})") from None


def _ragged_rows(rows: Sequence, spec: RaggedTensorSpec) -> Any:
    """Results of different lengths as the rows of a ragged tensor.

    Raises:
        InvalidArgumentError: a result is a scalar, or of another dtype or rank than announced.
    """
    parts = [row if isinstance(row, RaggedTensor) else convert(row) for row in rows]
    for part in parts:
        if not part.shape.rank:
            raise InvalidArgumentError(f"Ragged values must have rank >= 1; a scalar was given: {part}")
        own = part.ragged_rank if isinstance(part, RaggedTensor) else 0
        if part.dtype != spec.dtype or own > max(spec.ragged_rank, 0) or not spec.shape.is_compatible_with(part.shape):
            raise InvalidArgumentError(f"fn gave {spec_of(part)} where {spec} was announced")
    kind = as_dtype(spec.row_splits_dtype).torch
    return joined_rows([deepened(part, spec.ragged_rank, kind) for part in parts], kind)


def _check_structure(expected: Any, found: Any) -> None:
    try:
        tree.assert_same_structure(expected, found)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The two structures don't have the same nested structure.\n\nFirst structure: {expected}\n\nSecond structure: "
            f"{found}\n\n{error}"
        ) from None


def map_fn(
    fn: Callable,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """``fn`` applied to the slices of ``elems`` along the first axis, the results stacked.

    Args:
        elems: a tensor or a structure of tensors of one length; ``fn`` takes the same structure of slices.
        fn_output_signature: dtypes or specs of the results, in their structure; default: like ``elems``. ``dtype`` is its
            old name.
        parallel_iterations, swap_memory, infer_shape: concern graphs; an eager loop runs step by step.
        back_prop: whether gradients pass.

    Raises:
        TypeError: ``fn`` cannot be called.
        ValueError: ``elems`` holds scalars, or ``fn`` returns another structure than expected.
        InvalidArgumentError: ``fn`` returns another dtype than expected.
    """
    if not callable(fn):
        raise TypeError(f"The provided function {getattr(fn, '__name__', fn)} is not callable. fn must be callable.")
    if symbolic.any_symbolic(elems):
        return symbolic.call(map_fn, (fn, elems), {"fn_output_signature": fn_output_signature or dtype})
    expected = dtype if fn_output_signature is None else fn_output_signature
    if not tree.flatten(elems):
        raise ValueError(
            f"elems must be a Tensor or (possibly nested) sequence of Tensors. Got {elems!r}, which does not contain any "
            "Tensors."
        )
    rows = _rows(elems)
    kinds = tree.map_structure(_kind, elems) if expected is None else expected
    if not rows:
        return _nothing(kinds)
    fn = followed(fn)
    with rounds() as done:
        steps = []
        for row in rows:
            steps.append(fn(row))
            done()
    _check_structure(tree.map_structure(lambda k: 0, kinds), tree.map_structure(lambda x: 0, steps[0]))
    for kind, value in zip(tree.flatten(kinds), tree.flatten(steps[0])):
        if (
            isinstance(kind, TensorSpec)
            and isinstance(value, Tensor)
            and not kind.shape.is_compatible_with(value.shape)
        ):
            raise ValueError(f"Incompatible shape for value ({value.shape}), expected ({kind.shape})")
    result = _stacked(steps, kinds)
    return result if back_prop else tree.map_structure(arrays.stop_gradient, result)


def _kind(elem: Any) -> Any:
    """What slices are like those of ``elem``: a dtype, or a specification."""
    if isinstance(elem, CompositeTensor) and not elem._is_tensor:
        return spec_of(elem)
    return spec_of(elem)._unbatched() if isinstance(elem, RaggedTensor) else convert(elem).dtype


def _nothing(kinds: Any) -> Any:
    """The result of mapping over no slices: their shapes are unknown unless specs tell them."""

    def empty(kind: Any) -> Any:
        if isinstance(kind, RaggedTensorSpec):
            sizes = [0 if n is None else n for n in kind.shape[kind.ragged_rank + 1 :]]
            flat = convert(np.zeros([0, *sizes], kind.dtype.as_numpy_dtype), kind.dtype)
            return RaggedTensor.from_nested_row_lengths(flat, [[]] * (kind.ragged_rank + 1))
        shape = [0 if n is None else n for n in getattr(kind, "shape", ())]
        return ops.zeros([0, *shape], dtype=as_dtype(getattr(kind, "dtype", kind)))

    return tree.map_structure(empty, kinds)


def vectorized_map(fn: Callable, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """``fn`` applied to all slices of ``elems`` along the first axis at once, the results stacked.

    Args:
        fallback_to_while_loop: what cannot be vectorized runs slice by slice; it does so in any case here.
        warn: whether TensorFlow warns of that.
    """
    lengths = {getattr(elem, "shape", (1,))[0] for elem in tree.flatten(elems) if len(getattr(elem, "shape", ()))} - {
        1,
        None,
    }
    if len(lengths) > 1:
        raise ShapeMismatchError(
            f"The tensors must have one length along their first axis. Received: {sorted(lengths)}."
        )
    if any(isinstance(x, Tensor) and x.dtype == "string" for x in tree.flatten(elems)) and (rows := _rows(elems)):
        steps = [fn(row) for row in rows]  # torch cannot vectorize texts
        return _stacked(steps, tree.map_structure(_kind, steps[0]))
    return ops.vectorized_map(fn, elems)


def _tensor(value: Any) -> Any:
    return value if dispatch.is_tensor(value) else convert(value)


def _fold(fn: Callable, elems: Any, initializer: Any, backwards: bool) -> Any:
    """The last result of ``fn(a, x)``, a being the one before, and all results."""
    if not callable(fn):
        raise TypeError(f"{getattr(fn, '__name__', fn)} is not callable. Please provide a callable function.")
    fn = followed(fn)
    rows = _rows(elems)
    rows = rows[::-1] if backwards else rows
    results = []
    if initializer is None:
        if not rows:
            raise OutOfRangeError(
                "Tried to read from index 0 but array size is: 0. Empty `elems` need an `initializer`."
            )
        value, rows = rows[0], rows[1:]
        results.append(value)
    else:
        value = tree.map_structure(_tensor, initializer)
    with rounds() as done:
        for row in rows:
            value = fn(value, row)
            done()
            if initializer is not None and tree.is_nested(initializer):  # a list may be returned for a named tuple
                value = tree.pack_as(initializer, tree.flatten(value))
            results.append(value)
    return value, results


def foldl(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last of the results a = fn(a, x) for the slices x of ``elems`` from the first on.

    Args:
        initializer: the first a; default: the first slice.
        parallel_iterations, back_prop, swap_memory: concern graphs.
    """
    return _fold(fn, elems, initializer, False)[0]


def foldr(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last of the results a = fn(a, x) for the slices x of ``elems`` from the last on; see ``foldl``."""
    return _fold(fn, elems, initializer, True)[0]


def scan(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All results a = fn(a, x) for the slices x of ``elems``, stacked.

    Args:
        initializer: the first a; default: the first slice, which is then the first result.
        reverse: from the last slice on; the results keep the order of the slices.
        parallel_iterations, back_prop, swap_memory, infer_shape: concern graphs.
    """
    if symbolic.any_symbolic((elems, initializer)):
        return symbolic.call(scan, (fn, elems, initializer), {"reverse": reverse})
    last, results = _fold(fn, elems, initializer, reverse)
    if not results:
        return tree.map_structure(lambda x: ops.zeros([0, *x.shape], dtype=x.dtype), last)
    first = results[0] if initializer is None else tree.map_structure(_tensor, initializer)
    kinds = tree.map_structure(lambda x: x.dtype if isinstance(x, Tensor) else None, first)
    return _stacked(results[::-1] if reverse else results, kinds)


# Python functions -----------------------------------------------------------------------------------------------------


def _results(values: Any, kinds: Any, convert_one: Callable) -> Any:
    if isinstance(kinds, SEQUENCE):
        given = values if isinstance(values, SEQUENCE) else [] if values is None else [values]
        if len(given) < len(kinds):
            raise InvalidArgumentError(
                f"the Python function returns {len(given)} values, but expects to see {len(kinds)} values."
            )
        return [convert_one(value, kind) for value, kind in zip(given, kinds)]  # TensorFlow leaves the others out
    return convert_one(values, kinds)


def py_function(func: Callable | None = None, inp: Any = None, Tout: Any = None, name: str | None = None) -> Any:
    """``func(*inp)`` with tensors, its results as tensors of the dtypes ``Tout``; gradients pass.

    Without ``func`` it is a decorator.

    Args:
        Tout: a dtype or a list of dtypes; an empty list: no result.

    Raises:
        InvalidArgumentError: a result has another dtype.
    """
    if func is None:
        return lambda function: functools.wraps(function)(lambda *inputs: py_function(function, inputs, Tout))

    if symbolic.any_symbolic((inp,)):
        return symbolic.call(py_function, (func, inp, Tout), {})

    def one(value: Any, kind: Any) -> Tensor:
        try:
            return convert(value, as_dtype(getattr(kind, "dtype", kind)))
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"{type(error).__name__}: {error}") from None

    given = [x if dispatch.is_tensor(x) else convert(x) for x in inp or ()]
    with _as_python():
        return _of_unknown_shapes(_tried(lambda: _results(_called(func, given), Tout, one), Tout))


def _tried(results: Callable[[], Any], kinds: Any) -> Any:
    """Results of a Python function; if it fails where only their dtypes are asked for, zeros of these."""
    try:
        return results()
    except Exception:
        if local.shapeless is None or kinds is None:
            raise
    return tree.map_structure(lambda kind: dispatch.wrap(_zero(as_dtype(getattr(kind, "dtype", kind)))), kinds)


def _zero(kind: Any) -> Any:
    return np.array(b"", dtype=object) if kind == "string" else torch.zeros((), dtype=kind.torch)


def numpy_function(
    func: Callable | None = None, inp: Any = None, Tout: Any = None, stateful: bool = True, name: str | None = None
) -> Any:
    """``func(*inp)`` with NumPy arrays, its results as tensors.

    Without ``func`` it is a decorator.

    Args:
        Tout: a dtype or a list of dtypes. As in TensorFlow's eager mode the results keep their own.
        stateful: whether it may be left out or repeated in graphs.
    """
    if func is None:
        return lambda function: functools.wraps(function)(lambda *inputs: numpy_function(function, inputs, Tout))
    if symbolic.any_symbolic((inp,)):
        return symbolic.call(numpy_function, (func, inp, Tout), {})
    eager = local.function is None and not local.in_dataset  # where Python's numbers become arrays without TensorFlow

    def array(x: Any) -> Any:
        if eager and not any(map(dispatch.is_tensor, tree.flatten(x))):
            return np.asarray(x) if isinstance(x, SEQUENCE) or not isinstance(x, (str, bytes)) else convert(x).numpy()
        return np.asarray(convert(x)) if isinstance(x, SEQUENCE) else convert(x).numpy()

    arrays = [array(x) for x in inp or ()]
    with _as_python():
        if eager:
            values = func(*arrays)
            return None if values is None else _results(values, Tout, lambda value, kind: convert(value))

        def results() -> Any:
            values = _called(func, arrays)
            return None if values is None else _results(values, Tout, lambda value, kind: convert(value))

        found = _tried(results, Tout)
    return None if found is None else _of_unknown_shapes(found)


def _called(function: Callable, arguments: Sequence) -> Any:
    """A Python function's result; its errors are also those that TensorFlow makes of them."""
    try:
        return function(*arguments)
    except Exception as error:
        mixed = of_python(error)
        if mixed is error:
            raise
        raise mixed from error


def _of_unknown_shapes(results: Any) -> Any:
    """Note that a graph would not know the shapes of these results of a Python function."""
    if local.shapeless is not None:
        local.shapeless.update({id(x): (x, None) for x in tree.flatten(results)})
    return results


for _function in (py_function, numpy_function):
    _function.symbolic = symbolic_results.py_function  # type: ignore[attr-defined]


@contextlib.contextmanager
def _as_python() -> Iterator[None]:
    """Within ``tf.function``: a function's effects happen at each call, and its reads are its own."""
    trace = local.function
    if trace is None:
        yield
        return
    before, trace.tracing, noting, trace.reads.noting = trace.tracing, True, trace.reads.noting, False
    outer, trace.in_python = trace.in_python, True
    try:
        yield
    finally:
        trace.tracing, trace.reads.noting, trace.in_python = before, noting, outer


# others ---------------------------------------------------------------------------------------------------------------


def group(*inputs: Any, **kwargs: Any) -> None:
    """Nothing: operations have run when this is called, so there is nothing to wait for."""
    unknown = set(kwargs) - {"name"}
    if unknown:
        raise fail(ValueError, f"Unknown keyword arguments: {sorted(unknown)}")


def no_op(name: str | None = None) -> None:
    """Nothing."""


def tuple(tensors: Any, control_inputs: Any = None, name: str | None = None) -> Any:
    """The tensors: operations have run when this is called. A list of them inside of ``tf.function``."""
    return tensors if local.function is None else list(tensors)


def timestamp(name: str | None = None) -> Tensor:
    """Seconds since 1970, float64."""
    return dispatch.wrap(torch.tensor(time.time(), dtype=torch.float64))
