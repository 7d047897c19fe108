"""Names, dtypes and settings (``keras.backend``), and Keras 2's functions on tensors."""

from __future__ import annotations

from typing import Any

from kerasish.backend.functions import abs as abs
from kerasish.backend.functions import all as all
from kerasish.backend.functions import any as any
from kerasish.backend.functions import arange as arange
from kerasish.backend.functions import argmax as argmax
from kerasish.backend.functions import argmin as argmin
from kerasish.backend.functions import batch_dot as batch_dot
from kerasish.backend.functions import batch_flatten as batch_flatten
from kerasish.backend.functions import batch_get_value as batch_get_value
from kerasish.backend.functions import batch_normalization as batch_normalization
from kerasish.backend.functions import batch_set_value as batch_set_value
from kerasish.backend.functions import bias_add as bias_add
from kerasish.backend.functions import binary_crossentropy as binary_crossentropy
from kerasish.backend.functions import binary_focal_crossentropy as binary_focal_crossentropy
from kerasish.backend.functions import cast as cast
from kerasish.backend.functions import cast_to_floatx as cast_to_floatx
from kerasish.backend.functions import categorical_crossentropy as categorical_crossentropy
from kerasish.backend.functions import categorical_focal_crossentropy as categorical_focal_crossentropy
from kerasish.backend.functions import clip as clip
from kerasish.backend.functions import concatenate as concatenate
from kerasish.backend.functions import constant as constant
from kerasish.backend.functions import cos as cos
from kerasish.backend.functions import count_params as count_params
from kerasish.backend.functions import cumprod as cumprod
from kerasish.backend.functions import cumsum as cumsum
from kerasish.backend.functions import dot as dot
from kerasish.backend.functions import dropout as dropout
from kerasish.backend.functions import elu as elu
from kerasish.backend.functions import equal as equal
from kerasish.backend.functions import eval as eval
from kerasish.backend.functions import exp as exp
from kerasish.backend.functions import expand_dims as expand_dims
from kerasish.backend.functions import eye as eye
from kerasish.backend.functions import flatten as flatten
from kerasish.backend.functions import gather as gather
from kerasish.backend.functions import get_value as get_value
from kerasish.backend.functions import greater as greater
from kerasish.backend.functions import greater_equal as greater_equal
from kerasish.backend.functions import hard_sigmoid as hard_sigmoid
from kerasish.backend.functions import in_top_k as in_top_k
from kerasish.backend.functions import int_shape as int_shape
from kerasish.backend.functions import is_sparse as is_sparse
from kerasish.backend.functions import l2_normalize as l2_normalize
from kerasish.backend.functions import less as less
from kerasish.backend.functions import less_equal as less_equal
from kerasish.backend.functions import log as log
from kerasish.backend.functions import map_fn as map_fn
from kerasish.backend.functions import max as max
from kerasish.backend.functions import maximum as maximum
from kerasish.backend.functions import mean as mean
from kerasish.backend.functions import min as min
from kerasish.backend.functions import minimum as minimum
from kerasish.backend.functions import moving_average_update as moving_average_update
from kerasish.backend.functions import ndim as ndim
from kerasish.backend.functions import normalize_batch_in_training as normalize_batch_in_training
from kerasish.backend.functions import not_equal as not_equal
from kerasish.backend.functions import one_hot as one_hot
from kerasish.backend.functions import ones as ones
from kerasish.backend.functions import ones_like as ones_like
from kerasish.backend.functions import permute_dimensions as permute_dimensions
from kerasish.backend.functions import pow as pow
from kerasish.backend.functions import prod as prod
from kerasish.backend.functions import random_bernoulli as random_bernoulli
from kerasish.backend.functions import random_binomial as random_binomial
from kerasish.backend.functions import random_normal as random_normal
from kerasish.backend.functions import random_normal_variable as random_normal_variable
from kerasish.backend.functions import random_uniform as random_uniform
from kerasish.backend.functions import random_uniform_variable as random_uniform_variable
from kerasish.backend.functions import relu as relu
from kerasish.backend.functions import repeat as repeat
from kerasish.backend.functions import repeat_elements as repeat_elements
from kerasish.backend.functions import reshape as reshape
from kerasish.backend.functions import reverse as reverse
from kerasish.backend.functions import round as round
from kerasish.backend.functions import set_value as set_value
from kerasish.backend.functions import shape as shape
from kerasish.backend.functions import sigmoid as sigmoid
from kerasish.backend.functions import sign as sign
from kerasish.backend.functions import sin as sin
from kerasish.backend.functions import softmax as softmax
from kerasish.backend.functions import softplus as softplus
from kerasish.backend.functions import softsign as softsign
from kerasish.backend.functions import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.backend.functions import sqrt as sqrt
from kerasish.backend.functions import square as square
from kerasish.backend.functions import squeeze as squeeze
from kerasish.backend.functions import stack as stack
from kerasish.backend.functions import std as std
from kerasish.backend.functions import stop_gradient as stop_gradient
from kerasish.backend.functions import sum as sum
from kerasish.backend.functions import switch as switch
from kerasish.backend.functions import tanh as tanh
from kerasish.backend.functions import tile as tile
from kerasish.backend.functions import to_dense as to_dense
from kerasish.backend.functions import transpose as transpose
from kerasish.backend.functions import truncated_normal as truncated_normal
from kerasish.backend.functions import update as update
from kerasish.backend.functions import update_add as update_add
from kerasish.backend.functions import update_sub as update_sub
from kerasish.backend.functions import var as var
from kerasish.backend.functions import variable as variable
from kerasish.backend.functions import zeros as zeros
from kerasish.backend.functions import zeros_like as zeros_like
from kerasish.backend.gradients import gradients as gradients
from kerasish.backend.running import ctc_batch_cost as ctc_batch_cost
from kerasish.backend.running import ctc_decode as ctc_decode
from kerasish.backend.running import ctc_label_dense_to_sparse as ctc_label_dense_to_sparse
from kerasish.backend.running import foldl as foldl
from kerasish.backend.running import foldr as foldr
from kerasish.backend.running import function as function
from kerasish.backend.running import get_session as get_session
from kerasish.backend.running import in_test_phase as in_test_phase
from kerasish.backend.running import in_train_phase as in_train_phase
from kerasish.backend.running import learning_phase as learning_phase
from kerasish.backend.running import learning_phase_scope as learning_phase_scope
from kerasish.backend.running import manual_variable_initialization as manual_variable_initialization
from kerasish.backend.running import placeholder as placeholder
from kerasish.backend.running import print_tensor as print_tensor
from kerasish.backend.running import reset_uids as reset_uids
from kerasish.backend.running import rnn as rnn
from kerasish.backend.running import set_learning_phase as set_learning_phase
from kerasish.backend.running import set_session as set_session
from kerasish.backend.windows import conv1d as conv1d
from kerasish.backend.windows import conv2d as conv2d
from kerasish.backend.windows import conv2d_transpose as conv2d_transpose
from kerasish.backend.windows import conv3d as conv3d
from kerasish.backend.windows import depthwise_conv2d as depthwise_conv2d
from kerasish.backend.windows import local_conv1d as local_conv1d
from kerasish.backend.windows import local_conv2d as local_conv2d
from kerasish.backend.windows import pool2d as pool2d
from kerasish.backend.windows import pool3d as pool3d
from kerasish.backend.windows import resize_images as resize_images
from kerasish.backend.windows import resize_volumes as resize_volumes
from kerasish.backend.windows import separable_conv2d as separable_conv2d
from kerasish.backend.windows import spatial_2d_padding as spatial_2d_padding
from kerasish.backend.windows import spatial_3d_padding as spatial_3d_padding
from kerasish.backend.windows import temporal_padding as temporal_padding
from kerasish.config import backend as backend
from kerasish.config import epsilon as epsilon
from kerasish.config import floatx as floatx
from kerasish.config import image_data_format as image_data_format
from kerasish.config import set_epsilon as set_epsilon
from kerasish.config import set_floatx as set_floatx
from kerasish.config import set_image_data_format as set_image_data_format
from kerasish.core import dtypes, old_names
from kerasish.core.context import clear_session as clear_session
from kerasish.core.context import get_uid as get_uid
from kerasish.core.context import name_scope as name_scope
from kerasish.core.registry import publish
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.core.variable import Variable as Variable
from kerasish.ops import dtype as dtype


def standardize_dtype(dtype: Any) -> str:
    """The canonical name of a dtype; None gives ``floatx``."""
    return dtypes.standardize(dtype)


def result_type(*dtypes_: Any) -> str:
    """The dtype that Keras computes in when these dtypes (or Python types) meet."""
    return dtypes.result_type(*dtypes_)


def is_float_dtype(dtype: Any) -> bool:
    return dtypes.as_dtype(standardize_dtype(dtype)).is_floating


def is_int_dtype(dtype: Any) -> bool:
    return dtypes.as_dtype(standardize_dtype(dtype)).is_integer


_OTHERS = ("Any", "annotations", "dtypes", "functions", "old_names", "publish", "running", "windows")
__all__ = sorted(name for name in globals() if name[0] != "_" and name not in _OTHERS)
publish(__name__, globals(), ("result_type", "standardize_dtype", "is_float_dtype", "is_int_dtype"))


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())
