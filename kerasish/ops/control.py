"""Control flow, loops over tensors, vectorization and gradients in ``keras.ops``.

Conditions are read and loops run in Python, so a branch may do anything. While shapes are traced there are no values:
a branch is then checked against the other one, and a loop's variables keep their shapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import custom_gradient as user_gradients
from kerasish.core import dispatch, symbolic, tree
from kerasish.core.context import local
from kerasish.core.dispatch import Array, op, raw, wrap
from kerasish.core.errors import ShapeMismatchError, fail
from kerasish.ops.common import axis_index

# branches -------------------------------------------------------------------------------------------------------------


def _has_value(t: torch.Tensor) -> bool:
    return t.device.type != "meta" and not local.tracing


def _kind(leaf: Any) -> tuple:
    return (getattr(leaf, "shape", ()), getattr(leaf, "dtype", type(leaf).__name__))


def _holds(pred: torch.Tensor) -> bool:
    """The truth of a condition, a scalar or a tensor of one element."""
    if pred.numel() != 1:
        raise fail(
            ValueError,
            "The truth value of a condition with more or less than one element is ambiguous",
            "a boolean scalar",
            f"shape {tuple(pred.shape)}",
        )
    return bool(pred)


def _check_alike(results: Sequence, names: str) -> Any:
    """The first of the branches' results, if all have one structure, dtype and shape."""
    kinds = [tree.map_structure(_kind, result) for result in results]
    if any(kind != kinds[0] for kind in kinds):
        raise fail(
            ValueError,
            f"{names} should return outputs of the same kind (struct, dtype and shape)",
            received=" and ".join(str(kind) for kind in kinds),
        )
    return results[0]


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """``true_fn()`` if ``pred`` (a boolean scalar) holds, else ``false_fn()``.

    Raises:
        ValueError: ``pred`` is symbolic and the two do not return the same kind of thing.
    """
    if dispatch.is_symbolic(pred):
        return symbolic.call(cond, (pred, true_fn, false_fn), {})
    pred = raw(pred)
    if not _has_value(pred):
        return _check_alike([true_fn(), false_fn()], "`true_fn` and `false_fn`")
    return true_fn() if _holds(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """``branches[index](*operands)``; an index outside takes the first or the last branch."""
    if symbolic.any_symbolic((index, operands)):
        return symbolic.call(switch, (index, branches, *operands), {})
    if not branches:
        raise fail(ValueError, "`branches` must have at least one function", received=branches)
    index = raw(index)
    if not _has_value(index):
        return _check_alike([branch(*operands) for branch in branches], "`branches`")
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


# loops ----------------------------------------------------------------------------------------------------------------


def _as_tensors(structure: Any) -> Any:
    """Numbers and arrays in a structure as tensors; tensors of any kind, what is made of them, and ``None`` as they are."""

    def as_tensor(x: Any) -> Any:
        is_tensor = x is None or dispatch.is_tensor(x) or getattr(x, "is_loop_value", False) or hasattr(x, "_type_spec")
        return x if is_tensor else wrap(raw(x))

    return tree.map_structure(as_tensor, structure)


def _check_structure(before: Any, after: Any, what: str) -> None:
    """Raise a ``ValueError`` unless what a loop's function returned has the structure of what it was given."""
    try:
        tree.assert_same_structure(before, after)
    except (TypeError, ValueError) as error:
        raise fail(ValueError, f"{what}: {error}") from None


def while_loop(cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Replace ``loop_vars`` by ``body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds.

    Args:
        loop_vars: a tuple or list of structures of tensors, or one tensor.
        maximum_iterations: stop after so many in any case.

    Returns:
        The last ``loop_vars``, a tuple, or a tensor where one was given.

    Raises:
        ValueError: ``body`` returns another structure than it takes.
    """
    maximum_iterations = None if maximum_iterations is None else _bound(maximum_iterations)
    if symbolic.any_symbolic(loop_vars):
        return symbolic.call(while_loop, (cond, body, loop_vars, maximum_iterations), {})
    single = not isinstance(loop_vars, (tuple, list))
    values = tuple(_as_tensors([loop_vars] if single else list(loop_vars)))
    count = 0
    while maximum_iterations is None or count < maximum_iterations:
        holds = raw(cond(*values))
        known = _has_value(holds)
        if known and not _holds(holds):
            break
        after = body(*values)
        after = (after,) if single or not isinstance(after, (tuple, list)) else tuple(after)
        _check_structure(values, after, "`body` must return the structure of `loop_vars`")
        values = _as_tensors(after)
        count += 1
        if not known:
            break
    return values[0] if single else values


def _bound(bound: Any) -> int | None:
    """A loop's bound as a number; ``None`` if it has no value while shapes are traced."""
    bound = raw(bound)
    return int(bound) if _has_value(bound) else None


def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """Replace a value by ``body_fun(i, value)`` for i from ``lower`` up to, but not including, ``upper``."""
    lower, upper = (x if dispatch.is_symbolic(x) else _bound(x) for x in (lower, upper))
    if symbolic.any_symbolic((lower, upper, init_val)):
        return symbolic.call(fori_loop, (lower, upper, body_fun, init_val), {})
    value = _as_tensors(init_val)
    if lower is None or upper is None:  # a trace of shapes: one step tells them
        return body_fun(wrap(raw(0)), value)
    for i in range(lower, upper):
        value = body_fun(wrap(raw(i)), value)
    return value


def _slices(xs: Any) -> list:
    """The slices of a structure of tensors along their first axes, each a structure."""
    tensors = tree.flatten(xs)
    if not tensors or any(raw(x).ndim == 0 for x in tensors):
        raise fail(
            ShapeMismatchError, "There is nothing to slice along the first axis", "tensors of rank 1 or more", xs
        )
    parts = [wrap_like(x, raw(x).unbind(0)) for x in tensors]
    lengths = {len(part) for part in parts}
    if len(lengths) > 1:
        raise fail(ValueError, "The tensors must have one length along their first axis", received=sorted(lengths))
    return [tree.pack_as(xs, step) for step in zip(*parts, strict=True)]


def wrap_like(given: Any, results: Sequence[torch.Tensor]) -> list:
    """Raw results wrapped unless what was given is a ``torch.Tensor``."""
    return list(results) if isinstance(given, torch.Tensor) else [wrap(t) for t in results]


def _stack(steps: list) -> Any:
    """Structures of one kind as a structure of stacks; a leaf that is ``None`` throughout becomes zeros."""
    stacks = []
    for column in zip(*(tree.flatten(step) for step in steps), strict=True):
        if column[0] is None:
            stacks.append(wrap(torch.zeros(len(column))))
            continue
        leaves = [raw(x) for x in column]
        if isinstance(leaves[0], np.ndarray):
            stacks.append(wrap(np.stack(leaves)))
            continue
        if any(leaf.shape != leaves[0].shape for leaf in leaves):
            shapes = sorted({tuple(leaf.shape) for leaf in leaves})
            raise fail(ShapeMismatchError, "The results for the slices must have one shape", received=shapes)
        stacks.append(wrap_like(column[0], [torch.stack(leaves)])[0])
    return tree.pack_as(steps[0], stacks)


def map(f: Callable, xs: Any) -> Any:
    """``f`` applied to the slices of ``xs`` along the first axis one after the other, the results stacked.

    Args:
        xs: a tensor or a structure of tensors of one length; ``f`` takes the same structure of slices.
    """
    if not callable(f):
        raise fail(TypeError, "`f` should be a callable", received=f"f={f}")
    if symbolic.any_symbolic(xs):
        return symbolic.call(map, (f, xs), {})
    parts = _slices(_as_tensors(xs))
    if not parts:
        raise fail(ShapeMismatchError, "`xs` has no slices", "a first axis of length 1 or more", "length 0")
    return _stack([f(part) for part in parts])


def scan(
    f: Callable, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: Any = 1
) -> tuple:
    """Thread a carry through ``carry, y = f(carry, x)`` for the slices x of ``xs`` along the first axis.

    Args:
        init: the first carry, a structure of tensors.
        xs: a structure of tensors of one length, or ``None`` (``f`` then gets ``None``, ``length`` times).
        reverse: from the last slice to the first; the ys keep the order of the slices.
        unroll: a hint for compilers; loops run in Python here, so it changes nothing.

    Returns:
        The last carry, and the ys stacked.

    Raises:
        TypeError: ``f`` cannot be called, or ``unroll`` is neither an integer nor a boolean.
        ValueError: there is neither ``xs`` nor ``length``, or they disagree.
    """
    if not callable(f):
        raise fail(TypeError, "`f` should be a callable", received=f"f={f}")
    if not isinstance(unroll, (bool, int)) or (not isinstance(unroll, bool) and unroll < 1):
        raise fail(ValueError, "`unroll` must be an positive integer or boolean", received=f"unroll={unroll}")
    if xs is None and length is None:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    if symbolic.any_symbolic((init, xs)):
        return symbolic.call(scan, (f, init, xs, length, reverse, unroll), {})
    steps = _scanned(xs, length)
    start = carry = _as_tensors(init)
    ys: list = []
    for x in reversed(steps) if reverse else steps:
        after, y = f(carry, x)
        carry = carry if after is None else _as_tensors(after)
        _check_carry(start, carry)
        ys.append(y)
    if not ys or all(y is None for y in ys):  # like the carry, as in Keras
        return carry, tree.map_structure(lambda t: _zeros(t, len(ys)), start)
    return carry, _stack(ys[::-1] if reverse else ys)


def _scanned(xs: Any, length: Any) -> list:
    """The slices that a scan goes over; their number is ``length`` while the real one is not known."""
    length = None if length is None else int(length)
    if xs is None:
        return [None] * (length or 0)
    xs = _as_tensors(xs)
    steps = _slices(xs)
    if length is not None and len(steps) != length:
        if _has_value(raw(tree.flatten(xs)[0])):
            raise fail(ValueError, "`length` and the length of `xs` disagree", length, len(steps))
        steps = steps[:1] * length
    return steps


def _check_carry(before: Any, after: Any) -> None:
    """Raise unless a scan's function returned a carry of the structure and the shapes that it was given."""
    _check_structure(before, after, "The carry must keep its structure")
    for old, new in zip(tree.flatten(before), tree.flatten(after), strict=True):
        if raw(old).shape != raw(new).shape:
            shapes = (tuple(raw(old).shape), tuple(raw(new).shape))
            raise fail(ShapeMismatchError, "The carry must keep its shape", *shapes)


def _zeros(like: Any, count: int) -> Any:
    """``count`` stacked tensors of zeros like one."""
    return wrap_like(like, [raw(like).new_zeros((count, *raw(like).shape))])[0]


def associative_scan(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """The running results of an associative ``f``: e₀, f(e₀, e₁), f(f(e₀, e₁), e₂), ...

    ``f`` is applied to about 2 log₂ n pairs of slices, each half as long as the one before, instead of n short ones.

    Args:
        f: takes two structures like ``elems`` of equal lengths along ``axis`` and combines them elementwise.
        reverse: from the end: the last result is the last element, the one before it f(last, one before).

    Raises:
        ValueError: the tensors of ``elems`` have different lengths along ``axis``.
    """
    if not callable(f):
        raise fail(TypeError, "`f` should be a callable", received=f"f={f}")
    if symbolic.any_symbolic(elems):
        return symbolic.call(associative_scan, (f, elems, reverse, axis), {})
    given = _as_tensors(elems)

    def mapped(function: Callable, *structures: Any) -> Any:
        """``function(axis, *leaves)`` on the raw leaves; the results wrapped as the leaves of ``elems`` are."""

        def on_leaf(like: Any, *leaves: Any) -> Any:
            tensors = [raw(x) for x in leaves]
            return wrap_like(like, [function(axis_index(axis, tensors[0].ndim), *tensors)])[0]

        return tree.map_structure(on_leaf, given, *structures)

    lengths = {raw(x).shape[axis_index(axis, raw(x).ndim)] for x in tree.flatten(given)}
    if len(lengths) != 1:
        raise fail(ValueError, f"Array inputs must have the same length along axis {axis}", received=sorted(lengths))

    def scanned(parts: Any, size: int) -> Any:
        if size < 2:
            return parts
        lefts = mapped(lambda dim, x: _every_other(x, dim, 0, size - 1), parts)
        rights = mapped(lambda dim, x: _every_other(x, dim, 1, size), parts)
        odd = even = scanned(f(lefts, rights), size // 2)
        if size > 2:  # what comes after a pair is joined to that pair's result
            before = mapped(lambda dim, x: x.narrow(dim, 0, (size - 1) // 2), odd)
            even = f(before, mapped(lambda dim, x: _every_other(x, dim, 2, size), parts))
        return mapped(lambda dim, x, a, b: _woven(x, a, b, dim, size), parts, even, odd)

    def turned(structure: Any) -> Any:
        return mapped(lambda dim, x: x.flip(dim), structure) if reverse else structure

    return turned(scanned(turned(given), lengths.pop()))


def _every_other(x: torch.Tensor, axis: int, start: int, stop: int) -> torch.Tensor:
    return x.movedim(axis, 0)[start:stop:2].movedim(0, axis)


def _woven(parts: torch.Tensor, even: torch.Tensor, odd: torch.Tensor, axis: int, size: int) -> torch.Tensor:
    """Running results in order: the first of ``parts``, then those of ``odd`` and ``even`` by turns."""
    evens = (size - 1) // 2
    joined = torch.cat((parts.narrow(axis, 0, 1), even.narrow(axis, 0, evens), odd), axis)
    places = torch.arange(size, device=joined.device)
    return joined.index_select(axis, places // 2 + (places % 2) * (evens + 1))


# vectorization --------------------------------------------------------------------------------------------------------


def _vmapped(function: Callable, in_dims: Any, args: tuple) -> Any:
    """``torch.vmap`` of a function of Tensors over raw tensors."""

    structures = []

    def on_raw(*parts: Any) -> Any:
        structures[:] = [function(*tree.map_structure(wrap, parts))]
        leaves = [raw(x) for x in tree.flatten(structures[0]) if x is not None]
        return tuple(leaves) if leaves else raw(0)

    results = torch.vmap(on_raw, in_dims=in_dims, randomness="different")(*args)
    rest = iter(results if isinstance(results, tuple) else ())
    return tree.map_structure(lambda x: None if x is None else next(rest), structures[0])


def _stretched(elements: Any) -> Any:
    """Tensors of length 1 along their first axes repeated to the others' length."""
    lengths = {raw(x).shape[:1] for x in tree.flatten(elements)} - {(1,)}
    if len(lengths) != 1 or lengths == {()}:
        return elements
    (length,) = lengths.pop()

    def stretched(x: Any) -> Any:
        t = raw(x)
        return wrap_like(x, [t.expand(length, *t.shape[1:])])[0] if t.shape[0] == 1 else x

    return tree.map_structure(stretched, elements)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """``function`` applied to all slices of ``elements`` along the first axis at once, the results stacked.

    A function that torch cannot vectorize (its course depends on values) is applied to one slice after the other.
    """
    if symbolic.any_symbolic(elements):
        return symbolic.call(vectorized_map, (function, elements), {})
    elements = _stretched(_as_tensors(elements))
    try:
        result = _vmapped(function, 0, (tree.map_structure(raw, elements),))
    except (RuntimeError, dispatch.InvalidArgumentError):
        return map(function, elements)
    torch_given = isinstance(tree.flatten(elements)[0], torch.Tensor)
    return result if torch_given else wrap(result)


_SIGNATURE = re.compile(r"^(\([\w,]*\)(?:,\([\w,]*\))*)->(\([\w,]*\)(?:,\([\w,]*\))*)$")


def _core_ranks(signature: str | None, tensors: list[torch.Tensor]) -> list[int]:
    """How many last axes of each argument belong to one call, from a signature such as ``"(m,n),(n)->(m)"``.

    Raises:
        ValueError: no such signature, an argument has too few axes, or axes of one name differ in size.
        TypeError: another number of arguments.
    """
    if signature is None:
        return [0] * len(tensors)
    match = _SIGNATURE.match(signature.replace(" ", ""))
    if match is None:
        raise fail(ValueError, "Not a valid gufunc signature", received=signature)
    axes = [[name for name in part.split(",") if name] for part in re.findall(r"\(([\w,]*)\)", match[1])]
    if len(axes) != len(tensors):
        raise fail(TypeError, "wrong number of positional arguments", f"{len(axes)} for {signature!r}", len(tensors))
    sizes: dict[str, int] = {}
    for names, tensor in zip(axes, tensors, strict=True):
        if tensor.ndim < len(names):
            raise fail(ValueError, f"Too few dimensions for the axes {names} of {signature!r}", received=tensor.shape)
        for name, size in zip(names, tensor.shape[tensor.ndim - len(names) :], strict=True):
            if sizes.setdefault(name, size) != size:
                raise fail(ValueError, f"Sizes of the axis {name} of {signature!r} differ", sizes[name], size)
    return [len(names) for names in axes]


def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """A function that applies ``pyfunc`` along all leading axes of its arguments, broadcast against each other.

    Args:
        excluded: positions and names of arguments that are passed as they are.
        signature: the last axes that one call takes, as in ``"(m,n),(n)->(m)"``; scalars by default.
    """
    if not callable(pyfunc):
        raise fail(ValueError, "Expected argument `pyfunc` to be a callable", received=f"pyfunc={pyfunc}")
    excluded = set() if excluded is None else set(excluded)

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        positions = [i for i in range(len(args)) if i not in excluded]
        names = [name for name in kwargs if name not in excluded]
        given = [args[i] for i in positions] + [kwargs[name] for name in names]
        tensors = [raw(value) for value in given]
        ranks = _core_ranks(signature, tensors)

        def call(*values: Any) -> Any:
            every, named = list(args), dict(kwargs)
            for i, value in zip(positions, values, strict=False):
                every[i] = value
            named.update(zip(names, values[len(positions) :], strict=True))
            return pyfunc(*every, **named)

        shape = torch.broadcast_shapes(*(t.shape[: t.ndim - rank] for t, rank in zip(tensors, ranks, strict=True)))
        tensors = [t.expand((*shape, *t.shape[t.ndim - rank :])) for t, rank in zip(tensors, ranks, strict=True)]
        function = call
        for _ in shape:
            function = _nested(function)
        result = tree.map_structure(raw, function(*(wrap(t) for t in tensors)))
        torch_given = bool(given) and all(isinstance(value, torch.Tensor) for value in given)
        return result if torch_given else wrap(result)

    return vectorized


def _nested(function: Callable) -> Callable:
    """``function`` of Tensors over one more leading axis."""
    return lambda *values: wrap(_vmapped(function, 0, tuple(raw(value) for value in values)))


# gradients ------------------------------------------------------------------------------------------------------------


@op
def stop_gradient(variable: Array) -> Any:
    """The value as a constant: gradients do not pass."""
    return variable.detach()


def custom_gradient(f: Callable) -> Callable:
    """Decorate ``f(*args) -> (value, grad)`` so that ``grad(*upstream)`` gives the gradients of the arguments."""
    return user_gradients.custom_gradient(f)
