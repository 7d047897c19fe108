"""Keras 2's functions that run other functions: loops, CTC, parts of models; and the learning phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.config import epsilon, floatx
from kerasish.core import dispatch, tree
from kerasish.core.context import clear_session as _clear_names
from kerasish.core.context import local, on_clear_session
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import NotServedError, fail
from kerasish.core.sparse import SparseTensor
from kerasish.layers import Input
from kerasish.models import Model
from kerasish.ops.ctc import sparse_ctc_loss

# the learning phase ---------------------------------------------------------------------------------------------------


def learning_phase() -> int:
    """1 in a call with training=True, and where ``set_learning_phase`` said so; else 0."""
    return int(bool(local.training))


def set_learning_phase(value: Any) -> None:
    """Let layers that are called without ``training`` be in training (1) or not (0), until the next ``clear_session``.

    Raises:
        ValueError: another value.
    """
    if value not in (0, 1, True, False):
        raise ValueError("Expected learning phase to be 0 or 1.")
    local.training = bool(value)


@on_clear_session
def _forget_learning_phase() -> None:
    if not local.call_layers:
        local.training = None


@contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """``set_learning_phase`` for a block."""
    before = local.training
    set_learning_phase(value)
    try:
        yield
    finally:
        local.training = before


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` in training, else ``alt``; either may be a function."""
    chosen = x if (learning_phase() if training is None else training) else alt
    return chosen() if callable(chosen) and not dispatch.is_tensor(chosen) else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` in training, else ``x``; either may be a function."""
    return in_train_phase(alt, x, training)


# parts of models ------------------------------------------------------------------------------------------------------


def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Any:
    """A symbolic tensor, like ``keras.Input``; ``shape`` counts the batch axis.

    Args:
        ndim: the number of axes, where their lengths are unknown.
    """
    if ragged:
        raise fail(NotServedError, "keras.backend.placeholder has no ragged tensors")
    shape = (None,) * ndim if shape is None and ndim else shape or ()
    return Input(batch_shape=tuple(shape), dtype=dtype or floatx(), sparse=sparse, name=name)


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Callable:
    """A function from arrays for the symbolic ``inputs`` to arrays of the symbolic ``outputs``.

    An input that is no symbolic tensor is the learning phase: its value is passed as ``training``.

    Raises:
        ValueError: ``updates`` or other arguments of TensorFlow 1's sessions.
    """
    if kwargs:
        raise ValueError(f"Session keyword arguments are not supported during eager execution. You passed: {kwargs}")
    if updates:
        raise ValueError("`updates` argument is not supported during eager execution. You passed: {updates}")
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    symbolic = [i for i, x in enumerate(given) if dispatch.is_symbolic(x)]
    single = not isinstance(outputs, (list, tuple))
    model = Model([given[i] for i in symbolic], [outputs] if single else list(outputs))

    def run(model_inputs: Any) -> Any:
        values = list(model_inputs) if isinstance(model_inputs, (list, tuple)) else [model_inputs]
        phase = next((bool(v) for i, v in enumerate(values) if i not in symbolic), None)
        fed = [dispatch.wrap(dispatch.raw(values[i])) for i in symbolic]
        results = model(fed[0] if len(fed) == 1 else fed, training=phase)
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        arrays = [np.asarray(result) for result in results]
        return arrays[0] if single else arrays

    return run


def get_session(op_input_list: Any = ()) -> Any:
    raise fail(
        NotServedError,
        "keras.backend.get_session: there are no sessions of TensorFlow 1 here",
        hint="Everything runs at once; take values with .numpy() or keras.backend.get_value(x).",
    )


get_session.__kerasish_stub__ = True  # type: ignore[attr-defined]


def set_session(session: Any) -> None:
    """Nothing to do: there is no graph for a session to run; what its configuration says of memory is not needed."""


def manual_variable_initialization(value: bool) -> None:
    """Keras 2's switch for sessions: variables have their first values as soon as they are made, so only False fits.

    Raises:
        NotServedError: ``value`` is true.
    """
    if value:
        raise fail(NotServedError, "Variables are initialized when they are made")


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a tensor's first and last ``summarize`` elements along each axis, and return it."""
    with np.printoptions(edgeitems=summarize, threshold=summarize * 2):
        print(message, np.asarray(x))
    return x


def reset_uids() -> None:
    """Forget the counters behind automatic names."""
    _clear_names(free_memory=False)


# loops ----------------------------------------------------------------------------------------------------------------


def foldl(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """``fn(... fn(fn(initializer, e0), e1) ..., en)`` for the slices of ``elems``; the first is the default initializer."""
    steps = _slices(elems)
    value, steps = (steps[0], steps[1:]) if initializer is None else (initializer, steps)
    for step in steps:
        value = fn(value, step)
    return value


def foldr(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Like ``foldl``, from the last slice to the first."""
    steps = _slices(elems)[::-1]
    value, steps = (steps[0], steps[1:]) if initializer is None else (initializer, steps)
    for step in steps:
        value = fn(value, step)
    return value


def _slices(elems: Any) -> list:
    tensors = [ops.convert_to_tensor(x) for x in tree.flatten(elems)]
    return [tree.pack_as(elems, [t[i] for t in tensors]) for i in range(tensors[0].shape[0])]


def rnn(
    step_function: Callable,
    inputs: Any,
    initial_states: Sequence,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence | None = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple:
    """Run ``step_function(inputs, states + constants) -> (output, states)`` over time.

    Args:
        inputs: a tensor (batch, time, ...) or a structure of them.
        mask: (batch, time) or (batch, time, 1): a step that is False repeats the output before it and keeps the states.
        unroll: of no effect: the loop runs in Python either way.
        input_length: the number of steps that count, a number or one for each sample; where there is no mask.
        time_major: whether inputs, masks and outputs are (time, batch, ...).
        zero_output_for_mask: whether a masked step's output is zeros instead.
        return_all_outputs: whether the outputs of all steps are returned, not only the last.

    Returns:
        The last output, the outputs of all steps (batch, time, ...), and the last states, a tuple.
    """

    def turned(x: Any) -> Any:
        return x if time_major else ops.swapaxes(x, 0, 1)

    sequences = [turned(ops.convert_to_tensor(x)) for x in tree.flatten(inputs)]
    steps = sequences[0].shape[0]
    kept = _steps_that_count(mask, input_length, steps, go_backwards, turned)
    states, last, outputs = tuple(initial_states), None, []
    for t in range(steps)[::-1] if go_backwards else range(steps):
        step = tree.pack_as(inputs, [x[t] for x in sequences])
        output, new = step_function(step, states + tuple(constants or ()))
        new = tuple(new)
        if kept is not None:
            before = tree.map_structure(ops.zeros_like, output) if last is None or zero_output_for_mask else last
            output = tree.map_structure(lambda a, b, k=kept[t]: _where(k, a, b), output, before)
            new = tuple(tree.map_structure(lambda a, b, k=kept[t]: _where(k, a, b), n, s) for n, s in zip(new, states))
        states, last = new, output
        outputs.append(output)
    stacked = tree.map_structure(lambda *xs: turned(ops.stack(xs)), *(outputs if return_all_outputs else outputs[-1:]))
    return last, stacked, states


def _steps_that_count(mask: Any, length: Any, steps: int, backwards: bool, turned: Callable) -> Any:
    """For each step, by its place in the inputs, which samples it counts for: (time, batch) or (time,); None: all."""
    if mask is not None:
        mask = ops.cast(mask, "bool")
        return turned(ops.squeeze(mask, -1) if len(mask.shape) == 3 else mask)
    if length is None:
        return None
    length = ops.cast(length, "int32")
    place = ops.arange(steps, dtype="int32")
    place = ops.expand_dims(place, -1) if len(length.shape) else place
    if not backwards:
        return place < length
    # as in Keras 2: counted from the longest sample, and later by one step than one would think
    return ops.flip(ops.max(length) - 1 - length < place, 0)


def _where(kept: Any, yes: Any, no: Any) -> Any:
    shape = tuple(kept.shape)
    return ops.where(ops.reshape(kept, shape + (1,) * (len(yes.shape) - len(shape))), yes, no)


# connectionist temporal classification --------------------------------------------------------------------------------


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """CTC loss (batch, 1) of probabilities (batch, frames, classes), whose last class stands for "no label".

    Args:
        y_true: labels (batch, longest).
        input_length, label_length: (batch, 1), how many frames and labels count.

    Raises:
        InvalidArgumentError: an example without labels, or with more labels than frames.
    """
    lengths = [ops.cast(ops.squeeze(ops.convert_to_tensor(n), -1), "int32") for n in (label_length, input_length)]
    return ops.expand_dims(_batch_cost(ops.cast(y_true, "int32"), ops.log(y_pred + epsilon()), *lengths), 1)


@op
def _batch_cost(labels: Index, logits: Array, label_length: Index, input_length: Index) -> Any:
    return sparse_ctc_loss(labels, logits, label_length, input_length, -1, False)


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list, Any]:
    """The most probable labels of probabilities (batch, frames, classes), whose last class stands for "no label".

    Returns:
        A list of label tensors (batch, frames) filled up with -1, one for each path; and the scores: (batch, paths) log
        probabilities, or with ``greedy`` the negative sum of the best logits.
    """
    logits = ops.log(y_pred + epsilon())
    strategy = {"strategy": "greedy"} if greedy else {"strategy": "beam_search", "beam_width": beam_width}
    paths = 1 if greedy else top_paths
    labels, scores = ops.ctc_decode(
        logits, ops.cast(input_length, "int32"), **strategy, top_paths=paths, mask_index=y_pred.shape[-1] - 1
    )
    labels = ops.cast(labels, "int64")
    return [labels[i] if greedy else _collapsed(labels[i]) for i in range(paths)], scores


def _collapsed(labels: Any) -> Any:
    """Sequences with repeated labels taken once, as TensorFlow 1's decoder of beams returns them."""
    rows = [[b for a, b in zip([-2, *row], row) if a != b and b >= 0] for row in np.asarray(labels).tolist()]
    length = labels.shape[1]
    return ops.convert_to_tensor([row + [-1] * (length - len(row)) for row in rows], "int64")


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """The labels of each row, up to its length, as a sparse tensor of the shape of ``labels``.

    Args:
        labels: integers of shape (batch, longest).
        label_lengths: of shape (batch,) or (batch, 1).
    """
    dense, lengths = dispatch.raw(ops.convert_to_tensor(labels)), dispatch.raw(ops.convert_to_tensor(label_lengths))
    there = torch.arange(dense.shape[1], device=dense.device) < lengths.reshape(-1, 1)
    return SparseTensor.of_raw(there.nonzero(), dense[there], tuple(dense.shape))
