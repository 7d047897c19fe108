"""Names of TensorFlow 1 that TensorFlow 2 has no more, and those that need a cluster or TensorFlow's runtime: what to use."""

from __future__ import annotations

from collections.abc import Iterable

from kerasish.core.errors import NotServedError, missing_name, public_path

_TABLE = """
tf.AUTO_REUSE: variables that you keep, or tf.keras.layers
tf.ConfigProto: tf.config
tf.GPUOptions: tf.config.experimental.set_memory_growth
tf.GraphKeys: the attributes of a model or tf.Module
tf.InteractiveSession: operations as they are: they run when they are called
tf.Print: tf.print
tf.Session: operations as they are: they run when they are called, and x.numpy() is a result
tf.app: absl.app
tf.arg_min: tf.argmin
tf.arg_max: tf.argmax
tf.assign: variable.assign
tf.assign_add: variable.assign_add
tf.assign_sub: variable.assign_sub
tf.ceil: tf.math.ceil
tf.contrib: tf.keras
tf.diag: tf.linalg.diag
tf.div: tf.divide or //
tf.enable_eager_execution: nothing: operations run as they are called
tf.erf: tf.math.erf
tf.estimator: model.fit of tf.keras
tf.examples: tf.keras.datasets.mnist.load_data
tf.flags: absl.flags
tf.get_collection: the attributes of a model or tf.Module
tf.get_default_graph: tf.function
tf.get_default_session: operations as they are
tf.get_variable: tf.Variable
tf.gfile: tf.io.gfile
tf.global_variables: model.variables
tf.global_variables_initializer: nothing: variables have their values from the beginning
tf.initialize_all_variables: nothing: variables have their values from the beginning
tf.layers: tf.keras.layers: tf.layers.dense(x, n) is tf.keras.layers.Dense(n)(x)
tf.log: tf.math.log
tf.log1p: tf.math.log1p
tf.logging: tf.get_logger()
tf.matrix_band_part: tf.linalg.band_part
tf.matrix_determinant: tf.linalg.det
tf.matrix_diag: tf.linalg.diag
tf.matrix_inverse: tf.linalg.inv
tf.matrix_set_diag: tf.linalg.set_diag
tf.mod: tf.math.floormod
tf.multinomial: tf.random.categorical
tf.parse_single_example: tf.io.parse_single_example
tf.placeholder: the arguments of a function (tf.function), or tf.keras.Input
tf.py_func: tf.numpy_function
tf.python_io: tf.io
tf.random_crop: tf.image.random_crop
tf.random_normal: tf.random.normal
tf.random_shuffle: tf.random.shuffle
tf.random_uniform: tf.random.uniform
tf.read_file: tf.io.read_file
tf.reduce_variance: tf.math.reduce_variance
tf.reset_default_graph: tf.keras.backend.clear_session
tf.rsqrt: tf.math.rsqrt
tf.set_random_seed: tf.random.set_seed
tf.softplus: tf.math.softplus
tf.space_to_depth: tf.nn.space_to_depth
tf.sparse_tensor_to_dense: tf.sparse.to_dense
tf.string_split: tf.strings.split
tf.string_to_hash_bucket_fast: tf.strings.to_hash_bucket_fast
tf.tables_initializer: nothing: tables have their values from the beginning
tf.to_double: tf.cast
tf.to_float: tf.cast
tf.to_int32: tf.cast
tf.to_int64: tf.cast
tf.train.AdadeltaOptimizer: tf.keras.optimizers.Adadelta
tf.train.AdagradOptimizer: tf.keras.optimizers.Adagrad
tf.train.AdamOptimizer: tf.keras.optimizers.Adam
tf.train.FtrlOptimizer: tf.keras.optimizers.Ftrl
tf.train.GradientDescentOptimizer: tf.keras.optimizers.SGD
tf.train.MomentumOptimizer: tf.keras.optimizers.SGD(momentum=...)
tf.train.MonitoredSession: model.fit
tf.train.RMSPropOptimizer: tf.keras.optimizers.RMSprop
tf.train.Saver: tf.train.Checkpoint
tf.train.batch: tf.data.Dataset.batch
tf.train.get_global_step: optimizer.iterations
tf.train.get_or_create_global_step: optimizer.iterations
tf.train.slice_input_producer: tf.data.Dataset.from_tensor_slices
tf.train.start_queue_runners: tf.data.Dataset
tf.trainable_variables: model.trainable_variables
tf.truncated_normal: tf.random.truncated_normal
tf.variable_scope: tf.name_scope
tf.where_v2: tf.where
tf.distribute.ParameterServerStrategy: tf.distribute.MultiWorkerMirroredStrategy, over torch's process group
tf.distribute.Server: keras.distribution.initialize, which joins torch's process group
tf.distribute.coordinator: tf.distribute.MultiWorkerMirroredStrategy, over torch's process group
"""
INSTEAD: dict[str, str] = dict(line.split(": ", 1) for line in _TABLE.strip().splitlines())  # type: ignore[misc]


def missing(module: str, name: str, served: Iterable[str]) -> AttributeError:
    """The error for ``module.name``: it says what to use instead where the table knows."""
    path = f"{public_path(module)}.{name}"
    if path not in INSTEAD:
        return missing_name(module, name, served)
    return NotServedError(f"'{path}' is not served by kerasish. Use {INSTEAD[path]} instead.")
