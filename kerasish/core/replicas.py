"""Several processes that compute one batch together: who they are, what part of a batch is whose, and how parts add up.

Each process has the whole model and some rows of each batch. A mean over the batch is a sum of parts: a process divides by
what all of them have, so that the sum of the parts, and of their gradients, is the mean over the whole batch, however unequal
the numbers of rows, valid time steps or weights are. Losses do so within a ``Share``.
"""

from __future__ import annotations

import functools
import itertools
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed

from kerasish.core import device as devices
from kerasish.core.context import local, settings
from kerasish.core.errors import fail

_BUCKET = 32 << 20  # bytes of gradients that are exchanged together
_HEAD = 1 << 15  # bytes of an object that go out with its size
_GRACE = 3.0  # seconds after which a lost process is told of: launchers report the error that comes first


def num_processes() -> int:
    """How many processes compute together: those of torch's process group."""
    return distributed.get_world_size() if in_group() else 1


def process_id() -> int:
    """The number of this process among them."""
    return distributed.get_rank() if in_group() else 0


def in_group() -> bool:
    """Whether this process has joined others."""
    return distributed.is_available() and distributed.is_initialized()


def together() -> bool:
    """Whether the current distribution divides batches among several processes."""
    return settings.distribution is not None and num_processes() > 1


def is_first() -> bool:
    """Whether this process is the one that prints and writes files."""
    return settings.distribution is None or process_id() == 0


def part(rows: int, number: int, processes: int) -> range:
    """Which of a batch's rows are a process's: consecutive ones, of nearly equal numbers."""
    return range(rows * number // processes, rows * (number + 1) // processes)


class Share:
    """This process's part of a batch.

    Args:
        rows: of this process. With none it computes on another's row, which counts nothing.
        total: of all processes.
        shows_whole: whether losses have the value for the whole batch, for users' code that keeps and compares them; their
            gradients are shares all the same.
    """

    __slots__ = ("rows", "shows_whole", "total")

    def __init__(self, rows: int, total: int, shows_whole: bool = False) -> None:
        self.rows, self.total, self.shows_whole = rows, total, shows_whole

    @property
    def fraction(self) -> float:
        return self.rows / self.total

    def of_mean(self, mean: torch.Tensor, fraction: Any = None) -> torch.Tensor:
        """This process's part of a mean over the batch.

        Args:
            mean: over what this process has.
            fraction: which part of all that is; default: that of the rows.
        """
        fraction = self.fraction if fraction is None else fraction
        share = mean * fraction
        return share + (self._sum(share) - share.detach()) if self.shows_whole else share

    def plain(self) -> list[int]:
        """What a compiled step takes for granted of it."""
        return [self.rows, self.total]

    def total_of(self, count: torch.Tensor) -> torch.Tensor:
        """The sum of all processes' counts, which no gradient passes."""
        return self._sum(count * bool(self.rows))

    def _sum(self, value: torch.Tensor) -> torch.Tensor:
        return _total(value)


# exchange -------------------------------------------------------------------------------------------------------------


@contextmanager
def exchange() -> Iterator[None]:
    """A block that waits for the other processes.

    Raises:
        RuntimeError: one of them is gone, or does not come.
    """
    try:
        yield
    except RuntimeError as error:
        time.sleep(_GRACE)
        raise fail(
            RuntimeError,
            f"Process {process_id()} waited for the others in vain: one of them ended, or is somewhere else",
            hint="The first error of the others is the cause. All have to make the same calls of fit, evaluate and predict.",
        ) from error


def _buckets(tensors: Sequence[torch.Tensor]) -> list[list[int]]:
    """Which tensors are exchanged together: of one dtype, and not too many bytes."""
    buckets: list[list[int]] = []
    open_buckets: dict[torch.dtype, list[int]] = {}
    sizes: dict[torch.dtype, int] = {}
    for i, t in enumerate(tensors):
        dtype, size = t.dtype, t.nbytes
        bucket = open_buckets.get(dtype)
        if bucket is None or sizes[dtype] + size > _BUCKET:
            bucket = open_buckets[dtype] = []
            buckets.append(bucket)
            sizes[dtype] = 0
        bucket.append(i)
        sizes[dtype] += size
    return buckets


def _packed(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def _unpacked(tensors: Sequence[torch.Tensor], whole: torch.Tensor) -> list[torch.Tensor]:
    return [piece.view(t.shape) for t, piece in zip(tensors, whole.split([t.numel() for t in tensors]))]


def add_up(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The sums of all processes' tensors, of those with one dtype many at a time."""
    if local.capturing is not None:
        return local.capturing.add_up(tensors)
    buckets = _buckets(tensors)
    flat = [_packed([tensors[i] for i in bucket]) for bucket in buckets]
    with exchange():
        for work in [distributed.all_reduce(whole, async_op=True) for whole in flat]:
            work.wait()
    sums: list[Any] = [None] * len(tensors)
    for bucket, whole in zip(buckets, flat):
        for i, piece in zip(bucket, _unpacked([tensors[i] for i in bucket], whole)):
            sums[i] = piece
    return sums


class EarlySums:
    """A block with a backward pass, whose gradients are added up over the processes while it still makes others.

    The exchange of a bucket begins when all its gradients are there, in one order in all processes: from the last tensor,
    whose gradient tends to come first, to the first. What fits in one would begin at the end only: it is left to ``sums``.

    Args:
        tensors: leaves, whose gradients are asked for.
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._tensors = tensors
        self._buckets: list[list[int]] = []
        if sum(t.nbytes for t in tensors) > _BUCKET:
            backwards = range(len(tensors) - 1, -1, -1)
            buckets = _buckets([tensors[i] for i in backwards])
            self._buckets = [[backwards[i] for i in bucket] for bucket in buckets]
        self._found: dict[int, torch.Tensor] = {}
        self._begun: list[tuple[torch.Tensor, Any]] = []
        self._hooks: list[Any] = []

    def __enter__(self) -> EarlySums:
        for bucket in self._buckets:
            for i in bucket:
                self._hooks.append(self._tensors[i].register_hook(functools.partial(self._arrived, i)))
        return self

    def _arrived(self, number: int, gradient: torch.Tensor) -> None:
        self._found[number] = gradient
        for bucket in self._buckets[len(self._begun) :]:
            if not all(i in self._found for i in bucket):
                return
            whole = _packed([self._found.pop(i) for i in bucket])
            with exchange():
                self._begun.append((whole, distributed.all_reduce(whole, async_op=True)))

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._found.clear()

    def sums(self, gradients: Sequence[torch.Tensor | None], others: Sequence[torch.Tensor]) -> list:
        """The gradients' sums, and after them those of other tensors; None where there is none, the same in all processes."""
        early = self._buckets[: len(self._begun)]
        late = {i: g for i, g in enumerate(gradients) if g is not None}
        for i in itertools.chain(*early):
            del late[i]
        rest = add_up([*late.values(), *others])
        sums: list[Any] = [None] * len(gradients)
        for i, total in zip(late, rest):
            sums[i] = total
        for bucket, (whole, work) in zip(early, self._begun):
            with exchange():
                work.wait()
            for i, piece in zip(bucket, _unpacked([self._tensors[i] for i in bucket], whole)):
                sums[i] = piece
        return sums + rest[len(late) :]


def combining(aggregation: Any) -> str:
    """How the processes' values of a variable become one: "sum", "mean", or "first" for the first process's value."""
    kind = str(getattr(aggregation, "value", aggregation)).lower()  # TensorFlow's are members of an enumeration
    return {"sum": "sum", "1": "sum", "mean": "mean", "2": "mean"}.get(kind, "first")


def set_as_first(tensors: Sequence[torch.Tensor]) -> None:
    """Set tensors to the first process's values: as bytes, the widest numbers first, which keeps them aligned."""
    waiting: list[torch.Tensor] = []
    size = 0
    for t in sorted(tensors, key=lambda t: -t.element_size()):
        waiting.append(t)
        size += t.nbytes
        if size > _BUCKET:
            _broadcast(waiting)
            waiting, size = [], 0
    if waiting:
        _broadcast(waiting)


def _broadcast(tensors: list[torch.Tensor]) -> None:
    whole = torch.cat([t.detach().reshape(-1).view(torch.uint8) for t in tensors])
    with exchange():
        distributed.broadcast(whole, 0)
    for t, piece in zip(tensors, whole.split([t.nbytes for t in tensors])):
        t.copy_(piece.view(t.dtype).view(t.shape))


def add_up_gradients(gradients: Sequence[torch.Tensor | None]) -> list:
    """Gradients added up over the processes; None where there is none, which has to be so in all of them."""
    sums = iter(add_up([g for g in gradients if g is not None]))
    return [None if g is None else next(sums) for g in gradients]


class AllSum(torch.autograd.Function):
    """The sum over the processes; the gradient of what all of them got is summed likewise."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        return _total(x)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        return _total(gradient)


def _total(x: torch.Tensor) -> torch.Tensor:
    if local.capturing is not None:
        return local.capturing.add_up([x])[0]
    total = x.detach().contiguous().clone()
    if in_group():  # the process that compiles a step is alone
        with exchange():
            distributed.all_reduce(total)
    return total


def from_first(value: Any) -> Any:
    """The first process's object, for all: in one exchange if it is small, with a second one for the rest if it is not."""
    first = process_id() == 0
    data = pickle.dumps(value) if first else b""
    head = _sent(len(data).to_bytes(8, "little") + data[: _HEAD - 8], _HEAD)
    size = int.from_bytes(head[:8], "little")
    body = head[8 : 8 + size]
    if size > len(body):
        body += _sent(data[len(body) :], size - len(body))
    return value if first else pickle.loads(body)


def _sent(data: bytes, size: int) -> bytes:
    """The first process's bytes."""
    block = torch.zeros(size, dtype=torch.uint8)
    if data:
        block[: len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    block = block.to(devices.current())
    with exchange():
        distributed.broadcast(block, 0)
    return block.cpu().numpy().tobytes()


def from_all(value: Any) -> list:
    """The objects of all processes, in their order."""
    found: list[Any] = [None] * num_processes()
    with exchange():
        distributed.all_gather_object(found, value)
    return found


def wait_for_all() -> None:
    """Go on when all processes are here."""
    with exchange():
        distributed.barrier()
