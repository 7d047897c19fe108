"""What is written: numbers, histograms, images, audio, text, and any tensor."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core.context import local
from kerasish.core.errors import InvalidArgumentError, UnimplementedError, fail
from kerasish.core.tensor import convert
from kerasish.tf.summary import writer as writers
from kerasish.training import events
from kerasish.training.events import EventWriter

_SCALAR, _TENSOR, _BLOBS = 1, 2, 3  # classes of data, as TensorBoard numbers them
_WAV = b"\x10\x0b"  # a message that says that audio is encoded as WAV


def _write(
    name: str, step: Any, value: Callable[[], bytes], plugin: str, kind: int, description: str | None, **more: Any
) -> Any:
    """Write a value under a name; whether that was done."""
    step = writers.get_step() if step is None else step
    if step is None:
        raise ValueError(
            "No step set. Please specify one either through the `step` argument or through "
            "tf.summary.experimental.set_step()"
        )
    if not bool(writers.should_record_summaries()):
        return convert(False)
    tag = "/".join((*local.name_scopes, name))

    def put(file: EventWriter) -> None:
        file.value(tag, value(), plugin, int(step), kind=kind, description=description or "", **more)

    return convert(writers.state.writer.send(put))  # type: ignore[union-attr]


def _array(data: Any, dtype: Any = None) -> np.ndarray:
    return np.asarray(convert(data).numpy(), dtype)


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> Any:
    """Write a number.

    Args:
        data: a scalar.
        step: default: the default step.

    Returns:
        Whether it was written, a bool tensor.

    Raises:
        ValueError: no scalar, or no step.
        UnimplementedError: a text.
    """

    def value() -> bytes:
        number = _array(data)
        if number.ndim:
            raise fail(ValueError, "tf.summary.scalar needs a scalar", received=f"shape {number.shape}")
        if number.dtype.kind in "OSU":
            raise UnimplementedError("Cast string to float is not supported")
        return events.tensor(number.astype(np.float32))

    return _write(name, step, value, "scalars", _SCALAR, description)


def histogram(
    name: str, data: Any, step: Any = None, buckets: int | None = None, description: str | None = None
) -> Any:
    """Write how often numbers occur, in intervals of equal width.

    Args:
        data: numbers of any shape.
        buckets: how many intervals; default 30.
        step, and what is returned: as of ``scalar``.
    """

    def value() -> bytes:
        return events.tensor(events.buckets(_array(data), 30 if buckets is None else int(buckets)))

    return _write(name, step, value, "histograms", _TENSOR, description)


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: str | None = None) -> Any:
    """Write images.

    Args:
        data: (n, height, width, channels) with 1 to 4 channels; floats in [0, 1], or uint8.
        max_outputs: so many of them at most.
        step, and what is returned: as of ``scalar``.

    Raises:
        ValueError: another rank, or no step.
        InvalidArgumentError: another number of channels.
    """

    def value() -> bytes:
        pixels = _array(data)
        if pixels.ndim != 4:
            raise fail(ValueError, "tf.summary.image needs a tensor of rank 4", received=f"shape {pixels.shape}")
        if not 1 <= pixels.shape[3] <= 4:
            raise InvalidArgumentError(f"image must have 1, 2, 3, or 4 channels, got {pixels.shape[3]}")
        return events.pictures(pixels, max_outputs)

    return _write(name, step, value, "images", _BLOBS, description)


def text(name: str, data: Any, step: Any = None, description: str | None = None) -> Any:
    """Write text, in Markdown; of a tensor of strings, all of them.

    Raises:
        TypeError: no strings.
        ValueError: no step.
    """

    def value() -> bytes:
        strings = np.asarray(convert(data).numpy())
        if strings.dtype.kind not in "OSU":
            raise fail(TypeError, "tf.summary.text needs strings", received=f"dtype {strings.dtype}")
        return events.strings([_bytes(s) for s in strings.reshape(-1)], strings.shape)

    return _write(name, step, value, "text", _TENSOR, description)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def audio(
    name: str,
    data: Any,
    sample_rate: int,
    step: Any = None,
    max_outputs: int = 3,
    encoding: str | None = None,
    description: str | None = None,
) -> Any:
    """Write sounds.

    Args:
        data: (n, frames, channels), floats in [-1, 1].
        sample_rate: frames a second.
        max_outputs: so many of them at most.
        encoding: None or "wav".
        step, and what is returned: as of ``scalar``.

    Raises:
        ValueError: another rank or encoding, or no step.
    """
    if encoding not in (None, "wav"):
        raise ValueError(f"Unknown encoding: {encoding!r}")

    def value() -> bytes:
        sounds = _array(data)
        if sounds.ndim != 3:
            raise fail(ValueError, "tf.summary.audio needs a tensor of rank 3", received=f"shape {sounds.shape}")
        parts = [part for sound in sounds[: int(max_outputs)] for part in (_wav(sound, int(sample_rate)), b"")]
        return events.strings(parts, (len(parts) // 2, 2))

    return _write(name, step, value, "audio", _BLOBS, description, content=_WAV)


def _wav(sound: np.ndarray, rate: int) -> bytes:
    """(frames, channels) in [-1, 1] as a WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(sound.astype(np.float64) * 32767), -32768, 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def write(tag: str, tensor: Any, step: Any = None, metadata: Any = None, name: str | None = None) -> Any:
    """Write any tensor.

    Args:
        tag: its name, as it is.
        tensor: or a function that gives it, called only if it is written.
        metadata: a ``SummaryMetadata`` message of the package ``tensorboard``, or its bytes.
        step, and what is returned: as of ``scalar``.
    """
    raw = b"" if metadata is None else metadata if isinstance(metadata, bytes) else metadata.SerializeToString()

    def value() -> bytes:
        array = np.asarray(convert(tensor() if callable(tensor) else tensor).numpy())
        if array.dtype == object:
            return events.strings([_bytes(s) for s in array.reshape(-1)], array.shape)
        return events.tensor(array)

    return _write(tag, step, value, "", 0, None, metadata=raw)
