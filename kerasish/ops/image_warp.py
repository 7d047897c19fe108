"""Images read at other places: affine and perspective transformations, elastic distortions, any coordinates.

Two rules of TensorFlow's say what lies outside of an image. Transformations bring the *coordinate* inside, before
interpolating; ``map_coordinates`` brings the neighbouring *pixels* inside.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.random import draw_whole_seed, normal_raw
from kerasish.ops.common import in_float32
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_filters import blur
from kerasish.ops.image_resize import check_images

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("constant", "nearest", "wrap", "reflect")
_COORDINATE_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def check_warp(interpolation: Any, fill_mode: Any) -> None:
    """Raise for settings of a transformation that do not exist."""
    if interpolation not in INTERPOLATIONS:
        raise fail(
            ValueError,
            "Invalid value for argument `interpolation`",
            f"one of {INTERPOLATIONS}",
            f"interpolation={interpolation}",
        )
    if fill_mode not in FILL_MODES:
        raise fail(
            ValueError, "Invalid value for argument `fill_mode`", f"one of {FILL_MODES}", f"fill_mode={fill_mode}"
        )


# transformations ------------------------------------------------------------------------------------------------------


def _inside(x: torch.Tensor, size: int, fill_mode: str) -> torch.Tensor:
    """Coordinates along an axis of ``size`` pixels, those outside brought inside as ``fill_mode`` says."""
    if fill_mode == "constant":
        return x
    if size > 1 and fill_mode == "reflect":  # dcba|abcd|dcba
        below = torch.where(x < 2 * size, x + 2 * size * torch.trunc(-x / (2 * size)), x)
        below = torch.where(below < -size, below + 2 * size, -below - 1)
        above = x - 2 * size * torch.trunc(x / (2 * size))
        above = torch.where(above >= size, 2 * size - above - 1, above)
        x = torch.where(x < 0, below, torch.where(x > size - 1, above, x))
    elif size > 1 and fill_mode == "wrap":  # abcd|abcd|abcd
        below = x + size * (torch.trunc(-x / (size - 1)) + 1)
        above = x - size * torch.trunc(x / (size - 1))
        x = torch.where(x < 0, below, torch.where(x > size - 1, above, x))
    return x.clamp(0, size - 1)


def _rounded(x: torch.Tensor) -> torch.Tensor:
    """The nearest integer; halves away from 0."""
    whole = torch.trunc(x)
    return whole + torch.where((x - whole).abs() >= 0.5, torch.sign(x), 0)


def _read(images: torch.Tensor, y: torch.Tensor, x: torch.Tensor, fill: float) -> torch.Tensor:
    """Pixels of (batch, height, width, channels) at whole coordinates (batch, rows, columns); ``fill`` outside."""
    batch, height, width, channels = images.shape
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    rows, columns = y.nan_to_num(-1).clamp(0, height - 1).long(), x.nan_to_num(-1).clamp(0, width - 1).long()
    first = torch.arange(batch, device=images.device).view(-1, 1, 1) * (height * width)
    pixels = images.reshape(-1, channels)[first + rows * width + columns]
    return torch.where(inside.unsqueeze(-1), pixels, fill)


def warp(
    images: torch.Tensor,
    transforms: torch.Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    size: tuple[int, int] | None = None,
) -> torch.Tensor:
    """Images whose pixel (x, y) is the old one at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1.

    Args:
        images: (batch, height, width, channels).
        transforms: [a0, a1, a2, b0, b1, b2, c0, c1], (batch, 8) or (1, 8).
        size: height and width of the result, those of the images by default.
    """
    if images.is_meta:  # whose number of images may be one that stands for an unknown one
        return images.new_empty((images.shape[0], *(size or images.shape[1:3]), images.shape[3]))
    if transforms.shape[-1] != 8 or transforms.shape[0] not in (1, images.shape[0]):
        raise InvalidArgumentError(
            f"Transforms must have the shape (1, 8) or (batch, 8). Received: {tuple(transforms.shape)} for images of "
            f"shape {tuple(images.shape)}."
        )
    batch, height, width, _ = images.shape
    wide = images.double() if images.dtype is torch.float64 else images.float()
    a0, a1, a2, b0, b1, b2, c0, c1 = (t.view(-1, 1, 1) for t in transforms.float().unbind(-1))
    rows, columns = size or (height, width)
    x = torch.arange(columns, dtype=torch.float32, device=images.device)
    y = torch.arange(rows, dtype=torch.float32, device=images.device)[:, None]
    divisor = c0 * x + c1 * y + 1
    safe = torch.where(divisor == 0, 1, divisor)
    old_x = _inside((a0 * x + a1 * y + a2) / safe, width, fill_mode).expand(batch, rows, columns).to(wide.dtype)
    old_y = _inside((b0 * x + b1 * y + b2) / safe, height, fill_mode).expand(batch, rows, columns).to(wide.dtype)
    if interpolation == "nearest":
        out = _read(wide, _rounded(old_y), _rounded(old_x), fill_value)
    else:
        top, left = old_y.floor(), old_x.floor()
        down, right = (old_y - top).unsqueeze(-1), (old_x - left).unsqueeze(-1)
        pair = []
        for row in (top, top + 1):
            first, second = _read(wide, row, left, fill_value), _read(wide, row, left + 1, fill_value)
            pair.append((1 - right) * first + right * second)
        out = (1 - down) * pair[0] + down * pair[1]
    return torch.where((divisor == 0).unsqueeze(-1), fill_value, out).to(images.dtype)


def _warp_images(
    images: torch.Tensor,
    transforms: torch.Tensor,
    interpolation: str,
    fill_mode: str,
    fill: float,
    data_format: str | None,
) -> torch.Tensor:
    """``warp`` for one image or a batch, in either format."""
    last = check_data_format(data_format) == "channels_last"
    x = images if images.ndim == 4 else images.unsqueeze(0)
    y = warp(x if last else x.movedim(1, -1), transforms, interpolation, fill_mode, fill)
    y = y if last else y.movedim(-1, 1)
    return y if images.ndim == 4 else y.squeeze(0)


@op
def affine_transform(
    images: Array,
    transform: Index,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images that are turned, sheared, scaled and moved: pixel (x, y) is the old one at (a0 x + a1 y + a2, b0 x + b1 y + b2).

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first.
        transform: [a0, a1, a2, b0, b1, b2, c0, c1], for all images or one for each; both places are divided by
            ``c0 x + c1 y + 1``.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant" (kkkk|abcd|kkkk with ``fill_value`` k), "nearest" (aaaa|abcd|dddd),
            "wrap" (abcd|abcd|abcd) or "reflect" (dcba|abcd|dcba).

    Raises:
        ValueError: a rank or a setting does not fit.
        InvalidArgumentError: there are not 8 numbers, or not as many transforms as images.
    """
    check_warp(interpolation, fill_mode)
    check_images(images)
    if transform.ndim not in (1, 2):
        raise fail(
            ValueError,
            "Invalid transform rank",
            "rank 1 (single transform) or rank 2 (batch of transforms)",
            f"transform.shape={tuple(transform.shape)}",
        )
    transforms = transform if transform.ndim == 2 else transform.unsqueeze(0)
    return _warp_images(images, transforms, interpolation, fill_mode, fill_value, data_format)


def homography(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
    """(batch, 8): the transform, as of ``warp``, whose images have at ``end`` what the old ones have at ``start``.

    Args:
        start, end: four points (x, y) each, (batch, 4, 2).
    """
    (x, y), (u, v) = start.unbind(-1), end.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    across = torch.stack([u, v, one, zero, zero, zero, -x * u, -x * v], -1)
    down = torch.stack([zero, zero, zero, u, v, one, -y * u, -y * v], -1)
    return torch.linalg.solve(torch.cat([across, down], 1), torch.cat([x, y], 1))


@op
def perspective_transform(
    images: Array,
    start_points: Index,
    end_points: Index,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images drawn so that what was at four points comes to four others, straight lines staying straight.

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first.
        start_points, end_points: four points (x, y) in pixels, (4, 2) for all images or (batch, 4, 2).
        interpolation: "bilinear" or "nearest".
        fill_value: of pixels that lie outside.

    Raises:
        ValueError: a rank or a setting does not fit.
        InvalidArgumentError: three of the points lie on a line.
    """
    check_warp(interpolation, "constant")
    check_images(images)
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
            raise fail(
                ValueError,
                f"Invalid {name} shape",
                "(4, 2) for a single image or (N, 4, 2) for a batch",
                tuple(points.shape),
            )
    if start_points.shape != end_points.shape:
        raise fail(
            ValueError,
            "start_points and end_points must have the same shape",
            received=f"{tuple(start_points.shape)} and {tuple(end_points.shape)}",
        )
    start, end = (p.float().reshape(-1, 4, 2) for p in (start_points, end_points))
    return _warp_images(images, homography(start, end), interpolation, "constant", fill_value, data_format)


# coordinates ----------------------------------------------------------------------------------------------------------


def _pixels_inside(index: torch.Tensor, size: int, fill_mode: str) -> torch.Tensor:
    """Whole coordinates along an axis, those outside brought inside as TensorFlow's backend of Keras does it."""
    if fill_mode == "wrap":
        return index % size
    if fill_mode in ("mirror", "reflect"):
        place = index.abs() % (2 * size)
        over = 2 * size - place - (1 if fill_mode == "reflect" else 0)
        index = torch.where(place < size, place, over)
    return index.clamp(0, size - 1)


def _neighbours(coordinate: torch.Tensor, size: int, order: int, fill_mode: str) -> list[tuple]:
    """The pixels around coordinates: (index inside of the axis, whether it was there, weight) of each."""
    if order == 0:
        parts = [(coordinate.round(), None)]
    else:
        low = coordinate.floor()
        parts = [(low, 1 - (coordinate - low)), (low + 1, coordinate - low)]
    found = []
    for place, weight in parts:
        index = place.long()
        there = (index >= 0) & (index < size) if fill_mode == "constant" else None
        found.append((_pixels_inside(index, size, fill_mode), there, weight))
    return found


def read_between(
    inputs: torch.Tensor, coordinates: list[torch.Tensor], order: int, fill_mode: str, fill_value: Any
) -> torch.Tensor:
    """Values at coordinates between the elements of the first ``len(coordinates)`` axes; other axes stay.

    Args:
        inputs: (*sizes, *rest).
        coordinates: one floating-point array of a common shape for each of ``sizes``.
        order: 0 takes the nearest element, 1 interpolates.

    Returns:
        (*shape of the coordinates, *rest), of the inputs' dtype; integers are rounded.
    """
    n = len(coordinates)
    sizes, rest = inputs.shape[:n], inputs.shape[n:]
    flat = inputs.reshape(math.prod(sizes), *rest)
    kind = coordinates[0].dtype
    spread = (..., *(None,) * len(rest))
    total: Any = 0
    around = [_neighbours(c, size, order, fill_mode) for c, size in zip(coordinates, sizes, strict=True)]
    for corner in itertools.product(*around):
        index: Any = 0
        for size, (place, _, _) in zip(sizes, corner, strict=True):
            index = index * size + place
        values = flat[index].to(kind)
        if fill_mode == "constant":
            there = corner[0][1]
            for _, more, _ in corner[1:]:
                there = there & more
            values = torch.where(there[spread], values, torch.as_tensor(fill_value).to(inputs.dtype).to(kind))
        for _, _, weight in corner:
            values = values if weight is None else values * weight[spread]
        total = total + values
    return (total if inputs.is_floating_point() else total.round()).to(inputs.dtype)


@op
def map_coordinates(
    inputs: Array, coordinates: Index, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Any:
    """Values of an array at any coordinates.

    Args:
        inputs: of any rank.
        coordinates: (rank of the inputs, *shape of the result).
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".

    Raises:
        ValueError: shapes or settings do not fit.
        NotImplementedError: ``order`` is larger than 1.
    """
    if coordinates.ndim == 0 or coordinates.shape[0] != inputs.ndim:
        raise fail(
            ValueError,
            "First dim of `coordinates` must be the same as the rank of `inputs`",
            received=f"inputs of shape {tuple(inputs.shape)} and coordinates of shape {tuple(coordinates.shape)}",
        )
    if coordinates.ndim < 2:
        raise fail(ValueError, "Invalid coordinates rank", "at least rank 2", tuple(coordinates.shape))
    if fill_mode not in _COORDINATE_MODES:
        raise fail(
            ValueError,
            "Invalid value for argument `fill_mode`",
            f"one of {_COORDINATE_MODES}",
            f"fill_mode={fill_mode}",
        )
    if order not in (0, 1):
        raise NotImplementedError("map_coordinates requires order<=1")
    places = coordinates if coordinates.is_floating_point() else coordinates.float()
    return read_between(inputs, list(places.unbind(0)), order, fill_mode, fill_value)


# elastic distortions --------------------------------------------------------------------------------------------------


@op
def elastic_transform(
    images: Array,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Images bent at random: each pixel is moved by smoothed noise (Simard et al. 2003).

    Args:
        images: floats, (batch, height, width, channels) or (height, width, channels), or channels first.
        alpha: factor of the distances.
        sigma: standard deviation of the noise and of its smoothing, in pixels.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant", "nearest", "wrap" or "reflect".
        seed: an integer or a SeedGenerator.

    Raises:
        ValueError: a rank or a setting does not fit.
        InvalidArgumentError: the images are not floats.
    """
    check_warp(interpolation, fill_mode)
    check_images(images)
    if not images.is_floating_point():
        raise InvalidArgumentError("'elastic_transform' takes images of a float dtype. Cast them before.")
    if images.is_meta:
        return torch.empty_like(images)
    last = check_data_format(data_format) == "channels_last"
    x = images if images.ndim == 4 else images.unsqueeze(0)
    x = x if last else x.movedim(1, -1)
    batch, height, width, _ = x.shape
    # Keras does not reduce this seed as those of its other random functions
    noise = normal_raw((batch, height, width), draw_whole_seed(seed), dtype=x.dtype).to(x.device) * sigma
    size = 6 * int(sigma) | 1
    shift = in_float32(lambda t: blur(t, (size, size), (sigma, sigma)), noise.unsqueeze(1)).squeeze(1) * alpha
    rows = torch.arange(height, dtype=x.dtype, device=x.device)[:, None] + shift
    columns = torch.arange(width, dtype=x.dtype, device=x.device) + shift  # Keras draws both directions from one seed
    order = INTERPOLATIONS.index(interpolation)
    y = torch.stack([read_between(x[i], [rows[i], columns[i]], order, fill_mode, fill_value) for i in range(batch)])
    y = y if last else y.movedim(-1, 1)
    return y if images.ndim == 4 else y.squeeze(0)
