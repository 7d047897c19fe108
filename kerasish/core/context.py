"""Ambient state: one object of process-wide settings, one thread-local of scopes.

Everything that a call does not receive as an argument lives here. Whether a model file may run code is not here:
that is an argument of the loading functions, so that nothing can switch it from afar.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


def _from_environment(name: str) -> int | None:
    return int(os.environ[name]) if os.environ.get(name) else None


class Settings:
    """What ``kerasish.config`` sets; seen by every thread."""

    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    style: str = "keras2"  # the look of tables and bars, see config.set_style
    backend_name: str = "torch"
    global_seed: int | None = None
    interactive_logging: bool = True
    run_functions_eagerly: bool = False
    flash_attention: bool | None = None  # False forbids torch's flash kernel; None: torch chooses
    explain_errors: bool = True  # whether an error in a layer's call tells what the layer was called with
    max_epochs: int | None = _from_environment("KERAS_MAX_EPOCHS")
    max_steps_per_epoch: int | None = _from_environment("KERAS_MAX_STEPS_PER_EPOCH")
    distribution: Any = None  # what keras.distribution.set_distribution was given


settings = Settings()


class _Local(threading.local):
    """Scopes of one thread. Class attributes are the defaults."""

    training: bool | None = None  # mode that an enclosing layer call was given
    recording: int = 0  # identifies the recording that ops now belong to; 0: nothing is recorded
    tapes: tuple = ()  # gradient tapes now open, outermost first
    before_tapes: tuple = (0, True)  # recording and torch's grad mode when the outermost tape was opened
    overlay: dict | None = None  # Variable -> torch.Tensor: trial state (shape tracing, StatelessScope)
    tracing: bool = False  # user code is being run on fake tensors for its shapes only
    left_out: list | None = None  # while a program is exported: what of the user code will not be part of it
    capturing: Any = None  # ops.opaque.Sites while a training step is traced into a graph
    autocast: Any = None  # torch dtype that float variables are read in
    device: Any = None  # torch.device of the innermost device scope
    in_steps: bool = False  # a loop of the library's is running, which ends the programs of devices that compile
    policy: Any = None  # default DTypePolicy
    call_layers: tuple = ()  # layers whose calls are in progress, outermost first
    direct_builds: tuple = ()  # those of them of which only ``build`` is running, called by itself
    losses: list | None = None  # collects what add_loss is given
    custom_objects: tuple = ()  # dictionaries of CustomObjectScopes, innermost last
    share_objects: bool = False  # whether serialized layers carry an identity, so that shared ones are shared again
    shared_objects: dict | None = None  # (class, identity) -> layer, while a model is made from a file
    weight_budget: list[int] | None = None  # meanwhile: one number, the bytes that new weights may still take
    safe_mode: bool | None = (
        None  # of the file or config that objects are now made from: for classes of others that ask
    )
    tracking: bool = True  # layers and models enter what is assigned to their attributes into their lists
    name_scopes: tuple = ()
    path_scopes: tuple = ()  # (how many layers were in progress, name) of Keras's name scopes, innermost last
    remat_scopes: tuple = ()  # RematScopes, innermost last
    symbolic_scope: Any = None
    stateless_scope: Any = None
    op_seeds: Any = None  # random.OpSeeds of the dataset whose functions are running
    function: Any = None  # tf.tracing.Trace of the function of tf.function that is running
    shapeless: dict | None = (
        None  # while a step's function is tried: id -> (result whose shape a graph would not know, what the program states)
    )
    in_dataset: bool = False  # such a function is running
    loops: tuple = ()  # places of the loops and branches on tensors that rewritten functions are in, outermost first
    draws: dict | None = None  # how often the call in progress of a tf.function came to its random operations
    share: Any = None  # replicas.Share of the batch that several processes compute together
    strategies: tuple = ()  # (strategy of tf.distribute, replica context or None) of the open scopes, outermost first

    def __init__(self) -> None:  # once in each thread
        # torch.compile notes which attributes an object has: they must not come and go with the first use of a scope
        self.__dict__.update({name: getattr(_Local, name) for name in _Local.__annotations__})


local = _Local()


@contextmanager
def scope(**values: Any) -> Iterator[None]:
    """Set thread-local values for a block: ``with scope(training=True): ...``."""
    before = {key: getattr(local, key) for key in values}
    for key, value in values.items():
        setattr(local, key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            setattr(local, key, value)


class ScopeName(str):
    """One of the open name scopes' names.

    Attributes:
        depth: how many layers' calls were in progress when it was opened.
        absolute: whether it stands for itself, whatever was open before.
    """

    __slots__ = ("absolute", "depth")

    def __new__(cls, name: str, absolute: bool = False) -> ScopeName:
        made = super().__new__(cls, name)
        made.depth = len(local.call_layers)
        made.absolute = absolute
        return made


def scoped_name(name: str) -> str:
    """A variable's name as Keras 2 and TensorFlow give it: after those of the open scopes, which layers' calls are, too."""
    parts: list[str] = []
    scopes = list(local.name_scopes)
    for depth in range(len(local.call_layers) + 1):
        while scopes and (getattr(scopes[0], "depth", 0) <= depth or depth == len(local.call_layers)):
            part = scopes.pop(0)
            parts = [part] if getattr(part, "absolute", False) else [*parts, part]
        if depth < len(local.call_layers):
            layer = local.call_layers[depth]
            if not any(layer is built for built in local.direct_builds):  # a build opens no scope, a call does
                parts.append(layer.name)
    return "/".join((*parts, name))


class name_scope:  # noqa: N801 - Keras's name
    """``with keras.name_scope("encoder"): ...`` — a name in the paths of what is made in the block.

    Args:
        name: without "/".
        deduplicate: if true, a scope that the same ``caller`` opened by this name is not opened once more.
        caller: the object that opens the scope.
        override_parent: a path that takes the place of those of the scopes around.

    Raises:
        ValueError: ``name`` is no string or contains "/".
    """

    def __init__(
        self, name: str, *, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        if override_parent is None and deduplicate and getattr(caller, "_path", None) is not None:
            override_parent = caller._path.rpartition("/")[0]
        self.override_parent = override_parent

    def __enter__(self) -> name_scope:
        last = local.path_scopes[-1][1] if local.path_scopes else None
        again = self.deduplicate and self.caller is not None and last is not None
        if again and last.caller is self.caller and last.name == self.name:
            self._scope: Any = nullcontext()
        else:
            path_scopes = (*local.path_scopes, (len(local.call_layers), self))
            self._scope = scope(name_scopes=(*local.name_scopes, ScopeName(self.name)), path_scopes=path_scopes)
        self._scope.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._scope.__exit__(*exception)


def current_path(*names: str, outside: Any = None) -> str:
    """Names of the layers and Keras's name scopes that are open, outermost first, and ``names``, joined by "/".

    Args:
        names: to be added.
        outside: a layer: what was opened before it.
    """
    layers = [layer for layer in local.call_layers if layer is not outside]
    parts: list[str] = []
    for depth in range(len(layers) + 1):
        for at, scope in local.path_scopes:
            if min(at, len(layers)) == depth:
                parts = [*(parts if scope.override_parent is None else [scope.override_parent]), scope.name]
        if depth < len(layers):  # what has a place of its own brings its whole path
            path = getattr(layers[depth], "_path", None)
            parts = [path] if path else [*parts, layers[depth].name]
    return "/".join(part for part in (*parts, *names) if part)


# names ---------------------------------------------------------------------------------------------------------

_name_counts: dict[str, int] = {}
_on_clear: list[Callable[[], None]] = []


def unique_name(base: str) -> str:
    """``dense``, ``dense_1``, ``dense_2``, ... for successive calls with ``dense``."""
    count = _name_counts.get(base, 0)
    _name_counts[base] = count + 1
    return f"{base}_{count}" if count else base


def asks_for_keras_2() -> bool:
    """Whether the program says that it is one for Keras 2: by ``TF_USE_LEGACY_KERAS``, or ``import tf_keras``."""
    return "tf_keras" in sys.modules or legacy_by_name()


def legacy_by_name() -> bool:
    """Whether the program's environment makes ``tf.keras`` Keras 2."""
    return os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")


def snake_case(name: str) -> str:
    """``BatchNormalization`` → ``batch_normalization``, ``LSTM`` → ``lstm``, ``Conv2D`` → ``conv2d``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic_name(cls: type) -> str:
    """A name for an object that was given none: from its class's, numbered."""
    name = snake_case(cls.__name__)
    return unique_name("model" if name == "functional" and asks_for_keras_2() else name)


def on_clear_session(action: Callable[[], None]) -> Callable[[], None]:
    """Register what ``keras.backend.clear_session`` also has to reset."""
    _on_clear.append(action)
    return action


def clear_session(free_memory: bool = True) -> None:
    """Forget the counters behind automatic names (``keras.backend.clear_session``).

    Args:
        free_memory: whether Python's garbage collection is run, which frees models that refer to themselves.
    """
    _name_counts.clear()
    for action in _on_clear:
        action()
    if free_memory:
        gc.collect()


def get_uid(prefix: str = "") -> int:
    """1, 2, 3, ... for successive calls with the same prefix (``keras.backend.get_uid``)."""
    _name_counts[prefix] = _name_counts.get(prefix, 0) + 1
    return _name_counts[prefix]


class real_state:  # noqa: N801 - reads as a block's description
    """A block that creates weights for real, though fake tensors may be being traced around it."""

    def __enter__(self) -> None:
        device = None if local.device is not None and local.device.type == "meta" else local.device
        self._stack = [scope(overlay=None, tracing=False, recording=0, tapes=(), autocast=None, device=device)]
        if local.tracing:
            from torch._subclasses.fake_tensor import unset_fake_temporarily

            self._stack.append(unset_fake_temporarily())
        for context in self._stack:
            context.__enter__()

    def __exit__(self, *exception: Any) -> None:
        for context in reversed(self._stack):
            context.__exit__(*exception)
