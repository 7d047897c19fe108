"""``tf.audio``: WAV files of 16 bits as tensors and back."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, missing_name
from kerasish.ops.common import whole


class DecodeWav(NamedTuple):
    """Samples in [-1, 1), (samples, channels), and how many there are in a second."""

    audio: Any
    sample_rate: Any


def _invalid(problem: str, name: str = "DecodeWav") -> InvalidArgumentError:
    return InvalidArgumentError(f"{problem} [Op:{name}]")


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The parts of a RIFF file by their names, up to the samples."""
    if len(data) < 12:
        raise _invalid("Data too short when trying to read string")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _invalid("Header mismatch: Expected RIFF and WAVE")
    found: dict[bytes, bytes] = {}
    place = 12
    while place < len(data) and b"data" not in found:
        if place + 8 > len(data):
            raise _invalid("Data too short when trying to read string")
        name, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        if place + 8 + size > len(data):
            raise _invalid("Data too short when trying to read string")
        found.setdefault(name, data[place + 8 : place + 8 + size])
        place += 8 + size + size % 2
    return found


def decode_wav(contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: str | None = None) -> Any:
    """A WAV file's bytes as float32 (samples, channels), and its sample rate.

    Args:
        contents: 16 bits for each sample, not compressed.
        desired_channels: further channels are left out, missing ones are the last one again; -1: the file's.
        desired_samples: later samples are left out, missing ones are 0; -1: the file's.

    Raises:
        InvalidArgumentError: it is not such a file, or is damaged.
    """
    given = np.asarray(dispatch.raw(contents))
    if given.ndim:
        raise _invalid(f"contents must be scalar, got shape {list(given.shape)}")
    parts = _chunks(given.item())
    if len(parts.get(b"fmt ", b"")) < 16 or b"data" not in parts:
        raise _invalid("No data chunk, or no format, found in WAV")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", parts[b"fmt "][:16])
    if kind != 1 or bits != 16 or not channels:
        raise _invalid(f"Can only read 16-bit WAV files, but received format {kind} of {bits} bits")
    samples = np.frombuffer(parts[b"data"], dtype="<i2")
    samples = samples[: len(samples) // channels * channels].reshape(-1, channels)
    audio = torch.from_numpy(samples.astype(np.float32) / 32768)
    if desired_channels >= 0 and desired_channels != channels:
        columns = torch.arange(desired_channels).clamp(max=channels - 1)
        audio = audio[:, columns]
    if desired_samples >= 0:
        audio = torch.nn.functional.pad(audio[:desired_samples], (0, 0, 0, max(desired_samples - len(audio), 0)))
    return DecodeWav(dispatch.wrap(audio), dispatch.wrap(torch.tensor(rate, dtype=torch.int32)))


def encode_wav(audio: Any, sample_rate: Any, name: str | None = None) -> Any:
    """Samples in [-1, 1], float32 (samples, channels), as a WAV file's bytes.

    Raises:
        InvalidArgumentError: another rank, or a sample rate that is not positive.
    """
    x = dispatch.raw(audio, None if dispatch.is_tensor(audio) else torch.float32)
    rate = whole(sample_rate, "sample_rate")
    if x.dtype is not torch.float32:
        raise DTypeMismatchError(
            f"cannot compute EncodeWav as input #0(zero-based) was expected to be a float tensor but is {x.dtype}"
        )
    if x.ndim != 2:
        raise _invalid(f"audio must be 2-dimensional{list(x.shape)}", "EncodeWav")
    if not 0 < rate < 2**32:
        raise _invalid(f"sample_rate must be in (0, 2^32), got: {rate}", "EncodeWav")
    values = (
        np.clip(np.round(x.detach().cpu().numpy().astype(np.float64) * 32768), -32768, 32767).astype("<i2").tobytes()
    )
    channels = x.shape[1]
    head = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    data = b"data" + struct.pack("<I", len(values)) + values
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + data
    result = np.empty((), dtype=object)
    result[()] = b"RIFF" + struct.pack("<I", len(body)) + body
    return dispatch.wrap(result)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
