"""Random Fourier transforms: of axes, of windows, with gradients with respect to both parts."""

from __future__ import annotations

from case_values import normal
from plan_layers import Draw


def data(draw: Draw, *shape: int, dtype: str) -> dict:
    return normal(*shape, seed=draw.randint(0, 999), dtype=dtype)


def pair(draw: Draw, *shape: int, dtype: str) -> list:
    return [data(draw, *shape, dtype=dtype), data(draw, *shape, dtype=dtype)]


def call(draw: Draw, name: str) -> dict:
    dtype = draw.choice(["float32", "float64"])
    shape = [draw.randint(1, 3) for _ in range(draw.randint(0, 2))]
    n, m = draw.randint(2, 9), draw.randint(1, 4)
    if name == "fft":
        return {"args": [pair(draw, *shape, n, dtype=dtype)]}
    if name in ("fft2", "ifft2"):
        return {"args": [pair(draw, *shape, m, n, dtype=dtype)]}
    if name == "rfft":  # the real gradient fails where the axis is cut or filled
        return {"args": [data(draw, *shape, n, dtype=dtype)], "keys": {"fft_length": n} if draw.maybe(0.5) else {}}
    if name == "irfft":
        keys = {"fft_length": 2 * n - 2 + draw.randint(0, 1)} if draw.maybe(0.5) else {}
        return {"args": [pair(draw, *shape, n, dtype=dtype)], "keys": keys}
    length = draw.randint(2, 7)
    keys = {
        "sequence_length": length,
        "sequence_stride": draw.randint(1, length),
        "fft_length": length + draw.randint(0, 3),
        "window": draw.choice([None, "hann", "hamming", [0.5 + 0.1 * i for i in range(length)]]),
        "center": draw.maybe(0.5),
    }
    if name == "stft":
        return {"args": [data(draw, *shape, draw.randint(12, 20), dtype=dtype)], "keys": keys}
    keys["length"] = draw.choice([None, draw.randint(1, 15)])
    return {"args": [pair(draw, *shape, draw.randint(1, 4), keys["fft_length"] // 2 + 1, dtype=dtype)], "keys": keys}


def cases() -> list:
    return [
        {"id": f"{name}-{i}", "op": name, "nested": True, **call(Draw(f"fft {name} {i}"), name)}
        for name in ("fft", "fft2", "ifft2", "rfft", "irfft", "stft", "istft")
        for i in range(16)
    ]
