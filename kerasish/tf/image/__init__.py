"""``tf.image``: sizes and places, colours, measures, boxes and files of images, channels last."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.image.boxes import crop_and_resize as crop_and_resize
from kerasish.tf.image.boxes import non_max_suppression as non_max_suppression
from kerasish.tf.image.boxes import non_max_suppression_with_scores as non_max_suppression_with_scores
from kerasish.tf.image.colours import adjust_brightness as adjust_brightness
from kerasish.tf.image.colours import adjust_contrast as adjust_contrast
from kerasish.tf.image.colours import adjust_gamma as adjust_gamma
from kerasish.tf.image.colours import adjust_hue as adjust_hue
from kerasish.tf.image.colours import adjust_saturation as adjust_saturation
from kerasish.tf.image.colours import convert_image_dtype as convert_image_dtype
from kerasish.tf.image.colours import grayscale_to_rgb as grayscale_to_rgb
from kerasish.tf.image.colours import hsv_to_rgb as hsv_to_rgb
from kerasish.tf.image.colours import per_image_standardization as per_image_standardization
from kerasish.tf.image.colours import rgb_to_grayscale as rgb_to_grayscale
from kerasish.tf.image.colours import rgb_to_hsv as rgb_to_hsv
from kerasish.tf.image.colours import rgb_to_yiq as rgb_to_yiq
from kerasish.tf.image.colours import rgb_to_yuv as rgb_to_yuv
from kerasish.tf.image.colours import yiq_to_rgb as yiq_to_rgb
from kerasish.tf.image.colours import yuv_to_rgb as yuv_to_rgb
from kerasish.tf.image.drawn import draw_bounding_boxes as draw_bounding_boxes
from kerasish.tf.image.drawn import extract_glimpse as extract_glimpse
from kerasish.tf.image.drawn import sample_distorted_bounding_box as sample_distorted_bounding_box
from kerasish.tf.image.drawn import stateless_sample_distorted_bounding_box as stateless_sample_distorted_bounding_box
from kerasish.tf.image.files import adjust_jpeg_quality as adjust_jpeg_quality
from kerasish.tf.image.files import decode_and_crop_jpeg as decode_and_crop_jpeg
from kerasish.tf.image.files import decode_bmp as decode_bmp
from kerasish.tf.image.files import decode_gif as decode_gif
from kerasish.tf.image.files import decode_image as decode_image
from kerasish.tf.image.files import decode_jpeg as decode_jpeg
from kerasish.tf.image.files import decode_jxl as decode_jxl
from kerasish.tf.image.files import decode_png as decode_png
from kerasish.tf.image.files import decode_webp as decode_webp
from kerasish.tf.image.files import encode_jpeg as encode_jpeg
from kerasish.tf.image.files import encode_png as encode_png
from kerasish.tf.image.files import extract_jpeg_shape as extract_jpeg_shape
from kerasish.tf.image.files import is_jpeg as is_jpeg
from kerasish.tf.image.measures import image_gradients as image_gradients
from kerasish.tf.image.measures import psnr as psnr
from kerasish.tf.image.measures import sobel_edges as sobel_edges
from kerasish.tf.image.measures import ssim as ssim
from kerasish.tf.image.measures import ssim_multiscale as ssim_multiscale
from kerasish.tf.image.measures import total_variation as total_variation
from kerasish.tf.image.places import ResizeMethod as ResizeMethod
from kerasish.tf.image.places import central_crop as central_crop
from kerasish.tf.image.places import crop_to_bounding_box as crop_to_bounding_box
from kerasish.tf.image.places import extract_patches as extract_patches
from kerasish.tf.image.places import flip_left_right as flip_left_right
from kerasish.tf.image.places import flip_up_down as flip_up_down
from kerasish.tf.image.places import pad_to_bounding_box as pad_to_bounding_box
from kerasish.tf.image.places import resize as resize
from kerasish.tf.image.places import resize_with_crop_or_pad as resize_with_crop_or_pad
from kerasish.tf.image.places import resize_with_pad as resize_with_pad
from kerasish.tf.image.places import rot90 as rot90
from kerasish.tf.image.places import transpose as transpose
from kerasish.tf.image.random import random_brightness as random_brightness
from kerasish.tf.image.random import random_contrast as random_contrast
from kerasish.tf.image.random import random_crop as random_crop
from kerasish.tf.image.random import random_flip_left_right as random_flip_left_right
from kerasish.tf.image.random import random_flip_up_down as random_flip_up_down
from kerasish.tf.image.random import random_hue as random_hue
from kerasish.tf.image.random import random_jpeg_quality as random_jpeg_quality
from kerasish.tf.image.random import random_saturation as random_saturation
from kerasish.tf.image.random import stateless_random_brightness as stateless_random_brightness
from kerasish.tf.image.random import stateless_random_contrast as stateless_random_contrast
from kerasish.tf.image.random import stateless_random_crop as stateless_random_crop
from kerasish.tf.image.random import stateless_random_flip_left_right as stateless_random_flip_left_right
from kerasish.tf.image.random import stateless_random_flip_up_down as stateless_random_flip_up_down
from kerasish.tf.image.random import stateless_random_hue as stateless_random_hue
from kerasish.tf.image.random import stateless_random_jpeg_quality as stateless_random_jpeg_quality
from kerasish.tf.image.random import stateless_random_saturation as stateless_random_saturation
from kerasish.tf.image.suppression import combined_non_max_suppression as combined_non_max_suppression
from kerasish.tf.image.suppression import generate_bounding_box_proposals as generate_bounding_box_proposals
from kerasish.tf.image.suppression import non_max_suppression_overlaps as non_max_suppression_overlaps
from kerasish.tf.image.suppression import non_max_suppression_padded as non_max_suppression_padded


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
