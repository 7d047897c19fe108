"""Programs with base classes, symbolic values, variables, scopes, policies, quantizers' settings, distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import dtype_name
from program_help import attempt, attempts

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], "float32")


def tensors(keras: Any, tf: Any) -> Any:
    """KerasTensor: attributes, operators, indexing, what it refuses."""
    kt = keras.KerasTensor
    found: dict = {}
    for shape in ((None, 3), (2, 3), (), (None, None, 4), [5]):
        for dtype in ("float32", "int32", "bool"):
            x = kt(shape, dtype=dtype, name="x")
            found[f"{shape} {dtype}"] = [repr(x), list(x.shape), dtype_name(x), x.ndim, x.name, x.sparse]
    x, y = kt((None, 3), name="x"), kt((2, 1), "int32", name="y")
    operators = attempts(
        add=lambda: x + 1,
        radd=lambda: 1 + x,
        sub=lambda: x - y,
        mul=lambda: x * 2.5,
        div=lambda: y / 2,
        floordiv=lambda: y // 2,
        mod=lambda: y % 2,
        power=lambda: x**2,
        negative=lambda: -x,
        absolute=lambda: abs(x),
        matmul=lambda: x @ kt((3, 4)),
        less=lambda: x < 1,
        inverse=lambda: ~kt((3,), "bool"),
        both=lambda: kt((3,), "bool") & kt((3,), "bool"),
        item=lambda: x[0],
        column=lambda: x[:, 1],
        newaxis=lambda: x[:, None],
        ellipsis=lambda: x[..., -1],
        reshape=lambda: x.reshape((3, -1)),
        squeeze=lambda: kt((2, 1)).squeeze(1),
        rounded=lambda: round(x),
    )
    found["operators"] = {
        name: [list(value.shape), dtype_name(value)] if hasattr(value, "shape") else value
        for name, value in operators.items()
    }
    found["refused"] = attempts(
        boolean=lambda: bool(x),
        integer=lambda: int(kt(())),
        iterated=lambda: list(x),
        array=lambda: np.asarray(x),
        text=lambda: kt("abc"),
        dtype=lambda: kt((3,), "float31"),
        negative=lambda: kt((-2,)),
        length=lambda: len(x),
        numpy=lambda: np.add(x, 1.0),
        compare=lambda: list((x + kt((4,))).shape),
    )
    return found


def operations(keras: Any, tf: Any) -> Any:
    """A user's Operation, and a Function of symbolic tensors."""

    class Scale(keras.Operation):
        def __init__(self, factor, name=None):
            super().__init__(name=name)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, dtype=x.dtype)

    class Same(keras.Operation):
        def call(self, x):
            return x + 1.0

    scale = Scale(3.0, name="scale")
    entry = keras.Input((3,), name="entry")
    outputs = scale(entry)
    function = keras.Function(entry, [outputs, Same()(outputs)], name="f")
    named = keras.Function({"a": entry}, {"b": outputs})
    model = keras.Model(entry, outputs)
    config = scale.get_config()
    return {
        "call": [scale(X), Same()(X), function(X), named({"a": X}), model(X)],
        "names": [scale.name, Same().name, function.name, [op.name for op in function.operations]],
        "shapes": [list(outputs.shape), list(scale.output.shape), list(scale.input.shape)],
        "config": config,
        "again": Scale.from_config(config).factor,
        "function": [
            len(function.inputs),
            len(function.outputs),
            [list(s) for s in function.compute_output_shape((5, 3))],
        ],
        "spec": [list(t.shape) for t in function.compute_output_spec(keras.KerasTensor((2, 3)))],
        "refused": attempts(
            abstract=lambda: keras.Operation()(X),
            name=lambda: Scale(1.0, name=3),
            unconnected=lambda: keras.Function(keras.Input((3,)), outputs),
            output=lambda: Scale(1.0).output,
            structure=lambda: function([X, X]),
            shape=lambda: function(X[:, :2]),
            no_config=lambda: Same().get_config(),
        ),
    }


def variables(keras: Any, tf: Any) -> Any:
    variable = keras.Variable
    v = variable(X, name="v")
    i = variable(np.array([1, 2]), dtype="int32", trainable=False, name="i")
    made = variable(keras.initializers.Constant(2.0), shape=(2, 2), dtype="float16", name="made")
    text = variable("ones", shape=(3,), name="text")
    facts = [
        [w.name, w.path, list(w.shape), keras.backend.standardize_dtype(w.dtype), w.trainable, w.ndim, w.aggregation]
        for w in (v, i, made, text)
    ]
    v.assign_add(np.ones((2, 3), "float32"))
    v.assign_sub(0.5 * np.ones((2, 3), "float32"))
    return {
        "facts": facts,
        "values": [v.value, i.value, made.value, text.value, v.numpy()],
        "operators": [
            v + 1.0,
            2.0 * v,
            v / 2.0,
            -v,
            v**2,
            abs(v),
            v @ np.ones((3, 1), "float32"),
            v > 0.0,
            v[0],
            1.0 - v,
        ],
        "functions": [keras.ops.sum(v), keras.ops.mean(v, axis=0), np.asarray(v)],
        "repr": [repr(i), str(text)[:40]],
        "refused": attempts(
            shape=lambda: v.assign(np.ones((3, 3))),
            no_shape=lambda: variable(keras.initializers.Ones()),
            name=lambda: variable(1.0, name="a/b"),
            text=lambda: variable("nothing", shape=(2,)),
            aggregation=lambda: variable(1.0, aggregation="most"),
            dtype=lambda: variable(1.0, dtype="float31"),
        ),
        "scalar": [float(variable(2.5)), int(variable(3, dtype="int32"))],
        "slots": [v.overwrite_with_gradient, v.regularizer is None, v.constraint is None],
    }


def scopes(keras: Any, tf: Any) -> Any:
    """Names, devices, recomputation, values held outside of variables."""
    with keras.name_scope("outer"), keras.name_scope("inner"):
        inside = keras.Variable(1.0, name="w").path
    after = keras.Variable(1.0, name="w").path
    v = keras.Variable(np.float32(3.0), name="v")
    with keras.StatelessScope(state_mapping=[(v, np.float32(5.0) * keras.ops.ones(()))]) as scope:
        seen = float(keras.ops.convert_to_numpy(v.value))
        v.assign(np.float32(7.0))
        then = float(keras.ops.convert_to_numpy(v.value))
    layer = keras.layers.Dense(2, kernel_initializer="ones", activity_regularizer="l2")
    layer.build((None, 3))
    with keras.StatelessScope(collect_losses=True) as losses:
        layer(X)
    outputs, state = layer.stateless_call([w.value * 2.0 for w in layer.trainable_variables], [], X)
    with keras.device("cpu:0"):
        made = keras.ops.ones((2,))
    with keras.RematScope(mode="full"):
        kept = keras.layers.Dense(2, kernel_initializer="ones")(X)
    with keras.SymbolicScope():
        symbolic = list(keras.KerasTensor((2, 3)).shape)
    return {
        "paths": [inside, after],
        "stateless": [seen, then, float(v.numpy()), float(keras.ops.convert_to_numpy(scope.get_current_value(v)))],
        "losses": len(losses.losses),
        "call": [outputs, len(state)],
        "device": made,
        "remat": [keras.remat(keras.ops.square)(X), kept],
        "symbolic": symbolic,
        "refused": attempts(
            name=lambda: keras.name_scope(3).__enter__(),
            slash=lambda: keras.name_scope("a/b").__enter__(),
            mode=lambda: keras.RematScope(mode="some"),
            mapping=lambda: keras.StatelessScope(state_mapping=[(v, np.ones((2,)))]),
            variable=lambda: keras.StatelessScope(state_mapping=[(3, 4)]),
            create=lambda: in_stateless_scope(keras),
        ),
        "modes": [
            keras.RematScope(mode=m).mode for m in ("full", "activations", "larger_than", "list_of_layers", None)
        ],
    }


def in_stateless_scope(keras: Any) -> Any:
    with keras.StatelessScope():
        return keras.layers.Dense(2)(X) is not None


def distance(y_true: Any, y_pred: Any, p: float = 2.0) -> Any:
    return abs(y_true - y_pred) ** p


def bases(keras: Any, tf: Any) -> Any:
    """Subclasses of initializers, constraints, regularizers, losses, metrics and quantizers, some without a configuration."""

    class Filled(keras.initializers.Initializer):
        def __init__(self, value):
            self.value = value

        def __call__(self, shape, dtype=None):
            return keras.ops.full(shape, self.value, dtype=dtype)

        def get_config(self):
            return {"value": self.value}

    class Halved(keras.constraints.Constraint):
        def __call__(self, w):
            return w * 0.5

    class Sums(keras.regularizers.Regularizer):
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, x):
            return self.rate * keras.ops.sum(x)

        def get_config(self):
            return {"rate": self.rate}

    class Absent(keras.regularizers.Regularizer):
        def __call__(self, x):
            return keras.ops.sum(x)

    class Cubed(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)

    class Counted(keras.metrics.Metric):
        def __init__(self, name="counted", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_weight(initializer="zeros", name="total")
            self.table = self.add_variable((2,), "ones", name="table")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(keras.ops.sum(keras.ops.cast(y_true > 0, self.dtype)))

        def result(self):
            return self.total

    class Plain(keras.optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, gradient * keras.ops.cast(learning_rate, variable.dtype))

    class Steps(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1.0 / (keras.ops.cast(step, "float32") + 1.0)

    class Rounded(keras.quantizers.Quantizer):
        def __call__(self, x):
            return keras.ops.round(x)

    layer = keras.layers.Dense(
        2, kernel_initializer=Filled(3.0), kernel_constraint=Halved(), kernel_regularizer=Sums(0.5), name="d"
    )
    y = layer(X)
    metric = Counted()
    metric.update_state(X, X)
    first = metric.result() + 0.0
    metric.reset_state()
    v = keras.Variable(X, name="v")
    optimizer = Plain(learning_rate=0.5)
    optimizer.apply([np.ones_like(X)], [v])
    stepped = Plain(learning_rate=Steps())
    stepped.build([v])
    stepped.apply([np.ones_like(X)], [v])
    loss = Cubed(name="cubed", reduction="sum")
    mean = keras.metrics.MeanMetricWrapper(distance, name="m", p=3.0)
    mean.update_state(X, X * 2.0, sample_weight=np.array([1.0, 0.5], "float32"))
    return {
        "layer": [y, layer.losses, layer.get_config()["kernel_regularizer"], Halved()(X), Halved().get_config()],
        "initializer": [Filled(2.0)((2, 2)), Filled.from_config({"value": 4.0}).value, Filled(1.0).clone().value],
        "loss": [loss(X, X * 2.0), loss(X, X * 2.0, sample_weight=np.array([1.0, 0.0], "float32")), loss.get_config()],
        "default": [Cubed().name, Cubed().reduction, Cubed()(X, X * 2.0), Cubed(dtype="float64").dtype],
        "metric": [first, metric.result(), metric.name, [w.name for w in metric.variables], metric.get_config()],
        "called": [Counted()(X, X), [w.path for w in metric.variables]],
        "stateless": [metric.stateless_result(metric.stateless_update_state(metric.variables, X, X))],
        "optimizer": [v.value, optimizer.iterations.value, sorted(optimizer.get_config()), optimizer.name],
        "schedule": [Steps()(3), float(stepped.learning_rate)],
        "quantizer": [Rounded()(X), Rounded().output_dtype, Rounded("int4").output_dtype],
        "wrapper": [mean.result(), mean.name, mean.get_config()["name"]],
        "refused": attempts(
            initializer=lambda: keras.initializers.Initializer()((2,)),
            regularizer=lambda: Absent().get_config(),
            base_regularizer=lambda: keras.regularizers.Regularizer()(X),
            loss=lambda: keras.losses.Loss()(X, X),
            reduction=lambda: Cubed(reduction="most"),
            metric=lambda: keras.metrics.Metric().result(),
            update=lambda: keras.metrics.Metric().update_state(X),
            schedule=lambda: keras.optimizers.schedules.LearningRateSchedule()(1),
            schedule_config=lambda: Steps().get_config(),
            optimizer=lambda: keras.optimizers.Optimizer(0.1).apply([X], [keras.Variable(X)]),
            quantizer=lambda: keras.quantizers.Quantizer()(X),
            unknown=lambda: Plain(learning_rate=0.1, momentum=0.3),
            schedule_assign=lambda: setattr(stepped, "learning_rate", 0.3),
            constraint=lambda: keras.layers.Dense(2, kernel_constraint="wobbly"),
        ),
        "reduction": [getattr(tf.keras.losses.Reduction, n) for n in ("SUM", "NONE", "SUM_OVER_BATCH_SIZE", "AUTO")],
        "identity": [
            keras.Loss is keras.losses.Loss,
            keras.Metric is keras.metrics.Metric,
            keras.Optimizer is keras.optimizers.Optimizer,
        ],
        "base_constraint": keras.constraints.Constraint()(X),
    }


def layers_of_users(keras: Any, tf: Any) -> Any:
    """Layers with and without a configuration, with parts of every kind."""

    class Block(keras.layers.Layer):
        def __init__(self, units, rate=0.1, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.rate = rate
            self.parts = [keras.layers.Dense(units, name="first"), {"last": keras.layers.Dense(1, name="last")}]

        def build(self, shape):
            self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="int32", name="count")

        def call(self, x, training=False):
            self.add_loss(keras.ops.sum(x) * self.rate)
            return self.parts[1]["last"](self.parts[0](x * self.scale))

    class Told(Block):
        def get_config(self):
            return {**super().get_config(), "units": self.units, "rate": self.rate}

    block, told = Block(2, name="block"), Told(3, 0.5, name="told", dtype="float64")
    block(X), told(X)
    return {
        "paths": [w.path for w in block.weights],
        "trainable": [w.path for w in block.trainable_weights],
        "config": [block.get_config(), told.get_config()],
        "again": [Told.from_config(told.get_config()).rate, Block.from_config(block.get_config()).units],
        "losses": block.losses,
        "count": [
            block.count_params(),
            block.built,
            block.dtype,
            told.compute_dtype,
            told.variable_dtype,
            told.scale.dtype,
        ],
        "refused": attempts(
            unknown=lambda: Block(2, colour="red"),
            positional=lambda: keras.layers.Layer(3),
            name=lambda: Block(2, name=4),
            no_call=lambda: keras.layers.Layer()(X),
            weight=lambda: keras.layers.Layer().add_weight(shape="ab"),
            initializer=lambda: keras.layers.Layer().add_weight(shape=(2,), initializer="wobbly"),
            unbuilt=lambda: keras.layers.Dense(2).count_params(),
            weights=lambda: block.set_weights([X]),
            shape=lambda: block.set_weights([w.numpy()[..., None] for w in block.weights]),
            arguments=lambda: keras.layers.Dense(),
            negative=lambda: keras.layers.Dense(-3),
            fraction=lambda: keras.layers.Dense(2.5),
        ),
    }


def switches(keras: Any, tf: Any) -> Any:
    """Booleans given as other values, and settings that are read again."""
    layers = keras.layers
    normal = layers.BatchNormalization(synchronized=False)
    keras.config.set_max_epochs(2)
    keras.config.set_max_steps_per_epoch(3)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    limited = [keras.config.max_epochs(), keras.config.max_steps_per_epoch()]
    try:
        history = model.fit(np.ones((8, 3)), np.ones((8, 1)), batch_size=1, epochs=5, verbose=0)
        steps = int(model.optimizer.iterations)
    finally:
        keras.config.set_max_epochs(None)
        keras.config.set_max_steps_per_epoch(None)
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    off = keras.config.is_traceback_filtering_enabled()
    keras.config.enable_traceback_filtering()
    return {
        "limits": [limited, history.epoch, steps, keras.config.max_epochs(), keras.config.max_steps_per_epoch()],
        "filtering": [filtering, off, keras.config.is_traceback_filtering_enabled()],
        "nnx": keras.config.is_nnx_enabled(),
        "normal": [normal.synchronized, attempt(lambda: layers.BatchNormalization(synchronized="no").synchronized)],
        "values": attempts(
            use_bias=lambda: layers.Dense(2, use_bias="no").get_config()["use_bias"],
            center=lambda: layers.LayerNormalization(center=0).get_config()["center"],
            stateful=lambda: layers.LSTM(2, stateful=1).get_config()["stateful"],
            mask_zero=lambda: layers.Embedding(3, 2, mask_zero="yes").get_config()["mask_zero"],
            trainable=lambda: layers.Dense(2, trainable="no").trainable,
            nesterov=lambda: keras.optimizers.SGD(nesterov="no").nesterov,
            amsgrad=lambda: keras.optimizers.Adam(amsgrad=1).amsgrad,
            momentum=lambda: keras.optimizers.SGD(momentum=2.0).momentum,
            negative_momentum=lambda: keras.optimizers.SGD(momentum=-0.1).momentum,
            string_momentum=lambda: keras.optimizers.SGD(momentum="0.9"),
            rate=lambda: layers.Dropout(1.5),
            text_rate=lambda: layers.Dropout("0.5"),
            padding=lambda: layers.Conv2D(2, 3, padding="wobbly"),
            data_format=lambda: layers.Conv2D(2, 3, data_format="first"),
            strides=lambda: layers.Conv2D(2, 3, strides=0),
            kernel=lambda: layers.Conv2D(2, 0),
            groups=lambda: layers.Conv2D(3, 3, groups=2),
            dilation=lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2),
            pool=lambda: layers.MaxPooling2D(0),
            heads=lambda: layers.MultiHeadAttention(0, 2),
            merge=lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="most"),
            activation=lambda: layers.Dense(2, activation="wobbly"),
            epsilon=lambda: layers.BatchNormalization(epsilon=-1.0).epsilon,
            smoothing=lambda: keras.losses.BinaryCrossentropy(label_smoothing=2.0).label_smoothing,
            top=lambda: keras.metrics.TopKCategoricalAccuracy(k=0).k,
            thresholds=lambda: keras.metrics.AUC(num_thresholds=1),
            curve=lambda: keras.metrics.AUC(curve="wobbly"),
            clips=lambda: keras.optimizers.SGD(clipnorm=1.0, clipvalue=1.0),
            ema=lambda: keras.optimizers.SGD(use_ema=True, ema_momentum=1.5),
            decay=lambda: keras.optimizers.Adam(weight_decay=-0.1).weight_decay,
            length=lambda: layers.RepeatVector(2.5),
            cropping=lambda: layers.Cropping2D((1, 2, 3)),
            permute=lambda: layers.Permute((0, 1)),
            groups_normal=lambda: layers.GroupNormalization(0).groups,
            tokens=lambda: layers.CategoryEncoding(output_mode="wobbly"),
            noise=lambda: layers.GaussianNoise(-1.0),
        ),
    }


def policies(keras: Any, tf: Any) -> Any:
    dtypes = keras.dtype_policies
    found: dict = {}
    made = {
        "int4": lambda: dtypes.Int4DTypePolicy("int4/128", "float32"),
        "int4 half": lambda: dtypes.Int4DTypePolicy("int4/64", "mixed_bfloat16"),
        "int4 whole": lambda: dtypes.Int4DTypePolicy("int4/-1", "float32"),
        "gptq": lambda: dtypes.GPTQDTypePolicy("gptq/4/128", "float32"),
        "gptq 8": lambda: dtypes.GPTQDTypePolicy("gptq/8/-1", "mixed_float16"),
        "awq": lambda: dtypes.AWQDTypePolicy("awq/4/128", "float32"),
        "by name": lambda: dtypes.get("int4/32_from_float32"),
        "gptq by name": lambda: dtypes.get("gptq/4/64_from_mixed_bfloat16"),
        "awq by name": lambda: dtypes.get("awq/4/-1_from_float32"),
        "int8": lambda: dtypes.get("int8_from_float32"),
        "zero": lambda: dtypes.Int4DTypePolicy("int4/0", "float32"),
        "wrong bits": lambda: dtypes.GPTQDTypePolicy("gptq/5/128", "float32"),
        "wrong awq": lambda: dtypes.AWQDTypePolicy("awq/8/128", "float32"),
        "wrong mode": lambda: dtypes.Int4DTypePolicy("int5/3", "float32"),
        "parts": lambda: dtypes.GPTQDTypePolicy("gptq/4", "float32"),
        "letters": lambda: dtypes.Int4DTypePolicy("int4/ab", "float32"),
        "source": lambda: dtypes.Int4DTypePolicy("int4/128", "float99"),
        "no source": lambda: dtypes.Int4DTypePolicy("int4/128").name,
    }
    for name, make in made.items():
        policy = attempt(make)
        if isinstance(policy, str):
            found[name] = policy
            continue
        again = dtypes.deserialize(dtypes.serialize(policy))
        extra = {k: getattr(policy, k, None) for k in ("block_size", "weight_bits", "group_size", "mode")}
        found[name] = [repr(policy), policy.name, policy.compute_dtype, policy.variable_dtype, policy.quantization_mode]
        found[name] += [policy.get_config(), again == policy, extra]
        found[name].append(dtypes.serialize(policy)["class_name"])
    return found


def settings(keras: Any, tf: Any) -> Any:
    """Configurations of quantization."""
    q = keras.quantizers
    gptq = q.GPTQConfig(dataset=["some text"], tokenizer=len, weight_bits=8, group_size=64)
    awq = q.AWQConfig(dataset=["some text"], tokenizer=len, num_grid_points=5)
    plain = {
        "int8": lambda: q.Int8QuantizationConfig(),
        "int8 weights": lambda: q.Int8QuantizationConfig(activation_quantizer=None),
        "int4": lambda: q.Int4QuantizationConfig(),
        "int4 blocks": lambda: q.Int4QuantizationConfig(block_size=32),
        "float8": lambda: q.Float8QuantizationConfig(),
        "base": lambda: q.QuantizationConfig(),
        "wrong": lambda: q.GPTQConfig(dataset=None, tokenizer=None, weight_bits=5),
        "percent": lambda: q.GPTQConfig(dataset=None, tokenizer=None, hessian_damping=2.0),
        "samples": lambda: q.GPTQConfig(dataset=None, tokenizer=None, num_samples=0),
        "group": lambda: q.GPTQConfig(dataset=None, tokenizer=None, group_size=0),
        "length": lambda: q.AWQConfig(dataset=None, tokenizer=None, sequence_length=-1),
        "awq bits": lambda: q.AWQConfig(dataset=None, tokenizer=None, weight_bits=8),
        "grid": lambda: q.AWQConfig(dataset=None, tokenizer=None, num_grid_points=0),
    }
    found: dict = {}
    for name, make in plain.items():
        config = attempt(make)
        if isinstance(config, str):
            found[name] = config
            continue
        again = attempt(lambda config=config: type(config).from_config(config.get_config()).mode)
        found[name] = [
            attempt(lambda config=config: config.mode),
            config.get_config(),
            again,
            type(config.weight_quantizer).__name__,
            type(config.activation_quantizer).__name__,
        ]
    x = np.random.RandomState(4).standard_normal((8, 3)).astype("float32")
    grouped = {
        str(size): attempt(lambda size=size: list(q.abs_max_quantize_grouped_with_zero_point(x, size, to_numpy=True)))
        for size in (2, 4, 8, 3, -1)
    }
    return {
        **found,
        "gptq": [gptq.mode, gptq.dtype_policy_string(), attempt(lambda: sorted(gptq.get_config())), gptq.group_size],
        "awq": [awq.mode, awq.dtype_policy_string(), attempt(lambda: sorted(awq.get_config())), awq.num_grid_points],
        "grouped": grouped,
        "tensor": list(
            q.abs_max_quantize_grouped_with_zero_point(tf.constant(x), 4, value_range=(-8, 7), dtype="int8")
        ),
        "get": attempts(
            none=lambda: q.get(None),
            config=lambda: q.get({"class_name": "AbsMaxQuantizer", "config": {"axis": [0]}}).axis,
            unknown=lambda: q.get("wobbly"),
            number=lambda: q.get(3),
        ),
    }


def distribution(keras: Any, tf: Any) -> Any:
    """Meshes, layouts and maps of layouts, for one device."""
    d = keras.distribution
    mesh = d.DeviceMesh((1, 1), ["batch", "model"], devices=["cpu:0"])
    layout = d.TensorLayout([None, "model"], mesh)
    layouts = d.LayoutMap(mesh)
    layouts["dense/kernel"] = layout
    layouts["dense.*bias"] = d.TensorLayout(["model"])
    layouts["other"] = ("batch", None)
    parallel = d.DataParallel(device_mesh=d.DeviceMesh((1,), ["batch"], devices=["cpu:0"]))
    variable = keras.Variable(np.ones((4, 2)), name="kernel")
    model = d.ModelParallel(layout_map=layouts, batch_dim_name="batch")

    def facts(one: Any) -> Any:
        return None if one is None else [list(one.axes), one.device_mesh is mesh]

    return {
        "mesh": [list(mesh.shape), list(mesh.axis_names), np.asarray(mesh.devices).tolist(), repr(mesh)],
        "layout": [list(layout.axes), repr(layout) if "0x" not in repr(layout) else None],
        "map": [facts(layouts[k]) for k in ("dense/kernel", "dense_1/bias", "other", "nothing", "my/dense/kernel/x")],
        "keys": [list(layouts), len(layouts), "dense/kernel" in layouts, layouts.device_mesh is mesh],
        "parallel": [list(parallel.get_data_layout((8, 3)).axes), list(parallel.get_variable_layout(variable).axes)],
        "tensor": attempt(lambda: facts(parallel.get_tensor_layout("dense/kernel"))),
        "model": [list(model.get_data_layout((8, 3, 2)).axes), list(model.get_variable_layout(variable).axes)],
        "active": d.distribution() is None,
        "counts": attempts(
            listed=lambda: d.list_devices("cpu")[0],
            several=lambda: isinstance(d.list_devices(), list),
        ),
        "refused": attempts(
            shape=lambda: d.DeviceMesh((2,), ["batch"], devices=["cpu:0"]),
            names=lambda: d.DeviceMesh((1,), ["a", "b"], devices=["cpu:0"]),
            empty=lambda: d.DeviceMesh([], [], devices=["cpu:0"]),
            axis=lambda: d.TensorLayout(["nothing"], mesh),
            twice=lambda: layouts.__setitem__("other", layout),
            kind=lambda: layouts.__setitem__("more", 3),
            parallel=lambda: d.DataParallel(device_mesh=3),
            map_kind=lambda: d.ModelParallel(layout_map={}, batch_dim_name="batch"),
            set_kind=lambda: d.set_distribution(3) or d.set_distribution(None),
        ),
        "again": again_distribution(keras, parallel),
    }


def again_distribution(keras: Any, parallel: Any) -> list:
    """A distribution is on and off again."""
    keras.distribution.set_distribution(parallel)
    on = keras.distribution.distribution() is parallel
    keras.distribution.set_distribution(None)
    with parallel.scope():
        inside = keras.distribution.distribution() is parallel
    return [on, inside, keras.distribution.distribution() is None]


USES = {
    "tensors": "KerasTensor",
    "operations": "Operation Function",
    "variables": "Variable",
    "scopes": "name_scope device remat RematScope StatelessScope SymbolicScope",
    "bases": """Initializer constraints.Constraint Regularizer Loss Metric Optimizer Quantizer metrics.MeanMetricWrapper
optimizers.schedules.LearningRateSchedule losses.Reduction""",
    "layers_of_users": "layers.Layer",
    "settings_read": """config.max_epochs config.set_max_epochs config.max_steps_per_epoch config.set_max_steps_per_epoch
config.is_nnx_enabled config.enable_traceback_filtering config.disable_traceback_filtering
config.is_traceback_filtering_enabled layers.BatchNormalization""",
    "quantized_policies": "dtype_policies.Int4DTypePolicy dtype_policies.GPTQDTypePolicy dtype_policies.AWQDTypePolicy",
    "quantized_settings": """quantizers.AWQConfig quantizers.GPTQConfig quantizers.QuantizationConfig quantizers.get
quantizers.Float8QuantizationConfig quantizers.abs_max_quantize_grouped_with_zero_point""",
    "distribution": """distribution.DeviceMesh distribution.LayoutMap distribution.TensorLayout distribution.DataParallel
distribution.ModelParallel distribution.distribution distribution.set_distribution distribution.list_devices""",
}
PROGRAMS = {
    "tensors": tensors,
    "operations": operations,
    "variables": variables,
    "scopes": scopes,
    "bases": bases,
    "layers_of_users": layers_of_users,
    "settings_read": switches,
    "quantized_policies": policies,
    "quantized_settings": settings,
    "distribution": distribution,
}
