"""What is compiled for a model's step, and where the result is kept: jobs for ``compile_worker``, and its cache."""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from kerasish.about import VERSION
from kerasish.core import device as devices
from kerasish.core import divided, registry
from kerasish.core.context import local, settings
from kerasish.core.replicas import is_first
from kerasish.ops import opaque
from kerasish.ops.recurrent import fused_kernel
from kerasish.training import graph as graphs
from kerasish.training.graph import CannotCapture
from kerasish.training.step import Step

_SETTINGS = ("floatx", "epsilon", "image_data_format")
_KEPT = 512  # libraries in the cache
_running: dict[str, Job] = {}  # by key
_PACKAGE = pathlib.Path(__file__).parents[2]


class Library(NamedTuple):
    """A compiled step on disk."""

    folder: pathlib.Path

    @property
    def used(self) -> list[int]:
        """Which variables of ``step_state`` it takes."""
        return json.loads((self.folder / "meta.json").read_text())["used"]

    def load(self) -> Callable[[list], list]:
        """The step, as a function of a list of tensors."""
        opaque.register(fused_kernel)
        return devices.library_runner(str(self.folder / "step.so"), devices.current())


class Job:
    """A compilation, done, running or not begun.

    Attributes:
        key: of what is compiled: equal keys give equal libraries.
        swap_at: the step at which its result takes over.
    """

    def __init__(self, key: str, swap_at: int) -> None:
        self.key = key
        self.swap_at = swap_at
        self.result = cache_folder() / key[:2] / key
        self._process: subprocess.Popen | None = None
        self._folder: pathlib.Path | None = None

    @property
    def is_done(self) -> bool:
        return (self.result / "meta.json").exists()

    def run(self, description: dict, data: Any, nice: int) -> None:
        """Start the process that compiles."""
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="kerasish-compile-"))
        description = {
            **description,
            "result": str(self.result),
            "nice": nice,
            "threads": torch.get_num_threads(),
            "settings": {name: getattr(settings, name) for name in _SETTINGS},
        }
        (self._folder / "job.json").write_text(json.dumps(description))
        torch.save(data, self._folder / "data.pt")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_PACKAGE), *filter(None, sys.path)])}
        command = [sys.executable, "-m", "kerasish.training.compile_worker", str(self._folder)]
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        _running[self.key] = self
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the process, if it runs, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._folder = None
        _running.pop(self.key, None)
        atexit.unregister(self.stop)

    def _wait(self) -> None:
        try:
            self._process.wait(timeout=2)  # type: ignore[union-attr]
        except subprocess.TimeoutExpired:
            _tell()
            self._process.wait()  # type: ignore[union-attr]

    def wait(self) -> Library:
        """The library, once it is there.

        Raises:
            CannotCapture: the compilation failed.
        """
        if self._process is not None and self._folder is not None:
            self._wait()
            told = self._folder / "error"
            reason = told.read_text() if told.exists() else _last_line(self._folder / "log")
            self.stop()
            if not self.is_done:
                raise CannotCapture(reason)
            _prune()
        _check_owner(self.result)
        library = Library(self.result)
        try:
            library.load(), library.used  # noqa: B018 - whether it can
        except (RuntimeError, ValueError, KeyError, OSError) as error:  # it goes, so that the next run makes another
            shutil.rmtree(self.result, ignore_errors=True)
            raise CannotCapture(f"the library in {self.result} is damaged, and was removed") from error
        return library


def _tell() -> None:
    """One line for whoever waits in front of the screen."""
    if settings.interactive_logging and is_first():
        print(_WAITING, file=sys.stderr, flush=True)


_WAITING = (
    "Compiling the training step (jit_compile). This takes from ten seconds to a minute; "
    "the result is kept for later runs."
)


def _last_line(log: pathlib.Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"the compiler's process ended early: {lines[-1] if lines else 'it said nothing'}"


def start(step: Step, batch: tuple, phase: tuple, swap_at: int, wait: bool, only_kept: bool = False) -> Job | None:
    """A job for a step's graph, begun unless its result is there already.

    Args:
        wait: whether capture was asked for and training waits for it: then a user's code may be in the step, as it is now;
            else None is the answer.
        only_kept: whether None is the answer too where nothing is there yet.

    Raises:
        CannotCapture: the step cannot be one graph.
    """
    model = step.model
    check_capturable(step)
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++")):
        raise CannotCapture("there is no C++ compiler (g++ or clang++)")
    config = configuration(model)
    if config is None:
        return _start_traced(step, batch, phase) if wait else None
    state = graphs.written_state(model)
    kinds = graphs.written([graphs.kind(t) for t in graphs.flat_batch(batch) if t is not None])
    shape = json.dumps(batch, default=lambda t: "t")
    share = None if local.share is None else local.share.plain()
    key = _key(_anonymous(config), state, kinds, phase, shape, share)
    if key in _running:
        _running[key].swap_at = swap_at
        return _running[key]
    job = Job(key, swap_at)
    if not job.is_done:
        if only_kept:
            return None
        device = str(model.trainable_variables[0].stored.device)
        description = {"model": config, "state": state, "phase": phase, "device": device, "share": share}
        job.run(description, {"batch": batch}, nice=0 if wait else 10)
    elif settings.global_seed is None:
        job.swap_at = 0
    return job


def _start_traced(step: Step, batch: tuple, phase: tuple) -> Job:
    """The same with the graph traced here: a class of the user's exists in this process only."""
    count = len(step.compiled.optimizer.step_values(phase))
    graph = graphs.trace(step, batch, phase, count)
    variables = graphs.step_state(step.model)
    tensors = [variables[i].stored.detach() for i in graph.used]
    inputs = [*tensors, graphs.numbers_like(tensors, [0.5] * count)]
    inputs += [t for t in graphs.flat_batch(batch) if t is not None]
    kinds = graphs.written([graphs.kind(t) for t in inputs])
    source, constants = graphs.as_text(graph.module)
    values = {name: t.tolist() for name, t in constants.items()}
    # the share, too: another process may have a graph for each total, and all must know the same ones
    share = None if local.share is None else local.share.plain()
    job = Job(_key(source, graph.used, kinds, values, share), 0)
    if not job.is_done:
        description = {"model": None, "used": graph.used, "device": str(inputs[0].device)}
        job.run(description, {"source": source, "constants": constants, "inputs": inputs}, nice=0)
    return job


def check_capturable(step: Step) -> None:
    """What no graph can hold.

    Raises:
        CannotCapture: the model has it.
    """
    model, optimizer = step.model, step.compiled.optimizer
    if divided.in_use:
        raise CannotCapture("variables are divided among processes")
    if not step.trainable_variables():
        raise CannotCapture("there are no weights to train")
    if not optimizer.capturable:
        raise CannotCapture(f"{type(optimizer).__name__} decides on the host, from the gradients, what to do")
    if any(layer._k_has_hooks() for layer in model._flatten_layers()):
        raise CannotCapture("a layer has hooks")
    if any(layer._remat_mode is not None for layer in model._flatten_layers()):
        raise CannotCapture("a layer was made in a RematScope")
    if any(
        getattr(layer, "_k_network", None) is not None and layer._k_network.whole is not layer._k_network.graph
        for layer in model._flatten_layers()
    ):
        raise CannotCapture("a model was given losses from outside, which its configuration does not have")
    if model._k_overrides("compute_metrics"):
        raise CannotCapture("compute_metrics() is overridden")


def configuration(model: Any) -> dict | None:
    """The model with how it was compiled, for another process to make it again; None if a user's code is in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = json.loads(json.dumps(registry.serialize_keras_object(model)))
    except (TypeError, ValueError, NotImplementedError):
        return None
    compiled = _without(config["compile_config"], "name")
    compiled.update(jit_compile=False, steps_per_execution=1, run_eagerly=False)
    config["compile_config"] = _fixed_rate(compiled)
    return None if _has_users_code(config) else config


def _without(config: Any, key: str) -> Any:
    if isinstance(config, dict):
        return {k: _without(v, key) for k, v in config.items() if k != key}
    return [_without(v, key) for v in config] if isinstance(config, list) else config


def _fixed_rate(config: Any) -> Any:
    """Learning rates are inputs of the graph: whatever they are, the graph is the same."""
    if isinstance(config, dict):
        return {k: 0.001 if k == "learning_rate" else _fixed_rate(v) for k, v in config.items()}
    return [_fixed_rate(v) for v in config] if isinstance(config, list) else config


def _has_users_code(config: Any) -> bool:
    if isinstance(config, dict):
        if config.get("registered_name") is not None or config.get("class_name") in ("__lambda__", "function"):
            return True
        return any(_has_users_code(value) for value in config.values())
    return isinstance(config, list) and any(_has_users_code(value) for value in config)


_REFERENCES = ("name", "keras_history", "input_layers", "output_layers")


def _anonymous(config: dict) -> Any:
    """The configuration with the layers numbered, if their names do not matter: automatic ones count what else was made."""
    names: dict[str, str] = {}

    def replaced(value: Any, reference: bool) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == "DTypePolicy":  # its name says what it is
                return value
            return {k: replaced(v, k in _REFERENCES) for k, v in value.items()}
        if isinstance(value, list):
            return [replaced(v, reference) for v in value]
        if reference and isinstance(value, str):
            return names.setdefault(value, f"#{len(names)}")
        return value

    result = replaced(config, False)
    text = json.dumps(result)
    return config if any(json.dumps(name) in text for name in names) or "Muon" in text else result


def _key(*parts: Any) -> str:
    """A name for what is compiled, from all that the machine code depends on."""
    machine = [VERSION, _code(), torch.__version__, platform.machine(), torch.backends.cpu.get_cpu_capability()]
    values = [getattr(settings, name) for name in _SETTINGS]
    text = json.dumps([*parts, machine, torch.get_num_threads(), values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


@functools.cache
def _code() -> str:
    """A digest of the library's own text, on which the graphs depend."""
    digest = hashlib.sha256()
    for path in sorted((_PACKAGE / "kerasish").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# the cache ------------------------------------------------------------------------------------------------------------


def cache_folder() -> pathlib.Path:
    """``$KERASISH_CACHE``, or ``kerasish`` in the user's folder for caches; made if need be, for the user alone."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(os.environ.get("KERASISH_CACHE") or pathlib.Path(base) / "kerasish" / "steps")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _check_owner(folder: pathlib.Path) -> None:
    """A library is code: only what this user wrote, and nobody else can write, is loaded.

    Raises:
        CannotCapture: the cache is not of that kind.
    """
    for path in (cache_folder(), folder, folder / "step.so"):
        status = path.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            raise CannotCapture(f"others could have written to {path}")


def _prune() -> None:
    """Keep the cache from growing without end: the oldest libraries go."""
    libraries = sorted(cache_folder().glob("*/*/step.so"), key=lambda path: path.stat().st_mtime)
    for library in libraries[:-_KEPT]:
        shutil.rmtree(library.parent, ignore_errors=True)
