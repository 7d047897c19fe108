"""``fit``, ``evaluate`` and ``predict``: a feed of batches × a step × callbacks."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.context import settings
from kerasish.core.errors import fail, note
from kerasish.core.ragged import RaggedTensor
from kerasish.core.replicas import is_first, together, wait_for_all
from kerasish.core.storage import has_conversions, registered, to_numpy
from kerasish.training import replicas
from kerasish.training.arrays import single_batch
from kerasish.training.callback import CallbackList, History, Logs, in_style_order, to_numbers
from kerasish.training.feed import Feed, make_feed, split, unpack_x_y_sample_weight
from kerasish.training.passes import Passes, warn_end
from kerasish.training.resume import Position, Run, begin, draw_on, go_on


def fit(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    epochs: int,
    verbose: Any,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: Any,
    class_weight: dict | None,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> History:
    """Train for some epochs; arguments as of ``Model.fit``."""
    model._k_check_compiled("fit()")
    if settings.distribution is not None:
        settings.distribution.check_trainable()
    if together():
        replicas.begin(model)
    steps_per_epoch, epochs = limited_steps(steps_per_epoch), _limited_epochs(epochs)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
    feed = make_feed(x, y, sample_weight, batch_size, shuffle, class_weight, steps_per_epoch)
    checks = None
    if validation_data is not None:
        checks = _Validation(validation_data, validation_batch_size or batch_size, validation_freq, validation_steps)
    passes = Passes(feed, steps_per_epoch)
    feed.end_epoch()  # Keras resets what it has looked at: a data set that shuffles at an epoch's end does so now
    calls = _callback_list(callbacks, model, verbose, epochs=epochs, steps=passes.steps)
    model.stop_training = False
    resumes = any(callback.resumes for callback in calls)
    if resumes:
        model.__dict__["_fit_run"] = Run(model, passes, checks, calls)
    planned = passes.steps * (epochs - (0 if resumes else initial_epoch)) if passes.steps else None
    runner = model._k_runner("train", planned, feed.batch_size, resumes, feed.divided)
    bare = not callbacks and not model._runs_users_step("train")
    try:
        calls.on_train_begin()
        at = _go_on(model, calls, checks) if resumes else None
        logs = _epochs(model, runner, passes, checks, calls, range(initial_epoch, epochs), at, bare)
        model._k_compiled.optimizer.finalize_variable_values(model.trainable_variables)
        calls.on_train_end(logs)
    finally:
        model.__dict__.pop("_fit_run", None)
    if together() and not bare:
        wait_for_all()  # until the first process has written its files
    return calls.history


def _epochs(
    model: Any,
    runner: Callable,
    passes: Passes,
    checks: _Validation | None,
    calls: CallbackList,
    epochs: range,
    at: Any,
    bare: bool,
) -> dict:
    """The epochs of ``fit``; the last one's logs.

    Args:
        at: where another run was, if it is gone on with.
        bare: whether nothing of the user's runs that could stop the training in one of several processes, or write files.
    """
    logs: dict = {}
    initial_epoch = at.epoch if at is not None else epochs.start
    if at is not None and (initial_epoch >= epochs.stop or (at.stopped and not at.batch)):
        draw_on(model, at)
        return dict(at.logs or {})
    for epoch in range(initial_epoch, epochs.stop):
        if epoch > initial_epoch and passes.is_over():
            warn_end(epoch, 0, passes.steps)
            break
        model.reset_metrics()
        calls.on_epoch_begin(epoch)
        with model._compiled_trainable_state():
            if at is not None:
                go_on(model, at, passes, calls)
            done = None
            if at is None or not at.stopped or together():
                first = at.batch if at is not None else 0
                done = _run(runner, passes.epoch(epoch), calls, "train", model, first, epoch)
        rest = at is None or passes.taken > at.taken or not at.batch  # else the data ended where the other run was
        if together():
            done = replicas.end_pass(model, done, trained=True)
        results = to_numbers(model.get_metrics_result_raw() if done is None else done) if rest else at.logs
        logs, at = in_style_order(results), None
        if checks is not None and checks.is_due(epoch):
            logs.update(checks.results(model, calls))
        calls.on_epoch_end(epoch, logs)
        if not bare and replicas.stops(model):
            break
    return logs


def _go_on(model: Any, calls: CallbackList, checks: _Validation | None) -> Position | None:
    """Let callbacks and validation go on from where another run was; None: there was none."""
    at = model.__dict__.pop("_position", None)
    if at is None:
        return None
    if checks is not None:
        checks.go_on(at)
    model.stop_training = model.stop_training or at.stopped
    begin(at, calls)
    return at._replace(stopped=model.stop_training)


class _Validation:
    """The validations of one call of ``fit``.

    Args:
        data, batch_size, frequency, steps: what ``fit`` was given.

    Attributes:
        done, taken: how many there were, and their batches.
    """

    def __init__(self, data: Any, batch_size: int | None, frequency: Any, steps: int | None) -> None:
        self.is_due = _schedule(frequency)
        self._feed = _validation_feed(data, batch_size)
        self._steps = steps
        self.done = self.taken = 0

    def results(self, model: Any, calls: CallbackList) -> dict:
        """A validation's results as ``fit`` logs them."""
        passes = Passes(self._feed, limited_steps(self._steps))
        if passes.is_over():
            warnings.warn(_VALIDATION_OVER, stacklevel=5)
            return {}
        passes.needed = False
        self._feed.end_epoch()
        results = _evaluate(model, passes, calls)
        self.done, self.taken = self.done + 1, self.taken + passes.taken
        return {f"val_{name}": value for name, value in in_style_order(results).items()}

    def go_on(self, at: Position) -> None:
        """Bring the data to where another run's was."""
        self.done, self.taken, feed = at.checks, at.checked, self._feed
        if at.is_here:
            return
        for _ in range(at.checks if feed.restarts else 0):
            feed.end_epoch()
            feed.begin_epoch()
            feed.skip_pass()
            if limited_steps(self._steps) is None:
                feed.spare_pass()
            feed.end_epoch()
        for _ in range(0 if feed.restarts else at.checked):
            next(iter(feed), None)


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: Any,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
    return_dict: bool,
) -> Any:
    """Metrics on data; arguments as of ``Model.evaluate``."""
    model._k_check_compiled("evaluate()")
    steps = limited_steps(steps)
    feed = make_feed(x, y, sample_weight, batch_size, steps=steps)
    passes = Passes(feed, steps)
    feed.end_epoch()  # as before training
    calls = _callback_list(callbacks, model, verbose, steps=passes.steps)
    results = _evaluate(model, passes, calls)
    return results if return_dict else flatten_results(model._k_ordered("test", results))


def _evaluate(model: Any, passes: Passes, calls: CallbackList) -> dict[str, Any]:
    """One pass over the data with the metrics set to zero before; fires the callbacks' test hooks."""
    model.reset_metrics()
    model.stop_evaluating = False
    runner = model._k_runner("test", divided=passes.divided)
    calls.on_test_begin()
    done = _run(runner, passes.epoch(), calls, "test", model)
    if together():
        done = replicas.end_pass(model, done, trained=False)
    none = not passes.needed and not passes.taken  # a validation set without batches has no results
    results = {} if none else to_numbers(model.get_metrics_result_raw() if done is None else done)
    calls.on_test_end(results)
    return results


def predict(model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """Predictions for data as NumPy arrays; arguments as of ``Model.predict``."""
    steps = limited_steps(steps)
    feed = make_feed(x, batch_size=batch_size, steps=steps)
    passes = Passes(feed, steps)
    verbose = 0 if verbose == "auto" and passes.steps == 1 else verbose
    calls = _callback_list(callbacks, model, verbose, steps=passes.steps)
    model.stop_predicting = False
    calls.on_predict_begin()
    steps_of = model._k_runner("predict", divided=passes.divided)
    with closing(passes.epoch()) as batches, devices.steps(steps_of) as runner:
        parts = _predictions(runner, batches, calls, model)
    if together():
        parts = replicas.joined(parts, steps_of)
    calls.on_predict_end()
    return tree.map_structure(joined, *parts)


def predict_at_once(model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """``predict`` for arrays of one batch with nobody looking on, without what only several batches need; else None."""
    if (
        steps is not None
        or callbacks is not None
        or together()
        or settings.max_steps_per_epoch
        or not (verbose == "auto" or verbose == 0)
    ):
        return None
    batch = single_batch(x, batch_size)
    if batch is None:
        return None
    if model.stop_predicting:
        model.stop_predicting = False
    return predict_batch(model, (batch, None, None))


def step_once(runner: Callable, batch: tuple) -> Any:
    """What a step gives for one batch outside of a pass."""
    if not devices.compiles(devices.current()):
        return runner(batch)
    with devices.steps(runner) as step:
        return step(batch)


def predict_batch(model: Any, batch: tuple) -> Any:
    """The predictions for one batch as NumPy arrays."""
    runner = model._k_runner("predict")
    out = step_once(runner, batch)
    if type(runner) is replicas.OwnRows:
        return tree.map_structure(joined, *replicas.joined([out], runner))
    return joined(out) if isinstance(out, torch.Tensor) else tree.map_structure(joined, out)


def _predictions(runner: Callable, batches: Iterator, calls: CallbackList, model: Any) -> list:
    """The outputs for each batch."""
    parts: list = []
    hooks, group = calls.has_batch_hooks("predict"), model.steps_per_execution
    for step in itertools.count(0, group):
        several = list(itertools.islice(batches, group))
        if not several:
            break
        if hooks:
            calls.on_predict_batch_begin(step)
        outputs = [runner(batch) for batch in several]
        parts += outputs
        if hooks:
            calls.on_predict_batch_end(
                step + len(several) - 1, Logs(lambda outputs=outputs: {"outputs": _rows(outputs)})
            )
        if model.stop_predicting:
            break
    return parts


def _rows(outputs: list) -> Any:
    """The outputs of several batches as those of one."""
    return outputs[0] if len(outputs) == 1 else tree.map_structure(joined, *outputs)


def joined(*batches: Any) -> Any:
    """Batches of one output as one NumPy array of its own; ragged ones as a ragged tensor."""
    first = batches[0]
    if isinstance(first, RaggedTensor):
        return first if len(batches) == 1 else ops.concatenate(list(batches), axis=0)
    if len(batches) == 1 and type(first) is torch.Tensor and first.dtype is torch.float32 and first.is_cpu:
        return first.numpy(force=True).copy() if first.requires_grad else first.numpy().copy()
    if isinstance(first, torch.Tensor):
        parts = [t.reshape(1) for t in batches] if first.ndim == 0 and len(batches) > 1 else batches
        whole = first if len(batches) == 1 else torch.cat(devices.joinable(parts))
        array = to_numpy(whole)
        return array.copy() if array.base is not None and len(batches) == 1 else array
    if has_conversions() and registered(first) is not None:  # distributions, say
        return joined(*(dispatch.raw(registered(b)) for b in batches))
    arrays = [np.asarray(b) for b in batches]
    return np.concatenate(arrays) if arrays[0].ndim else arrays[0] if len(arrays) == 1 else np.stack(arrays)


# one pass -------------------------------------------------------------------------------------------------------------


def _run(
    runner: Callable, batches: Generator, calls: CallbackList, mode: str, model: Any, first: int = 0, epoch: int = 0
) -> dict | None:
    """All batches through a step. Returns the last step's own logs, if the step makes any (a user's ``train_step``).

    Args:
        first: the first batch's number.
        epoch: whose batches they are, in training.
    """
    with closing(batches), devices.steps(runner) as step:
        return _run_steps(step, batches, calls, mode, model, first, epoch)


def _run_steps(
    runner: Callable, batches: Iterator, calls: CallbackList, mode: str, model: Any, step: int, epoch: int
) -> dict | None:
    begin, end = getattr(calls, f"on_{mode}_batch_begin"), getattr(calls, f"on_{mode}_batch_end")
    hooks = calls.has_batch_hooks(mode)
    group = model.steps_per_execution
    logs = None
    try:
        while True:
            several = list(itertools.islice(batches, group)) if group > 1 else None
            batch = several[0] if several else None if group > 1 else next(batches, None)
            if batch is None:
                return logs
            if hooks:
                begin(step)
            for one in several or [batch]:
                logs = runner(one)
            done = len(several) if several else 1
            if hooks:
                kept = _end_batch(
                    end, step + done - 1, model.get_metrics_result_raw if logs is None else lambda own=logs: own
                )()
                if kept is not None:  # a callback holds on to the logs: they must stay this batch's
                    kept.freeze()
            step += done
            stops = model.stop_training and mode == "train" or model.stop_evaluating and mode == "test"
            if stops and not together():  # several processes end an epoch together
                return logs
    except Exception as error:
        note(
            error,
            f"This happened {f'in epoch {epoch + 1}' if mode == 'train' else 'in an evaluation'}, at batch {step + 1}.",
        )
        raise


def _end_batch(end: Callable, step: int, results: Callable[[], dict]) -> weakref.ref:
    """Call the hooks after a batch with logs that nothing is read for; the reference tells whether somebody kept them."""
    logs = Logs(results)
    end(step, logs)
    return weakref.ref(logs)


_VALIDATION_OVER = (
    "The generator of `validation_data` has ended: no more validation. Give one that goes on, with `validation_steps`, or "
    "arrays or a dataset."
)


def limited_steps(steps: int | None) -> int | None:
    """The steps of an epoch under ``keras.config.set_max_steps_per_epoch``; none, or less than 1: as many as there are.

    Raises:
        TypeError: not a number.
    """
    if steps is not None and not isinstance(steps, (int, float, np.number)):
        raise fail(TypeError, "The number of steps must be an integer", received=repr(steps))
    steps = int(steps) if steps and steps >= 1 else None
    most = settings.max_steps_per_epoch
    if not most or (steps and steps <= most):
        return steps
    warnings.warn(f"Limiting steps_per_epoch to {most}", stacklevel=4)
    return most


def _limited_epochs(epochs: int) -> int:
    most = settings.max_epochs
    if not most or epochs <= most:
        return epochs
    warnings.warn(f"Limiting epochs to {most}", stacklevel=4)
    return most


def _schedule(frequency: Any) -> Callable[[int], bool]:
    """Whether to validate after an epoch, as ``validation_freq`` says.

    Raises:
        ValueError: neither a positive integer nor a list.
    """
    if isinstance(frequency, (int, np.integer)) and frequency > 0:
        return lambda epoch: (epoch + 1) % frequency == 0
    if isinstance(frequency, (list, tuple, set, range, np.ndarray)):
        epochs = {int(epoch) for epoch in frequency}
        return lambda epoch: epoch + 1 in epochs
    raise ValueError(
        f"Expected `validation_freq` to be a list or int. Received: validation_freq={frequency} of the type "
        f"{type(frequency)}."
    )


def _validation_feed(data: Any, batch_size: int | None) -> Feed:
    if isinstance(data, (tuple, list)):
        return make_feed(*unpack_x_y_sample_weight(data), batch_size)
    return make_feed(data, batch_size=batch_size)


def _callback_list(
    callbacks: Any, model: Any, verbose: Any, steps: int | None, epochs: int | None = None
) -> CallbackList:
    """The callbacks of one call; those of ``fit``, which has epochs, with a History."""
    verbose = int(settings.interactive_logging) if verbose == "auto" else verbose
    if not is_first():
        verbose, callbacks = 0, replicas.without_writers(callbacks)
    given = callbacks if isinstance(callbacks, CallbackList) else None
    calls = given or CallbackList(callbacks or None, add_progbar=verbose != 0)
    if epochs is not None and calls.history is None:
        calls.append(History())
    if given is None:
        calls.set_params({"verbose": verbose, "epochs": 1 if epochs is None else epochs, "steps": steps})
    calls.set_model(model)
    return calls


def flatten_results(results: dict[str, Any]) -> Any:
    """The list that ``evaluate`` returns: the loss, then the metrics; a number if there is only the loss."""
    values = list(results.values())
    return values[0] if len(values) == 1 else values
