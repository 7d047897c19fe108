"""keras.utils.bounding_boxes: round trips, refusals, kinds of results. Numbers are compared in compat/recorded."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.utils import bounding_boxes as bb

FORMATS = "xyxy yxyx xywh center_xywh center_yxhw rel_xyxy rel_yxyx rel_xywh rel_center_xywh".split()
BOXES = np.array([[1, 2, 5, 8], [0, 0, 10, 10.0]], "float32")


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(FORMATS), st.sampled_from(FORMATS), st.integers(0, 99))
def test_every_format_leads_to_every_other_and_back(source, target, seed):
    boxes = np.random.default_rng(seed).uniform(1, 9, (2, 3, 4))
    there = bb.convert_format(boxes, source, target, 20, 30, dtype="float64")
    np.testing.assert_allclose(bb.convert_format(there, target, source, 20, 30, dtype="float64"), boxes, rtol=1e-9)


def test_formats_are_what_their_names_say():
    box = [[2.0, 4.0, 8.0, 10.0]]
    expected = {
        "yxyx": [4, 2, 10, 8],
        "xywh": [2, 4, 6, 6],
        "center_xywh": [5, 7, 6, 6],
        "center_yxhw": [7, 5, 6, 6],
        "rel_xyxy": [0.1, 0.4, 0.4, 1],
        "rel_center_xywh": [0.25, 0.7, 0.3, 0.6],
    }
    for form, numbers in expected.items():
        np.testing.assert_allclose(bb.convert_format(box, "xyxy", form, height=10, width=20)[0], numbers, rtol=1e-6)


def test_what_comes_in_comes_out():
    assert isinstance(bb.convert_format(torch.tensor(BOXES), "xyxy", "xywh"), torch.Tensor)
    assert not isinstance(bb.convert_format(BOXES, "xyxy", "xywh"), torch.Tensor)
    given_boxes = {"boxes": BOXES, "labels": np.array([1, 2])}
    assert bb.convert_format(given_boxes, "xyxy", "xywh") is given_boxes
    assert given_boxes["boxes"].numpy()[0].tolist() == [1, 2, 4, 6]


def test_iou_of_known_boxes():
    iou = bb.compute_iou(BOXES, BOXES, "xyxy").numpy()
    np.testing.assert_allclose(iou, [[1, 0.24], [0.24, 1]], rtol=1e-5)
    masked = bb.compute_iou(BOXES, np.array([[-1, -1, -1, -1.0]], "float32"), "xyxy", use_masking=True, mask_val=-5)
    assert masked.numpy().tolist() == [[-5], [-5]]
    np.testing.assert_allclose(bb.compute_ciou(BOXES, BOXES, "xyxy"), [1, 1], atol=1e-5)


def test_deltas_are_undone():
    anchors = BOXES + 1
    deltas = bb.encode_box_to_deltas(anchors, BOXES, "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2])
    boxes = bb.decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2])
    np.testing.assert_allclose(boxes, BOXES, atol=1e-5)
    levels = bb.decode_deltas_to_boxes({"P3": anchors}, {"P3": deltas * 0}, "xyxy", "xywh")
    np.testing.assert_allclose(levels["P3"], [[2, 3, 4, 6], [1, 1, 10, 10]], atol=1e-5)


def test_boxes_follow_their_image():
    assert bb.crop(BOXES, 1, 2, 6, 5).numpy().tolist() == [[0, 1, 3, 6], [0, 0, 5, 6]]
    assert bb.pad(BOXES, 1, 2).numpy().tolist() == [[3, 3, 7, 9], [2, 1, 12, 11]]
    clipped = bb.clip_to_image_size({"boxes": BOXES - 5, "labels": np.array([3, 4])}, 9, 9)
    assert clipped["boxes"].numpy().tolist() == [[0, 0, 0, 3], [0, 0, 5, 5]]
    assert clipped["labels"].numpy().tolist() == [-1, 4]
    zero, one = np.zeros(1, "float32"), np.ones(1, "float32")
    turned = bb.affine_transform(BOXES[None], zero + 90, zero, zero, one, zero, zero, height=11, width=11)
    np.testing.assert_allclose(turned[0, 0], [2, 5, 8, 9], atol=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: bb.convert_format(BOXES, "xyxy", "corners"), ValueError, "format"),
        (lambda: bb.convert_format(BOXES[:, :3], "xyxy", "xywh"), ValueError, "dimension of 4"),
        (lambda: bb.convert_format(BOXES, "xyxy", "rel_xywh"), ValueError, "height"),
        (lambda: bb.clip_to_image_size({"boxes": BOXES}), ValueError, "height"),
        (lambda: bb.clip_to_image_size({"boxes": BOXES}, 2, 2, "xywh"), NotImplementedError, "xywh"),
        (lambda: bb.crop(BOXES, 1, 1, 2, 2, "xywh"), NotImplementedError, "xywh"),
        (lambda: bb.compute_iou(BOXES[0], BOXES, "xyxy"), ValueError, "boxes1"),
        (lambda: bb.compute_iou(BOXES, BOXES, "rel_xyxy"), ValueError, "image_shape"),
        (lambda: bb.compute_ciou(BOXES, BOXES, "rel_xyxy"), ValueError, "image_shape"),
        (lambda: bb.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", "xyxy"), ValueError, "encoding_format"),
        (lambda: bb.decode_deltas_to_boxes(BOXES, BOXES, "xyxy", "xyxy", variance=[1, 2]), ValueError, "variance"),
    ],
)
def test_bad_arguments_are_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_the_module_is_part_of_keras_utils():
    assert keras.utils.bounding_boxes is bb
