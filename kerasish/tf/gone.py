"""Names of TensorFlow 1 that TensorFlow 2 has no more, and those that need TensorFlow's compiler or servers: what to use."""

from __future__ import annotations

from collections.abc import Iterable

from kerasish.core.errors import INSTEAD, missing_name

_TABLE = """
tf.AUTO_REUSE: variables that you keep, or tf.keras.layers, or tf.compat.v1.AUTO_REUSE
tf.ConfigProto: tf.config, or tf.compat.v1.ConfigProto
tf.GPUOptions: tf.config.experimental.set_memory_growth, or tf.compat.v1.GPUOptions
tf.GraphKeys: the attributes of a model or tf.Module, or tf.compat.v1.GraphKeys
tf.InteractiveSession: operations as they are: they run when they are called
tf.Print: tf.print
tf.Session: operations as they are: they run when they are called, and x.numpy() is a result
tf.app: absl.app
tf.arg_min: tf.argmin
tf.arg_max: tf.argmax
tf.assign: variable.assign, or tf.compat.v1.assign
tf.assign_add: variable.assign_add, or tf.compat.v1.assign_add
tf.assign_sub: variable.assign_sub, or tf.compat.v1.assign_sub
tf.ceil: tf.math.ceil, or tf.compat.v1.ceil
tf.contrib: tf.keras
tf.diag: tf.linalg.diag, or tf.compat.v1.diag
tf.div: tf.divide or //, or tf.compat.v1.div
tf.enable_eager_execution: nothing: operations run as they are called, or tf.compat.v1.enable_eager_execution
tf.erf: tf.math.erf, or tf.compat.v1.erf
tf.estimator: model.fit of tf.keras
tf.examples: tf.keras.datasets.mnist.load_data
tf.flags: absl.flags
tf.get_collection: the attributes of a model or tf.Module, or tf.compat.v1.get_collection
tf.get_default_graph: tf.function, or tf.compat.v1.get_default_graph
tf.get_default_session: operations as they are
tf.get_variable: tf.Variable, or tf.compat.v1.get_variable
tf.gfile: tf.io.gfile, or tf.compat.v1.gfile
tf.global_variables: model.variables, or tf.compat.v1.global_variables
tf.global_variables_initializer: nothing: variables have their values, or tf.compat.v1.global_variables_initializer
tf.initialize_all_variables: nothing: variables have their values from the beginning, or tf.compat.v1.initialize_all_variables
tf.layers: tf.keras.layers (tf.layers.dense(x, n) is tf.keras.layers.Dense(n)(x)), or tf.compat.v1.layers
tf.log: tf.math.log, or tf.compat.v1.log
tf.log1p: tf.math.log1p, or tf.compat.v1.log1p
tf.logging: tf.get_logger(), or tf.compat.v1.logging
tf.matrix_band_part: tf.linalg.band_part
tf.matrix_determinant: tf.linalg.det
tf.matrix_diag: tf.linalg.diag
tf.matrix_inverse: tf.linalg.inv
tf.matrix_set_diag: tf.linalg.set_diag, or tf.compat.v1.matrix_set_diag
tf.mod: tf.math.floormod
tf.multinomial: tf.random.categorical, or tf.compat.v1.multinomial
tf.parse_single_example: tf.io.parse_single_example
tf.placeholder: the arguments of a function (tf.function), or tf.keras.Input
tf.py_func: tf.numpy_function
tf.python_io: tf.io
tf.random_crop: tf.image.random_crop
tf.random_normal: tf.random.normal, or tf.compat.v1.random_normal
tf.random_shuffle: tf.random.shuffle, or tf.compat.v1.random_shuffle
tf.random_uniform: tf.random.uniform, or tf.compat.v1.random_uniform
tf.read_file: tf.io.read_file
tf.reduce_variance: tf.math.reduce_variance
tf.reset_default_graph: tf.keras.backend.clear_session, or tf.compat.v1.reset_default_graph
tf.rsqrt: tf.math.rsqrt, or tf.compat.v1.rsqrt
tf.set_random_seed: tf.random.set_seed, or tf.compat.v1.set_random_seed
tf.softplus: tf.math.softplus
tf.space_to_depth: tf.nn.space_to_depth
tf.sparse_tensor_to_dense: tf.sparse.to_dense
tf.string_split: tf.strings.split, or tf.compat.v1.string_split
tf.string_to_hash_bucket_fast: tf.strings.to_hash_bucket_fast
tf.tables_initializer: nothing: tables have their values from the beginning, or tf.compat.v1.tables_initializer
tf.to_double: tf.cast, or tf.compat.v1.to_double
tf.to_float: tf.cast, or tf.compat.v1.to_float
tf.to_int32: tf.cast, or tf.compat.v1.to_int32
tf.to_int64: tf.cast, or tf.compat.v1.to_int64
tf.train.AdadeltaOptimizer: tf.keras.optimizers.Adadelta, or tf.compat.v1.train.AdadeltaOptimizer
tf.train.AdagradOptimizer: tf.keras.optimizers.Adagrad, or tf.compat.v1.train.AdagradOptimizer
tf.train.AdamOptimizer: tf.keras.optimizers.Adam, or tf.compat.v1.train.AdamOptimizer
tf.train.FtrlOptimizer: tf.keras.optimizers.Ftrl, or tf.compat.v1.train.FtrlOptimizer
tf.train.GradientDescentOptimizer: tf.keras.optimizers.SGD, or tf.compat.v1.train.GradientDescentOptimizer
tf.train.MomentumOptimizer: tf.keras.optimizers.SGD(momentum=...), or tf.compat.v1.train.MomentumOptimizer
tf.train.MonitoredSession: model.fit
tf.train.RMSPropOptimizer: tf.keras.optimizers.RMSprop, or tf.compat.v1.train.RMSPropOptimizer
tf.train.Saver: tf.train.Checkpoint, or tf.compat.v1.train.Saver
tf.train.batch: tf.data.Dataset.batch
tf.train.get_global_step: optimizer.iterations, or tf.compat.v1.train.get_global_step
tf.train.get_or_create_global_step: optimizer.iterations, or tf.compat.v1.train.get_or_create_global_step
tf.train.slice_input_producer: tf.data.Dataset.from_tensor_slices
tf.train.start_queue_runners: tf.data.Dataset
tf.trainable_variables: model.trainable_variables, or tf.compat.v1.trainable_variables
tf.truncated_normal: tf.random.truncated_normal, or tf.compat.v1.truncated_normal
tf.variable_scope: tf.name_scope, or tf.compat.v1.variable_scope
tf.where_v2: tf.where
tf.config.experimental.disable_mlir_bridge: nothing: programs are not compiled by MLIR
tf.config.experimental.enable_mlir_bridge: nothing: programs are not compiled by MLIR
tf.config.experimental_connect_to_host: torchrun and tf.distribute.MultiWorkerMirroredStrategy
tf.debugging.experimental: tf.debugging.enable_check_numerics, or tf.profiler.experimental.start
tf.experimental.tensorrt: model.export(path, format="onnx"), which TensorRT reads
tf.graph_util: tf.function, or tf.saved_model.load of what was saved here
tf.import_graph_def: tf.function, or tf.saved_model.load of what was saved here
tf.io.write_graph: model.export(path, format="torch"), or tf.saved_model.save
tf.load_library: torch.ops.load_library for operations of torch's
tf.load_op_library: torch.ops.load_library for operations of torch's
tf.mlir: torch.export, or model.export(path, format="torch")
tf.profiler.experimental.client: tf.profiler.experimental.start in the program itself
tf.profiler.experimental.server: tf.profiler.experimental.start in the program itself
tf.config.experimental.ClusterDeviceFilters: nothing: a process sees its own devices only
tf.distribute.cluster_resolver.GCEClusterResolver: torchrun, or tf.distribute.cluster_resolver.TFConfigClusterResolver
tf.distribute.cluster_resolver.KubernetesClusterResolver: torchrun, or tf.distribute.cluster_resolver.TFConfigClusterResolver
tf.distribute.cluster_resolver.KubernetesExecutableLocation: tf.distribute.cluster_resolver.TFConfigClusterResolver
tf.distribute.experimental.PreemptionWatcher: tf.distribute.experimental.PreemptionCheckpointHandler
tf.distribute.experimental.rpc: torch.distributed.rpc
tf.experimental.StructuredTensor: tf.RaggedTensor in dictionaries, or a tf.experimental.ExtensionType
tf.experimental.ExtensionTypeBatchEncoder: tf.experimental.BatchableExtensionType
tf.experimental.dtensor.create_tpu_mesh: tf.experimental.dtensor.create_mesh
tf.experimental.dtensor.enable_save_as_bf16: tf.cast(value, tf.bfloat16) before saving
tf.experimental.dtensor.name_based_restore: tf.train.Checkpoint(...).restore
tf.experimental.dtensor.name_based_save: tf.train.Checkpoint(...).save
tf.experimental.dtensor.sharded_save: tf.train.Checkpoint(...).save
tf.experimental.enable_strict_mode: warnings.simplefilter("error")
tf.experimental.function_executor_type: nothing: functions run in one way
tf.experimental.register_filesystem_plugin: a path that the system mounts
tf.lite.experimental.Analyzer: the package ai-edge-litert, or tf.lite.Interpreter(path).get_tensor_details()
tf.lite.experimental.QuantizationDebugger: tf.lite.Interpreter of both files
tf.lite.experimental.QuantizationDebugOptions: tf.lite.Interpreter of both files
tf.lite.experimental.authoring: tf.lite.TFLiteConverter, which says what it cannot convert
tf.quantization.experimental: tf.lite.TFLiteConverter, or model.quantize("int8")
tf.saved_model.experimental.TrackableResource: tf.Module
tf.test.Benchmark: timeit
tf.test.benchmark_config: timeit
tf.test.assert_equal_graph_def: comparing what functions return
tf.tpu.XLAOptions: torch_xla's settings
tf.tpu.experimental.DeviceAssignment: torchrun, which gives each process its device
tf.tpu.experimental.DeviceOrderMode: torchrun, which gives each process its device
tf.tpu.experimental.TPUSystemMetadata: tf.config.list_logical_devices("TPU")
tf.tpu.experimental.Topology: torchrun, which gives each process its device
tf.tpu.experimental.embedding.CustomCombiner: tf.nn.embedding_lookup_sparse
tf.tpu.experimental.embedding.CustomOptimizer: an optimizer of tf.keras.optimizers
tf.train.experimental.MaxShardSizePolicy: nothing: checkpoints have one data file
tf.train.experimental.ShardByTaskPolicy: nothing: checkpoints have one data file
tf.train.experimental.ShardableTensor: nothing: checkpoints have one data file
tf.train.experimental.ShardingCallback: nothing: checkpoints have one data file
tf.tpu.experimental.embedding.TPUEmbeddingV2: tf.keras.layers.Embedding
"""
INSTEAD.update(line.split(": ", 1) for line in _TABLE.strip().splitlines())  # type: ignore[arg-type]


def missing(module: str, name: str, served: Iterable[str]) -> AttributeError:
    """The error for ``module.name``: it says what to use instead where the table knows."""
    return missing_name(module, name, served)
