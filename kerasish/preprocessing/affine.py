"""Random and given changes of single images, on arrays (``keras.preprocessing.image.random_rotation`` and its like).

Random numbers come from NumPy's global generator, in Keras's order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.utils.images import array_to_img, img_to_array


def _scipy() -> Any:
    try:
        import scipy.ndimage
    except ImportError:
        raise ImportError("Rotating, shifting, shearing and zooming of images needs SciPy: pip install scipy") from None
    return scipy.ndimage


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """An image rotated, shifted, sheared and zoomed around its middle.

    Args:
        x: array of three axes.
        theta: angle in degrees.
        tx, ty: pixels to shift by along the later and the earlier of the two axes.
        shear: angle in degrees.
        zx, zy: factors along these; below 1 enlarges.
        fill_mode: what lies outside: "constant", "nearest", "reflect" or "wrap".
        cval: the constant.
        order: of the spline that interpolates, 0 to 5.

    Raises:
        ValueError: axes that do not fit.
        ImportError: SciPy is missing.
    """
    axes = [row_axis, col_axis, channel_axis]
    if len(set(axes)) != 3:
        raise fail(ValueError, "'row_axis', 'col_axis', and 'channel_axis' must be distinct", received=axes)
    if set(axes) != {0, 1, 2}:
        raise fail(ValueError, f"Invalid axis' indices: {set(axes) - {0, 1, 2}}")
    if x.ndim != 3:
        raise fail(ValueError, "Input arrays must be multi-channel 2D images", received=f"shape {x.shape}")
    if channel_axis not in (0, 2):
        raise fail(ValueError, "Channels are allowed and the first and last dimensions", received=axes)
    matrix = _matrix(theta, (tx, ty), shear, (zx, zy))
    if matrix is None:
        return x
    matrix = _around_middle(matrix, x.shape[row_axis], x.shape[col_axis])
    if col_axis > row_axis:  # the matrix takes the columns' axis first
        matrix[:, [0, 1]] = matrix[:, [1, 0]]
        matrix[[0, 1]] = matrix[[1, 0]]
    transform = _scipy().affine_transform
    channels = [
        transform(channel, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.moveaxis(np.stack(channels), 0, channel_axis)


def _matrix(theta: float, shift: tuple, shear: float, zoom: tuple) -> np.ndarray | None:
    """The changes one after another, as one matrix; None for no change."""
    steps = []
    if theta != 0:
        angle = np.deg2rad(theta)
        steps.append([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    if shift[0] != 0 or shift[1] != 0:
        steps.append([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    if shear != 0:
        angle = np.deg2rad(shear)
        steps.append([[1, -np.sin(angle), 0], [0, np.cos(angle), 0], [0, 0, 1]])
    if zoom[0] != 1 or zoom[1] != 1:
        steps.append([[zoom[0], 0, 0], [0, zoom[1], 0], [0, 0, 1]])
    matrix = None
    for step in steps:
        matrix = np.array(step) if matrix is None else np.dot(matrix, np.array(step))
    return matrix


def _around_middle(matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    down, right = height / 2 - 0.5, width / 2 - 0.5
    there = np.array([[1, 0, down], [0, 1, right], [0, 0, 1]])
    back = np.array([[1, 0, -down], [0, 1, -right], [0, 0, 1]])
    return np.dot(np.dot(there, matrix), back)


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """An image with ``intensity`` added, kept within the range that it has."""
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """An image made ``brightness`` times as bright, by Pillow.

    Args:
        scale: whether to spread the values over 0..255 before.
    """
    try:
        from PIL import ImageEnhance
    except ImportError:
        raise ImportError("Using brightness shifts requires PIL: pip install pillow") from None
    least, most = np.min(x), np.max(x)
    outside = bool(least < 0 or most > 255)
    img = ImageEnhance.Brightness(array_to_img(x, scale=outside or scale)).enhance(brightness)
    result = img_to_array(img)
    return result / 255 * (most - least) + least if outside and not scale else result


def flip_axis(x: Any, axis: int) -> np.ndarray:
    return np.flip(np.asarray(x), axis)


# random ones ----------------------------------------------------------------------------------------------------------


def random_rotation(
    x: np.ndarray,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """An image rotated by up to ``rg`` degrees. The other arguments are those of ``apply_affine_transform``."""
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x, theta, 0, 0, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shift(
    x: np.ndarray,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """An image shifted by up to these fractions of its width (``wrg``) and height (``hrg``)."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(
        x, 0, tx, ty, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shear(
    x: np.ndarray,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """An image sheared by up to ``intensity`` degrees."""
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x, 0, 0, 0, shear, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_zoom(
    x: np.ndarray,
    zoom_range: Any,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """An image zoomed by factors between the two of ``zoom_range``, one for each axis.

    Raises:
        ValueError: these are not two numbers.
    """
    if len(zoom_range) != 2:
        raise fail(ValueError, "`zoom_range` should be a tuple or list of two floats", received=zoom_range)
    zx, zy = random_factors(zoom_range)
    return apply_affine_transform(
        x, 0, 0, 0, 0, zx, zy, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_factors(zoom_range: Any) -> Any:
    if zoom_range[0] == 1 and zoom_range[1] == 1:
        return 1, 1
    return np.random.uniform(zoom_range[0], zoom_range[1], 2)


def random_channel_shift(x: np.ndarray, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """An image with up to ``intensity_range`` added or taken away."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x: np.ndarray, brightness_range: Any, scale: bool = True) -> np.ndarray:
    """An image made brighter by a factor between the two of ``brightness_range``.

    Raises:
        ValueError: these are not two numbers.
    """
    if len(brightness_range) != 2:
        raise fail(ValueError, "`brightness_range should be tuple or list of two floats", received=brightness_range)
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)
