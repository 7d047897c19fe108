"""Galleries: what is drawn, read from the figures that matplotlib is given."""

import numpy as np
import pytest

import kerasish as keras

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

V = keras.visualization
X = np.random.default_rng(0).integers(0, 255, (4, 8, 9, 3)).astype("uint8")
BOXES = {"boxes": np.tile([[[1.0, 1, 6, 6]]], (4, 1, 1)), "labels": np.zeros((4, 1), int)}


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown."""
    figures = []
    monkeypatch.setattr(plt, "show", lambda: figures.append(plt.gcf()))
    yield figures
    plt.close("all")


def pictures(figure):
    return [axis.images[0].get_array() for axis in figure.axes if axis.images]


def test_images_stand_in_rows_and_columns(shown):
    V.plot_image_gallery(X, y_true=[0, 1, 0, 5], y_pred=np.array([0, 0, 1, 1]), label_map={0: "a", 1: "b"})
    (figure,) = shown
    assert len(figure.axes) == 4
    np.testing.assert_array_equal(pictures(figure), X)
    assert [axis.get_title() for axis in figure.axes][2:] == ["Label: a  Pred: b", "Label: Unknown  Pred: b"]


def test_values_are_brought_to_bytes_in_either_format(shown):
    V.plot_image_gallery(X.transpose(0, 3, 1, 2) / 255 * 2 - 1, value_range=(-1, 1), data_format="channels_first")
    assert np.abs(np.asarray(pictures(shown[0]), int) - X).max() <= 1


def test_a_path_is_written(shown, tmp_path):
    V.plot_image_gallery(X, path=tmp_path / "x.png", rows=1, cols=3)
    assert (tmp_path / "x.png").stat().st_size > 100
    assert shown == []


def test_boxes_and_masks_are_drawn_into_the_images(shown):
    V.plot_bounding_box_gallery(X, "xyxy", y_true=BOXES, y_pred=BOXES, legend=True, pred_color=(1, 2, 3))
    assert pictures(shown[0])[0][1, 3].tolist() == [1, 2, 3]
    assert [t.get_text() for t in shown[0].legends[0].get_texts()] == ["Ground Truth", "Prediction"]
    V.plot_segmentation_mask_gallery(X, 2, y_true=X[..., :1] > 100, y_pred=X[..., :1] * 0)
    drawn = pictures(shown[1])
    assert len(drawn) == 12
    np.testing.assert_array_equal(drawn[2], (X[0] * np.float32(1 - 0.8)).astype("uint8"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: V.plot_image_gallery(X[0]), "4D"),
        (lambda: V.plot_image_gallery(X, path="x", show=True), "path"),
        (lambda: V.plot_image_gallery(X, y_true=[0] * 4), "label_map"),
        (lambda: V.plot_bounding_box_gallery(X, "xyxy", legend=True, legend_handles=[1]), "legend"),
    ],
)
def test_bad_arguments_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
