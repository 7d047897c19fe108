"""Automatic differentiation by TensorFlow's rules, on torch's autograd.

Torch records whatever involves a tensor that requires a gradient; TensorFlow records what happens while a tape is open, and
each tape sees only its own part. The difference is kept in three places:

- Outside a recording nothing is recorded: variables are read detached, results of earlier recordings are constants
  (``dispatch.live``, ``Variable.read``). A *recording* lasts from the first tape's opening to the last one's closing.
- A tape that was opened inside another one, or paused, saw only part of the recording: autograd nodes outside of its
  intervals (by sequence number) are cut off while its gradient is taken.
- A graph is kept only if somebody may still ask: a persistent tape, or another tape of the same recording.
"""

from __future__ import annotations

import enum
import itertools
import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import dispatch, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import local, scope
from kerasish.core.device import gradients
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable, live_tapes

_recordings = itertools.count(1)


def new_recording() -> int:
    """An identifier that no other recording has; in a traced function the same, which would else be traced anew."""
    return -2 if is_dynamo_compiling() else next(_recordings)


@contextmanager
def recording() -> Iterator[None]:
    """Torch's rule for Tensors: operations are recorded although no tape is open.

    For user code that is called with torch tensors, and for training steps that call ``backward`` themselves.
    """
    if local.recording or not torch.is_grad_enabled():
        yield
        return
    local.recording = new_recording()
    try:
        yield
    finally:
        local.recording = 0


def on_raw_tensors(function: Callable) -> Callable[..., torch.Tensor]:
    """A callable of Tensors as one of raw tensors, for library code.

    An object of ours (whose ``__call__`` is a ``dispatch.boundary``) computes on them anyway; a user's gets Tensors, and is
    recorded if torch is recording.
    """
    own = getattr(type(function).__call__, "raw", None)
    if own is not None:
        return own.__get__(function)

    def call(*tensors: torch.Tensor, **options: Any) -> Any:
        with recording():
            result = function(*(dispatch.wrap(t) for t in tensors), **options)
            # A quantizer gives two: numbers and their scale.
            return tuple(map(dispatch.raw, result)) if isinstance(result, tuple) else dispatch.raw(result)

    return call


class UnconnectedGradients(enum.Enum):
    """What ``gradient`` gives for a source that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise fail(ValueError, f"Unknown value for unconnected_gradients: {value!r}", "'none' or 'zero'")


def _warn(text: str, dtype: Any) -> None:
    """As TensorFlow does in its log, not more than five times."""
    _warned[text] = _warned.get(text, 0) + 1
    if _warned[text] <= 5:
        logging.getLogger("tensorflow").warning(text, dtype)


_warned: dict[str, int] = {}


def _weight(weight: Any, target: torch.Tensor) -> torch.Tensor:
    """What the elements of a target are weighted with, in its shape."""
    t = dispatch.raw(weight, target.dtype).to(target.dtype)
    try:
        return t.expand_as(target)
    except RuntimeError:
        shapes = f"{list(t.shape)} vs. {list(target.shape)}"
        raise InvalidArgumentError(f"Incompatible shapes: {shapes} [Op:Mul]") from None


def _differentiated(x: Any) -> Any:
    """What gradients flow through: of a ragged or sparse tensor its values."""
    return x._differentiated if isinstance(x, CompositeTensor) else x


def _recording_tapes() -> list[GradientTape]:
    """The tapes that are open; others only learn which variables a function reads (``custom_gradient``)."""
    return [tape for tape in local.tapes if isinstance(tape, GradientTape)]


class GradientTape:
    """Records operations for automatic differentiation (``tf.GradientTape``).

    Args:
        persistent: whether gradients may be asked for more than once.
        watch_accessed_variables: whether trainable variables that are read are watched; otherwise call ``watch``.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._open = False
        self._used = False
        self._clear()

    def _clear(self) -> None:
        self._recording = 0
        self._start = 0
        self._end: int | None = None
        self._inner = False  # opened while the recording was already under way
        self._pauses: list[tuple[int, int]] = []
        self._accessed: dict[int, Variable] = {}
        self._watched: dict[int, Any] = {}
        self._leaves: dict[int, list] = {}  # id of a variable -> parameters that writes took from under it
        self._settled: set[int] = set()  # variables written since the tape closed: their new leaves are not ours

    # recording

    def __enter__(self) -> GradientTape:
        self._push()
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._open:
            self._pop()

    def _push(self) -> None:
        if self._open:
            raise ValueError("Tape is still recording, This can happen if you try to re-enter an already-active tape.")
        now = torch._C._autograd._get_sequence_nr()
        outer = _recording_tapes()
        if not outer:
            local.before_tapes = (local.recording, torch.is_grad_enabled())
            local.recording = local.recording or self._recording or new_recording()  # a second entry goes on
            torch._C._set_grad_enabled(True)
        self._inner = bool(outer) and now != outer[0]._start
        if self._recording != local.recording:  # not a second entry into the same recording
            self._recording, self._start = local.recording, now
        self._open, self._end = True, None
        local.tapes = (*local.tapes, self)
        live_tapes.add(self)

    def _pop(self) -> None:
        self._open = False
        local.tapes = tuple(tape for tape in local.tapes if tape is not self)
        if _recording_tapes():
            self._end = torch._C._autograd._get_sequence_nr()  # the others go on; what they record now is not ours
        else:
            local.recording, grad_mode = local.before_tapes
            torch._C._set_grad_enabled(grad_mode)

    def note_access(self, variable: Variable) -> None:
        """Called for each read of a variable that requires a gradient while the tape is open."""
        if self._watch_accessed:
            self._accessed.setdefault(id(variable), variable)

    def keep_leaf(self, variable: Variable, leaf: torch.Tensor) -> bool:
        """Called before a write: True if this tape may have used the parameter, which it then holds on to."""
        key = id(variable)
        if key in self._settled or not self._watches(variable):
            return key not in self._settled  # an unwatched variable's value may still be part of the graph
        self._leaves.setdefault(key, []).append(leaf)
        if not self._open:
            self._settled.add(key)
        return True

    def _watches(self, variable: Variable) -> bool:
        return self._watch_accessed or id(variable) in self._watched

    def watch(self, tensor: Any) -> None:
        """Record what happens to ``tensor`` (or a structure of tensors or variables) from here on."""
        for x in map(_differentiated, tree.flatten(tensor)):
            if not dispatch.is_tensor(x):
                kind = type(x).__name__
                raise ValueError(
                    f"Passed in object {x} of type '{kind}', not tf.Tensor or tf.Variable or ExtensionType."
                )
            t = x.stored if isinstance(x, Variable) else x._t if isinstance(x, Tensor) else x
            if not (isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex())):
                _warn("The dtype of the watched tensor must be floating (e.g. tf.float32), got %r", x.dtype)
                continue
            self._watched[id(x)] = x
            if isinstance(x, Variable):
                if not t.requires_grad:
                    t.requires_grad_(True)
                    weakref.finalize(self, t.requires_grad_, False)
            elif isinstance(x, Tensor):
                if not t.requires_grad or x._recording != local.recording:
                    x._t = t.detach().requires_grad_(True)  # other Tensors with this storage are not concerned
                    x._recording = local.recording
            elif t.is_leaf:
                t.requires_grad_(True)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A block whose operations this tape does not see."""
        if not self._open and not self._recording:  # it never was
            raise RuntimeError("Trying to stop recording a tape which is not recording.")
        if not self._open:
            raise ValueError("Tape is not recording.")
        if len(local.tapes) == 1:
            with scope(recording=0, tapes=()):
                yield
            return
        start = torch._C._autograd._get_sequence_nr()
        try:
            yield
        finally:
            self._pauses.append((start, torch._C._autograd._get_sequence_nr()))

    def reset(self) -> None:
        """Forget what was recorded; an open tape goes on recording."""
        was_open = self._open
        if was_open:
            self._pop()
        self._clear()
        self._used = False
        if was_open:
            self._push()

    def watched_variables(self) -> tuple:
        """The variables read while recording, in order, and those given to ``watch``."""
        seen = dict(self._accessed)
        seen.update({key: x for key, x in self._watched.items() if isinstance(x, Variable)})
        return tuple(seen.values())

    # gradients

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: Any = "none"
    ) -> Any:
        """The derivative of the sum of ``target`` with respect to each of ``sources``, in their structure.

        Args:
            target: a tensor or a structure of them; their gradients are added.
            sources: tensors or variables, possibly nested.
            output_gradients: what to weight the elements of ``target`` with; default: ones.
            unconnected_gradients: "none" or "zero" for sources that ``target`` does not depend on.

        Raises:
            RuntimeError: a second call on a tape that is not persistent.
        """
        unconnected = UnconnectedGradients(unconnected_gradients)
        outputs, weights = self._outputs(target, output_gradients)
        given = tree.flatten(sources)
        flat = [_differentiated(source) for source in given]
        inputs = [self._inputs(source) for source in flat]
        with self._differentiating() as (create_graph, retain):
            grads = self._run(outputs, weights, [t for group in inputs for t in group], create_graph, retain)
        results, position = [], 0
        for source, group, whole in zip(flat, inputs, given, strict=True):
            parts = [g for g in grads[position : position + len(group)] if g is not None]
            position += len(group)
            found = _present(source, parts, unconnected)
            is_whole = whole is source or found is None
            results.append(found if is_whole else whole._with_differentiated(found))
        return tree.pack_as(sources, results)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = "none",
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivative of each element of ``target``: results have shape ``target.shape + source.shape``.

        Raises:
            RuntimeError: one by one (``experimental_use_pfor=False``) on a tape that is not persistent.
        """
        self._check_rows("jacobian", experimental_use_pfor)
        unconnected = UnconnectedGradients(unconnected_gradients)
        (output,), _ = self._outputs(target, None)
        flat = tree.flatten(sources)
        inputs = [self._inputs(source)[:1] for source in flat]
        with self._differentiating() as (create_graph, retain):
            rows = torch.eye(output.numel(), dtype=output.dtype, device=output.device).reshape(-1, *output.shape)
            grads = self._rows(output, rows, [t for group in inputs for t in group], create_graph, retain)
        found = iter(grads)
        results = []
        for source, group in zip(flat, inputs, strict=True):
            grad = next(found) if group else None
            if grad is not None:
                layout = getattr(source, "_layout", None)
                if layout is not None:
                    grad = torch.vmap(layout.to_logical)(grad)
                grad = grad.reshape((*output.shape, *grad.shape[1:]))
            elif unconnected is UnconnectedGradients.ZERO:
                like = dispatch.raw(source)
                grad = like.new_zeros((*output.shape, *like.shape))
            results.append(None if grad is None else dispatch.wrap(grad))
        return tree.pack_as(sources, results)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = "none",
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each sample: ``target`` (b, ...), ``source`` (b, ...) give (b, *target[1:], *source[1:]).

        Raises:
            ValueError: the batch sizes differ, or are missing.
            RuntimeError: one by one (``experimental_use_pfor=False``) on a tape that is not persistent.
        """
        self._check_rows("batch_jacobian", experimental_use_pfor)
        UnconnectedGradients(unconnected_gradients)
        (output,), _ = self._outputs(target, None)
        group = self._inputs(source)
        like = dispatch.raw(source)
        for shape in (dispatch.raw(target).shape, like.shape):
            if len(shape) < 2:
                raise ValueError(f"Shape {TensorShape(shape)} must have rank at least 2")
        if output.shape[0] != like.shape[0]:
            raise ValueError(
                f"Need first dimension of target shape ({tuple(output.shape)}) and source shape ({tuple(like.shape)}) to "
                "match."
            )
        per_sample = output.shape[1:].numel()
        with self._differentiating() as (create_graph, retain):
            rows = torch.eye(per_sample, dtype=output.dtype, device=output.device)
            rows = rows.reshape(per_sample, 1, *output.shape[1:]).expand(per_sample, *output.shape)
            grads = self._rows(output, rows, group, create_graph, retain)
        grad = grads[0] if grads else None
        if grad is None:
            return dispatch.wrap(like.new_zeros((*output.shape, *like.shape[1:])))  # whatever is asked for
        return dispatch.wrap(grad.transpose(0, 1).reshape(*output.shape, *like.shape[1:]))

    def _check_rows(self, name: str, at_once: bool) -> None:
        if not at_once and not self._persistent and not local.tracing and local.function is None:
            raise RuntimeError(
                f"GradientTape must be created with persistent=True to compute the {name} with eager execution enabled and "
                "with experimental_use_pfor set to False."
            )

    def _outputs(self, target: Any, output_gradients: Any) -> tuple[list, list]:
        """The raw targets that this recording can differentiate, and what each is weighted with."""
        targets = list(map(_differentiated, tree.flatten(target)))
        weights = tree.flatten(output_gradients)
        weights = [None] * len(targets) if output_gradients is None else list(map(_differentiated, weights))
        outputs, grads = [], []
        for y, weight in zip(targets, weights):
            if not dispatch.is_tensor(y):
                raise TypeError(
                    "Argument `target` should be a list or nested structure of Tensors, Variables or CompositeTensors to be "
                    f"differentiated, but received {y}."
                )
            t = y.stored if isinstance(y, Variable) else y._t if isinstance(y, Tensor) else dispatch.raw(y)
            if not isinstance(t, torch.Tensor) or not t.requires_grad:
                smooth = t.is_floating_point() or t.is_complex()
                t = t.detach().requires_grad_(True) if smooth else torch.zeros((), requires_grad=True)
            outputs.append(t)
            grads.append(torch.ones_like(t) if weight is None else _weight(weight, t))
        return outputs, grads

    def _inputs(self, source: Any) -> list[torch.Tensor]:
        """The raw tensors that stand for a source in the graph: several, if a variable was written while recording."""
        if isinstance(source, Variable):
            if not self._watches(source):
                return []
            leaves = list(self._leaves.get(id(source), ()))
            if id(source) not in self._settled:
                leaves.append(source.stored)
            return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
        if dispatch.is_symbolic(source) or not dispatch.is_tensor(source):
            raise fail(TypeError, "A source of a gradient must be a tensor or variable", received=f"{type(source)}")
        t = source._t if isinstance(source, Tensor) else source
        if not isinstance(t, torch.Tensor) or not t.requires_grad:
            return []
        if isinstance(source, Tensor) and t.is_leaf and id(source) not in self._watched and not self._of_everything():
            return []  # watched by another tape only
        return [t]

    def _of_everything(self) -> bool:
        """Whether it is the tape of a function that records all (``tf.gradients.Everything``)."""
        return local.function is not None and local.function.records_all and local.function.tape is self

    @contextmanager
    def _differentiating(self) -> Iterator[tuple[bool, bool]]:
        """Check that the tape may be used, close it if need be; yields (create_graph, retain_graph)."""
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if self._recording == 0:
            raise RuntimeError(
                "The tape has recorded nothing yet: use it in a 'with' block before asking for gradients."
            )
        if self._open and not self._persistent:
            self._pop()
        others = any(tape is not self and tape._recording == self._recording for tape in live_tapes)
        create_graph = local.recording != 0
        try:
            yield create_graph, self._persistent or others or create_graph
        except torch.linalg.LinAlgError as error:
            raise InvalidArgumentError(f"Input is not invertible. {error}") from None
        finally:
            self._used = True
            if not self._persistent:
                live_tapes.discard(self)
                self._leaves.clear()

    def _run(self, outputs: list, weights: list, inputs: list, create_graph: bool, retain: bool) -> list:
        if not inputs or not outputs:
            return [None] * len(inputs)
        with self._cut(outputs, inputs) as reachable:
            grads = gradients(
                outputs, inputs, weights, retain_graph=retain, create_graph=create_graph, allow_unused=True
            )
        return [g if ok else None for g, ok in zip(grads, reachable, strict=True)]

    def _rows(self, output: torch.Tensor, rows: torch.Tensor, inputs: list, create_graph: bool, retain: bool) -> list:
        """Gradients for several weightings of one output at once, stacked along a new first axis."""
        if not inputs:
            return []
        with self._cut([output], inputs) as reachable:
            options = {"create_graph": create_graph, "allow_unused": True}
            try:
                grads = torch.autograd.grad(output, inputs, rows, retain_graph=True, is_grads_batched=True, **options)
            except RuntimeError:  # an operation that vmap cannot batch: row by row
                parts = [torch.autograd.grad(output, inputs, row, retain_graph=True, **options) for row in rows]
                grads = [None if column[0] is None else torch.stack(column) for column in zip(*parts, strict=True)]
        return [g if ok else None for g, ok in zip(grads, reachable, strict=True)]

    @contextmanager
    def _cut(self, outputs: list, inputs: list) -> Iterator[list[bool]]:
        """While active, gradients stop where this tape's part of the graph ends; yields which inputs it reaches."""
        if not (self._inner or self._pauses or self._end is not None):
            yield [True] * len(inputs)
            return
        seen, border = self._walk(outputs)
        handles = [node.register_prehook(_zeros) for node in border]
        try:
            yield [_gradient_node(t) in seen for t in inputs]
        finally:
            for handle in handles:
                handle.remove()

    def _walk(self, outputs: list) -> tuple[set, list]:
        """Nodes of the graph that this tape recorded, their leaves, and the nodes just outside."""
        seen: set = set()
        border = []
        stack = [_gradient_node(t) for t in outputs]
        while stack:
            node = stack.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if not node.next_functions:
                continue  # a leaf
            if self._recorded(node._sequence_nr()):
                stack.extend(following for following, _ in node.next_functions)
            else:
                border.append(node)
        return seen, border

    def _recorded(self, number: int) -> bool:
        inside = number >= self._start and (self._end is None or number < self._end)
        return inside and not any(start <= number < stop for start, stop in self._pauses)


def _zeros(grads: tuple) -> tuple:
    return tuple(None if g is None else torch.zeros_like(g) for g in grads)


def _gradient_node(t: torch.Tensor) -> Any:
    return torch.autograd.graph.get_gradient_edge(t).node


def _present(source: Any, parts: list, unconnected: UnconnectedGradients) -> Any:
    """A source's gradient as the user sees it: logical layout, wrapped like the source."""
    if not parts:
        if unconnected is UnconnectedGradients.NONE:
            return None
        return dispatch.wrap(torch.zeros_like(dispatch.raw(source)))
    grad = parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
    if grad._is_zerotensor():  # torch's zeros without memory, which NumPy and in-place updates refuse
        grad = torch.zeros_like(grad)
    layout = getattr(source, "_layout", None)
    if layout is not None:
        grad = layout.to_logical(grad)
    return grad if isinstance(source, torch.Tensor) else dispatch.wrap(grad)
