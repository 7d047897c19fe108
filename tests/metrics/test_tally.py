"""Tally: the host counts samples, nobody can tell."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish import metrics
from kerasish.core import symbolic
from kerasish.core.context import scope
from kerasish.metrics.tally import Tally


class Names(TorchDispatchMode):
    """Notes which kernels run."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.found.append(function._schema.name)
        return function(*args, **(kwargs or {}))


def counted():
    metric = metrics.Mean()
    metric.raw_update(torch.tensor([1.0, 2.0, 6.0]))
    return metric


def test_count_is_kept_on_the_host_and_costs_no_kernel():
    metric = counted()
    assert metric.count._owner.value() == 3
    values = torch.tensor([1.0, 2.0])
    with Names() as names:
        metric.raw_update(values)
        metric.reset_state()
    assert names.found == ["aten::sum", "aten::add_", "aten::zero_"]


def test_accuracy_needs_four_kernels():
    metric = metrics.BinaryAccuracy()
    y, p = torch.ones(4, 1), torch.tensor([[0.2], [0.5], [0.6], [0.9]])
    metric.raw_update(y, p)
    with Names() as names:
        metric.raw_update(y, p)
    assert names.found == ["aten::gt", "aten::eq", "aten::count_nonzero", "aten::add_"]
    assert float(metric.result()) == 0.5


@pytest.mark.parametrize(
    "look",
    [
        lambda m: m.count.numpy(),
        lambda m: m.count.value.numpy(),
        lambda m: m.count.stored.numpy(),
        lambda m: m.variables[1].read().numpy(),
        lambda m: m.stateless_update_state(m.variables, [])[1].numpy(),
        lambda m: copy.deepcopy(m).count.numpy(),
        lambda m: pickle.loads(pickle.dumps(m.count)).numpy(),
    ],
)
def test_whoever_looks_finds_the_count(look):
    metric = counted()
    assert look(metric) == 3
    metric.raw_update(torch.tensor([5.0]))
    assert not isinstance(metric.count._owner, Tally)
    assert metric.count.numpy() == 4
    assert float(metric.result()) == 3.5


def test_what_was_seen_stays():
    metric = counted()
    seen = metric.count.value
    metric.raw_update(torch.tensor([5.0]))
    assert float(seen) == 3.0


def test_count_may_be_assigned_and_reset():
    metric = counted()
    metric.count.assign(9.0)
    assert float(metric.result()) == 1.0
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert metric.count.numpy() == 0


@pytest.mark.parametrize("weight", [2, 0.5, [1.0, 0.0, 3.0]])
def test_weights_count_as_before(weight):
    metric = counted()
    metric.update_state([2.0, 4.0, 8.0], sample_weight=weight)
    w = np.broadcast_to(np.float32(weight), 3) if isinstance(weight, list) else np.float32([weight])
    total = (np.float32([2.0, 4.0, 8.0]) * w).sum() if isinstance(weight, list) else np.mean([2.0, 4.0, 8.0]) * weight
    assert float(metric.result()) == pytest.approx(float((9.0 + total) / (3 + w.sum())), rel=1e-6)


def test_overlay_leaves_the_count_alone():
    metric = counted()
    overlay = {}
    with scope(overlay=overlay):
        metric.raw_update(torch.tensor([7.0]))
        assert float(metric.raw_result()) == 4.0
    assert metric.count.numpy() == 3


def test_short_floats_count_on_the_device():
    assert not isinstance(metrics.Mean(dtype="float16").count._owner, Tally)


def test_merged_counts_add_up():
    one, other = counted(), counted()
    one.merge_state([other])
    assert one.count.numpy() == 6
    assert float(one.result()) == 3.0


def test_empty_mean_is_zero():
    metric = metrics.Mean()
    assert float(metric.result()) == 0.0
    metric.update_state(np.zeros((0, 3), "float32"))
    assert float(metric.result()) == 0.0


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32, torch.bool])
def test_threshold_is_compared_in_the_dtype_of_the_predictions(threshold, dtype):
    p = torch.tensor([[0.0], [0.1], [0.3], [1.0]], dtype=dtype) if dtype.is_floating_point else None
    p = torch.tensor([[0], [1], [1], [0]], dtype=dtype) if p is None else p
    metric = metrics.BinaryAccuracy(threshold=threshold)
    metric.raw_update(torch.ones(4, 1), p)
    assert float(metric.result()) == float((p > threshold).float().mean())


def test_compiled_updates_and_eager_ones_add_up():
    metric = counted()
    compiled = torch.compile(lambda x: metric.raw_update(x), backend="eager", fullgraph=True)
    compiled(torch.tensor([3.0]))
    metric.raw_update(torch.tensor([0.0, 3.0, 1.0, 4.0]))
    assert float(metric.result()) == 20.0 / 8
    compiled(torch.tensor([4.0, 3.0]))
    assert float(metric.result()) == pytest.approx(2.7)
    assert metric.count.numpy() == 10
    metric.reset_state()
    compiled(torch.tensor([4.0, 3.0]))
    assert float(metric.result()) == 3.5


def test_run_without_values_leaves_the_count():
    metric = counted()
    symbolic.run_without_values(lambda x: metric.update_state(x), (np.ones(3, "float32"),), {})
    assert type(metric.count._owner) is not Tally
    assert (float(metric.count), float(metric.total), float(metric.result())) == (3, 9, 3)
