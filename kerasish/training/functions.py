"""The functions of batches that models have as ``train_function``, ``test_function`` and ``predict_function``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.errors import fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.training.batch import pack_x_y_sample_weight, to_batch


class BatchFunction:
    """The library's own function: takes one batch of an iterator through a step of the model.

    Args:
        model: a ``Trainer``.
        mode: "train", "test" or "predict".
    """

    def __init__(self, model: Any, mode: str) -> None:
        self._model = model
        self._mode = mode

    def __call__(self, iterator: Iterator) -> Any:
        out = self._model._k_step_runner(self._mode)(to_batch(next(iterator)))
        return dispatch.wrap(out) if self._mode == "predict" else self._model._k_results(out)

    def __reduce__(self) -> tuple:
        return type(None), ()  # a copy of the model makes its own


class _Batches(list):
    """The batches that a user's function is handed: Keras 3 gives an iterator, or in ``predict`` a list; this is both."""

    def __next__(self) -> Any:
        if not self:
            raise StopIteration
        return self.pop(0)

    def __iter__(self) -> Iterator:
        while self:
            yield self.pop(0)


def users_function(function: Callable, mode: str) -> Callable[[tuple], Any]:
    """What a batch is handed to, where a user has set ``train_function`` or one of the others.

    Raises:
        TypeError: it returned something else than a dictionary of results.
    """

    def run(batch: tuple) -> Any:
        data = pack_x_y_sample_weight(*tree.map_structure(wrap_with_mask, batch))
        if mode == "predict" and not isinstance(data, tuple):
            data = (data,)
        with dispatch.recorded_only():
            out = function(_Batches([data]))
        if mode == "predict":
            return tree.map_structure(raw_with_mask, out)
        if out is not None and not isinstance(out, Mapping):
            raise fail(TypeError, f"{mode}_function() must return a dictionary of results", received=repr(out))
        return dict(out or {})

    return run
