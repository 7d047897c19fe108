"""Boxes and masks drawn into images. Sums of masked images are those of Keras 3.15."""

import numpy as np
import pytest

from kerasish.visualization import draw_bounding_boxes, draw_segmentation_masks


def boxes(*corners, labels=None, **more):
    return {"boxes": np.array([corners], "float32"), "labels": np.array([labels or [0] * len(corners)]), **more}


def test_the_outline_lies_on_the_box():
    image = np.zeros((1, 12, 14, 3), "uint8")
    out = draw_bounding_boxes(image, boxes([2, 3, 9, 8]), "xyxy", color=(10, 20, 30), line_thickness=1)
    assert out.dtype == "uint8"
    expected = np.zeros((12, 14), bool)
    expected[3:9, 2:10] = True
    expected[4:8, 3:9] = False
    assert ((out[0] == [10, 20, 30]).all(-1) == expected).all()
    assert image.sum() == 0  # what was given is as it was


def test_formats_of_boxes_and_images_do_not_change_what_is_drawn():
    x = np.random.default_rng(0).uniform(size=(1, 8, 16, 3))
    first = draw_bounding_boxes(x, boxes([4, 2, 12, 6]), "xyxy")
    relative = draw_bounding_boxes(x, boxes([0.25, 0.25, 0.5, 0.5]), "rel_xywh")
    np.testing.assert_array_equal(first, relative)
    moved = draw_bounding_boxes(x.transpose(0, 3, 1, 2), boxes([4, 2, 12, 6]), "xyxy", data_format="channels_first")
    np.testing.assert_array_equal(moved.transpose(0, 2, 3, 1), first)
    assert abs(int(first[0, 0, 0, 0]) - int(x[0, 0, 0, 0] * 255)) <= 1  # 0 to 1 becomes 0 to 255


def test_boxes_without_a_class_are_left_out_and_classes_are_named():
    x = np.zeros((1, 60, 90, 3), "uint8")
    assert draw_bounding_boxes(x, boxes([2, 3, 9, 8], labels=[-1]), "xyxy").sum() == 0
    plain = draw_bounding_boxes(x, boxes([5, 40, 50, 55], labels=[1]), "xyxy", {2: "dog"})
    named = draw_bounding_boxes(x, boxes([5, 40, 50, 55], labels=[1]), "xyxy", {1: "cat"})
    surer = draw_bounding_boxes(x, boxes([5, 40, 50, 55], labels=[1], confidences=[[0.5]]), "xyxy", {1: "cat"})
    assert plain[:, :36].sum() == 0
    assert 0 < named[:, :36].sum() < surer[:, :36].sum()
    high = draw_bounding_boxes(x, boxes([5, 2, 80, 55], labels=[1]), "xyxy", {1: "cat"})
    assert high[:, 8:50, 10:70].sum() > 0  # no room above: inside


def test_grey_images_stay_grey():
    assert draw_bounding_boxes(
        np.zeros((2, 9, 9, 1)),
        {**boxes([1, 1, 5, 5]), "boxes": np.ones((2, 1, 4)), "labels": np.zeros((2, 1))},
        "xyxy",
    ).shape == (2, 9, 9, 1)


MASKS = np.array([[-1, 0, 1], [2, 3, 1]]).reshape(1, 2, 3, 1)
GREY = np.full((1, 2, 3, 3), 100.0)


def test_masks_colour_the_pixels_of_their_class():
    out = draw_segmentation_masks(
        GREY, MASKS, num_classes=3, color_mapping={0: (0, 0, 0), 1: (200, 0, 50), 2: (9, 9, 9)}
    )
    assert out.dtype == "uint8"
    assert out[0, 0].tolist() == [[100, 100, 100], [20, 20, 20], [180, 20, 60]]
    assert out[0, 1, 1].tolist() == [100, 100, 100]
    plain = draw_segmentation_masks(GREY, MASKS, num_classes=2, blend=False).numpy()
    assert plain[0, 0].tolist() == [
        [100, 100, 100],
        [0, 0, 0],
        [(2**25 - 1) % 255, (2**15 - 1) % 255, (2**21 - 1) % 255],
    ]
    first = draw_segmentation_masks(
        GREY.transpose(0, 3, 1, 2), MASKS.transpose(0, 3, 1, 2), 3, data_format="channels_first"
    )
    np.testing.assert_array_equal(first, draw_segmentation_masks(GREY, MASKS))  # 3 is the largest class


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: draw_bounding_boxes(GREY[0], boxes([0, 0, 1, 1]), "xyxy"), ValueError, "4D"),
        (lambda: draw_bounding_boxes(GREY, [1], "xyxy"), TypeError, "dict"),
        (lambda: draw_bounding_boxes(GREY, {"boxes": [1]}, "xyxy"), ValueError, "labels"),
        (lambda: draw_bounding_boxes(GREY, boxes([0, 0, 1, 1]), "corners"), ValueError, "format"),
        (lambda: draw_segmentation_masks(GREY[0], MASKS), ValueError, "4D"),
        (lambda: draw_segmentation_masks(GREY, MASKS * 1.0), TypeError, "integer"),
    ],
)
def test_bad_arguments_are_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
