"""``tf.compat.v1``: names of TensorFlow 1 that mean something without graphs and sessions."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import kerasish
from kerasish import initializers as _initializers
from kerasish.core.autodiff import GradientTape as GradientTape
from kerasish.core.autodiff import UnconnectedGradients as UnconnectedGradients
from kerasish.core.custom_gradient import custom_gradient as custom_gradient
from kerasish.core.dimensions import Dimension as Dimension
from kerasish.core.errors import InvalidArgumentError, NotServedError
from kerasish.core.random import get_seed as get_seed
from kerasish.core.random import set_seed
from kerasish.core.shape import TensorShape as TensorShape
from kerasish.core.sparse import SparseTensor as SparseTensor
from kerasish.core.tensor import Tensor as Tensor
from kerasish.core.variable import TFVariable
from kerasish.tf import arrays as _arrays
from kerasish.tf import config as config
from kerasish.tf import control as _control
from kerasish.tf import creation as _creation
from kerasish.tf import debugging as _debugging
from kerasish.tf import distribute as distribute
from kerasish.tf import dtypes as _dtypes
from kerasish.tf import errors as errors
from kerasish.tf import first_values as _first_values
from kerasish.tf import gradients as _gradients
from kerasish.tf import indexing as _indexing
from kerasish.tf import io as _io
from kerasish.tf import linalg as _linalg
from kerasish.tf import lookup as lookup
from kerasish.tf import math as _math
from kerasish.tf import nest as nest
from kerasish.tf import reductions as _reductions
from kerasish.tf import scopes as _scopes
from kerasish.tf import strings as _strings
from kerasish.tf import tiling as _tiling
from kerasish.tf.compat.v1 import aliases as _aliases
from kerasish.tf.compat.v1 import data as data
from kerasish.tf.compat.v1 import feature_column as feature_column
from kerasish.tf.compat.v1 import layers as layers
from kerasish.tf.compat.v1 import logging as logging
from kerasish.tf.compat.v1 import losses as losses
from kerasish.tf.compat.v1 import math as math
from kerasish.tf.compat.v1 import nn as nn
from kerasish.tf.compat.v1 import renamed as _renamed
from kerasish.tf.compat.v1 import rest as _rest
from kerasish.tf.compat.v1 import train as train
from kerasish.tf.compat.v1 import variables as _variables
from kerasish.tf.compat.v1.parts import PARTS as _PARTS
from kerasish.tf.compat.v1.scopes import name_scope as name_scope
from kerasish.tf.compat.v1_text import ragged as ragged
from kerasish.tf.compat.v1_text import string_split as string_split
from kerasish.tf.compat.v1_text import strings as strings
from kerasish.tf.creation import cast
from kerasish.tf.diagonals import set_diag
from kerasish.tf.function import function as function
from kerasish.tf.graphs import Graph as Graph
from kerasish.tf.graphs import get_default_graph as get_default_graph
from kerasish.tf.graphs import reset_default_graph as reset_default_graph
from kerasish.tf.math import log as log
from kerasish.tf.module import Module as Module
from kerasish.tf.random import categorical, normal, shuffle, uniform
from kerasish.tf.random import truncated_normal as truncated_normal
from kerasish.tf.scopes import executing_eagerly as executing_eagerly
from kerasish.tf.slices import IndexedSlices as IndexedSlices
from kerasish.tf.sparse_spec import SparseTensorValue as SparseTensorValue
from kerasish.tf.spec import TensorSpec as TensorSpec
from kerasish.tf.tensor_array import TensorArray as TensorArray

random_normal, random_uniform, random_shuffle = normal, uniform, shuffle
set_random_seed = set_seed
Variable = TFVariable
newaxis = None
matrix_set_diag = set_diag

# what the top level has under today's names, under TensorFlow 1's argument names, or from variables.py
_HOMES = (
    _creation,
    _arrays,
    _math,
    _reductions,
    _indexing,
    _control,
    _tiling,
    _scopes,
    _linalg,
    _debugging,
    _gradients,
)
_AllHomes = SimpleNamespace(
    **{k: v for home in reversed(_HOMES) for k, v in vars(home).items() if not k.startswith("_")}
)
globals().update(_renamed.functions(_renamed.TOP, _AllHomes))
globals().update(_renamed.functions(_renamed.STRINGS, _strings))
for _module in (_variables, _rest):
    globals().update({k: v for k, v in vars(_module).items() if getattr(v, "__module__", None) == _module.__name__})
globals().update({f"sparse_{name}": getattr(_PARTS["sparse"], name) for name in _renamed.names(_renamed.SPARSE)})
globals().update({name: getattr(_PARTS["io"], name) for name in _renamed.names(_renamed.IO)})
debugging, test, linalg, dtypes = (_PARTS[name] for name in ("debugging", "test", "linalg", "dtypes"))
extract_image_patches, random_poisson = _PARTS["image"].extract_image_patches, _PARTS["random"].poisson
depth_to_space, space_to_depth = nn.depth_to_space, nn.space_to_depth
_TODAY = _aliases.table(_aliases.TOP)
AUTO_REUSE = _variables.AUTO_REUSE
gfile = SimpleNamespace(
    Copy=_io.gfile.copy,
    DeleteRecursively=_io.gfile.rmtree,
    Exists=_io.gfile.exists,
    FastGFile=_io.gfile.GFile,
    GFile=_io.gfile.GFile,
    Glob=_io.gfile.glob,
    IsDirectory=_io.gfile.isdir,
    ListDirectory=_io.gfile.listdir,
    MakeDirs=_io.gfile.makedirs,
    MkDir=_io.gfile.mkdir,
    Open=_io.gfile.GFile,
    Remove=_io.gfile.remove,
    Rename=_io.gfile.rename,
    Stat=_io.gfile.stat,
    Walk=_io.gfile.walk,
)

globals().update({name: value for name, value in vars(_dtypes).items() if isinstance(value, _dtypes.DType)})
constant_initializer = _first_values.constant_initializer
zeros_initializer, ones_initializer = _initializers.Zeros, _initializers.Ones
random_normal_initializer = _initializers.RandomNormal
random_uniform_initializer = _initializers.RandomUniform
truncated_normal_initializer = _initializers.TruncatedNormal
glorot_normal_initializer, glorot_uniform_initializer = _initializers.GlorotNormal, _initializers.GlorotUniform
orthogonal_initializer, variance_scaling_initializer = _initializers.Orthogonal, _initializers.VarianceScaling
uniform_unit_scaling_initializer = _rest.uniform_unit_scaling_initializer
initializers = SimpleNamespace(
    constant=constant_initializer,
    global_variables=_variables.global_variables_initializer,
    glorot_normal=glorot_normal_initializer,
    glorot_uniform=glorot_uniform_initializer,
    he_normal=_initializers.HeNormal,
    he_uniform=_initializers.HeUniform,
    identity=_initializers.Identity,
    lecun_normal=_initializers.LecunNormal,
    lecun_uniform=_initializers.LecunUniform,
    local_variables=_variables.local_variables_initializer,
    ones=ones_initializer,
    orthogonal=orthogonal_initializer,
    random_normal=random_normal_initializer,
    random_uniform=random_uniform_initializer,
    tables_initializer=_variables.tables_initializer,
    truncated_normal=truncated_normal_initializer,
    uniform_unit_scaling=uniform_unit_scaling_initializer,
    variables=_variables.variables_initializer,
    variance_scaling=variance_scaling_initializer,
    zeros=zeros_initializer,
)

_UNCHANGED = frozenset(
    """
    approx_top_k bitcast broadcast_dynamic_shape broadcast_static_shape complex group is_symbolic_tensor parallel_stack
    shape_n
    required_space_to_batch_paddings space_to_batch_nd timestamp unravel_index histogram_fixed_width_bins get_logger
    abs acos acosh add add_n argsort asin asinh atan atan2 atanh broadcast_to case cast ceil
    concat conj control_dependencies cos cosh cumprod cumsum device diag digamma divide dynamic_partition
    dynamic_stitch eig einsum ensure_shape equal erf erfc exp expm1 eye fill floor floordiv floormod foldl foldr
    get_current_name_scope get_static_value greater greater_equal histogram_fixed_width identity identity_n igamma igammac
    imag init_scope inside_function invert_permutation is_finite is_inf is_nan is_tensor lbeta less less_equal lgamma
    linspace log1p log_sigmoid logical_and logical_not logical_or logical_xor map_fn matmul maximum meshgrid minimum
    multiply negative no_op not_equal numpy_function one_hot ones polygamma pow py_function range rank real
    reciprocal realdiv repeat reshape reverse rint roll round rsqrt saturate_cast scalar_mul scan scatter_nd searchsorted
    sequence_mask sigmoid sign sin sinh slice sort split sqrt square squared_difference stack stop_gradient strided_slice
    subtract switch_case tan tanh tensor_scatter_nd_max tensor_scatter_nd_min
    tensor_scatter_nd_add tensor_scatter_nd_sub tensor_scatter_nd_update tensordot tile
    truediv truncatediv truncatemod tuple unique unique_with_counts unstack vectorized_map zeros zeta
    """.split()
)


def div(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y; of integers without the rest, rounded as Python 2 did."""
    x = _creation.convert_to_tensor(x)
    return _math.floordiv(x, y) if x.dtype.is_integer else _math.divide(x, y)


floor_div = _math.floordiv


def py_func(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:  # noqa: N803
    """What a function of NumPy arrays returns for tensors."""
    return _control.numpy_function(func, inp, Tout, stateful, name)


def arg_max(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """The places of the largest elements along a dimension."""
    return _reductions.argmax(input, dimension, output_type)


def arg_min(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """The places of the smallest elements along a dimension."""
    return _reductions.argmin(input, dimension, output_type)


def while_loop(
    cond: Any,
    body: Any,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Replace ``loop_vars`` by ``body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds.

    A body of one loop variable may return it as it is; so does the loop then, unless ``return_same_structure``.
    """
    alone = False

    def noted(*values: Any) -> Any:
        nonlocal alone
        after = body(*values)
        alone = len(values) == 1 and not isinstance(after, _control.SEQUENCE)
        return (after,) if alone else after

    step = noted if callable(body) else body
    result = _control.while_loop(
        cond, step, loop_vars, shape_invariants, parallel_iterations, back_prop, swap_memory, maximum_iterations, name
    )
    return result[0] if alone and not return_same_structure else result


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: str | None = None, output_dtype: Any = None
) -> Any:
    """Class numbers drawn by log-probabilities, row by row."""
    return categorical(logits, num_samples, output_dtype or "int64", seed)


def make_template(
    name_: str,
    func_: Any,
    create_scope_now_: bool = False,
    unique_name_: Any = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Any:
    """A function with some of its arguments given; where operations run as they are called it shares no variables."""
    return functools.partial(func_, **kwargs)


def executing_eagerly_outside_functions() -> bool:
    """Whether operations run as they are called outside of ``tf.function``: always."""
    return True


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Run operations as they are called, as is always done."""


def enable_v2_behavior() -> None:
    """Behave as TensorFlow 2, as is always done."""


disable_resource_variables = disable_control_flow_v2 = enable_v2_behavior  # which change graphs alone
enable_v2_tensorshape = enable_tensor_equality = enable_resource_variables = enable_control_flow_v2 = enable_v2_behavior


def disable_eager_execution() -> None:
    """Graphs and sessions of TensorFlow 1 are not served.

    Raises:
        NotServedError: always.
    """
    raise _unserved("disable_eager_execution")


disable_v2_behavior = disable_eager_execution


def to_float(x: Any, name: str = "ToFloat") -> Any:
    """x as float32."""
    return cast(x, "float32")


def to_double(x: Any, name: str = "ToDouble") -> Any:
    """x as float64."""
    return cast(x, "float64")


def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Any:
    """x as bfloat16."""
    return cast(x, "bfloat16")


def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """x as int32."""
    return cast(x, "int32")


def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """x as int64."""
    return cast(x, "int64")


@contextlib.contextmanager
def colocate_with(op: Any, ignore_existing: bool = False) -> Iterator[None]:
    """A block whose operations are put beside ``op``: in one process all are."""
    yield


def control_flow_v2_enabled() -> bool:
    """Whether loops and conditions are those of TensorFlow 2: they are."""
    return True


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Any:  # noqa: A002
    """The default, since there are no graphs to feed.

    Raises:
        InvalidArgumentError: the shape does not fit the default's.
    """
    value = _creation.convert_to_tensor(input)
    if not TensorShape(shape).is_compatible_with(value.shape):
        raise InvalidArgumentError(
            f"Shape of input {list(value.shape)} is not compatible with the placeholder's shape {TensorShape(shape)}"
        )
    return value


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """The elements of x where a condition holds, of y elsewhere; a vector of conditions picks rows.

    Without x and y: the places where it holds.

    Raises:
        InvalidArgumentError: the shapes of x and y differ, or the condition has neither that nor is a scalar or a vector.
    """
    if x is None or y is None:
        return _indexing.where(condition, x, y)
    condition, x, y = (_creation.convert_to_tensor(value) for value in (condition, x, y))
    rows = condition.shape.rank == 1 and x.shape.rank > 1 and condition.shape[0] == x.shape[0]
    if x.shape != y.shape or not (rows or condition.shape.rank == 0 or condition.shape == x.shape):
        raise InvalidArgumentError(
            f"Inputs to operation Select of type Select must have the same size and shape. Input 0: {condition.shape} != "
            f"input 1: {x.shape}; input 2: {y.shape}"
        )
    if rows:
        condition = _arrays.reshape(condition, [-1] + [1] * (x.shape.rank - 1))
    return _indexing.where(condition, x, y)


class ConfigProto(SimpleNamespace):
    """Options of a session, which are kept and change nothing: devices and memory are torch's business."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"gpu_options": SimpleNamespace(), "graph_options": SimpleNamespace(), **options})


class GPUOptions(SimpleNamespace):
    """Options of a ``ConfigProto``."""


class Session:
    """What scripts make to hand a ``ConfigProto`` to ``keras.backend.set_session``; it runs nothing."""

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        self.config = config

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Nothing to free."""

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """There is no graph to run.

        Raises:
            NotServedError: always.
        """
        raise _unserved("Session.run")


InteractiveSession = Session


_GONE = {
    "estimator": "model.fit of tf.keras",
    "lite": 'model.export(path, format="onnx")',
    "metrics": "tf.keras.metrics",
    "Session.run": "what the operation returned: x.numpy()",
    "summary": "tf.summary.create_file_writer and tf.summary.scalar",
    "tpu": "tf.distribute",
}


def _of_absl(name: str) -> Any:
    """``tf.app`` and ``tf.flags``, which are modules of another package's.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module(f"absl.{name}")
    except ImportError as error:
        raise ImportError(f"tf.compat.v1.{name} is absl.{name}: pip install absl-py") from error


def _unserved(name: str) -> NotServedError:
    if name in _GONE:
        return NotServedError(
            f"'tf.compat.v1.{name}' belongs to TensorFlow 1's graphs and sessions. Use {_GONE[name]} instead."
        )
    return NotServedError(
        f"'tf.compat.v1.{name}' belongs to TensorFlow 1, whose graphs and sessions kerasish does not have. Write the program "
        "in TensorFlow 2's style (TensorFlow's guide 'Migrate from TensorFlow 1.x' shows how)."
    )


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    if name == "keras":
        return kerasish
    if name in ("compat", "raw_ops"):  # not here before they are whole
        return getattr(kerasish.tf, name)
    if name in _PARTS:
        return _PARTS[name]
    if name in _TODAY:
        return _aliases.today(_TODAY[name])
    if name in ("app", "flags"):
        return _of_absl(name)
    if name in _UNCHANGED and hasattr(_AllHomes, name):
        return getattr(_AllHomes, name)
    raise _unserved(name)
