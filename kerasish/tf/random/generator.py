"""``tf.random.Generator``: a source of random numbers with a state of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import UnimplementedError, fail
from kerasish.core.random import Stream, shape_of
from kerasish.core.tensor import Tensor
from kerasish.core.variable import TFVariable
from kerasish.tf.random import draws
from kerasish.tf.random.draws import BLOCKS, Algorithm, algorithm_of

_WORD = 1 << 64


def _signed(value: int) -> int:
    value %= _WORD
    return value - _WORD if value >= _WORD // 2 else value


def _size(algorithm: Algorithm) -> int:
    """The length of a state: of Philox the lower and upper half of the counter, and the key; of ThreeFry one counter."""
    return 2 if algorithm is Algorithm.THREEFRY else 3


def _state_of(seed: Any, size: int = 3) -> list[int]:
    """A seed as 64-bit integers."""
    if isinstance(seed, int):
        return [_signed(seed >> 64 * i) for i in range(size)]
    numbers = [int(v) for v in np.asarray(dispatch.raw(seed)).reshape(-1)]
    return numbers[:size] if size < 3 else ([0, 0, 0] + numbers)[-3:]


def create_rng_state(seed: Any, alg: Any) -> Tensor:
    """The state that ``Generator.from_seed(seed, alg)`` starts with."""
    return dispatch.wrap(torch.tensor(_state_of(seed, _size(algorithm_of(alg))), dtype=torch.int64))


class Generator:
    """Random numbers from a counter and a key; each call moves the counter on (``tf.random.Generator``).

    Usually made by ``from_seed`` or ``from_non_deterministic_state``.

    Args:
        copy_from: another generator, whose state is copied.
        state: three integers: the counter's halves and the key. A variable becomes the generator's own.
        alg: "philox" or "auto_select". Of "threefry", which draws no numbers without XLA, there is the state alone.

    Raises:
        ValueError: ``state`` has another shape, or an argument is missing or in excess.
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None) -> None:
        if copy_from is not None:
            if state is not None or alg is not None:
                raise fail(ValueError, "All other arguments must be None when `copy_from` is given")
            numbers, self._algorithm = copy_from._numbers(), copy_from._algorithm
        elif state is None or alg is None:
            raise fail(ValueError, "Generator needs `state` and `alg`, or `copy_from`", hint="See Generator.from_seed.")
        else:
            self._algorithm = algorithm_of(alg)
            shape, size = np.asarray(dispatch.raw(state)).shape, _size(self._algorithm)
            if shape != (size,):
                raise ValueError(f"Shapes {shape} and [{size}] are incompatible")
            numbers = _state_of(state, size)
        shared = isinstance(state, TFVariable)
        self._state = (
            state if shared else TFVariable(torch.tensor(numbers, dtype=torch.int64), trainable=False, name="StateVar")
        )

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """A generator that starts from a seed."""
        return cls(state=_state_of(seed, _size(algorithm_of(alg or "philox"))), alg=alg or "philox")

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> Generator:
        """A generator that goes on from a state."""
        return cls(state=state, alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator that starts from the system's entropy."""
        size = _size(algorithm_of(alg or "philox"))
        return cls(state=[_signed(secrets.randbits(64)) for _ in range(size)], alg=alg or "philox")

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any) -> Generator:
        """A generator with this key, whose counter (two integers, of ThreeFry one) starts here."""
        return cls(state=[*(int(v) for v in counter), int(key)], alg=alg)

    # state

    @property
    def state(self) -> TFVariable:
        return self._state

    @property
    def algorithm(self) -> int:
        return int(self._algorithm)

    @property
    def key(self) -> Tensor:
        return self._state.read_value()[-1]

    def _numbers(self) -> list[int]:
        return [int(v) for v in self._state.numpy()]

    def _set(self, numbers: Sequence[int]) -> None:
        self._state.assign(torch.tensor(list(numbers), dtype=torch.int64))

    def reset(self, state: Any) -> None:
        """Go on from another state."""
        self._set(_state_of(state, _size(self._algorithm)))

    def reset_from_seed(self, seed: Any) -> None:
        """Start anew from a seed."""
        self._set(_state_of(seed, _size(self._algorithm)))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Go on with this key and counter."""
        self._set([*(int(v) for v in counter), int(key)])

    def skip(self, delta: Any) -> Tensor:
        """Leave out ``delta`` numbers; returns the state before."""
        before = self._state.read_value()
        self._draw(int(delta) * BLOCKS)
        return before

    def _draw(self, blocks: int) -> Stream:
        """The stream from the present counter, which moves on by ``blocks``."""
        if self._algorithm is Algorithm.THREEFRY:
            raise UnimplementedError("Non-XLA devices don't support the ThreeFry algorithm.")
        low, high, key = self._numbers()
        counter = (high % _WORD) << 64 | low % _WORD
        after = counter + blocks
        self._set([_signed(after), _signed(after >> 64), key])
        return Stream.at(key % _WORD, counter)

    # numbers

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Any:
        """Normal floats."""
        return draws.normal(shape_of(shape), self._draw, mean, stddev, dtype)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Any:
        """Normal floats within two standard deviations of the mean."""
        return draws.truncated_normal(shape_of(shape), self._draw, mean, stddev, dtype)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Any:
        """Floats in [minval, maxval), [0, 1) by default, or integers."""
        return draws.uniform(shape_of(shape), self._draw, minval, maxval, dtype)

    def uniform_full_int(self, shape: Any, dtype: Any = dtypes.uint64, name: str | None = None) -> Any:
        """Integers of the dtype's whole range."""
        return draws.full_integers(shape_of(shape), self._draw, dtype)

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = dtypes.int32, name: str | None = None) -> Any:
        """Numbers of successes in ``counts`` trials."""
        return draws.binomial(shape_of(shape), self._draw, counts, probs, dtype)

    # others from this one

    def make_seeds(self, count: int = 1) -> Any:
        """``count`` seeds for stateless functions, as columns: (2, count)."""
        first = dispatch.raw(self.uniform_full_int([count], dtypes.int64))
        return dispatch.wrap(torch.stack([first, torch.zeros_like(first)]))

    def split(self, count: int = 1) -> list[Generator]:
        """``count`` generators that are independent of this one and of each other."""
        keys = np.asarray(self.uniform_full_int([count], dtypes.int64)).tolist()
        return [Generator(state=[0, 0, key], alg="philox") for key in keys]


_global_generator: Generator | None = None


def get_global_generator() -> Generator:
    """The generator of all that need one and are given none; made at the first call, from the system's entropy."""
    global _global_generator
    if _global_generator is None:
        _global_generator = Generator.from_non_deterministic_state()
    return _global_generator


def set_global_generator(generator: Generator) -> None:
    """Set what ``get_global_generator`` returns."""
    global _global_generator
    _global_generator = generator
