"""What Keras 2 has for programs on their way from TensorFlow 1."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kerasish.core import random
from kerasish.core.errors import fail

_SEED = 42
_MODES = ("constant", "num_random_ops")


class DeterministicRandomTestTool:
    """Random operations whose numbers depend on how many came before them only.

    Initializers without a seed draw theirs from Python's generator, as in Keras 3.

    Args:
        seed: the global seed of what runs in ``scope``.
        mode: "constant": every operation has the seed ``operation_seed``; "num_random_ops": the first one has it, and each
            one after it the next integer.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, seed: int = _SEED, mode: str = "constant") -> None:
        if mode not in _MODES:
            raise fail(ValueError, "Mode arg must be 'constant' or 'num_random_ops'", received=mode)
        self._mode, self._seed = mode, seed
        self.operation_seed = 0
        self._observed_seeds: set[int] = set()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A block in which random operations have these seeds."""
        random.set_seed(self._seed)
        outside = random.get_seed
        random.get_seed = self._next
        try:
            yield
        finally:
            random.get_seed = outside

    def _next(self, op_seed: int | None) -> tuple[int, int]:
        """The seeds of the next operation, whatever it is given.

        Raises:
            ValueError: an operation had that one already.
        """
        own = self.operation_seed
        if self._mode == "constant":
            random.set_seed(own)
            return self._seed, own
        if own in self._observed_seeds:
            raise ValueError(
                f"This `DeterministicRandomTestTool` object is trying to re-use the already-used operation seed {own}. It "
                "cannot guarantee random numbers will match between eager and sessions when an operation seed is reused: "
                "set `operation_seed` to one that is not used."
            )
        self._observed_seeds.add(own)
        self.operation_seed += 1
        return self._seed, own
