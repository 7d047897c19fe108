"""``tf``: the core of TensorFlow's Python API.

Each module below is TensorFlow's of that name; what belongs to none of them, or to several, is re-exported here.
``tf.keras`` is kerasish itself.
"""

from __future__ import annotations

import functools as _functools
import importlib
import sys as _sys
from typing import TYPE_CHECKING, Any

import kerasish
from kerasish import initializers as initializers
from kerasish import losses as losses
from kerasish import metrics as metrics
from kerasish import optimizers as optimizers
from kerasish.about import TENSORFLOW_VERSION as __version__  # noqa: F401 - TensorFlow's own version, as programs test it
from kerasish.core.autodiff import GradientTape as GradientTape
from kerasish.core.autodiff import UnconnectedGradients as UnconnectedGradients
from kerasish.core.creators import VariableAggregation as VariableAggregation
from kerasish.core.creators import VariableSynchronization as VariableSynchronization
from kerasish.core.creators import variable_creator_scope as variable_creator_scope
from kerasish.core.custom_gradient import custom_gradient as custom_gradient
from kerasish.core.custom_gradient import grad_pass_through as grad_pass_through
from kerasish.core.dtypes import HANDLES as _HANDLES
from kerasish.core.dtypes import QUANTIZED as _QUANTIZED
from kerasish.core.dtypes import DType as DType
from kerasish.core.dtypes import as_dtype as as_dtype
from kerasish.core.dtypes import bfloat16 as bfloat16
from kerasish.core.dtypes import bool_
from kerasish.core.dtypes import complex64 as complex64
from kerasish.core.dtypes import complex128 as complex128
from kerasish.core.dtypes import float16 as float16
from kerasish.core.dtypes import float32 as float32
from kerasish.core.dtypes import float64 as float64
from kerasish.core.dtypes import int8 as int8
from kerasish.core.dtypes import int16 as int16
from kerasish.core.dtypes import int32 as int32
from kerasish.core.dtypes import int64 as int64
from kerasish.core.dtypes import string as string
from kerasish.core.dtypes import uint8 as uint8
from kerasish.core.dtypes import uint16 as uint16
from kerasish.core.dtypes import uint32 as uint32
from kerasish.core.dtypes import uint64 as uint64
from kerasish.core.errors import public_dir as _public_dir
from kerasish.core.ragged import RaggedTensor as RaggedTensor
from kerasish.core.registry import publish_operations as _publish_operations
from kerasish.core.shape import TensorShape as TensorShape
from kerasish.core.sparse import SparseTensor as SparseTensor
from kerasish.core.storage import register_tensor_conversion_function as register_tensor_conversion_function
from kerasish.core.tensor import Tensor as Tensor
from kerasish.core.variable import TFVariable
from kerasish.src import internal as _internal
from kerasish.tf import audio as audio
from kerasish.tf import autodiff as autodiff
from kerasish.tf import autograph as autograph
from kerasish.tf import bitwise as bitwise
from kerasish.tf import compat as compat
from kerasish.tf import config as config
from kerasish.tf import data as data
from kerasish.tf import debugging as debugging
from kerasish.tf import distribute as distribute
from kerasish.tf import dtypes as dtypes
from kerasish.tf import errors as errors
from kerasish.tf import experimental as experimental
from kerasish.tf import feature_column as feature_column
from kerasish.tf import image as image
from kerasish.tf import io as io
from kerasish.tf import linalg as linalg
from kerasish.tf import lite as lite
from kerasish.tf import lookup as lookup
from kerasish.tf import math as math
from kerasish.tf import nest as nest
from kerasish.tf import nn as nn
from kerasish.tf import profiler as profiler
from kerasish.tf import quantization as quantization
from kerasish.tf import queue as queue
from kerasish.tf import ragged as ragged
from kerasish.tf import random as random
from kerasish.tf import saved_model as saved_model
from kerasish.tf import sets as sets
from kerasish.tf import signal as signal
from kerasish.tf import sparse as sparse
from kerasish.tf import sparse_operations as _sparse_operations  # noqa: F401 - registers what operations do with sparse tensors
from kerasish.tf import strings as strings
from kerasish.tf import summary as summary
from kerasish.tf import sysconfig as sysconfig
from kerasish.tf import test as test
from kerasish.tf import tpu as tpu
from kerasish.tf import train as train
from kerasish.tf import type_protos as _type_protos  # noqa: F401 - puts its methods into shapes, dtypes, specifications
from kerasish.tf import types as types
from kerasish.tf import version as version
from kerasish.tf import xla as xla
from kerasish.tf.approximate import approx_top_k as approx_top_k
from kerasish.tf.arrays import broadcast_dynamic_shape as broadcast_dynamic_shape
from kerasish.tf.arrays import broadcast_static_shape as broadcast_static_shape
from kerasish.tf.arrays import broadcast_to as broadcast_to
from kerasish.tf.arrays import concat as concat
from kerasish.tf.arrays import ensure_shape as ensure_shape
from kerasish.tf.arrays import expand_dims as expand_dims
from kerasish.tf.arrays import identity as identity
from kerasish.tf.arrays import identity_n as identity_n
from kerasish.tf.arrays import meshgrid as meshgrid
from kerasish.tf.arrays import parallel_stack as parallel_stack
from kerasish.tf.arrays import rank as rank
from kerasish.tf.arrays import reshape as reshape
from kerasish.tf.arrays import shape as shape
from kerasish.tf.arrays import shape_n as shape_n
from kerasish.tf.arrays import size as size
from kerasish.tf.arrays import slice as slice
from kerasish.tf.arrays import split as split
from kerasish.tf.arrays import squeeze as squeeze
from kerasish.tf.arrays import stack as stack
from kerasish.tf.arrays import stop_gradient as stop_gradient
from kerasish.tf.arrays import strided_slice as strided_slice
from kerasish.tf.arrays import transpose as transpose
from kerasish.tf.arrays import unstack as unstack
from kerasish.tf.batching import nondifferentiable_batch_function as nondifferentiable_batch_function
from kerasish.tf.clipping import clip_by_global_norm as clip_by_global_norm
from kerasish.tf.clipping import clip_by_norm as clip_by_norm
from kerasish.tf.clipping import clip_by_value as clip_by_value
from kerasish.tf.control import case as case
from kerasish.tf.control import cond as cond
from kerasish.tf.control import foldl as foldl
from kerasish.tf.control import foldr as foldr
from kerasish.tf.control import group as group
from kerasish.tf.control import map_fn as map_fn
from kerasish.tf.control import no_op as no_op
from kerasish.tf.control import numpy_function as numpy_function
from kerasish.tf.control import py_function as py_function
from kerasish.tf.control import scan as scan
from kerasish.tf.control import switch_case as switch_case
from kerasish.tf.control import timestamp as timestamp
from kerasish.tf.control import tuple as tuple
from kerasish.tf.control import vectorized_map as vectorized_map
from kerasish.tf.control import while_loop as while_loop
from kerasish.tf.creation import cast as cast
from kerasish.tf.creation import complex as complex
from kerasish.tf.creation import constant as constant
from kerasish.tf.creation import convert_to_tensor as convert_to_tensor
from kerasish.tf.creation import eye as eye
from kerasish.tf.creation import fill as fill
from kerasish.tf.creation import get_static_value as get_static_value
from kerasish.tf.creation import is_symbolic_tensor as is_symbolic_tensor
from kerasish.tf.creation import is_tensor as is_tensor
from kerasish.tf.creation import linspace as linspace
from kerasish.tf.creation import ones as ones
from kerasish.tf.creation import ones_like as ones_like
from kerasish.tf.creation import range as range
from kerasish.tf.creation import saturate_cast as saturate_cast
from kerasish.tf.creation import zeros as zeros
from kerasish.tf.creation import zeros_like as zeros_like
from kerasish.tf.data.iterators import OptionalSpec as OptionalSpec
from kerasish.tf.debugging import Assert as Assert
from kerasish.tf.debugging import assert_equal as assert_equal
from kerasish.tf.debugging import assert_greater as assert_greater
from kerasish.tf.debugging import assert_less as assert_less
from kerasish.tf.debugging import assert_rank as assert_rank
from kerasish.tf.device_spec import DeviceSpec as DeviceSpec
from kerasish.tf.first_values import constant_initializer as constant_initializer
from kerasish.tf.first_values import random_normal_initializer as random_normal_initializer
from kerasish.tf.first_values import random_uniform_initializer as random_uniform_initializer
from kerasish.tf.fourier_operations import fftnd as fftnd
from kerasish.tf.fourier_operations import ifftnd as ifftnd
from kerasish.tf.fourier_operations import irfftnd as irfftnd
from kerasish.tf.fourier_operations import rfftnd as rfftnd
from kerasish.tf.function import function as function
from kerasish.tf.gone import missing as _missing
from kerasish.tf.gradients import gradients as gradients
from kerasish.tf.gradients import hessians as hessians
from kerasish.tf.gradients import recompute_grad as recompute_grad
from kerasish.tf.graphs import Graph as Graph
from kerasish.tf.graphs import Operation as Operation
from kerasish.tf.graphs import RegisterGradient as RegisterGradient
from kerasish.tf.graphs import no_gradient as no_gradient
from kerasish.tf.indexing import argsort as argsort
from kerasish.tf.indexing import boolean_mask as boolean_mask
from kerasish.tf.indexing import dynamic_partition as dynamic_partition
from kerasish.tf.indexing import dynamic_stitch as dynamic_stitch
from kerasish.tf.indexing import gather as gather
from kerasish.tf.indexing import gather_nd as gather_nd
from kerasish.tf.indexing import histogram_fixed_width as histogram_fixed_width
from kerasish.tf.indexing import histogram_fixed_width_bins as histogram_fixed_width_bins
from kerasish.tf.indexing import one_hot as one_hot
from kerasish.tf.indexing import scatter_nd as scatter_nd
from kerasish.tf.indexing import searchsorted as searchsorted
from kerasish.tf.indexing import sort as sort
from kerasish.tf.indexing import tensor_scatter_nd_add as tensor_scatter_nd_add
from kerasish.tf.indexing import tensor_scatter_nd_max as tensor_scatter_nd_max
from kerasish.tf.indexing import tensor_scatter_nd_min as tensor_scatter_nd_min
from kerasish.tf.indexing import tensor_scatter_nd_sub as tensor_scatter_nd_sub
from kerasish.tf.indexing import tensor_scatter_nd_update as tensor_scatter_nd_update
from kerasish.tf.indexing import unique as unique
from kerasish.tf.indexing import unique_with_counts as unique_with_counts
from kerasish.tf.indexing import unravel_index as unravel_index
from kerasish.tf.indexing import where as where
from kerasish.tf.io.protos import fingerprint as fingerprint
from kerasish.tf.io.protos import make_ndarray as make_ndarray
from kerasish.tf.io.protos import make_tensor_proto as make_tensor_proto
from kerasish.tf.linalg import eig as eig
from kerasish.tf.linalg import eigvals as eigvals
from kerasish.tf.linalg import einsum as einsum
from kerasish.tf.linalg import matmul as matmul
from kerasish.tf.linalg import norm as norm
from kerasish.tf.linalg import tensordot as tensordot
from kerasish.tf.linalg.bands import matrix_square_root as matrix_square_root
from kerasish.tf.math import abs as abs
from kerasish.tf.math import acos as acos
from kerasish.tf.math import acosh as acosh
from kerasish.tf.math import add as add
from kerasish.tf.math import asin as asin
from kerasish.tf.math import asinh as asinh
from kerasish.tf.math import atan as atan
from kerasish.tf.math import atan2 as atan2
from kerasish.tf.math import atanh as atanh
from kerasish.tf.math import cos as cos
from kerasish.tf.math import cosh as cosh
from kerasish.tf.math import divide as divide
from kerasish.tf.math import equal as equal
from kerasish.tf.math import exp as exp
from kerasish.tf.math import floor as floor
from kerasish.tf.math import greater as greater
from kerasish.tf.math import greater_equal as greater_equal
from kerasish.tf.math import less as less
from kerasish.tf.math import less_equal as less_equal
from kerasish.tf.math import logical_and as logical_and
from kerasish.tf.math import logical_not as logical_not
from kerasish.tf.math import logical_or as logical_or
from kerasish.tf.math import maximum as maximum
from kerasish.tf.math import minimum as minimum
from kerasish.tf.math import multiply as multiply
from kerasish.tf.math import negative as negative
from kerasish.tf.math import not_equal as not_equal
from kerasish.tf.math import pow as pow
from kerasish.tf.math import realdiv as realdiv
from kerasish.tf.math import round as round
from kerasish.tf.math import scalar_mul as scalar_mul
from kerasish.tf.math import sigmoid as sigmoid
from kerasish.tf.math import sign as sign
from kerasish.tf.math import sin as sin
from kerasish.tf.math import sinh as sinh
from kerasish.tf.math import sqrt as sqrt
from kerasish.tf.math import square as square
from kerasish.tf.math import subtract as subtract
from kerasish.tf.math import tan as tan
from kerasish.tf.math import tanh as tanh
from kerasish.tf.math import truediv as truediv
from kerasish.tf.math import truncatediv as truncatediv
from kerasish.tf.math import truncatemod as truncatemod
from kerasish.tf.module import Module as Module
from kerasish.tf.printing import print as print
from kerasish.tf.ragged.filling import ragged_fill_empty_rows as ragged_fill_empty_rows
from kerasish.tf.ragged.filling import ragged_fill_empty_rows_grad as ragged_fill_empty_rows_grad
from kerasish.tf.ragged.spec import RaggedTensorSpec as RaggedTensorSpec
from kerasish.tf.random.permuted import random_index_shuffle as random_index_shuffle
from kerasish.tf.reductions import add_n as add_n
from kerasish.tf.reductions import argmax as argmax
from kerasish.tf.reductions import argmin as argmin
from kerasish.tf.reductions import cumsum as cumsum
from kerasish.tf.reductions import reduce_all as reduce_all
from kerasish.tf.reductions import reduce_any as reduce_any
from kerasish.tf.reductions import reduce_logsumexp as reduce_logsumexp
from kerasish.tf.reductions import reduce_max as reduce_max
from kerasish.tf.reductions import reduce_mean as reduce_mean
from kerasish.tf.reductions import reduce_min as reduce_min
from kerasish.tf.reductions import reduce_prod as reduce_prod
from kerasish.tf.reductions import reduce_sum as reduce_sum
from kerasish.tf.scopes import AggregationMethod as AggregationMethod
from kerasish.tf.scopes import control_dependencies as control_dependencies
from kerasish.tf.scopes import device as device
from kerasish.tf.scopes import executing_eagerly as executing_eagerly
from kerasish.tf.scopes import get_current_name_scope as get_current_name_scope
from kerasish.tf.scopes import get_logger as get_logger
from kerasish.tf.scopes import init_scope as init_scope
from kerasish.tf.scopes import inside_function as inside_function
from kerasish.tf.scopes import name_scope as name_scope
from kerasish.tf.sections import CriticalSection as CriticalSection
from kerasish.tf.sections import check_pinned as check_pinned
from kerasish.tf.sections import guarantee_const as guarantee_const
from kerasish.tf.slices import IndexedSlices as IndexedSlices
from kerasish.tf.slices import IndexedSlicesSpec as IndexedSlicesSpec
from kerasish.tf.sparse_embeddings import edit_distance as edit_distance
from kerasish.tf.sparse_spec import SparseTensorSpec as SparseTensorSpec
from kerasish.tf.spec import NoneTensorSpec as NoneTensorSpec
from kerasish.tf.spec import TensorSpec as TensorSpec
from kerasish.tf.spec import TypeSpec as TypeSpec
from kerasish.tf.spec import spec_of as type_spec_from_value  # noqa: F401
from kerasish.tf.strings import as_string as as_string
from kerasish.tf.tensor_array import TensorArray as TensorArray
from kerasish.tf.tensor_array import TensorArraySpec as TensorArraySpec
from kerasish.tf.tiling import batch_to_space as batch_to_space
from kerasish.tf.tiling import bitcast as bitcast
from kerasish.tf.tiling import pad as pad
from kerasish.tf.tiling import repeat as repeat
from kerasish.tf.tiling import required_space_to_batch_paddings as required_space_to_batch_paddings
from kerasish.tf.tiling import reverse as reverse
from kerasish.tf.tiling import reverse_sequence as reverse_sequence
from kerasish.tf.tiling import roll as roll
from kerasish.tf.tiling import sequence_mask as sequence_mask
from kerasish.tf.tiling import space_to_batch as space_to_batch
from kerasish.tf.tiling import space_to_batch_nd as space_to_batch_nd
from kerasish.tf.tiling import tile as tile
from kerasish.tf.version import COMPILER_VERSION as __compiler_version__  # noqa: F401
from kerasish.tf.version import GIT_VERSION as __git_version__  # noqa: F401
from kerasish.tf.windows_general import conv as conv
from kerasish.tf.windows_general import conv2d_backprop_filter_v2 as conv2d_backprop_filter_v2
from kerasish.tf.windows_general import conv2d_backprop_input_v2 as conv2d_backprop_input_v2
from kerasish.tf.windows_general import extract_volume_patches as extract_volume_patches

if TYPE_CHECKING:
    from kerasish.tf import raw_ops as raw_ops

keras = kerasish
bool, half, double = bool_, float16, float64
qint8, quint8, qint32, qint16, quint16 = _QUANTIZED
resource, variant = _HANDLES
Variable = TFVariable
newaxis = None
zeros_initializer, ones_initializer = initializers.Zeros, initializers.Ones

for _module in (
    math,
    nn,
    linalg,
    strings,
    bitwise,
    image,
    signal,
):  # before tf's own: tf.add is tf.math.add in files, as in TensorFlow's
    _publish_operations(_module.__name__, vars(_module))
_publish_operations(random.__name__, vars(random), ("normal", "truncated_normal", "uniform"))
_publish_operations(__name__, globals(), ("eye", "fill", "linspace", "ones", "range", "zeros"))

for _name, _module in list(_sys.modules.items()):
    if f"{_name}.".startswith(f"{__name__}."):  # dir() lists what is public, not what a module is made with
        vars(_module).setdefault("__dir__", _functools.partial(_public_dir, _name, vars(_module)))


def __getattr__(name: str) -> Any:
    if name == "__internal__":
        return _internal()
    if name == "raw_ops":  # made of this module's operations, when it is first asked for
        return importlib.import_module(f"{__name__}.raw_ops")
    if name == "enable_v2_behavior":  # a name of tensorflow.compat.v2, which is this module
        return importlib.import_module(f"{__name__}.compat.v1").enable_v2_behavior
    raise _missing(__name__, name, globals())
