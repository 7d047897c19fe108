"""What training in several processes costs beyond DistributedDataParallel: ``python benchmarks/replicas.py [processes]``.

Both sides train the same perceptron on their part of the same batches with SGD, in turns; a figure is the median over turns
of (``fit`` ÷ a loop of torch's with DDP). On the CPU, by gloo.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import CrossEntropyLoss, Linear, ReLU, Sequential
from torch.nn.parallel import DistributedDataParallel

import kerasish as keras
from kerasish.core.replicas import num_processes, part, process_id

STEPS, TURNS = 60, 9
SIZES = [(64, 64), (512, 128), (1024, 256)]  # units of the hidden layers, samples of a global batch


def data(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch * STEPS, 64, generator=generator)
    return x, torch.randint(0, 10, (batch * STEPS,), generator=generator)


def kerasish_side(units: int, batch: int, jit_compile: bool) -> Callable[[], None]:
    x, y = data(batch)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(units, "relu"), layers.Dense(units, "relu"), layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=jit_compile)
    return lambda: model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)


def torch_side(units: int, batch: int) -> Callable[[], None]:
    x, y = data(batch)
    layers = [Linear(64, units), ReLU(), Linear(units, units), ReLU(), Linear(units, 10)]
    model, loss_of = DistributedDataParallel(Sequential(*layers)), CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    mine = part(batch, process_id(), num_processes())

    def epoch() -> None:
        total = torch.zeros(())
        for start in range(0, len(x), batch):
            rows = slice(start + mine.start, start + mine.stop)
            optimizer.zero_grad()
            loss = loss_of(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        torch.distributed.all_reduce(total)

    return epoch


def seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(units: int, batch: int) -> tuple[float, float, float]:
    """The microseconds of an eager step of ``fit``, and the ratios of eager and of compiled ones."""
    torch.set_num_threads(1)
    eager, compiled = (kerasish_side(units, batch, jit) for jit in (False, True))
    theirs = torch_side(units, batch)
    turns = [(seconds(eager), seconds(compiled), seconds(theirs)) for _ in range(TURNS + 1)][1:]
    ratios = [statistics.median(turn[side] / turn[2] for turn in turns) for side in (0, 1)]
    return statistics.median(turn[0] for turn in turns) / STEPS * 1e6, *ratios


def compare_all() -> list[tuple[float, float, float]]:
    return [compare(*size) for size in SIZES]


if __name__ == "__main__":
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    figures = keras.distribution.launch(compare_all, processes=processes)[0]
    for (units, batch), (step, eager, compiled) in zip(SIZES, figures):
        print(
            f"{units:5} units, batch {batch:4}: {step:8.0f} µs an eager step, {eager:.2f} of DistributedDataParallel; "
            f"compiled {compiled:.2f}"
        )
