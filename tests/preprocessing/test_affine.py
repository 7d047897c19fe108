"""Changes of single images. Values are those of Keras 3.15 for the same state of NumPy's generator."""

import numpy as np
import pytest

from kerasish.preprocessing import image

pytest.importorskip("scipy")

X = (np.arange(7 * 6 * 3).reshape(7, 6, 3) * 13 % 256).astype("float32")


def test_random_changes_draw_as_keras_does():
    np.random.seed(0)
    for name, arguments, expected in (
        ("random_rotation", (30,), [18.399, 31.078, 44.078]),
        ("random_shift", (0.2, 0.3), [47.896, 54.822, 67.822]),
        ("random_shear", (20,), [15.405, 28.404, 41.404]),
        ("random_zoom", ((0.7, 1.2),), [17.865, 28.186, 41.186]),
    ):
        changed = getattr(image, name)(X, *arguments, 0, 1, 2)
        assert changed[3, 2] == pytest.approx(expected, abs=1e-3), name
    assert image.random_channel_shift(X, 30, 2).sum() == pytest.approx(15123.6, abs=0.1)
    assert image.random_brightness(X, (0.5, 1.5)).sum() == pytest.approx(19906.0)


def test_shifts_by_hand():
    moved = image.apply_affine_transform(X, tx=2, row_axis=0, col_axis=1, channel_axis=2, fill_mode="constant", cval=5)
    assert np.allclose(moved[:, :-2], X[:, 2:])
    assert (moved[:, -2:] == 5).all()
    first = image.apply_affine_transform(X.transpose(2, 0, 1), tx=2, fill_mode="constant", cval=5)
    assert (first.transpose(1, 2, 0) == moved).all()
    assert image.apply_affine_transform(X, row_axis=0, col_axis=1, channel_axis=2) is X


def test_channel_shifts_stay_in_range():
    shifted = image.apply_channel_shift(X, 50, 2)
    assert (shifted == np.clip(X + 50, X.min(), X.max())).all()


def test_brightness():
    assert (image.apply_brightness_shift(X, 1.0, scale=False) == X).all()
    wide = X * 3 - 50
    dark = image.apply_brightness_shift(wide, 0.0, scale=False)
    assert np.allclose(dark, wide.min())


@pytest.mark.parametrize(
    ("axes", "words"),
    [((0, 0, 2), "must be distinct"), ((0, 1, 3), "Invalid axis' indices"), ((0, 2, 1), "first and last")],
)
def test_axes_that_do_not_fit(axes, words):
    with pytest.raises(ValueError, match=words):
        image.apply_affine_transform(X, 10, 0, 0, 0, 1, 1, *axes)


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match="multi-channel 2D"):
        image.apply_affine_transform(X[0], 10)
    with pytest.raises(ValueError, match="`zoom_range` should be"):
        image.random_zoom(X, (1,))
    with pytest.raises(ValueError, match="brightness_range"):
        image.random_brightness(X, (1,))
