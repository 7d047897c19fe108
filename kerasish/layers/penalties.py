"""What a layer adds to the loss and to the results of training besides its outputs."""

from __future__ import annotations

from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish import regularizers
from kerasish.core import dispatch, registry, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import local
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers import tracking


class Penalized:
    """The part of a layer that holds penalties: of ``add_loss``, of activities and of weights."""

    _k_loss_functions: tuple = ()  # functions that ``add_loss`` was given
    _given_loss = False  # whether ``add_loss`` was called on it, though nothing else told that it would be

    def add_loss(self, loss: Any) -> None:
        """Add a penalty to the loss of the training step; belongs to the call in progress.

        Args:
            loss: a tensor or several; or functions of nothing, whose values count in every step from now on.

        Raises:
            ValueError: ``loss`` is symbolic.
        """
        for value in tree.flatten(loss):
            if callable(value) and not dispatch.is_tensor(value):
                if not any(layer is self for layer in local.call_layers):
                    object.__setattr__(self, "_k_loss_functions", (*self._k_loss_functions, value))
                    self._note_losses()
                    continue
                value = value()
            if isinstance(value, KerasTensor):
                raise fail(
                    ValueError,
                    f"add_loss() of layer '{self.name}' was given a symbolic tensor",
                    hint="Call add_loss inside the call() of a layer, on that layer's inputs.",
                )
            self._losses.append(dispatch.raw(value, to_torch(self.compute_dtype)))
            if local.losses is not None:
                local.losses.append(value)
        self._note_losses()

    def _note_losses(self) -> None:
        if not self._may_hold_losses and not is_dynamo_compiling():
            object.__setattr__(self, "_given_loss", True)
            tracking.structure_changed()

    @property
    def losses(self) -> list:
        """Penalties of the last call and of the weights' regularizers, as scalar tensors."""
        with dispatch.recorded_only():
            return [dispatch.wrap(t) for t in self.raw_losses()]

    def raw_losses(self) -> list[torch.Tensor]:
        """``losses`` as raw tensors, attached to the graph that torch is recording."""
        known = self._k_known_parts()
        found = list(self._losses)
        for layer in known.with_losses:
            found.extend(layer._losses)
        for layer in (self, *known.with_losses):
            for function in layer._k_loss_functions:
                with recording():
                    found.append(dispatch.raw(function(), to_torch(layer.compute_dtype)))
        for variable in (*self._trainable_variables, *self._non_trainable_variables, *known.variables):
            if variable.regularizer is not None:
                break
        else:
            return found
        for variable in self.trainable_weights:
            if variable.regularizer is not None:
                found.append(regularizers.raw(variable.regularizer)(variable.logical))
        return found

    @property
    def _may_hold_losses(self) -> bool:
        """Whether calls give it penalties, as far as is known."""
        return self._user_call or self.activity_regularizer is not None or self._given_loss

    def _clear_losses(self) -> None:
        """Forget the penalties of the last call, at the start of a new one."""
        if self._losses:
            self._losses.clear()
        for layer in self._k_known_parts().with_losses:
            if layer._losses:
                layer._losses.clear()

    updates: tuple = ()  # Keras 2's: empty where operations run as they are called

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Keras 2's ``add_update``: assignments, which were made when they were written; functions are called.

        Args:
            inputs: of graphs, where it told on what an update depends.
        """
        for update in tree.flatten(updates):
            if callable(update) and not dispatch.is_tensor(update):
                update()

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Keras 2's ``add_metric``: the mean of ``value`` shows among the results.

        Called in ``call()``, or on a model of symbolic tensors with an expression of those.

        Raises:
            ValueError: no name, or another aggregation than "mean".
        """
        check_metric(name, aggregation)
        if local.tracing:
            return
        metric = next((m for m in self._metrics if m.name == name), None)
        if metric is None:
            metric = registry.class_named("keras.metrics.Mean")(name=name)
            self._metrics.append(metric)
        with dispatch.grad_mode(False):
            metric.update_state(dispatch.wrap(dispatch.raw(value).detach()))


def check_metric(name: str | None, aggregation: str | None) -> None:
    """Refuse what ``add_metric`` cannot have."""
    if not name:
        raise ValueError("Please provide a name for your metric like `self.add_metric(tf.reduce_sum(x), name='m')`")
    if aggregation not in ("mean", None):
        raise fail(ValueError, "`aggregation` of add_metric() is 'mean' or None", received=repr(aggregation))
