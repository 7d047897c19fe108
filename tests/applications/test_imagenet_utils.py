"""Images for models trained on ImageNet, and what their predictions are called."""

import json

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import applications
from kerasish.applications import imagenet_utils

IMAGE = np.array([[[0.0, 127.5, 255.0]]])  # one position: red, green, blue


def test_caffe_puts_blue_first_and_takes_the_means_away():
    found = imagenet_utils.preprocess_input(IMAGE.copy(), data_format="channels_last")
    np.testing.assert_allclose(found, [[[255 - 103.939, 127.5 - 116.779, -123.68]]])


def test_tf_gives_minus_one_to_one():
    assert imagenet_utils.preprocess_input(IMAGE.copy(), mode="tf").tolist() == [[[-1.0, 0.0, 1.0]]]


def test_torch_normalizes_each_channel():
    found = imagenet_utils.preprocess_input(IMAGE.copy(), mode="torch")
    np.testing.assert_allclose(found, [[[-0.485 / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225]]])


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("rank", [3, 4])
def test_both_formats_and_all_kinds_of_tensors_agree(mode, rank):
    last = np.random.RandomState(0).uniform(0, 255, (2, 4, 5, 3)[4 - rank :]).astype("float32")
    first = np.moveaxis(last, -1, rank - 3)
    expected = imagenet_utils.preprocess_input(last.copy(), mode=mode)
    turned = imagenet_utils.preprocess_input(first.copy(), data_format="channels_first", mode=mode)
    np.testing.assert_allclose(np.moveaxis(turned, rank - 3, -1), expected, atol=1e-4)
    as_torch = imagenet_utils.preprocess_input(torch.from_numpy(last), mode=mode)
    assert isinstance(as_torch, torch.Tensor)
    np.testing.assert_allclose(as_torch.numpy(), expected, atol=1e-4)
    entry = keras.Input(last.shape[1:]) if rank == 4 else None
    if entry is not None:
        model = keras.Model(entry, imagenet_utils.preprocess_input(entry, mode=mode))
        np.testing.assert_allclose(model.predict(last, verbose=0), expected, atol=1e-4)


def test_an_array_of_floats_is_overwritten_and_one_of_integers_is_not():
    floats, integers = IMAGE.copy(), np.full((1, 1, 3), 255, "uint8")
    imagenet_utils.preprocess_input(floats, mode="tf")
    assert floats.tolist() == [[[-1.0, 0.0, 1.0]]]
    assert imagenet_utils.preprocess_input(integers, mode="tf").dtype == np.float32
    assert integers.tolist() == [[[255, 255, 255]]]


@pytest.mark.parametrize(("argument", "value"), [("mode", "keras"), ("data_format", "last")])
def test_an_unknown_word_is_refused(argument, value):
    with pytest.raises(ValueError, match=f"Expected {argument} to be one of"):
        imagenet_utils.preprocess_input(IMAGE.copy(), **{argument: value})


MODES = {
    "densenet": "torch", "inception_resnet_v2": "tf", "inception_v3": "tf", "mobilenet": "tf", "mobilenet_v2": "tf",
    "nasnet": "tf", "resnet": "caffe", "resnet50": "caffe", "resnet_v2": "tf", "vgg16": "caffe", "vgg19": "caffe",
    "xception": "tf", "convnext": None, "efficientnet": None, "efficientnet_v2": None, "mobilenet_v3": None,
}  # fmt: skip


@pytest.mark.parametrize("module", sorted(MODES))
def test_each_architecture_prepares_images_its_own_way(module):
    found = getattr(applications, module).preprocess_input(IMAGE.copy(), data_format="channels_last")
    mode = MODES[module]
    expected = IMAGE if mode is None else imagenet_utils.preprocess_input(IMAGE.copy(), mode=mode)
    np.testing.assert_array_equal(found, expected)


@pytest.fixture
def class_index(tmp_path, monkeypatch):
    """A table of classes in an empty cache, of which the hash is not asked."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    names = {str(i): [f"n{i:08}", f"class_{i}"] for i in range(1000)}
    (tmp_path / "models" / "imagenet_class_index.json").write_text(json.dumps(names))
    file = imagenet_utils._CLASS_INDEX._replace(digest=None)
    monkeypatch.setattr(imagenet_utils, "_CLASS_INDEX", file)
    imagenet_utils._class_index.cache_clear()
    yield
    imagenet_utils._class_index.cache_clear()


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor, keras.ops.convert_to_tensor])
def test_predictions_are_named_the_best_first(class_index, kind):
    scores = np.zeros((2, 1000), "float32")
    scores[0, [7, 3]] = 0.75, 0.25
    scores[1, 999] = 1.0
    found = applications.vgg16.decode_predictions(kind(scores), top=2)
    assert found[0] == [("n00000007", "class_7", 0.75), ("n00000003", "class_3", 0.25)]
    assert found[1][0] == ("n00000999", "class_999", 1.0)
    assert len(found[1]) == 2


def test_predictions_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(samples, 1000\).*\(2, 10\)"):
        imagenet_utils.decode_predictions(np.zeros((2, 10)))


@pytest.mark.parametrize(
    ("size", "kernel", "expected"),
    [((8, 9), 3, ((0, 1), (1, 1))), ((None, None), 5, ((1, 2), (1, 2))), ((8, 8), 5, ((1, 2), (1, 2)))],
)
def test_padding_for_strides(size, kernel, expected):
    assert imagenet_utils.correct_pad(keras.Input((*size, 3)), kernel) == expected


def test_unusual_numbers_of_channels_are_mentioned():
    with pytest.warns(UserWarning, match="usually expects 1 or 3 input channels"):
        shape = imagenet_utils.obtain_input_shape((40, 40, 5), 224, 32, "channels_last", False)
    assert shape == (40, 40, 5)
