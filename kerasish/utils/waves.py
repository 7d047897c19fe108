"""Sounds in WAVE files: 16-bit samples, as TensorFlow decodes them."""

from __future__ import annotations

import math
import struct

import numpy as np

from kerasish.core.errors import InvalidArgumentError, fail

_PCM, _EXTENSIBLE = 1, 0xFFFE


def read_wave(data: bytes, where: str) -> tuple[np.ndarray, int]:
    """Samples, float32 (samples, channels) in [-1, 1), and their number per second.

    Raises:
        InvalidArgumentError: it is no WAVE file of 16-bit samples.
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _refused(where, "it has no WAVE header")
    position, kind = 12, None
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        chunk = data[position + 8 : position + 8 + size]
        if name == b"fmt " and len(chunk) >= 16:
            kind = struct.unpack_from("<HHIIHH", chunk)
        elif name == b"data":
            return _samples(chunk, kind, where)
        position += 8 + size + size % 2
    raise _refused(where, "it has no samples")


def _samples(chunk: bytes, kind: tuple | None, where: str) -> tuple[np.ndarray, int]:
    if kind is None:
        raise _refused(where, "its samples come before their description")
    code, channels, rate, _, _, bits = kind
    if code not in (_PCM, _EXTENSIBLE) or bits != 16 or not channels:
        raise _refused(where, f"samples of {bits} bits (format {code}) are not 16-bit integers")
    count = len(chunk) // (2 * channels)
    samples = np.frombuffer(chunk, "<i2", count * channels).reshape(count, channels)
    return samples.astype(np.float32) / np.float32(32768), rate


def _refused(where: str, why: str) -> Exception:
    return fail(InvalidArgumentError, f"The file '{where}' cannot be decoded as a WAVE file: {why}")


def fitted(samples: np.ndarray, length: int | None) -> np.ndarray:
    """Cut, or padded by zeros, to a length."""
    if length is None or length == len(samples):
        return samples
    if length < len(samples):
        return samples[:length]
    return np.concatenate([samples, np.zeros((length - len(samples), samples.shape[1]), np.float32)])


def resampled(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """The sound at another number of samples per second, by band-limited interpolation.

    A windowed sinc of 64 zero crossings; frequencies beyond half of the lower rate are left out.
    """
    if rate == new_rate or not len(samples):
        return samples
    scale = min(1.0, new_rate / rate)
    count = math.ceil(len(samples) * new_rate / rate)
    reach = 64 / scale
    places = np.arange(count) * (rate / new_rate)
    taps = np.arange(-math.ceil(reach), math.ceil(reach) + 1)
    result = np.zeros((count, samples.shape[1]))
    for start in range(0, count, 4096):
        middle = places[start : start + 4096, None]
        index = np.floor(middle).astype(np.int64) + taps
        apart = index - middle
        window = np.where(np.abs(apart) < reach, np.cos(np.pi / 2 * apart / reach) ** 2, 0)
        weights = scale * np.sinc(scale * apart) * window * ((index >= 0) & (index < len(samples)))
        result[start : start + 4096] = np.einsum("nt,ntc->nc", weights, samples[index.clip(0, len(samples) - 1)])
    return result.astype(np.float32)
