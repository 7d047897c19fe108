"""The state of every random generator that training draws from, as plain data, so that a run can go on elsewhere."""

from __future__ import annotations

import base64
import random as python_random
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import random
from kerasish.core.context import settings
from kerasish.core.random import SeedGenerator


def random_state(generators: list[SeedGenerator]) -> dict[str, Any]:
    """The states of Python's, NumPy's, torch's and this library's generators, as JSON can hold them.

    Args:
        generators: those of a model's layers, in an order that can be repeated.
    """
    version, numbers, gauss = python_random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    host, *others = devices.random_state()
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, keys.tolist(), int(position), int(has_gauss), float(cached)],
        "torch": [_text(host), [_text(state) for state in (others[0] if others else [])]],
        "global_seed": settings.global_seed,
        "operations": random.operations_state(),
        "layers": [_of_generator(generator) for generator in generators],
    }


def set_random_state(state: dict[str, Any], generators: list[SeedGenerator]) -> None:
    """Bring all generators to a state that ``random_state`` gave.

    Raises:
        ValueError: another number of generators, or data of another form.
    """
    if len(state["layers"]) != len(generators):
        raise ValueError(f"The model has {len(generators)} random generators, the state has {len(state['layers'])}.")
    version, numbers, gauss = state["python"]
    python_random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
    host, others = state["torch"]
    devices.random_state([_tensor(host), *([[_tensor(text) for text in others]] if others else [])])
    settings.global_seed = state["global_seed"]
    random.set_operations_state(state["operations"])
    for generator, own in zip(generators, state["layers"], strict=True):
        _set_generator(generator, own)


def _of_generator(generator: SeedGenerator) -> dict[str, Any]:
    by_device = {str(device): _text(g.get_state()) for device, g in generator._torch.items()}
    return {"seed": generator.state.numpy().tolist(), "torch": by_device}


def _set_generator(generator: SeedGenerator, own: dict[str, Any]) -> None:
    generator.state.assign(np.array(own["seed"], dtype=np.int64))
    for device, text in own["torch"].items():
        generator.torch_generator(torch.device(device)).set_state(_tensor(text))


def _text(state: torch.Tensor) -> str:
    return base64.b64encode(state.cpu().numpy().tobytes()).decode("ascii")


def _tensor(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
