"""Parts of images: cropping, padding, and patches."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import same_padding, tuple_of
from kerasish.ops.conv import check_data_format, check_padding
from kerasish.ops.image_resize import check_images


def _check_two_of_three(names: tuple[str, str, str], values: tuple) -> None:
    if values.count(None) != 1:
        received = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        raise fail(ValueError, f"Must specify exactly two of {', '.join(names)}", received=received)
    for name, value in zip(names, values, strict=True):
        _check_not_negative(name, value)


def _check_not_negative(name: str, value: int | None) -> None:
    if value is not None and value < 0:
        raise fail(ValueError, f"{name} must be >= 0", received=f"{name}={value}")


def _axes(images: torch.Tensor, data_format: str | None) -> tuple[int, int]:
    """The axes of height and width, counted from the front."""
    first = images.ndim - (3 if check_data_format(data_format) == "channels_last" else 2)
    return first, first + 1


@op
def crop_images(
    images: Array,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """A part of images. Two of the three numbers of each axis are given: what to cut before and after, and the new size.

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first.

    Raises:
        ValueError: not two of three are given, or one is negative, or comes out negative.
        InvalidArgumentError: the part is larger than the image.
    """
    check_images(images)
    asked = (
        (("top_cropping", "bottom_cropping", "target_height"), (top_cropping, bottom_cropping, target_height)),
        (("left_cropping", "right_cropping", "target_width"), (left_cropping, right_cropping, target_width)),
    )
    for names, values in asked:
        _check_two_of_three(names, values)
    for axis, (names, (before, after, target)) in zip(_axes(images, data_format), asked):
        size = images.shape[axis]
        if images.is_meta and target is not None:  # the size may be one that stands for an unknown one
            shape = (*images.shape[:axis], target, *images.shape[axis + 1 :])
            images = images.new_empty(shape)
            continue
        before = size - target - after if before is None else before
        target = size - before - after if target is None else target
        _check_not_negative(names[0], before)
        _check_not_negative(names[2], target)
        if before + target > size:
            raise InvalidArgumentError(
                f"{target} after {before} is more than the {size} that there are. [Op:crop_images]"
            )
        images = images.narrow(axis, before, target)
    return images


@op
def pad_images(
    images: Array,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images with zeros around. Two of the three numbers of each axis are given: zeros before and after, and the new size.

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first.

    Raises:
        ValueError: not two of three are given, or one is negative, or comes out negative.
    """
    check_images(images)
    asked = (
        (("top_padding", "bottom_padding", "target_height"), (top_padding, bottom_padding, target_height)),
        (("left_padding", "right_padding", "target_width"), (left_padding, right_padding, target_width)),
    )
    for names, values in asked:
        _check_two_of_three(names, values)
    zeros, axes = [0] * (2 * images.ndim), _axes(images, data_format)
    for axis, (names, (before, after, target)) in zip(axes, asked):
        size = images.shape[axis]
        if images.is_meta and target is not None:  # the size may be one that stands for an unknown one
            images = images.new_empty(*images.shape[:axis], target, *images.shape[axis + 1 :])
            continue
        before = target - size - after if before is None else before
        after = target - size - before if after is None else after
        _check_not_negative(names[0], before)
        _check_not_negative(names[1], after)
        place = 2 * (images.ndim - 1 - axis)  # F.pad counts from the last axis
        zeros[place : place + 2] = before, after
    return F.pad(images, zeros)


# patches --------------------------------------------------------------------------------------------------------------


def patches(
    x: torch.Tensor, size: Any, strides: Any, dilation: Any, padding: str, data_format: str | None = None
) -> torch.Tensor:
    """The patches of raw images or volumes; see ``extract_patches``."""
    n = len(size)
    batched = x.ndim == n + 2
    if not batched and x.ndim != n + 1:
        raise fail(ValueError, f"Patches of {n} axes need inputs of rank {n + 1} or {n + 2}", received=tuple(x.shape))
    strides = tuple_of(strides or size, n, "strides")
    dilation = tuple_of(dilation, n, "dilation_rate")
    last = check_data_format(data_format) == "channels_last"
    y = x if batched else x.unsqueeze(0)
    if last:
        y = y.movedim(-1, 1)
    if check_padding(padding, ("valid", "same")) == "same":
        sides = [same_padding(*values) for values in zip(y.shape[2:], size, strides, dilation, strict=True)]
        y = F.pad(y, [side for pair in reversed(sides) for side in pair])
    for axis, (k, stride, rate) in enumerate(zip(size, strides, dilation, strict=True), 2):
        if y.shape[axis] < (k - 1) * rate + 1:
            raise ValueError(f"Patches of {size} do not fit into inputs of shape {tuple(x.shape)}.")
        y = y.unfold(axis, (k - 1) * rate + 1, stride)[..., ::rate]
    # (batch, channels, *places, *window) → the elements of a patch, channel by channel within each place of the window
    order = (0, *range(2, 2 + n), *range(2 + n, 2 + 2 * n), 1)
    y = y.permute(order).flatten(n + 1)
    y = y if last else y.movedim(-1, 1)
    return y if batched else y.squeeze(0)


@op
def extract_patches(
    images: Array,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The patches of images, each as the channels of one place.

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first; for a ``size`` of three
            numbers volumes, with the depth in front of the height.
        size: of a patch: an integer, (height, width) or (depth, height, width).
        strides: from patch to patch; default: ``size``.
        dilation_rate: distance of the elements of a patch.
        padding: "valid", or "same": patches may reach over the ends, where zeros are.

    Returns:
        (batch, rows, columns, height of a patch · width · channels), or channels first.

    Raises:
        TypeError: ``size`` is neither an integer nor a tuple.
        ValueError: lengths or ranks do not fit.
    """
    if not isinstance(size, int):
        if not isinstance(size, (tuple, list)):
            raise fail(
                TypeError, "Invalid `size` argument", "an int or a tuple", f"size={size} of type {type(size).__name__}"
            )
        if len(size) not in (2, 3):
            raise fail(ValueError, "Invalid `size` argument", "a tuple of length 2 or 3", f"size={size}")
    size = (size, size) if isinstance(size, int) else tuple(size)
    if len(size) == 3 and not isinstance(strides, (int, type(None))) and len(strides) != 3:
        raise fail(ValueError, "Invalid `strides` argument", "three integers", strides)
    n = len(size)
    if max(tuple_of(strides or size, n, "strides")) > 1 and max(tuple_of(dilation_rate, n, "dilation_rate")) > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
            f"Received: strides={strides} and dilation_rate={dilation_rate}"
        )
    return patches(images, size, strides, dilation_rate, padding, data_format)


def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The patches of volumes, each as the channels of one place: ``extract_patches`` with three axes.

    Args:
        volumes: (batch, depth, height, width, channels) or (depth, height, width, channels), or channels first.
        size: of a patch: an integer or (depth, height, width).
        strides: from patch to patch; default: ``size``.
        dilation_rate: distance of the elements of a patch.
        padding: "valid", or "same": patches may reach over the ends, where zeros are.

    Raises:
        TypeError: ``size`` is neither an integer nor three of them.
    """
    size = (size, size, size) if isinstance(size, int) else size
    if len(size) != 3:
        raise fail(TypeError, "Invalid `size` argument", "an int or a tuple of length 3", f"size={size}")
    return extract_patches(volumes, size, strides, dilation_rate, padding, data_format)
