"""Training against a hand-written torch loop: the ratio of the two, in one process, interleaved, on one thread.

    python benchmarks/train_ratio.py [--rounds 7]

Both sides have the same architecture, data, batch size, Adam, and keep a running loss and accuracy. A round times one
epoch of each; the figure is the median over rounds of (kerasish ÷ torch).
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch
from torch import nn

import kerasish as keras


def torch_epoch(model, optimizer, loss_function, accuracy, x, y, batch_size):
    """The loop of PyTorch's quickstart, with a running loss and accuracy."""
    model.train()
    order = torch.randperm(len(x))
    loss_sum, correct, seen = 0.0, 0.0, 0
    for start in range(0, len(x), batch_size):
        index = order[start : start + batch_size]
        xb, yb = x[index], y[index]
        optimizer.zero_grad()
        prediction = model(xb)
        loss = loss_function(prediction, yb)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(xb)
        correct += accuracy(prediction, yb).item()
        seen += len(xb)
    return loss_sum / seen, correct / seen


def seeds_mlp():
    x, y = np.random.rand(3200, 4).astype("float32"), np.random.randint(0, 2, (3200, 1)).astype("float32")
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(16, "relu"), layers.Dense(8, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, net, nn.BCELoss(), lambda p, t: ((p > 0.5) == t).sum(), x, y, 32


def wide_mlp():
    x, y = np.random.rand(2048, 784).astype("float32"), np.random.randint(0, 10, 2048)
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(512, "relu"), layers.Dense(256, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, net, nn.CrossEntropyLoss(), lambda p, t: (p.argmax(1) == t).sum(), x, y, 128


def cnn():
    x, y = np.random.rand(512, 28, 28, 1).astype("float32"), np.random.randint(0, 10, 512)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(64, "relu"),
        layers.Dense(10, "softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, net, nn.CrossEntropyLoss(), lambda p, t: (p.argmax(1) == t).sum(), x, y, 32


def lstm():
    x, y = np.random.rand(256, 30, 16).astype("float32"), np.random.randint(0, 2, (256, 1)).astype("float32")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(16, 64, batch_first=True), nn.Linear(64, 1)

        def forward(self, x):
            return torch.sigmoid(self.head(self.lstm(x)[0][:, -1]))

    layers = keras.layers
    model = keras.Sequential([keras.Input((30, 16)), layers.LSTM(64), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, Net(), nn.BCELoss(), lambda p, t: ((p > 0.5) == t).sum(), x, y, 32


def ratio(make, rounds: int) -> tuple[float, float, float]:
    """Median ratio, and the medians of both sides in µs a step."""
    model, net, loss_function, accuracy, x, y, batch_size = make()
    xt = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim == 4 else x)
    yt = torch.from_numpy(y)
    optimizer = torch.optim.Adam(net.parameters())
    steps = -(-len(x) // batch_size)
    ratios, ours, theirs = [], [], []
    for round_ in range(rounds + 1):
        begin = time.perf_counter()
        torch_epoch(net, optimizer, loss_function, accuracy, xt, yt, batch_size)
        middle = time.perf_counter()
        model.fit(x, y, batch_size=batch_size, verbose=0)
        end = time.perf_counter()
        if round_:  # the first warms up
            theirs.append((middle - begin) / steps * 1e6)
            ours.append((end - middle) / steps * 1e6)
            ratios.append(ours[-1] / theirs[-1])
    return statistics.median(ratios), statistics.median(ours), statistics.median(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keras.utils.set_random_seed(0)
    print(f"torch {torch.__version__}, one thread, medians of {arguments.rounds} rounds")
    print(f"{'model':12s} {'kerasish ÷ torch':>17s} {'kerasish µs/step':>17s} {'torch µs/step':>14s}")
    for make in (seeds_mlp, wide_mlp, cnn, lstm):
        median, ours, theirs = ratio(make, arguments.rounds)
        print(f"{make.__name__:12s} {median:17.2f} {ours:17.0f} {theirs:14.0f}")


if __name__ == "__main__":
    main()
