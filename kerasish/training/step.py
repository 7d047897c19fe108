"""The training step: forward, loss, backward, update, accumulate. The page to read first.

Everything here is a raw ``torch.Tensor``; nothing is read back to the host. What a user overrides (``train_step``,
``compute_loss``, ``compute_metrics``, ``call``) is called with ``Tensor``s at that one place.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasish.core import dispatch, divided, replicas, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import local, scope
from kerasish.core.device import gradients
from kerasish.core.dispatch import grad_mode
from kerasish.core.errors import fail
from kerasish.core.masks import wrap_with_mask
from kerasish.core.replicas import EarlySums, Share
from kerasish.layers.tracking import structure
from kerasish.training.compiled import add_loss

NO_LOSS = "No loss to compute. Provide a `loss` argument in `compile()`."


class Step:
    """One batch through a compiled model.

    Its methods return what a user's ``compute_metrics`` gave, or None: then the model's metrics are the results.

    Args:
        model: has ``forward_raw(x, training, outputs_only)``, ``raw_losses()``, ``trainable_variables`` and ``_k_compiled``.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.compiled = model._k_compiled
        self.tiers: Any = None  # capture.Tiers, once the model is trained
        self._own_loss = model._k_overrides("compute_loss")
        self._own_loss_takes_training = self._own_loss and _takes_training(model.compute_loss)
        self._own_metrics = model._k_overrides("compute_metrics")
        self._variables: list = []
        self._variables_of: tuple[int, int] = (-1, -1)

    def train(self, x: Any, y: Any, sample_weight: Any) -> dict | None:
        """Update the weights and the metrics with one batch."""
        if local.share is not None and replicas.in_group():
            return self._train_together(x, y, sample_weight)
        y_pred, loss, grads, variables = self.forward_backward(x, y, sample_weight)
        with grad_mode(False):
            if variables:
                self.update(grads, variables)
            return self.accumulate(x, y, y_pred, sample_weight, loss)

    def _train_together(self, x: Any, y: Any, sample_weight: Any) -> dict | None:
        """The same with other processes: loss and gradients are this one's shares, which are added up."""
        if local.share.shows_whole:
            with scope(share=Share(local.share.rows, local.share.total)):
                return self._train_together(x, y, sample_weight)
        with grad_mode(True):
            y_pred, loss = self.forward(x, y, sample_weight)
            variables = self.trainable_variables()
            copied = self._copied()
            with EarlySums([variables[i].stored for i in copied]) as early:
                grads = self.backward(loss, variables)
        with grad_mode(False):
            *sums, loss = early.sums([grads[i] for i in copied], [self.part_of(loss)])
            for i, total in zip(copied, sums):
                grads[i] = total
            if variables:
                with scope(share=None):
                    self.update(grads, variables)
            return self.accumulate(x, y, y_pred, sample_weight, loss, 1)

    def part_of(self, loss: torch.Tensor) -> torch.Tensor:
        """What this process has to the batch's loss."""
        return local.share.of_mean(loss.detach().mean()) if loss.ndim else loss.detach()

    def _copied(self) -> Sequence[int]:
        """Which variables every process has whole; gradients of divided ones are sums already."""
        if not divided.in_use:
            return range(len(self._variables))
        return [i for i, v in enumerate(self._variables) if not divided.is_divided(v)]

    def forward_backward(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, torch.Tensor, list, list]:
        """Predictions, loss, gradients, and the variables that these belong to."""
        with grad_mode(True):
            y_pred, loss = self.forward(x, y, sample_weight)
            variables = self.trainable_variables()
            grads = self.backward(loss, variables)
        return y_pred, loss, grads, variables

    def forward(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, torch.Tensor]:
        """Predictions and loss."""
        with recording():  # one for both: predictions may be objects that hold Tensors
            y_pred = self.model.forward_raw(x, True)
            return y_pred, self.loss(x, y, y_pred, sample_weight, True)

    def test(self, x: Any, y: Any, sample_weight: Any) -> dict | None:
        """Update the metrics with one batch."""
        with grad_mode(False):
            y_pred = self.model.forward_raw(x, False)
            found = self._sum(y, y_pred) if sample_weight is None else None
            total, number = found or (self.loss(x, y, y_pred, sample_weight, False), None)
            if local.share is not None and number is None:
                add_loss(self.compiled.loss_tracker, total, local.share.rows)
                number = 0
            return self.accumulate(x, y, y_pred, sample_weight, total, number)

    def predict(self, x: Any) -> Any:
        """The predictions for one batch."""
        with grad_mode(False):
            return self.model.forward_raw(x, False, outputs_only=True)

    # parts

    def trainable_variables(self) -> list:
        """The variables to update; looked up anew only after the model's structure has changed."""
        now = (structure.version, structure.trainable_version)
        if now != self._variables_of:
            self._variables, self._variables_of = self.model.trainable_variables, now
            if not self._variables:
                warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self._variables

    def loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> torch.Tensor:
        """The total loss: the outputs' own and the layers' penalties, or what a user's ``compute_loss`` says.

        Raises:
            ValueError: there is none.
        """
        if self._own_loss:
            total = self._user_loss(x, y, y_pred, sample_weight, training)
        else:
            total = self.compute_loss(y, y_pred, sample_weight)
        if total is None:
            raise ValueError(NO_LOSS)
        return total if local.share is None or local.share.rows else total * 0.0

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor | None:
        compiled_loss = self.compiled.loss
        total = None if compiled_loss is None else compiled_loss.total(y, y_pred, sample_weight)
        for penalty in self.model.raw_losses():
            penalty = penalty if penalty.ndim == 0 else penalty.sum()
            penalty = penalty if local.share is None else local.share.of_mean(penalty)
            total = penalty if total is None else total + penalty.to(total.dtype)
        return total

    def _sum(self, y: Any, y_pred: Any) -> tuple[torch.Tensor, int] | None:
        """A sum and a number whose quotient is the total loss of a batch without weights; None if that is not so simple."""
        compiled_loss = self.compiled.loss
        if compiled_loss is None or self._own_loss or self.model.raw_losses():
            return None
        return compiled_loss.sum(y, y_pred)

    def _user_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> torch.Tensor | None:
        with recording():
            x, y, y_pred, sample_weight = tree.map_structure(wrap_with_mask, (x, y, y_pred, sample_weight))
            options = {"training": training} if self._own_loss_takes_training else {}
            value = self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **options)
            return None if value is None else dispatch.raw(value)

    def backward(self, loss: torch.Tensor, variables: list) -> list:
        """The gradients of a loss, or of the sum of one without reduction, scaled as the optimizer wants them.

        Returns:
            None for a variable that the loss does not depend on.

        Raises:
            ValueError: it depends on no variable at all.
        """
        if not variables:
            return []
        loss = self.compiled.optimizer.scale_loss(loss)
        if not loss.requires_grad:
            raise fail(
                ValueError, "No gradients provided for any variable", hint="The loss does not depend on the weights."
            )
        if loss.ndim:
            loss = loss.sum()
        return list(gradients(loss, [v.stored for v in variables], allow_unused=True))

    def update(self, grads: list, variables: list) -> None:
        """Apply gradients; a variable that the loss does not depend on is left alone."""
        optimizer = self.compiled.optimizer
        if not optimizer.built:
            optimizer.build(variables)
        if not optimizer.has_own_apply and not any(g is None for g in grads):
            optimizer.raw_apply(grads, variables)
            return
        given = [None if g is None else dispatch.wrap(_logical(g, v)) for g, v in zip(grads, variables)]
        if optimizer.has_own_apply:
            optimizer.apply_gradients(zip(given, variables))
        else:
            optimizer.apply(given, variables)

    def accumulate(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: torch.Tensor, number: int | None = None
    ) -> dict | None:
        """Add the batch to the loss's running mean and to the metrics.

        Args:
            loss: or a sum whose quotient with ``number`` is the loss; it counts already if that is 0.
        """
        samples = (x if isinstance(x, torch.Tensor) else next(t for t in tree.flatten(x) if t is not None)).shape[0]
        if local.share is not None:
            samples = local.share.rows
        if number is None and not loss.ndim:
            number = 1
        if number:
            self.compiled.loss_tracker.add(loss, number, samples)
        elif number is None:
            self.compiled.loss_tracker.raw_update(loss.detach(), samples)
        if self._own_metrics:
            with recording():
                arguments = tree.map_structure(wrap_with_mask, (x, y, y_pred, sample_weight))
                return self.model.compute_metrics(*arguments)
        self.update_metrics(y, y_pred, sample_weight)
        return None

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self.compiled.metrics is not None:
            self.compiled.metrics.raw_update(y, y_pred, sample_weight)


def _logical(grad: torch.Tensor, variable: Any) -> torch.Tensor:
    return variable._layout.to_logical(grad) if variable._layout is not None else grad


def _takes_training(method: Callable) -> bool:
    """Whether a ``compute_loss`` has Keras 3's argument; Keras 2's has none."""
    parameters = inspect.signature(method).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)
