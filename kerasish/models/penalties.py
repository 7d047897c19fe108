"""Losses that are expressions of a model's symbolic tensors, as ``model.add_loss(...)`` of Keras 2 takes them."""

from __future__ import annotations

from typing import Any

from kerasish.core.symbolic import KerasTensor
from kerasish.layers.layer import Layer
from kerasish.models.graph import Graph
from kerasish.models.network import Network
from kerasish.models.plan import Plan


class PenalizedNetwork(Network):
    """A network that works out losses along with the outputs, in one run, and gives them to its model.

    Configurations, summaries and files know the outputs' part only.

    Args:
        network: the model's present one.
        owner: the model.
        losses: KerasTensors that depend on its inputs.
        measured: name → another such tensor, whose mean is one of the model's metrics.

    Raises:
        ValueError: a loss depends on something else.
    """

    def __init__(self, network: Network, owner: Layer, losses: list, measured: dict[str, KerasTensor]) -> None:
        self.__dict__.update(network.__dict__)
        self._plain = network.plain
        self.losses = (*network.losses, *losses)
        self.measured = {**network.measured, **measured}
        self.whole = Graph(self.inputs, [*self.outputs, *self.losses, *self.measured.values()])
        self._owner = owner
        self._plans = {}
        known = {id(layer) for layer in owner._flatten_layers()}
        self.loss_layers = [x for x in self.whole.operations if isinstance(x, Layer) and id(x) not in known]

    @property
    def plain(self) -> Network:
        return self._plain

    def plan(self, training: bool | None) -> Plan:
        plan = super().plan(training)
        plan.calls_layers = True  # it is no pure function that another program could take over
        return plan

    def pack(self, outputs: Any) -> Any:
        own, losses = len(self.outputs), len(self.losses)
        for loss in outputs[own : own + losses]:
            self._owner.add_loss(loss)
        for name, value in zip(self.measured, outputs[own + losses :], strict=True):
            self._owner.add_metric(value, name)
        return super().pack(outputs[: len(self.outputs)])
