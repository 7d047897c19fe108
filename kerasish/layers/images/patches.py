"""Rectangles at random places of images: which pixels lie in them."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dtypes import to_torch
from kerasish.layers.images.base import RandomImageLayer, spread


class PatchLayer(RandomImageLayer):
    """A layer that changes a rectangle of each image."""

    def _bounds(self, images: torch.Tensor, length: int, part: torch.Tensor, seed: Any) -> tuple:
        """Begin and end, (batch,), of that part of an axis, at a random place."""
        inside = part * length
        begin = self._uniform(images, part.shape, 0, 1, seed, self.compute_dtype) * (length - inside)
        return begin, begin + inside

    def _patches(self, images: torch.Tensor, x: tuple, y: tuple) -> torch.Tensor:
        """Which pixels lie in the rectangles, of the images' shape."""
        rows, columns, channels = self._axes(images.ndim)
        inside = []
        for axis, (begin, end) in ((rows, y), (columns, x)):
            shape = [1] * images.ndim
            shape[axis] = -1
            places = torch.arange(images.shape[axis], dtype=to_torch(self.compute_dtype), device=images.device)
            places = places.reshape(shape)
            inside.append((places >= spread(begin)) & (places < spread(end)))
        # counted from the end: the places of a single image have a batch axis in front
        return (inside[0] & inside[1]).repeat_interleave(images.shape[channels], channels - images.ndim)
