"""Control flow, loops over tensors, vectorization and gradients in ``keras.ops``.

Conditions are read and loops run in Python, so a branch may do anything. While shapes are traced there are no values:
a branch is then checked against the other one, and a loop's variables keep their shapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasish.core import custom_gradient as user_gradients
from kerasish.core import dispatch, symbolic, tree
from kerasish.core.context import local
from kerasish.core.dispatch import Array, op, raw, wrap
from kerasish.core.errors import fail
from kerasish.ops.common import axis_index

# branches -------------------------------------------------------------------------------------------------------------


def _has_value(t: torch.Tensor) -> bool:
    return t.device.type != "meta" and not local.tracing


def _kind(leaf: Any) -> tuple:
    return (getattr(leaf, "shape", ()), getattr(leaf, "dtype", type(leaf).__name__))


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
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """``branches[index](*operands)``; an index outside takes the first or the last branch."""
    if symbolic.any_symbolic((index, operands)):
        return symbolic.call(switch, (index, branches, *operands), {})
    index = raw(index)
    if not _has_value(index):
        return _check_alike([branch(*operands) for branch in branches], "`branches`")
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


# loops ----------------------------------------------------------------------------------------------------------------


def _as_tensors(structure: Any) -> Any:
    """Numbers and arrays in a structure as tensors; what is a tensor already, and ``None``, as it is."""
    return tree.map_structure(lambda x: x if x is None or dispatch.is_tensor(x) else wrap(raw(x)), structure)


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
    if symbolic.any_symbolic(loop_vars):
        return symbolic.call(while_loop, (cond, body, loop_vars, maximum_iterations), {})
    single = not isinstance(loop_vars, (tuple, list))
    values = tuple(_as_tensors([loop_vars] if single else list(loop_vars)))
    count = 0
    while maximum_iterations is None or count < maximum_iterations:
        holds = raw(cond(*values))
        known = _has_value(holds)
        if known and not bool(holds):
            break
        after = body(*values)
        after = (after,) if single or not isinstance(after, (tuple, list)) else tuple(after)
        tree.assert_same_structure(values, after)
        values = _as_tensors(after)
        count += 1
        if not known:
            break
    return values[0] if single else values


def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """Replace a value by ``body_fun(i, value)`` for i from ``lower`` up to, but not including, ``upper``."""
    if symbolic.any_symbolic(init_val):
        return symbolic.call(fori_loop, (lower, upper, body_fun, init_val), {})
    value = _as_tensors(init_val)
    for i in range(int(lower), int(upper)):
        value = body_fun(wrap(raw(i)), value)
    return value


def _slices(xs: Any) -> list:
    """The slices of a structure of tensors along their first axes, each a structure."""
    parts = [wrap_like(x, raw(x).unbind(0)) for x in tree.flatten(xs)]
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
        else:
            stacks.append(wrap_like(column[0], [torch.stack([raw(x) for x in column])])[0])
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
    return _stack([f(part) for part in _slices(_as_tensors(xs))])


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
    steps = [None] * int(length or 0) if xs is None else _slices(_as_tensors(xs))
    if length is not None and len(steps) != int(length):
        raise fail(ValueError, "`length` and the length of `xs` disagree", int(length), len(steps))
    carry, ys = _as_tensors(init), []
    for x in reversed(steps) if reverse else steps:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, _stack(ys[::-1] if reverse else ys) if ys else None


def associative_scan(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """The running results of an associative ``f``: e₀, f(e₀, e₁), f(f(e₀, e₁), e₂), ...

    ``f`` is applied to log₂ n pairs of long slices instead of n short ones (Hillis and Steele's scan).

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
        """``function`` on the raw leaves; the results wrapped as the leaves of ``elems`` are."""
        return tree.map_structure(
            lambda like, *xs: wrap_like(like, [function(*(raw(x) for x in xs))])[0], given, *structures
        )

    def along(x: torch.Tensor) -> int:
        return axis_index(axis, x.ndim)

    def turned(structure: Any) -> Any:
        return mapped(lambda x: x.flip(along(x)), structure) if reverse else structure

    lengths = {raw(x).shape[along(raw(x))] for x in tree.flatten(given)}
    if len(lengths) != 1:
        raise fail(ValueError, f"Array inputs must have the same length along axis {axis}", received=sorted(lengths))
    total = lengths.pop()
    result, step = turned(given), 1
    while step < total:
        rest = total - step
        before = mapped(lambda x, n=rest: x.narrow(along(x), 0, n), result)
        after = mapped(lambda x, s=step, n=rest: x.narrow(along(x), s, n), result)
        joined = f(before, after)
        start = mapped(lambda x, s=step: x.narrow(along(x), 0, s), result)
        result = mapped(lambda a, b: torch.cat((a, b), along(a)), start, joined)
        step *= 2
    return turned(result)


# vectorization --------------------------------------------------------------------------------------------------------


def _vmapped(function: Callable, in_dims: Any, args: tuple) -> Any:
    """``torch.vmap`` of a function of Tensors over raw tensors."""

    def on_raw(*parts: Any) -> Any:
        return tree.map_structure(raw, function(*tree.map_structure(wrap, parts)))

    return torch.vmap(on_raw, in_dims=in_dims, randomness="different")(*args)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """``function`` applied to all slices of ``elements`` along the first axis at once, the results stacked.

    A function that torch cannot vectorize (its course depends on values) is applied to one slice after the other.
    """
    if symbolic.any_symbolic(elements):
        return symbolic.call(vectorized_map, (function, elements), {})
    elements = _as_tensors(elements)
    try:
        result = _vmapped(function, 0, (tree.map_structure(raw, elements),))
    except (RuntimeError, dispatch.InvalidArgumentError):
        return map(function, elements)
    torch_given = isinstance(tree.flatten(elements)[0], torch.Tensor)
    return result if torch_given else wrap(result)


_SIGNATURE = re.compile(r"^(\([\w,]*\)(?:,\([\w,]*\))*)->(\([\w,]*\)(?:,\([\w,]*\))*)$")


def _core_ranks(signature: str | None, count: int) -> list[int]:
    """How many last axes of each argument belong to one call, from a signature such as ``"(m,n),(n)->(m)"``."""
    if signature is None:
        return [0] * count
    match = _SIGNATURE.match(signature.replace(" ", ""))
    if match is None:
        raise fail(ValueError, "Not a valid gufunc signature", received=signature)
    ranks = [len([name for name in part.split(",") if name]) for part in re.findall(r"\(([\w,]*)\)", match[1])]
    if len(ranks) != count:
        raise fail(TypeError, "wrong number of positional arguments", f"{len(ranks)} for {signature!r}", count)
    return ranks


def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """A function that applies ``pyfunc`` along all leading axes of its arguments, broadcast against each other.

    Args:
        excluded: positions and names of arguments that are passed as they are.
        signature: the last axes that one call takes, as in ``"(m,n),(n)->(m)"``; scalars by default.
    """
    if not callable(pyfunc):
        raise fail(TypeError, "Expected argument `pyfunc` to be a callable", received=f"pyfunc={pyfunc}")
    excluded = set() if excluded is None else set(excluded)

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        positions = [i for i in range(len(args)) if i not in excluded]
        names = [name for name in kwargs if name not in excluded]
        given = [args[i] for i in positions] + [kwargs[name] for name in names]
        tensors = [raw(value) for value in given]
        ranks = _core_ranks(signature, len(tensors))

        def call(*values: Any) -> Any:
            every, named = list(args), dict(kwargs)
            for i, value in zip(positions, values, strict=False):
                every[i] = value
            named.update(zip(names, values[len(positions) :], strict=True))
            return pyfunc(*every, **named)

        shape = torch.broadcast_shapes(*(t.shape[: t.ndim - rank] for t, rank in zip(tensors, ranks, strict=True)))
        tensors = [t.expand(*shape, *t.shape[t.ndim - rank :]) for t, rank in zip(tensors, ranks, strict=True)]
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
