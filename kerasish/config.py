"""Process-wide settings (``keras.config``)."""

from __future__ import annotations

import warnings
from typing import Any

from kerasish.core.context import settings
from kerasish.core.dtypes import DTypePolicy, get_policy, set_default_policy, standardize
from kerasish.core.errors import fail, missing_name
from kerasish.core.registry import publish


def floatx() -> str:
    """The name of the default float dtype."""
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype: "float16", "bfloat16", "float32" or "float64".

    Raises:
        ValueError: another dtype.
    """
    accepted = ("bfloat16", "float16", "float32", "float64")
    if value not in accepted:
        raise ValueError(f"Unknown `floatx` value: {value}. Expected one of {set(accepted)}")
    settings.floatx = standardize(value)


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite."""
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set that number."""
    settings.epsilon = float(value)


def image_data_format() -> str:
    """The default layout of images: "channels_last" or "channels_first"."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default layout of images.

    Raises:
        ValueError: neither of the two.
    """
    if str(data_format).lower() not in ("channels_last", "channels_first"):
        raise ValueError(
            "The `data_format` argument must be one of {'channels_first', 'channels_last'}. "
            f"Received: data_format={data_format}"
        )
    settings.image_data_format = str(data_format).lower()


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given no dtype, in this thread."""
    return get_policy(None)


def set_dtype_policy(policy: Any) -> None:
    """Set that policy: a name ("mixed_bfloat16") or a ``DTypePolicy``."""
    set_default_policy(policy)


def backend() -> str:
    """The engine's name: "torch", unless ``kerasish.install(backend_name=...)`` says otherwise."""
    return settings.backend_name


def enable_flash_attention() -> None:
    """Let attention layers use torch's flash kernel where it fits (the default)."""
    settings.flash_attention = None


def disable_flash_attention() -> None:
    """Keep attention layers that are made from here on from it."""
    settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """False if it is disabled, None otherwise."""
    return settings.flash_attention


def enable_interactive_logging() -> None:
    """Let progress bars and messages go to the standard output (the default)."""
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Keep ``verbose="auto"`` silent."""
    settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    return settings.interactive_logging


def enable_traceback_filtering() -> None:
    """Let an error in a layer's call say what the layer was called with (the default). No frames are ever left out."""
    settings.explain_errors = True


def disable_traceback_filtering() -> None:
    """Leave errors in layers' calls as they were raised."""
    settings.explain_errors = False


def is_traceback_filtering_enabled() -> bool:
    return settings.explain_errors


def enable_unsafe_deserialization() -> None:
    """Changes nothing but warns: code of a file runs only where its reader passes ``safe_mode=False``.

    A setting of the whole process would let one file switch it for the next (CVE-2025-9906).
    """
    warnings.warn(
        "enable_unsafe_deserialization() has no effect: pass safe_mode=False to load_model() for each file whose author you "
        "trust. Models with lambdas can also be built in Python, and their weights loaded.",
        stacklevel=2,
    )


def max_epochs() -> int | None:
    """The most epochs that any ``fit`` makes; None for no limit. ``KERAS_MAX_EPOCHS`` in the environment sets it."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every ``fit``, to try a script out quickly."""
    settings.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The most steps of an epoch, an evaluation or a prediction; ``KERAS_MAX_STEPS_PER_EPOCH`` sets it."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the steps of every ``fit`` (per epoch), ``evaluate`` and ``predict``, to try a script out quickly."""
    settings.max_steps_per_epoch = max_steps_per_epoch


def is_nnx_enabled() -> bool:
    """False: NNX belongs to JAX."""
    return False


def set_backend(backend: str) -> None:
    """Set the name that ``backend()`` gives. The engine stays torch, which a warning says.

    Raises:
        ValueError: no backend of Keras's.
    """
    known = ("tensorflow", "jax", "torch", "numpy", "openvino")
    if backend not in known:
        raise ValueError(f"Available backends are {known}. Received: backend={backend}")
    if backend != "torch":
        warnings.warn(f"kerasish computes with torch; only the backend's name is '{backend}' now.", stacklevel=2)
    settings.backend_name = backend


def style() -> str:
    """The look of tables and progress bars: "keras2" or "keras3"."""
    return settings.style


def set_style(value: str) -> None:
    """Set the look of tables, progress bars and printed weights: "keras2" (the default) or "keras3".

    Raises:
        ValueError: neither of the two.
    """
    if value not in ("keras2", "keras3"):
        raise fail(ValueError, "Unknown style", "'keras2' or 'keras3'", repr(value))
    settings.style = value


__all__ = [
    "backend", "disable_flash_attention", "disable_interactive_logging", "disable_traceback_filtering", "dtype_policy",
    "enable_flash_attention", "enable_interactive_logging", "enable_traceback_filtering", "enable_unsafe_deserialization",
    "epsilon", "floatx", "image_data_format", "is_flash_attention_enabled", "is_interactive_logging_enabled",
    "is_nnx_enabled", "is_traceback_filtering_enabled", "max_epochs", "max_steps_per_epoch", "set_backend",
    "set_dtype_policy", "set_epsilon", "set_floatx", "set_image_data_format", "set_max_epochs", "set_max_steps_per_epoch",
    "set_style", "style",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
