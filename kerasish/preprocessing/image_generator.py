"""``ImageDataGenerator``: Keras 2's random changes and normalization of images, on arrays."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.preprocessing.affine import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    random_factors,
)
from kerasish.preprocessing.image_batches import DataFrameIterator, DirectoryIterator, NumpyArrayIterator

_TINY = 1e-6


def _overrides(cause: str, what: str) -> None:
    warnings.warn(f"This ImageDataGenerator specifies `{cause}`, which overrides setting of `{what}`.", stacklevel=3)


class ImageDataGenerator:
    """Makes batches of randomly changed, normalized images.

    Args:
        featurewise_center, featurewise_std_normalization: subtract the mean, divide by the deviation, of each channel over
            the images given to ``fit``.
        samplewise_center, samplewise_std_normalization: the same by the image's own values.
        zca_whitening: decorrelate pixels, by the images given to ``fit``.
        zca_epsilon: added to the singular values.
        rotation_range: degrees.
        width_shift_range, height_shift_range: a fraction of the size below 1, pixels from 1 on, or a list of shifts.
        brightness_range: two factors.
        shear_range: degrees.
        zoom_range: two factors, or their distance from 1.
        channel_shift_range: what is added or taken away at most.
        fill_mode, cval, interpolation_order: see ``apply_affine_transform``.
        horizontal_flip, vertical_flip: whether to mirror every second image.
        rescale: factor for all values, after the other changes.
        preprocessing_function: from an image to one, before that.
        data_format: "channels_last" or "channels_first"; None for the global one.
        validation_split: fraction that ``subset="validation"`` takes, from the beginning.
        dtype: of the batches; None for the global float type.

    Raises:
        ValueError: arguments that do not fit.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.shear_range = shear_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dtype = dtype or settings.floatx
        self.interpolation_order = interpolation_order
        self.data_format = data_format or settings.image_data_format
        self.brightness_range = brightness_range
        self._validation_split = validation_split
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        self._check()
        self.zoom_range = self._two_factors(zoom_range)
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self._settle_normalization()

    def _check(self) -> None:
        if self.data_format not in ("channels_last", "channels_first"):
            raise fail(
                ValueError, '`data_format` should be `"channels_last"` or `"channels_first"`', received=self.data_format
            )
        if self._validation_split and not 0 < self._validation_split < 1:
            raise fail(
                ValueError, "`validation_split` must be strictly between 0 and 1", received=self._validation_split
            )
        brightness = self.brightness_range
        if brightness is not None and (not isinstance(brightness, (tuple, list)) or len(brightness) != 2):
            raise fail(ValueError, "`brightness_range should be tuple or list of two floats", received=brightness)

    @staticmethod
    def _two_factors(zoom_range: Any) -> list:
        if isinstance(zoom_range, (float, int)):
            return [1 - zoom_range, 1 + zoom_range]
        if len(zoom_range) == 2 and all(isinstance(value, (float, int)) for value in zoom_range):
            return [zoom_range[0], zoom_range[1]]
        raise fail(
            ValueError, "`zoom_range` should be a float or a tuple or list of two floats", received=f"{zoom_range}"
        )

    def _settle_normalization(self) -> None:
        """What needs something else switches it on, what contradicts something switches it off; both warn."""
        if self.zca_whitening:
            if not self.featurewise_center:
                self.featurewise_center = True
                _overrides("zca_whitening", "featurewise_center")
            if self.featurewise_std_normalization:
                self.featurewise_std_normalization = False
                _overrides("zca_whitening", "featurewise_std_normalization")
        if self.featurewise_std_normalization and not self.featurewise_center:
            self.featurewise_center = True
            _overrides("featurewise_std_normalization", "featurewise_center")
        if self.samplewise_std_normalization and not self.samplewise_center:
            self.samplewise_center = True
            _overrides("samplewise_std_normalization", "samplewise_center")

    # batches

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of the images ``x``, a rank 4 array; see ``NumpyArrayIterator``."""
        return NumpyArrayIterator(
            x, y, self, batch_size=batch_size, shuffle=shuffle, sample_weight=sample_weight, seed=seed,
            data_format=self.data_format, save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
            ignore_class_split=ignore_class_split, subset=subset, dtype=self.dtype,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Batches of the images in a folder's subfolders; see ``DirectoryIterator``."""
        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, keep_aspect_ratio=keep_aspect_ratio,
            classes=classes, class_mode=class_mode, data_format=self.data_format, batch_size=batch_size,
            shuffle=shuffle, seed=seed, save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
            follow_links=follow_links, subset=subset, interpolation=interpolation, dtype=self.dtype,
        )  # fmt: skip

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Batches of the images that a data frame names; see ``DataFrameIterator``."""
        for name in set(kwargs) & {"has_ext", "sort", "drop_duplicates"}:
            warnings.warn(f"{name} is deprecated and has no effect.", DeprecationWarning, stacklevel=2)
        if unknown := set(kwargs) - {"has_ext", "sort", "drop_duplicates"}:
            raise fail(TypeError, f"flow_from_dataframe() got unexpected keyword arguments: {sorted(unknown)}")
        if class_mode == "other":
            warnings.warn(
                '`class_mode="other"` is deprecated, please use `class_mode="raw"`.', DeprecationWarning, stacklevel=2
            )
            class_mode = "raw"
        return DataFrameIterator(
            dataframe, directory, self, x_col=x_col, y_col=y_col, weight_col=weight_col, target_size=target_size,
            color_mode=color_mode, classes=classes, class_mode=class_mode, data_format=self.data_format,
            batch_size=batch_size, shuffle=shuffle, seed=seed, save_to_dir=save_to_dir, save_prefix=save_prefix,
            save_format=save_format, subset=subset, interpolation=interpolation,
            validate_filenames=validate_filenames, dtype=self.dtype,
        )  # fmt: skip

    # single images

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Normalize an image (or a batch), in place where that can be, as the constructor's arguments say."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _TINY
        if self.featurewise_center and self._fitted("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._fitted("featurewise_std_normalization", self.std):
            x /= self.std + _TINY
        if self.zca_whitening and self._fitted("zca_whitening", self.zca_whitening_matrix):
            flat = x.reshape(-1, math.prod(x.shape[-3:]))
            x = np.reshape(flat @ self.zca_whitening_matrix, x.shape)
        return x

    @staticmethod
    def _fitted(setting: str, value: Any) -> bool:
        if value is None:
            warnings.warn(
                f"This ImageDataGenerator specifies `{setting}`, but it hasn't been fit on any training data. Fit it "
                "first by calling `.fit(numpy_data)`.",
                stacklevel=4,
            )
        return value is not None

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> dict[str, Any]:
        """Random parameters for ``apply_transform``.

        Args:
            img_shape: shape of the image.
            seed: for NumPy's global generator.
        """
        if seed is not None:
            np.random.seed(seed)
        theta = np.random.uniform(-self.rotation_range, self.rotation_range) if self.rotation_range else 0
        tx = self._random_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = self._random_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = np.random.uniform(-self.shear_range, self.shear_range) if self.shear_range else 0
        zx, zy = random_factors(self.zoom_range)
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        intensity = brightness = None
        if self.channel_shift_range != 0:
            intensity = np.random.uniform(-self.channel_shift_range, self.channel_shift_range)
        if self.brightness_range is not None:
            brightness = np.random.uniform(self.brightness_range[0], self.brightness_range[1])
        return {
            "theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy, "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical, "channel_shift_intensity": intensity, "brightness": brightness,
        }  # fmt: skip

    @staticmethod
    def _random_shift(shifts: Any, size: int) -> Any:
        """Pixels, from a list of shifts, or from a range of pixels or (below 1) of fractions of the size."""
        if not shifts:
            return 0
        try:  # a list, or a whole number of pixels
            shift = np.random.choice(shifts)
            shift *= np.random.choice([-1, 1])
        except ValueError:
            shift = np.random.uniform(-shifts, shifts)
        return shift * size if np.max(shifts) < 1 else shift

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """An image changed by parameters: "theta", "tx", "ty", "shear", "zx", "zy", "flip_horizontal", "flip_vertical",
        "channel_shift_intensity", "brightness"; all may be left out."""
        get = transform_parameters.get
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        x = apply_affine_transform(
            x, get("theta", 0), get("tx", 0), get("ty", 0), get("shear", 0), get("zx", 1), get("zy", 1), row, column,
            channel, self.fill_mode, self.cval, self.interpolation_order,
        )  # fmt: skip
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, get("channel_shift_intensity"), channel)
        if get("flip_horizontal", False):
            x = flip_axis(x, column)
        if get("flip_vertical", False):
            x = flip_axis(x, row)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, get("brightness"), False)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """An image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn what featurewise normalization and whitening need.

        Args:
            x: images, a rank 4 array.
            augment: whether to change them at random before.
            rounds: how often each is used then.
            seed: for NumPy's global generator.

        Raises:
            ValueError: another rank.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise fail(ValueError, "Input to `.fit()` should have rank 4", received=f"array with shape: {x.shape}")
        if x.shape[self.channel_axis] not in (1, 3, 4):
            warnings.warn(
                f'Expected images of the data format "{self.data_format}" to have 1, 3 or 4 channels on axis '
                f"{self.channel_axis}, but they have {x.shape[self.channel_axis]}: shape {x.shape}.",
                stacklevel=2,
            )
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.array([self.random_transform(image) for _ in range(rounds) for image in x], dtype=self.dtype)
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + _TINY
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(np.reshape(x, (len(x), -1)).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))).dot(u.T)
