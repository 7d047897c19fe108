"""How far sources of data run ahead of training, and how much of their time it hides.

    python benchmarks/feeds.py

A source takes 4 ms for a batch and a callback 4 ms for a step, so that 8 ms a step mean no overlap and 4 a perfect one.
Prints for each kind the milliseconds of a step, the most batches that were made and not used yet, and how much memory grew.
"""

from __future__ import annotations

import os
import time

import numpy as np

import kerasish as keras
from kerasish import layers, tf

BATCHES, WAIT = 150, 0.004
ROWS = np.zeros((64, 4096), np.float32)  # 1 MB a batch


class Source(keras.utils.PyDataset):
    """Batches that take a while, and are counted (by threads; processes count for themselves)."""

    made = 0

    def __len__(self) -> int:
        return BATCHES

    def __getitem__(self, index: int) -> tuple:
        time.sleep(WAIT)
        Source.made += 1
        return ROWS.copy(), ROWS[:, :1]


def generator():
    source = Source()
    for i in range(BATCHES):
        yield source[i]


def dataset(ahead: int):
    kinds = (tf.TensorSpec((64, 4096), "float32"), tf.TensorSpec((64, 1), "float32"))
    made = tf.data.Dataset.from_generator(generator, output_signature=kinds)
    return made.prefetch(ahead) if ahead else made


KINDS = {
    "generator": generator,
    "PyDataset": Source,
    "PyDataset, 2 threads, queue of 4": lambda: Source(workers=2, max_queue_size=4),
    "PyDataset, 2 processes, queue of 4": lambda: Source(workers=2, use_multiprocessing=True, max_queue_size=4),
    "tf.data": lambda: dataset(0),
    "tf.data, prefetch(2)": lambda: dataset(2),
}


def resident() -> float:
    """Megabytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(source) -> tuple[float, int, float]:
    model = keras.Sequential([keras.Input((4096,)), layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    seen = {"used": 0, "ahead": 0, "megabytes": 0.0}
    Source.made = 0
    before = resident()

    def use(batch: int, logs: dict) -> None:
        time.sleep(WAIT)
        seen["used"] += 1
        seen["ahead"] = max(seen["ahead"], Source.made - seen["used"])
        seen["megabytes"] = max(seen["megabytes"], resident() - before)

    start = time.perf_counter()
    model.fit(source, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=use)])
    return (time.perf_counter() - start) / BATCHES * 1000, seen["ahead"], seen["megabytes"]


def main() -> None:
    measure(Source())
    print(f"{'source':36} {'ms a step':>10} {'ahead':>6} {'MB more':>8}")
    for name, make in KINDS.items():
        step, ahead, more = measure(make())
        print(f"{name:36} {step:10.1f} {'' if 'processes' in name else ahead:>6} {more:8.1f}")


if __name__ == "__main__":
    main()
