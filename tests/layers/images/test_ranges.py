"""Factors and ranges of values: what is accepted and what it becomes; words and classes of errors."""

import numpy as np
import pytest

from kerasish import layers
from kerasish.layers.images.ranges import checked_value_range, overlapping_range, range_within

# (class, arguments, attribute): the range that one number or a pair stands for
ACCEPTED = [
    ("RandomBrightness", {"factor": 0.3}, "factor", (-0.3, 0.3)),
    ("RandomBrightness", {"factor": [0.5, -0.2]}, "factor", (-0.2, 0.5)),
    ("RandomContrast", {"factor": 0.3}, "factor", (0, 0.3)),
    ("RandomPosterization", {"factor": 4}, "factor", (1, 4)),
    ("RandomRotation", {"factor": -0.3}, "factor", (-0.3, 0.3)),
    ("RandomInvert", {"factor": 0.25}, "factor", (0, 0.25)),
    ("RandomErasing", {"scale": 0.2}, "scale", (0, 0.2)),
    ("RandomShear", {"x_factor": 0.2}, "x_factor", (-0.2, 0.2)),
    ("RandomShear", {"x_factor": (0.5, 0.1)}, "x_factor", (0.1, 0.5)),
    ("Solarization", {"addition_factor": 0.2}, "addition_factor", (0, 0.2)),
    ("RandomGaussianBlur", {"kernel_size": 5}, "kernel_size", (5, 5)),
    ("RandomZoom", {"height_factor": 0.2}, "height_factor", 0.2),
    ("RandomZoom", {"height_factor": 0.2}, "height_lower", -0.2),
]
REFUSED = [
    ("RandomBrightness", {"factor": 1.5}, ValueError, r"factor.*\[-1, 1\]"),
    ("RandomBrightness", {"factor": "much"}, ValueError, "factor"),
    ("RandomBrightness", {"factor": [1, 2, 3]}, ValueError, "factor"),
    ("RandomBrightness", {"factor": 0.1, "value_range": 3}, ValueError, "value_range"),
    ("RandomBrightness", {"factor": 0.1, "value_range": (1, 2, 3)}, ValueError, "value_range"),
    ("RandomContrast", {"factor": -0.1}, ValueError, "factor"),
    ("RandomGrayscale", {"factor": 1.2}, ValueError, "between 0 and 1"),
    ("RandomZoom", {"height_factor": -1.0}, ValueError, r"\(-1.0, 1.0\]"),
    ("RandomZoom", {"height_factor": 0.1, "width_factor": 2}, ValueError, "width_factor"),
    ("RandomTranslation", {"height_factor": 1.1, "width_factor": 0}, ValueError, "height_factor"),
    ("RandomShear", {"x_factor": -0.1}, ValueError, r"\[0, 1.0\]"),
    ("Solarization", {"threshold_factor": -0.1}, ValueError, "threshold_factor"),
    ("RandomErasing", {"scale": 1.5}, ValueError, "scale"),
    ("RandomPosterization", {"factor": 9}, ValueError, r"\[1, 8\]"),
    ("RandomGaussianBlur", {"kernel_size": 4}, ValueError, "odd"),
    ("RandomGaussianBlur", {"kernel_size": (3, 3, 3)}, ValueError, "kernel_size"),
    ("RandomGaussianBlur", {"sigma": 2.0}, ValueError, "sigma"),
    ("RandomPerspective", {"scale": 1.5}, ValueError, "scale"),
    ("RandomPerspective", {"interpolation": "cubic"}, NotImplementedError, "interpolation"),
    ("RandomRotation", {"factor": 0.1, "fill_mode": "mirror"}, NotImplementedError, "fill_mode"),
    ("RandomZoom", {"height_factor": 0.1, "interpolation": "cubic"}, NotImplementedError, "interpolation"),
    ("RandomElasticTransform", {"fill_mode": "none"}, NotImplementedError, "fill_mode"),
    ("RandomFlip", {"factor": 0.3}, ValueError, "does not take"),
    ("RandomFlip", {"data_format": "channels_middle"}, ValueError, "data_format"),
    ("CutMix", {"factor": -1}, ValueError, "factor"),
    ("RandomHeight", {"factor": (0.2, 0.1)}, ValueError, "upper bound"),
    ("RandomWidth", {"factor": -1.5}, ValueError, "upper bound"),
    ("RandomHeight", {"factor": (-1.5, 0.2)}, ValueError, "larger than -1"),
]


@pytest.mark.parametrize(("name", "args", "attribute", "expected"), ACCEPTED)
def test_a_factor_becomes_a_range(name, args, attribute, expected):
    assert getattr(getattr(layers, name)(**args), attribute) == expected


@pytest.mark.parametrize(("name", "args", "error", "words"), REFUSED)
def test_a_bad_argument_is_refused(name, args, error, words):
    with pytest.raises(error, match=words):
        getattr(layers, name)(**args)


def test_ranges_are_sorted():
    assert checked_value_range((255, 0)) == [0, 255]
    assert overlapping_range("scale", [0.5, 0.1], 0, 1) == (0.1, 0.5)
    assert overlapping_range("scale", [-3.0, 0.5], 0, 1) == (-3.0, 0.5)  # overlapping is enough, as in Keras
    assert range_within("f", 0.5, 0, 1, mirrored=False) == (0, 0.5)


def test_a_fill_value_is_looked_at_when_it_is_needed():
    layer = layers.RandomErasing(fill_value=[1.0, 2.0])
    with pytest.raises(ValueError, match="fill_value"):
        layer(np.zeros((1, 4, 4, 3), "float32"))
