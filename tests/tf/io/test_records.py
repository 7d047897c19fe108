"""TFRecord files: bytes that TensorFlow wrote, damage, compression."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.core.crc32c import crc32c, masked
from kerasish.tf.errors import DataLossError

REC0 = b"\x04\x00\x00\x00\x00\x00\x00\x00BER\x04rec0Z\xe2\xa4\xd9"


def written(path, contents, options=None):
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for content in contents:
            writer.write(content)
    return str(path)


def read(path, compression=None):
    return [record.numpy() for record in tf.data.TFRecordDataset(path, compression)]


def test_bytes_are_tensorflows(tmp_path):
    written(tmp_path / "a", [b"rec0"])
    assert (tmp_path / "a").read_bytes() == REC0


@pytest.mark.parametrize("kind", [None, "", "GZIP", "ZLIB"])
def test_records_come_back(tmp_path, kind):
    contents = [b"", b"a", bytes(range(256)) * 40, b"x" * 3000]
    options = tf.io.TFRecordOptions(kind, compression_level=1) if kind else kind
    assert read(written(tmp_path / "a", contents, options), kind) == contents


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2 * len(REC0) - 1), st.integers(1, 255))
def test_any_damaged_byte_is_found(tmp_path_factory, place, change):
    data = bytearray(REC0 * 2)
    data[place] ^= change
    path = tmp_path_factory.mktemp("records") / "a"
    path.write_bytes(bytes(data))
    with pytest.raises(DataLossError):
        read(str(path))


def test_memory_is_bounded_by_the_file(tmp_path):
    length = (1 << 40).to_bytes(8, "little")
    path = tmp_path / "a"
    path.write_bytes(length + masked(crc32c(length)).to_bytes(4, "little") + b"abc")
    tracemalloc.start()
    with pytest.raises(DataLossError, match="truncated"):
        read(str(path))
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_cut_compressed_file_is_an_error(tmp_path):
    path = tmp_path / "a"
    written(path, [np.random.default_rng(0).bytes(5000)], "GZIP")
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DataLossError):
        read(str(path), "GZIP")


def test_a_dataset_is_written(tmp_path):
    path = str(tmp_path / "a")
    strings = tf.data.Dataset.from_tensor_slices(["a", "b"])
    tf.data.experimental.TFRecordWriter(path, "GZIP").write(strings)
    assert read(path, "GZIP") == [b"a", b"b"]
    with pytest.raises(TypeError, match="scalar strings"):
        tf.data.experimental.TFRecordWriter(path).write(tf.data.Dataset.range(3))
