"""One side of the race, in a process of its own: reads a JSON line, does what it says, writes a JSON line.

    python worker.py SIDE THREADS DEVICE CLOCK

Requests: {"prepare": NAME} makes a row's work and warms it up, {"run": true} does it once and answers its time in seconds (or
its value), {"memory": NAME} answers how many bytes the peak has grown by (in a fresh process).
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from workloads import ROWS, Clock, Skip

WARM_UP = 2


def make_side(side: str, threads: int, device: str, clock: Clock) -> Any:
    """What makes the works of a side."""
    if not side.startswith("keras-tensorflow"):
        import torch

        torch.set_num_threads(threads)
    if side.startswith("torch"):
        from torch_side import Side

        return Side(side.partition("-")[2], device, clock)
    from keras_side import Side

    if side.startswith("keras-"):
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        return Side(keras, None, clock)
    import kerasish

    return Side(kerasish, side == "captured", clock)


def timed(work: Callable[[], Any], device: str, clock: Clock) -> float:
    """Seconds that a work takes; on a GPU, between two events."""
    if device != "cuda":
        begin = clock()
        work()
        return clock() - begin
    import torch

    torch.cuda.synchronize()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1e3


class Worker:
    """Answers requests."""

    def __init__(self, side: str, threads: int, device: str, clock: str) -> None:
        self.device = device
        self.clock = time.process_time if clock == "cpu" else time.perf_counter
        self.side = make_side(side, threads, device, self.clock)

    def prepare(self, name: str) -> bool:
        self.row, self.work = ROWS[name], self.side.work(name)
        for _ in range(1 if self.row.unit else WARM_UP):
            self.work()
        return True

    def run(self, _: bool) -> float:
        return self.work() if self.row.unit else timed(self.work, self.device, self.clock)

    def memory(self, name: str) -> int:
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.side.work(name)()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) * 1024


def main() -> None:
    side, threads, device, clock = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")  # what libraries print goes elsewhere
    os.dup2(2, 1)
    worker = Worker(side, int(threads), device, clock)
    for line in sys.stdin:
        [(what, argument)] = json.loads(line).items()
        try:
            answer = {"answer": getattr(worker, what)(argument)}
        except Skip as reason:
            answer = {"skip": str(reason)}
        except Exception as error:  # a side that fails must not end the race
            answer = {"skip": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
