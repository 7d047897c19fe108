"""Brightness, contrast, inversion, posterization, solarization: by their formulas."""

import numpy as np
import pytest

from kerasish import layers

X = np.random.RandomState(1).uniform(0, 255, (3, 4, 5, 2)).astype("float32")
SPREAD = np.array([0.5, 1.0, 1.7], "float32").reshape(3, 1, 1, 1)


def test_brightness_is_added_and_cut_off():
    layer = layers.RandomBrightness(0.5)
    delta = 100 * SPREAD - 80
    np.testing.assert_allclose(layer.transform_images(X, {"rgb_delta": delta}), np.clip(X + delta, 0, 255), rtol=1e-6)
    drawn = layer.get_random_transformation(np.zeros((5000, 1, 1, 1), "float32"))["rgb_delta"].numpy()
    assert drawn.min() < -125 and drawn.max() > 125 and abs(drawn).max() <= 127.5
    assert (layer.get_random_transformation(X, training=False)["rgb_delta"].numpy() == 0).all()


@pytest.mark.parametrize("first", [False, True])
def test_contrast_moves_pixels_from_their_channels_mean(first):
    layer = layers.RandomContrast(0.5, value_range=(0, 300), data_format="channels_first" if first else None)
    mean = X.mean((1, 2), keepdims=True)
    expected = np.clip((X - mean) * SPREAD + mean, 0, 300)
    given = X.transpose(0, 3, 1, 2) if first else X
    made = layer.transform_images(given, {"contrast_factor": SPREAD}).numpy()
    np.testing.assert_allclose(made.transpose(0, 2, 3, 1) if first else made, expected, rtol=1e-5, atol=1e-3)
    drawn = layer.get_random_transformation(np.zeros((5000, 1, 1, 1), "float32"))["contrast_factor"].numpy()
    assert 1 <= drawn.min() < 1.01 and 1.49 < drawn.max() <= 1.5


def test_inversion_mirrors_the_range():
    made = layers.RandomInvert(value_range=(0, 200)).transform_images(
        X, {"apply_inversion": np.array([True, False, True])}
    )
    np.testing.assert_allclose(made, np.stack([200 - X[0], X[1], 200 - X[2]]))
    chosen = layers.RandomInvert(0.5, seed=2).get_random_transformation(np.zeros((4000, 1, 1, 1)))["apply_inversion"]
    assert chosen.numpy().mean() == pytest.approx(0.25, abs=0.03)  # the mean of probabilities from 0 to 0.5


@pytest.mark.parametrize("span", [(0, 255), (0, 1)])
def test_posterization_keeps_the_upper_bits(span):
    x = (X / 255 * span[1]).astype("float32")
    made = layers.RandomPosterization(5, value_range=span).transform_images(
        x, {"shift_factor": np.array([0, 3, 7], "uint8")}
    )
    levels = np.floor(x.astype("float64") * (255 / span[1]) + 1e-4)  # the rounding of float32 is not what is tested
    step = np.array([1, 8, 128]).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(made, np.floor(levels / step) * step * span[1] / 255, rtol=1e-5, atol=1e-6)


def test_posterization_draws_bits_below_the_upper_one():
    drawn = layers.RandomPosterization((2, 5), seed=1).get_random_transformation(np.zeros((300, 1, 1, 1)))
    assert sorted(set(drawn["shift_factor"].numpy().tolist())) == [4, 5, 6]
    fixed = layers.RandomPosterization((3, 3)).get_random_transformation(np.zeros((4, 1, 1, 1)))
    assert fixed["shift_factor"].numpy().tolist() == [5] * 4 and fixed["shift_factor"].dtype == "uint8"


@pytest.mark.parametrize("span", [(0, 255), (-1, 1)])
def test_solarization_inverts_from_the_threshold_on(span):
    x = X / 255 * (span[1] - span[0]) + span[0]
    layer = layers.Solarization(0.5, 0.5, value_range=span)
    made = layer.transform_images(x, {"additions": 20 * SPREAD, "thresholds": 128 * SPREAD})
    raised = np.clip(X + 20 * SPREAD, 0, 255)
    expected = np.where(raised < 128 * SPREAD, raised, 255 - raised) / 255 * (span[1] - span[0]) + span[0]
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("bins", [0, -1, 1])
def test_equalization_without_a_histogram_changes_nothing(bins):
    x = np.random.default_rng(0).integers(0, 255, (1, 3, 3, 3)).astype("float32")
    np.testing.assert_array_equal(layers.Equalization(bins=bins)(x), x)
