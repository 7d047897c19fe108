"""``keras.ops``: functions on tensors, NumPy arrays, Python values and symbolic KerasTensors."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.ops import image as image
from kerasish.ops import numpy as numpy
from kerasish.ops import sparse as _sparse  # noqa: F401 - says what operations do with sparse tensors
from kerasish.ops.array import append as append
from kerasish.ops.array import array_split as array_split
from kerasish.ops.array import broadcast_to as broadcast_to
from kerasish.ops.array import concatenate as concatenate
from kerasish.ops.array import dsplit as dsplit
from kerasish.ops.array import dstack as dstack
from kerasish.ops.array import expand_dims as expand_dims
from kerasish.ops.array import flip as flip
from kerasish.ops.array import fliplr as fliplr
from kerasish.ops.array import flipud as flipud
from kerasish.ops.array import hsplit as hsplit
from kerasish.ops.array import hstack as hstack
from kerasish.ops.array import moveaxis as moveaxis
from kerasish.ops.array import ravel as ravel
from kerasish.ops.array import reshape as reshape
from kerasish.ops.array import roll as roll
from kerasish.ops.array import rot90 as rot90
from kerasish.ops.array import split as split
from kerasish.ops.array import squeeze as squeeze
from kerasish.ops.array import stack as stack
from kerasish.ops.array import swapaxes as swapaxes
from kerasish.ops.array import transpose as transpose
from kerasish.ops.array import unstack as unstack
from kerasish.ops.array import vsplit as vsplit
from kerasish.ops.array import vstack as vstack
from kerasish.ops.control import associative_scan as associative_scan
from kerasish.ops.control import cond as cond
from kerasish.ops.control import custom_gradient as custom_gradient
from kerasish.ops.control import fori_loop as fori_loop
from kerasish.ops.control import map as map
from kerasish.ops.control import scan as scan
from kerasish.ops.control import stop_gradient as stop_gradient
from kerasish.ops.control import switch as switch
from kerasish.ops.control import vectorize as vectorize
from kerasish.ops.control import vectorized_map as vectorized_map
from kerasish.ops.control import while_loop as while_loop
from kerasish.ops.conv import conv as conv
from kerasish.ops.conv import conv_transpose as conv_transpose
from kerasish.ops.conv import depthwise_conv as depthwise_conv
from kerasish.ops.conv import separable_conv as separable_conv
from kerasish.ops.create import arange as arange
from kerasish.ops.create import array as array
from kerasish.ops.create import bartlett as bartlett
from kerasish.ops.create import blackman as blackman
from kerasish.ops.create import cast as cast
from kerasish.ops.create import convert_to_numpy as convert_to_numpy
from kerasish.ops.create import convert_to_tensor as convert_to_tensor
from kerasish.ops.create import dtype as dtype
from kerasish.ops.create import empty as empty
from kerasish.ops.create import empty_like as empty_like
from kerasish.ops.create import eye as eye
from kerasish.ops.create import full as full
from kerasish.ops.create import full_like as full_like
from kerasish.ops.create import geomspace as geomspace
from kerasish.ops.create import hamming as hamming
from kerasish.ops.create import hanning as hanning
from kerasish.ops.create import identity as identity
from kerasish.ops.create import is_tensor as is_tensor
from kerasish.ops.create import kaiser as kaiser
from kerasish.ops.create import linspace as linspace
from kerasish.ops.create import logspace as logspace
from kerasish.ops.create import ndim as ndim
from kerasish.ops.create import ones as ones
from kerasish.ops.create import ones_like as ones_like
from kerasish.ops.create import saturate_cast as saturate_cast
from kerasish.ops.create import shape as shape
from kerasish.ops.create import size as size
from kerasish.ops.create import tri as tri
from kerasish.ops.create import zeros as zeros
from kerasish.ops.create import zeros_like as zeros_like
from kerasish.ops.crossentropy import binary_crossentropy as binary_crossentropy
from kerasish.ops.crossentropy import categorical_crossentropy as categorical_crossentropy
from kerasish.ops.crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.ops.ctc import ctc_decode as ctc_decode
from kerasish.ops.ctc import ctc_loss as ctc_loss
from kerasish.ops.fft import fft as fft
from kerasish.ops.fft import fft2 as fft2
from kerasish.ops.fft import ifft2 as ifft2
from kerasish.ops.fft import irfft as irfft
from kerasish.ops.fft import istft as istft
from kerasish.ops.fft import rfft as rfft
from kerasish.ops.fft import stft as stft
from kerasish.ops.grid import diag as diag
from kerasish.ops.grid import diagflat as diagflat
from kerasish.ops.grid import diagonal as diagonal
from kerasish.ops.grid import extract_sequences as extract_sequences
from kerasish.ops.grid import meshgrid as meshgrid
from kerasish.ops.grid import pad as pad
from kerasish.ops.grid import repeat as repeat
from kerasish.ops.grid import tile as tile
from kerasish.ops.grid import tril as tril
from kerasish.ops.grid import triu as triu
from kerasish.ops.grid import vander as vander
from kerasish.ops.index import get_item as get_item
from kerasish.ops.index import nonzero as nonzero
from kerasish.ops.index import scatter as scatter
from kerasish.ops.index import scatter_update as scatter_update
from kerasish.ops.index import select as select
from kerasish.ops.index import slice as slice
from kerasish.ops.index import slice_update as slice_update
from kerasish.ops.index import take as take
from kerasish.ops.index import take_along_axis as take_along_axis
from kerasish.ops.index import unravel_index as unravel_index
from kerasish.ops.index import where as where
from kerasish.ops.linalg import cdist as cdist
from kerasish.ops.linalg import cholesky as cholesky
from kerasish.ops.linalg import cholesky_inverse as cholesky_inverse
from kerasish.ops.linalg import corrcoef as corrcoef
from kerasish.ops.linalg import correlate as correlate
from kerasish.ops.linalg import cross as cross
from kerasish.ops.linalg import det as det
from kerasish.ops.linalg import dot as dot
from kerasish.ops.linalg import eig as eig
from kerasish.ops.linalg import eigh as eigh
from kerasish.ops.linalg import einsum as einsum
from kerasish.ops.linalg import inner as inner
from kerasish.ops.linalg import inv as inv
from kerasish.ops.linalg import jvp as jvp
from kerasish.ops.linalg import kron as kron
from kerasish.ops.linalg import logdet as logdet
from kerasish.ops.linalg import lstsq as lstsq
from kerasish.ops.linalg import lu_factor as lu_factor
from kerasish.ops.linalg import matmul as matmul
from kerasish.ops.linalg import matrix_rank as matrix_rank
from kerasish.ops.linalg import norm as norm
from kerasish.ops.linalg import outer as outer
from kerasish.ops.linalg import pinv as pinv
from kerasish.ops.linalg import qr as qr
from kerasish.ops.linalg import slogdet as slogdet
from kerasish.ops.linalg import solve as solve
from kerasish.ops.linalg import solve_triangular as solve_triangular
from kerasish.ops.linalg import svd as svd
from kerasish.ops.linalg import tensordot as tensordot
from kerasish.ops.linalg import trace as trace
from kerasish.ops.linalg import vdot as vdot
from kerasish.ops.logic import allclose as allclose
from kerasish.ops.logic import bitwise_and as bitwise_and
from kerasish.ops.logic import bitwise_invert as bitwise_invert
from kerasish.ops.logic import bitwise_left_shift as bitwise_left_shift
from kerasish.ops.logic import bitwise_not as bitwise_not
from kerasish.ops.logic import bitwise_or as bitwise_or
from kerasish.ops.logic import bitwise_right_shift as bitwise_right_shift
from kerasish.ops.logic import bitwise_xor as bitwise_xor
from kerasish.ops.logic import equal as equal
from kerasish.ops.logic import greater as greater
from kerasish.ops.logic import greater_equal as greater_equal
from kerasish.ops.logic import isclose as isclose
from kerasish.ops.logic import isfinite as isfinite
from kerasish.ops.logic import isinf as isinf
from kerasish.ops.logic import isnan as isnan
from kerasish.ops.logic import isneginf as isneginf
from kerasish.ops.logic import isposinf as isposinf
from kerasish.ops.logic import isreal as isreal
from kerasish.ops.logic import left_shift as left_shift
from kerasish.ops.logic import less as less
from kerasish.ops.logic import less_equal as less_equal
from kerasish.ops.logic import logical_and as logical_and
from kerasish.ops.logic import logical_not as logical_not
from kerasish.ops.logic import logical_or as logical_or
from kerasish.ops.logic import logical_xor as logical_xor
from kerasish.ops.logic import not_equal as not_equal
from kerasish.ops.logic import right_shift as right_shift
from kerasish.ops.logic import signbit as signbit
from kerasish.ops.math import abs as abs
from kerasish.ops.math import absolute as absolute
from kerasish.ops.math import add as add
from kerasish.ops.math import arccos as arccos
from kerasish.ops.math import arccosh as arccosh
from kerasish.ops.math import arcsin as arcsin
from kerasish.ops.math import arcsinh as arcsinh
from kerasish.ops.math import arctan as arctan
from kerasish.ops.math import arctan2 as arctan2
from kerasish.ops.math import arctanh as arctanh
from kerasish.ops.math import cbrt as cbrt
from kerasish.ops.math import clip as clip
from kerasish.ops.math import cos as cos
from kerasish.ops.math import cosh as cosh
from kerasish.ops.math import deg2rad as deg2rad
from kerasish.ops.math import divide as divide
from kerasish.ops.math import divide_no_nan as divide_no_nan
from kerasish.ops.math import exp as exp
from kerasish.ops.math import exp2 as exp2
from kerasish.ops.math import expm1 as expm1
from kerasish.ops.math import fabs as fabs
from kerasish.ops.math import floor_divide as floor_divide
from kerasish.ops.math import fmax as fmax
from kerasish.ops.math import fmin as fmin
from kerasish.ops.math import fmod as fmod
from kerasish.ops.math import gcd as gcd
from kerasish.ops.math import heaviside as heaviside
from kerasish.ops.math import hypot as hypot
from kerasish.ops.math import lcm as lcm
from kerasish.ops.math import log as log
from kerasish.ops.math import log1p as log1p
from kerasish.ops.math import log2 as log2
from kerasish.ops.math import log10 as log10
from kerasish.ops.math import logaddexp as logaddexp
from kerasish.ops.math import logaddexp2 as logaddexp2
from kerasish.ops.math import maximum as maximum
from kerasish.ops.math import minimum as minimum
from kerasish.ops.math import mod as mod
from kerasish.ops.math import multiply as multiply
from kerasish.ops.math import negative as negative
from kerasish.ops.math import power as power
from kerasish.ops.math import rad2deg as rad2deg
from kerasish.ops.math import reciprocal as reciprocal
from kerasish.ops.math import rsqrt as rsqrt
from kerasish.ops.math import sign as sign
from kerasish.ops.math import sin as sin
from kerasish.ops.math import sinc as sinc
from kerasish.ops.math import sinh as sinh
from kerasish.ops.math import sqrt as sqrt
from kerasish.ops.math import square as square
from kerasish.ops.math import subtract as subtract
from kerasish.ops.math import tan as tan
from kerasish.ops.math import tanh as tanh
from kerasish.ops.math import true_divide as true_divide
from kerasish.ops.nn import celu as celu
from kerasish.ops.nn import dot_product_attention as dot_product_attention
from kerasish.ops.nn import elu as elu
from kerasish.ops.nn import gelu as gelu
from kerasish.ops.nn import glu as glu
from kerasish.ops.nn import hard_shrink as hard_shrink
from kerasish.ops.nn import hard_sigmoid as hard_sigmoid
from kerasish.ops.nn import hard_silu as hard_silu
from kerasish.ops.nn import hard_swish as hard_swish
from kerasish.ops.nn import hard_tanh as hard_tanh
from kerasish.ops.nn import leaky_relu as leaky_relu
from kerasish.ops.nn import log_sigmoid as log_sigmoid
from kerasish.ops.nn import log_softmax as log_softmax
from kerasish.ops.nn import multi_hot as multi_hot
from kerasish.ops.nn import one_hot as one_hot
from kerasish.ops.nn import polar as polar
from kerasish.ops.nn import psnr as psnr
from kerasish.ops.nn import relu as relu
from kerasish.ops.nn import relu6 as relu6
from kerasish.ops.nn import selu as selu
from kerasish.ops.nn import sigmoid as sigmoid
from kerasish.ops.nn import silu as silu
from kerasish.ops.nn import soft_shrink as soft_shrink
from kerasish.ops.nn import softmax as softmax
from kerasish.ops.nn import softplus as softplus
from kerasish.ops.nn import softsign as softsign
from kerasish.ops.nn import sparse_plus as sparse_plus
from kerasish.ops.nn import sparse_sigmoid as sparse_sigmoid
from kerasish.ops.nn import sparsemax as sparsemax
from kerasish.ops.nn import squareplus as squareplus
from kerasish.ops.nn import swish as swish
from kerasish.ops.nn import tanh_shrink as tanh_shrink
from kerasish.ops.nn import threshold as threshold
from kerasish.ops.normalization import batch_normalization as batch_normalization
from kerasish.ops.normalization import layer_normalization as layer_normalization
from kerasish.ops.normalization import moments as moments
from kerasish.ops.normalization import normalize as normalize
from kerasish.ops.normalization import rms_normalization as rms_normalization
from kerasish.ops.pattern import rearrange as rearrange
from kerasish.ops.pool import adaptive_average_pool as adaptive_average_pool
from kerasish.ops.pool import adaptive_max_pool as adaptive_max_pool
from kerasish.ops.pool import average_pool as average_pool
from kerasish.ops.pool import depth_to_space as depth_to_space
from kerasish.ops.pool import fold as fold
from kerasish.ops.pool import max_pool as max_pool
from kerasish.ops.pool import space_to_depth as space_to_depth
from kerasish.ops.pool import unfold as unfold
from kerasish.ops.reduce import all as all
from kerasish.ops.reduce import amax as amax
from kerasish.ops.reduce import amin as amin
from kerasish.ops.reduce import any as any
from kerasish.ops.reduce import argmax as argmax
from kerasish.ops.reduce import argmin as argmin
from kerasish.ops.reduce import average as average
from kerasish.ops.reduce import count_nonzero as count_nonzero
from kerasish.ops.reduce import cumprod as cumprod
from kerasish.ops.reduce import cumsum as cumsum
from kerasish.ops.reduce import diff as diff
from kerasish.ops.reduce import logsumexp as logsumexp
from kerasish.ops.reduce import max as max
from kerasish.ops.reduce import mean as mean
from kerasish.ops.reduce import median as median
from kerasish.ops.reduce import min as min
from kerasish.ops.reduce import nanargmax as nanargmax
from kerasish.ops.reduce import nanargmin as nanargmin
from kerasish.ops.reduce import nancumprod as nancumprod
from kerasish.ops.reduce import nancumsum as nancumsum
from kerasish.ops.reduce import nanmax as nanmax
from kerasish.ops.reduce import nanmean as nanmean
from kerasish.ops.reduce import nanmedian as nanmedian
from kerasish.ops.reduce import nanmin as nanmin
from kerasish.ops.reduce import nanpercentile as nanpercentile
from kerasish.ops.reduce import nanprod as nanprod
from kerasish.ops.reduce import nanquantile as nanquantile
from kerasish.ops.reduce import nanstd as nanstd
from kerasish.ops.reduce import nansum as nansum
from kerasish.ops.reduce import nanvar as nanvar
from kerasish.ops.reduce import percentile as percentile
from kerasish.ops.reduce import prod as prod
from kerasish.ops.reduce import ptp as ptp
from kerasish.ops.reduce import quantile as quantile
from kerasish.ops.reduce import std as std
from kerasish.ops.reduce import sum as sum
from kerasish.ops.reduce import trapezoid as trapezoid
from kerasish.ops.reduce import var as var
from kerasish.ops.sorting import argpartition as argpartition
from kerasish.ops.sorting import argsort as argsort
from kerasish.ops.sorting import bincount as bincount
from kerasish.ops.sorting import digitize as digitize
from kerasish.ops.sorting import histogram as histogram
from kerasish.ops.sorting import in_top_k as in_top_k
from kerasish.ops.sorting import isin as isin
from kerasish.ops.sorting import searchsorted as searchsorted
from kerasish.ops.sorting import segment_max as segment_max
from kerasish.ops.sorting import segment_min as segment_min
from kerasish.ops.sorting import segment_prod as segment_prod
from kerasish.ops.sorting import segment_sum as segment_sum
from kerasish.ops.sorting import sort as sort
from kerasish.ops.sorting import top_k as top_k
from kerasish.ops.sorting import unique as unique
from kerasish.ops.special import angle as angle
from kerasish.ops.special import ceil as ceil
from kerasish.ops.special import conj as conj
from kerasish.ops.special import conjugate as conjugate
from kerasish.ops.special import copy as copy
from kerasish.ops.special import erf as erf
from kerasish.ops.special import erfc as erfc
from kerasish.ops.special import erfinv as erfinv
from kerasish.ops.special import floor as floor
from kerasish.ops.special import i0 as i0
from kerasish.ops.special import imag as imag
from kerasish.ops.special import ldexp as ldexp
from kerasish.ops.special import nan_to_num as nan_to_num
from kerasish.ops.special import nextafter as nextafter
from kerasish.ops.special import real as real
from kerasish.ops.special import round as round
from kerasish.ops.special import trunc as trunc
from kerasish.ops.special import view as view
from kerasish.ops.special import view_as_complex as view_as_complex
from kerasish.ops.special import view_as_real as view_as_real

__all__ = """
abs absolute adaptive_average_pool adaptive_max_pool add all allclose amax amin angle any append arange arccos arccosh
arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort array array_split associative_scan average
average_pool bartlett batch_normalization binary_crossentropy bincount bitwise_and bitwise_invert bitwise_left_shift
bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman broadcast_to cast categorical_crossentropy cbrt cdist
ceil celu cholesky cholesky_inverse clip concatenate cond conj conjugate conv conv_transpose convert_to_numpy
convert_to_tensor copy corrcoef correlate cos cosh count_nonzero cross ctc_decode ctc_loss cumprod cumsum
custom_gradient deg2rad depth_to_space depthwise_conv det diag diagflat diagonal diff digitize divide divide_no_nan
dot dot_product_attention dsplit dstack dtype eig eigh einsum elu empty empty_like equal erf erfc erfinv exp exp2
expand_dims expm1 extract_sequences eye fabs fft fft2 flip fliplr flipud floor floor_divide fmax fmin fmod fold
fori_loop full full_like gcd gelu geomspace get_item glu greater greater_equal hamming hanning hard_shrink
hard_sigmoid hard_silu hard_swish hard_tanh heaviside histogram hsplit hstack hypot i0 identity ifft2 imag in_top_k
inner inv irfft is_tensor isclose isfinite isin isinf isnan isneginf isposinf isreal istft jvp kaiser kron
layer_normalization lcm ldexp leaky_relu left_shift less less_equal linspace log log10 log1p log2 log_sigmoid
log_softmax logaddexp logaddexp2 logdet logical_and logical_not logical_or logical_xor logspace logsumexp lstsq
lu_factor map matmul matrix_rank max max_pool maximum mean median meshgrid min minimum mod moments moveaxis multi_hot
multiply nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod
nanquantile nanstd nansum nanvar ndim negative nextafter nonzero norm normalize not_equal one_hot ones ones_like outer
pad percentile pinv polar power prod psnr ptp qr quantile rad2deg ravel real rearrange reciprocal relu relu6 repeat
reshape rfft right_shift rms_normalization roll rot90 round rsqrt saturate_cast scan scatter scatter_update
searchsorted segment_max segment_min segment_prod segment_sum select selu separable_conv shape sigmoid sign signbit
silu sin sinc sinh size slice slice_update slogdet soft_shrink softmax softplus softsign solve solve_triangular sort
space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax split sqrt square squareplus
squeeze stack std stft stop_gradient subtract sum svd swapaxes swish switch take take_along_axis tan tanh tanh_shrink
tensordot threshold tile top_k trace transpose trapezoid tri tril triu true_divide trunc unfold unique unravel_index
unstack vander var vdot vectorize vectorized_map view view_as_complex view_as_real vsplit vstack where while_loop
zeros zeros_like
""".split()


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
