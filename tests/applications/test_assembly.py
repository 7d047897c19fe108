"""What all architectures share: arguments, entries, names, weights from files and from the network."""

import inspect
import pickle

import numpy as np
import pytest

import kerasish as keras
from kerasish import applications
from kerasish.applications import assembly, files

NAMES = [name for name in applications.__all__ if name[0].isupper()]
COMMON = [
    "include_top",
    "weights",
    "input_tensor",
    "input_shape",
    "pooling",
    "classes",
    "classifier_activation",
    "name",
]


@pytest.mark.parametrize("name", NAMES)
def test_architectures_are_functions_of_their_modules(name):
    function = getattr(applications, name)
    assert function.__name__ == name
    assert set(COMMON) <= set(inspect.signature(function).parameters)
    assert "include_top:" in function.__doc__
    assert pickle.loads(pickle.dumps(function)) is function


def small(architecture="MobileNetV2", **arguments):
    return getattr(applications, architecture)(
        **{"weights": None, "alpha": 0.35, "input_shape": (32, 32, 3), **arguments}
    )


def test_old_names_are_the_same_functions():
    assert applications.ResNet50 is applications.resnet50.ResNet50 is applications.resnet.ResNet50
    assert applications.resnet50.preprocess_input is applications.resnet.preprocess_input


def test_a_tensor_can_be_the_entry():
    entry = keras.Input((64, 64, 3), name="images")
    scaled = keras.layers.Rescaling(1 / 255)(entry)
    model = small(input_tensor=scaled, input_shape=None, include_top=False, pooling="avg")
    assert model.inputs[0] is entry
    assert model.layers[1].name.startswith("rescaling")
    assert model.output_shape == (None, 1280)


def test_what_is_no_keras_tensor_is_refused_as_entry():
    with pytest.raises(ValueError, match="KerasTensor"):
        applications.VGG16(weights=None, include_top=False, input_tensor=np.zeros((1, 32, 32, 3)))
    with pytest.raises(ValueError, match="not a Keras tensor"):
        small(input_tensor=np.zeros((1, 32, 32, 3)))
    with pytest.raises(ValueError, match="must equal"):
        small(input_tensor=keras.Input((64, 64, 3)))


def test_several_entries_are_found_once():
    a, b = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    x = keras.layers.Add()([keras.layers.Add()([a, b]), a])
    assert [id(x) for x in assembly.source_inputs(x)] == [id(a), id(b)]


def test_models_are_named_after_their_size():
    assert small(input_shape=(96, 96, 3)).name == "mobilenetv2_0.35_96"
    assert small(include_top=False, input_shape=None).name == "mobilenetv2_0.35_None"
    assert small("MobileNet", alpha=0.25).name == "mobilenet_0.25_32"
    assert small(name="mine").name == "mine"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("ResNet50", {"weights": "noisy-student"}, "path to the weights file"),
        ("ResNet50", {"classes": 10}, "`classes` should be 1000"),
        ("ResNet50", {"input_shape": (100, 100, 3)}, r"should be \(224, 224, 3\)"),
        ("VGG16", {"classifier_activation": "sigmoid"}, "Only `None` and `softmax`"),
        ("Xception", {"weights": None, "include_top": False, "input_shape": (70, 90, 3)}, "at least 71x71"),
        ("MobileNet", {"alpha": 0.3}, "alpha can be one of"),
        ("MobileNet", {"depth_multiplier": 2}, "depth multiplier must be 1"),
        ("MobileNetV3Large", {"minimalistic": True, "alpha": 0.75}, "minimalistic"),
        ("NASNetLarge", {"include_top": False, "input_shape": (None, None, 3)}, "static"),
    ],
)
def test_contradictory_arguments_are_refused(name, arguments, words):
    with pytest.raises(ValueError, match=words):
        getattr(applications, name)(**arguments)


@pytest.mark.parametrize("name", ["DenseNet121", "NASNetMobile", "ConvNeXtTiny"])
def test_architectures_for_channels_last_say_so(name):
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_first"):
            getattr(applications, name)(weights=None)
    finally:
        keras.config.set_image_data_format("channels_last")


# weights --------------------------------------------------------------------------------------------------------------


def test_weights_come_from_a_file(tmp_path):
    model = small(classes=3)
    path = str(tmp_path / "model.weights.h5")
    model.save_weights(path)
    other = small(classes=3, weights=path)
    images = np.random.RandomState(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_array_equal(model.predict(images, verbose=0), other.predict(images, verbose=0))


@pytest.fixture
def asked(monkeypatch):
    """What is asked of the cache; there is nothing in it."""
    seen = []

    def get_file(fname, origin, **arguments):
        seen.append((fname, origin, arguments))
        raise OSError("no network")

    monkeypatch.setattr(files, "get_file", get_file)
    return seen


FILES = [
    ("MobileNetV2", {"alpha": 0.35, "input_shape": (96, 96, 3)}, "mobilenet_v2",
     "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96.h5"),
    ("MobileNetV2", {"alpha": 0.35, "input_shape": (128, 128, 3), "include_top": False}, "mobilenet_v2",
     "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_128_no_top.h5"),
    ("MobileNet", {"alpha": 0.25, "input_shape": (128, 128, 3)}, "mobilenet", "mobilenet_2_5_128_tf.h5"),
    ("MobileNetV3Small", {"minimalistic": True, "input_shape": (224, 224, 3)}, "mobilenet_v3",
     "weights_mobilenet_v3_small_minimalistic_224_1.0_float.h5"),
    ("MobileNetV3Small", {"alpha": 0.75, "input_shape": (224, 224, 3), "include_top": False}, "mobilenet_v3",
     "weights_mobilenet_v3_small_224_0.75_float_no_top_v2.h5"),
    ("ResNet50", {"include_top": False}, "resnet", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("VGG16", {"include_top": False}, "vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("EfficientNetV2B0", {}, "efficientnet_v2", "efficientnetv2-b0.h5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "folder", "file"), FILES)
def test_pretrained_weights_are_asked_for_by_keras_names(asked, name, arguments, folder, file):
    with pytest.raises(OSError, match="no network"):
        getattr(applications, name)(weights="imagenet", **arguments)
    ((fname, origin, more),) = asked
    assert (fname, origin) == (file, f"{files.KERAS}{folder}/{file}")
    assert more["cache_subdir"] == "models"
    assert name.startswith("MobileNetV2") or name == "MobileNet" or len(more["file_hash"]) in (32, 64)


def test_images_of_another_size_get_the_weights_of_224(asked):
    with pytest.warns(UserWarning, match="loaded as the default"), pytest.raises(OSError, match="no network"):
        small(weights="imagenet", include_top=False, input_shape=(50, 60, 3))
    assert asked[0][0].endswith("0.35_224_no_top.h5")


def test_without_a_network_the_error_names_file_address_and_place(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    file = files.WeightsFile("x.h5", "http://127.0.0.1:9/models/x.h5", "0" * 32)
    with pytest.raises(OSError) as caught:
        files.fetch(file)
    for words in ("http://127.0.0.1:9/models/x.h5", str(tmp_path / "models" / "x.h5")):
        assert words in str(caught.value)
