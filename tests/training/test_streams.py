"""Data that is read as training goes on: how far ahead, and in how much memory."""

import os
import threading

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf

COUNT, WIDTH = 200, 25_000  # 20 MB in all


def net(width):
    model = keras.Sequential([keras.Input((width,)), layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    return model


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grows_by(source, width):
    """Bytes that memory grew by while a model is trained, after the first batches."""
    seen = []
    look = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(resident()))
    net(width).fit(source, verbose=0, callbacks=[look])
    return max(seen) - seen[4]


def rows():
    for i in range(COUNT):
        yield np.full(WIDTH, i % 7, np.float32), np.float32(i % 7)


@pytest.mark.parametrize("ahead", [0, 2])
def test_records_are_read_at_bounded_memory(tmp_path, ahead):
    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for x, y in rows():
            features = {
                "x": tf.train.Feature(bytes_list=tf.train.BytesList(value=[x.tobytes()])),
                "y": tf.train.Feature(float_list=tf.train.FloatList(value=[float(y)])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    kinds = {"x": tf.io.FixedLenFeature([], tf.string), "y": tf.io.FixedLenFeature([], tf.float32)}

    def parse(record):
        found = tf.io.parse_single_example(record, kinds)
        return tf.ensure_shape(tf.io.decode_raw(found["x"], tf.float32), [WIDTH]), found["y"]

    data = tf.data.TFRecordDataset([path]).map(parse).batch(4)
    assert grows_by(data.prefetch(ahead) if ahead else data, WIDTH) < 8_000_000


def test_parquet_is_read_at_bounded_memory(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    parquet = pytest.importorskip("pyarrow.parquet")
    path, width = tmp_path / "a.parquet", 500
    schema = pa.schema([("x", pa.list_(pa.float32(), width)), ("y", pa.float32())])
    with parquet.ParquetWriter(path, schema) as writer:
        for i in range(20):
            x = np.random.RandomState(i).rand(500 * width).astype("float32")
            columns = [pa.FixedSizeListArray.from_arrays(x, width), pa.array(x[:500])]
            writer.write_table(pa.table(columns, schema=schema))

    class Rows:
        """What may be iterated again and again, a batch at a time."""

        def __iter__(self):
            for found in parquet.ParquetFile(path).iter_batches(50, columns=["x", "y"]):
                x = found.column("x").flatten().to_numpy().reshape(-1, width)
                yield x, found.column("y").to_numpy()

    assert grows_by(Rows(), width) < 8_000_000


class Counted(keras.utils.PyDataset):
    """Notes the batches that were made."""

    def __init__(self, **options):
        super().__init__(**options)
        self.made, self.lock = 0, threading.Lock()

    def __len__(self):
        return 40

    def __getitem__(self, i):
        with self.lock:
            self.made += 1
        return np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32)


@pytest.mark.parametrize(
    ("make", "ahead"),
    [
        (lambda source: source, 0),
        (lambda source: (source[i] for i in range(40)), 0),
        (lambda source: Queued(source, workers=2, max_queue_size=5), 6),
        (lambda source: from_generator(source), 0),
        (lambda source: from_generator(source).prefetch(3), 4),
    ],
    ids=["items", "generator", "threads", "dataset", "prefetched"],
)
def test_sources_run_ahead_as_far_as_they_are_told(make, ahead):
    source, seen = Counted(), []
    used = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: seen.append(source.made - batch - 1))
    net(3).fit(make(source), verbose=0, callbacks=[used])
    assert len(seen) == 40 and source.made == 40
    assert max(seen) <= ahead


class Queued(keras.utils.PyDataset):
    def __init__(self, source, **options):
        super().__init__(**options)
        self.source = source

    def __len__(self):
        return len(self.source)

    def __getitem__(self, i):
        return self.source[i]


def from_generator(source):
    kinds = (tf.TensorSpec((None, 3), "float32"), tf.TensorSpec((None, 1), "float32"))
    return tf.data.Dataset.from_generator(lambda: (source[i] for i in range(40)), output_signature=kinds)
