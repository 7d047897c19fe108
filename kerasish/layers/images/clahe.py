"""Contrast limited adaptive histogram equalization (Pizer et al. 1987, Zuiderveld 1994)."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.layers.images.base import ImageLayer, rescaled
from kerasish.ops.conv import check_data_format

_LEVELS = (0, 255)
_BINS = 256


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Equalizes the histogram of each part of an image, with limits to how far it is spread.

    Between the middles of the parts the results are interpolated.

    Args:
        value_range: smallest and largest value of a pixel.
        clip_limit: how many times as frequent as the mean a value may count; what is more is given to all values.
            0: no limit.
        tile_grid_size: how many parts there are, in rows and columns.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range
        self.clip_limit = clip_limit
        self.tile_grid_size = tile_grid_size
        self.data_format = check_data_format(data_format)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        last = self.data_format == "channels_last"
        planes = images.movedim(-1, -3) if last else images
        levels = rescaled(planes, self.value_range, _LEVELS, torch.float32).float()
        flat = levels.reshape(-1, *levels.shape[-2:])
        made = self._equalized(flat).reshape(levels.shape)
        made = rescaled(made, _LEVELS, self.value_range, torch.float32).to(images.dtype)
        return made.movedim(-3, -1) if last else made

    def _equalized(self, planes: torch.Tensor) -> torch.Tensor:
        """Planes, (planes, height, width), equalized."""
        height, width = planes.shape[1:]
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        ys = _mirrored(tall * rows, height, planes.device)
        xs = _mirrored(wide * columns, width, planes.device)
        levels = planes[:, ys][:, :, xs].clamp(0, 255).long()
        tiles = levels.reshape(-1, rows, tall, columns, wide).transpose(2, 3).reshape(-1, rows, columns, tall * wide)
        table = self._table(tiles)
        y0, y1, wy = _neighbours(height, tall, rows, planes.device)
        x0, x1, wx = _neighbours(width, wide, columns, planes.device)
        index = torch.arange(len(planes), device=planes.device)[:, None, None]
        pixels = levels[:, :height, :width]

        def along(y: torch.Tensor) -> torch.Tensor:
            left, right = (table[index, y[None, :, None], x[None, None, :], pixels] for x in (x0, x1))
            return left * (1.0 - wx) + right * wx

        return along(y0) * (1.0 - wy[:, None]) + along(y1) * wy[:, None]

    def _table(self, tiles: torch.Tensor) -> torch.Tensor:
        """What each value becomes in each tile, (planes, rows, columns, 256)."""
        size = tiles.shape[-1]
        counts = tiles.new_zeros((*tiles.shape[:-1], _BINS), dtype=torch.float32)
        counts.scatter_add_(-1, tiles, torch.ones_like(tiles, dtype=torch.float32))
        if self.clip_limit > 0:
            limited = counts.clamp(0, self.clip_limit * size / _BINS)
            counts = limited + (counts - limited).sum(-1, keepdim=True) / _BINS
        below = counts.cumsum(-1)
        first = below.amin(-1, keepdim=True)
        rest = size - first
        return ((below - first) * 255.0 / torch.where(rest == 0, 1.0, rest)).clamp(0, 255)


def _mirrored(length: int, size: int, device: torch.device) -> torch.Tensor:
    """Places of an axis of ``size`` that make one of ``length``, which goes on in a mirror."""
    places = torch.arange(length, device=device) % (2 * size)
    return torch.minimum(places, 2 * size - 1 - places)


def _neighbours(size: int, tile: int, tiles: int, device: torch.device) -> tuple:
    """For each pixel of an axis the tiles before and after it, and how much the second one counts."""
    place = (torch.arange(size, dtype=torch.float32, device=device) - tile / 2.0) / tile + 1.0  # tiles from 1 on
    before = place.floor()
    first, second = ((before + step).clamp(1, tiles).long() - 1 for step in (0, 1))
    return first, second, place - before
