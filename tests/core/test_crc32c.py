"""The checksum of records and checkpoints."""

import numpy as np
import pytest

from kerasish.core.crc32c import crc32c, masked, unmasked


def by_bits(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [  # of RFC 3720, B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_crc32c_has_the_published_values(data, expected):
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [511, 512, 513, 4099, 20000])
def test_crc32c_of_long_data_is_that_of_its_bits(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    assert crc32c(data) == by_bits(data)
    assert crc32c(memoryview(data)[7:]) == by_bits(data[7:])


@pytest.mark.parametrize("cut", [1, 600, 700_000])
def test_crc32c_goes_on_from_what_came_before(cut):
    data = np.random.default_rng(1).integers(0, 256, 700_001, np.uint8).tobytes()
    assert crc32c(data[cut:], crc32c(data[:cut])) == crc32c(data)


def test_masked_is_undone_by_unmasked():
    assert masked(0xE3069283) == 0xC78AB0E5
    for crc in (0, 1, 0xFFFFFFFF, 0xE3069283):
        assert unmasked(masked(crc)) == crc
