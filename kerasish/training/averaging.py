"""SwapEMAWeights: evaluation and prediction with the moving averages of the weights."""

from __future__ import annotations

from collections.abc import Iterator

from kerasish.training.callback import Callback


class SwapEMAWeights(Callback):
    """Exchanges the weights and their moving averages for the time of evaluations and predictions.

    The optimizer has to keep averages: ``use_ema=True``.

    Args:
        swap_on_epoch: whether they are exchanged between epochs too, so that callbacks after this one, such as
            ``ModelCheckpoint``, see the averages.

    Raises:
        ValueError: while it is used, an optimizer without averages.
    """

    _kept = ("_swapped",)

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _pairs(self) -> Iterator[tuple]:
        """The variables with their averages."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        several = getattr(optimizer, "optimizers", None)
        optimizers = [optimizer] if several is None else [inner for inner in several if inner.use_ema]
        if not optimizers:
            raise ValueError(
                "SwapEMAWeights must be used when at least one inner optimizer has `use_ema=True` set. Received a "
                "MultiOptimizer with all inner optimizers having `use_ema=False`."
            )
        for inner in optimizers:
            if not inner.use_ema or not inner.built:
                raise ValueError(
                    "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. Received: "
                    f"use_ema={inner.use_ema}" + ("" if inner.built else " of an optimizer that has made no step yet")
                )
            yield from inner.averages()

    def _set(self, swapped: bool) -> None:
        if self._swapped is swapped:
            return
        for variable, average in self._pairs():
            value = variable.numpy()
            variable.assign(average)
            average.assign(value)
        self._swapped = swapped

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self.swap_on_epoch:
            self._set(False)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._set(True)
        if epoch == self.params["epochs"] - 1:
            # at the end of training the variables are set to their averages: those of the averages that are in the model
            for variable, average in self._pairs():
                average.assign(variable)

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._set(True)

    def on_test_end(self, logs: dict | None = None) -> None:
        self._set(False)

    def on_predict_begin(self, logs: dict | None = None) -> None:
        self._set(True)

    def on_predict_end(self, logs: dict | None = None) -> None:
        self._set(False)
