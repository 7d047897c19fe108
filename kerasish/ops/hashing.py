"""Hashes of byte strings that files and programs rely on: FarmHash's 64-bit fingerprint and SipHash-2-4.

Both are published algorithms (FarmHash: Geoff Pike 2014; SipHash: Aumasson and Bernstein 2012); integers are 64 bits wide
and little-endian.
"""

from __future__ import annotations

import struct

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _rotated(value: int, right: int) -> int:
    return ((value >> right) | (value << (64 - right))) & _MASK


def _word(text: bytes, place: int) -> int:
    return struct.unpack_from("<Q", text, place)[0]


def _mixed(value: int) -> int:
    return value ^ (value >> 47)


def _joined(u: int, v: int, factor: int) -> int:
    """Two words hashed to one."""
    a = _mixed(((u ^ v) * factor) & _MASK)
    b = _mixed(((v ^ a) * factor) & _MASK)
    return (b * factor) & _MASK


def _short(text: bytes) -> int:
    """The fingerprint of up to 16 bytes."""
    n = len(text)
    factor = (_K2 + 2 * n) & _MASK
    if n >= 8:
        a, b = (_word(text, 0) + _K2) & _MASK, _word(text, n - 8)
        c = (_rotated(b, 37) * factor + a) & _MASK
        d = ((_rotated(a, 25) + b) * factor) & _MASK
        return _joined(c, d, factor)
    if n >= 4:
        first, last = struct.unpack_from("<I", text, 0)[0], struct.unpack_from("<I", text, n - 4)[0]
        return _joined(n + (first << 3), last, factor)
    if n:
        y, z = text[0] + (text[n >> 1] << 8), n + (text[n - 1] << 2)
        return (_mixed((y * _K2 ^ z * _K0) & _MASK) * _K2) & _MASK
    return _K2


def _medium(text: bytes) -> int:
    """The fingerprint of 17 to 64 bytes."""
    n = len(text)
    factor = (_K2 + 2 * n) & _MASK
    a, b = (_word(text, 0) * (_K1 if n <= 32 else _K2)) & _MASK, _word(text, 8)
    c, d = (_word(text, n - 8) * factor) & _MASK, (_word(text, n - 16) * _K2) & _MASK
    y = (_rotated((a + b) & _MASK, 43) + _rotated(c, 30) + d) & _MASK
    z = (a + _rotated((b + _K2) & _MASK, 18) + c) & _MASK
    if n <= 32:
        return _joined(y, z, factor)
    z = _joined(y, z, factor)
    e, f = (_word(text, 16) * factor) & _MASK, _word(text, 24)
    g, h = ((y + _word(text, n - 32)) * factor) & _MASK, ((z + _word(text, n - 24)) * factor) & _MASK
    return _joined(
        (_rotated((e + f) & _MASK, 43) + _rotated(g, 30) + h) & _MASK,
        (e + _rotated((f + a) & _MASK, 18) + g) & _MASK,
        factor,
    )


def _block(text: bytes, place: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes and two seeds hashed to two words."""
    w, x, y, z = struct.unpack_from("<4Q", text, place)
    a = (a + w) & _MASK
    b = _rotated((b + a + z) & _MASK, 21)
    c = a
    a = (a + x + y) & _MASK
    b = (b + _rotated(a, 44)) & _MASK
    return (a + z) & _MASK, (b + c) & _MASK


class _State:
    """The seven words that hashing more than 64 bytes carries along."""

    def __init__(self) -> None:
        self.x, self.y = 81, (81 * _K1 + 113) & _MASK
        self.z = (_mixed((self.y * _K2 + 113) & _MASK) * _K2) & _MASK
        self.v, self.w = (0, 0), (0, 0)

    def take(self, text: bytes, place: int, factor: int, weight: int) -> None:
        """Take in 64 bytes."""
        v, w = self.v, self.w
        x = (_rotated((self.x + self.y + v[0] + _word(text, place + 8)) & _MASK, 37) * factor) & _MASK
        y = (_rotated((self.y + v[1] + _word(text, place + 48)) & _MASK, 42) * factor) & _MASK
        x ^= (w[1] * weight) & _MASK
        y = (y + v[0] * weight + _word(text, place + 40)) & _MASK
        z = (_rotated((self.z + w[0]) & _MASK, 33) * factor) & _MASK
        self.v = _block(text, place, (v[1] * factor) & _MASK, (x + w[0]) & _MASK)
        self.w = _block(text, place + 32, (z + w[1]) & _MASK, (y + _word(text, place + 16)) & _MASK)
        self.x, self.y, self.z = z, y, x


def fingerprint64(text: bytes) -> int:
    """FarmHash's fingerprint."""
    n = len(text)
    if n <= 16:
        return _short(text)
    if n <= 64:
        return _medium(text)
    state = _State()
    state.x = (state.x * _K2 + _word(text, 0)) & _MASK
    rest = (n - 1) & 63
    for place in range(0, n - 1 - rest, 64):
        state.take(text, place, _K1, 1)
    factor = (_K1 + ((state.z & 0xFF) << 1)) & _MASK
    w = (state.w[0] + rest) & _MASK
    v = (state.v[0] + w) & _MASK
    state.v, state.w = (v, state.v[1]), ((w + v) & _MASK, state.w[1])
    state.take(text, n - 64, factor, 9)
    first = (_joined(state.v[0], state.w[0], factor) + _mixed(state.y) * _K0 + state.z) & _MASK
    second = (_joined(state.v[1], state.w[1], factor) + state.x) & _MASK
    return _joined(first, second, factor)


def siphash(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 with a key of two words."""
    first, second = (k & _MASK for k in key)
    v = [
        first ^ 0x736F6D6570736575, second ^ 0x646F72616E646F6D, first ^ 0x6C7967656E657261, second ^ 0x7465646279746573,
    ]  # fmt: skip

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) & _MASK
            v[1] = _rotated(v[1], 51) ^ v[0]
            v[0] = _rotated(v[0], 32)
            v[2] = (v[2] + v[3]) & _MASK
            v[3] = _rotated(v[3], 48) ^ v[2]
            v[0] = (v[0] + v[3]) & _MASK
            v[3] = _rotated(v[3], 43) ^ v[0]
            v[2] = (v[2] + v[1]) & _MASK
            v[1] = _rotated(v[1], 47) ^ v[2]
            v[2] = _rotated(v[2], 32)

    whole = len(text) - len(text) % 8
    last = int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56
    for word in [*struct.unpack(f"<{whole // 8}Q", text[:whole]), last]:
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


_PAIR = 0xC6A4A7935BD1E995


def fingerprint_pair(first: int, second: int) -> int:
    """Two fingerprints (words of 64 bits) hashed to one, as TensorFlow joins those of crossed features."""
    word = first ^ _PAIR ^ ((_mixed((second * _PAIR) & _MASK) * _PAIR) & _MASK)
    return _mixed((_mixed((word * _PAIR) & _MASK) * _PAIR) & _MASK)


def murmur64(text: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """MurmurHash64A of a text, with TensorFlow's seed: its ``Hash64``."""
    word = seed ^ ((len(text) * _PAIR) & _MASK)
    whole = len(text) // 8 * 8
    for at in range(0, whole, 8):
        k = (int.from_bytes(text[at : at + 8], "little") * _PAIR) & _MASK
        k = ((k ^ (k >> 47)) * _PAIR) & _MASK
        word = ((word ^ k) * _PAIR) & _MASK
    if whole < len(text):
        word = ((word ^ int.from_bytes(text[whole:], "little")) * _PAIR) & _MASK
    word = ((word ^ (word >> 47)) * _PAIR) & _MASK
    return word ^ (word >> 47)
