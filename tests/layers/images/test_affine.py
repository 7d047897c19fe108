"""Turned, moved, enlarged and sheared images, where the result is known."""

import numpy as np
import pytest

from kerasish import layers

X = np.random.RandomState(2).uniform(0, 1, (2, 5, 5, 2)).astype("float32")


def boxes(*box):
    return {"boxes": np.array([[box]] * 2, "float32"), "labels": np.array([[1], [2]])}


@pytest.mark.parametrize(("turns", "quarters"), [(0.25, 1), (0.5, 2), (-0.25, -1), (1.0, 4)])
def test_quarter_turns(turns, quarters):
    layer = layers.RandomRotation((turns, turns))
    np.testing.assert_allclose(layer(X), np.rot90(X, quarters, axes=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(layer(X[0]), np.rot90(X[0], quarters, axes=(0, 1)), atol=1e-5)


def test_turned_boxes_lie_around_the_turned_corners():
    layer = layers.RandomRotation((0.5, 0.5), bounding_box_format="xyxy")
    made = layer({"images": X, "bounding_boxes": boxes(0, 1, 2, 3)})["bounding_boxes"]
    np.testing.assert_allclose(made["boxes"], [[[2, 1, 4, 3]]] * 2, atol=1e-5)
    other = layers.RandomRotation((0.5, 0.5), bounding_box_format="xywh")
    made = other({"images": X, "bounding_boxes": boxes(0, 1, 2, 2)})["bounding_boxes"]
    np.testing.assert_allclose(made["boxes"], [[[2, 1, 2, 2]]] * 2, atol=1e-5)


@pytest.mark.parametrize("first", [False, True])
def test_translation_moves_down_and_right(first):
    form = "channels_first" if first else "channels_last"
    layer = layers.RandomTranslation((0.4, 0.4), (0.2, 0.2), "constant", fill_value=9.0, data_format=form)
    expected = np.full_like(X, 9.0)
    expected[:, 2:, 1:] = X[:, :-2, :-1]
    made = layer(X.transpose(0, 3, 1, 2) if first else X).numpy()
    np.testing.assert_allclose(made.transpose(0, 2, 3, 1) if first else made, expected, atol=1e-5)


def test_translated_boxes_are_cut_at_the_border():
    layer = layers.RandomTranslation((0.4, 0.4), (0.2, 0.2), bounding_box_format="xyxy")
    made = layer({"images": X, "bounding_boxes": boxes(1, 1, 3, 4)})["bounding_boxes"]
    np.testing.assert_allclose(made["boxes"], [[[2, 3, 4, 5]]] * 2, atol=1e-5)
    gone = layer({"images": X, "bounding_boxes": boxes(1, 4, 3, 5)})["bounding_boxes"]
    assert gone["labels"].numpy().tolist() == [[-1], [-1]]


def test_zoom_shows_more_or_less():
    inner = layers.RandomZoom((-0.5, -0.5), interpolation="nearest")(X).numpy()
    np.testing.assert_allclose(inner[:, 2, 2], X[:, 2, 2])
    np.testing.assert_allclose(inner[:, ::4, ::4], X[:, 1::2, 1::2])
    outer = layers.RandomZoom((1.0, 1.0), fill_mode="constant", fill_value=0.5)(X).numpy()
    assert (outer[:, 0] == 0.5).all() and (outer[:, :, -1] == 0.5).all()
    np.testing.assert_allclose(outer[:, 1:4, 1:4], X[:, ::2, ::2], atol=1e-6)


def test_one_zoom_serves_both_axes():
    drawn = layers.RandomZoom(0.5).get_random_transformation(X)
    np.testing.assert_array_equal(drawn["height_zoom"], drawn["width_zoom"])
    drawn = layers.RandomZoom(0.5, 0.5).get_random_transformation(X)
    assert not np.array_equal(drawn["height_zoom"], drawn["width_zoom"])


def test_shear_moves_rows_and_keeps_the_first():
    layer = layers.RandomShear((1.0, 1.0), (0.0, 0.0), "nearest", "constant", fill_value=7.0, seed=4)
    made = layer.transform_images(X, {"shear_factor": np.array([[1.0, 0.0], [0.0, -1.0]], "float32")}).numpy()
    for row in range(5):
        expected = np.full((5, 2), 7.0, "float32")
        expected[: 5 - row] = X[0, row, row:]
        np.testing.assert_allclose(made[0, row], expected)
        column = np.full((5, 2), 7.0, "float32")
        column[row:] = X[1, : 5 - row, row]
        np.testing.assert_allclose(made[1, :, row], column)
    drawn = layer.get_random_transformation(np.zeros((400, 2, 2, 1)))["shear_factor"].numpy()
    assert sorted(set(drawn[:, 0].tolist())) == [-1.0, 1.0] and (drawn[:, 1] == 0).all()


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomRotation(0.0),
        layers.RandomTranslation(0.0, 0.0),
        layers.RandomZoom(0.0),
        layers.RandomShear(0.0, 0.0),
    ],
)
def test_a_factor_of_zero_changes_nothing(layer):
    layer.bounding_box_format = "center_xywh"
    made = layer({"images": X, "bounding_boxes": boxes(2, 2, 2, 3)})
    np.testing.assert_allclose(made["images"], X, atol=1e-6)
    np.testing.assert_allclose(made["bounding_boxes"]["boxes"], [[[2, 2, 2, 3]]] * 2, atol=1e-5)


def test_masks_keep_their_classes():
    masks = np.random.RandomState(0).randint(0, 4, (2, 5, 5, 1)).astype("float32")
    made = layers.RandomRotation(0.3, seed=1)({"images": X, "segmentation_masks": masks})["segmentation_masks"]
    assert set(np.unique(made.numpy())) <= {0.0, 1.0, 2.0, 3.0}
