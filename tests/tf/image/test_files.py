"""Arguments of the image codecs; what they decode is compared in tests/tf/recorded."""

import io

import numpy as np
import PIL.Image
import pytest

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError

GREY, RGB, RGBA = (np.full((4, 5, n), 100, "uint8") for n in (1, 3, 4))


@pytest.mark.parametrize(
    ("image", "form", "channels"), [(GREY, "", 1), (GREY, "grayscale", 1), (RGB, "rgb", 3), (RGB, "", 3)]
)
def test_jpeg_files_have_the_channels_of_their_format(image, form, channels):
    assert tf.io.decode_jpeg(tf.io.encode_jpeg(image, format=form)).shape == (4, 5, channels)


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (RGB, {"format": "grayscale"}, r"one of \(1,\) channels.*\(4, 5, 3\)"),
        (GREY, {"format": "rgb"}, r"one of \(3,\) channels.*\(4, 5, 1\)"),
        (RGBA, {}, r"one of \(1, 3\) channels"),
        (RGB, {"format": "cmyk"}, "format must be one of.*'cmyk'"),
        (RGB, {"density_unit": "mm"}, r"density_unit must be one of \['cm', 'in'\], got 'mm'"),
        (RGB, {"quality": 101}, r"quality must be in \[0,100\], got 101"),
    ],
)
def test_encode_jpeg_refuses_what_does_not_fit(image, options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        tf.io.encode_jpeg(image, **options)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"fancy_upscaling": False}, NotImplementedError, "fancy_upscaling=True"),
        ({"ratio": 2}, NotImplementedError, "ratio=1"),
        ({"dct_method": "FAST"}, InvalidArgumentError, "dct_method must be one of"),
    ],
)
def test_decode_jpeg_refuses_options_that_it_does_not_follow(options, kind, words):
    with pytest.raises(kind, match=words):
        tf.io.decode_jpeg(tf.io.encode_jpeg(RGB), **options)


def test_encode_jpeg_follows_its_options():
    noise = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype("uint8")

    def encoded(**options):
        return tf.io.encode_jpeg(noise, **options).numpy()

    assert len(encoded(optimize_size=True)) < len(encoded())
    assert len(encoded(chroma_downsampling=False)) > len(encoded())
    assert b"<x:xmpmeta/>" in encoded(xmp_metadata="<x:xmpmeta/>")
    picture = PIL.Image.open(io.BytesIO(encoded(progressive=True, density_unit="cm", x_density=100, y_density=50)))
    assert picture.info["progressive"] == 1 and picture.info["dpi"] == (254, 127)
