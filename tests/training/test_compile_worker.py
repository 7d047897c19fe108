"""The process that compiles: what it makes of a job, and the check of its own work. Here its parts run without a compiler."""

import json

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish.core import device as devices
from kerasish.training import compile_job, compile_worker
from kerasish.training import graph as graphs
from kerasish.training.graph import CannotCapture

L = keras.layers
rng = np.random.default_rng(2)
BATCH = (
    torch.from_numpy(rng.normal(size=(8, 6)).astype("f")),
    torch.from_numpy(rng.normal(size=(8, 2)).astype("f")),
    None,
)


def model_of(*layers, optimizer="adam"):
    model = keras.Sequential([keras.Input((6,)), *layers, L.Dense(2)])
    model.compile(optimizer, "mse", metrics=["mae"], jit_compile=False)
    model.train_on_batch(*(t.numpy() for t in BATCH[:2]))
    return model


def job_of(model, **changes):
    job = {
        "model": compile_job.configuration(model),
        "state": graphs.written_state(model),
        "phase": model.optimizer._k_phase(),
    }
    return {**json.loads(json.dumps(job)), **changes}


def check(model, monkeypatch, spoil=lambda state: None):
    """The check of a library that runs a model's graph and may do something wrong to its state."""
    step = model._the_step()
    values = model.optimizer.step_values(model.optimizer._k_phase())
    graph = graphs.trace(step, BATCH, model.optimizer._k_phase(), len(values))

    def runner(library, device):
        def run(inputs):
            results = list(graph.module(*inputs))
            spoil([inputs[graph.used.index(i)] for i in graph.used])
            return results

        return run

    monkeypatch.setattr(devices, "library_runner", runner)
    state = [v.stored.detach().clone() for v in graphs.step_state(model)]
    compile_worker._check(None, step, BATCH, graph, state, values)


def test_a_model_is_made_again_from_its_configuration():
    model = model_of(L.Dense(4, "relu"), L.Dropout(0.2), L.BatchNormalization())
    step, phase = compile_worker._rebuilt(job_of(model), BATCH)
    assert step.model is not model
    assert phase == model.optimizer._k_phase()
    assert graphs.written_state(step.model) == graphs.written_state(model)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_new_model_is_brought_to_the_phase_in_question(steps):
    model = model_of(optimizer=keras.optimizers.Adam(gradient_accumulation_steps=3))
    for _ in range(steps):
        model.train_on_batch(*(t.numpy() for t in BATCH[:2]))
    step, phase = compile_worker._rebuilt(job_of(model), BATCH)
    assert phase == model.optimizer._k_phase() == step.compiled.optimizer._k_phase()


def test_another_state_or_an_unknown_phase_is_told():
    model = model_of()
    with pytest.raises(CannotCapture, match="has other weights than this one"):
        compile_worker._rebuilt(job_of(model, state=[]), BATCH)
    with pytest.raises(CannotCapture, match="never reaches the phase"):
        compile_worker._rebuilt(job_of(model, phase=[False, True]), BATCH)


def test_a_right_library_passes_the_check(monkeypatch):
    check(model_of(L.Dense(4), L.BatchNormalization(), L.Dropout(0.3), L.Dropout(0.2, seed=1)), monkeypatch)


def test_rounding_in_a_gradient_without_meaning_does_not_matter(monkeypatch):
    model = model_of(L.Dense(4), L.BatchNormalization())  # the bias of Dense has no influence
    bias = next(i for i, v in enumerate(graphs.step_state(model)) if v.path.endswith("dense/bias") or i == 1)
    check(model, monkeypatch, lambda state: state[bias].add_(1e-3))


@pytest.mark.parametrize("which", ["kernel", "gamma", "moving_mean", "momentum", "velocity", "total"])
def test_a_wrong_value_is_found(which, monkeypatch):
    model = model_of(L.Dense(4, use_bias=False), L.BatchNormalization())
    paths = [v.path for v in graphs.step_state(model)]
    i = next(i for i, path in enumerate(paths) if which in path)
    with pytest.raises(CannotCapture, match="gives other values for"):
        check(model, monkeypatch, lambda state: state[i].mul_(1.5).add_(0.01))


def test_what_goes_wrong_is_written_down(tmp_path):
    job = {"nice": 0, "threads": 1, "settings": {}, "device": "cpu", **job_of(model_of(), state=[])}
    (tmp_path / "job.json").write_text(json.dumps(job))
    torch.save({"batch": BATCH}, tmp_path / "data.pt")
    threads = torch.get_num_threads()
    try:
        with pytest.raises(CannotCapture):
            compile_worker.main(str(tmp_path))
    finally:
        torch.set_num_threads(threads)
    assert "has other weights" in (tmp_path / "error").read_text()


def test_a_library_is_put_in_its_place_at_once(tmp_path):
    out = tmp_path / "job" / "out"
    out.mkdir(parents=True)
    for name in ("step.so", "step.json", "left.cpp"):
        (out / name).write_text(name)
    job = {"result": str(tmp_path / "cache" / "ab" / "key")}
    for _ in range(2):  # the second finds it there
        compile_worker._publish(out / "step.so", graphs.Graph(None, [0, 2]), job)
    assert sorted(p.name for p in (tmp_path / "cache" / "ab").iterdir()) == ["key"]
    assert sorted(p.name for p in (tmp_path / "cache" / "ab" / "key").iterdir()) == [
        "meta.json",
        "step.json",
        "step.so",
    ]
