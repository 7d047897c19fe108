"""Fused kernels, steps and the scan: against each other and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.ops import recurrent

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def problem(kind: str, batch: int, time: int, features: int, units: int, seed: int = 0) -> tuple:
    generator = torch.Generator().manual_seed(seed)
    width = GATES[kind] * units

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    weights = [draw(width, features), draw(width, units), draw(width), draw(width)]
    states = [draw(batch, units) for _ in range(2 if kind == "lstm" else 1)]
    return draw(batch, time, features), states, weights


def step_of(kind: str, weights: list):
    kernel, rows, bias, recurrent_bias = weights

    def step(x: torch.Tensor, states: list) -> tuple:
        projected = torch.nn.functional.linear(x, kernel, bias)
        if kind == "lstm":
            new = recurrent.lstm_step(projected + recurrent_bias, states, rows, torch.tanh, torch.sigmoid)
        elif kind == "gru":
            new = recurrent.gru_step(projected, states[0], rows, recurrent_bias, torch.tanh, torch.sigmoid, True)
        else:
            activation = torch.tanh if kind == "rnn_tanh" else torch.relu
            new = recurrent.rnn_step(projected + recurrent_bias, states[0], rows, activation)
        return new[0], new

    return step


def masks(name: str, batch: int, time: int, seed: int) -> torch.Tensor | None:
    random = np.random.RandomState(seed)
    lengths = random.randint(0, time + 1, batch)[:, None]
    steps = np.arange(time)
    table = {
        "none": None,
        "right": steps < lengths,
        "left": steps >= time - lengths,
        "random": random.rand(batch, time) < 0.5,
        "empty": np.zeros((batch, time), bool),
        "full": np.ones((batch, time), bool),
    }
    return None if table[name] is None else torch.from_numpy(table[name])


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(GATES)),
    mask=st.sampled_from(["none", "right", "left", "random", "empty", "full"]),
    batch=st.integers(1, 4),
    time=st.integers(1, 6),
    features=st.integers(1, 3),
    units=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_fused_equals_scan_in_values_and_gradients(kind, mask, batch, time, features, units, seed):
    inputs, states, weights = problem(kind, batch, time, features, units, seed)
    mask = masks(mask, batch, time, seed)
    leaves = [t.requires_grad_() for t in (inputs, *states, *weights)]
    fused, fused_states = recurrent.fused(kind, inputs, states, weights, mask)
    plain, plain_states = recurrent.scan(step_of(kind, weights), inputs.unbind(1), states, mask)
    torch.testing.assert_close(fused, plain)
    for a, b in zip(fused_states, plain_states, strict=True):
        torch.testing.assert_close(a, b)
    totals = [(out * out).sum() + sum(s.sin().sum() for s in last) for out, last in
              ((fused, fused_states), (plain, plain_states))]  # fmt: skip
    for a, b in zip(*(torch.autograd.grad(t, leaves, allow_unused=True, materialize_grads=True) for t in totals)):
        torch.testing.assert_close(a, b)


def test_scan_repeats_the_output_and_keeps_the_states_at_masked_steps():
    mask = torch.tensor([[False, True, False, True], [True, True, False, False]])
    sequence = torch.arange(8.0).reshape(2, 4, 1)
    outputs, (state,) = recurrent.scan(lambda x, s: (x + 10, [s[0] + x]), sequence.unbind(1), [torch.zeros(2, 1)], mask)
    assert outputs[..., 0].tolist() == [[0, 11, 11, 13], [14, 15, 15, 15]]
    assert state[:, 0].tolist() == [4, 9]


def test_scan_masks_outputs_and_states_of_any_rank():
    mask = torch.tensor([[True, False]])
    outputs, states = recurrent.scan(
        lambda x, s: (x, [s[0] + 1, s[1] + x]),
        torch.ones(1, 2, 3, 4).unbind(1),
        [torch.zeros(1), torch.zeros(1, 3, 4)],
        mask,
    )
    assert outputs.shape == (1, 2, 3, 4)
    assert states[0].tolist() == [1]
    assert states[1].sum() == 12


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_cell_state_of_an_ended_sequence_stays_exactly(dtype):
    inputs, states, weights = (
        [t.to(dtype) for t in part] if isinstance(part, list) else part.to(dtype)
        for part in problem("lstm", 2, 5, 3, 4, seed=3)
    )
    mask = torch.tensor([[True, True, False, False, False], [False] * 5])
    _, (hidden, cell) = recurrent.fused("lstm", inputs, states, weights, mask)
    _, (short_hidden, short_cell) = recurrent.fused("lstm", inputs[:, :2], states, weights)
    torch.testing.assert_close(cell[0], short_cell[0])
    torch.testing.assert_close(hidden[0], short_hidden[0])
    assert torch.equal(cell[1], states[1][1])
    assert torch.equal(hidden[1], states[0][1])


def test_masked_steps_may_hold_nan():
    inputs, states, weights = problem("gru", 2, 4, 3, 2)
    mask = torch.tensor([[True, False, True, True], [False, False, True, False]])
    expected, _ = recurrent.fused("gru", inputs, states, weights, mask)
    spoilt = torch.where(mask.unsqueeze(-1), inputs, torch.nan).requires_grad_()
    outputs, _ = recurrent.fused("gru", spoilt, states, weights, mask)
    torch.testing.assert_close(outputs, expected)
    (grad,) = torch.autograd.grad(outputs.sum(), spoilt)
    assert grad.isfinite().all()


def test_gatewise_masks_the_input_of_each_gate():
    x, weight, bias = torch.randn(2, 3), torch.randn(4, 3), torch.randn(4)
    drop = [torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[0.0, 3.0, 1.0]])]
    expected = torch.cat([(x * drop[0]) @ weight[:2].T, (x * drop[1]) @ weight[2:].T], 1) + bias
    torch.testing.assert_close(recurrent.gatewise(x, weight, bias, drop), expected)
    torch.testing.assert_close(recurrent.gatewise(x, weight, None, None), x @ weight.T)


def test_weights_in_one_chunk_are_equal_views_and_pass_gradients():
    weights = [torch.randn(4, 3, requires_grad=True), torch.randn(4, 2, requires_grad=True)]
    views = recurrent._in_one_chunk(weights)
    assert views[1].data_ptr() == views[0].data_ptr() + 4 * views[0].numel()
    for view, weight in zip(views, weights, strict=True):
        assert torch.equal(view, weight)
    grads = torch.autograd.grad(sum((v * v).sum() for v in views), weights)
    torch.testing.assert_close(grads[0], 2 * weights[0])


def test_second_derivatives_of_the_fused_lstm():
    inputs, states, weights = problem("lstm", 2, 3, 2, 2)
    inputs.requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: recurrent.fused("lstm", x, states, weights)[0], inputs)
