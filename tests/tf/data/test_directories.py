"""Datasets of folders. Orders, values and messages are those of Keras 3.15 on TensorFlow."""

import struct
import wave

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf, utils
from kerasish.core.errors import InvalidArgumentError, NotServedError

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def texts(tmp_path):
    for name in ("pos", "neg"):
        (tmp_path / name).mkdir()
        for index in range(6):
            (tmp_path / name / f"{index}.txt").write_text(f"{name[0]}{index}")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "neg" / "other.csv").write_text("x")
    return tmp_path


@pytest.fixture
def images(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(2):
            y, x = np.mgrid[: 8 + index, :10]
            pixels = np.stack([y * 20, x * 20, (x * y * 7 + index * 40) % 256], -1).astype("uint8")
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    return tmp_path


def words(dataset):
    return ["".join(text.decode() for text in np.reshape(x.numpy(), -1)) for x, _ in dataset]


def test_the_order_is_kerass_for_the_same_seed(texts, capsys):
    dataset = utils.text_dataset_from_directory(texts, batch_size=4, seed=2)
    assert capsys.readouterr().out == "Found 12 files belonging to 2 classes.\n"
    assert dataset.class_names == ["neg", "pos"]
    assert words(dataset) == ["n2p1p5p2", "n4p4n3p0", "n5p3n1n0"]
    assert words(dataset) == ["p0n3p1p2", "p4n2n5n1", "p5p3n4n0"]
    for x, y in dataset:
        assert [text[:1] for text in x.numpy()] == [b"np"[label : label + 1] for label in y.numpy()]
    np.random.seed(3)
    assert words(utils.text_dataset_from_directory(texts, batch_size=12)) == ["p0n3n5n2n0p5p1p3n4p4p2n1"]


def test_both_parts(texts, capsys):
    train, test = utils.text_dataset_from_directory(
        texts, batch_size=None, seed=7, validation_split=0.3, subset="both", verbose=False
    )
    assert "".join(words(train)) == "p4n0n5n2n3p5p1p2n1"
    assert "".join(words(test)) == "".join(words(test)) == "p0p3n4"
    assert capsys.readouterr().out == "Using 9 files for training.\nUsing 3 files for validation.\n"
    for subset, expected in (("training", train), ("validation", test)):
        part = utils.text_dataset_from_directory(texts, batch_size=None, seed=7, validation_split=0.3, subset=subset)
        assert sorted(words(part)) == sorted(words(expected))


def test_texts_labels_and_lengths(texts):
    dataset = utils.text_dataset_from_directory(texts, max_length=1, shuffle=False, label_mode="categorical")
    assert repr(dataset.element_spec) == (
        "(TensorSpec(shape=(None,), dtype=tf.string, name=None), TensorSpec(shape=(None, 2), dtype=tf.float32, name=None))"
    )
    (x, y), *_ = dataset
    assert x.numpy().tolist() == [b"n"] * 6 + [b"p"] * 6
    assert y.numpy().tolist() == [[1, 0]] * 6 + [[0, 1]] * 6


def test_given_labels(texts):
    given = [n % 2 for n in range(12)]
    dataset = utils.text_dataset_from_directory(texts, labels=given, label_mode="binary", seed=5, batch_size=None)
    assert given == [n % 2 for n in range(12)]
    assert dataset.class_names == ["0", "1"]
    for x, y in dataset:
        assert float(y[0]) == int(x.numpy()[1:]) % 2  # six files a folder: even places are even numbers
    only = utils.text_dataset_from_directory(texts, labels=None, batch_size=5)
    assert [len(batch) for batch in only] == [5, 5, 2]
    assert only.class_names is None
    chosen = utils.text_dataset_from_directory(texts, class_names=["pos", "neg"], shuffle=False)
    assert next(iter(chosen))[1].numpy().tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": "names"}, "`labels` argument should be a list/tuple"),
        ({"labels": [1, 2]}, r"len\(labels\) is 2 while we found 12 files"),
        ({"labels": [0] * 12, "class_names": ["a"]}, 'only pass `class_names` if `labels="inferred"`'),
        ({"labels": None, "class_names": ["neg"]}, "`class_names` cannot be specified"),
        ({"label_mode": "one"}, "`label_mode` argument must be one of"),
        ({"label_mode": "binary", "class_names": ["neg"]}, "exactly 2 class_names"),
        ({"class_names": ["neu"]}, "did not match the names of the subdirectories"),
        ({"validation_split": 1.5, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.5}, "If `subset` is set"),
        ({"subset": "both"}, "If `subset` is set"),
        ({"validation_split": 0.5, "subset": "half", "seed": 1}, '"training", "validation" or "both"'),
        ({"validation_split": 0.5, "subset": "both"}, "you must provide a `seed`"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, "No training text files found|No validation text"),
        ({"format": "parquet"}, '"tf" or "grain"'),
    ],
)
def test_arguments_that_do_not_fit(texts, options, words):
    with pytest.raises(ValueError, match=words):
        utils.text_dataset_from_directory(texts, **options)


def test_folders_without_files(texts):
    with pytest.raises(ValueError, match="No images found in directory"):
        utils.image_dataset_from_directory(texts)
    with pytest.raises(NotServedError, match="grain"):
        utils.text_dataset_from_directory(texts, format="grain")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [79.31, 44.0, 184.5, 56.494]),
        ({"interpolation": "bicubic"}, [78.918, 44.004, 193.697, 58.399]),
        ({"interpolation": "NEAREST"}, [79.0, 40.0, 232.0, 58.397]),
        ({"interpolation": "area"}, [80.483, 44.444, 160.8, 55.488]),
        ({"interpolation": "gaussian"}, [79.716, 43.53, 181.69, 56.003]),
        ({"interpolation": "mitchellcubic"}, [79.4, 44.0, 186.942, 57.326]),
        ({"interpolation": "lanczos3"}, [79.141, 43.606, 191.351, 59.815]),
        ({"crop_to_aspect_ratio": True}, [85.07, 44.0, 136.45, 51.484]),
        ({"pad_to_aspect_ratio": True}, [49.25, 80.0, 0.0, 60.473]),
        ({"color_mode": "grayscale"}, [82.106, 94.9, 162.95, 40.701]),
    ],
)
def test_images_are_resized_as_by_keras(images, options, expected):
    dataset = utils.image_dataset_from_directory(images, image_size=(5, 4), shuffle=False, **options)
    assert [path.removeprefix(f"{images}/") for path in dataset.file_paths] == [
        "a/0.png",
        "a/1.png",
        "b/0.png",
        "b/1.png",
    ]
    ((x, y),) = dataset
    assert tuple(x.shape[1:]) == tuple(dataset.element_spec[0].shape[1:])
    assert x.dtype == dataset.element_spec[0].dtype
    assert y.numpy().tolist() == [0, 0, 1, 1]
    x = x.numpy().astype("float64")
    assert [x[0].mean(), x[1, 1, 2, 0], x[3, 4, 3, -1], x[2].std()] == pytest.approx(expected, abs=2e-3)
    first = utils.image_dataset_from_directory(
        images, image_size=(5, 4), shuffle=False, data_format="channels_first", **options
    )
    assert np.allclose(next(iter(first))[0].numpy().transpose(0, 2, 3, 1), x, atol=1e-3)


def test_arguments_of_images(images):
    for options, words in (
        ({"color_mode": "bgr"}, "`color_mode` must be one of"),
        ({"image_size": (3,)}, "Invalid `image_size` value"),
        ({"interpolation": "cubic"}, "Argument `interpolation` should be one of"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ({"crop_to_aspect_ratio": True, "interpolation": "gaussian"}, "with `crop_to_aspect_ratio`"),
    ):
        with pytest.raises(ValueError, match=words):
            utils.image_dataset_from_directory(images, **options)
    assert next(iter(utils.image_dataset_from_directory(images, image_size=6)))[0].shape == (4, 6, 6, 3)


def test_a_damaged_image_is_named(images):
    (images / "a" / "0.png").write_bytes(b"nothing")
    dataset = utils.image_dataset_from_directory(images, image_size=(4, 4), shuffle=False)
    with pytest.raises(InvalidArgumentError, match=r"a/0.png' is not an image"):
        list(dataset)


def test_a_model_is_trained_on_a_folder(images):
    dataset = keras.preprocessing.image_dataset_from_directory(images, image_size=(8, 8), seed=1, batch_size=2)
    model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    history = model.fit(dataset.map(lambda x, y: (x, tf.one_hot(y, 2))), epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


# sounds


def write_wave(path, samples, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.fixture
def sounds(tmp_path):
    for name in ("hi", "lo"):
        (tmp_path / name).mkdir()
        for index in range(2):
            write_wave(tmp_path / name / f"{index}.wav", np.arange(2 * (5 + index)).reshape(-1, 2) * 1024 - 4096)
    return tmp_path


def test_sounds_are_padded_to_the_longest(sounds):
    ((x, y),) = utils.audio_dataset_from_directory(sounds, shuffle=False)
    assert x.shape == (4, 6, 2)
    assert x.numpy()[0, :, 0].tolist() == [-0.125, -0.0625, 0.0, 0.0625, 0.125, 0.0]
    assert y.numpy().tolist() == [0, 0, 1, 1]


def test_sounds_of_one_length(sounds):
    dataset = utils.audio_dataset_from_directory(sounds, output_sequence_length=3, labels=None, batch_size=None)
    assert dataset.element_spec == tf.TensorSpec((3, None), "float32")
    assert all(x.shape == (3, 2) for x in dataset)
    train, test = utils.audio_dataset_from_directory(
        sounds, output_sequence_length=9, seed=1, validation_split=0.5, subset="both"
    )
    assert next(iter(train))[0].shape == next(iter(test))[0].shape == (2, 9, 2)


def test_a_tone_stays_a_tone_when_resampled(tmp_path):
    (tmp_path / "a").mkdir()
    time = np.arange(4000) / 8000
    write_wave(tmp_path / "a" / "tone.wav", np.round(20000 * np.sin(2 * np.pi * 440 * time))[:, None])
    ((x, _),) = utils.audio_dataset_from_directory(tmp_path, sampling_rate=12000)
    x = x.numpy()[0, :, 0]
    assert len(x) == 6000
    expected = 20000 / 32768 * np.sin(2 * np.pi * 440 * np.arange(6000) / 12000)
    assert np.abs(x - expected)[200:-200].max() < 1e-3


@pytest.mark.parametrize("data", [b"RIFF", b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_sound_is_named(sounds, data):
    (sounds / "hi" / "0.wav").write_bytes(data)
    with pytest.raises(InvalidArgumentError, match=r"hi/0.wav' cannot be decoded"):
        list(utils.audio_dataset_from_directory(sounds, shuffle=False))


def test_arguments_of_sounds(sounds):
    eight_bits = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data\4\0\0\0abcd"
    (sounds / "hi" / "0.wav").write_bytes(eight_bits)
    with pytest.raises(InvalidArgumentError, match="samples of 8 bits"):
        list(utils.audio_dataset_from_directory(sounds, shuffle=False))
    for rate in (1.5, 0):
        with pytest.raises(ValueError, match="`sampling_rate` should"):
            utils.audio_dataset_from_directory(sounds, sampling_rate=rate)
    with pytest.raises(ValueError, match="Cannot set both"):
        utils.audio_dataset_from_directory(sounds, ragged=True, output_sequence_length=3)
    with pytest.raises(NotServedError, match="Ragged"):
        utils.audio_dataset_from_directory(sounds, ragged=True)
