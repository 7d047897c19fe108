"""Passes: the batches of a feed, epoch by epoch, and how to go on in the middle of them."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

from kerasish.core.errors import fail
from kerasish.training.batch import Feed


class Passes:
    """The batches of a feed, epoch by epoch.

    With a number of steps, an epoch goes on where the last one stopped; where the data ends within an epoch, that epoch is
    cut short, with a warning, and the next one begins anew.

    Attributes:
        steps: batches of an epoch, None if that is not known.
        note: gives the state of the random generators; set where a run may have to be gone on with.
        needed: whether data without batches is an error.
        begun, taken, opened: how often the data was begun, the batches taken since, and what ``note`` gave then.
    """

    note: Callable[[], dict] | None = None

    def __init__(self, feed: Feed, steps: int | None = None) -> None:
        self.steps = feed.batches if steps is None else int(steps)
        self._feed = feed
        self._goes_on = steps is not None or not feed.restarts
        self._iterator: Iterator | None = None
        self._start = 0  # batches of the next epoch that were made in another run
        self._rest: Iterator | None = None  # the other ones
        self.begun = self.taken = 0
        self.needed = True
        self.opened: dict | None = None

    @property
    def divided(self) -> bool:
        return self._feed.divided

    def is_over(self) -> bool:
        """Whether there is nothing left for another epoch: of a generator that has ended."""
        if self._feed.restarts:
            return False
        self._iterator = _Peekable.of(self._open())
        return self._iterator.peek() is None

    def epoch(self, number: int = 0) -> Generator:
        """The batches of the next epoch.

        Raises:
            ValueError: there is none.
        """
        try:
            yield from self._epoch(number)
        except GeneratorExit:  # it is left before its end
            self._feed.abandon()
            raise

    def _epoch(self, number: int) -> Generator:
        goes_on = self._iterator is not None
        count, iterator = self._start, self._rest
        if not count:
            self._feed.begin_epoch()
        self._start, self._rest = 0, None
        iterator = iterator or self._open()
        while self.steps is None or count < self.steps:
            batch = next(iterator, None)
            if batch is None and count == 0 and goes_on and self._feed.restarts:  # ended where the last epoch did
                self._iterator, goes_on = None, False
                iterator = self._open()
                continue
            if batch is None:
                break
            count += 1
            self.taken += 1
            yield batch
        if not count and not self.needed:
            return
        if not count:
            raise fail(ValueError, "Expect x to be a non-empty array or dataset", hint=_NO_BATCHES)
        if self.steps is not None and count < self.steps:
            self._iterator = None if self._feed.restarts else self._iterator
            warn_end(number, count, self.steps)
        if not self._goes_on and count == self._feed.batches:
            self._feed.spare_pass()
        self._feed.end_epoch()

    def _open(self) -> Iterator:
        if not self._goes_on:
            return self._begin()
        if self._iterator is None:
            self._iterator = self._begin()
        return self._iterator

    def _begin(self) -> Iterator:
        self.begun, self.taken = self.begun + 1, 0
        if self.note is not None:
            self.opened = self.note()
        return iter(self._feed)

    # going on with another run

    def go_on(self, at: Any, restore: Callable[[dict], None]) -> None:
        """Make the next epoch the rest of the one that another run was in.

        Args:
            at: a ``resume.Position``.
            restore: sets the random generators.
        """
        feed, begun = self._feed, at.taken > 0 and (self._goes_on or at.batch > 0)
        if not at.is_here:
            self._repeat_passes(at.epoch, at.passes - begun)
        if at.batch:
            feed.begin_epoch()
        if begun and at.opened is not None and (feed.restarts or not at.is_here):
            restore(at.opened)
            self._rest = iter(feed)
            for _ in range(at.taken):
                next(self._rest, None)
            if self._goes_on:
                self._iterator = self._rest
        self._start = at.batch
        self.begun, self.taken, self.opened = at.passes, at.taken, at.opened

    def _repeat_passes(self, epochs: int, passes: int) -> None:
        """What sources do at the start and end of epochs, and when they are begun, as far as later epochs depend on it."""
        feed = self._feed
        for epoch in range(epochs):
            feed.begin_epoch()
            if epoch < passes:
                feed.skip_pass()
                if not self._goes_on:
                    feed.spare_pass()
            feed.end_epoch()
        for _ in range(epochs, passes):
            feed.skip_pass()

    def peek(self) -> Any:
        """The next batch, which stays the next one; None if there is none."""
        self._rest = rest = _Peekable.of(self._rest or self._open())
        if self._goes_on:
            self._iterator = rest
        return rest.peek()


class _Peekable(Iterator):
    """An iterator whose next item can be looked at."""

    def __init__(self, iterator: Iterator) -> None:
        self._iterator = iterator
        self._first: tuple = ()

    @classmethod
    def of(cls, iterator: Iterator) -> _Peekable:
        """The iterator itself, if it is one: one around another, epoch after epoch, would be a chain without end."""
        return iterator if isinstance(iterator, cls) else cls(iterator)

    def __next__(self) -> Any:
        if self._first:
            (item,), self._first = self._first, ()
            return item
        return next(self._iterator)

    def peek(self) -> Any:
        """The next item, which stays the next one; None if there is none."""
        if not self._first:
            self._first = tuple(itertools.islice(self._iterator, 1))
        return self._first[0] if self._first else None


_NO_BATCHES = "The data gave no batches: an array without samples, or a generator that has ended."


def warn_end(epoch: int, count: int, steps: int | None) -> None:
    after = f"{count} of {steps} steps" if steps is not None else f"{count} steps"
    warnings.warn(
        f"Your input ran out of data; interrupting training. (Epoch {epoch + 1} ended after {after}.) Make sure that your "
        "dataset or generator can generate at least `steps_per_epoch * epochs` batches. You may need to use the "
        "`.repeat()` function when building your dataset.",
        stacklevel=4,
    )
