"""The training step: forward, loss, backward, update, accumulate. The page to read first.

Everything here is a raw ``torch.Tensor``; nothing is read back to the host. What a user overrides (``train_step``,
``compute_loss``, ``compute_metrics``, ``call``) is called with ``Tensor``s at that one place.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.autodiff import recording
from kerasish.core.errors import fail
from kerasish.core.masks import wrap_with_mask
from kerasish.layers.tracking import structure
from kerasish.training.compiled import Outputs


class Step:
    """One batch through a compiled model.

    Args:
        model: has ``forward_raw(x, training)``, ``raw_losses()``, ``trainable_variables`` and ``_compiled``.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.compiled = model._compiled
        self._variables: list = []
        self._variables_of: tuple[int, int] = (-1, -1)

    def train(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Update the weights and the metrics with one batch."""
        model = self.model
        with torch.enable_grad():
            y_pred = model.forward_raw(x, True)
            loss = self.loss(x, y, y_pred, sample_weight, True)
            if loss is None or not loss.requires_grad:
                raise fail(ValueError, "No loss to compute", hint="Provide a `loss` argument in `compile()`.")
            variables = self.trainable_variables()
            optimizer = self.compiled.optimizer
            scaled = loss if optimizer.loss_scale_factor is None else loss * optimizer.loss_scale_factor
            grads = torch.autograd.grad(scaled, [v.stored for v in variables], allow_unused=True)
        with torch.no_grad():
            self.update(list(grads), variables)
            self.accumulate(x, y, y_pred, sample_weight, loss)

    def test(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Update the metrics with one batch."""
        with torch.no_grad():
            y_pred = self.model.forward_raw(x, False)
            loss = self.loss(x, y, y_pred, sample_weight, False)
            self.accumulate(x, y, y_pred, sample_weight, loss)

    def predict(self, x: Any) -> Any:
        """The predictions for one batch."""
        with torch.no_grad():
            return self.model.forward_raw(x, False)

    # parts

    def trainable_variables(self) -> list:
        """The variables to update; looked up anew only after the model's structure has changed."""
        now = (structure.version, structure.trainable_version)
        if now != self._variables_of:
            self._variables, self._variables_of = self.model.trainable_variables, now
        return self._variables

    def loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> torch.Tensor | None:
        """The total loss: the outputs' own and the layers' penalties."""
        model = self.model
        if model._overrides("compute_loss"):
            return self._user_loss(x, y, y_pred, sample_weight, training)
        return self.compute_loss(y, y_pred, sample_weight)

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor | None:
        compiled_loss = self.compiled.loss
        if compiled_loss is None:
            total = None
        else:
            if not compiled_loss.bound:
                compiled_loss.bind(self.outputs(y_pred))
            total = compiled_loss.total(y, y_pred, sample_weight)
        for penalty in self.model.raw_losses():
            penalty = penalty if penalty.ndim == 0 else penalty.sum()
            total = penalty if total is None else total + penalty.to(total.dtype)
        return total

    def _user_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> torch.Tensor:
        with recording():
            x, y, y_pred, sample_weight = tree.map_structure(wrap_with_mask, (x, y, y_pred, sample_weight))
            options = {"training": training} if self.model._takes("compute_loss", "training") else {}
            value = self.model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **options)
            return None if value is None else dispatch.raw(value)

    def update(self, grads: list, variables: list) -> None:
        """Apply gradients; a variable that the loss does not depend on is left alone."""
        optimizer = self.compiled.optimizer
        if not optimizer.built:
            optimizer.build(variables)
        if any(g is None for g in grads):
            optimizer.apply([None if g is None else _logical(g, v) for g, v in zip(grads, variables)], variables)
        else:
            optimizer.raw_apply(grads, variables)

    def accumulate(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: torch.Tensor | None) -> None:
        """Add the batch to the loss's running mean and to the metrics."""
        if loss is not None:
            first = x if isinstance(x, torch.Tensor) else next(t for t in tree.flatten(x) if t is not None)
            self.compiled.loss_tracker.raw_update(loss.detach(), first.shape[0])
        if self.model._overrides("compute_metrics"):
            with recording():
                arguments = tree.map_structure(wrap_with_mask, (x, y, y_pred, sample_weight))
                self.model.compute_metrics(*arguments)
        else:
            self.update_metrics(y, y_pred, sample_weight)

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        compiled_metrics = self.compiled.metrics
        if compiled_metrics is not None:
            if not compiled_metrics.bound:
                compiled_metrics.bind(self.outputs(y_pred), y, y_pred)
            compiled_metrics.update(y, y_pred, sample_weight)

    def outputs(self, y_pred: Any) -> Outputs:
        return Outputs(y_pred, self.model._output_names())


def _logical(grad: torch.Tensor, variable: Any) -> torch.Tensor:
    return variable._layout.to_logical(grad) if variable._layout is not None else grad
