"""ImageDataGenerator. Values are those of Keras 3.15 for the same state of NumPy's generator."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.preprocessing.image import ImageDataGenerator, Iterator, NumpyArrayIterator

pytest.importorskip("scipy")
Image = pytest.importorskip("PIL.Image")

X = (np.arange(7 * 6 * 3).reshape(7, 6, 3) * 13 % 256).astype("float32")
BATCH = np.stack([X, X[::-1], X[:, ::-1]])
EVERYTHING = {
    "rotation_range": 20, "width_shift_range": 0.1, "height_shift_range": [1, 2], "shear_range": 0.2, "zoom_range": 0.2,
    "horizontal_flip": True, "vertical_flip": True, "channel_shift_range": 9.0, "brightness_range": [0.9, 1.1],
}  # fmt: skip


def test_draws_what_keras_draws():
    generator = ImageDataGenerator(**EVERYTHING)
    found = generator.get_random_transform(X.shape, seed=2)
    expected = {
        "theta": -2.560204, "tx": -2.0, "ty": 0.059595, "shear": -0.025871, "zx": 0.968147, "zy": 0.932134,
        "flip_horizontal": 1, "flip_vertical": 0, "channel_shift_intensity": -3.606216, "brightness": 0.953365,
    }  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-6)
    assert generator.random_transform(X.copy(), seed=2)[2, 3].tolist() == [194, 203, 215]


def test_batches_are_kerass():
    np.random.seed(1)
    batches = ImageDataGenerator(**EVERYTHING).flow(BATCH, np.arange(3), batch_size=2, seed=4)
    assert isinstance(batches, Iterator)
    for labels, total in (([1, 0], 34374.0), ([2], 14645.0), ([0, 1], 30782.0)):
        x, y = next(batches)
        assert y.tolist() == labels
        assert x.sum() == pytest.approx(total)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("featurewise_std_normalization", [-1.471, -1.3197, -1.1692]), ("zca_whitening", [-0.2462, -0.2183, -0.1904])],
)
def test_learned_normalization_is_kerass(setting, expected):
    with pytest.warns(UserWarning, match="which overrides setting of `featurewise_center`"):
        generator = ImageDataGenerator(**{setting: True})
    with pytest.warns(UserWarning, match="hasn't been fit"):
        generator.standardize(X.copy())
    generator.fit(BATCH)
    assert generator.standardize(X.copy())[3, 2] == pytest.approx(expected, abs=1e-3)


def test_samplewise_normalization_and_functions():
    with pytest.warns(UserWarning, match="samplewise_center"):
        generator = ImageDataGenerator(samplewise_std_normalization=True, preprocessing_function=lambda x: x + 1)
    normal = generator.standardize(X.copy())
    assert normal.mean() == pytest.approx(0, abs=1e-5)
    assert normal.std() == pytest.approx(1, abs=1e-5)


def test_fit_augments():
    generator = ImageDataGenerator(featurewise_center=True, horizontal_flip=True)
    generator.fit(BATCH, augment=True, rounds=3, seed=1)
    assert generator.mean.reshape(-1) == pytest.approx(BATCH.mean((0, 1, 2)), rel=1e-5)
    with pytest.raises(ValueError, match="rank 4"):
        generator.fit(X)


def test_epochs_have_every_image_once():
    batches = ImageDataGenerator().flow(BATCH, np.arange(3), batch_size=2)
    for _ in range(3):
        assert sorted([*next(batches)[1], *next(batches)[1]]) == [0, 1, 2]
    assert len(batches) == 2
    assert sorted([*batches[0][1], *batches[1][1]]) == [0, 1, 2]
    with pytest.raises(ValueError, match="retrieve element 2"):
        batches[2]


def test_weights_and_more_inputs():
    x, y, w = next(ImageDataGenerator().flow(BATCH, [3, 4, 5], sample_weight=[1.0, 2.0, 3.0], shuffle=False))
    assert (y.tolist(), w.tolist()) == ([3, 4, 5], [1, 2, 3])
    (x, more, last), y = next(ImageDataGenerator().flow((BATCH, [np.arange(3), np.arange(3) * 2]), [0, 1, 2], 2, False))
    assert (more.tolist(), last.tolist(), y.tolist()) == ([0, 1], [0, 2], [0, 1])
    assert x.shape == (2, 7, 6, 3)


def test_subsets():
    generator = ImageDataGenerator(validation_split=0.4)
    x, y = np.zeros((5, 4, 4, 1)), np.array([0, 1, 0, 1, 0])
    assert generator.flow(x, y, subset="validation").n == 2
    assert generator.flow(x, y, subset="training").n == 3
    with pytest.raises(ValueError, match="different number of classes"):
        generator.flow(x, np.arange(5), subset="training")
    assert generator.flow(x, np.arange(5), subset="training", ignore_class_split=True).n == 3
    with pytest.raises(ValueError, match="Invalid subset name: test"):
        generator.flow(x, y, subset="test")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"zoom_range": (1, 2, 3)}, "`zoom_range` should be"),
        ({"brightness_range": 0.3}, "brightness_range"),
        ({"validation_split": 1.5}, "strictly between 0 and 1"),
        ({"data_format": "NHWC"}, "`data_format` should be"),
    ],
)
def test_arguments_that_do_not_fit(options, words):
    with pytest.raises(ValueError, match=words):
        ImageDataGenerator(**options)


def test_arrays_that_do_not_fit():
    flow = ImageDataGenerator().flow
    for arguments, words in (
        ({"x": BATCH, "y": [1]}, "`y` .labels. should have the same length"),
        ({"x": BATCH, "sample_weight": [1]}, "`sample_weight` should have the same length"),
        ({"x": (BATCH, np.arange(2))}, "All of the arrays in `x`"),
        ({"x": X}, "should have rank 4"),
    ):
        with pytest.raises(ValueError, match=words):
            flow(**arguments)
    with pytest.warns(UserWarning, match="1, 3 or 4 channels on axis 3, but they have 2"):
        flow(np.zeros((2, 4, 4, 2)))


# files


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for index in range(3):
            color = (40 * index, 200 if name == "dog" else 0, 10)
            Image.new("RGB", (8, 6), color).save(tmp_path / name / f"{index}.png")
    (tmp_path / "cat" / "text.txt").write_text("x")
    return tmp_path


def test_folders(folder, capsys):
    batches = ImageDataGenerator().flow_from_directory(folder, target_size=(4, 5), batch_size=4, shuffle=False)
    assert capsys.readouterr().out == "Found 6 images belonging to 2 classes.\n"
    assert batches.class_indices == {"cat": 0, "dog": 1}
    assert batches.filenames == [f"{name}/{n}.png" for name in ("cat", "dog") for n in range(3)]
    assert (batches.samples, batches.num_classes, batches.image_shape) == (6, 2, (4, 5, 3))
    x, y = next(batches)
    assert x.shape == (4, 4, 5, 3)
    assert x[:, 0, 0, 0].tolist() == [0, 40, 80, 0]
    assert y.tolist() == [[1, 0]] * 3 + [[0, 1]]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("binary", [0, 0, 0, 1, 1, 1]), ("sparse", [0, 0, 0, 1, 1, 1]), ("input", None), (None, None)],
)
def test_modes_of_targets(folder, mode, expected):
    batch = next(ImageDataGenerator().flow_from_directory(folder, (4, 5), class_mode=mode, shuffle=False))
    if mode is None:
        assert batch.shape == (6, 4, 5, 3)
    elif mode == "input":
        assert (batch[0] == batch[1]).all()
    else:
        assert batch[1].tolist() == expected


def test_parts_of_folders(folder, tmp_path):
    generator = ImageDataGenerator(validation_split=0.34, rescale=1 / 255)
    first = generator.flow_from_directory(folder, (4, 4), subset="validation")
    rest = generator.flow_from_directory(folder, (4, 4), subset="training", color_mode="grayscale")
    assert first.filenames == ["cat/0.png", "dog/0.png"]
    assert rest.samples == 4
    assert next(rest)[0].shape == (4, 4, 4, 1)
    assert next(first)[0].max() <= 1
    for options, words in (
        ({"class_mode": "raw"}, "Invalid class_mode"),
        ({"color_mode": "bgr"}, "Invalid color mode"),
    ):
        with pytest.raises(ValueError, match=words):
            generator.flow_from_directory(folder, **options)


def test_changed_images_are_written(folder, tmp_path):
    (tmp_path / "out").mkdir()
    x = np.zeros((2, 4, 4, 3))
    next(ImageDataGenerator().flow(x, save_to_dir=tmp_path / "out", save_prefix="p", save_format="jpeg", shuffle=False))
    assert [path.name[:4] for path in sorted((tmp_path / "out").iterdir())] == ["p_0_", "p_1_"]


def test_data_frames(folder, capsys):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "filename": ["cat/0.png", "dog/1.png", "cat/2.png", "none.png"],
            "class": ["b", "a", "b", "a"],
            "n": [1.5, 2.5, 3.5, 4.5],
        }
    )
    generator = ImageDataGenerator()
    options = {"target_size": (4, 4), "shuffle": False}
    with pytest.warns(UserWarning, match="Found 1 invalid image filename"):
        batches = generator.flow_from_dataframe(frame, folder, weight_col="n", **options)
    assert capsys.readouterr().out == "Found 3 validated image filenames belonging to 2 classes.\n"
    x, y, w = next(batches)
    assert (y.tolist(), w.tolist()) == ([[0, 1], [1, 0], [0, 1]], [1.5, 2.5, 3.5])
    frame = frame[:3]
    raw = generator.flow_from_dataframe(frame, folder, y_col=["n", "n"], class_mode="raw", **options)
    assert next(raw)[1].tolist() == [[1.5, 1.5], [2.5, 2.5], [3.5, 3.5]]
    several = generator.flow_from_dataframe(frame, folder, y_col=["n", "class"], class_mode="multi_output", **options)
    assert [column.tolist() for column in next(several)[1]] == [[1.5, 2.5, 3.5], ["b", "a", "b"]]
    some = generator.flow_from_dataframe(frame, folder, classes=["b"], class_mode="sparse", **options)
    assert some.filenames == ["cat/0.png", "cat/2.png"]
    for arguments, kind, words in (
        ({"class_mode": "best"}, ValueError, "Invalid class_mode"),
        ({"class_mode": "multi_output", "y_col": "n"}, TypeError, "y_col must be a list"),
        ({"x_col": "n"}, TypeError, "must be strings"),
        ({"class_mode": "sparse", "y_col": "n"}, TypeError, "column values must be strings"),
        ({"class_mode": "binary", "classes": ["a"]}, ValueError, "there must be 2 classes"),
        ({"y_col": "n"}, TypeError, "string, list or tuple"),
        ({"weight_col": "class"}, TypeError, "must be numeric"),
        ({"shuffled": 1}, TypeError, "unexpected keyword"),
    ):
        with pytest.raises(kind, match=words):
            generator.flow_from_dataframe(frame, folder, **{**options, **arguments})


def test_a_model_is_trained_on_batches():
    x = np.random.RandomState(0).rand(12, 4, 4, 1).astype("float32")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = ImageDataGenerator(horizontal_flip=True, validation_split=0.25)
    train = batches.flow(x, x.mean((1, 2, 3)), batch_size=3, subset="training", ignore_class_split=True)
    test = batches.flow(x, x.mean((1, 2, 3)), batch_size=3, subset="validation", ignore_class_split=True)
    history = model.fit(train, epochs=12, validation_data=test, steps_per_epoch=len(train), verbose=0)
    assert len(history.history["val_loss"]) == 12
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict(test, verbose=0).shape == (3, 1)


def test_array_iterators_go_through_the_arrays():
    images = np.arange(48.0).reshape(3, 4, 4, 1)
    batches = NumpyArrayIterator(images, np.arange(3), ImageDataGenerator(), batch_size=2, shuffle=False)
    first, labels = next(batches)
    np.testing.assert_array_equal(first, images[:2])
    np.testing.assert_array_equal(labels, [0, 1])
    assert len(batches) == 2 and next(batches)[0].shape == (1, 4, 4, 1)


@pytest.mark.parametrize(
    ("shape", "count", "words"),
    [
        ((3, 4), 3, r"Input data in `NumpyArrayIterator` should have rank 4. .*\(3, 4\)"),
        ((3, 4, 4, 1), 2, r"`x` \(images tensor\) and `y` \(labels\) should have the same length"),
    ],
)
def test_array_iterators_refuse_what_is_no_stack_of_images(shape, count, words):
    with pytest.raises(ValueError, match=words):
        NumpyArrayIterator(np.ones(shape), np.arange(count), ImageDataGenerator(), batch_size=2)
