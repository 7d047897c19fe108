"""The process that compiles a training step: ``python -m kerasish.training.compile_worker JOB``.

JOB is a directory with ``job.json`` and ``data.pt``. The model is made again from its configuration (or, of a step with a
user's code in it, the traced graph is read), traced, compiled to a library by AOTInductor, and the library's first step is
compared with an eager one, all state included. What comes out is put in place at once, under ``job["result"]``; what went
wrong is written to ``JOB/error``. Nothing of this happens in the process that trains: compiling there rewinds torch's random
generator and slows training.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import registry
from kerasish.core.context import scope, settings
from kerasish.core.replicas import Share
from kerasish.ops import opaque
from kerasish.training import graph as graphs
from kerasish.training.graph import CannotCapture, Graph


def main(job_folder: str) -> None:
    """Do one job; errors are told in a file."""
    folder = pathlib.Path(job_folder)
    job = json.loads((folder / "job.json").read_text())
    if hasattr(os, "nice"):
        os.nice(job["nice"])
    torch.set_num_threads(job["threads"])
    for name, value in job["settings"].items():
        setattr(settings, name, value)
    try:
        share = Share(*job["share"]) if job.get("share") else None
        with scope(device=torch.device(job["device"]), share=share):
            _work(folder, job)
    except Exception as error:
        reason = str(error).strip().splitlines()
        (folder / "error").write_text(reason[0] if reason else type(error).__name__)
        raise


def _work(folder: pathlib.Path, job: dict) -> None:
    data = torch.load(folder / "data.pt", weights_only=True)
    if job["model"] is None:
        inputs = data["inputs"]
        graph = Graph(graphs.from_text(data["source"], data["constants"], inputs), job["used"])
        _publish(compiled(graph, inputs, folder), graph, job)
        return
    step, phase = _rebuilt(job, data["batch"])
    values = step.compiled.optimizer.step_values(phase)
    graph = graphs.trace(step, data["batch"], phase, len(values))
    state = [v.stored.detach().clone() for v in graphs.step_state(step.model)]
    inputs = [state[i] for i in graph.used] + _rest(state, values, data["batch"])
    library = compiled(graph, inputs, folder)
    _check(library, step, data["batch"], graph, state, values)
    _publish(library, graph, job)


def _rest(state: list, values: tuple, batch: tuple) -> list:
    return [graphs.numbers_like(state, values), *(t for t in graphs.flat_batch(batch) if t is not None)]


def _rebuilt(job: dict, batch: tuple) -> tuple[Any, tuple]:
    """The step of a model like the one that is trained, about to do a step of the phase in question.

    Raises:
        CannotCapture: the new model's state is not like the other's.
    """
    model = registry.deserialize_keras_object(job["model"])
    step = model._the_step()
    step.train(*batch)  # metrics and optimizer get their state
    if graphs.written_state(model) != job["state"]:
        raise CannotCapture("a model made from its configuration has other weights than this one")
    optimizer = model._k_compiled.optimizer
    for _ in range(10_000):
        phase = optimizer._k_phase()
        if json.loads(json.dumps(phase)) == job["phase"]:
            return step, phase
        optimizer._k_advance(phase)
    raise CannotCapture(f"the optimizer never reaches the phase {job['phase']}")


def compiled(graph: Graph, inputs: list, folder: pathlib.Path) -> pathlib.Path:
    """The library that AOTInductor makes of a graph."""
    from torch._inductor import aot_compile

    library = folder / "out" / "step.so"
    library.parent.mkdir()
    options = {"aot_inductor.output_path": str(library), "fallback_random": True}
    with torch.no_grad():
        aot_compile(graph.module, tuple(inputs), options=options)
    for table in library.parent.glob("*.wrapper.json"):  # of operations that are called through torch's dispatcher
        table.rename(library.with_suffix(".json"))
    return library


def _check(library: pathlib.Path, step: Any, batch: tuple, graph: Graph, state: list, values: tuple) -> None:
    """Compare the library's step with the eager one.

    Variables whose gradient is nothing but rounding, such as a bias in front of a batch normalization, are left out: rules
    that look at a gradient's sign make steps of it.

    Raises:
        CannotCapture: they differ.
    """
    before = [t.clone() for t in state]
    generators = graphs.seed_generators(step.model)
    opaque.use_sources(generators)
    rewind(generators)
    run = devices.library_runner(str(library), state[0].device)
    _, norms = run([*(state[i] for i in graph.used), *_rest(state, values, batch)])
    rewind(generators)
    *_, grads, variables = step.forward_backward(*batch)
    rewind(generators)
    for variable, old in zip(graphs.step_state(step.model), before):
        variable.stored.detach().copy_(old)
    step.train(*batch)
    trained = [v for g, v in zip(grads, variables) if g is not None]
    rounding = {id(v) for v, small in zip(trained, (norms < 1e-9 * norms.max()).tolist()) if small}
    rounding |= {id(slot) for v in trained if id(v) in rounding for slot in step.compiled.optimizer.slots_of(v)}
    steps = {id(v) for v in trained}
    for variable, old, ours in zip(graphs.step_state(step.model), before, state):
        wide = 0.2 if id(variable) in steps else 0.02
        if id(variable) not in rounding and not _close(variable.stored.detach(), ours, old, wide):
            raise CannotCapture(f"the compiled step gives other values for '{variable.path}' than the eager one")


def rewind(generators: list) -> None:
    """Let everything random begin anew."""
    torch.manual_seed(0)
    for generator in generators:
        generator._torch.clear()


def _close(expected: torch.Tensor, found: torch.Tensor, before: torch.Tensor, tolerance: float) -> bool:
    """Whether two results of a step agree, measured by how far the step went."""
    if not expected.is_floating_point():
        return torch.equal(expected, found)
    expected, found, before = (t.double() for t in (expected, found, before))
    error, moved = (expected - found).norm(), (expected - before).norm()
    return bool(error <= tolerance * moved + 1e-5 * expected.norm() + 1e-7) or not bool(moved.isfinite())


def _publish(library: pathlib.Path, graph: Graph, job: dict) -> None:
    """Put the library in its place; if another process was faster, leave that one's."""
    (library.parent / "meta.json").write_text(json.dumps({"used": graph.used}))
    for leftover in library.parent.iterdir():
        if leftover.suffix in (".cpp", ".h", ".o"):
            leftover.unlink()
    result = pathlib.Path(job["result"])
    result.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = pathlib.Path(f"{result}.{os.getpid()}")
    shutil.copytree(library.parent, staged)
    try:
        staged.rename(result)
    except OSError:
        shutil.rmtree(staged)


if __name__ == "__main__":
    os.umask(0o077)  # nobody else may write to what will be loaded as code
    main(sys.argv[1])
