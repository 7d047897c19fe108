"""``fit``, ``evaluate`` and ``predict``: a feed of batches × a step × callbacks."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.storage import to_numpy
from kerasish.training.callback import CallbackList, History, Logs, to_numbers
from kerasish.training.feed import Feed, make_feed, split


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
    model._check_compiled("fit()")
    if validation_split and validation_data is None:
        if not 0 < validation_split < 1:
            raise fail(ValueError, "`validation_split` must be between 0 and 1", received=f"{validation_split}")
        (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
    feed = make_feed(x, y, sample_weight, batch_size, shuffle, class_weight, steps_per_epoch, "fit")
    validation = _validation_feed(validation_data, validation_batch_size or batch_size)
    steps = _steps(feed, steps_per_epoch)
    verbose = int(settings.interactive_logging) if verbose == "auto" else verbose
    calls = _callback_list(callbacks, model, verbose, epochs=epochs, steps=steps)
    model.stop_training = False
    runner = model._runner("train")
    calls.on_train_begin()
    logs: dict = {}
    batches = _endless(feed) if steps_per_epoch is not None and feed.restarts else None
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        calls.on_epoch_begin(epoch)
        source = itertools.islice(batches, steps) if batches is not None else _limit(feed, steps, epoch)
        with model._compiled_trainable_state():
            done = _run(runner, source, calls, "train", model)
        feed.end_epoch()
        logs = dict(to_numbers(model.get_metrics_result_raw() if done is None else done))
        if validation is not None and _is_due(epoch, validation_freq):
            results = evaluate_feed(model, validation, validation_steps, calls)
            logs.update({f"val_{name}": value for name, value in results.items()})
        calls.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model._compiled.optimizer.finalize_variable_values(model.trainable_variables)
    calls.on_train_end(logs)
    return model.history


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
    model._check_compiled("evaluate()")
    feed = make_feed(x, y, sample_weight, batch_size, False, None, steps, "evaluate")
    verbose = int(settings.interactive_logging) if verbose == "auto" else verbose
    calls = _callback_list(callbacks, model, verbose, epochs=1, steps=_steps(feed, steps), history=False)
    results = evaluate_feed(model, feed, steps, calls)
    return results if return_dict else flatten_results(results)


def evaluate_feed(model: Any, feed: Feed, steps: int | None, calls: CallbackList) -> dict[str, float]:
    """One pass over a feed with the metrics set to zero before; fires the callbacks' test hooks."""
    model.reset_metrics()
    runner = model._runner("test")
    calls.on_test_begin()
    done = _run(runner, _limit(feed, _steps(feed, steps), 0), calls, "test", model)
    results = to_numbers(model.get_metrics_result_raw() if done is None else done)
    calls.on_test_end(results)
    return results


def predict(model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """Predictions for data as NumPy arrays; arguments as of ``Model.predict``."""
    feed = make_feed(x, None, None, batch_size, False, None, steps, "predict")
    verbose = int(settings.interactive_logging) if verbose == "auto" else verbose
    calls = _callback_list(callbacks, model, verbose, epochs=1, steps=_steps(feed, steps), history=False)
    runner = model._runner("predict")
    parts: list = []
    calls.on_predict_begin()
    hooks = calls.has_batch_hooks("predict")
    for step, batch in enumerate(_limit(feed, _steps(feed, steps), 0)):
        if hooks:
            calls.on_predict_batch_begin(step)
        outputs = runner(batch)
        parts.append(outputs)
        if hooks:
            calls.on_predict_batch_end(step, {"outputs": outputs})
        if model.stop_predicting:
            break
    calls.on_predict_end()
    if not parts:
        raise fail(ValueError, "predict() was given no data", "at least one batch", "none")
    return tree.map_structure(_joined, *parts)


def _joined(*batches: Any) -> np.ndarray:
    """Batches of one output as one NumPy array of its own."""
    if isinstance(batches[0], torch.Tensor):
        whole = batches[0] if len(batches) == 1 else torch.cat(batches)
        array = to_numpy(whole)
        return array.copy() if array.base is not None and len(batches) == 1 else array
    return np.concatenate([np.asarray(b) for b in batches])


# one pass -------------------------------------------------------------------------------------------------------------


def _run(runner: Callable, batches: Iterator, calls: CallbackList, mode: str, model: Any) -> dict | None:
    """All batches through a step. Returns the last step's own logs, if the step makes any (a user's ``train_step``)."""
    begin, end = getattr(calls, f"on_{mode}_batch_begin"), getattr(calls, f"on_{mode}_batch_end")
    hooks = calls.has_batch_hooks(mode)
    group = model.steps_per_execution
    logs = None
    step = 0
    while True:
        several = list(itertools.islice(batches, group)) if group > 1 else None
        batch = several[0] if several else None if group > 1 else next(batches, None)
        if batch is None:
            break
        if hooks:
            begin(step)
        for one in several or [batch]:
            logs = runner(one)
        step += len(several) if several else 1
        if hooks:
            read = model.get_metrics_result_raw if logs is None else (lambda values=logs: values)
            end(step - 1, Logs(lambda read=read: to_numbers(read())))
        if model.stop_training and mode == "train" or model.stop_evaluating and mode == "test":
            break
    if step == 0:
        raise fail(ValueError, f"The data of {mode}ing has no batches", "at least one", "none")
    return logs


def _steps(feed: Feed, asked: int | None) -> int | None:
    if asked is not None:
        return int(asked)
    return feed.batches


def _limit(feed: Feed, steps: int | None, epoch: int) -> Iterator:
    """The feed's batches, at most ``steps`` of them; says so when there are fewer."""
    count = 0
    for batch in itertools.islice(iter(feed), steps):
        count += 1
        yield batch
    if steps is not None and count < steps:
        warnings.warn(
            f"Your input ran out of data; interrupting epoch {epoch + 1} after {count} of {steps} steps. Make sure that "
            "your dataset or generator can generate at least `steps_per_epoch * epochs` batches. You may need to use the "
            "`.repeat()` function when building your dataset.",
            stacklevel=4,
        )


def _endless(feed: Feed) -> Iterator:
    """With ``steps_per_epoch``, finite data begins anew where it ends, also within an epoch."""
    while True:
        empty = True
        for batch in feed:
            empty = False
            yield batch
        if empty:
            return


def _is_due(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def _validation_feed(data: Any, batch_size: int | None) -> Feed | None:
    if data is None:
        return None
    if isinstance(data, Feed):
        return data
    if isinstance(data, (tuple, list)) and 1 <= len(data) <= 3:
        x, y, weight = (*data, None, None)[:3]
        return make_feed(x, y, weight, batch_size, name="validation")
    return make_feed(data, batch_size=batch_size, name="validation")


def _callback_list(
    callbacks: Any, model: Any, verbose: Any, epochs: int, steps: int | None, history: bool = True
) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks,
        add_history=history,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
    )


def flatten_results(results: dict[str, Any]) -> Any:
    """The list that ``evaluate`` returns: the loss, then the metrics; a number if there is only the loss."""
    values = list(results.values())
    return values[0] if len(values) == 1 else values
