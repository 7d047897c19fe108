"""Methods and arguments of training in Keras 1 and 2, in today's words."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import fail

# The generators' methods, with what follows the generator by position.
_FIT = """
    steps_per_epoch epochs verbose callbacks validation_data validation_steps validation_freq class_weight max_queue_size
    workers use_multiprocessing shuffle initial_epoch
""".split()
_EVALUATE = "steps callbacks max_queue_size workers use_multiprocessing verbose".split()
_RENAMED = {
    "nb_epoch": "epochs",
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
}
_IN_SAMPLES = {"samples_per_epoch": "steps_per_epoch", "nb_val_samples": "validation_steps", "val_samples": "steps"}


class OldCalls:
    """The methods that ``fit``, ``evaluate`` and ``predict`` had for generators."""

    def fit_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Keras 2's name for ``fit`` on a generator: ``(generator, steps_per_epoch, epochs, verbose, callbacks, ...)``."""
        return self.fit(generator, **_todays(generator, _FIT, args, kwargs))

    def evaluate_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Keras 2's name for ``evaluate`` on a generator: ``(generator, steps, callbacks, ...)``; silent by default."""
        return self.evaluate(generator, **{"verbose": 0, **_todays(generator, _EVALUATE, args, kwargs)})

    def predict_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Keras 2's name for ``predict`` on a generator: ``(generator, steps, callbacks, ...)``; silent by default."""
        return self.predict(generator, **{"verbose": 0, **_todays(generator, _EVALUATE, args, kwargs)})


def _todays(generator: Any, order: list[str], args: tuple, kwargs: dict) -> dict:
    """Keyword arguments of today for a call in the words of Keras 1 or 2.

    Raises:
        TypeError: too many arguments, or a number of samples where the size of a batch cannot be told.
    """
    if len(args) > len(order):
        raise fail(TypeError, "Too many arguments", f"at most {order} after the generator", f"{len(args)} of them")
    found = dict(zip(order, args))
    for name, value in kwargs.items():
        if name in _IN_SAMPLES:
            size = getattr(generator, "batch_size", None)
            if not size:
                raise fail(
                    TypeError,
                    f"`{name}` counts samples, but the size of the generator's batches is not known",
                    hint=f"Pass `{_IN_SAMPLES[name]}`, a number of batches.",
                )
            found[_IN_SAMPLES[name]] = value // size
        else:
            found[_RENAMED.get(name, name)] = value
    return found


def keras_2_workers(method: str, x: Any, kwargs: dict) -> None:
    """Keras 2's ``workers`` and its companions belong to the data set; anything else is an error."""
    if not kwargs:
        return
    for name in ("workers", "max_queue_size", "use_multiprocessing"):
        if name in kwargs:
            value = kwargs.pop(name)
            if hasattr(x, "__getitem__") and hasattr(x, "__len__") and hasattr(x, name):
                setattr(x, name, value)
    if kwargs:
        raise fail(TypeError, f"{method}() got an unexpected keyword argument '{next(iter(kwargs))}'")
