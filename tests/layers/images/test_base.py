"""What all augmentation layers do: kinds of input, modes, seeds, configurations, use in models and datasets."""

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import tf
from kerasish.core.tensor import Tensor

LAYERS = {
    "AugMix": {}, "AutoContrast": {}, "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": (2, 2)},
    "CutMix": {}, "Equalization": {}, "MixUp": {}, "RandAugment": {}, "RandomBrightness": {"factor": 0.4},
    "RandomColorDegeneration": {"factor": 0.5}, "RandomColorJitter": {"brightness_factor": 0.2, "hue_factor": 0.3},
    "RandomContrast": {"factor": 0.5}, "RandomCrop": {"height": 5, "width": 4}, "RandomElasticTransform": {"scale": 1.0},
    "RandomErasing": {}, "RandomFlip": {}, "RandomGaussianBlur": {}, "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.5}, "RandomInvert": {"factor": 0.5}, "RandomPerspective": {},
    "RandomPosterization": {"factor": 4}, "RandomRotation": {"factor": 0.2}, "RandomSaturation": {"factor": 0.4},
    "RandomSharpness": {"factor": 0.9}, "RandomShear": {"x_factor": 0.3, "y_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3}, "RandomZoom": {"height_factor": 0.4},
    "Solarization": {"addition_factor": 0.5, "threshold_factor": 0.5},
}  # fmt: skip
SEEDLESS = ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization")
ALWAYS = ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization")  # in inference too
TRANSFORMS = ("RandomFlip", "RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom")


def make(name, **more):
    more = more if name in SEEDLESS else {"seed": 7, **more}
    return getattr(keras.layers, name)(**{**LAYERS[name], **more})


def photos(count=6, dtype="float32"):
    return np.random.RandomState(0).uniform(0, 255, (count, 8, 9, 3)).astype(dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_changes_images_in_training_only(name):
    layer, x = make(name), photos()
    shape = (6, 5, 4, 3) if name == "RandomCrop" else x.shape
    made = layer(x)
    assert isinstance(made, Tensor) and made.shape == shape and made.dtype == "float32"
    assert np.isfinite(made.numpy()).all()
    assert made.shape != x.shape or not np.array_equal(made, x)
    assert np.array_equal(layer(x, training=False), x) == (name not in ALWAYS)
    assert layer.compute_output_shape(x.shape) == shape


@pytest.mark.parametrize("name", LAYERS)
def test_what_goes_in_comes_out(name):
    x = photos()
    from_array, from_torch = make(name), make(name)
    made = from_torch(torch.from_numpy(x))
    if name == "AugMix":  # chooses its layers by Python's generator
        return
    assert isinstance(made, torch.Tensor)
    np.testing.assert_array_equal(from_array(x), made.numpy())


@pytest.mark.parametrize("name", LAYERS)
def test_one_image_has_one_result(name):
    x = photos(1)[0]
    made = make(name)(x)
    assert made.shape == ((5, 4, 3) if name == "RandomCrop" else x.shape)
    with pytest.raises(ValueError, match="rank 3"):
        make(name)(x[0])


@pytest.mark.parametrize("name", LAYERS)
def test_a_configuration_makes_an_equal_layer(name):
    layer = make(name)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert keras.layers.deserialize(keras.layers.serialize(layer)).get_config() == layer.get_config()
    if name not in ("AugMix", "RandomGrayscale"):  # Keras does not keep the latter's seed
        np.testing.assert_array_equal(again(photos()), layer(photos()))


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in (*SEEDLESS, "AugMix")])
def test_calls_differ_and_equal_seeds_repeat_them(name):
    first, second, x = make(name), make(name), photos()
    calls = [first(x).numpy() for _ in range(3)]
    assert any(not np.array_equal(calls[0], call) for call in calls[1:])
    for call in calls:
        np.testing.assert_array_equal(second(x), call)


@pytest.mark.parametrize("name", LAYERS)
def test_a_model_augments_in_training(name):
    layer, x = make(name), photos()
    entry = keras.Input(x.shape[1:])
    output = layer(entry)
    model = keras.Model(entry, output)
    assert output.shape[1:] == ((5, 4, 3) if name == "RandomCrop" else x.shape[1:])
    if name not in ALWAYS:
        np.testing.assert_array_equal(model.predict(x, verbose=0), x)
    assert model(x, training=True).shape[0] == 6


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in ("RandomCrop",)])
def test_labels_and_masks_come_along(name):
    x = photos()
    data = {"images": x, "labels": np.eye(6, dtype="float32"), "segmentation_masks": x[..., :1].round()}
    made = make(name)(data)
    assert sorted(made) == sorted(data)
    assert made["labels"].shape == (6, 6) and made["segmentation_masks"].shape[:3] == (6, 8, 9)
    np.testing.assert_allclose(made["labels"].numpy().sum(1), 1, rtol=1e-5)
    mixes = name in ("CutMix", "MixUp")
    assert np.array_equal(made["labels"], data["labels"]) != mixes
    moves = name in (
        *TRANSFORMS,
        "CutMix",
        "MixUp",
        "RandomPerspective",
        "RandomElasticTransform",
        "RandAugment",
        "AugMix",
    )
    assert moves or np.array_equal(made["segmentation_masks"], data["segmentation_masks"])


@pytest.mark.parametrize("name", [*TRANSFORMS, "RandomCrop", "RandomBrightness"])
def test_boxes_need_a_format(name):
    boxes = {"boxes": np.array([[[1, 1, 4, 4]]] * 6, "float32"), "labels": np.zeros((6, 1), "int32")}
    with pytest.raises(ValueError, match="bounding_box_format"):
        make(name)({"images": photos(), "bounding_boxes": boxes})
    made = make(name, bounding_box_format="xyxy")({"images": photos(), "bounding_boxes": boxes})["bounding_boxes"]
    assert made["boxes"].shape == (6, 1, 4) and made["labels"].shape == (6, 1)
    assert (made["boxes"].numpy() >= 0).all()


@pytest.mark.parametrize("name", ["RandomBrightness", "RandomFlip", "MixUp", "RandAugment"])
def test_a_dataset_gives_the_compute_dtype(name):
    x = photos(dtype="uint8")
    data = tf.data.Dataset.from_tensor_slices({"images": x, "labels": np.eye(6, dtype="int32")}).batch(3)
    made = list(data.map(make(name)))
    assert [part["images"].dtype for part in made] == ["float32"] * 2
    assert [part["labels"].dtype for part in made] == ["float32"] * 2
    direct = make(name)
    for index, part in enumerate(made):
        expected = direct(x[3 * index : 3 * index + 3].astype("float32"))
        np.testing.assert_allclose(part["images"], expected, rtol=1e-6)


def test_images_in_a_dataset_are_cast_in_every_call():
    data = tf.data.Dataset.from_tensor_slices(photos(dtype="uint8")).batch(2)
    assert [part.dtype for part in data.map(make("RandomBrightness"))] == ["float32"] * 3


def test_a_dataset_of_single_images_draws_for_each():
    x = photos(40)
    made = tf.data.Dataset.from_tensor_slices(x).map(keras.layers.RandomFlip("horizontal", seed=1))
    flipped = [not np.array_equal(image, x[index]) for index, image in enumerate(made)]
    assert 10 < sum(flipped) < 30


def test_bytes_get_brighter_without_running_over():
    x = np.full((4, 2, 2, 3), 250, "uint8")
    made = keras.layers.RandomBrightness((0.5, 0.5), seed=1)(x)
    assert made.dtype == "uint8" and (made.numpy() == 255).all()


def test_a_users_layer_may_hold_one_in_a_model():
    class Augmented(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.flip = keras.layers.RandomFlip(seed=1)
            self.cut = keras.layers.CutMix(seed=2)

        def call(self, x, training=False):
            return self.cut(self.flip(x, training=training), training=training)

    model = keras.Sequential([keras.Input((8, 9, 3)), Augmented()])
    assert model.output_shape == (None, 8, 9, 3)
    assert int(model.layers[0].flip.generator.state.numpy()[1]) == 0  # working out the shape draws nothing
    assert not np.array_equal(model(photos(), training=True), photos())


def test_training_draws_anew_in_every_step():
    seen = []

    class Seen(keras.layers.Layer):
        def call(self, x):
            seen.append(np.asarray(x))
            return x

        def compute_output_shape(self, input_shape):
            return input_shape

    model = keras.Sequential(
        [keras.Input((8, 9, 3)), keras.layers.RandomBrightness(0.5, seed=3), Seen(), keras.layers.Flatten(),
         keras.layers.Dense(1)]
    )  # fmt: skip
    model.compile("sgd", "mse", run_eagerly=True)
    seen.clear()
    model.fit(np.full((4, 8, 9, 3), 128.0), np.zeros((4, 1)), batch_size=2, epochs=2, verbose=0)
    assert len({float(batch[0, 0, 0, 0]) for batch in seen}) == 4


def test_a_captured_step_is_refused():
    generator = keras.random.SeedGenerator(3)
    from kerasish.core.context import scope

    with scope(capturing=object()), pytest.raises(NotImplementedError, match="captured"):
        keras.random.uniform((2,), seed=generator)


def test_keras_2s_configurations_are_taken():
    config = {**keras.layers.RandomFlip("vertical", seed=3).get_config(), "rng_type": "stateful"}
    assert keras.layers.RandomFlip.from_config(config).mode == "vertical"


@pytest.mark.parametrize("policy", ["float16", "bfloat16", "mixed_float16", "float64"])
@pytest.mark.parametrize("name", ["RandomRotation", "RandomContrast", "RandomHue", "CutMix", "RandomGaussianBlur"])
def test_results_have_the_compute_dtype(name, policy):
    made = make(name, dtype=policy)(photos())
    assert made.dtype == ("float16" if policy == "mixed_float16" else policy)


def test_color_jitter_lists_its_own_seed_first():
    layer = keras.layers.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.1, seed=3)
    states = [layer, layer.random_brightness, layer.random_contrast]
    assert [v is part.generator.state for v, part in zip(layer.variables, states, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("name", "arguments", "dtypes"),  # of the output in training and in inference, as in Keras
    [
        ("RandomBrightness", (0.2,), ("float32", "float32")),
        ("RandomInvert", (), (None, "float32")),
        ("Resizing", (2, 2), ("float32", "float32")),
        ("CenterCrop", (2, 2), (None, None)),
        ("RandomHue", (0.2,), (None, "float32")),
        ("RandomPosterization", (4,), (None, "float32")),
        ("RandomFlip", (), (None, None)),
    ],
)
@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16", "float64"])
def test_numbers_in_lists_are_float32_until_the_layer_casts_them(name, arguments, dtypes, policy):
    layer = getattr(keras.layers, name)(*arguments, dtype=policy)
    images = np.random.RandomState(0).uniform(0, 200, (4, 4, 3))
    for training, dtype in zip((True, False), dtypes, strict=True):
        assert layer(images.tolist(), training=training).dtype == (dtype or layer.compute_dtype)
        assert layer(images, training=training).dtype == layer.compute_dtype


def test_resizing_casts_integers_in_datasets():
    images = np.arange(2 * 4 * 4 * 3, dtype="uint8").reshape(2, 4, 4, 3)
    layer = keras.layers.Resizing(3, 3)
    assert layer(images).dtype == "uint8"
    mapped = tf.data.Dataset.from_tensor_slices(images).map(layer)
    assert mapped.element_spec.dtype == tf.float32
    np.testing.assert_allclose(next(iter(mapped))[1, 1], [22.5, 23.5, 24.5])
