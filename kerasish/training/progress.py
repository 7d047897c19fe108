"""The progress line: a live bar on a terminal, whole lines elsewhere; in Keras 2's look or Keras 3's.

Keras 2, the default (``kerasish.config.set_style`` changes it):

    125/125 [==============================] - 1s 6ms/step - loss: 0.6800 - accuracy: 0.5500

Values are read from the device only when a line is drawn, at most five times a second (once in a notebook).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.messages import say

_WIDTH = 30


class Progbar:
    """A progress bar for one epoch (``keras.utils.Progbar``).

    Args:
        target: number of steps; None if it is not known.
        width: of the bar, in characters.
        verbose: 0 silent, 1 bar, 2 one line at the end.
        interval: least time between redraws, in seconds.
        stateful_metrics: names whose values are shown as given; others are averaged over the steps.
        stateless_metrics: names whose values are averaged over the steps; others are shown as given.
        unit_name: "step" or "sample".

    Raises:
        ValueError: both lists of names.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Any = None,
        stateless_metrics: Any = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise fail(ValueError, "Only one of `stateful_metrics` or `stateless_metrics` can be provided")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateless_metrics is not None else set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.live = bool(getattr(sys.stdout, "isatty", lambda: False)()) or _in_notebook()
        self._sums: dict[str, list[float]] = {}
        self._start = time.time()
        self._last_draw = 0.0
        self._seen = 0
        self._drawn = 0  # characters of the line on the terminal

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Note that ``current`` steps are done; ``values`` are pairs of name and value for the steps since the last call."""
        steps = max(current - self._seen, 1)
        done = finalize if finalize is not None else (self.target is not None and current >= self.target)
        as_given = done and settings.style == "keras3"  # there the last values are those of the whole
        for name, value in values or ():
            if as_given or self._shown_as_given(name):
                self._sums[name] = [float(value), 1.0]
            else:
                total = self._sums.setdefault(name, [0.0, 0.0])
                total[0] += float(value) * steps
                total[1] += steps
        self._seen = current
        self.draw(current, lambda: {name: s / max(n, 1.0) for name, (s, n) in self._sums.items()}, done)

    def _shown_as_given(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name not in self.stateless_metrics
        return name in self.stateful_metrics  # type: ignore[operator]

    def add(self, n: int, values: Any = None) -> None:
        """Note ``n`` more steps."""
        self.update(self._seen + n, values)

    def draw(self, current: int, read: Callable[[], dict[str, float]], done: bool) -> None:
        """Redraw if it is time; ``read`` is called for the values only then."""
        self._seen = current
        now = time.time()
        if self.verbose == 1:
            if done:
                self._write(self._line(current, now, read(), True) + "\n", current)
            elif self.live and now - self._last_draw >= self.interval:
                self._last_draw = now
                self._write(self._line(current, now, read(), False), current)
        elif self.verbose == 2 and done:
            say(self._summary_line(current, now, read()))

    def _write(self, text: str, current: int) -> None:
        if self.live:
            padding = " " * max(self._drawn - len(text.rstrip("\n")), 0)
            newline = "\n" if text.endswith("\n") else ""
            say("\r" + text.rstrip("\n") + padding + newline, line_break=False)
            self._drawn = 0 if newline else len(text)
        else:
            say(text, line_break=False)

    # looks

    def _line(self, current: int, now: float, values: dict[str, float], done: bool) -> str:
        if settings.style == "keras3":
            return self._line_3(current, now, values, done)
        elapsed = now - self._start
        if self.target is not None:
            digits = len(str(self.target))
            filled = min(int(_WIDTH * current / max(self.target, 1)), _WIDTH)
            bar = (
                "=" * filled
                if filled == _WIDTH or done
                else "=" * max(filled - 1, 0) + ">" + "." * (_WIDTH - max(filled, 1))
            )
            head = f"{current:>{digits}d}/{self.target} [{bar}]"
        else:
            head = f"{current:>7d}/Unknown"
        per_step = elapsed / max(current, 1)
        if done or self.target is None:
            timing = f"{elapsed:.0f}s {_duration(per_step)}/{self.unit_name}"
        else:
            timing = f"ETA: {_eta(per_step * (self.target - current))}"
        return f"{head} - {timing}{_values_text(values)}"

    def _line_3(self, current: int, now: float, values: dict[str, float], done: bool) -> str:
        elapsed = now - self._start
        width = self.width
        target = self.target
        if target is not None:
            filled = int(width * current / max(target, 1))
            head = f"{current:>{len(str(target))}d}/{target} {'━' * filled}{' ' * (width - filled)}"
        else:
            head = f"{current:>7d}/Unknown"
        per_step = elapsed / max(current, 1)
        if done or target is None:
            timing = f"{elapsed:.0f}s {_duration(per_step)}/{self.unit_name}"
        else:
            timing = f"{_eta(per_step * (target - current))} {_duration(per_step)}/{self.unit_name}"
        return f"{head} {timing}{_values_text(values)}"

    def _summary_line(self, current: int, now: float, values: dict[str, float]) -> str:
        elapsed = now - self._start
        steps = f"{current}/{self.target}" if self.target is not None else f"{current}/Unknown"
        per_step = _duration(elapsed / max(current, 1))
        if settings.style == "keras3":
            return f"{steps} - {elapsed:.0f}s - {per_step}/{self.unit_name}{_values_text(values)}"
        return (
            f"{steps} - {elapsed:.0f}s{_values_text(values)} - {_duration(elapsed)}/epoch - {per_step}/{self.unit_name}"
        )


def redraw_interval() -> float:
    """Seconds between the redraws of ``fit``."""
    return 1.0 if _in_notebook() else 0.2


def _values_text(values: dict[str, float]) -> str:
    return "".join(f" - {name}: {_number(value)}" for name, value in values.items())


def _number(value: float) -> str:
    """Four decimals; in exponents where those would show nothing."""
    value = float(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 or value != value else f"{value:.4e}"


def _duration(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _eta(seconds: float) -> str:
    seconds = int(seconds)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds > 60 else f"{seconds}s"


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"
