"""Hashes that files rely on: values recorded from TensorFlow's hash buckets."""

from __future__ import annotations

import pytest

from kerasish.ops.hashing import fingerprint64, siphash

BUCKETS = 2**62 + 1
SIZES = (0, 1, 3, 4, 7, 8, 16, 17, 32, 33, 64, 65, 127, 128, 129, 192, 300)
FAST = (
    1936946117179621453, 550085751958558781, 50737162503519587, 74291032824012389, 3398365883158499589,
    3403648104430010918, 663651183927826902, 3125010364355856012, 3992320350721670009, 3233698670931835595,
    1859692024977922282, 444801980686921533, 1314699078308480875, 2003798058489048518, 455335815384283846,
    2449078334170002338, 3886849482814154720,
)  # fmt: skip
STRONG = (
    4000455894396949928, 815350846967364531, 1451094827129420406, 3022344890527612338, 143896633639933714,
    1545362645342024446, 2251175663895049194, 3074790914098741302, 28980956633190090, 1187363325058978205,
    2458845276316910004, 3761382048489572072, 3142853238979344498, 478356757518911084, 3509702926465317511,
    601034674374693290, 2800042445218369582,
)  # fmt: skip


def text(size):
    return bytes((i * 7 + size) % 256 for i in range(size))


@pytest.mark.parametrize(("size", "bucket"), list(zip(SIZES, FAST)))
def test_fingerprint64_is_farmhashs(size, bucket):
    assert fingerprint64(text(size)) % BUCKETS == bucket


@pytest.mark.parametrize(("size", "bucket"), list(zip(SIZES, STRONG)))
def test_siphash_is_tensorflows_strong_hash(size, bucket):
    assert siphash(text(size), (123, -5)) % BUCKETS == bucket


def test_siphash_gives_its_papers_example():
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5
