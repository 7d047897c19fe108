"""Files in folders that name their classes: their order, labels and division in two, as Keras has them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.core.messages import say


def check_labels(labels: Any, label_mode: Any, class_names: Any, kind: str) -> None:
    """Raise for labels, modes and names that do not exist or contradict each other; ``kind``: "image" files or others."""
    if labels is not None and not (isinstance(labels, str) and labels == "inferred"):
        if not isinstance(labels, (list, tuple)):
            raise fail(
                ValueError,
                f"`labels` argument should be a list/tuple of integer labels, of the same size as the number of {kind} "
                "files in the target directory",
                received=f"labels={labels}",
                hint='Pass `labels="inferred"` to take them from the names of the subdirectories, `labels=None` for none.',
            )
        if class_names:
            raise fail(
                ValueError,
                'You can only pass `class_names` if `labels="inferred"`',
                received=f"labels={labels}, and class_names={class_names}",
            )
    if label_mode not in ("int", "categorical", "binary", None):
        raise fail(
            ValueError,
            '`label_mode` argument must be one of "int", "categorical", "binary", or None',
            received=f"label_mode={label_mode}",
        )


def check_split(validation_split: Any, subset: Any, shuffle: Any, seed: Any) -> None:
    """Raise for a division that does not exist, or would be another one each time."""
    if validation_split and not 0 < validation_split < 1:
        raise fail(ValueError, "`validation_split` must be between 0 and 1", received=validation_split)
    if bool(validation_split) != bool(subset):
        raise fail(ValueError, "If `subset` is set, `validation_split` must be set, and inversely")
    if subset not in ("training", "validation", "both", None):
        raise fail(ValueError, '`subset` must be either "training", "validation" or "both"', received=subset)
    if validation_split and shuffle and seed is None:
        raise fail(
            ValueError,
            "If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure that "
            "there is no overlap between the training and validation subset",
        )


def index_directory(
    directory: Any,
    labels: Any,
    formats: tuple[str, ...],
    class_names: Any = None,
    shuffle: bool = True,
    seed: int | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> tuple[list[str], Any, list[str] | None]:
    """The files of a folder, their labels and the classes' names.

    Args:
        labels: "inferred" from the names of the subfolders, a list in the alphabetical order of the files, or None.
        formats: endings of names, in lower case with the dot.
        class_names: subfolders to use, in this order.
        shuffle: whether to shuffle both, by ``seed``.
        verbose: whether to say what was found.

    Raises:
        ValueError: names that are no subfolders, or labels of another number than files.
    """
    directory = os.fspath(directory)
    inferred = isinstance(labels, str) and labels == "inferred"
    folders = _class_folders(directory, class_names) if inferred else [""]
    if not inferred and class_names is not None:
        why = "`labels=None` (no labels)" if labels is None else "argument `labels` is specified"
        raise fail(ValueError, f"When {why}, argument `class_names` cannot be specified")
    found = [_files(os.path.join(directory, folder), folder, follow_links, formats) for folder in folders]
    paths = [os.path.join(directory, name) for names in found for name in names]
    if inferred:
        labels = np.repeat(np.arange(len(folders), dtype="int32"), [len(names) for names in found])
    elif labels is not None and len(labels) != len(paths):
        raise fail(
            ValueError,
            "Expected the lengths of `labels` to match the number of files in the target directory. len(labels) is "
            f"{len(labels)} while we found {len(paths)} files in directory {directory}",
        )
    names = None if labels is None else [str(label) for label in (folders if inferred else sorted(set(labels)))]
    if verbose:
        say(f"Found {len(paths)} files" + (f" belonging to {len(names)} classes." if names is not None else "."))
    if not inferred and labels is not None:
        labels = list(labels)
    if shuffle:
        seed = np.random.randint(1e6) if seed is None else seed
        for sequence in (paths, labels):
            if sequence is not None:
                np.random.RandomState(seed).shuffle(sequence)
    return paths, labels, names


def _class_folders(directory: str, class_names: Any) -> list[str]:
    found = [name for name in sorted(os.listdir(directory)) if not name.startswith(".")]
    found = [name for name in found if os.path.isdir(os.path.join(directory, name))]
    if class_names is None:
        return found
    if not set(class_names) <= set(found):
        raise fail(
            ValueError,
            "The `class_names` passed did not match the names of the subdirectories of the target directory",
            f"{found} (or a subset of it)",
            f"class_names={class_names}",
        )
    return list(class_names)


def _files(folder: str, prefix: str, follow_links: bool, formats: tuple[str, ...]) -> list[str]:
    """Names below the folder, by subfolder and then by name, with ``prefix`` before them."""
    found = []
    for root, _, files in sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0]):
        inner = os.path.relpath(root, folder)
        inside = prefix if inner == "." else os.path.join(prefix, inner)
        found.extend(os.path.join(inside, name) for name in sorted(files) if name.lower().endswith(formats))
    return found


def split(samples: list, labels: Any, validation_split: Any, subset: str | None) -> tuple[list, Any]:
    """The part of the files and labels for "training" (the first) or "validation"; all of them without a split."""
    if not validation_split:
        return samples, labels
    count = int(validation_split * len(samples))
    if subset == "training":
        say(f"Using {len(samples) - count} files for training.")
        part = slice(None, -count)
    else:
        say(f"Using {count} files for validation.")
        part = slice(-count, None)
    return samples[part], labels if labels is None else labels[part]


def encoded(labels: Any, label_mode: str, num_classes: int) -> Any:
    """Labels as targets: int32 numbers, float32 (n, 1) for "binary", one-hot rows for "categorical"."""
    if label_mode == "int":
        return labels
    labels = np.asarray(labels)
    if label_mode == "binary":
        return labels.astype("float32")[:, None]
    return (labels[:, None] == np.arange(num_classes)).astype("float32")
