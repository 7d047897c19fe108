import io

import numpy as np
import pytest

from kerasish import utils
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import convert
from kerasish.preprocessing.image import smart_resize
from kerasish.utils.images import decode_image

Image = pytest.importorskip("PIL.Image")


def picture(height=7, width=6, channels=3):
    return (np.arange(height * width * channels).reshape(height, width, channels) * 13 % 256).astype("float32")


@pytest.fixture
def path(tmp_path):
    utils.save_img(tmp_path / "a.png", picture(), scale=False)
    return tmp_path / "a.png"


@pytest.mark.parametrize("kind", [str, lambda p: p, lambda p: str(p).encode(), lambda p: io.BytesIO(p.read_bytes())])
def test_pictures_come_back_from_files(path, kind):
    assert (utils.img_to_array(utils.load_img(kind(path))) == picture()).all()


def test_colour_modes(path):
    assert utils.load_img(path, color_mode="grayscale").mode == "L"
    assert utils.load_img(path, color_mode="rgba").mode == "RGBA"
    with pytest.raises(ValueError, match="color_mode must be"):
        utils.load_img(path, color_mode="bgr")
    with pytest.raises(TypeError, match="path should be path-like"):
        utils.load_img(3)


def test_sizes(path):
    assert utils.load_img(path, target_size=(3, 9)).size == (9, 3)
    with Image.open(path) as img:
        whole = img.resize((4, 2), Image.Resampling.BILINEAR, box=(0, 2, 6, 5))
    cut = utils.load_img(path, target_size=(2, 4), interpolation="bilinear", keep_aspect_ratio=True)
    assert (np.asarray(cut) == np.asarray(whole)).all()
    with pytest.raises(ValueError, match="Invalid interpolation method cubic"):
        utils.load_img(path, target_size=(2, 2), interpolation="cubic")


def test_arrays_and_pictures():
    x = picture()
    assert (np.asarray(utils.array_to_img(x, scale=False)) == x).all()
    first = utils.array_to_img(x.transpose(2, 0, 1), data_format="channels_first", scale=False)
    assert (utils.img_to_array(first, data_format="channels_first") == x.transpose(2, 0, 1)).all()
    scaled = np.asarray(utils.array_to_img(np.float32([[[0.5], [1.0]], [[0.75], [0.5]]])))
    assert scaled.tolist() == [[0, 255], [127, 0]]
    assert utils.array_to_img(np.full((2, 2, 1), 300.0), scale=False).mode == "I"
    assert utils.img_to_array(np.zeros((2, 3)), dtype="uint8").dtype == np.uint8
    assert utils.img_to_array(np.zeros((2, 3)), data_format="channels_first").shape == (1, 2, 3)
    for bad in (np.zeros((2, 2)), np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="rank 3|Unsupported channel number: 2"):
            utils.array_to_img(bad)
    with pytest.raises(ValueError, match="Unsupported image shape"):
        utils.img_to_array(np.zeros((1, 2, 3, 4)))


def test_formats_of_files(tmp_path):
    with pytest.warns(UserWarning, match="JPEG format does not support RGBA"):
        utils.save_img(tmp_path / "a.jpg", picture(channels=4))
    utils.save_img(tmp_path / "no_ending", picture(), file_format="bmp")
    for name, kind in (("a.jpg", "JPEG"), ("no_ending", "BMP")):
        with Image.open(tmp_path / name) as img:
            assert img.format == kind


def test_smart_resize():
    x = picture()
    small = smart_resize(x, (4, 5))
    assert isinstance(small, np.ndarray)
    assert small[1, 2] == pytest.approx([53.5, 66.5, 79.5])  # Keras's
    assert smart_resize(convert(x[None]), (4, 5)).shape == (1, 4, 5, 3)
    assert (smart_resize(x.transpose(2, 0, 1), (4, 5), data_format="channels_first").transpose(1, 2, 0) == small).all()
    assert smart_resize(x.astype("uint8"), (4, 5)).dtype == np.float32
    assert smart_resize(x.astype("uint8"), (4, 5), "nearest").dtype == np.uint8
    with pytest.raises(ValueError, match="tuple of 2 integers"):
        smart_resize(x, (4,))
    with pytest.raises(ValueError, match="incorrect rank"):
        smart_resize(x[0], (4, 5))
    with pytest.raises(ValueError, match="interpolation=gaussian"):
        smart_resize(x, (4, 5), "gaussian")


def encoded(img, kind, **options):
    stream = io.BytesIO()
    img.save(stream, kind, **options)
    return stream.getvalue()


def test_pictures_are_decoded_as_tensorflow_does():
    x = picture().astype("uint8")
    data = encoded(Image.fromarray(x), "PNG")
    assert (decode_image(data, 3, "a") == x).all()
    assert (decode_image(data, 4, "a")[..., 3] == 255).all()
    gray = decode_image(data, 1, "a")[..., 0]
    assert np.abs(gray - x @ [0.299, 0.587, 0.114]).max() <= 1
    deep = Image.fromarray(x[..., 0].astype("uint16") * 256 + 200)
    assert (decode_image(encoded(deep, "PNG"), 1, "a")[..., 0] == x[..., 0]).all()
    frames = [Image.fromarray(x), Image.fromarray(255 - x)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(moving, 3, "a").shape == (7, 6, 3)
    smooth = Image.fromarray(np.linspace(0, 255, 64).reshape(8, 8).astype("uint8"))
    assert np.abs(decode_image(encoded(smooth, "JPEG"), 1, "a")[..., 0] - np.asarray(smooth, int)).max() < 6


@pytest.mark.parametrize("data", [b"", b"text", encoded(Image.new("RGB", (9, 9)), "PNG")[:40]])
def test_what_is_no_picture_is_named(data):
    with pytest.raises(InvalidArgumentError, match="'x.png' is not an image"):
        decode_image(data, 3, "x.png")
