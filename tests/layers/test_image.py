"""Rescaling, Resizing, CenterCrop. Expected numbers of boxes are those of Keras 3.15."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.layers import CenterCrop, Rescaling, Resizing

X = np.arange(2 * 5 * 7 * 3).reshape(2, 5, 7, 3)
BOXES = {
    "boxes": np.array([[[0, 0, 2, 2], [1, 1, 6, 4.0]], [[0, 0, 0, 0], [-1, -1, -1, -1]]]),
    "labels": np.array([[1, 2], [3, 4]]),
}


def test_rescaling_takes_numbers_and_arrays():
    np.testing.assert_allclose(Rescaling(1 / 255, -1)(X.astype("uint8")), X / 255 - 1, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(Rescaling([1, 2, 3], np.ones(3))(X), X * [1, 2, 3] + 1, rtol=1e-6)


@pytest.mark.parametrize(("policy", "dtype"), [(None, "float32"), ("float64", "float64"), ("mixed_float16", "float16")])
def test_rescaling_computes_in_the_compute_dtype(policy, dtype):
    layer = Rescaling(1 / 255, dtype=policy)
    y = layer(X.astype("uint8"))
    assert y.dtype == layer(keras.Input((3,), dtype="uint8")).dtype == dtype
    tolerance = 1e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(np.asarray(y, "float64"), X / 255, rtol=tolerance)


def test_rescaling_multiplies_channels_first_where_that_is_the_image_format():
    keras.config.set_image_data_format("channels_first")
    try:
        y = Rescaling([1.0, 2.0, 3.0])(np.ones((1, 3, 2, 2)))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert y.numpy()[0, :, 0, 0].tolist() == [1.0, 2.0, 3.0]


def test_rescaling_is_restored_from_its_configuration():
    config = keras.saving.serialize_keras_object(Rescaling(0.5, np.array([1.0, 2.0])))
    assert config["config"]["scale"] == 0.5
    assert config["config"]["offset"] == {
        "class_name": "__numpy__",
        "config": {"value": [1.0, 2.0], "dtype": "float64"},
    }
    layer = keras.saving.deserialize_keras_object(config)
    assert layer(np.ones((1, 2))).numpy().tolist() == [[1.5, 2.5]]


def test_a_model_with_rescaling_predicts_as_the_layer_does():
    model = keras.Sequential([keras.Input((5, 7, 3), dtype="uint8"), Rescaling(1 / 127.5, offset=-1)])
    np.testing.assert_allclose(model.predict(X.astype("uint8"), verbose=0), X / 127.5 - 1, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_resizing_says_its_shape(data_format):
    shape = (5, 7, 3) if data_format == "channels_last" else (3, 5, 7)
    expected = (3, 4, 3) if data_format == "channels_last" else (3, 3, 4)
    for layer in (Resizing(3, 4, data_format=data_format), CenterCrop(3, 4, data_format=data_format)):
        assert layer(np.zeros((2, *shape))).shape == (2, *expected)
        assert layer(np.zeros(shape)).shape == expected
        assert layer(keras.Input(shape)).shape == (None, *expected)
        assert layer.compute_output_shape((None, *shape)) == (None, *expected)


def test_resizing_keeps_integers_and_center_crop_gives_floats():
    assert Resizing(3, 4)(X.astype("uint8")).dtype == "uint8"
    assert CenterCrop(3, 4)(X.astype("uint8")).dtype == "float32"


def test_center_crop_takes_the_middle_or_enlarges():
    np.testing.assert_array_equal(CenterCrop(3, 4)(X), X[:, 1:4, 1:5])
    x = np.array([3, 1, 4, 1, 5, 9, 2, 6.0]).reshape(1, 2, 4, 1)
    expected = [1, 2.5, 4, 5, 4, 3, 9, 5.5, 2]
    assert CenterCrop(3, 3)(x).numpy().ravel().tolist() == expected


def test_layers_change_all_parts_of_a_dictionary():
    data = {
        "images": X.astype("float32"),
        "labels": np.arange(2),
        "bounding_boxes": BOXES,
        "segmentation_masks": X[..., :1],
    }
    out = Resizing(4, 6, crop_to_aspect_ratio=True, bounding_box_format="xywh")(data)
    assert out["images"].shape == (2, 4, 6, 3)
    assert out["segmentation_masks"].shape == (2, 4, 6, 1)
    assert out["labels"].numpy().tolist() == [0, 1]
    expected = [[0, 0, 1.714286, 1.714286], [0.857143, 0.857143, 5.142857, 3.142857]]
    np.testing.assert_allclose(out["bounding_boxes"]["boxes"], [expected, np.zeros((2, 4))], atol=1e-5)
    assert out["bounding_boxes"]["labels"].numpy().tolist() == [[1, 2], [-1, -1]]
    assert BOXES["boxes"][1, 1, 0] == -1  # what was given is as it was
    cropped = CenterCrop(6, 4, bounding_box_format="xyxy")({"images": data["images"], "bounding_boxes": BOXES})
    expected = [[0, 0, 0, 2.4], [0, 1.2, 4, 4.8]]
    np.testing.assert_allclose(cropped["bounding_boxes"]["boxes"], [expected, np.zeros((2, 4))], atol=1e-5)
    assert cropped["bounding_boxes"]["labels"].numpy().tolist() == [[-1, 2], [-1, -1]]


def test_lists_of_boxes_may_have_different_lengths():
    data = {
        "images": X.astype("float32"),
        "bounding_boxes": {
            "boxes": [[[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 6.0, 4.0]], [[1.0, 1.0, 3.0, 3.0]]],
            "labels": [[1, 2], [3]],
        },
    }
    out = Resizing(5, 7, bounding_box_format="xyxy")(data)["bounding_boxes"]
    assert out["boxes"].shape == (2, 2, 4)
    assert out["labels"].numpy().tolist() == [[1, 2], [3, -1]]


def test_transformations_can_be_called_one_by_one():
    layer = Resizing(10, 14, bounding_box_format="xyxy")
    boxes = layer.transform_bounding_boxes(BOXES, layer.get_random_transformation(X))
    assert boxes["boxes"].numpy()[0, 1].tolist() == [2, 2, 12, 8]
    assert layer.transform_single_image(X[0].astype("float32"), (5, 7)).shape == (10, 14, 3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Resizing(3, 4, interpolation="x")(X), "interpolation"),
        (lambda: Resizing(3, 4, fill_mode="reflect")(X), "fill_mode"),
        (lambda: Resizing(3, 4, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)(X), "Only one"),
        (lambda: Resizing(3, 4, factor=1), "factor"),
        (lambda: Resizing(3, 4, data_format="x"), "data_format"),
        (lambda: CenterCrop(3, 4)(X[0, 0]), "rank 3"),
        (lambda: CenterCrop(3, 4)(keras.Input((4,))), "input_shape"),
        (lambda: CenterCrop(3, 4)({"images": X, "bounding_boxes": BOXES}), "bounding_box_format"),
        (lambda: CenterCrop(3, 4, bounding_box_format="xyxy")({"images": X, "bounding_boxes": {"boxes": X}}), "labels"),
    ],
)
def test_bad_use_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
