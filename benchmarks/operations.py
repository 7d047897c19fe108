"""What an eager operation of ``tf`` costs beyond torch's, on 8×8 tensors: the wrapper alone, in microseconds.

    python benchmarks/operations.py [--rounds 12]

Both sides take turns; each figure is the least processor time of all rounds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from kerasish import tf

CALLS = 4000  # in each round


def pairs() -> dict[str, tuple[Callable, Callable]]:
    """By name: a call of ``tf`` and the call of torch that does the same."""
    x, raw = tf.ones((8, 8)), torch.ones(8, 8)
    rows, raw_rows = tf.constant([1, 2]), torch.tensor([1, 2])
    return {
        "x + x": (lambda: x + x, lambda: raw + raw),
        "x * 2.0": (lambda: x * 2.0, lambda: raw * 2.0),
        "x[1]": (lambda: x[1], lambda: raw[1]),
        "tf.add": (lambda: tf.add(x, x), lambda: torch.add(raw, raw)),
        "tf.maximum": (lambda: tf.maximum(x, x), lambda: torch.maximum(raw, raw)),
        "tf.exp": (lambda: tf.exp(x), lambda: torch.exp(raw)),
        "tf.square": (lambda: tf.square(x), lambda: torch.square(raw)),
        "tf.nn.relu": (lambda: tf.nn.relu(x), lambda: torch.relu(raw)),
        "tf.nn.softmax": (lambda: tf.nn.softmax(x), lambda: torch.softmax(raw, -1)),
        "tf.matmul": (lambda: tf.matmul(x, x), lambda: torch.matmul(raw, raw)),
        "tf.reduce_sum": (lambda: tf.reduce_sum(x), lambda: torch.sum(raw)),
        "tf.reduce_mean, axis": (lambda: tf.reduce_mean(x, axis=0), lambda: torch.mean(raw, dim=0)),
        "tf.argmax": (lambda: tf.argmax(x, 1), lambda: torch.argmax(raw, 1)),
        "tf.equal": (lambda: tf.equal(x, x), lambda: torch.eq(raw, raw)),
        "tf.cast": (lambda: tf.cast(x, tf.int32), lambda: raw.to(torch.int32)),
        "tf.reshape": (lambda: tf.reshape(x, [4, 16]), lambda: torch.reshape(raw, [4, 16])),
        "tf.transpose": (lambda: tf.transpose(x), lambda: torch.permute(raw, (1, 0))),
        "tf.expand_dims": (lambda: tf.expand_dims(x, 0), lambda: torch.unsqueeze(raw, 0)),
        "tf.concat": (lambda: tf.concat([x, x], 0), lambda: torch.cat([raw, raw], 0)),
        "tf.stack": (lambda: tf.stack([x, x]), lambda: torch.stack([raw, raw])),
        "tf.gather": (lambda: tf.gather(x, rows), lambda: torch.index_select(raw, 0, raw_rows)),
        "tf.zeros": (lambda: tf.zeros((3, 3)), lambda: torch.zeros((3, 3))),
        "tf.constant": (lambda: tf.constant([1.0, 2.0]), lambda: torch.tensor([1.0, 2.0])),
    }


def least_times(rounds: int) -> dict[str, list[float]]:
    """Microseconds a call, ours and torch's, by name."""
    calls = pairs()
    best = {name: [float("inf"), float("inf")] for name in calls}
    for _ in range(rounds):
        for name, sides in calls.items():
            for i, call in enumerate(sides):
                start = time.process_time()
                for _ in range(CALLS):
                    call()
                best[name][i] = min(best[name][i], (time.process_time() - start) / CALLS * 1e6)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    torch.set_num_threads(1)
    print(f"{'':22}{'tf':>8}{'torch':>8}{'beyond':>8}  µs")
    for name, (ours, theirs) in least_times(parser.parse_args().rounds).items():
        print(f"{name:22}{ours:8.2f}{theirs:8.2f}{ours - theirs:8.2f}")


if __name__ == "__main__":
    main()
