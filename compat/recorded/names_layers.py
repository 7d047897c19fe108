"""Programs with layers that hold functions or layers, and with the objects that layers are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import dtype_name
from program_help import attempt, attempts

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], "float32")
IMAGE = np.arange(2 * 6 * 5 * 3, dtype="float32").reshape(2, 6, 5, 3)


def double(x: Any, factor: Any = 2.0) -> Any:
    return x * factor


def pair(x: Any) -> Any:
    return [x, x + 1.0]


def shapes(value: Any) -> list:
    """A shape, or a list of them, as lists."""
    return [shapes(item) for item in value] if value and not isinstance(value[0], (int, type(None))) else list(value)


def lambdas(keras: Any, tf: Any) -> Any:
    """Functions of this file by name, with arguments, masks and shapes."""
    layers = keras.layers
    scope = keras.saving.custom_object_scope({"double": double, "pair": pair})
    found: dict = {}
    made = {
        "plain": lambda: layers.Lambda(double, name="plain"),
        "arguments": lambda: layers.Lambda(double, arguments={"factor": 3.0}, name="a"),
        "shape": lambda: layers.Lambda(double, output_shape=(3,), name="b"),
        "shape function": lambda: layers.Lambda(double, output_shape=lambda shape: shape, name="c"),
        "pair": lambda: layers.Lambda(pair, name="d"),
        "mask": lambda: layers.Lambda(double, mask=lambda inputs, mask=None: mask, name="e"),
        "dtype": lambda: layers.Lambda(double, dtype="float64", name="f"),
        "op": lambda: layers.Lambda(keras.ops.square, name="g"),
    }
    for name, make in made.items():
        layer = make()
        inputs = keras.Input((3,), name="x")
        outputs = attempt(lambda layer=layer, inputs=inputs: layer(inputs))
        shown = outputs if isinstance(outputs, (str, list)) else [outputs]
        found[name] = [
            layer(X),
            shown if isinstance(shown, str) else [[list(t.shape), dtype_name(t)] for t in shown],
            attempt(lambda layer=layer: shapes(layer.compute_output_shape((None, 3)))),
            attempt(lambda layer=layer: layer.compute_mask(X, None)),
            [layer.supports_masking, layer.built, layer.trainable, len(layer.weights)],
        ]
    with scope:
        config = layers.Lambda(double, arguments={"factor": 4.0}, name="h").get_config()
        again = layers.Lambda.from_config(config)
        found["again"] = [again(X), again.name, again.arguments, sorted(config)]
    found["refused"] = attempts(
        none=lambda: layers.Lambda(None),
        text=lambda: layers.Lambda("double")(X),
    )
    return found


def input_layers(keras: Any, tf: Any) -> Any:
    layers = keras.layers
    made = [
        {"shape": (3,)},
        {"shape": (3,), "batch_size": 4, "name": "given"},
        {"shape": [None, 2], "dtype": "int32"},
        {"batch_shape": (2, None, 3)},
        {"shape": (), "dtype": "string"},
        {"shape": (3,), "optional": True},
        {"input_shape": (5,)},
        {"batch_input_shape": (2, 5)},
        {"shape": (3,), "sparse": True},
    ]
    found: dict = {}
    for options in made:
        layer = layers.InputLayer(**options)
        config = layer.get_config()
        again = layers.InputLayer.from_config(config)
        output = layer.output
        found[str(options)] = [
            config,
            [list(output.shape), dtype_name(output), output.name],
            layer.name,
            [again.name, list(again.batch_shape), again.optional, again.sparse],
            [layer.built, layer.batch_shape, layer.dtype, len(layer.weights)],
            keras.saving.serialize_keras_object(layer)["class_name"],
        ]
    found["refused"] = attempts(
        nothing=lambda: layers.InputLayer(),
        both=lambda: layers.InputLayer(shape=(3,), batch_shape=(None, 3)),
        size=lambda: layers.InputLayer(batch_size=3, batch_shape=(None, 3)),
        negative=lambda: layers.InputLayer(shape=(-3,)),
        text=lambda: layers.InputLayer(shape="abc"),
        sparse=lambda: layers.InputLayer(shape=(3,), sparse=True, ragged=True),
        call=lambda: layers.InputLayer(shape=(3,)).call(),
    )
    entry = keras.Input((3,), name="entry")
    wrapped = layers.InputLayer(input_tensor=entry, name="wrapped")
    found["tensor"] = [wrapped.output is entry, list(wrapped.batch_shape), wrapped.dtype]
    return found


def pipelines(keras: Any, tf: Any) -> Any:
    """Layers in a row, as augmentation and preprocessing use them."""
    layers = keras.layers
    row = [layers.Rescaling(0.5, name="half"), layers.CenterCrop(4, 3, name="crop")]
    pipeline = layers.Pipeline(row, name="row")
    config = pipeline.get_config()
    again = layers.Pipeline.from_config(config)
    dense = layers.Pipeline([layers.Dense(2, kernel_initializer="ones"), layers.Dropout(0.5)])
    outputs = pipeline(keras.Input((6, 5, 3)))
    facts = [
        pipeline.name,
        [layer.name for layer in pipeline.layers],
        [layer["class_name"] for layer in config["layers"]],
        list(outputs.shape),
        [layer.name for layer in again.layers],
        sorted(config),
        attempt(lambda: list(pipeline.compute_output_shape((None, 6, 5, 3)))),
    ]
    return {
        "facts": facts,
        "call": pipeline(IMAGE),
        "again": again(IMAGE),
        "training": dense(X, training=False),
        "weights": [[w.path.rpartition("/")[2], list(w.shape)] for w in dense.weights],
        "names": attempts(
            default=lambda: layers.Pipeline([]).name,
            wrong=lambda: layers.Pipeline([3])(X),
            images=lambda: layers.Pipeline([layers.RandomFlip(seed=1), layers.Rescaling(2.0)])(IMAGE),
            dictionary=lambda: layers.Pipeline([layers.RandomFlip(seed=1)])({"images": IMAGE}),
        ),
    }


def wrappers(keras: Any, tf: Any) -> Any:
    layers = keras.layers

    class Scaled(layers.Wrapper):
        def call(self, inputs):
            return self.layer(inputs) * 2.0

    def scaled():
        return Scaled(layers.Dense(2, kernel_initializer="ones", name="inner"), name="outer")

    wrapper = scaled()
    outputs = wrapper(X)
    config, used = wrapper.get_config(), wrapper.get_config()
    with keras.saving.custom_object_scope({"Scaled": Scaled}):
        again = Scaled.from_config(used)
        saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(wrapper))
    return {
        "outputs": [outputs, again(X), saved(X)],
        "paths": [w.path for w in wrapper.weights],
        "config": {key: value for key, value in config.items() if key != "layer"},
        "inner": {key: config["layer"][key] for key in ("class_name", "config")},
        "names": [wrapper.layer.name, again.name, saved.layer.name, wrapper.built, wrapper.layer.built],
        "trainable": [len(wrapper.trainable_weights), set_trainable(wrapper)],
        "refused": attempts(
            none=lambda: layers.Wrapper(None),
            text=lambda: layers.Wrapper("dense"),
        ),
    }


def set_trainable(layer: Any) -> int:
    layer.trainable = False
    return len(layer.trainable_weights)


def thresholded(keras: Any, tf: Any) -> Any:
    """Layers that are left from Keras 2."""
    layers = tf.keras.layers
    found = {}
    for theta in (1.0, 0.0, 2.5):
        layer = layers.ThresholdedReLU(theta, name="t")
        found[str(theta)] = [layer(X), plain_config(layer), list(layer.compute_output_shape((None, 3)))]
    found["default"] = [layers.ThresholdedReLU()(X), attempt(lambda: layers.ThresholdedReLU(None))]
    found["negative"] = attempt(lambda: layers.ThresholdedReLU(-1.0))
    return found


def plain_config(layer: Any) -> dict:
    config = layer.get_config()
    return {key: config[key] for key in sorted(config) if key != "dtype"}


def random_sizes(keras: Any, tf: Any) -> Any:
    layers = tf.keras.layers
    found: dict = {}
    for name in ("RandomHeight", "RandomWidth"):
        cls = getattr(layers, name)
        for factor in (0.3, (0.2, 0.2), (-0.5, -0.5), (-0.2, 0.3)):
            layer = cls(factor, seed=3, name="r")
            fixed = isinstance(factor, tuple) and factor[0] == factor[1]
            found[f"{name} {factor}"] = [
                plain_config(layer),
                layer(IMAGE, training=True) if fixed else None,
                layer(IMAGE, training=False),
                attempt(lambda layer=layer: list(layer.compute_output_shape((None, 6, 5, 3)))),
                attempt(lambda layer=layer: list(layer(keras.Input((6, 5, 3))).shape)),
            ]
        found[f"{name} nearest"] = cls((0.5, 0.5), interpolation="nearest")(IMAGE[0], training=True)
        found[f"{name} refused"] = attempts(
            low=lambda cls=cls: cls(-1.5),
            below=lambda cls=cls: cls((-1.5, 0.2)),
            order=lambda cls=cls: cls((0.4, 0.2)),
            mode=lambda cls=cls: cls(0.3, interpolation="wobbly"),
        )
    return found


def vectorized(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    table = np.arange(12.0).reshape(4, 3).astype("float32")
    return attempts(  # Keras on TensorFlow refuses what has leading axes to broadcast
        plain=lambda: ops.vectorize(lambda x: x * 2.0)(np.float32(3.0)),
        two=lambda: ops.vectorize(lambda x, y: x + y)(np.float32(1.0), np.float32(2.0)),
        sums=lambda: ops.vectorize(ops.sum, signature="(n)->()")(table[0]),
        dots=lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(table[1], table[0]),
        products=lambda: ops.vectorize(ops.matmul, signature="(m,n),(n)->(m)")(table, table[0]),
        outer=lambda: ops.vectorize(lambda x, y: x[:, None] * y, signature="(m),(n)->(m,n)")(table[0], table[0, :2]),
        several=lambda: list(ops.vectorize(lambda x: (ops.max(x), ops.min(x)), signature="(n)->(),()")(table[2])),
        wrong_rank=lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(table[0], np.float32(1.0)),
        wrong_signature=lambda: ops.vectorize(ops.sum, signature="n->")(table),
        wrong_count=lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(table),
        wrong_sizes=lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(table, table[:, :2]),
        no_function=lambda: ops.vectorize(3)(table),
    )


def sparsemaxes(keras: Any, tf: Any) -> Any:
    """Where Keras's own sum is one: the support is a single class."""
    rows = np.array([[0.1, 2.2, 0.15], [5.0, 0.0, 1.0], [0.3, -0.9, -2.3]], "float32")
    found: dict = {}
    for name, function in (("ops", keras.ops.sparsemax), ("activations", keras.activations.sparsemax)):
        found[name] = [function(rows), function(rows.astype("float64")), function(rows[0])]
    found["layer"] = keras.layers.Activation("sparsemax")(rows)
    return found


def specs(keras: Any, tf: Any) -> Any:
    spec = keras.layers.InputSpec
    made = [
        {},
        {"shape": (None, 3)},
        {"ndim": 2, "dtype": "float32"},
        {"min_ndim": 2, "max_ndim": 4},
        {"axes": {-1: 3, 1: None}},
        {"shape": (2, 3), "allow_last_axis_squeeze": True, "name": "x", "optional": True},
        {"shape": (None, 3), "ndim": 5},
    ]
    found: dict = {}
    for options in made:
        one = spec(**options)
        config = one.get_config()
        again = spec.from_config(config)
        found[str(options)] = [
            repr(one),
            {str(k): v for k, v in config.items()},
            [one.shape, one.ndim, one.dtype, one.min_ndim, one.max_ndim, one.optional, one.allow_last_axis_squeeze],
            repr(again),
        ]

    class Checked(keras.layers.Layer):
        def __init__(self, spec):
            super().__init__()
            self.input_spec = spec

        def call(self, x):
            return x

    inputs = {"row": X, "vector": X[0], "integers": X.astype("int32"), "image": IMAGE}
    options = [{"ndim": 2}, {"min_ndim": 2}, {"max_ndim": 2}, {"axes": {-1: 3}}, {"shape": (None, 3)}, {"axes": {1: 4}}]
    options += [{"dtype": "int32"}, {"shape": (2, 3, 1), "allow_last_axis_squeeze": True}, {"shape": (None, None)}]
    for choice in options:
        layer = Checked(spec(**choice))
        found[f"checked {choice}"] = {
            name: attempt(lambda layer=layer, value=value: list(layer(value).shape)) for name, value in inputs.items()
        }
    found["refused"] = attempts(
        axes=lambda: spec(axes={"a": 3}),
        low=lambda: spec(ndim=2, axes={2: 3}),
        max_ndim=lambda: spec(max_ndim=1, axes={3: 1}),
    )
    found["same"] = keras.InputSpec is keras.layers.InputSpec
    return found


USES = {
    "lambdas": "layers.Lambda",
    "input_layers": "layers.InputLayer",
    "pipelines": "layers.Pipeline",
    "wrappers": "layers.Wrapper",
    "thresholded": "layers.ThresholdedReLU",
    "random_sizes": "layers.RandomHeight layers.RandomWidth",
    "vectorized": "ops.vectorize",
    "sparsemaxes": "ops.sparsemax activations.sparsemax",
    "specs": "InputSpec",
}
PROGRAMS = {name: globals()[name] for name in USES}
