"""Programs with the operations that take functions, or return other things than tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], "float32")
V = np.array([1.0, 2.0, 3.0, 4.0], "float32")


def _failure(function: Any) -> str:
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def cond(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = tf.convert_to_tensor(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.cond(ops.sum(x) > 0, lambda: x * x, lambda: x)
    return [
        y,
        tape.gradient(y, x),
        ops.cond(True, lambda: {"a": x, "b": (x, 1 * x)}, lambda: {"a": -x, "b": (x, x)}),
        ops.cond(tf.constant(False), lambda: ops.ones((2,)), lambda: ops.zeros((2,))),
        ops.cond(pred=ops.any(x > 3), true_fn=lambda: ops.max(x), false_fn=lambda: ops.min(x)),
    ]


def switch(keras: Any, tf: Any) -> Any:
    branches = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y]
    return [keras.ops.switch(index, branches, V, 2.0 * V) for index in (-2, 0, 1, 2, 9)]


def while_loop(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = tf.convert_to_tensor(V)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), (0, x))
    return [
        y,
        tape.gradient(y[1], x),
        ops.while_loop(lambda i: i < 100, lambda i: i * 2, 1),
        ops.while_loop(lambda i: i < 100, lambda i: [i * 2], [tf.constant(1)], maximum_iterations=3),
    ]


def fori_loop(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = tf.convert_to_tensor(V)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.fori_loop(1, 4, lambda i, a: a * x + ops.cast(i, "float32"), x)
    return [
        y,
        tape.gradient(y, x),
        ops.fori_loop(0, 5, lambda i, s: s + i, 0),
        ops.fori_loop(3, 3, lambda i, s: s + 1, V),
    ]


def scan(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = tf.convert_to_tensor(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        last, rows = ops.scan(lambda carry, row: (carry * 0.5 + row, carry * row), ops.ones((3,)), x)
        total = tf.reduce_sum(rows)
    return [
        last,
        rows,
        tape.gradient(total, x),
        ops.scan(lambda c, v: (c + v, c), tf.constant(0.0), V, reverse=True),
        ops.scan(lambda c, v: (c * 2, c), tf.constant(1), xs=None, length=4),
        ops.scan(lambda c, v: ({"a": c["a"] + v["b"]}, {"a": c["a"]}), {"a": tf.constant(0.0)}, {"b": V}),
        ops.scan(lambda c, v: (c + v, c), tf.constant(0.0), V, unroll=True),
    ]


def associative_scan(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    return [
        ops.associative_scan(lambda a, b: a + b, V),
        ops.associative_scan(lambda a, b: a * b, X, axis=1),
        ops.associative_scan(lambda a, b: a + b, V, reverse=True),
        ops.associative_scan(lambda a, b: [a[0] + b[0], a[1] * b[1]], [V, 2 * V]),
        ops.associative_scan(ops.maximum, np.arange(7, dtype="int32")[::-1].copy()),
    ]


def mapped(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    return [
        ops.map(lambda row: ops.sum(row), X),
        ops.map(lambda row: (row * 2, ops.max(row)), X),
        ops.map(lambda pair: pair[0] + pair[1], (V, V * 10)),
        ops.map(lambda d: {"s": d["a"] - d["b"]}, {"a": V, "b": V * 3}),
    ]


def vectorized_map(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    return [
        ops.vectorized_map(lambda row: ops.sum(row * row), X),
        ops.vectorized_map(lambda pair: pair[0] * pair[1], (V, V + 1)),
        ops.vectorized_map(lambda row: ops.matmul(X, row), X),
        ops.vectorized_map(lambda row: (row[0], row[1:]), X),
    ]


def stop_gradient(keras: Any, tf: Any) -> Any:
    x = tf.convert_to_tensor(V)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * keras.ops.stop_gradient(x * x)
    return [y, tape.gradient(y, x)]


def custom_gradient(keras: Any, tf: Any) -> Any:
    ops = keras.ops

    @ops.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = ops.exp(x)

        def grad(*args: Any, upstream: Any = None) -> Any:
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    x = tf.constant([0.0, 100.0, -3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = log1pexp(x)
    return [y, tape.gradient(y, x)]


def jvp(keras: Any, tf: Any) -> Any:
    ops, v = keras.ops, tf.constant(V)
    return [
        ops.jvp(lambda x: ops.sin(x), (v,), (ops.ones(4),)),
        ops.jvp(lambda a, b: a * b + ops.sum(a), (v, 2 * v), (v, v)),
        ops.jvp(lambda x: (x * 3, {"a": x}), (v,), (v,), has_aux=True),
    ]


def decompositions(keras: Any, tf: Any) -> Any:
    """Products that do not depend on the signs of vectors."""
    ops = keras.ops
    a = np.array([[2.0, 0.5, 0.0], [0.1, 3.0, 0.4], [0.0, 0.2, -1.0]], "float32")
    values, vectors = ops.eig(a)
    order = np.argsort(np.asarray(values).real)
    symmetric = a + a.T
    w, v = ops.eigh(symmetric)
    u, s, vh = ops.svd(X)
    fu, fs, fv = ops.svd(X, full_matrices=False)
    q, r = ops.qr(X.T)
    cu, cs = ops.lu_factor(a)
    return {
        "eig": np.asarray(values)[order],
        "eig_shape": list(vectors.shape),
        "eig_dtype": str(np.asarray(vectors).dtype),
        "eigh": [w, ops.matmul(v * w, ops.transpose(v))],
        "svd": [list(u.shape), s, list(vh.shape), ops.matmul(fu * fs, fv)],
        "values": ops.svd(X, compute_uv=False),
        "qr": [ops.matmul(q, r), list(q.shape)],
        "qr_modes": [list(part.shape) for mode in ("reduced", "complete") for part in ops.qr(X.T, mode=mode)],
        "lu": [cu, cs],
        "pinv": ops.pinv(X),
    }


def properties(keras: Any, tf: Any) -> Any:
    """Shapes, dtypes and kinds: no tensors."""
    ops = keras.ops
    variable = keras.Variable(X)
    symbolic = keras.Input((3, 4))
    return {
        "shape": [ops.shape(x) for x in (X, V, np.float32(1), variable, [[1, 2]])] + [ops.shape(symbolic)],
        "size": [ops.size(x) for x in (X, V, variable)],
        "ndim": [int(ops.ndim(x)) for x in (X, V, np.float32(1), variable)],
        "dtype": [ops.dtype(x) for x in (tf.constant(X), tf.constant([1]), tf.constant(True), variable, symbolic)],
        "is_tensor": [ops.is_tensor(x) for x in (X, tf.constant(1), variable, 3, [1], symbolic, None)],
        "empty": [list(ops.empty((2, 3)).shape), str(ops.dtype(ops.empty((2,), dtype="int32")))],
        "empty_like": [list(ops.empty_like(X).shape), ops.dtype(ops.empty_like(X, dtype="float16"))],
        "convert_to_numpy": [
            ops.convert_to_numpy(tf.constant(X)),
            ops.convert_to_numpy(variable),
            ops.convert_to_numpy([1, 2]),
        ],
        "types": [type(ops.convert_to_numpy(tf.constant(1.0))).__name__, type(ops.shape(X)).__name__],
    }


def get_item(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    keys = [
        1,
        (0, 1),
        slice(1, None),
        (slice(None), -1),
        (Ellipsis, 2),
        (None, 0),
        (slice(None, None, 2),),
        (0, slice(2, 0, -1)),
    ]
    t = tf.constant(x)
    return [ops.get_item(t, key) for key in keys] + [t[..., 1:3], t[:, None, 0], ops.get_item(V, 2)]


def rearrange(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    x = np.arange(48, dtype="float32").reshape(2, 3, 8)
    return [
        ops.rearrange(x, "b c w -> b w c"),
        ops.rearrange(x, "b c (h w) -> b h w c", h=2),
        ops.rearrange(x, "b c w -> (b c) w"),
        ops.rearrange(x, "b c (h w) -> (b h) (w c)", w=4),
    ]


def view_as_real(keras: Any, tf: Any) -> Any:
    ops = keras.ops
    z = tf.constant([1.0 + 2.0j, -3.0 + 0.5j], "complex64")
    return [ops.view_as_real(z), ops.view_as_complex(ops.view_as_real(z)), ops.real(z), ops.imag(z)]


def weak_promotion(keras: Any, tf: Any) -> Any:
    """dtypes of sums with Python numbers, and of two half floats in both orders (keras 22821, 22137)."""
    ops = keras.ops
    found = {}
    for dtype in ("float16", "bfloat16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool"):
        x = ops.ones((2,), dtype)
        for number in (1, 1.5):
            for name in ("add", "multiply", "true_divide", "maximum"):
                found[f"{name} {dtype} {number}"] = _dtype_of(keras, name, x, number)
        for other in ("float16", "bfloat16", "int16"):
            found[f"add {dtype} {other}"] = _dtype_of(keras, "add", x, ops.ones((2,), other))
    return found


def _dtype_of(keras: Any, name: str, x: Any, y: Any) -> str:
    try:
        return keras.ops.dtype(getattr(keras.ops, name)(x, y))
    except Exception as error:
        return type(error).__name__


def mask_arguments(keras: Any, tf: Any) -> Any:
    """An argument whose name ends in ``_mask`` is no mask of the layer's (keras 22118)."""

    class Masked(keras.layers.Layer):
        def call(self, x: Any, query_mask: Any = None, mask: Any = None) -> Any:
            out = x * 1.0
            if query_mask is not None:
                out = out * keras.ops.cast(query_mask, "float32")[..., None]
            return out if mask is None else out + keras.ops.cast(mask, "float32")[..., None]

    x = np.ones((1, 3, 2), "float32")
    mask = np.array([[True, False, True]])
    layer = Masked()
    inputs = keras.layers.Masking()(tf.constant([[[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]]))
    return [layer(x), layer(x, query_mask=mask), layer(x, mask=mask), layer(inputs), layer(inputs, query_mask=mask)]


def distributed_masks(keras: Any, tf: Any) -> Any:
    """TimeDistributed hands each step its own part of a mask (keras 22039)."""
    layers = keras.layers
    x = np.array([[[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]], [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]], "float32")
    masked = layers.Masking()(tf.constant(x))
    inner = layers.TimeDistributed(layers.Dense(2, kernel_initializer="ones"))(masked)
    words = layers.TimeDistributed(layers.Embedding(5, 2, embeddings_initializer="ones", mask_zero=True))
    tokens = np.array([[[1, 0], [2, 3]], [[0, 0], [4, 0]]], "int32")
    deep = words(tokens)
    pooled = layers.TimeDistributed(layers.GlobalAveragePooling1D())(deep)
    lstm = layers.LSTM(2, kernel_initializer="ones", recurrent_initializer="ones")(inner)
    return [inner, pooled, lstm, [getattr(inner, "_keras_mask", None) is not None]]


def started_recurrent(keras: Any, tf: Any) -> Any:
    """A mask reaches a recurrent layer unless initial states are given as well; the outputs keep it."""
    layers = keras.layers
    options = {"return_sequences": True, "kernel_initializer": "ones", "recurrent_initializer": "ones"}
    x = np.array([[[1.0], [0.0], [2.0], [0.0]], [[0.0], [0.5], [0.0], [1.0]]], "float32")
    state = np.full((2, 2), 0.3, "float32")
    found: list = []
    for layer, states in ((layers.GRU(2, **options), state), (layers.LSTM(2, **options), [state, state])):
        masked = layers.Masking()(tf.constant(x))
        states = keras.tree.map_structure(tf.constant, states)
        found += [layer(masked), layer(masked, initial_state=states)]
        inputs = [keras.Input((4, 1)), *[keras.Input((2,)) for _ in keras.tree.flatten(states)]]
        given = inputs[1] if len(inputs) == 2 else inputs[1:]
        out = layer(layers.Masking()(inputs[0]), initial_state=given)
        found.append(keras.Model(inputs, out)([tf.constant(x), *keras.tree.flatten(states)]))
    return [*found, [getattr(y, "_keras_mask", None) is not None for y in found]]


def batch_means(keras: Any, tf: Any) -> Any:
    """``test_on_batch`` and ``train_on_batch`` (keras 22617): the first batch's own values, before anything has added up."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.array([[1.0, 2.0], [3.0, -1.0]], "float32")
    y = np.array([[2.0], [1.0]], "float32")
    return [[np.float32(value) for value in model.train_on_batch(x, y)], model.predict_on_batch(x)]


PROGRAMS = {
    "cond": cond,
    "switch": switch,
    "while_loop": while_loop,
    "fori_loop": fori_loop,
    "scan": scan,
    "associative_scan": associative_scan,
    "map": mapped,
    "vectorized_map": vectorized_map,
    "stop_gradient": stop_gradient,
    "custom_gradient": custom_gradient,
    "jvp": jvp,
    "decompositions": decompositions,
    "properties": properties,
    "get_item": get_item,
    "rearrange": rearrange,
    "view_as_real": view_as_real,
    "keras22821-weak_promotion": weak_promotion,
    "keras22118-mask_arguments": mask_arguments,
    "keras22039-distributed_masks": distributed_masks,
    "started_recurrent": started_recurrent,
    "keras22617-batch_means": batch_means,
}
