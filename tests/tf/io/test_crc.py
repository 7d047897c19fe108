"""CRC-32C, against the published check value and a division bit by bit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.tf.io.crc import crc32c, masked


def bit_by_bit(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_the_check_value():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


@pytest.mark.parametrize("size", [1, 2047, 2048, 2049, 4096, 5000])
def test_long_texts(size):
    data = bytes(i * i % 251 for i in range(size))
    assert crc32c(data) == bit_by_bit(data)


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=64), st.integers(0, 80))
def test_any_texts(data, times):
    assert crc32c(data * times) == bit_by_bit(data * times)


def test_masks_are_those_of_records():
    assert masked((4).to_bytes(8, "little")) == int.from_bytes(b"BER\x04", "little")  # as TensorFlow wrote it
