"""Batches of images from arrays, folders and data frames, for ``ImageDataGenerator``."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.messages import say
from kerasish.preprocessing.iterator import Iterator
from kerasish.utils.images import array_to_img, img_to_array, load_img

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_UNCLASSED = ("input", "multi_output", "raw", None)


class NumpyArrayIterator(Iterator):
    """Batches of changed images from an array.

    Args:
        x: rank 4 array, or a tuple of one and of other arrays of equal length that are passed on.
        y: targets, or None.
        image_data_generator: changes the images.
        sample_weight: a weight for each image.
        data_format: "channels_last" or "channels_first"; None for the global one.
        save_to_dir: a folder to write the changed images to.
        save_prefix, save_format: of their names.
        subset: "training" or "validation", as the generator's ``validation_split`` says.
        ignore_class_split: accept parts in which different classes occur.
        dtype: of the images; None for the global float type.

    Raises:
        ValueError: arrays that do not fit each other, or another rank.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        self.dtype = dtype or settings.floatx
        self.data_format = data_format or settings.image_data_format
        others: list = []
        if isinstance(x, (tuple, list)):
            x, others = x[0], [np.asarray(o) for o in (x[1] if isinstance(x[1], list) else [x[1]])]
        for name, array in (("x[?]", o) for o in others):
            if len(array) != len(x):
                raise fail(
                    ValueError,
                    "All of the arrays in `x` should have the same length",
                    received=f"len(x[0]) = {len(x)}, len({name}) = {len(array)}",
                )
        for name, array in (("y` (labels)", y), ("sample_weight`", sample_weight)):
            if array is not None and len(array) != len(x):
                raise fail(
                    ValueError,
                    f"`x` (images tensor) and `{name} should have the same length",
                    received=f"shapes {np.shape(x)} and {np.shape(array)}",
                )
        if subset is not None:
            part = self._part(subset, y, int(len(x) * image_data_generator._validation_split), ignore_class_split)
            x, others, y = x[part], [o[part] for o in others], None if y is None else y[part]
        self.x = np.asarray(x, dtype=self.dtype)
        self.x_misc = others
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self._check_shape()
        self.image_data_generator = image_data_generator
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        super().__init__(self.x.shape[0], batch_size, shuffle, seed)

    @staticmethod
    def _part(subset: str, y: Any, count: int, ignore_class_split: bool) -> slice:
        if subset not in ("training", "validation"):
            raise fail(ValueError, f"Invalid subset name: {subset}", '"training" or "validation"')
        if y is not None and not ignore_class_split and not np.array_equal(np.unique(y[:count]), np.unique(y[count:])):
            raise fail(
                ValueError,
                "Training and validation subsets have different number of classes after the split",
                hint="If your numpy arrays are sorted by the label, you might want to shuffle them.",
            )
        return slice(None, count) if subset == "validation" else slice(count, None)

    def _check_shape(self) -> None:
        if self.x.ndim != 4:
            raise fail(
                ValueError,
                "Input data in `NumpyArrayIterator` should have rank 4",
                received=f"an array with shape {self.x.shape}",
            )
        axis = 3 if self.data_format == "channels_last" else 1
        if self.x.shape[axis] not in (1, 3, 4):
            warnings.warn(
                f'NumpyArrayIterator expects images of the data format "{self.data_format}" to have 1, 3 or 4 channels on '
                f"axis {axis}, but they have {self.x.shape[axis]}: shape {self.x.shape}.",
                stacklevel=4,
            )

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        batch_x = np.zeros((len(index_array), *self.x.shape[1:]), dtype=self.dtype)
        for place, index in enumerate(index_array):
            batch_x[place] = changed(self.image_data_generator, self.x[index].astype(self.dtype))
        save_images(self, batch_x, index_array, 1e4)
        inputs = [batch_x, *(array[index_array] for array in self.x_misc)] if self.x_misc else batch_x
        if self.y is None:
            return inputs
        parts = (inputs, self.y[index_array])
        return parts if self.sample_weight is None else (*parts, self.sample_weight[index_array])


def changed(generator: Any, x: np.ndarray) -> np.ndarray:
    """An image changed at random and normalized by an ``ImageDataGenerator``."""
    parameters = generator.get_random_transform(x.shape)
    return generator.standardize(generator.apply_transform(x, parameters))


def save_images(iterator: Any, batch: np.ndarray, index_array: np.ndarray, names: float) -> None:
    """Write a batch's images to the folder that the user named; ``names``: bound of the random part of their names."""
    if iterator.save_to_dir:
        for x, index in zip(batch, index_array, strict=True):
            name = f"{iterator.save_prefix}_{index}_{np.random.randint(names)}.{iterator.save_format}"
            array_to_img(x, iterator.data_format, scale=True).save(os.path.join(iterator.save_to_dir, name))


# files ----------------------------------------------------------------------------------------------------------------


class _FilesIterator(Iterator):
    """Batches of images that are read when they are needed. Subclasses set ``filepaths``, ``labels``, ``sample_weight``,
    and for modes with classes ``classes`` and ``class_indices``."""

    filepaths: list[str]
    labels: Any
    sample_weight: Any = None
    classes: Any
    class_indices: dict
    class_mode: str | None
    dtype: Any

    def set_processing_attrs(
        self,
        image_data_generator: Any,
        target_size: Any,
        color_mode: str,
        data_format: str,
        save_to_dir: Any,
        save_prefix: str,
        save_format: str,
        subset: str | None,
        interpolation: str,
        keep_aspect_ratio: bool,
    ) -> None:
        """Note how images are read and changed, and which part of the files to use."""
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.keep_aspect_ratio = keep_aspect_ratio
        if color_mode not in _CHANNELS:
            raise fail(ValueError, f"Invalid color mode: {color_mode}", '"rgb", "rgba", or "grayscale"')
        self.color_mode = color_mode
        self.data_format = data_format
        channels = (_CHANNELS[color_mode],)
        last = data_format == "channels_last"
        self.image_shape = self.target_size + channels if last else channels + self.target_size
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self.interpolation = interpolation
        self.subset = subset
        self.split: tuple | None = None
        if subset is not None:
            fraction = image_data_generator._validation_split
            if subset not in ("training", "validation"):
                raise fail(ValueError, f"Invalid subset name: {subset}", '"training" or "validation"')
            self.split = (0, fraction) if subset == "validation" else (fraction, 1)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        batch_x = np.zeros((len(index_array), *self.image_shape), dtype=self.dtype)
        for place, index in enumerate(index_array):
            img = load_img(
                self.filepaths[index], self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio
            )
            x = img_to_array(img, data_format=self.data_format)
            if self.image_data_generator:
                x = changed(self.image_data_generator, np.array(x))
            batch_x[place] = x
        save_images(self, batch_x, index_array, 1e7)
        if self.class_mode is None:
            return batch_x
        batch_y = self._targets_of(batch_x, index_array)
        return (batch_x, batch_y) if self.sample_weight is None else (batch_x, batch_y, self.sample_weight[index_array])

    def _targets_of(self, batch_x: np.ndarray, index_array: np.ndarray) -> Any:
        if self.class_mode == "input":
            return batch_x.copy()
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[index] for index in index_array], dtype=self.dtype)
        if self.class_mode == "categorical":
            batch_y = np.zeros((len(batch_x), len(self.class_indices)), dtype=self.dtype)
            for place, index in enumerate(index_array):
                batch_y[place, self.classes[index]] = 1.0
            return batch_y
        if self.class_mode == "multi_output":
            return [output[index_array] for output in self.labels]
        return self.labels[index_array]


class DirectoryIterator(_FilesIterator):
    """Batches of changed images from the subfolders of a folder, which are the classes.

    Args:
        directory: the folder.
        image_data_generator: changes the images; None leaves them.
        target_size: (height, width) of all images.
        color_mode: "rgb", "rgba" or "grayscale".
        classes: the subfolders to use; default: all, alphabetically.
        class_mode: "categorical" for one-hot targets, "binary" or "sparse" for numbers, "input" for the images
            themselves, None for no targets.
        follow_links: whether to visit folders that are links.
        subset: "training" or "validation", of each class, as the generator's ``validation_split`` says.
        interpolation, keep_aspect_ratio: see ``load_img``.

    The other arguments are those of ``NumpyArrayIterator``.

    Raises:
        ValueError: modes that do not exist.
    """

    allowed_class_modes = {"categorical", "binary", "sparse", "input", None}

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator, target_size, color_mode, data_format or settings.image_data_format, save_to_dir,
            save_prefix, save_format, subset, interpolation, keep_aspect_ratio,
        )  # fmt: skip
        self.directory = directory
        if class_mode not in self.allowed_class_modes:
            raise fail(ValueError, f"Invalid class_mode: {class_mode}", f"one of: {self.allowed_class_modes}")
        self.class_mode = class_mode
        self.dtype = dtype or settings.floatx
        names = list(classes) if classes else self._subfolders()
        self.num_classes = len(names)
        self.class_indices = {name: index for index, name in enumerate(names)}
        found = [self._files_of(name, follow_links) for name in names]
        self.filenames = [name for files in found for name in files]
        self.samples = len(self.filenames)
        self.classes = np.repeat(np.arange(len(names), dtype="int32"), [len(files) for files in found])
        say(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        self._filepaths = [os.path.join(directory, name) for name in self.filenames]
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _subfolders(self) -> list[str]:
        return [n for n in sorted(os.listdir(self.directory)) if os.path.isdir(os.path.join(self.directory, n))]

    def _files_of(self, name: str, follow_links: bool) -> list[str]:
        """Names of a class's images, in the folder; of these the part that ``split`` says."""
        folder, found = os.path.join(self.directory, name), []
        for root, _, files in sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0]):
            found.extend(os.path.join(root, file) for file in sorted(files))
        found = [path for path in found if path.lower().endswith(self.white_list_formats)]
        if any(path.lower().endswith(".tiff") for path in found):
            warnings.warn(
                'Using ".tiff" files with multiple bands will cause distortion. Please verify your output.',
                stacklevel=5,
            )
        if self.split:
            found = found[int(self.split[0] * len(found)) : int(self.split[1] * len(found))]
        inside = os.path.basename(folder)
        return [os.path.join(inside, os.path.relpath(path, folder)) for path in found]

    @property
    def filepaths(self) -> list[str]:  # type: ignore[override]
        """The images' paths."""
        return self._filepaths

    @property
    def labels(self) -> np.ndarray:  # type: ignore[override]
        """The images' classes."""
        return self.classes


class DataFrameIterator(_FilesIterator):
    """Batches of changed images that a data frame names.

    Args:
        dataframe: of pandas.
        directory: the folder of the files; None if the frame has whole paths.
        x_col: column of the names.
        y_col: column, or columns, of the targets.
        weight_col: column of weights.
        classes: the classes to use; default: all that occur, alphabetically.
        class_mode: as for ``DirectoryIterator``; or "raw" for the columns' values, "multi_output" for a list of them.
        validate_filenames: whether to leave out files that do not exist or are no images.

    The other arguments are those of ``DirectoryIterator``.

    Raises:
        ValueError, TypeError: modes that do not exist, or columns that do not fit them.
    """

    allowed_class_modes = {"binary", "categorical", "input", "multi_output", "raw", "sparse", None}

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
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
        data_format: str = "channels_last",
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = "float32",
        validate_filenames: bool = True,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator, target_size, color_mode, data_format, save_to_dir, save_prefix, save_format, subset,
            interpolation, keep_aspect_ratio,
        )  # fmt: skip
        frame = dataframe.copy()
        self.directory = directory or ""
        self.class_mode = class_mode
        self.dtype = dtype
        self._check_params(frame, x_col, y_col, weight_col, classes)
        if validate_filenames:
            frame = self._filter_valid_filepaths(frame, x_col)
        classed = class_mode not in _UNCLASSED
        if classed:
            frame, classes = self._filter_classes(frame, y_col, classes)
            self.class_indices = {name: index for index, name in enumerate(classes)}
        if self.split:
            frame = frame.iloc[int(self.split[0] * len(frame)) : int(self.split[1] * len(frame)), :]
        if classed:
            self.classes = self.get_classes(frame, y_col)
        self.filenames = frame[x_col].tolist()
        self._sample_weight = frame[weight_col].values if weight_col else None
        if class_mode == "multi_output":
            self._targets: Any = [np.array(frame[column].tolist()) for column in y_col]
        elif class_mode == "raw":
            self._targets = frame[y_col].values
        self.samples = len(self.filenames)
        kind = "validated" if validate_filenames else "non-validated"
        end = f" belonging to {len(classes)} classes." if classed else "."
        say(f"Found {self.samples} {kind} image filenames{end}")
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _check_params(self, frame: Any, x_col: str, y_col: Any, weight_col: Any, classes: Any) -> None:
        mode = self.class_mode
        if mode not in self.allowed_class_modes:
            raise fail(ValueError, f"Invalid class_mode: {mode}", f"one of: {self.allowed_class_modes}")
        if mode == "multi_output" and not isinstance(y_col, list):
            raise fail(TypeError, f'If class_mode="{mode}", y_col must be a list', received=type(y_col).__name__)
        if not all(isinstance(value, str) for value in frame[x_col]):
            raise fail(TypeError, f"All values in column x_col={x_col} must be strings")
        if mode in ("binary", "sparse") and not all(isinstance(value, str) for value in frame[y_col]):
            raise fail(TypeError, f'If class_mode="{mode}", y_col="{y_col}" column values must be strings')
        if mode == "binary":
            count = len(set(classes)) if classes else frame[y_col].nunique()
            if count != 2:
                raise fail(ValueError, 'If class_mode="binary" there must be 2 classes', received=f"{count} classes")
        if mode == "categorical" and not all(isinstance(value, (str, list, tuple)) for value in frame[y_col]):
            raise fail(
                TypeError, f'If class_mode="{mode}", y_col="{y_col}" column values must be type string, list or tuple'
            )
        if classes and mode in _UNCLASSED:
            warnings.warn(f'`classes` will be ignored given the class_mode="{mode}"', stacklevel=4)
        if weight_col and not issubclass(frame[weight_col].dtype.type, np.number):
            raise fail(TypeError, f"Column weight_col={weight_col} must be numeric")

    def get_classes(self, df: Any, y_col: str) -> list:
        """The numbers of the classes in a column, whose values are names or lists of names."""
        numbers = self.class_indices
        return [
            [numbers[name] for name in value] if isinstance(value, (list, tuple)) else numbers[value]
            for value in df[y_col]
        ]

    @staticmethod
    def _filter_classes(frame: Any, y_col: str, classes: Any) -> tuple[Any, list]:
        """The rows of the wanted classes, and these without repetition."""
        frame = frame.copy()
        if not classes:
            found: set = set()
            for value in frame[y_col]:
                found.update(value if isinstance(value, (list, tuple)) else [value])
            return frame.dropna(subset=[y_col]), sorted(found)
        classes = list(dict.fromkeys(classes))

        def kept(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return [name for name in value if name in classes] or None
            if not isinstance(value, str):
                raise fail(TypeError, "Expect string, list or tuple", received=f"{type(value)} in {y_col} column")
            return value if value in classes else None

        frame[y_col] = frame[y_col].apply(kept)
        return frame.dropna(subset=[y_col]), classes

    def _filter_valid_filepaths(self, frame: Any, x_col: str) -> Any:
        paths = [os.path.join(self.directory, name) for name in frame[x_col]]
        valid = [path.lower().endswith(self.white_list_formats) and os.path.isfile(path) for path in paths]
        if invalid := valid.count(False):
            warnings.warn(
                f'Found {invalid} invalid image filename(s) in x_col="{x_col}". These filename(s) will be ignored.',
                stacklevel=4,
            )
        return frame[np.array(valid, dtype=bool)]

    @property
    def filepaths(self) -> list[str]:  # type: ignore[override]
        """The images' paths."""
        return self._filepaths

    @property
    def labels(self) -> Any:  # type: ignore[override]
        """The targets: classes, or the columns' values."""
        return self._targets if self.class_mode in ("multi_output", "raw") else self.classes

    @property
    def sample_weight(self) -> Any:  # type: ignore[override]
        """The images' weights, or None."""
        return self._sample_weight
