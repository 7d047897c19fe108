"""keras.ops.image beyond resizing: refusals, symbolic shapes, models. Numbers are compared in compat/recorded."""

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish.core.errors import InvalidArgumentError
from kerasish.ops import image

X = np.random.default_rng(0).uniform(size=(2, 6, 5, 3)).astype("float32")
SQUARE = np.array([[0, 0], [4, 0], [0, 5], [4, 5]], "float32")


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: image.rgb_to_grayscale(X[..., :2]), ValueError, "channel"),
        (lambda: image.rgb_to_grayscale(X[0, 0]), ValueError, "rank"),
        (lambda: image.rgb_to_hsv((X * 255).astype("uint8")), ValueError, "float"),
        (lambda: image.hsv_to_rgb(X[..., :1]), InvalidArgumentError, "3 channels"),
        (lambda: image.crop_images(X, 1, 1, 1, 1, 4), ValueError, "exactly two"),
        (lambda: image.crop_images(X, 1, None, 1, 1, None, 9), ValueError, "left_cropping must be >= 0"),
        (lambda: image.crop_images(X, 4, 1, None, 1, 4), InvalidArgumentError, "more than"),
        (lambda: image.pad_images(X, -1, 1, 1, 1), ValueError, "top_padding must be >= 0"),
        (lambda: image.pad_images(X, 1, 1, None, 1, 3), ValueError, "bottom_padding must be >= 0"),
        (lambda: image.extract_patches(X, "3"), TypeError, "size"),
        (lambda: image.extract_patches(X, (1, 2, 3, 4)), ValueError, "length 2 or 3"),
        (lambda: image.extract_patches(X, 9), ValueError, "do not fit"),
        (lambda: image.extract_patches(X, 2, 2, 2), ValueError, "dilation_rate"),
        (lambda: image.extract_patches_3d(X, (1, 2)), TypeError, "length 3"),
        (lambda: image.gaussian_blur((X * 255).astype("uint8")), InvalidArgumentError, "float"),
        (lambda: image.sobel_edges(X[0]), InvalidArgumentError, "rank 4"),
        (lambda: image.ssim(X, X), InvalidArgumentError, "filter"),
        (lambda: image.affine_transform(X, np.eye(8, dtype="float32")[None]), ValueError, "transform rank"),
        (lambda: image.affine_transform(X, [1.0, 0.0]), InvalidArgumentError, "8"),
        (lambda: image.affine_transform(X, np.ones(8), "bicubic"), ValueError, "interpolation"),
        (lambda: image.affine_transform(X, np.ones(8), fill_mode="mirror"), ValueError, "fill_mode"),
        (lambda: image.perspective_transform(X, SQUARE[:3], SQUARE), ValueError, "start_points"),
        (lambda: image.perspective_transform(X, SQUARE, SQUARE[None]), ValueError, "same shape"),
        (lambda: image.map_coordinates(X[0], np.zeros((2, 4)), 1), ValueError, "First dim"),
        (lambda: image.map_coordinates(X[0, 0, :, 0], np.zeros(1), 1), ValueError, "rank"),
        (lambda: image.map_coordinates(X[0, 0, :, 0], np.zeros((1, 2)), 2), NotImplementedError, "order"),
        (lambda: image.map_coordinates(X[0, 0, :, 0], np.zeros((1, 2)), 1, "edge"), ValueError, "fill_mode"),
        (lambda: image.elastic_transform((X * 255).astype("uint8")), InvalidArgumentError, "float"),
        (lambda: image.elastic_transform(X, seed="x"), ValueError, "seed"),
    ],
)
def test_bad_arguments_are_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


SYMBOLIC = [
    (lambda x: image.rgb_to_grayscale(x), (None, None, 3), (None, None, None, 1)),
    (lambda x: image.rgb_to_hsv(x), (None, None, 3), (None, None, None, 3)),
    (lambda x: image.crop_images(x, 1, 2, None, 2, 100), (None, 9, 3), (None, 100, 5, 3)),
    (lambda x: image.pad_images(x, 1, 2, None, 2, 20), (None, 9, 3), (None, 20, 13, 3)),
    (lambda x: image.extract_patches(x, (2, 3)), (8, 9, 3), (None, 4, 3, 18)),
    (lambda x: image.extract_patches_3d(x, 2), (4, 8, 8, 3), (None, 2, 4, 4, 24)),
    (lambda x: image.gaussian_blur(x), (None, 9, 3), (None, None, 9, 3)),
    (lambda x: image.sobel_edges(x), (None, 9, 3), (None, None, 9, 3, 2)),
    (lambda x: image.ssim(x, x), (20, 20, 3), (None,)),
    (lambda x: image.affine_transform(x, np.ones((2, 8), "float32")), (8, 9, 3), (None, 8, 9, 3)),
    (lambda x: image.perspective_transform(x, SQUARE, SQUARE + 1), (8, 9, 3), (None, 8, 9, 3)),
    (lambda x: image.elastic_transform(x), (8, 9, 3), (None, 8, 9, 3)),
]


@pytest.mark.parametrize(("call", "shape", "expected"), SYMBOLIC)
def test_symbolic_images_have_the_right_shape(call, shape, expected):
    assert call(keras.Input(shape)).shape == expected


def test_functions_of_images_are_kept_in_model_files(tmp_path):
    x = keras.Input((6, 5, 3))
    y = image.resize(image.pad_images(image.rgb_to_hsv(x), 1, 1, 1, 1), (4, 4), "bicubic")
    z = image.affine_transform(image.gaussian_blur(x), np.array([0.9, 0.1, 0, 0.1, 0.9, 0, 0, 0], "float32"))
    model = keras.Model(x, [y, z, image.extract_patches(x, 2)])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    for a, b in zip(model(X), loaded(X)):
        np.testing.assert_array_equal(a, b)


def test_colours_survive_the_way_to_hsv_and_back():
    np.testing.assert_allclose(image.hsv_to_rgb(image.rgb_to_hsv(X)), X, atol=1e-6)
    hue = image.rgb_to_hsv(np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0.5, 0.5, 0.5]]], "float32"))
    np.testing.assert_allclose(hue[0, :, 0], [0, 1 / 3, 2 / 3, 5 / 6, 0], atol=1e-6)


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "wrap", "reflect"])
def test_moving_by_whole_pixels_reads_the_neighbours(fill_mode):
    row = np.arange(1, 5, dtype="float32").reshape(1, 4, 1)
    y = image.affine_transform(row, [1.0, 0, 2, 0, 1, 0, 0, 0], fill_mode=fill_mode, fill_value=9.0)
    rest = {"constant": [9, 9], "nearest": [4, 4], "wrap": [1, 2], "reflect": [4, 3]}[fill_mode]
    assert y.numpy().ravel().tolist() == [3, 4, *rest]


def test_perspective_moves_the_points():
    x = np.zeros((6, 6, 1), "float32")
    x[1, 2] = 1
    start = np.array([[2, 1], [4, 0], [0, 5], [4, 5]], "float32")
    end = np.array([[3, 4], [5, 1], [0, 5], [5, 5]], "float32")
    y = image.perspective_transform(x, start, end).numpy()
    assert y[4, 3, 0] == pytest.approx(1, abs=1e-4)


def test_transformations_have_true_gradients():
    x = torch.randn(1, 4, 5, 2, dtype=torch.float64, requires_grad=True)
    matrix = [0.9, 0.2, 0.3, -0.1, 1.1, 0.2, 0.0, 0.0]
    assert torch.autograd.gradcheck(lambda t: image.affine_transform(t, matrix, fill_mode="reflect"), x)
    places = torch.rand(2, 6, dtype=torch.float64) * 3 + 0.05
    grid = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t, c: image.map_coordinates(t, c, 1), (grid, places.requires_grad_()))


def test_elastic_transform_repeats_itself_with_a_seed_only():
    first, second = (image.elastic_transform(X, alpha=3.0, seed=7).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(image.elastic_transform(X, alpha=3.0), image.elastic_transform(X, alpha=3.0))


def test_equal_images_are_alike():
    x = np.random.default_rng(1).uniform(size=(2, 12, 13, 3))
    np.testing.assert_allclose(image.ssim(x, x), [1, 1], atol=1e-9)
    assert float(image.ssim(x[0], 1 - x[0])) < 0
