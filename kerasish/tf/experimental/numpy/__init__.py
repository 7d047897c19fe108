"""``tf.experimental.numpy``: NumPy's functions on tensors, with NumPy's dtypes and promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.errors import missing_name
from kerasish.core.tensor import Tensor as ndarray  # noqa: F401, N813 - NumPy's name for it
from kerasish.tf.experimental.numpy import random as random
from kerasish.tf.experimental.numpy.arrays import append as append
from kerasish.tf.experimental.numpy.arrays import atleast_1d as atleast_1d
from kerasish.tf.experimental.numpy.arrays import atleast_2d as atleast_2d
from kerasish.tf.experimental.numpy.arrays import atleast_3d as atleast_3d
from kerasish.tf.experimental.numpy.arrays import broadcast_arrays as broadcast_arrays
from kerasish.tf.experimental.numpy.arrays import broadcast_to as broadcast_to
from kerasish.tf.experimental.numpy.arrays import clip as clip
from kerasish.tf.experimental.numpy.arrays import compress as compress
from kerasish.tf.experimental.numpy.arrays import concatenate as concatenate
from kerasish.tf.experimental.numpy.arrays import diag as diag
from kerasish.tf.experimental.numpy.arrays import diagflat as diagflat
from kerasish.tf.experimental.numpy.arrays import diagonal as diagonal
from kerasish.tf.experimental.numpy.arrays import dsplit as dsplit
from kerasish.tf.experimental.numpy.arrays import dstack as dstack
from kerasish.tf.experimental.numpy.arrays import expand_dims as expand_dims
from kerasish.tf.experimental.numpy.arrays import flatten as flatten
from kerasish.tf.experimental.numpy.arrays import flip as flip
from kerasish.tf.experimental.numpy.arrays import fliplr as fliplr
from kerasish.tf.experimental.numpy.arrays import flipud as flipud
from kerasish.tf.experimental.numpy.arrays import hsplit as hsplit
from kerasish.tf.experimental.numpy.arrays import hstack as hstack
from kerasish.tf.experimental.numpy.arrays import isscalar as isscalar
from kerasish.tf.experimental.numpy.arrays import ix_ as ix_
from kerasish.tf.experimental.numpy.arrays import moveaxis as moveaxis
from kerasish.tf.experimental.numpy.arrays import ndim as ndim
from kerasish.tf.experimental.numpy.arrays import nonzero as nonzero
from kerasish.tf.experimental.numpy.arrays import pad as pad
from kerasish.tf.experimental.numpy.arrays import polyval as polyval
from kerasish.tf.experimental.numpy.arrays import ravel as ravel
from kerasish.tf.experimental.numpy.arrays import repeat as repeat
from kerasish.tf.experimental.numpy.arrays import reshape as reshape
from kerasish.tf.experimental.numpy.arrays import roll as roll
from kerasish.tf.experimental.numpy.arrays import rot90 as rot90
from kerasish.tf.experimental.numpy.arrays import select as select
from kerasish.tf.experimental.numpy.arrays import shape as shape
from kerasish.tf.experimental.numpy.arrays import size as size
from kerasish.tf.experimental.numpy.arrays import split as split
from kerasish.tf.experimental.numpy.arrays import squeeze as squeeze
from kerasish.tf.experimental.numpy.arrays import stack as stack
from kerasish.tf.experimental.numpy.arrays import swapaxes as swapaxes
from kerasish.tf.experimental.numpy.arrays import take as take
from kerasish.tf.experimental.numpy.arrays import take_along_axis as take_along_axis
from kerasish.tf.experimental.numpy.arrays import tile as tile
from kerasish.tf.experimental.numpy.arrays import trace as trace
from kerasish.tf.experimental.numpy.arrays import transpose as transpose
from kerasish.tf.experimental.numpy.arrays import tril as tril
from kerasish.tf.experimental.numpy.arrays import triu as triu
from kerasish.tf.experimental.numpy.arrays import vsplit as vsplit
from kerasish.tf.experimental.numpy.arrays import vstack as vstack
from kerasish.tf.experimental.numpy.arrays import where as where
from kerasish.tf.experimental.numpy.behavior import (
    experimental_enable_numpy_behavior as experimental_enable_numpy_behavior,
)
from kerasish.tf.experimental.numpy.conversion import numpy_type
from kerasish.tf.experimental.numpy.conversion import promote_types as promote_types
from kerasish.tf.experimental.numpy.conversion import result_type as result_type
from kerasish.tf.experimental.numpy.creation import arange as arange
from kerasish.tf.experimental.numpy.creation import array as array
from kerasish.tf.experimental.numpy.creation import asanyarray as asanyarray
from kerasish.tf.experimental.numpy.creation import asarray as asarray
from kerasish.tf.experimental.numpy.creation import ascontiguousarray as ascontiguousarray
from kerasish.tf.experimental.numpy.creation import diag_indices as diag_indices
from kerasish.tf.experimental.numpy.creation import empty as empty
from kerasish.tf.experimental.numpy.creation import empty_like as empty_like
from kerasish.tf.experimental.numpy.creation import eye as eye
from kerasish.tf.experimental.numpy.creation import full as full
from kerasish.tf.experimental.numpy.creation import full_like as full_like
from kerasish.tf.experimental.numpy.creation import geomspace as geomspace
from kerasish.tf.experimental.numpy.creation import identity as identity
from kerasish.tf.experimental.numpy.creation import linspace as linspace
from kerasish.tf.experimental.numpy.creation import logspace as logspace
from kerasish.tf.experimental.numpy.creation import meshgrid as meshgrid
from kerasish.tf.experimental.numpy.creation import ones as ones
from kerasish.tf.experimental.numpy.creation import ones_like as ones_like
from kerasish.tf.experimental.numpy.creation import tri as tri
from kerasish.tf.experimental.numpy.creation import vander as vander
from kerasish.tf.experimental.numpy.creation import zeros as zeros
from kerasish.tf.experimental.numpy.creation import zeros_like as zeros_like
from kerasish.tf.experimental.numpy.elementwise import abs as abs
from kerasish.tf.experimental.numpy.elementwise import absolute as absolute
from kerasish.tf.experimental.numpy.elementwise import add as add
from kerasish.tf.experimental.numpy.elementwise import allclose as allclose
from kerasish.tf.experimental.numpy.elementwise import angle as angle
from kerasish.tf.experimental.numpy.elementwise import arccos as arccos
from kerasish.tf.experimental.numpy.elementwise import arccosh as arccosh
from kerasish.tf.experimental.numpy.elementwise import arcsin as arcsin
from kerasish.tf.experimental.numpy.elementwise import arcsinh as arcsinh
from kerasish.tf.experimental.numpy.elementwise import arctan as arctan
from kerasish.tf.experimental.numpy.elementwise import arctan2 as arctan2
from kerasish.tf.experimental.numpy.elementwise import arctanh as arctanh
from kerasish.tf.experimental.numpy.elementwise import around as around
from kerasish.tf.experimental.numpy.elementwise import array_equal as array_equal
from kerasish.tf.experimental.numpy.elementwise import bitwise_and as bitwise_and
from kerasish.tf.experimental.numpy.elementwise import bitwise_not as bitwise_not
from kerasish.tf.experimental.numpy.elementwise import bitwise_or as bitwise_or
from kerasish.tf.experimental.numpy.elementwise import bitwise_xor as bitwise_xor
from kerasish.tf.experimental.numpy.elementwise import cbrt as cbrt
from kerasish.tf.experimental.numpy.elementwise import ceil as ceil
from kerasish.tf.experimental.numpy.elementwise import conj as conj
from kerasish.tf.experimental.numpy.elementwise import conjugate as conjugate
from kerasish.tf.experimental.numpy.elementwise import copy as copy
from kerasish.tf.experimental.numpy.elementwise import cos as cos
from kerasish.tf.experimental.numpy.elementwise import cosh as cosh
from kerasish.tf.experimental.numpy.elementwise import deg2rad as deg2rad
from kerasish.tf.experimental.numpy.elementwise import divide as divide
from kerasish.tf.experimental.numpy.elementwise import divmod as divmod
from kerasish.tf.experimental.numpy.elementwise import equal as equal
from kerasish.tf.experimental.numpy.elementwise import exp as exp
from kerasish.tf.experimental.numpy.elementwise import exp2 as exp2
from kerasish.tf.experimental.numpy.elementwise import expm1 as expm1
from kerasish.tf.experimental.numpy.elementwise import fabs as fabs
from kerasish.tf.experimental.numpy.elementwise import fix as fix
from kerasish.tf.experimental.numpy.elementwise import float_power as float_power
from kerasish.tf.experimental.numpy.elementwise import floor as floor
from kerasish.tf.experimental.numpy.elementwise import floor_divide as floor_divide
from kerasish.tf.experimental.numpy.elementwise import gcd as gcd
from kerasish.tf.experimental.numpy.elementwise import greater as greater
from kerasish.tf.experimental.numpy.elementwise import greater_equal as greater_equal
from kerasish.tf.experimental.numpy.elementwise import heaviside as heaviside
from kerasish.tf.experimental.numpy.elementwise import hypot as hypot
from kerasish.tf.experimental.numpy.elementwise import imag as imag
from kerasish.tf.experimental.numpy.elementwise import isclose as isclose
from kerasish.tf.experimental.numpy.elementwise import iscomplex as iscomplex
from kerasish.tf.experimental.numpy.elementwise import iscomplexobj as iscomplexobj
from kerasish.tf.experimental.numpy.elementwise import isfinite as isfinite
from kerasish.tf.experimental.numpy.elementwise import isinf as isinf
from kerasish.tf.experimental.numpy.elementwise import isnan as isnan
from kerasish.tf.experimental.numpy.elementwise import isneginf as isneginf
from kerasish.tf.experimental.numpy.elementwise import isposinf as isposinf
from kerasish.tf.experimental.numpy.elementwise import isreal as isreal
from kerasish.tf.experimental.numpy.elementwise import isrealobj as isrealobj
from kerasish.tf.experimental.numpy.elementwise import lcm as lcm
from kerasish.tf.experimental.numpy.elementwise import less as less
from kerasish.tf.experimental.numpy.elementwise import less_equal as less_equal
from kerasish.tf.experimental.numpy.elementwise import log as log
from kerasish.tf.experimental.numpy.elementwise import log1p as log1p
from kerasish.tf.experimental.numpy.elementwise import log2 as log2
from kerasish.tf.experimental.numpy.elementwise import log10 as log10
from kerasish.tf.experimental.numpy.elementwise import logaddexp as logaddexp
from kerasish.tf.experimental.numpy.elementwise import logaddexp2 as logaddexp2
from kerasish.tf.experimental.numpy.elementwise import logical_and as logical_and
from kerasish.tf.experimental.numpy.elementwise import logical_not as logical_not
from kerasish.tf.experimental.numpy.elementwise import logical_or as logical_or
from kerasish.tf.experimental.numpy.elementwise import logical_xor as logical_xor
from kerasish.tf.experimental.numpy.elementwise import maximum as maximum
from kerasish.tf.experimental.numpy.elementwise import minimum as minimum
from kerasish.tf.experimental.numpy.elementwise import mod as mod
from kerasish.tf.experimental.numpy.elementwise import multiply as multiply
from kerasish.tf.experimental.numpy.elementwise import negative as negative
from kerasish.tf.experimental.numpy.elementwise import nextafter as nextafter
from kerasish.tf.experimental.numpy.elementwise import not_equal as not_equal
from kerasish.tf.experimental.numpy.elementwise import positive as positive
from kerasish.tf.experimental.numpy.elementwise import power as power
from kerasish.tf.experimental.numpy.elementwise import rad2deg as rad2deg
from kerasish.tf.experimental.numpy.elementwise import real as real
from kerasish.tf.experimental.numpy.elementwise import reciprocal as reciprocal
from kerasish.tf.experimental.numpy.elementwise import remainder as remainder
from kerasish.tf.experimental.numpy.elementwise import round as round
from kerasish.tf.experimental.numpy.elementwise import sign as sign
from kerasish.tf.experimental.numpy.elementwise import signbit as signbit
from kerasish.tf.experimental.numpy.elementwise import sin as sin
from kerasish.tf.experimental.numpy.elementwise import sinc as sinc
from kerasish.tf.experimental.numpy.elementwise import sinh as sinh
from kerasish.tf.experimental.numpy.elementwise import sqrt as sqrt
from kerasish.tf.experimental.numpy.elementwise import square as square
from kerasish.tf.experimental.numpy.elementwise import subtract as subtract
from kerasish.tf.experimental.numpy.elementwise import tan as tan
from kerasish.tf.experimental.numpy.elementwise import tanh as tanh
from kerasish.tf.experimental.numpy.elementwise import true_divide as true_divide
from kerasish.tf.experimental.numpy.products import cross as cross
from kerasish.tf.experimental.numpy.products import dot as dot
from kerasish.tf.experimental.numpy.products import einsum as einsum
from kerasish.tf.experimental.numpy.products import inner as inner
from kerasish.tf.experimental.numpy.products import kron as kron
from kerasish.tf.experimental.numpy.products import matmul as matmul
from kerasish.tf.experimental.numpy.products import outer as outer
from kerasish.tf.experimental.numpy.products import tensordot as tensordot
from kerasish.tf.experimental.numpy.products import vdot as vdot
from kerasish.tf.experimental.numpy.reductions import all as all
from kerasish.tf.experimental.numpy.reductions import amax as amax
from kerasish.tf.experimental.numpy.reductions import amin as amin
from kerasish.tf.experimental.numpy.reductions import any as any
from kerasish.tf.experimental.numpy.reductions import argmax as argmax
from kerasish.tf.experimental.numpy.reductions import argmin as argmin
from kerasish.tf.experimental.numpy.reductions import argsort as argsort
from kerasish.tf.experimental.numpy.reductions import average as average
from kerasish.tf.experimental.numpy.reductions import count_nonzero as count_nonzero
from kerasish.tf.experimental.numpy.reductions import cumprod as cumprod
from kerasish.tf.experimental.numpy.reductions import cumsum as cumsum
from kerasish.tf.experimental.numpy.reductions import diff as diff
from kerasish.tf.experimental.numpy.reductions import max as max
from kerasish.tf.experimental.numpy.reductions import mean as mean
from kerasish.tf.experimental.numpy.reductions import min as min
from kerasish.tf.experimental.numpy.reductions import nanmean as nanmean
from kerasish.tf.experimental.numpy.reductions import nanprod as nanprod
from kerasish.tf.experimental.numpy.reductions import nansum as nansum
from kerasish.tf.experimental.numpy.reductions import prod as prod
from kerasish.tf.experimental.numpy.reductions import ptp as ptp
from kerasish.tf.experimental.numpy.reductions import sort as sort
from kerasish.tf.experimental.numpy.reductions import std as std
from kerasish.tf.experimental.numpy.reductions import sum as sum
from kerasish.tf.experimental.numpy.reductions import var as var

bool_, object_, string_, unicode_ = np.bool_, np.object_, np.bytes_, np.str_
int8, int16, int32, int64, int_ = np.int8, np.int16, np.int32, np.int64, np.int64
uint8, uint16, uint32, uint64 = np.uint8, np.uint16, np.uint32, np.uint64
float16, float32, float64, float_ = np.float16, np.float32, np.float64, np.float64
complex64, complex128, complex_, inexact = np.complex64, np.complex128, np.complex128, np.inexact
iinfo = np.iinfo
e, pi, inf, newaxis = np.e, np.pi, np.inf, None


def finfo(dtype: Any) -> np.finfo:
    """The limits of a float dtype."""
    return np.finfo(float if dtype is float else numpy_type(dtype))


def issubdtype(arg1: Any, arg2: Any) -> bool:
    """Whether a dtype is of a kind of NumPy's."""
    return bool(np.issubdtype(*(d if isinstance(d, type) else numpy_type(d) for d in (arg1, arg2))))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
