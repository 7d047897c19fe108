"""Programs with old preprocessing: images, sequences, text; folders of files; data sets in their files."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
from program_help import attempt, attempts

IMAGE = np.random.RandomState(5).uniform(0, 255, (7, 6, 3)).astype("float32")
TEXTS = ["The cat sat on the mat.", "A dog, a cat & the mouse!", "", "ten cats\tran;"]


def random_images(keras: Any, tf: Any) -> Any:
    """Functions that change an image by numbers of NumPy's generator."""
    image = tf.keras.preprocessing.image
    options = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    found: dict = {}
    calls = {
        "rotation": lambda x, **more: image.random_rotation(x, 40, **options, **more),
        "shift": lambda x, **more: image.random_shift(x, 0.3, 0.2, **options, **more),
        "shear": lambda x, **more: image.random_shear(x, 30, **options, **more),
        "zoom": lambda x, **more: image.random_zoom(x, (0.7, 1.4), **options, **more),
    }
    for name, call in calls.items():
        for mode in ("nearest", "constant", "reflect", "wrap"):
            np.random.seed(7)
            found[f"{name} {mode}"] = call(IMAGE, fill_mode=mode, cval=3.0)
        np.random.seed(8)
        found[f"{name} linear"] = call(IMAGE, interpolation_order=0)
    first = {"row_axis": 1, "col_axis": 2, "channel_axis": 0}
    np.random.seed(9)
    found["first"] = image.random_rotation(IMAGE.transpose(2, 0, 1), 30, **first)
    np.random.seed(9)
    found["channels"] = image.random_channel_shift(IMAGE, 40.0, channel_axis=2)
    np.random.seed(9)
    found["brightness"] = image.random_brightness(IMAGE, (0.5, 1.5))
    found["applied"] = [
        image.apply_affine_transform(
            IMAGE,
            theta=20,
            tx=1,
            ty=-1,
            shear=5,
            zx=0.9,
            zy=1.2,
            row_axis=0,
            col_axis=1,
            channel_axis=2,
            fill_mode="constant",
        ),
        image.apply_channel_shift(IMAGE, 30.0, channel_axis=2),
        image.apply_brightness_shift(IMAGE, 0.6),
        attempt(lambda: image.apply_brightness_shift(IMAGE / 255, 0.6, scale=False)),
    ]
    found["refused"] = attempts(
        zoom=lambda: image.random_zoom(IMAGE, 0.5, **options),
        brightness=lambda: image.random_brightness(IMAGE, (1.0,)),
        axes=lambda: image.apply_affine_transform(IMAGE, theta=3, row_axis=0, col_axis=2, channel_axis=1),
    )
    return found


def generators(keras: Any, tf: Any) -> Any:
    """ImageDataGenerator: standards, transformations of a seed, flows."""
    make = tf.keras.preprocessing.image.ImageDataGenerator
    images = np.random.RandomState(6).uniform(0, 255, (5, 6, 6, 3)).astype("float32")
    labels = np.arange(5)
    found: dict = {}
    settings = {
        "plain": {},
        "rescaled": {"rescale": 1 / 255, "horizontal_flip": True, "vertical_flip": True},
        "turned": {"rotation_range": 30, "width_shift_range": 0.2, "height_shift_range": 1.0, "fill_mode": "reflect"},
        "zoomed": {
            "zoom_range": 0.3,
            "shear_range": 10,
            "channel_shift_range": 20.0,
            "cval": 1.0,
            "fill_mode": "constant",
        },
        "bright": {"brightness_range": (0.5, 1.5)},
        "choices": {"width_shift_range": [-1, 0, 2], "zoom_range": [0.8, 0.9]},
        "standard": {"samplewise_center": True, "samplewise_std_normalization": True},
        "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True},
        "whitened": {"zca_whitening": True},
        "function": {"preprocessing_function": lambda x: x * 2.0},
        "split": {"validation_split": 0.4},
    }
    for name, options in settings.items():
        generator = make(**options)
        if name in ("featurewise", "whitened"):
            generator.fit(images, seed=1)
        found[f"{name} transform"] = {
            k: v for k, v in generator.get_random_transform((6, 6, 3), seed=3).items() if v is not None
        }
        found[f"{name} image"] = generator.random_transform(images[0].copy(), seed=4)[::2, ::3]
        given = labels % 2 if name == "split" else labels
        flow = generator.flow(images, given, batch_size=2, seed=11, subset="training" if name == "split" else None)
        batches = [next(flow) for _ in range(3)]
        found[f"{name} flow"] = [[x[:, ::3, ::3], y] for x, y in batches]
        found[f"{name} facts"] = [len(flow), flow.n, flow.batch_size, flow.total_batches_seen]
    generator = make()
    weighted = generator.flow((images, labels * 2), labels, sample_weight=labels * 0.5, batch_size=3, shuffle=False)
    found["weighted"] = [[np.shape(part) for part in next(weighted)[0]], next(weighted)[1:]]
    found["applied"] = make().apply_transform(images[0], {"theta": 10, "flip_horizontal": True, "zx": 0.9})[::2, ::2]
    found["standardized"] = make(rescale=0.5).standardize(images[0].copy())[::3, ::3]
    found["refused"] = attempts(
        shape=lambda: generator.flow(images[0]),
        lengths=lambda: generator.flow(images, labels[:2]),
        split=lambda: make(validation_split=1.5),
        zoom=lambda: make(zoom_range=(1, 2, 3)),
        brightness=lambda: make(brightness_range=3),
        format=lambda: make(data_format="first"),
        unfitted=lambda: make(featurewise_center=True).standardize(images[0].copy()).shape,
        whitening=lambda: make(zca_whitening=True, featurewise_std_normalization=True).featurewise_center,
    )
    return found


@contextlib.contextmanager
def folder_of_images(keras: Any, extension: str = "png") -> Iterator[str]:
    """Two classes of small images, some deeper, and a file that is none."""
    with tempfile.TemporaryDirectory() as folder:
        random = np.random.RandomState(2)
        for label, count in (("cats", 3), ("dogs", 4)):
            os.makedirs(os.path.join(folder, label, "more"))
            for number in range(count):
                place = os.path.join(folder, label, "more" if number == 2 else "", f"{number}.{extension}")
                array = random.randint(0, 255, (5 + number, 6, 3)).astype("float32")
                keras.utils.save_img(place, array, scale=False)
        with open(os.path.join(folder, "cats", "note.txt"), "w") as file:
            file.write("no image")
        yield folder


def folders(keras: Any, tf: Any) -> Any:
    """Iterators over a folder of images, and Iterator by itself."""
    image = tf.keras.preprocessing.image
    found: dict = {}
    with folder_of_images(keras) as folder:
        for name, options in {
            "plain": {},
            "ordered": {"shuffle": False, "class_mode": "binary"},
            "grey": {"color_mode": "grayscale", "class_mode": "sparse", "shuffle": False},
            "none": {"class_mode": None, "color_mode": "rgba", "shuffle": False},
            "input": {"class_mode": "input", "shuffle": False, "interpolation": "bilinear"},
            "classes": {"classes": ["dogs", "cats"], "shuffle": False},
            "validation": {"subset": "validation", "seed": 4},
        }.items():
            generator = image.ImageDataGenerator(rescale=1 / 255, validation_split=0.3 if name == "validation" else 0.0)
            flow = generator.flow_from_directory(folder, target_size=(4, 3), batch_size=3, **{"seed": 5, **options})
            batch = next(flow)
            found[name] = [
                batch if isinstance(batch, np.ndarray) else list(batch),
                [
                    flow.n,
                    len(flow),
                    flow.class_indices,
                    flow.filenames,
                    np.asarray(flow.classes).tolist(),
                    list(flow.image_shape),
                ],
            ]
        found["wrong"] = attempts(
            mode=lambda: image.ImageDataGenerator().flow_from_directory(folder, class_mode="most"),
            colour=lambda: image.ImageDataGenerator().flow_from_directory(folder, color_mode="pink"),
            missing=lambda: len(image.ImageDataGenerator().flow_from_directory(os.path.join(folder, "none"))),
            iterator=lambda: (
                image.DirectoryIterator(folder, image.ImageDataGenerator(), target_size=(2, 2), seed=1)[0][0].shape
            ),
        )
    it = image.Iterator(n=7, batch_size=3, shuffle=True, seed=4)
    found["indices"] = [np.asarray(next(it.index_generator)).tolist() for _ in range(4)]
    numbers = image.NumpyArrayIterator(
        np.ones((4, 2, 2, 1)), np.arange(4), image.ImageDataGenerator(), batch_size=3, shuffle=False, seed=1
    )
    found["numpy"] = [numbers[0][1], numbers[1][1], len(numbers), attempt(lambda: numbers[2])]
    return found


def old_sequences(keras: Any, tf: Any) -> Any:
    sequence = tf.keras.preprocessing.sequence
    data, targets = np.arange(20.0).reshape(10, 2), np.arange(10)
    found: dict = {}
    for options in (
        {},
        {"sampling_rate": 2, "batch_size": 3},
        {"stride": 2, "start_index": 1, "end_index": 8},
        {"reverse": True, "batch_size": 2},
        {"shuffle": True, "batch_size": 4},
    ):
        np.random.seed(3)
        generator = sequence.TimeseriesGenerator(data, targets, 4, **options)
        found[str(options)] = [len(generator), *generator[0], generator.start_index, generator.end_index]
    import random as python_random

    for options in ({}, {"window_size": 2, "negative_samples": 0.0}, {"categorical": True, "shuffle": False}):
        python_random.seed(4)
        couples, labels = sequence.skipgrams([1, 2, 3, 0, 4], 5, seed=7, **options)
        found[f"skipgrams {options}"] = [[list(map(int, c)) for c in couples], [np.asarray(x).tolist() for x in labels]]
    table = sequence.make_sampling_table(8)
    found["table"] = [table, sequence.make_sampling_table(5, sampling_factor=1e-3)]
    found["refused"] = attempts(
        lengths=lambda: sequence.TimeseriesGenerator(data, targets[:3], 2),
        start=lambda: sequence.TimeseriesGenerator(data, targets, 9, start_index=8),
    )
    return found


def old_texts(keras: Any, tf: Any) -> Any:
    text = tf.keras.preprocessing.text
    found: dict = {}
    for options in (
        {},
        {"num_words": 4, "oov_token": "<oov>"},
        {"char_level": True},
        {"lower": False, "filters": "!", "split": " "},
        {"analyzer": lambda t: t.upper().split()},
    ):
        tokenizer = text.Tokenizer(**options)
        tokenizer.fit_on_texts(TEXTS)
        sequences = tokenizer.texts_to_sequences([*TEXTS, "unknown cat"])
        name = str(sorted(options))
        found[name] = [
            tokenizer.word_index,
            sequences,
            tokenizer.sequences_to_texts(sequences),
            tokenizer.document_count,
        ]
        found[f"{name} counts"] = [dict(tokenizer.word_counts), sorted(tokenizer.word_docs.items())]
        for mode in ("binary", "count", "tfidf", "freq"):
            found[f"{name} {mode}"] = attempt(lambda mode=mode, t=tokenizer: t.texts_to_matrix(TEXTS[:2], mode=mode))
        if "analyzer" not in options:
            config = tokenizer.get_config()
            found[f"{name} config"] = {
                key: value
                if "docs" not in key
                else sorted(json.loads(value).items())
                if isinstance(value, str)
                else value
                for key, value in config.items()
            }  # the order of word_docs is that of a set
            again = text.tokenizer_from_json(tokenizer.to_json())
            found[f"{name} again"] = [again.texts_to_sequences(TEXTS), again.num_words, again.oov_token]
    numbers = text.Tokenizer(num_words=6)
    numbers.fit_on_sequences([[1, 2, 2], [3]])
    found["numbers"] = [numbers.document_count, numbers.sequences_to_matrix([[1, 2, 2], [5, 9]], mode="count")]
    found["words"] = [
        text.text_to_word_sequence("Some, TEXT - here!"),
        text.text_to_word_sequence("a-b c", filters="-", lower=False, split="-"),
        len(text.one_hot("some words here", 50)),  # hash() differs from process to process
        text.hashing_trick("some words here", 50, hash_function="md5"),
        text.hashing_trick("Some words!", 9, hash_function=len),
    ]
    found["refused"] = attempts(
        unknown=lambda: text.Tokenizer(colour="red"),
        mode=lambda: numbers.sequences_to_matrix([[1]], mode="most"),
        no_limit=lambda: text.Tokenizer().sequences_to_matrix([[1]]),
    )
    return found


def image_files(keras: Any, tf: Any) -> Any:
    """load_img and save_img."""
    utils = keras.utils
    found: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.png")
        utils.save_img(path, IMAGE, scale=False)
        for options in (
            {},
            {"color_mode": "grayscale"},
            {"color_mode": "rgba"},
            {"target_size": (4, 3)},
            {"target_size": (4, 8), "interpolation": "bilinear"},
            {"target_size": (5, 5), "interpolation": "bicubic", "keep_aspect_ratio": True},
            {"target_size": (9, 4), "interpolation": "lanczos"},
            {"target_size": (3, 3), "interpolation": "box"},
        ):
            picture = utils.load_img(path, **options)
            found[str(options)] = [picture.mode, list(picture.size), utils.img_to_array(picture)]
        utils.save_img(path, IMAGE / 255 - 0.3)
        found["scaled"] = utils.img_to_array(utils.load_img(path))
        utils.save_img(path, IMAGE[..., :1], scale=False)
        found["grey"] = [utils.load_img(path).mode, utils.img_to_array(utils.load_img(path, color_mode="grayscale"))]
        utils.save_img(path, IMAGE.transpose(2, 0, 1), data_format="channels_first", scale=False)
        found["first"] = utils.img_to_array(utils.load_img(path))
        other = os.path.join(folder, "b.bmp")
        utils.save_img(other, IMAGE, file_format="bmp", scale=False)
        found["format"] = [open(other, "rb").read(2).decode(), np.asarray(utils.load_img(other)).shape]
        with open(path, "rb") as file:
            found["opened"] = utils.img_to_array(utils.load_img(io.BytesIO(file.read()))).shape
        found["refused"] = attempts(
            mode=lambda: utils.load_img(path, color_mode="pink"),
            interpolation=lambda: utils.load_img(path, target_size=(2, 2), interpolation="wobbly"),
            missing=lambda: utils.load_img(os.path.join(folder, "none.png")),
            kind=lambda: utils.load_img(3),
            shape=lambda: utils.array_to_img(np.ones((2, 2))),
            channels=lambda: utils.array_to_img(np.ones((2, 2, 5))),
            format=lambda: utils.array_to_img(IMAGE, data_format="first"),
            rank=lambda: utils.img_to_array(np.ones((1, 2, 3, 4))),
        )
    return found


def drawn(keras: Any, tf: Any) -> Any:
    """Masks drawn on images; boxes need OpenCV in Keras."""
    v = keras.visualization
    images = np.random.RandomState(3).uniform(0, 255, (2, 24, 24, 3)).astype("float32")
    masks = np.random.RandomState(4).randint(-1, 3, (2, 24, 24, 1))
    return attempts(
        masks=lambda: v.draw_segmentation_masks(images, masks, num_classes=3)[:, ::3, ::3],
        mapped=lambda: v.draw_segmentation_masks(
            images, masks, 3, color_mapping={0: (9, 8, 7), 1: (255, 0, 0), 2: (0, 255, 0)}, alpha=0.4
        )[:, ::3, ::3],
        unblended=lambda: v.draw_segmentation_masks(images, masks, 3, blend=False, ignore_index=2)[:, ::3, ::3],
        mask_rank=lambda: v.draw_segmentation_masks(images[0], masks),
    )


def image_folders(keras: Any, tf: Any) -> Any:
    """image_dataset_from_directory: orders, labels, sizes, subsets."""
    found: dict = {}
    make = keras.utils.image_dataset_from_directory
    with folder_of_images(keras) as folder:
        for name, options in {
            "plain": {"shuffle": False},
            "shuffled": {"seed": 3},
            "categorical": {"label_mode": "categorical", "shuffle": False, "color_mode": "grayscale"},
            "binary": {"label_mode": "binary", "seed": 1, "interpolation": "nearest"},
            "none": {"labels": None, "shuffle": False, "label_mode": None},
            "given": {"labels": [3, 1, 0, 2, 2, 1, 0], "shuffle": False},
            "classes": {"class_names": ["dogs", "cats"], "shuffle": False},
            "training": {"validation_split": 0.3, "subset": "training", "seed": 5},
            "validation": {"validation_split": 0.3, "subset": "validation", "seed": 5},
            "cropped": {"crop_to_aspect_ratio": True, "shuffle": False},
            "padded": {"pad_to_aspect_ratio": True, "shuffle": False},
            "first": {"data_format": "channels_first", "shuffle": False},
            "whole": {"batch_size": None, "shuffle": False},
        }.items():
            data = make(folder, **{"batch_size": 4, "image_size": (4, 3), **options})
            batches = [list(b) if isinstance(b, tuple) else b for b in data]
            paths = [os.path.relpath(path, folder) for path in data.file_paths]
            found[name] = [batches[:2], len(batches), getattr(data, "class_names", None), paths]
        both = make(folder, validation_split=0.3, subset="both", seed=5, image_size=(2, 2))
        found["both"] = [[int(np.asarray(y).size) for _, y in part] for part in both]
        found["refused"] = attempts(
            labels=lambda: make(folder, labels=[1, 2]),
            mode=lambda: make(folder, label_mode="most"),
            colour=lambda: make(folder, color_mode="pink"),
            split=lambda: make(folder, validation_split=0.3),
            subset=lambda: make(folder, validation_split=0.3, subset="third", seed=1),
            seed=lambda: make(folder, validation_split=0.3, subset="training"),
            names=lambda: make(folder, class_names=["cats", "birds"]),
            interpolation=lambda: make(folder, interpolation="wobbly"),
            both=lambda: make(folder, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            missing=lambda: make(os.path.join(folder, "none")),
            size=lambda: make(folder, image_size=3),
        )
    return found


def other_folders(keras: Any, tf: Any) -> Any:
    """text_dataset_from_directory and audio_dataset_from_directory."""
    found: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        for label in ("bad", "good"):
            os.makedirs(os.path.join(folder, label))
            for number in range(3):
                with open(os.path.join(folder, label, f"{number}.txt"), "w") as file:
                    file.write(f"{label} text number {number}")
        make = keras.utils.text_dataset_from_directory
        for name, options in {
            "plain": {"shuffle": False},
            "shuffled": {"seed": 4, "max_length": 8},
            "binary": {"label_mode": "binary", "shuffle": False},
            "categorical": {"label_mode": "categorical", "seed": 2},
            "validation": {"validation_split": 0.4, "subset": "validation", "seed": 2},
            "unlabelled": {"label_mode": None, "shuffle": False},
        }.items():
            data = make(folder, batch_size=4, **options)
            batches = [b if isinstance(b, tuple) else (b,) for b in data]
            texts = [[t.decode() for t in np.asarray(b[0]).tolist()] for b in batches]
            found[name] = [texts, [b[1:] for b in batches], data.class_names]
        found["refused"] = attempts(
            mode=lambda: make(folder, label_mode="most"),
            split=lambda: make(folder, subset="training"),
            names=lambda: make(folder, class_names=["x"]),
        )
    with tempfile.TemporaryDirectory() as folder:
        for label in ("high", "low"):
            os.makedirs(os.path.join(folder, label))
            for number in range(2):
                with wave.open(os.path.join(folder, label, f"{number}.wav"), "wb") as file:
                    file.setnchannels(1), file.setsampwidth(2), file.setframerate(100)
                    samples = np.sin(np.arange(20 + 5 * number) * (number + 1)) * 20000
                    file.writeframes(samples.astype("<i2").tobytes())
        sounds = keras.utils.audio_dataset_from_directory
        for name, options in {
            "cut": {"output_sequence_length": 12},
            "padded": {"output_sequence_length": 30, "label_mode": "categorical"},
            "natural": {"batch_size": 2, "seed": 3},
        }.items():
            shuffled = {"shuffle": "seed" in options}
            data = sounds(folder, **{"batch_size": 4, **shuffled, **options})
            found[f"audio {name}"] = [[list(b) for b in data], data.class_names]
        found["audio refused"] = attempts(
            mode=lambda: sounds(folder, label_mode="most"),
            both=lambda: sounds(folder, ragged=True, output_sequence_length=3),
            rate=lambda: sounds(folder, sampling_rate=0),
            length=lambda: sounds(folder, output_sequence_length=0),
        )
    return found


USES = {
    "random_images": """preprocessing.image.random_rotation preprocessing.image.random_shift preprocessing.image.random_shear
preprocessing.image.random_zoom preprocessing.image.random_channel_shift preprocessing.image.random_brightness
preprocessing.image.apply_affine_transform preprocessing.image.apply_channel_shift
preprocessing.image.apply_brightness_shift""",
    "generators": "preprocessing.image.ImageDataGenerator preprocessing.image.NumpyArrayIterator",
    "folders": """preprocessing.image.DirectoryIterator preprocessing.image.Iterator preprocessing.image.NumpyArrayIterator
preprocessing.image.ImageDataGenerator""",
    "old_sequences": """preprocessing.sequence.TimeseriesGenerator preprocessing.sequence.skipgrams
preprocessing.sequence.make_sampling_table""",
    "old_texts": """preprocessing.text.Tokenizer preprocessing.text.tokenizer_from_json preprocessing.text.one_hot
preprocessing.text.hashing_trick preprocessing.text.text_to_word_sequence""",
    "image_files": "utils.load_img utils.save_img",
    "drawn": "visualization.draw_segmentation_masks",
    "image_folders": "utils.image_dataset_from_directory",
    "other_folders": "utils.text_dataset_from_directory utils.audio_dataset_from_directory",
}
PROGRAMS = {name: globals()[name] for name in USES}
