"""keras.ops.image.resize and scale_and_translate. The expected numbers are those of Keras 3.15 on TensorFlow."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.core.errors import InvalidArgumentError
from kerasish.ops.image import resize, scale_and_translate

X = np.array([3, 1, 4, 1, 5, 9, 2, 6], "float32").reshape(1, 2, 4, 1)
SMALLER = [
    ("bilinear", False, [4.166667, 4.0, 3.416667]),
    ("bilinear", True, [4.3, 4.0, 3.35]),
    ("nearest", False, [5.0, 2.0, 6.0]),
    ("nearest", True, [5.0, 2.0, 6.0]),
    ("bicubic", False, [4.136018, 4.03125, 3.421012]),
    ("bicubic", True, [4.361556, 4.0176, 3.262014]),
    ("lanczos3", False, [4.193316, 4.071428, 3.364708]),
    ("lanczos3", True, [4.448093, 4.03125, 3.165114]),
    ("lanczos5", False, [4.214831, 4.102556, 3.336888]),
    ("lanczos5", True, [4.486884, 4.036711, 3.118241]),
    ("area", False, [4.25, 4.0, 3.375]),
    ("area", True, [4.25, 4.0, 3.375]),
]
KINDS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")


@pytest.mark.parametrize(("kind", "antialias", "expected"), SMALLER)
def test_resize_gives_tensorflows_numbers(kind, antialias, expected):
    np.testing.assert_allclose(resize(X, (1, 3), kind, antialias).numpy().ravel(), expected, rtol=2e-6)


def test_enlarged_images_have_tensorflows_numbers():
    expected = [2.971518, 0.883896, 2.368952, 3.421871, 0.521295, 3.956876, 4.862079, 4.03125, 2.997709, 3.521562]
    expected += [4.942234, 8.840261, 5.693548, 2.573547, 6.521828]
    np.testing.assert_allclose(resize(X, (3, 5), "bicubic").numpy().ravel(), expected, rtol=2e-6)


def test_integers_are_rounded_and_stay_in_their_range():
    y = resize(X.astype("uint8") * 20, (3, 3), "bicubic")
    assert y.dtype == "uint8"
    assert y.numpy().ravel().tolist() == [51, 47, 22, 83, 81, 68, 114, 114, 115]
    over = resize(np.array([[0, 255, 255, 0]], "uint8").reshape(1, 1, 4, 1), (1, 9), "lanczos3").numpy()
    assert over.min() == 0
    assert over.max() == 255


def test_aspect_ratio_is_kept_by_cropping_or_padding():
    cut = resize(X, (2, 2), crop_to_aspect_ratio=True)
    assert cut.numpy().ravel().tolist() == [1.0, 4.0, 9.0, 2.0]
    framed = resize(X, (4, 4), pad_to_aspect_ratio=True, fill_value=7).numpy()
    assert framed.ravel().tolist() == [7.0] * 4 + X.ravel().tolist() + [7.0] * 4


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(KINDS),
    st.booleans(),
    st.tuples(*[st.integers(1, 9)] * 4),
    st.sampled_from(["float16", "bfloat16", "float32", "float64", "int32"]),
)
def test_constant_images_stay_constant_in_both_formats(kind, antialias, sizes, dtype):
    h, w, *size = sizes
    first = resize(
        torch.full((2, 3, h, w), 5).to(getattr(torch, dtype)), size, kind, antialias, data_format="channels_first"
    )
    last = resize(
        torch.full((h, w, 3), 5).to(getattr(torch, dtype)), size, kind, antialias, data_format="channels_last"
    )
    assert first.shape == (2, 3, *size)
    assert last.shape == (*size, 3)
    for y in (first, last):
        assert str(y.dtype) == f"torch.{dtype}"
        torch.testing.assert_close(y, torch.full_like(y, 5), rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("antialias", [False, True])
def test_images_of_one_channel_do_not_depend_on_their_layout_in_memory(kind, antialias):
    x = torch.arange(36.0).reshape(1, 6, 6, 1)
    y = resize(x, (9, 1), kind, antialias)
    other = resize(x.permute(0, 3, 1, 2).contiguous(), (9, 1), kind, antialias, data_format="channels_first")
    torch.testing.assert_close(y[..., 0], other[:, 0])
    assert len(set(y.ravel().tolist())) > 5  # rows differ


@pytest.mark.parametrize("kind", KINDS)
def test_resize_has_gradients(kind):
    x = torch.randn(1, 4, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: resize(t, (3, 7), kind), x)


def test_resize_of_symbolic_images_knows_the_sizes():
    x = keras.Input((None, None, 3), dtype="uint8")
    y = resize(x, (5, 6))
    assert y.shape == (None, 5, 6, 3)
    assert y.dtype == "uint8"
    assert resize(keras.Input((3, 8, 8)), (5, 6), data_format="channels_first").shape == (None, 3, 5, 6)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"size": (3,)}, ValueError, "tuple of 2"),
        ({"size": 3}, TypeError, "len"),
        ({"size": (3, 0)}, ValueError, "positive"),
        ({"interpolation": "x"}, ValueError, "interpolation"),
        ({"fill_mode": "reflect"}, ValueError, "fill_mode"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ValueError, "Only one"),
        ({"images": X[0, 0]}, ValueError, "rank"),
        ({"images": X > 2}, InvalidArgumentError, "bool"),
        ({"data_format": "x"}, ValueError, "data_format"),
    ],
)
def test_resize_refuses(arguments, kind, words):
    with pytest.raises(kind, match=words):
        resize(**{"images": X, "size": (2, 2), **arguments})


def test_scale_and_translate_gives_tensorflows_numbers():
    x = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)
    y = scale_and_translate(x, (1, 4, 3, 1), [1.5, 0.5], [-0.5, 0.25], (1, 2), "linear")
    expected = [1, 2.66667, 0, 3.66667, 5.33333, 0, 6.33333, 8, 0, 8.33333, 10, 0]
    np.testing.assert_allclose(y.numpy().ravel(), expected, atol=1e-5)
    y = scale_and_translate(x, (1, 4, 3, 1), [1.5, 0.5], [-0.5, 0.25], (1, 2), "cubic", antialias=False)
    expected = [0.41138, 2.41138, 0, 3.24943, 5.24943, 0, 6.35294, 8.35294, 0, 8.26316, 10.26316, 0]
    np.testing.assert_allclose(y.numpy().ravel(), expected, atol=1e-5)


def test_scale_and_translate_rounds_integers_and_passes_gradients_to_the_scale():
    whole = scale_and_translate(np.array([[0, 10, 20]]), (1, 6), [2.0], [0.0], (1,), "bilinear")
    assert whole.numpy().tolist() == [[0, 2, 8, 12, 18, 20]]
    scale = torch.tensor([0.83], dtype=torch.float64, requires_grad=True)
    shift = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    x = torch.randn(1, 5, dtype=torch.float64, requires_grad=True)
    for method in ("linear", "cubic", "lanczos3"):

        def moved(images, factors, shifts, method=method):
            return scale_and_translate(images, (1, 4), factors, shifts, (1,), method)

        assert torch.autograd.gradcheck(moved, (x, scale, shift))


def test_scale_and_translate_refuses_other_methods():
    with pytest.raises(ValueError, match="method"):
        scale_and_translate(X, X.shape, [1.0], [0.0], (1,), "nearest")
