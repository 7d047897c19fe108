"""Mirrored images, masks and boxes."""

import numpy as np
import pytest

from kerasish import layers

X = np.arange(2 * 3 * 4 * 1, dtype="float32").reshape(2, 3, 4, 1)
FLIPS = {"flips": np.array([True, False]).reshape(2, 1, 1, 1), "input_shape": (2, 3, 4, 1)}


@pytest.mark.parametrize(("mode", "axes"), [("horizontal", 1), ("vertical", 0), ("horizontal_and_vertical", (0, 1))])
def test_images_and_masks_are_mirrored(mode, axes):
    expected = np.stack([np.flip(X[0], axes), X[1]])
    layer = layers.RandomFlip(mode)
    np.testing.assert_array_equal(layer.transform_images(X, FLIPS), expected)
    np.testing.assert_array_equal(layer.transform_segmentation_masks(X, FLIPS), expected)
    first = layers.RandomFlip(mode, data_format="channels_first").transform_images(X.transpose(0, 3, 1, 2), FLIPS)
    np.testing.assert_array_equal(first, expected.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("form", ["xyxy", "xywh", "rel_xyxy"])
def test_boxes_are_mirrored(form):
    box = {"xyxy": [1, 0, 3, 2], "xywh": [1, 0, 2, 2], "rel_xyxy": [0.25, 0, 0.75, 2 / 3]}[form]
    flipped = {"xyxy": [1, 1, 3, 3], "xywh": [1, 1, 2, 2], "rel_xyxy": [0.25, 1 / 3, 0.75, 1]}[form]
    given = {"boxes": np.array([[box]] * 2, "float32"), "labels": np.array([[3], [4]])}
    made = layers.RandomFlip(bounding_box_format=form).transform_bounding_boxes(given, FLIPS)
    np.testing.assert_allclose(made["boxes"], [[flipped], [box]], atol=1e-6)
    assert made["labels"].numpy().tolist() == [[3], [4]]
    assert given["boxes"][0, 0].tolist() == np.float32(box).tolist()  # what was given stays


def test_half_of_the_images_are_mirrored():
    drawn = layers.RandomFlip(seed=5).get_random_transformation(np.zeros((4000, 1, 1, 1)))["flips"]
    assert drawn.dtype == "bool" and drawn.numpy().mean() == pytest.approx(0.5, abs=0.03)


def test_a_mode_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="Unknown `mode` of RandomFlip.*mode='diagonal'"):
        layers.RandomFlip("diagonal")
