"""The hand-written side of the race: torch models, PyTorch's quickstart loop, bare calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from workloads import TRAININGS, Clock, Skip, Training, difference, labels, uniform

Work = Callable[[], Any]


class Concatenate(nn.Module):
    """Two inputs, each through a layer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(16, 32), nn.Linear(8, 32)
        self.middle, self.head = nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        x = torch.cat([F.relu(self.left(a)), F.relu(self.right(b))], 1)
        return torch.sigmoid(self.head(F.relu(self.middle(x))))


class Recurrent(nn.Module):
    """The last output of an LSTM or GRU, then a sigmoid."""

    def __init__(self, kind: Callable, features: int) -> None:
        super().__init__()
        self.cells, self.head = kind(features, 64, batch_first=True), nn.Linear(64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.head(self.cells(x)[0][:, -1]))


class PackedLSTM(Recurrent):
    """An LSTM on sequences that end in zeros, packed as torch wants them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lengths = (x != 0).any(-1).sum(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return torch.sigmoid(self.head(self.cells(packed)[1][0][-1]))


class Text(nn.Module):
    """The mean of embeddings, then a small perceptron."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.middle, self.head = nn.Embedding(5000, 32), nn.Linear(32, 16), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.head(F.relu(self.middle(self.embedding(x).mean(1)))))


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm_1, self.norm_2 = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)
        self.short = nn.Conv2d(channels, filters, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.norm_1(self.first(x)))
        return F.relu(self.norm_2(self.second(y)) + self.short(x))


class Transformer(nn.Module):
    """One block of attention, mean over the tokens, ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 4, batch_first=True)
        self.norm_1, self.norm_2 = nn.LayerNorm(64), nn.LayerNorm(64)
        self.up, self.down, self.head = nn.Linear(64, 128), nn.Linear(128, 64), nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm_1(x + self.attention(x, x, x, need_weights=False)[0])
        x = self.norm_2(x + self.down(F.relu(self.up(x))))
        return self.head(x.mean(1))


class Scaled(nn.Module):
    """What the Keras side's custom layer computes."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(inputs, units) * 0.1), nn.Parameter(torch.zeros(units))
        self.scale = nn.Parameter(torch.ones(units))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu((x @ self.weight + self.bias) * self.scale)


def _seeds_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())


def _norm_mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(128, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10),
    )  # fmt: skip


def _cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def _resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


MODELS: dict[str, Callable[[], nn.Module]] = {
    "seeds_mlp": _seeds_mlp,
    "norm_mlp": _norm_mlp,
    "wide_mlp": lambda: nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)
    ),
    "cnn": _cnn,
    "lstm": lambda: Recurrent(nn.LSTM, 16),
    "gru": lambda: Recurrent(nn.GRU, 16),
    "text": Text,
    "resnet": _resnet,
    "transformer": Transformer,
    "autoencoder": lambda: nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 784), nn.Sigmoid()),
    "two_inputs": Concatenate,
    "custom_layer": lambda: nn.Sequential(Scaled(4, 16), Scaled(16, 8), nn.Linear(8, 1), nn.Sigmoid()),
    "execution": _seeds_mlp,
    "cnn_memory": _cnn,
    "masked_lstm": lambda: PackedLSTM(nn.LSTM, 32),
}
LOSSES = {
    "binary": (nn.BCELoss, lambda p, y: ((p > 0.5) == y).sum()),
    "classes": (nn.CrossEntropyLoss, lambda p, y: (p.argmax(1) == y).sum()),
    "mse": (nn.MSELoss, None),
}


class Side:
    """Makes the work of each row.

    Args:
        variant: "torch", "fused" (Adam with fused=True), "compiled" (by torch.compile) or "reduce-overhead" (its mode).
        device: where models and data are.
        clock: what the time of single calls is told by.
    """

    def __init__(self, variant: str, device: str, clock: Clock) -> None:
        self.variant, self.device, self.clock = variant, device, clock

    def work(self, name: str) -> Work:
        """What one round does.

        Raises:
            Skip: the row times the other side alone.
        """
        if name in TRAININGS:
            return self.training(name, TRAININGS[name])
        if name.startswith("conv"):
            return self.convolution(name)
        if name.startswith("attention"):
            return self.attention(name)
        if not hasattr(self, name):
            raise Skip("is about Keras's side")
        return getattr(self, name)()

    # training

    def training(self, name: str, training: Training, change: Callable | None = None) -> Work:
        x, y = training.data()
        many = isinstance(x, list)
        xs, y = [self.tensor(part) for part in (x if many else [x])], self.tensor(y)
        model = MODELS[name]().to(self.device)
        optimizer = torch.optim.Adam(model.parameters(), fused=True if self.variant == "fused" else None)
        loss_class, correct = LOSSES[training.loss]
        if self.variant in ("compiled", "reduce-overhead"):
            model = torch.compile(model, mode="reduce-overhead" if self.variant == "reduce-overhead" else None)
        one = partial(epoch, model, optimizer, loss_class(), correct, xs, y, training.batch, change)
        return lambda: [one() for _ in range(training.epochs)]

    def tensor(self, values: np.ndarray) -> torch.Tensor:
        """On the device; images with channels first."""
        values = np.ascontiguousarray(np.moveaxis(values, -1, 1)) if values.ndim == 4 else values
        return torch.from_numpy(values).to(self.device)

    def tape(self) -> Work:
        return self.training("seeds_mlp", TRAININGS["seeds_mlp"])

    def pipeline(self) -> Work:
        return self.training("seeds_mlp", TRAININGS["seeds_mlp"], change=lambda x: x * 2.0 - 1.0)

    # inference

    def predict(self) -> Work:
        model, x = _seeds_mlp().to(self.device), self.tensor(uniform(3200, 4))
        return lambda: [predictions(model, x) for _ in range(4)]

    def evaluate(self) -> Work:
        model, x, y = _seeds_mlp().to(self.device), self.tensor(uniform(3200, 4)), self.tensor(labels(3200, 2))
        loss_class, correct = LOSSES["binary"]
        return lambda: [scores(model, loss_class(), correct, x, y) for _ in range(4)]

    def one_sample(self) -> Work:
        return self.calls(_seeds_mlp().to(self.device).eval(), self.tensor(uniform(1, 4)), 500)

    def fifty_layers(self) -> Work:
        weights = [(torch.randn(8, 8) / 3, torch.zeros(8)) for _ in range(50)]

        def run(x: torch.Tensor) -> torch.Tensor:
            for kernel, bias in weights:
                x = torch.addmm(bias, x, kernel)
            return x

        return self.calls(run, self.tensor(uniform(1, 8)), 100)

    fifty_layers_flag = fifty_layers

    def calls(self, function: Callable, x: torch.Tensor, number: int) -> Work:
        def work() -> None:
            with torch.no_grad():
                for _ in range(number):
                    function(x)

        return work

    # single operations and layers; what the Keras side's values stand beside

    def eager_op(self) -> Work:
        a, b = torch.rand(32), torch.rand(32)
        return lambda: difference(self.clock, lambda: torch.add(a, b), lambda: None, 500) * 1e9

    def one_tensor_op(self) -> Work:
        a = torch.rand(32)
        return lambda: difference(self.clock, lambda: torch.exp(a), lambda: None, 500) * 1e9

    torch_tensor_op = one_tensor_op

    def layer_call(self) -> Work:
        a, bias, kernel = torch.rand(1, 8), torch.zeros(8), torch.rand(8, 8)
        return lambda: difference(self.clock, lambda: torch.addmm(bias, a, kernel), lambda: None, 500) * 1e6

    def convolution(self, name: str) -> Work:
        kernel, groups = (1, 1) if name == "conv1x1" else (3, 32 if name == "conv_depthwise" else 1)
        layer = nn.Conv2d(32, 32, kernel, padding="same", groups=groups)
        return repeat_gradient(layer, self.tensor(uniform(16, 28, 28, 32)), layer)

    def attention(self, name: str) -> Work:
        layer = nn.MultiheadAttention(64, 4, batch_first=True)
        x, other = torch.from_numpy(uniform(16, 32, 64)), torch.from_numpy(uniform(16, 48, 64))
        options: dict[str, Any] = {"need_weights": False}
        if name == "attention_causal":
            options |= {"attn_mask": nn.Transformer.generate_square_subsequent_mask(32), "is_causal": True}
        if name == "attention_padded":
            options |= {"key_padding_mask": torch.arange(32) >= torch.randint(10, 33, (16, 1))}

        def call(q: torch.Tensor) -> torch.Tensor:
            keys = other if name == "attention_cross" else q
            return layer(q, keys, keys, **options)[0]

        return repeat_gradient(call, x, layer)

    def mean_iou(self) -> Work:
        truth, found = torch.randint(0, 10, (4096,)), torch.randint(0, 10, (4096,))
        matrix = torch.zeros(100)

        def work() -> None:
            for _ in range(50):
                matrix.add_(torch.bincount(truth * 10 + found, minlength=100))

        return work

    def masked_softmax(self) -> Work:
        x, mask = torch.from_numpy(uniform(64, 512, 512)), torch.from_numpy(uniform(64, 512, 512) > 0.3)
        return lambda: torch.softmax(x.masked_fill(~mask, float("-inf")), -1)


def epoch(
    model: Any, optimizer: Any, loss_function: Any, correct: Any, xs: list, y: Any, batch: int, change: Any
) -> tuple:
    """PyTorch's quickstart loop, with a running loss and accuracy."""
    model.train()
    order = torch.randperm(len(y), device=y.device)
    total, right = 0.0, 0.0
    for start in range(0, len(y), batch):
        index = order[start : start + batch]
        inputs, target = [x[index] for x in xs], y[index]
        if change is not None:
            inputs = [change(x) for x in inputs]
        optimizer.zero_grad()
        prediction = model(*inputs)
        loss = loss_function(prediction, target)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(target)
        if correct is not None:
            right += correct(prediction, target).item()
    return total / len(y), right / len(y)


def predictions(model: nn.Module, x: torch.Tensor, batch: int = 32) -> np.ndarray:
    """All predictions as one array."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(x[start : start + batch]) for start in range(0, len(x), batch)]).cpu().numpy()


def scores(
    model: nn.Module, loss_function: Any, correct: Any, x: torch.Tensor, y: torch.Tensor, batch: int = 32
) -> tuple:
    """Loss and accuracy."""
    model.eval()
    total, right = 0.0, 0.0
    with torch.no_grad():
        for start in range(0, len(x), batch):
            target = y[start : start + batch]
            prediction = model(x[start : start + batch])
            total += loss_function(prediction, target).item() * len(target)
            right += correct(prediction, target).item()
    return total / len(y), right / len(y)


def repeat_gradient(function: Callable, x: torch.Tensor, layer: nn.Module, number: int = 30) -> Work:
    """Forward and backward passes of one layer, with the gradients of its weights and its input."""
    x = x.detach().requires_grad_()
    wanted = [x, *layer.parameters()]

    def work() -> None:
        for _ in range(number):
            torch.autograd.grad(function(x).sum(), wanted)

    return work
