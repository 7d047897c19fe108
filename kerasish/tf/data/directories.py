"""Datasets of the images, texts or sounds in a folder (``keras.utils.image_dataset_from_directory`` and its like).

They are Keras's utilities, and stand here because what they return does; ``kerasish.utils`` finds them in the registry.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.dtypes import string
from kerasish.core.errors import NotServedError, fail
from kerasish.core.registry import publish, publish_alias
from kerasish.core.storage import from_strings
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_resize import INTERPOLATIONS, resample
from kerasish.tf.data.dataset import AUTOTUNE, Dataset
from kerasish.tf.data.reading import contents
from kerasish.tf.spec import TensorSpec
from kerasish.utils.directories import check_labels, check_split, encoded, index_directory, split
from kerasish.utils.images import crop_and_resize, decode_image
from kerasish.utils.waves import fitted, read_wave, resampled

_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


class Folder:
    """The files of a folder and how they become datasets.

    Args:
        kind: what messages call the files: "image", "text", "audio".
        formats: endings of names.
        words: what messages say of them.

    The other arguments are the users'.
    """

    def __init__(
        self, kind: str, formats: tuple[str, ...], words: str, directory: Any, labels: Any, label_mode: Any,
        class_names: Any, batch_size: int | None, shuffle: bool, seed: int | None, validation_split: float | None,
        subset: str | None, follow_links: bool, verbose: bool,
    ) -> None:  # fmt: skip
        check_split(validation_split, subset, shuffle, seed)
        if labels is None or label_mode is None:
            labels = label_mode = None
        self.kind, self.words, self.directory = kind, words, directory
        self.seed = np.random.randint(1e6) if seed is None else seed
        self.label_mode, self.subset, self.validation_split = label_mode, subset, validation_split
        self.buffer = (1024 if batch_size is None else 8 * batch_size) if shuffle else None
        self.paths, self.labels, self.class_names = index_directory(
            directory, labels, formats, class_names, shuffle, self.seed, follow_links, verbose
        )
        if label_mode == "binary" and len(self.class_names or ()) != 2:
            raise fail(
                ValueError,
                'When passing `label_mode="binary"`, there must be exactly 2 class_names',
                received=f"class_names={self.class_names}",
            )

    def datasets(self, function: Callable[[str], Any], spec: Any, finish: Callable[[Dataset], Dataset]) -> Any:
        """One dataset, or a list of two for ``subset="both"``: ``function`` on each file, then ``finish``."""
        if self.subset != "both":
            return self._dataset(self.subset, "", function, spec, finish)
        return [self._dataset(name, f"{name} ", function, spec, finish) for name in ("training", "validation")]

    def _dataset(self, subset: str | None, word: str, function: Any, spec: Any, finish: Any) -> Dataset:
        paths, labels = split(self.paths, self.labels, self.validation_split, subset)
        if not paths:
            what = f"{word}{self.kind}" if self.kind == "images" else f"{word}{self.kind} files"
            raise fail(ValueError, f"No {what} found in directory {self.directory}. {self.words}")
        targets = encoded(labels, self.label_mode, len(self.class_names or ())) if self.label_mode else None
        shuffled = self.buffer is not None and not (self.subset == "both" and subset == "validation")
        dataset = finish(contents(paths, targets, function, spec, self.buffer if shuffled else None, self.seed))
        dataset.class_names = self.class_names
        if self.kind == "images":
            dataset.file_paths = paths
        return dataset


def _batched(dataset: Dataset, batch_size: int | None) -> Dataset:
    return (dataset if batch_size is None else dataset.batch(batch_size)).prefetch(AUTOTUNE)


def _check_format(value: str) -> None:
    if value == "grain":
        raise NotServedError("`format='grain'` is not served by kerasish. Use format='tf'.")
    if value != "tf":
        raise fail(ValueError, '`format` should be either "tf" or "grain"', received=f"format={value}")


# images ---------------------------------------------------------------------------------------------------------------


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",  # noqa: A002 - Keras's name
    verbose: bool = True,
) -> Any:
    """A dataset of the images in a folder, with labels from its subfolders.

    Args:
        directory: the folder.
        labels: "inferred" from the names of the subfolders, a list in the alphabetical order of the files, or None.
        label_mode: "int", "binary" (float32 (n, 1)), "categorical" (one-hot float32), or None.
        class_names: the subfolders to use, in the order of their numbers; default: all, alphabetically.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: None for single images.
        image_size: (height, width) of all images, or one number for both.
        shuffle: whether to shuffle the files, once by ``seed`` and again in each pass.
        validation_split: fraction to keep for validation.
        subset: "training", "validation", or "both" for a list of the two datasets.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or "mitchellcubic".
        follow_links: whether to visit folders that are links.
        crop_to_aspect_ratio: cut the largest part in the middle that need not be distorted.
        pad_to_aspect_ratio: put a black frame around the image so that it need not be distorted.
        data_format: "channels_last" or "channels_first"; None for the global one.
        format: "tf".
        verbose: whether to say how many files were found.

    Returns:
        A ``tf.data.Dataset`` of float32 images (batch, height, width, channels) and labels, with the attributes
        ``class_names`` and ``file_paths``.

    Raises:
        ValueError: arguments that do not exist or contradict each other, or no files.
    """
    check_labels(labels, label_mode, class_names, "image")
    if color_mode not in _CHANNELS:
        raise fail(
            ValueError, '`color_mode` must be one of {"rgb", "rgba", "grayscale"}', received=f"color_mode={color_mode}"
        )
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise fail(
            ValueError, "Invalid `image_size` value", "a tuple of 2 integers", received=f"image_size={image_size}"
        )
    interpolation = interpolation.lower()
    if interpolation not in _METHODS:
        raise fail(
            ValueError,
            f"Argument `interpolation` should be one of {_METHODS}",
            received=f"interpolation={interpolation}",
        )
    _check_format(format)
    folder = Folder(
        "images", _IMAGES, f"Allowed formats: {_IMAGES}", directory, labels, label_mode, class_names, batch_size, shuffle,
        seed, validation_split, subset, follow_links, verbose,
    )  # fmt: skip
    if crop_to_aspect_ratio and interpolation not in INTERPOLATIONS:
        raise fail(
            ValueError,
            "Invalid value for argument `interpolation` with `crop_to_aspect_ratio`",
            f"one of {INTERPOLATIONS}",
            f"interpolation={interpolation}",
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise fail(ValueError, "Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`")
    data_format = check_data_format(data_format)
    how = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else ""
    size, channels = (int(size[0]), int(size[1])), _CHANNELS[color_mode]
    load = functools.partial(
        _load_image, size=size, channels=channels, interpolation=interpolation, how=how, data_format=data_format
    )
    shape = (*size, channels) if data_format == "channels_last" else (channels, *size)
    dtype = "uint8" if interpolation == "nearest" else "float32"
    return folder.datasets(load, TensorSpec(shape, dtype), functools.partial(_batched, batch_size=batch_size))


def _load_image(
    path: str, size: tuple[int, int], channels: int, interpolation: str, how: str, data_format: str
) -> Tensor:
    with open(path, "rb") as file:
        pixels = decode_image(file.read(), channels, path)
    x = torch.from_numpy(pixels).permute(2, 0, 1)
    if how == "crop":
        x = crop_and_resize(x, size, interpolation, "channels_first")
    else:
        x = _fit_inside(x, size, interpolation) if how == "pad" else resample(x[None], size, interpolation, False)[0]
    return Tensor((x.permute(1, 2, 0) if data_format == "channels_last" else x).contiguous())


def _fit_inside(x: torch.Tensor, size: tuple[int, int], interpolation: str) -> torch.Tensor:
    """A channels-first image resized without distortion to fit into ``size``, in the middle of zeros."""
    old, new = np.float32(x.shape[1:]), np.float32(size)
    inner = old / (old / new).max()  # with fractions, and in float32, as TensorFlow counts
    (height, width), (top, left) = np.floor(inner).astype(int), np.maximum(0, np.floor((new - inner) / 2)).astype(int)
    x = resample(x[None], (int(height), int(width)), interpolation, False)[0]
    whole = x.new_zeros((x.shape[0], *size))
    whole[:, top : top + height, left : left + width] = x
    return whole


# texts ----------------------------------------------------------------------------------------------------------------


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",  # noqa: A002 - Keras's name
    verbose: bool = True,
) -> Any:
    """A dataset of the texts (.txt) in a folder, with labels from its subfolders.

    Args:
        max_length: bytes to keep of each text.

    The other arguments are those of ``image_dataset_from_directory``.

    Returns:
        A ``tf.data.Dataset`` of strings and labels, with the attribute ``class_names``.

    Raises:
        ValueError: arguments that do not exist or contradict each other, or no files.
    """
    check_labels(labels, label_mode, class_names, "text")
    _check_format(format)
    folder = Folder(
        "text", (".txt",), "Allowed format: .txt", directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose,
    )  # fmt: skip

    def load(path: str) -> StringTensor:
        with open(path, "rb") as file:
            return StringTensor(from_strings(file.read() if max_length is None else file.read()[:max_length]))

    return folder.datasets(load, TensorSpec((), string), functools.partial(_batched, batch_size=batch_size))


# sounds ---------------------------------------------------------------------------------------------------------------


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """A dataset of the sounds (.wav, 16 bits) in a folder, with labels from its subfolders.

    Args:
        sampling_rate: samples per second to resample to; default: as the files are.
        output_sequence_length: samples to cut or pad each sound to; default: the longest of its batch.
        ragged: not served; sounds are padded.

    The other arguments are those of ``image_dataset_from_directory``.

    Returns:
        A ``tf.data.Dataset`` of float32 sounds (batch, samples, channels) in [-1, 1) and labels, with the attribute
        ``class_names``. For ``subset="both"`` a tuple of two.

    Raises:
        ValueError: arguments that do not exist or contradict each other, or no files.
        NotServedError: ``ragged``.
    """
    check_labels(labels, label_mode, class_names, "audio")
    if ragged and output_sequence_length is not None:
        raise fail(ValueError, "Cannot set both `ragged` and `output_sequence_length`")
    if sampling_rate is not None and not isinstance(sampling_rate, int):
        raise fail(
            ValueError, "`sampling_rate` should have an integer value", received=f"sampling_rate={sampling_rate}"
        )
    if sampling_rate is not None and sampling_rate <= 0:
        raise fail(ValueError, "`sampling_rate` should be higher than 0", received=f"sampling_rate={sampling_rate}")
    if ragged:
        raise NotServedError("Ragged tensors are not served by kerasish yet. Leave out `ragged`: sounds are padded.")
    folder = Folder(
        "audio", (".wav",), "Allowed format(s): ('.wav',)", directory, labels, label_mode, class_names, batch_size, shuffle,
        seed, validation_split, subset, follow_links, verbose,
    )  # fmt: skip

    def load(path: str) -> Tensor:
        with open(path, "rb") as file:
            samples, rate = read_wave(file.read(), path)
        samples = fitted(samples, output_sequence_length)
        return Tensor(torch.from_numpy(samples if sampling_rate is None else resampled(samples, rate, sampling_rate)))

    def finish(dataset: Dataset) -> Dataset:
        dataset = dataset.prefetch(AUTOTUNE)
        if batch_size is None:
            return dataset
        pad = output_sequence_length is None
        return dataset.padded_batch(batch_size) if pad else dataset.batch(batch_size)

    length = None if sampling_rate is not None else output_sequence_length
    found = folder.datasets(load, TensorSpec((length, None), "float32"), finish)
    return tuple(found) if subset == "both" else found


_NAMES = ("audio_dataset_from_directory", "image_dataset_from_directory", "text_dataset_from_directory")
publish("kerasish.utils", globals(), _NAMES)
for _name in _NAMES[1:]:
    publish_alias(f"keras.preprocessing.{_name}", globals()[_name])
