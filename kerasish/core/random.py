"""Random numbers: TensorFlow's Philox streams, global seeds, Keras's seed generators.

The numbers are TensorFlow's own on every device (Philox 4×32-10, counter based). They are made with NumPy in chunks that
stay in the cache: about 20 ns a float32. Dropout and noise do not come from here but from torch's generators, which the
same seeds set.
"""

from __future__ import annotations

import itertools
import random as python_random
import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.context import current_path, local, on_clear_session, real_state, scope, settings, unique_name
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.errors import EmptyRangeError, fail
from kerasish.core.shape import standardize_shape
from kerasish.core.variable import Variable

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_CHUNK = 1 << 14  # blocks at a time: ten arrays of this length fit the second-level cache
_RESERVED = 256  # words TensorFlow reserves for each sample that may be rejected


def philox(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Ten rounds of Philox 4×32. ``counter``: (n, 4) words, lowest first; returns (n, 4) uint32."""
    out = np.empty(counter.shape, dtype=np.uint32)
    for start in range(0, len(counter), _CHUNK):
        c0, c1, c2, c3 = (counter[start : start + _CHUNK, i].astype(np.uint64) for i in range(4))
        k0, k1 = key
        for _ in range(10):
            p0, p1 = c0 * _M0, c2 * _M1
            c0, c1, c2, c3 = (
                (p1 >> _SHIFT) ^ c1 ^ np.uint64(k0),
                p1 & _LOW,
                (p0 >> _SHIFT) ^ c3 ^ np.uint64(k1),
                p0 & _LOW,
            )
            k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
        for i, word in enumerate((c0, c1, c2, c3)):
            out[start : start + _CHUNK, i] = word
    return out


def _words(seed: tuple[int, int]) -> list[int]:
    return [seed[0] & 0xFFFFFFFF, (seed[0] >> 32) & 0xFFFFFFFF, seed[1] & 0xFFFFFFFF, (seed[1] >> 32) & 0xFFFFFFFF]


class Stream:
    """The words of one random operation: Philox blocks at successive 128-bit counters.

    Made from the seed of a ``stateless_*`` function, two 64-bit integers; ``Stream.at`` takes key and counter as they are.
    """

    def __init__(self, seed: tuple[int, int]) -> None:
        mixed = philox(np.array([_words(seed)], dtype=np.uint32), (0x3EC8F720, 0x02461E29))[0]
        self.key = (int(mixed[0]), int(mixed[1]))
        self.start = (int(mixed[3]) << 32 | int(mixed[2])) << 64

    @classmethod
    def at(cls, key: int, counter: int) -> Stream:
        """The stream with a 64-bit key, from a 128-bit counter on."""
        stream = object.__new__(cls)
        stream.key = (key & 0xFFFFFFFF, (key >> 32) & 0xFFFFFFFF)
        stream.start = counter
        return stream

    def blocks(self, index: np.ndarray) -> np.ndarray:
        """Blocks of four words at the counters ``index`` (n,) uint64 after the first; returns (n, 4) uint32."""
        low = np.uint64(self.start & (2**64 - 1)) + index
        high = np.full(index.shape, (self.start >> 64) & (2**64 - 1), dtype=np.uint64) + (low < index)
        counter = np.stack([low & _LOW, low >> _SHIFT, high & _LOW, high >> _SHIFT], axis=-1)
        return philox(counter.astype(np.uint32), self.key)

    def take(self, count: int) -> np.ndarray:
        """The first ``count`` words."""
        return self.blocks(np.arange(-(-count // 4), dtype=np.uint64)).reshape(-1)[:count]


def _stream(seed: Any) -> Stream:
    return seed if isinstance(seed, Stream) else Stream(seed)


def _unit(words: np.ndarray) -> np.ndarray:
    """Words as float32 in [0, 1): the low 23 bits are the mantissa of a number in [1, 2), minus 1."""
    return ((words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)


def _unit_double(words: np.ndarray) -> np.ndarray:
    """Pairs of words as float64 in [0, 1): 20 low bits of the first, then all of the second."""
    first, second = words[0::2].astype(np.uint64), words[1::2].astype(np.uint64)
    bits = ((first & np.uint64(0xFFFFF)) << _SHIFT) | second | np.uint64(1023 << 52)
    return bits.view(np.float64) - 1.0


def _unit_half(words: np.ndarray) -> np.ndarray:
    """Words as float16 in [0, 1): the low 10 bits."""
    return ((words & np.uint32(0x3FF)).astype(np.uint16) | np.uint16(15 << 10)).view(np.float16) - np.float16(1)


def _unit_bfloat16(words: np.ndarray) -> np.ndarray:
    """Words as bfloat16 in [0, 1): the low 7 bits."""
    one = as_dtype("bfloat16").as_numpy_dtype(1)
    return ((words & np.uint32(0x7F)).astype(np.uint16) | np.uint16(127 << 7)).view(one.dtype) - one


def _box_muller(words: np.ndarray) -> np.ndarray:
    """Pairs of words as pairs of standard normal float32 (Box and Muller 1958): sine first."""
    u = np.maximum(_unit(words[..., 0::2]), np.float32(1e-7))
    angle = (2.0 * np.pi * _unit(words[..., 1::2]).astype(np.float64)).astype(np.float32)
    radius = np.sqrt(np.float32(-2) * np.log(u))
    out = np.empty(words.shape, dtype=np.float32)
    out[..., 0::2] = np.sin(angle) * radius
    out[..., 1::2] = np.cos(angle) * radius
    return out


def _box_muller_double(words: np.ndarray) -> np.ndarray:
    """Four words as a pair of standard normal float64."""
    u = _unit_double(words.reshape(-1))
    first, angle = np.maximum(u[0::2], 1e-7), 2.0 * np.pi * u[1::2]
    radius = np.sqrt(-2.0 * np.log(first))
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=-1)


def _truncated(stream: Stream, count: int, double: bool) -> np.ndarray:
    """Standard normals within ±2, by rejection: each group of samples has a run of counters of its own."""
    size = 2 if double else 4  # samples of a group: as many as one block gives
    groups = -(-count // size)
    out = np.empty((groups, size), dtype=np.float64 if double else np.float32)
    filled = np.zeros(groups, dtype=np.int64)
    pending = np.arange(groups, dtype=np.uint64)
    step = 0
    while len(pending):
        blocks = stream.blocks(pending * np.uint64(size * _RESERVED // 4) + np.uint64(step))
        normals = _box_muller_double(blocks) if double else _box_muller(blocks)
        for column in range(size):
            ok = np.abs(normals[:, column]) < 2
            rows = pending[ok].astype(np.int64)
            place = filled[rows]
            room = place < size
            out[rows[room], place[room]] = normals[ok, column][room]
            filled[rows[room]] += 1
        pending = pending[filled[pending.astype(np.int64)] < size]
        step += 1
    return out.reshape(-1)[:count]


def _finish(values: np.ndarray, shape: tuple, dtype: Any) -> torch.Tensor:
    values = np.asarray(values).reshape(shape)
    return devices.place([torch.from_numpy(values).to(to_torch(dtype))], devices.current())[0]


def _moved(values: np.ndarray, shape: tuple, scale: Any, shift: Any) -> np.ndarray:
    """``values`` in ``shape``, times ``scale`` plus ``shift``, which may be arrays that broadcast with it."""
    scale, shift = np.asarray(scale).astype(values.dtype), np.asarray(shift).astype(values.dtype)
    return values.reshape(shape) * scale + shift


def uniform_raw(shape: tuple, seed: Any, low: Any = 0.0, high: Any = 1.0, dtype: Any = "float32") -> torch.Tensor:
    """Uniform floats in [low, high) for a stateless seed or a stream; the limits are numbers or arrays."""
    count, kind = int(np.prod(shape)), as_dtype(dtype).name
    stream = _stream(seed)
    if kind == "float64":
        unit: np.ndarray = _unit_double(stream.take(2 * count))
    elif kind == "float16":
        unit = _unit_half(stream.take(count))
    elif kind == "bfloat16":
        unit = _unit_bfloat16(stream.take(count))
    else:
        unit = _unit(stream.take(count))
    low, high = np.asarray(low).astype(unit.dtype), np.asarray(high).astype(unit.dtype)
    values = _moved(unit, shape, high - low, low)
    return _finish(values if kind != "bfloat16" else values.astype(np.float32), values.shape, kind)


def keras_uniform_raw(shape: tuple, seed: Any, low: Any, high: Any, dtype: Any) -> torch.Tensor:
    """``uniform_raw`` as Keras calls it: limits that are plain numbers are of float32, whatever the numbers' dtype."""
    low, high = (np.float32(limit) if isinstance(limit, (int, float)) else limit for limit in (low, high))
    return uniform_raw(shape, seed, low, high, dtype)


def integers_raw(shape: tuple, seed: Any, low: int, high: int, dtype: Any = "int32") -> torch.Tensor:
    """Integers in [low, high) for a stateless seed or a stream: a word (two for 64 bits) modulo the range."""
    count, kind = int(np.prod(shape)), as_dtype(dtype)
    if high <= low:
        raise fail(EmptyRangeError, "Need minval < maxval", received=f"{low} >= {high}")
    words = _stream(seed).take(count if kind.size <= 4 else 2 * count)
    if kind.size > 4:
        wide = words[0::2].astype(np.uint64) | (words[1::2].astype(np.uint64) << _SHIFT)
    else:
        wide = words.astype(np.uint64)
    return _finish((wide % np.uint64(high - low)).astype(np.int64) + low, shape, kind)


def keras_integers_raw(shape: tuple, seed: Any, low: int, high: int, dtype: Any = "int32") -> torch.Tensor:
    """``integers_raw`` as Keras calls it: dtypes other than int32 are cast from int64, and limits to what is drawn."""
    wide = "int32" if as_dtype(dtype).name == "int32" else "int64"
    if wide == "int32":
        low, high = ((limit + 2**31) % 2**32 - 2**31 for limit in (low, high))
    return integers_raw(shape, seed, low, high, wide).to(to_torch(dtype))


def order_raw(count: int, seed: Any) -> torch.Tensor:
    """The numbers from 0 to ``count`` in the order that Keras shuffles in."""
    return uniform_raw((count,), seed).argsort(stable=True)


def normal_raw(shape: tuple, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> torch.Tensor:
    """Normal floats for a stateless seed or a stream; mean and deviation are numbers or arrays."""
    count, kind = int(np.prod(shape)), as_dtype(dtype).name
    if kind == "float64":
        values = _box_muller_double(_stream(seed).take(4 * -(-count // 2))).reshape(-1)[:count]
    else:
        values = _box_muller(_stream(seed).take(4 * -(-count // 4)))[:count]
    values = _moved(values, shape, stddev, mean)
    return _finish(values, values.shape, kind)


def truncated_raw(shape: tuple, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> torch.Tensor:
    """Normal floats within two standard deviations of the mean, for a stateless seed or a stream."""
    values = _truncated(_stream(seed), int(np.prod(shape)), as_dtype(dtype).name == "float64")
    values = _moved(values, shape, stddev, mean)
    return _finish(values, values.shape, dtype)


# seeds ----------------------------------------------------------------------------------------------------------------

_MAX_SEED = 2**31 - 1
_NO_GLOBAL_SEED = 87654321  # what TensorFlow takes for the global seed where only the operation has one


BLOCKS = 256  # counters that TensorFlow sets aside for each number, since some are drawn by rejection


class OpSeeds:
    """Where stateful random operations are: the program's, or those of one run of a dataset (``local.op_seeds``).

    Args:
        seed: of the operations that are given none, outside of graphs.
        element: the number of the element that a dataset's functions run for, where they run for several at once.
    """

    def __init__(self, seed: Any = None, element: int = 0) -> None:
        self.source = python_random.Random(seed)  # seeds of operations that are given none
        # blocks that operations with a seed of their own have drawn, by kind and seeds
        self.used: dict[tuple, int] = {}
        self.nodes: dict[tuple, int] = {}  # the same for operations of graphs
        self.told: dict[tuple, tuple] = {}  # the seeds of operations of graphs, where a program tells them
        self.element = element

    def progress(self) -> tuple:
        """How far the operations have come, for ``go_back``."""
        return self.source.getstate(), dict(self.used), dict(self.nodes)

    def go_back(self, progress: tuple) -> None:
        """Let the operations draw again what they drew since ``progress`` was asked for."""
        state, self.used, self.nodes = progress
        self.source.setstate(state)


_op_seeds = OpSeeds()


def current_op_seeds() -> OpSeeds:
    """Where stateful random operations are now."""
    return local.op_seeds or _op_seeds


find_node: Callable[[bool], tuple | None] = lambda seeded: None  # noqa: E731 - set by ``tf.nodes``, which says what it is


def set_seed(seed: float | None) -> None:
    """``tf.random.set_seed``: what random operations without a seed of their own draw from here on."""
    seed = int(seed) if hasattr(seed, "__index__") else float(seed) if isinstance(seed, np.floating) else seed
    settings.global_seed = int(seed) if isinstance(seed, float) else seed
    _op_seeds.source.seed(seed)
    _op_seeds.used.clear()
    _op_seeds.nodes.clear()
    _op_seeds.told.clear()
    if isinstance(seed, (int, float)):
        devices.seed(int(seed))


def set_random_seed(seed: int) -> None:
    """``keras.utils.set_random_seed``: seed Python's, NumPy's, TensorFlow's and torch's generators.

    Raises:
        ValueError: ``seed`` is not an integer, or not one that NumPy takes, from 0 to 2³² - 1.
    """
    if not isinstance(seed, (int, np.integer)):
        raise fail(ValueError, "Expected `seed` argument to be an integer", received=f"{seed!r} (of type {type(seed)})")
    np.random.seed(int(seed))
    python_random.seed(int(seed))
    set_seed(int(seed))
    _forget_global_generator()


def make_default_seed() -> int:
    """The seed of an initializer or layer that is given none; from Python's generator, as in Keras."""
    return python_random.randint(1, int(1e9))


def _key(first: int, second: int) -> tuple[int, int]:
    key, high = first % _MAX_SEED, second % _MAX_SEED
    return key, high or (0 if key else _MAX_SEED)  # to TensorFlow two zeros mean that there is no seed


def global_key(seed: int) -> tuple[int, int]:
    """The key, and the upper half of the counter, of an operation's seed under the global one."""
    return _key(_NO_GLOBAL_SEED if settings.global_seed is None else settings.global_seed, seed)


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """``tf.compat.v1.get_seed``: the two seeds of a random operation, the global one and its own.

    Args:
        op_seed: what the operation is given; None with a global seed: the next of those that it gives, None without.
    """
    first, second = settings.global_seed, op_seed
    if first is None and second is None:
        return None, None
    if second is None:
        node = find_node(False) if local.function is not None else None
        second = current_op_seeds().source.randint(0, _MAX_SEED) if node is None else node[2]
    first = _NO_GLOBAL_SEED if first is None else first
    return (first, second) if first or second else (0, _MAX_SEED)  # two zeros mean that there is no seed


_own_get_seed = get_seed


def op_stream(kind: str, seed: int | None, blocks: int) -> Stream:
    """The stream of one call of a stateful random operation: TensorFlow's own, given the global or the operation's seed.

    The global seed is the key, the operation's the upper half of the counter. An operation without a seed is given one by
    a generator that the global seed starts; one with a seed goes on where its last call ended. In a graph each operation goes
    on where it ended itself; see ``tf.nodes``.

    Args:
        kind: the operation and what else its kernel depends on; each has a count of its own.
        blocks: how many counters the call uses up.
    """
    if get_seed is not _own_get_seed:  # a program's own, as TensorFlow's guide to migration puts it there
        return _stream_of_given_seeds(kind, seed, blocks)
    seeds = current_op_seeds()
    node = find_node(seed is not None) if local.function is not None or local.in_dataset else None
    if node is not None and (seed is not None or node[1] is not None):
        where, first, number = node
        key, high = _key(_NO_GLOBAL_SEED if first is None else first, number if seed is None else int(seed))
        start = seeds.nodes.get((where, kind), seeds.element * blocks)
        seeds.nodes[where, kind] = start + blocks
        return Stream.at(key, (high << 64) + start)
    if seed is not None:
        return _next_stream(seeds, kind, *global_key(int(seed)), blocks)
    given = settings.global_seed is not None
    first = settings.global_seed if given else seeds.source.getrandbits(31)
    key, high = _key(first, seeds.source.randint(0, _MAX_SEED))
    return Stream.at(key, high << 64)


def _stream_of_given_seeds(kind: str, seed: int | None, blocks: int) -> Stream:
    """``op_stream`` with the seeds that a program's ``get_seed`` tells; an operation of a graph is told once."""
    seeds = current_op_seeds()
    node = find_node(seed is not None) if local.function is not None else None
    if node is None:
        first, second = get_seed(seed)
    else:
        known = seeds.told.get((node[0], kind))
        first, second = seeds.told[node[0], kind] = known or get_seed(seed)
    return _next_stream(seeds, kind, *_key(first or 0, second or 0), blocks)


def paired_stream(kind: str, seed: int, seed2: int, blocks: int) -> Stream:
    """The stream of one call of a raw operation, whose two seeds are the key and the upper half of the counter.

    Two zeros are no seed: then the numbers are others each time, whatever the global seed.
    """
    if not seed and not seed2:
        return Stream.at(secrets.randbits(64), secrets.randbits(64) << 64)
    return _next_stream(current_op_seeds(), kind, int(seed), int(seed2), blocks)


def _next_stream(seeds: OpSeeds, kind: str, key: int, high: int, blocks: int) -> Stream:
    """A stream that begins where the last one of this operation and these seeds ended."""
    start = seeds.used.get((kind, key, high), 0)
    seeds.used[kind, key, high] = start + blocks
    return Stream.at(key, (high << 64) + start)


_drawing = threading.Lock()


class SeedGenerator:
    """A source of seeds for ``keras.random`` functions: each use gives another one.

    Args:
        seed: an integer; default: drawn from Python's generator.
        name: default: ``seed_generator`` and a number.

    Raises:
        ValueError: ``seed`` is not an integer.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise fail(ValueError, f"Unrecognized keyword arguments: {sorted(kwargs)}")
        self._initial_seed = seed
        if seed is None:
            seed = make_default_seed()
        if not isinstance(seed, (int, np.integer)):
            raise fail(ValueError, "Argument `seed` must be an integer", received=repr(seed))
        self.name = name or unique_name("seed_generator")
        self.seed = int(seed)
        with real_state(), scope(device=torch.device("cpu")):  # each draw reads it
            self.state = Variable(
                torch.tensor([self.seed, 0], dtype=torch.int64),
                dtype="int64",
                trainable=False,
                autocast=False,
                name="seed_generator_state",
            )
        self.state._path = current_path(self.name, self.state.name)
        self.__setstate__({})

    def next(self, ordered: bool = True) -> Any:
        """The next seed, two integers as a Tensor."""
        return dispatch.wrap(torch.tensor(self.draw(ordered), dtype=torch.int64))

    def draw(self, ordered: bool = True) -> tuple[int, int]:
        """The next seed as two Python integers; not ordered: one of a sequence that jumps about."""
        if local.capturing is not None:
            raise NotImplementedError("numbers drawn on the host would become constants of a captured step")
        if local.tracing:
            return self.seed, 0  # for a shape, any will do
        with _drawing:  # by one thread: datasets call layers in several
            first, second = (int(v) for v in self.state.numpy())
            following = [first, second + 1] if ordered else [(v + 1) * 5387 % 933199 for v in (first, second)]
            self.state.write(torch.tensor(following, dtype=torch.int64))
        return first, second

    def torch_generator(self, device: torch.device) -> torch.Generator:
        """A torch generator with this seed, for layers whose noise need not be TensorFlow's."""
        if device not in self._torch:
            self._torch[device] = devices.generator(device)
            self._torch[device].manual_seed(self.seed)
        return self._torch[device]

    def noise(self, like: torch.Tensor, shape: Any, method: str, *parameters: float) -> torch.Tensor:
        """A tensor like another one, filled by a random method of torch's (``"normal_"``) with this seed."""
        if local.capturing is not None:
            return local.capturing.noise(self, like, shape, method, parameters)
        if is_dynamo_compiling():
            return torch.ops.kerasish.noise(like.detach(), shape, method, parameters, self._number)
        return self._noise(like, shape, method, parameters)

    def _noise(self, like: torch.Tensor, shape: Any, method: str, parameters: Sequence[float]) -> torch.Tensor:
        generator = self.torch_generator(like.device)
        empty = torch.empty(shape, dtype=like.dtype, device=generator.device)
        return getattr(empty, method)(*parameters, generator=generator).to(like.device)

    def __getstate__(self) -> dict:
        own = ("_torch", "_number")  # torch's generators cannot be copied; a copy starts anew
        return {key: value for key, value in self.__dict__.items() if key not in own}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._torch: dict[torch.device, torch.Generator] = {}
        self._number = next(_numbers)
        _by_number[self._number] = self

    def get_config(self) -> dict:
        return {"name": self.name, "seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict) -> SeedGenerator:
        return cls(**config)


# A graph cannot hold a torch.Generator, so traced layers draw by an operation that is told the SeedGenerator's number.

_numbers = itertools.count()
_by_number: weakref.WeakValueDictionary[int, SeedGenerator] = weakref.WeakValueDictionary()
_library = torch.library.Library("kerasish", "FRAGMENT")
_library.define(
    "noise(Tensor like, SymInt[] shape, str method, float[] parameters, int number) -> Tensor",
    tags=(torch.Tag.nondeterministic_seeded,),
)


def _traced_noise(
    like: torch.Tensor, shape: Any, method: str, parameters: Sequence[float], number: int
) -> torch.Tensor:
    return _by_number[number]._noise(like, shape, method, parameters)


def _shape_of_noise(like: torch.Tensor, shape: Any, *_: Any) -> torch.Tensor:
    return like.new_empty(shape)


_library.impl("noise", _traced_noise, "CompositeExplicitAutograd")
_library.impl("noise", _shape_of_noise, "Meta")


_global_generator: SeedGenerator | None = None


def global_seed_generator() -> SeedGenerator:
    """The generator behind ``keras.random`` functions that are given no seed."""
    global _global_generator
    if _global_generator is None:
        _global_generator = SeedGenerator(make_default_seed(), name="global_seed_generator")
    return _global_generator


@on_clear_session
def _forget_global_generator() -> None:
    global _global_generator
    _global_generator = None


def operations_state() -> dict[str, Any]:
    """Where operations without a generator of their own are, as plain data."""
    version, numbers, gauss = _op_seeds.source.getstate()
    used = [[list(key), blocks] for key, blocks in _op_seeds.used.items()]
    held = None if _global_generator is None else _global_generator.state.numpy().tolist()
    return {"source": [version, list(numbers), gauss], "used": used, "global": held}


def set_operations_state(state: dict[str, Any]) -> None:
    """Bring them to a state that ``operations_state`` gave."""
    version, numbers, gauss = state["source"]
    _op_seeds.source.setstate((version, tuple(numbers), gauss))
    _op_seeds.used = {tuple(key): int(blocks) for key, blocks in state["used"]}
    if state["global"] is None:
        _forget_global_generator()
    else:
        global_seed_generator().state.assign(np.array(state["global"], dtype=np.int64))


def draw_seed(seed: Any) -> tuple[int, int]:
    """The stateless seed for an argument of ``keras.random``, reduced as Keras does: an integer, a SeedGenerator or None.

    Raises:
        ValueError: something else.
    """
    first, second = draw_whole_seed(seed)
    return first % (_MAX_SEED - 1), second % (_MAX_SEED - 1)


def draw_whole_seed(seed: Any) -> tuple[int, int]:
    """The same, not reduced.

    Raises:
        ValueError: something else.
    """
    if isinstance(seed, (int, np.integer)):
        return int(seed), 0
    if isinstance(seed, SeedGenerator):
        return seed.draw()
    if seed is None:
        return global_seed_generator().draw(ordered=False)
    raise fail(
        ValueError,
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`",
        received=f"{seed!r} (of type {type(seed)})",
    )


def shape_of(shape: Any) -> tuple:
    """A shape given as ints, a list or a tensor of integers."""
    if dispatch.is_tensor(shape) or isinstance(shape, np.ndarray):
        shape = [int(v) for v in np.asarray(shape).reshape(-1)]
    return standardize_shape(shape)
