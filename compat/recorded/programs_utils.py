"""Programs with keras.tree, keras.utils, keras.config, lookups of objects by name, merges, preprocessing layers."""

from __future__ import annotations

from typing import Any

import numpy as np

NEST = {"b": [1, (2, 3)], "a": {"d": 4, "c": None}}
X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], "float32")


def failure(function: Any) -> str:
    """The name of the class of the error that a call raises."""
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def flatten(keras: Any, tf: Any) -> Any:
    tree = keras.tree
    return [
        tree.flatten(NEST),
        [[list(path), leaf] for path, leaf in tree.flatten_with_path(NEST)],
        tree.flatten([]),
        tree.flatten(5),
        tree.flatten("text"),
        tree.flatten(None),
        [tree.is_nested(x) for x in (NEST, [], (), 1, "a", None, {})],
    ]


def map_structure(keras: Any, tf: Any) -> Any:
    tree = keras.tree
    return [
        tree.map_structure(lambda x: x if x is None else x * 2, NEST),
        tree.map_structure(lambda x, y: x + y, [1, (2,)], [10, (20,)]),
        tree.map_structure_up_to([0, 0], lambda x: len(x), [[1, 2], [3]]),
        tree.map_structure_up_to({"a": 0}, lambda x, y: [x, y], {"a": [1]}, {"a": [2]}),
        tree.map_shape_structure(lambda shape: list(shape), {"a": (1, 2), "b": [(3,), (None, 4)]}),
        failure(lambda: tree.map_structure(lambda x, y: x, [1, 2], [1])),
        failure(lambda: tree.map_structure(lambda x, y: x, [1], {"a": 1})),
        failure(lambda: tree.map_structure(lambda x, y: x, [1], (1,))),
    ]


def pack(keras: Any, tf: Any) -> Any:
    tree = keras.tree
    return [
        tree.pack_sequence_as(NEST, [10, 20, 30, 40, 50]),
        tree.pack_sequence_as((1, [2]), ["a", "b"]),
        failure(lambda: tree.pack_sequence_as([1, 2], [1])),
        tree.lists_to_tuples({"a": [1, [2, 3]], "b": (4, [5])}),
    ]


def traverse(keras: Any, tf: Any) -> Any:
    tree = keras.tree
    seen: list = []

    def visit(node: Any) -> Any:
        seen.append(str(node))
        return "cut" if isinstance(node, tuple) else None

    changed = tree.traverse(visit, {"b": [1, (2, 3)], "a": 4})
    above = list(seen)
    seen.clear()
    tree.traverse(lambda node: seen.append(str(node)), [1, [2, (3,)]], top_down=False)
    none = tree.traverse(lambda node: tree.MAP_TO_NONE if node == 1 else None, [1, 2])
    return [changed, above, list(seen), none]


def same(keras: Any, tf: Any) -> Any:
    tree = keras.tree
    pairs = [
        ([1, 2], [3, 4]),
        ([1, 2], (1, 2)),
        ([1], [[1]]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        (1, [1]),
        ([], []),
    ]
    return [
        [failure(lambda a=a, b=b: tree.assert_same_structure(a, b)) for a, b in pairs],
        [failure(lambda a=a, b=b: tree.assert_same_paths(a, b)) for a, b in pairs],
    ]


def normalize(keras: Any, tf: Any) -> Any:
    zero = np.array([[0.0, 0.0], [3.0, 4.0]])
    normal = keras.utils.normalize
    return [normal(X), normal(X.T, order=1), normal(zero), normal(zero.astype("float32"), axis=1), normal([1.0, 2.0])]


def to_categorical(keras: Any, tf: Any) -> Any:
    to = keras.utils.to_categorical
    made = [
        to([0, 2, 1]),
        to(np.array([[1], [0]])),
        to([0, 1], num_classes=4),
        to(np.array([[0, 1], [2, 2]])),
        to(tf.constant([1, 0]), 3),
    ]
    return [*made, failure(lambda: to([0, 5], num_classes=3))]


def pad_sequences(keras: Any, tf: Any) -> Any:
    pad = keras.utils.pad_sequences
    rows = [[1, 2, 3], [4], [], [5, 6, 7, 8]]
    return [
        pad(rows),
        pad(rows, maxlen=2),
        pad(rows, maxlen=3, padding="post", truncating="post", value=-1),
        pad(rows, maxlen=5, dtype="float32", value=0.5),
        pad([[[1, 2]], [[3, 4], [5, 6]]], maxlen=2),
        pad([["a"], ["b", "c"]], dtype=object, value="pad").tolist(),
        failure(lambda: pad([1, 2])),
        failure(lambda: pad(rows, padding="middle")),
    ]


def packing(keras: Any, tf: Any) -> Any:
    utils = keras.utils
    return [
        [type(utils.pack_x_y_sample_weight(1)).__name__, utils.pack_x_y_sample_weight([1, 2])],
        utils.pack_x_y_sample_weight(1, 2),
        utils.pack_x_y_sample_weight(1, None, 3),
        utils.pack_x_y_sample_weight((1, 2), 3, 4),
        utils.unpack_x_y_sample_weight(1),
        utils.unpack_x_y_sample_weight((1,)),
        utils.unpack_x_y_sample_weight((1, 2)),
        utils.unpack_x_y_sample_weight((1, 2, 3)),
        failure(lambda: utils.unpack_x_y_sample_weight((1, 2, 3, 4))),
    ]


def split_dataset(keras: Any, tf: Any) -> Any:
    split = keras.utils.split_dataset

    def rows(dataset: Any) -> list:
        return [keras.tree.map_structure(lambda x: np.asarray(x).tolist(), row) for row in dataset]

    x = np.arange(10)
    found = []
    for sizes in ({"left_size": 0.7}, {"right_size": 3}, {"left_size": 2, "right_size": 5}, {"left_size": 0.33}):
        found.append([rows(part) for part in split(x, **sizes)])
    found.append([rows(part) for part in split((x, x * 2), left_size=4)])
    found.append([rows(part) for part in split(x, left_size=6, shuffle=True, seed=5)])
    found.append([rows(part) for part in split(tf.data.Dataset.from_tensor_slices(x), right_size=0.2)])
    return [
        *found,
        failure(lambda: split(x)),
        failure(lambda: split(x, left_size=11)),
        failure(lambda: split(x, left_size=-1)),
    ]


def timeseries(keras: Any, tf: Any) -> Any:
    make = keras.utils.timeseries_dataset_from_array
    data = np.arange(20, dtype="float32").reshape(10, 2)
    calls = [
        dict(sequence_length=3, batch_size=4),
        dict(sequence_length=2, sequence_stride=2, sampling_rate=3, batch_size=2),
        dict(sequence_length=3, shuffle=True, seed=3, batch_size=4),
        dict(sequence_length=3, start_index=2, end_index=8, batch_size=None),
    ]
    found = [[keras.tree.map_structure(np.asarray, batch) for batch in make(data, None, **call)] for call in calls]
    pairs = make(data, np.arange(10), sequence_length=4, batch_size=3)
    return [*found, [keras.tree.map_structure(np.asarray, batch) for batch in pairs]]


def small_utils(keras: Any, tf: Any) -> Any:
    utils = keras.utils

    @utils.register_keras_serializable(package="recorded", name="Thing")
    class Thing:
        def get_config(self) -> dict:
            return {"a": 1}

        @classmethod
        def from_config(cls, config: dict) -> Any:
            return cls()

    thing = keras.saving.serialize_keras_object(Thing())
    dtypes = ["float32", np.float16, tf.int32, bool, int, float, np.dtype("int64"), "bfloat16", str]
    return {
        "registered": [utils.get_registered_name(Thing), utils.get_registered_object("recorded>Thing") is Thing],
        "plain_name": utils.get_registered_name(dict),
        "serialized": {key: thing[key] for key in ("class_name", "config", "registered_name")},
        "again": type(keras.saving.deserialize_keras_object(thing)).__name__,
        "dtypes": [keras.utils.standardize_dtype(dtype) for dtype in dtypes],
        "default": keras.utils.standardize_dtype(None),
        "bad": failure(lambda: keras.utils.standardize_dtype("float31")),
        "keras_tensor": [utils.is_keras_tensor(x) for x in (keras.Input((2,)), tf.constant(1.0), X)],
        "values": [keras.saving.serialize_keras_object(v) for v in (1, 2.5, "a", None, True, [1, (2,)], {"a": 3})],
        "array": keras.saving.serialize_keras_object(np.array([1.0, 2.0], "float32")),
    }


def config(keras: Any, tf: Any) -> Any:
    """The settings, each put back."""
    settings = keras.config
    before = [settings.floatx(), settings.epsilon(), settings.image_data_format()]
    changes = []
    try:
        settings.set_floatx("float64")
        changes.append([settings.floatx(), keras.ops.dtype(keras.ops.ones((1,))), keras.layers.Dense(1).dtype])
        settings.set_epsilon(1e-3)
        changes.append([settings.epsilon(), keras.layers.LeakyReLU().compute_dtype])
        settings.set_image_data_format("channels_first")
        changes.append([settings.image_data_format(), keras.layers.Conv2D(1, 1).data_format])
    finally:
        settings.set_floatx("float32")
        settings.set_epsilon(1e-7)
        settings.set_image_data_format("channels_last")
        settings.set_dtype_policy("float32")
    bad = [lambda: settings.set_floatx("int8"), lambda: settings.set_image_data_format("middle")]
    return [
        before,
        changes,
        [failure(call) for call in bad],
        settings.dtype_policy().name,
        str(keras.version()).count("."),
    ]


def switches(keras: Any, tf: Any) -> Any:
    settings = keras.config
    found = []
    for pair in (
        ("disable_flash_attention", "enable_flash_attention"),
        ("disable_interactive_logging", "enable_interactive_logging"),
    ):
        state = getattr(settings, "is_" + pair[0].removeprefix("disable_") + "_enabled")
        getattr(settings, pair[0])()
        found.append(state())
        getattr(settings, pair[1])()
        found.append(state())
    return found


def policies(keras: Any, tf: Any) -> Any:
    policies = keras.dtype_policies
    rows = {}
    for name in (
        "float32",
        "float64",
        "mixed_float16",
        "mixed_bfloat16",
        "float16",
        "int8_from_float32",
        "float8_from_float32",
    ):
        policy = policies.get(name)
        rows[name] = [type(policy).__name__, policy.compute_dtype, policy.variable_dtype, policies.serialize(policy)]
        rows[f"{name} again"] = policies.deserialize(policies.serialize(policy)) == policy
    mapped = policies.DTypePolicyMap(default_policy="float32")
    mapped["encoder/.*"] = policies.DTypePolicy("bfloat16")
    mapped["head"] = policies.FloatDTypePolicy("float16")
    found = [mapped[key].name for key in ("encoder/dense", "head", "tail")]
    made = keras.dtype_policies.DTypePolicyMap.from_config(mapped.get_config())
    bad = [failure(lambda name=name: policies.DTypePolicy(name)) for name in ("mixed_float8", "abc", 5)]
    return [rows, found, len(made), bad]


def by_name(keras: Any, tf: Any) -> Any:
    """``get``, ``serialize`` and ``deserialize`` of every module that has them."""
    names = {
        "activations": ["relu", "softmax", "gelu", "swish", "linear", "hard_silu", "leaky_relu"],
        "initializers": ["glorot_uniform", "zeros", "HeNormal", "orthogonal", "identity"],
        "regularizers": ["l1", "l2", "L1L2", "OrthogonalRegularizer"],
        "constraints": ["max_norm", "non_neg", "unit_norm", "MinMaxNorm"],
        "losses": ["mse", "binary_crossentropy", "Huber", "sparse_categorical_crossentropy", "kld"],
        "metrics": ["mae", "AUC", "categorical_accuracy", "Precision", "MSE"],
        "optimizers": ["adam", "SGD", "rmsprop", "Lion"],
        "layers": [],
    }
    rows = {}
    for module, members in names.items():
        owner = getattr(keras, module)
        for name in members:
            found = owner.get(name)
            data = owner.serialize(found)
            if module == "optimizers":
                data["class_name"] = data["class_name"].lower()  # Keras keeps the spelling that it was given
            again = owner.deserialize(data) if not (module == "metrics" and isinstance(data, str)) else found
            rows[f"{module}/{name}"] = [
                getattr(found, "__name__", type(found).__name__),
                _text(data),
                type(again) is type(found),
            ]
        if members:
            none = failure(lambda owner=owner: owner.get(None))
            rows[module] = [
                none,
                failure(lambda owner=owner: owner.get("no such thing")),
                failure(lambda owner=owner: owner.get(3)),
            ]
    layer = keras.layers.Dense(2, name="d")
    rows["layer"] = _text(keras.layers.serialize(layer))
    rows["again"] = keras.layers.deserialize(keras.layers.serialize(layer)).units
    rate = keras.optimizers.schedules.CosineDecay(0.1, 5)
    rows["schedule"] = keras.optimizers.schedules.serialize(rate)
    rows["rate"] = keras.optimizers.schedules.deserialize(rows["schedule"])(3)
    return rows


def _text(data: Any) -> Any:
    """A configuration without what names a build."""
    return {k: v for k, v in data.items() if k != "build_config"} if isinstance(data, dict) else data


def merges(keras: Any, tf: Any) -> Any:
    layers = keras.layers
    a, b = tf.constant(X), tf.constant(X[:, ::-1].copy())
    rows = {
        name: getattr(layers, name)([a, b]) for name in ("add", "subtract", "multiply", "average", "maximum", "minimum")
    }
    rows |= {"concatenate": layers.concatenate([a, b], axis=0), "dot": layers.dot([a, b], axes=1, normalize=True)}
    inputs = [keras.Input((3,)), keras.Input((3,))]
    model = keras.Model(inputs, layers.concatenate([layers.add(inputs), layers.dot(inputs, axes=1)]))
    return [rows, model([a, b])]


def lookups(keras: Any, tf: Any) -> Any:
    layers = keras.layers
    words = np.array([["a", "b"], ["c", "zz"]])
    found: dict = {}
    for mode in ("int", "multi_hot", "one_hot", "count"):
        layer = layers.StringLookup(vocabulary=["a", "b", "c"], output_mode=mode, num_oov_indices=1)
        found[f"string {mode}"] = layer(words if mode != "one_hot" else words[:, 0])
    inverse = layers.StringLookup(vocabulary=["a", "b"], invert=True)
    found["inverse"] = [[text.decode() for text in row] for row in np.asarray(inverse(np.array([[1, 2, 0]]))).tolist()]
    layer = layers.StringLookup(mask_token="", num_oov_indices=2)
    layer.adapt(["x", "y", "x", "z", "x", "y"])
    found["adapted"] = [layer.get_vocabulary(), layer.vocabulary_size(), layer(["x", "z", "q", "", "w"])]
    numbers = layers.IntegerLookup(vocabulary=[10, 20, 30], num_oov_indices=1)
    found["integers"] = [numbers(np.array([[10, 30], [7, 20]])), [int(x) for x in numbers.get_vocabulary()]]
    numbers = layers.IntegerLookup(max_tokens=3)
    numbers.adapt(np.array([5, 5, 7, 7, 7, 9]))
    found["integers adapted"] = [[int(x) for x in numbers.get_vocabulary()], numbers(np.array([5, 7, 9, 1]))]
    return found


def text(keras: Any, tf: Any) -> Any:
    layers = keras.layers
    lines = ["The cat, the dog!", "a DOG ran", ""]
    found: dict = {}
    for options in (
        {},
        {"output_sequence_length": 3},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "ngrams": 2},
        {"split": "character", "max_tokens": 9},
        {"standardize": "lower"},
        {"standardize": None, "split": None},
        {"output_mode": "tf_idf"},
    ):
        layer = layers.TextVectorization(**options)
        layer.adapt(lines)
        found[str(options)] = [layer.get_vocabulary(), layer(lines)]
    return found


def features(keras: Any, tf: Any) -> Any:
    layers = keras.layers
    found: dict = {}
    for mode in ("one_hot", "multi_hot", "count"):
        found[f"encoding {mode}"] = layers.CategoryEncoding(num_tokens=4, output_mode=mode)(np.array([[3], [0]]))
    found["weights"] = layers.CategoryEncoding(4, "count")(
        np.array([[0, 1], [2, 2]]), count_weights=np.array([[0.5, 2.0], [1.0, 1.5]])
    )
    found["hashing"] = [
        layers.Hashing(num_bins=5)(np.array([["a"], ["b"], ["hello"]])),
        layers.Hashing(num_bins=7, salt=13)(np.array([["a"], ["b"]])),
        layers.Hashing(num_bins=7, salt=[3, 4])(np.array([["a"], ["b"]])),
        layers.Hashing(num_bins=6)(np.array([[1], [20], [-3]])),
        layers.Hashing(num_bins=4, mask_value="")(np.array([["x"], [""]])),
        layers.Hashing(num_bins=4, output_mode="multi_hot")(np.array([["x", "y"]])),
    ]
    pair = (np.array(["A", "B", "A"]), np.array([101, 101, 102]))
    found["crossing"] = [
        layers.HashedCrossing(num_bins=5)(pair),
        layers.HashedCrossing(num_bins=5, output_mode="one_hot")(pair),
    ]
    data = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, -5.0]], "float32")
    found["bins"] = [
        layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0], output_mode=m)(data)
        for m in ("int", "multi_hot", "count")
    ]
    adapted = layers.Discretization(num_bins=4, epsilon=0.01)
    adapted.adapt(np.random.RandomState(1).standard_normal((200,)).astype("float32"))
    found["adapted bins"] = [np.array(adapted.bin_boundaries, "float32"), adapted(data)]
    for axis in (-1, None, 0):
        layer = layers.Normalization(axis=axis)
        layer.adapt(data)
        found[f"normalization {axis}"] = [layer(data), layer.mean, layer.variance]
    layer = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.0], invert=True)
    found["inverse"] = layer(data[:, :2])
    return found


def spectrogram(keras: Any, tf: Any) -> Any:
    wave = (
        np.sin(np.arange(600, dtype="float32") * 0.1)
        + np.random.RandomState(0).standard_normal(600).astype("float32") * 0.1
    )
    options = {"fft_length": 128, "sequence_stride": 64, "sampling_rate": 1000, "num_mel_bins": 8, "max_freq": 480}
    mel = keras.layers.MelSpectrogram(**options)
    plain = keras.layers.MelSpectrogram(**options, power_to_db=False, mag_exp=1.0)
    return [mel(wave[None]), plain(wave), list(mel.compute_output_shape((None, 600)))]


def quantizers(keras: Any, tf: Any) -> Any:
    q = keras.quantizers
    x = np.random.RandomState(2).standard_normal((4, 6)).astype("float32")
    small = np.random.RandomState(3).randint(-8, 8, (5, 3)).astype("int8")
    packed, shape, count = q.pack_int4(small, axis=0)
    amax = np.array([3.0, 2.0, 0.5], "float32")
    return {
        "abs_max": q.abs_max_quantize(x, axis=0),
        "whole": q.abs_max_quantize(x, axis=-1, value_range=(-8, 7), dtype="int8"),
        "to_numpy": q.abs_max_quantize(x, axis=(0, 1), to_numpy=True),
        "layer": q.AbsMaxQuantizer(axis=-1)(x),
        "config": q.serialize(q.AbsMaxQuantizer(axis=-1)),
        "again": q.deserialize(q.serialize(q.AbsMaxQuantizer(axis=0))).axis,
        "packed": [packed, list(shape), int(count), q.unpack_int4(packed, 5, axis=0)],
        "fake": [
            q.fake_quant_with_min_max_vars(x, -1.5, 1.0, num_bits=4),
            q.fake_quant_with_min_max_vars(x, -1.0, 2.0, narrow_range=True),
        ],
        "float8": [q.compute_float8_scale(amax, np.ones(3, "float32"), 448.0), q.compute_float8_amax_history(x, amax)],
        "back": q.quantize_and_dequantize(x, np.float32(0.5), "float8_e4m3fn", "float32"),
    }


def clones(keras: Any, tf: Any) -> Any:
    """``clone_model``, JSON, submodels."""
    inputs = keras.Input((3,), name="in")
    model = keras.Model(
        inputs, keras.layers.Dense(2, name="out")(keras.layers.Dense(4, name="hidden")(inputs)), name="m"
    )
    copy = keras.models.clone_model(model)
    again = keras.models.model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    again.set_weights(model.get_weights())
    part = keras.Model(model.input, model.get_layer("hidden").output)
    facts = [[layer.name for layer in m.layers] for m in (model, copy, again, part)]
    sources = [t.name for t in keras.utils.get_source_inputs(model.output)]
    return [facts, copy(X), again(X), part(X), sources, model.count_params()]


def clips(keras: Any, tf: Any) -> Any:
    """Bounding boxes cut off at an image's edges."""
    boxes = {
        "boxes": np.array([[[-5.0, 2.0, 8.0, 20.0], [1.0, 1.0, 3.0, 4.0]]], "float32"),
        "labels": np.array([[1, 2]]),
    }
    clip = keras.utils.bounding_boxes.clip_to_image_size
    return clip(boxes, height=10, width=6, bounding_box_format="xyxy")


def images(keras: Any, tf: Any) -> Any:
    """Arrays to images and back, and a smart resize."""
    array = np.random.RandomState(0).randint(0, 256, (5, 4, 3)).astype("uint8")
    image = keras.utils.array_to_img(array, scale=False)
    scaled = keras.utils.array_to_img(array.astype("float32") / 300 - 0.2)
    return [
        [image.size, image.mode],
        keras.utils.img_to_array(image),
        keras.utils.img_to_array(scaled, dtype="float32"),
        keras.utils.img_to_array(image, data_format="channels_first"),
        keras.preprocessing.image.smart_resize(array.astype("float32"), (3, 3)),
    ]


def sequences(keras: Any, tf: Any) -> Any:
    return [keras.preprocessing.sequence.pad_sequences([[1], [2, 3]], maxlen=3)]


PROGRAMS = {
    "tree.flatten": flatten,
    "tree.map_structure": map_structure,
    "tree.pack": pack,
    "tree.traverse": traverse,
    "tree.same": same,
    "keras23093-normalize": normalize,
    "to_categorical": to_categorical,
    "pad_sequences": pad_sequences,
    "packing": packing,
    "split_dataset": split_dataset,
    "timeseries": timeseries,
    "small_utils": small_utils,
    "config": config,
    "switches": switches,
    "policies": policies,
    "by_name": by_name,
    "merges": merges,
    "lookups": lookups,
    "text": text,
    "features": features,
    "spectrogram": spectrogram,
    "quantizers": quantizers,
    "clones": clones,
    "clips": clips,
    "images": images,
    "sequences": sequences,
}
