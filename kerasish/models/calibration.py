"""Quantization of a model: layer by layer, and for GPTQ and AWQ block by block on data."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import fail
from kerasish.core.tensor import convert
from kerasish.layers.core import Dense
from kerasish.layers.einsum_dense import EinsumDense
from kerasish.layers.layer import Layer
from kerasish.quantizers.awq import Magnitudes, awq_quantize
from kerasish.quantizers.gptq import Hessian, gptq_quantize
from kerasish.quantizers.packing import pack_int4

_ALGORITHMS: dict[str, tuple[type, Callable]] = {"gptq": (Hessian, gptq_quantize), "awq": (Magnitudes, awq_quantize)}


def quantize_model(model: Any, config: Any, filters: Any, type_check: bool) -> None:
    """Quantize the layers of a model that can be and that the filters let through.

    Args:
        filters: a regular expression for layers' names, a list of them, or a function of a layer; ``None`` for all.

    Raises:
        ValueError: the filters are something else, or what GPTQ and AWQ need is missing.
    """
    if filters is not None and not (isinstance(filters, (str, list, tuple)) or callable(filters)):
        raise fail(
            ValueError,
            "The `filters` argument must be a regex string, a list of regex strings, or a callable",
            received=type(filters),
        )
    mode = config.mode
    for layer in list(model._flatten_layers()):
        if layer._layers or not _chosen(layer, filters):
            continue
        try:
            layer.quantize(mode, type_check=type_check, config=config)
        except NotImplementedError as error:
            warnings.warn(str(error), stacklevel=4)
    if mode in _ALGORITHMS:
        structure = config.quantization_layer_structure
        structure = model.get_quantization_layer_structure(mode) if structure is None else structure
        calibrate(config, structure, filters)


def _chosen(layer: Layer, filters: Any) -> bool:
    if filters is None:
        return True
    if callable(filters):
        return bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    return any(re.search(pattern, layer.name) for pattern in patterns)


def calibrate(config: Any, structure: dict | None, filters: Any = None) -> None:
    """Run data through the blocks of a model, and quantize each block's layers by what they see.

    Args:
        structure: ``pre_block_layers``, which the token ids go through first, and ``sequential_blocks``.

    Raises:
        ValueError: the structure, its blocks, the data or the tokenizer is missing.
    """
    if structure is None:
        raise ValueError(
            f"For mode='{config.mode}', a valid quantization structure must be provided either via "
            "`config.quantization_layer_structure` or by overriding `model.get_quantization_layer_structure(mode)`. The "
            "structure should be a dictionary with keys 'pre_block_layers' and 'sequential_blocks'."
        )
    if config.dataset is None or config.tokenizer is None:
        raise ValueError(
            f"{config.mode.upper()} quantization requires a dataset and a tokenizer. Please provide them in the "
            f"`{type(config).__name__}`."
        )
    blocks = structure.get("sequential_blocks", [])
    if not blocks:
        raise ValueError("No sequential blocks found in the provided structure to quantize.")
    samples = []
    for batch in token_windows(config):
        x = convert(batch)
        for layer in structure.get("pre_block_layers", []):
            x = layer(x)
        samples.append(x)
    for i, block in enumerate(blocks):
        _calibrate_block(block, [_batched(x) for x in samples], config, filters)
        if i < len(blocks) - 1:
            samples = [block(_batched(x))[0] for x in samples]


def _batched(x: Any) -> Any:
    return x[None] if len(x.shape) == 2 else x


def _calibrate_block(block: Layer, samples: list, config: Any, filters: Any) -> None:
    watch, algorithm = _ALGORITHMS[config.mode]
    watched: dict[int, Any] = {}
    hooks = []
    layers = [part for part in block._flatten_layers() if isinstance(part, (Dense, EinsumDense)) and not part._layers]
    layers = [layer for layer in layers if _chosen(layer, filters)]
    try:
        for layer in layers:
            watcher = watched[id(layer)] = watch(layer._matrix(tuple(layer._stored.shape))[0])
            hooks.append(layer.register_forward_pre_hook(_watching(watcher), with_kwargs=True))
        for x in samples:
            block(x)
    finally:
        for hook in hooks:
            hook.remove()
    for layer in layers:
        _set_codes(layer, algorithm, watched[id(layer)], config)


def _watching(watcher: Any) -> Callable:
    def look(layer: Any, args: tuple, kwargs: dict) -> None:
        watcher.update(dispatch.raw(args[0] if args else kwargs["inputs"]))

    return look


def _set_codes(layer: Any, algorithm: Callable, watcher: Any, config: Any) -> None:
    """Give a layer the numbers that its kernel is rounded to."""
    kernel = layer._stored.logical.detach()
    with torch.no_grad():
        found = algorithm(kernel.reshape(layer._matrix(tuple(kernel.shape))).t(), watcher, config)
    codes = found["kernel"].to(torch.uint8)
    if config.weight_bits == 4:
        codes = pack_int4(codes, axis=0, dtype="uint8")[0]
    layer.quantized_kernel.assign(codes)
    layer.kernel_scale.assign(found["scale"])
    layer.kernel_zero.assign(found["zero"])
    layer.g_idx.assign(found["group_of"])
    if "factors" in found:
        layer.awq_scales.assign(found["factors"])
    layer._end_calibration(config.mode)


def token_windows(config: Any) -> np.ndarray:
    """Windows of token ids, (samples, 1, length), evenly spread over the data, which is repeated if it is short.

    Raises:
        TypeError: the data is one string, or nothing to iterate over.
        ValueError: there is no data.
    """
    data, length, count = config.dataset, config.sequence_length, config.num_samples
    if not hasattr(data, "__iter__") or isinstance(data, (str, bytes)):
        raise fail(
            TypeError,
            "The `dataset` argument must be an iterable (e.g., a list of strings, a generator, or a NumPy array)",
            received=type(data).__name__,
            hint="Please pass the loaded dataset directly.",
        )
    texts = list(data)
    if not texts:
        raise ValueError("Provided dataset is empty.")
    if isinstance(texts[0], str):
        texts = [config.tokenizer.tokenize(text) for text in texts]
    tokens = np.concatenate([np.asarray(text).reshape(-1) for text in texts]).astype(np.int32)
    if tokens.size < count * length:
        tokens = np.tile(tokens, math.ceil(count * length / max(1, tokens.size)))
    last = tokens.size - length
    starts = np.arange(count) * max(1, (last + 1) // count) % (last + 1)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, length)
    return windows[starts][:, None, :]
