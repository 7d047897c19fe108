"""Capture: the whole training step as one, swapped in for the eager step.

    Tiers.train(batch) → eager step, until the run pays for the capture → Captured step

Three ways, one interface. On the CPU a library is compiled (``compile_job``), by a process of its own, and kept on disk. On
CUDA devices the eager step's kernels are recorded and launched together (``Recording``); where capture was asked for, the
compiler is tried first. On XLA every step is one program anyway (``core/device``).

``compile(jit_compile=True)`` captures at once and waits; "auto" starts eager, and swaps at a step that is a function of the
model, the data's size and the settings, never of the time that something took; False never captures. What cannot be captured
goes on eagerly: with one warning if capture was asked for, without a word under "auto".

Before it is trusted, a captured step is compared with the eager one: state and all by the process that compiled it, loss and
gradients on the very batch at which it is swapped in. Before each call, what compiled code does not check itself is checked
here: shapes, dtypes, strides and devices.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import replicas, tree
from kerasish.core.context import local, settings
from kerasish.core.variable import live_tapes
from kerasish.layers.tracking import structure
from kerasish.ops import opaque
from kerasish.training import graph as graphs
from kerasish.training.compile_job import Job, Library, check_capturable, start
from kerasish.training.graph import CannotCapture
from kerasish.training.step import Step

_KINDS = 4  # of batches that one model gets compiled steps for
_RECORDED_FROM = 3  # the step from which kernels are recorded: by then libraries are loaded and memory is in use
_WORTH_A_LOOK = 500  # steps from which it is looked whether a library is there already
_HOST = torch.device("cpu")


class Captured:
    """A compiled step of one phase, for batches of one kind.

    Args:
        step: the eager step.
        library: what the compiler made, or a ``Recording``.
        batch: the tensors of an example.
        phase: of the optimizer.
    """

    def __init__(self, step: Step, library: Library | Recording, batch: list, phase: tuple) -> None:
        self._step, self._used, self._phase = step, library.used, phase
        self._run = library.load()
        self._optimizer = step.compiled.optimizer
        self._batch, self._share = [graphs.kind(t) for t in batch], _share()
        self._generators = graphs.seed_generators(step.model)
        self.look_up()
        self._known = self._tensors()
        self._state = [graphs.kind(t) for t in self._known]
        self._numbers = graphs.numbers_like(self._known, self._optimizer.step_values(phase))
        self._view = self._numbers.numpy() if self._numbers.device == _HOST else None

    def look_up(self) -> None:
        """Where the state lives; the tensors themselves are looked up at each step."""
        variables = graphs.step_state(self._step.model)
        self._variables = [variables[i] for i in self._used]
        self._places = [
            (v._owner._parameters if v._is_parameter else v._owner._buffers, v._key) for v in self._variables
        ]

    def _tensors(self) -> list:
        return [slots[key] for slots, key in self._places]

    def accepts(self, batch: list) -> bool:
        """Whether a batch is of the kind that this was compiled for."""
        return [graphs.kind(t) for t in batch] == self._batch and _share() == self._share

    def __call__(self, batch: list) -> list | None:
        """Make a step; None if the state is not of the kind that this was compiled for: then nothing was done.

        Returns:
            The loss and the squared norms of the gradients.
        """
        if live_tapes or any([v._shared for v in self._variables]):
            for variable in self._variables:
                variable.make_writable()
        tensors = self._tensors()
        if any([t is not known for t, known in zip(tensors, self._known)]):
            if [graphs.kind(t) for t in tensors] != self._state:
                return None
            self._known = tensors
        values = self._optimizer.step_values(self._phase)
        if self._view is not None:
            self._view[:] = values
        else:
            # without waiting for the device, as every step would otherwise
            self._numbers.copy_(torch.tensor(values, dtype=self._numbers.dtype), non_blocking=True)
        if self._generators:
            opaque.use_sources(self._generators)
        results = self._run([*tensors, self._numbers, *batch])
        self._optimizer._k_advance(self._phase)
        return results


def _share() -> list[int] | None:
    return None if local.share is None else local.share.plain()


class Recording:
    """A job of the second kind, always done: the eager step's kernels, recorded, with inputs at fixed places.

    Args:
        step, batch, phase: as of ``Captured``; ``batch`` is in its structure.
        swap_at: the step at which it takes over.
    """

    def __init__(self, step: Step, batch: tuple, phase: tuple, swap_at: int) -> None:
        check_capturable(step)
        self._step, self._structure, self._phase = step, batch, phase
        self.swap_at = swap_at
        self.key = f"{phase} {graphs.written([graphs.kind(t) for t in graphs.flat_batch(batch) if t is not None])}"
        self.used = list(range(len(graphs.step_state(step.model))))
        self._addresses: list[int] = []

    def wait(self) -> Recording:
        return self

    def load(self) -> Any:
        return self.run

    def run(self, tensors: list) -> list:
        """A step with this state, these numbers and this batch."""
        state, inputs = tensors[: len(self.used)], tensors[len(self.used) :]
        addresses = [t.data_ptr() for t in state]
        if addresses != self._addresses:
            self._inputs = [t.clone() for t in inputs]
            generators = [g.torch_generator(inputs[0].device) for g in graphs.seed_generators(self._step.model)]
            self._replay, self._results = devices.record(self._make, generators)
            self._addresses = addresses
        else:
            for place, value in zip(self._inputs, inputs):
                place.copy_(value, non_blocking=True)
        self._replay()
        return list(self._results)

    def _make(self) -> tuple:
        numbers, *parts = self._inputs
        rest = iter(parts)
        batch = tree.map_structure(lambda t: None if t is None else next(rest), self._structure)
        return graphs.make_step(self._step, batch, self._phase, numbers.unbind())


class Tiers:
    """Which of eager and captured makes a training step.

    Args:
        step: the eager step.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        setting = step.compiled.arguments["jit_compile"]
        self._asked = setting is True
        self._off = setting in (False, None)
        self._ready: dict[tuple, Captured] = {}  # by phase: of the kind of batch seen last
        self._jobs: dict[tuple, Job | Recording | None] = {}  # by phase and kind of batch; None: eager for good
        self._captured: dict[str, Captured] = {}  # by the job's key
        self._version = (-1, -1)
        self._count = 0  # of steps in the present call of fit
        self._idle = False  # whether that call goes on eagerly
        self._only_kept = False  # whether it is captured only if there is a library already
        self._swap_at: int | None = None
        self._whole: int | None = None  # rows below which a batch is a remainder, though it comes first

    def runner(self, steps: int | None, batch_size: int | None, fixed: bool = False) -> Callable:
        """What makes the steps of a call of ``fit``.

        Args:
            steps: how many there will be; None if that is not known.
            fixed: whether the run may be stopped and gone on with: each step then has the tier that it would have had.
        """
        self._count, self._idle, self._only_kept = 0, False, False
        device = devices.current()
        if self._off or self.step.model.run_eagerly or devices.compiles(device):
            return self.step.train
        if not self._asked:
            self._swap_at = self._when_it_pays(steps or 0, batch_size or 32, device, fixed)
        self._whole = batch_size if fixed else None
        return self.train if self._asked or self._swap_at is not None else self.step.train

    def _when_it_pays(self, steps: int, batch_size: int, device: torch.device, fixed: bool) -> int | None:
        if devices.records(device):
            return _RECORDED_FROM if steps > 10 * _RECORDED_FROM else None
        fixed = fixed or settings.global_seed is not None or torch.are_deterministic_algorithms_enabled()
        swap_at = Cost(self.step.model, batch_size).swap_at(steps, fixed) if steps >= Cost.LEAST else None
        if swap_at is None and not fixed and steps >= _WORTH_A_LOOK:
            self._only_kept, swap_at = True, 0
        return swap_at

    @property
    def captured(self) -> bool:
        """Whether the last kind of step is captured."""
        return bool(self._ready)

    def train(self, x: Any, y: Any, sample_weight: Any) -> dict | None:
        """One step, by the tier that it belongs to."""
        step = self.step
        self._count += 1
        # the first step is eager: it settles what metrics and optimizer keep
        if self._off or self._idle or not step.compiled.optimizer.built:
            return step.train(x, y, sample_weight)
        now = (structure.version, structure.trainable_version)
        if self._version != now:
            self._ready.clear()
            self._jobs.clear()
            self._version = now
        if sample_weight is None and type(x) is torch.Tensor and type(y) is torch.Tensor:
            batch = [x, y]
        else:
            batch = [t for t in tree.flatten((x, y, sample_weight)) if t is not None]
        phase = step.compiled.optimizer._k_phase()
        captured = self._ready.get(phase)
        if captured is None or not captured.accepts(batch):
            captured = self._swap_in((x, y, sample_weight), batch, phase)
            if captured is None:
                return step.train(x, y, sample_weight)
            return None
        if captured(batch) is None:
            self._ready.clear()
            return step.train(x, y, sample_weight)
        return None

    # the swap

    def _swap_in(self, whole: tuple, batch: list, phase: tuple) -> Captured | None:
        """The captured step for a new kind of batch, which it was checked with and has already made; None: not now."""
        try:
            job = self._job(whole, phase)
            if job is None or (not self._asked and self._count < job.swap_at):
                self._idle = not self._asked and not any(self._jobs.values())
                return None
            known = self._captured.get(job.key)
            captured = known or _same(lambda: Captured(self.step, job.wait(), batch, phase))
            if known is None:
                self._captured[job.key] = captured
                _same(lambda: self._check(captured, whole, batch))
            else:
                captured.look_up()
                if captured(batch) is None:
                    return None
        except _REASONS as reason:
            self._give_up(str(reason).strip().partition("\n")[0])
            return None
        self._ready[phase] = captured
        return captured

    def _job(self, whole: tuple, phase: tuple) -> Job | Recording | None:
        """What captures a kind of batch, begun if it is new; None: it is made eagerly."""
        kind = (phase, tuple(graphs.kind(t) for t in graphs.flat_batch(whole) if t is not None), str(_share()))
        if kind not in self._jobs:
            job = self._jobs[kind] = _same(lambda: self._start(whole, kind))
            if local.share is not None:
                # one step for all processes to swap at, though one may have its library already
                begins = replicas.from_all(None if job is None else job.swap_at)
                if job is not None:
                    job.swap_at = max(begin or 0 for begin in begins)
                if None in begins:
                    self._jobs[kind] = None
        return self._jobs[kind]

    def _start(self, whole: tuple, kind: tuple) -> Job | Recording | None:
        """Begin to capture, if that pays."""
        phase, kinds, _ = kind
        if len(self._jobs) >= _KINDS or self._is_remainder(kind):
            return None
        swap_at = self._swap_at or 0
        if local.share is not None and devices.records(kinds[0][-1]):
            raise CannotCapture("on this kind of device the steps of several processes are not recorded")
        if not self._asked and devices.records(kinds[0][-1]):
            return Recording(self.step, whole, phase, swap_at)
        try:
            return start(self.step, whole, phase, swap_at, self._asked, self._only_kept)
        except CannotCapture:
            if not devices.records(kinds[0][-1]):
                raise
            return Recording(self.step, whole, phase, swap_at)

    def _is_remainder(self, kind: tuple) -> bool:
        """Whether batches like this one, only longer, have been seen: the last one of an epoch is made eagerly."""

        def rest(kinds: tuple) -> list:
            return [(shape[1:], dtype, device) for shape, dtype, _, device in kinds]

        if self._whole is not None:
            rows = [shape[0] for shape, *_ in kind[1] if shape] if local.share is None else [local.share.total]
            if any(count < self._whole for count in rows):
                return True
        return any(phase == kind[0] and rest(kinds) == rest(kind[1]) for phase, kinds, _ in self._jobs)

    def _give_up(self, reason: str) -> None:
        self._off = True
        self._ready.clear()
        if self._asked or reason.startswith(_WRONG):
            warnings.warn(f"jit_compile: training goes on without a compiled step: {reason}.", stacklevel=6)

    def _check(self, captured: Captured, whole: tuple, batch: list) -> None:
        """Make the captured step, its loss and gradients compared with those of the eager one.

        Raises:
            CannotCapture: they differ.
        """
        with _as_it_was(self.step):
            expected = graphs.loss_and_norms(self.step, whole)
        found = captured(batch)
        if found is None or not _agree(expected, found):
            raise CannotCapture(f"{_WRONG} loss or gradients than the eager one (on a batch of the data)")


_REASONS = (CannotCapture, OSError, RuntimeError)  # the last two: of the cache, the process, torch's loader


def _same(make: Callable) -> Any:
    """What a function gives, unless it fails in one of the processes that compute together: then it fails in all.

    Raises:
        CannotCapture: it failed in another one.
    """
    if local.share is None:
        return make()
    result, reason = None, None
    try:
        result = make()
    except _REASONS as error:
        reason = error
    others = [words for words in replicas.from_all(None if reason is None else str(reason)) if words is not None]
    if reason is not None:
        raise reason
    if others:
        raise CannotCapture(others[0])
    return result


_WRONG = "the compiled step gives another"


def _agree(expected: tuple, found: list) -> bool:
    for e, f in zip(expected, found):
        e, f = e.double(), f.double()
        tolerance = 1e-3 if expected[0].dtype is torch.float32 else 1e-8 if expected[0].dtype is torch.float64 else 0.05
        close = (e - f).abs() <= tolerance * e.abs() + 1e-3 * tolerance * e.abs().sum() + 1e-12
        if not bool((close | (e.isnan() & f.isnan()) | (e == f)).all()):
            return False
    return True


class _as_it_was:  # noqa: N801 - read as a word: with _as_it_was(step)
    """A block after which random generators and what a forward pass changes are as they were before it."""

    def __init__(self, step: Step) -> None:
        trained = {id(v) for v in step.model.trainable_variables} | {id(v) for v in step.compiled.optimizer.variables}
        changed = [v for v in graphs.step_state(step.model) if id(v) not in trained]
        self._values = [(v, v.stored.detach().clone()) for v in changed]
        generators = [g for source in graphs.seed_generators(step.model) for g in source._torch.values()]
        self._generators = [(g, g.get_state()) for g in generators]

    def __enter__(self) -> None:
        self._random = devices.random_state()

    def __exit__(self, *error: object) -> None:
        devices.random_state(self._random)
        for generator, state in self._generators:
            generator.set_state(state)
        with torch.no_grad():
            for variable, value in self._values:
                variable.stored.copy_(value)


class Cost:
    """What a step and its compilation take, as far as that can be told from the model alone.

    Rough figures of one CPU core, the same on every machine, so that a run's swap step depends on nothing else. Capture saves
    the calls between kernels; steps that consist of convolutions or of recurrent kernels gain nothing.
    """

    LEAST = 40_000  # steps; below, no model pays

    def __init__(self, model: Any, batch_size: int) -> None:
        variables = model.trainable_variables
        heavy = {id(v) for layer in model._flatten_layers() if layer._compute_bound for v in layer._trainable_variables}
        light = sum(id(v) not in heavy for v in variables)
        size = sum(v.stored.numel() for v in variables)
        self.saved = 25e-6 * light if light > len(variables) / 2 else 0.0  # seconds a step
        self.eager = 1e-5 + 40e-6 * len(variables) + 6.0 * size * batch_size / 2e10
        self.compilation = 20.0 + 0.5 * len(variables)

    def swap_at(self, steps: int, fixed: bool) -> int | None:
        """The step from which a run of so many steps is captured; None for never.

        Args:
            fixed: whether the whole run has to be of one tier: then training waits for the compiler.
        """
        begin = 0 if fixed else round(self.compilation / self.eager)
        pays = (steps - begin) * self.saved > (3 if fixed else 2) * self.compilation
        return begin if pays else None
