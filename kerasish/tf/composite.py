"""``tf.RaggedTensor`` as a class that programs ask ``isinstance`` about: no tensor here is one."""

from __future__ import annotations

from typing import Any, NoReturn

from kerasish.core.errors import NotServedError, fail


class _NotServed(type):
    """Refuses to make the class's objects, by its constructor and by its class methods."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise _refusal(cls.__name__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        raise _refusal(f"{cls.__name__}.{name}")


def _refusal(name: str) -> Exception:
    return fail(
        NotServedError,
        f"tf.{name}: there are no ragged tensors in kerasish yet",
        hint="Use padded tensors with a mask, or dense ones.",
    )


class RaggedTensor(metaclass=_NotServed):
    """Rows of different lengths. ``isinstance(x, tf.RaggedTensor)`` is always false here."""

    __kerasish_stub__ = True
