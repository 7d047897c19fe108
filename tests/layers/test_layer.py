"""The base class: weights, building, modes, losses, dtypes, configurations."""

import numpy as np
import pytest
import torch

from kerasish import DTypePolicy, Model, Sequential, Variable, layers, ops, regularizers, tf
from kerasish.layers import Add, Dense, Dropout, Embedding, Input, Layer

X = np.random.default_rng(0).random((4, 3), dtype="float32")


class Linear(Layer):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b", trainable=False)

    def call(self, x):
        return ops.matmul(x, self.w) + self.b


def test_properties_before_and_after_the_first_call():
    layer = Dense(2, name="d")
    assert (layer.name, layer.trainable, layer.built, layer.weights, layer.losses) == ("d", True, False, [], [])
    assert (layer.dtype, layer.compute_dtype, layer.supports_masking) == ("float32", "float32", True)
    with pytest.raises(AttributeError, match="never been called"):
        layer.output_shape  # noqa: B018
    layer(X)
    assert layer.built and layer.input_shape == (None, 3) and layer.output_shape == (None, 2)
    assert [w.path for w in layer.weights] == ["d/kernel", "d/bias"] and layer.count_params() == 8


@pytest.mark.parametrize(
    "data", [X, X.tolist(), X.astype("float64"), torch.tensor(X), tf.constant(X), Variable(X)],
    ids=["array", "list", "float64", "torch", "tf", "variable"],
)  # fmt: skip
def test_kinds_of_inputs(data):
    outputs = Linear()(data)
    assert isinstance(outputs, torch.Tensor) == isinstance(data, torch.Tensor)
    np.testing.assert_allclose(np.asarray(outputs.detach() if isinstance(data, torch.Tensor) else outputs),
                               np.repeat(X.sum(1, keepdims=True), 2, 1), rtol=1e-6)  # fmt: skip
    assert Linear()(Input((3,))).shape == (None, 2)


def test_add_weight_in_both_orders_of_arguments():
    layer = Layer()
    old = layer.add_weight("a", (2, 3), "float32", "ones")
    new = layer.add_weight((2, 3), "ones", "float64", False)
    default = layer.add_weight()
    assert old.name == "a" and old.trainable and old.dtype == "float32" and not new.trainable and new.dtype == "float64"
    assert default.shape == () and layer.add_weight(shape=[2, 3]).shape == (2, 3)
    assert layer.add_weight(shape=(2,), dtype="int32", trainable=False).numpy().tolist() == [0, 0]
    with pytest.raises(TypeError, match="unexpected"):
        layer.add_weight(nothing=1)


def test_add_weight_with_regularizer_and_constraint():
    layer = Layer()
    weight = layer.add_weight(shape=(2,), initializer="ones", regularizer="l2", constraint="non_neg", name="w")
    np.testing.assert_allclose(layer.losses, [0.02], rtol=1e-6)
    np.testing.assert_array_equal(weight.constraint(np.array([-1.0, 2.0])), [0, 2])


def modes():
    class Unset(Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Off(Layer):
        def call(self, x, training=False):
            seen.append(training)
            return x

    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.unset, self.off = Unset(), Off()

        def call(self, x):
            return self.unset(self.off(self.unset(x, training=False)))

    seen = []
    return Unset(), Off(), Outer(), seen


def test_training_is_given_inherited_or_the_default():
    unset, off, outer, seen = modes()
    for call in (unset, off):
        call(X), call(X, training=True)
    outer(X), outer(X, training=True)
    assert seen == [None, True, False, True, False, False, None, False, True, True]


def test_train_is_torchs_switch():
    layer = Dropout(0.5)
    assert not (np.asarray(layer(np.ones((50, 3)))) == 0).any()
    layer.train()
    assert (np.asarray(layer(np.ones((50, 3)))) == 0).any()
    assert not (np.asarray(layer(np.ones((50, 3)), training=False)) == 0).any()


@pytest.mark.parametrize(
    ("error", "words", "use"),
    [
        (ValueError, "Unrecognized keyword arguments", lambda: Layer(foo=3)),
        (ValueError, "Unrecognized keyword arguments", lambda: Dense(2, foo=3)),
        (ValueError, "cannot contain character", lambda: Dense(2, name="a/b")),
        (NotImplementedError, "call", lambda: Layer()(X)),
        (ValueError, "isn't built", lambda: Dense(2).count_params()),
        (TypeError, "missing a required argument", lambda: Dense(2)()),
        (ValueError, "expected min_ndim=2, found ndim=1", lambda: Dense(2)(np.ones(3))),
        (AttributeError, "never been called", lambda: Dense(2).output),
        (TypeError, "deserializing class 'Dense'", lambda: Dense.from_config({"units": 2, "foo": 3})),
    ],
)  # fmt: skip
def test_wrong_use(error, words, use):
    with pytest.raises(error, match=words):
        use()


def test_a_forgotten_super_init_is_named():
    class Mine(Layer):
        def __init__(self):
            self.dense = Dense(2)

        def call(self, x):
            return self.dense(x)

    with pytest.raises(RuntimeError, match="super"):
        Mine()(X)


def test_a_property_that_fails_keeps_its_message():
    class Mine(Layer):
        @property
        def broken(self):
            raise AttributeError("the disk is full")

    with pytest.raises(AttributeError, match="the disk is full"):
        Mine().broken  # noqa: B018


def test_a_wrong_width_names_layer_and_shapes():
    layer = Dense(2, name="d")
    layer(X)
    with pytest.raises(ValueError, match=r"layer 'd'.*expected axis -1.*value 3.*\(2, 5\)"):
        layer(np.ones((2, 5)))


def test_several_inputs_by_position_and_name():
    class Mine(Layer):
        def build(self, a_shape, b_shape):
            self.shapes = tuple(a_shape), tuple(b_shape)

        def call(self, a, b):
            return a + b

    layer, other = Mine(), Mine()
    np.testing.assert_allclose(layer(X, b=X[:1]), X + X[:1])
    np.testing.assert_allclose(other(a=X, b=X), 2 * X)
    assert layer.shapes == ((4, 3), (1, 3)) and other.built


def test_nested_inputs_and_outputs():
    class Mine(Layer):
        def call(self, data):
            first, (second, third) = data["a"], data["b"]
            return {"sum": first + second, "rest": [third, (ops.sum(first, axis=-1),)]}

    tensors = {"a": X, "b": [X, X]}
    outputs = Mine()(tensors)
    assert outputs["rest"][1][0].shape == (4,)
    symbolic = Mine()({"a": Input((3,)), "b": [Input((3,)), Input((3,))]})
    assert symbolic["sum"].shape == (None, 3) and symbolic["rest"][1][0].shape == (None,)


def test_a_list_of_arrays_is_several_inputs():
    np.testing.assert_allclose(Add()([X, X]), 2 * X)


def test_losses_are_those_of_the_last_call():
    class Penalty(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(2, kernel_initializer="ones", kernel_regularizer=regularizers.L1(0.01))

        def call(self, x):
            self.add_loss(ops.sum(x))
            return self.dense(x)

    layer = Penalty()
    layer(X), layer(X)
    assert sorted(float(loss) for loss in layer.losses) == pytest.approx([0.06, X.sum()], rel=1e-5)


def test_a_penalty_elsewhere_gives_other_layers_nothing_to_look_through():
    plain, penalized = Dense(2), Dense(2, activity_regularizer="l1")
    for _ in range(2):
        plain(X), penalized(X)
        model = Model(x := Input((3,)), plain(x))
        model(X)
    assert model._k_known_parts().with_losses == []
    assert model._losses == plain._losses == []


def test_a_penalty_given_from_outside_lasts_until_the_next_call():
    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(2)

        def call(self, x):
            self.dense.add_loss(2.0)
            return self.dense(x)

    layer, alone = Outer(), Dense(2)
    layer(X), layer(X)
    assert [float(loss) for loss in layer.losses] == [2.0]
    alone(X)
    alone.add_loss(1.0)
    assert [float(loss) for loss in alone.losses] == [1.0]
    alone(X)
    assert alone.losses == []


def test_a_regularizer_set_on_a_variable_counts_at_once():
    layer = Dense(2, kernel_initializer="ones")
    layer(X)
    assert layer.losses == []
    layer.kernel.regularizer = regularizers.L1(0.5)
    assert float(layer.losses[0]) == 0.5 * layer.kernel.numpy().size
    assert layer(X).shape == (4, 2)


def test_activity_regularizer_is_divided_by_the_batch():
    layer = Dense(2, kernel_initializer="ones", activity_regularizer=regularizers.L2(0.1))
    outputs = np.asarray(layer(X))
    layer(X)
    np.testing.assert_allclose(layer.losses, [0.1 * (outputs**2).sum() / 4], rtol=1e-5)


def test_masks_reach_call_and_pass_through():
    class Mine(Layer):
        def call(self, x, mask=None):
            self.seen = mask
            return x

        def compute_mask(self, inputs, mask=None):
            return mask

    layer = Mine()
    outputs = layer(Embedding(5, 2, mask_zero=True)(np.array([[1, 0]])))
    assert np.asarray(layer.seen).tolist() == np.asarray(outputs._keras_mask).tolist() == [[True, False]]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64", "bfloat16"])
def test_dtype_policies(policy):
    for layer in (Dense(2, dtype=policy), Linear(dtype=DTypePolicy(policy))):
        outputs = layer(X)
        compute = policy.removeprefix("mixed_")
        variable = "float32" if policy.startswith("mixed") else policy
        assert (outputs.dtype, layer.compute_dtype, layer.dtype) == (compute, compute, variable)
        assert {w.dtype for w in layer.weights} == {variable}


def test_freezing_before_and_after_build():
    early, late = Dense(2), Dense(2)
    early.trainable = False
    early(X), late(X)
    late.trainable = False
    for layer in (early, late):
        assert not layer.trainable_weights and len(layer.non_trainable_weights) == 2
        layer.trainable = True
        assert len(layer.trainable_weights) == 2


def test_get_config_of_users_layers():
    class Mine(Layer):
        def __init__(self, a, b=2):
            super().__init__()

    config = Mine(1).get_config()
    assert (config["a"], config["b"]) == (1, 2)
    assert type(Mine.from_config(config)) is Mine
    with pytest.raises(NotImplementedError, match="non-serializable argument"):
        Mine(object()).get_config()


def test_a_users_get_config_gives_an_equal_layer():
    class Mine(Linear):
        def get_config(self):
            return {**super().get_config(), "units": self.units}

    layer = Mine(4, name="m", trainable=False, dtype="float64")
    again = Mine.from_config(layer.get_config())
    assert (again.units, again.name, again.trainable, again.dtype) == (4, "m", False, "float64")
    assert Linear(4).get_config()["units"] == 4


def test_compute_output_shape_by_tracing():
    class Mine(Layer):
        def call(self, x):
            return ops.concatenate([x, x], axis=1)[:, None]

    assert Mine()(Input((3,))).shape == (None, 1, 6)


def test_pyramids_fit_where_sizes_are_unknown():
    class Pyramid(Layer):
        def __init__(self):
            super().__init__()
            self.down = [layers.Conv2D(2, 3, strides=2, padding="same") for _ in range(5)]

        def call(self, x):
            levels = [x := down(x) for down in self.down]
            double = layers.UpSampling2D(2)
            return levels[2] + double(levels[3] + double(levels[4]))

    assert Pyramid()(Input((None, None, 3))).shape == (None, None, None, 2)


class Positions(Layer):
    """Adds a row of a table to each step, whatever the length; ``tf.shape`` is read while shapes are worked out."""

    def __init__(self, length, **kwargs):
        super().__init__(**kwargs)
        self.rows = Embedding(length, 8)

    def call(self, x):
        batch, length = tf.shape(x)[0], tf.shape(x)[1]
        places = tf.range(start=0, limit=length, delta=1)
        again = tf.reshape(x, tf.stack([batch, length, 8])) + tf.zeros((batch, length, 1)) * tf.fill([batch, 1, 1], 2.0)
        return again + self.rows(places)[tf.newaxis, :length]


@pytest.mark.parametrize("length", [12, None])
def test_shapes_of_tensors_are_known_while_a_users_layer_is_traced(length):
    inputs = Input((length, 8))
    model = Model(inputs, Positions(100)(inputs))
    assert model.output_shape == (None, length, 8)
    assert model(np.ones((3, 12, 8), "float32")).shape == (3, 12, 8)


@pytest.mark.parametrize("reshape", [tf.reshape, ops.reshape], ids=["tf", "ops"])
def test_a_layer_made_for_one_batch_size_may_go_back_to_the_unknown_one(reshape):
    class Tokens(Layer):
        def call(self, x):
            rows = reshape(x, [24, 8])  # four samples of six steps
            return reshape(rows * 2, [tf.shape(x)[0], tf.shape(x)[1], 8])

    inputs = Input((6, 8))
    model = Model(inputs, Tokens()(inputs))
    assert model.output_shape == (None, 6, 8)
    assert model.predict(np.ones((8, 6, 8)), batch_size=4, verbose=0).sum() == 8 * 6 * 8 * 2
    with pytest.raises(Exception, match="384 values"):
        model.predict(np.ones((8, 6, 8)), batch_size=8, verbose=0)


def test_a_table_shorter_than_the_trial_lengths_is_no_obstacle(capfd):
    class Table(Layer):
        def call(self, x):
            return x + tf.ones((1, 20, 8))[:, : tf.shape(x)[1]]

    inputs = Input((None, 8))
    model = Model(inputs, Table()(inputs))
    assert model.output_shape == (None, None, 8)
    assert model.predict(np.ones((2, 5, 8)), verbose=0).max() == 2
    assert capfd.readouterr().err == ""


def test_members_that_nobody_has_are_attribute_errors():
    model = Model(inputs := Input((2,)), Dense(1)(inputs))
    with pytest.raises(AttributeError, match="no attribute 'nothing'") as caught:
        model.nothing  # noqa: B018
    assert not isinstance(caught.value, NotImplementedError)


def test_sizes_that_do_not_fit_are_told_with_the_sizes_that_were_tried():
    class Adds(Layer):
        def call(self, x):
            return x + tf.ones((12, 5))

    with pytest.raises(ValueError, match=r"(?s)\[48,12,8\] vs. \[12,5\].*'adds'.*unknown dimensions being taken as 48"):
        Adds(name="adds")(Input((12, 8)))


def test_a_call_that_reads_values_is_run_on_numbers_for_its_output_shape():
    class Halves(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(3)
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.calls.assign_add(1.0)
            x = self.dense(x)
            while tf.reduce_sum(tf.abs(x)) > 1:
                x /= 2
            return x

    layer, inputs = Halves(), Input((4,))
    model = Model(inputs, layer(inputs))
    assert model.output_shape == (None, 3)
    assert float(layer.calls) == 0
    assert np.abs(model.predict(np.ones((2, 4)), verbose=0)).sum() <= 1
    assert Sequential([Halves(), Dense(2)])(np.ones((2, 4), "float32")).shape == (2, 2)


def test_a_call_with_any_keywords_that_asks_for_training_is_told():
    class Asks(Layer):
        def call(self, x, **kwargs):
            return x * 2 if kwargs["training"] else x

    class Hands(Layer):
        def call(self, x, **kwargs):
            assert not kwargs
            return x

    assert float(Asks()(1.0, training=True)) == 2 and float(Asks()(1.0)) == 1
    assert float(Hands()(1.0, training=True)) == 1


def test_add_update_calls_functions_and_leaves_assignments():
    class Counts(Layer):
        def build(self, _):
            self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.add_update(self.total.assign_add(1.0))
            self.add_update([lambda: self.total.assign_add(10.0)], inputs=x)
            return x

    layer = Counts()
    layer(1.0)
    assert float(layer.total) == 11 and not layer.updates


def test_a_call_that_takes_single_samples_only_has_a_shape():
    class Single(Layer):
        def call(self, x):
            x = tf.squeeze(x, axis=0)
            kept = tf.image.non_max_suppression(tf.concat([x, x], 1), x[:, 0], 9)  # reads values
            return tf.cond(tf.size(kept) > 9, lambda: x[:1], lambda: x)

    model = Model(inputs := Input((4, 2)), Single()(inputs))
    assert model.output_shape == (4, 2)
    assert model(np.ones((1, 4, 2), "float32")).shape == (4, 2)


def test_a_users_shape_rule_gets_tuples_or_shapes_with_keras_2s_methods():
    class Plain(Layer):
        def call(self, inputs):
            return inputs[0]

        def compute_output_shape(self, input_shape):
            assert type(input_shape) is list and type(input_shape[0]) is tuple
            return input_shape[0]

    class Old(Layer):
        def call(self, inputs):
            return inputs

        def compute_output_shape(self, input_shape):
            return tuple(input_shape.as_list())

    a, b = Input((4,)), Input((5,))
    assert Plain()([a, b]).shape == (None, 4)
    assert Old()(a).shape == (None, 4)


def test_add_metric_shows_the_mean_of_a_value_among_the_results():
    class Measured(Layer):
        def call(self, inputs):
            self.add_metric(ops.sum(inputs), name="total", aggregation="mean")
            self.add_metric(inputs, name="each")
            return inputs

    inputs = Input((3,))
    model = Model(inputs, Dense(1)(Measured()(inputs)))
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :1], batch_size=2, epochs=2, verbose=0, validation_data=(X, X[:, :1])).history
    assert list(history) == ["loss", "total", "each", "val_loss", "val_total", "val_each"]
    np.testing.assert_allclose(history["total"], [X.sum() / 2] * 2, rtol=1e-5)
    np.testing.assert_allclose(history["val_each"], [X.mean()] * 2, rtol=1e-5)
    with pytest.raises(ValueError, match="provide a name"):
        model.add_metric(ops.sum(X))
    with pytest.raises(ValueError, match="`aggregation` of add_metric.* 'sum'"):
        model.add_metric(ops.sum(X), "total", aggregation="sum")


def test_variables_that_trainable_weights_leaves_out_are_frozen():
    class Old(Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(3,), initializer="ones", name="w")
            self.b = self.add_weight(shape=(3,), initializer="zeros", name="b")
            self.trainable_weights = [self.w]

        def call(self, inputs):
            return inputs * self.w + self.b

    layer = Old()
    layer(np.ones((1, 3), "float32"))
    assert [v.name for v in layer.trainable_weights] == ["w"]
    assert [v.name for v in layer.non_trainable_weights] == ["b"]


def test_shapes_of_the_calls_on_symbolic_tensors():
    dense = Dense(2)
    dense(Input((3,))), dense(Input((5, 3)))
    assert dense.get_input_shape_at(1) == (None, 5, 3)
    assert dense.get_output_shape_at(0) == (None, 2)


def test_trainable_weights_can_be_named_as_in_keras_1():
    class Old(Layer):
        def build(self, input_shape):
            w = tf.Variable(np.ones((3, 2), "float32"))
            self.trainable_weights = [w]
            self.kernel_of = lambda: w

        def call(self, inputs):
            return tf.matmul(inputs, self.kernel_of())

    inputs = Input((3,))
    model = Model(inputs, Old()(inputs))
    assert len(model.trainable_weights) == 1
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert (model.get_weights()[0] != 1).any()


@pytest.mark.parametrize("value", [1, None, "a", np.bool_(True)])
def test_trainable_is_a_boolean(value):
    with pytest.raises(ValueError, match="Expected `trainable` to be a boolean"):
        Dense(2, trainable=value)


@pytest.mark.parametrize(
    ("make", "built"),
    [
        (lambda: layers.Flatten(), False),
        (lambda: layers.ZeroPadding2D(1), False),
        (lambda: layers.Rescaling(2.0), False),
        (lambda: layers.AdaptiveAveragePooling2D(1), False),
        (lambda: layers.RandomFlip(), False),
        (lambda: layers.MaxPooling2D(), True),
        (lambda: layers.GlobalAveragePooling2D(), True),
        (lambda: layers.Dropout(0.5), True),
        (lambda: layers.ReLU(), True),
        (lambda: layers.Reshape((-1,)), True),
    ],
)
def test_which_layers_without_weights_are_built_from_the_start(make, built):
    layer = make()
    assert layer.built is built and f"built={built}" in repr(layer) and layer.get_build_config() is None
    layer(np.ones((2, 3, 3, 1), "float32"))
    assert layer.built
    assert layer.get_build_config() == (None if built else {"input_shape": (2, 3, 3, 1)})


def test_layer_that_partitions_rows_by_values_has_an_output_shape():
    class Pooled(Layer):
        def call(self, inputs):
            rows, owner = inputs
            parts = tf.dynamic_partition(rows, owner, 3)
            longest = tf.reduce_max([tf.shape(part)[0] for part in parts])
            padded = [tf.pad(part, [(0, longest - tf.shape(part)[0]), (0, 0)]) for part in parts]
            return tf.reduce_sum(tf.stack(padded), axis=1)

    rows, owner = Input((2,)), Input((), dtype="int32")
    model = Model([rows, owner], Pooled()([rows, owner]))
    assert model.output_shape[1:] == (2,)
    values = model([tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([2, 0, 2])])
    assert values.numpy().tolist() == [[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]]


def test_methods_set_on_a_class_after_its_definition_count():
    class Late(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(3, kernel_initializer="ones")

    class Below(Late):
        pass

    early = Late()
    Late.call = lambda self, x, scale=1.0: self.dense(x) * scale
    x = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(early(x, scale=4.0), [[8.0] * 3])
    np.testing.assert_array_equal(Late()(x, scale=2.0), [[4.0] * 3])
    np.testing.assert_array_equal(Below()(x), [[2.0] * 3])
    Late.build = lambda self, shape: setattr(self, "offset", self.add_weight(shape=(shape[-1],), initializer="ones"))
    Late.call = lambda self, x: x + self.offset
    np.testing.assert_array_equal(Below()(x), [[2.0, 2.0]])


def test_a_built_in_call_can_be_replaced_and_put_back(monkeypatch):
    x = np.ones((1, 2), "float32")

    def predicted():
        dense = Dense(1, kernel_initializer="ones")
        return Sequential([Input((2,)), dense]).predict(x, verbose=0)

    with monkeypatch.context() as patch:
        patch.setattr(Dense, "call", lambda self, inputs, training=None: inputs @ self.kernel * 10)
        np.testing.assert_array_equal(predicted(), [[20.0]])
    np.testing.assert_array_equal(predicted(), [[2.0]])


def test_a_class_without_call_says_so_when_called():
    with pytest.raises(NotImplementedError, match="does not have a `call` method"):
        type("Empty", (Layer,), {})()(np.ones((1, 2)))


def test_the_values_of_a_dictionary_are_a_list_of_inputs():
    inputs = {"a": Input((2,)), "b": Input((3,))}
    model = Model(inputs.values(), layers.concatenate(inputs.values()))
    assert model.output_shape == (None, 5) and len(model.inputs) == 2
    assert Add()({"a": tf.constant([1.0]), "b": tf.constant([2.0])}.values()).numpy() == 3


def test_a_getter_gives_the_weight():
    """Keras 2's argument, by which tensorflow_hub enters variables that are there already."""
    held, frozen = Variable([1.0, 2.0], name="held"), Variable([3.0], name="frozen")
    asked = []
    layer = Layer()

    def getter(**given):
        asked.append((given["name"], given["shape"]))
        return {"held": held, "frozen": frozen}[given["name"]]

    made = layer.add_weight(name="held", shape=(2,), experimental_autocast=False, getter=getter)
    layer.add_weight(name="frozen", shape=(1,), trainable=False, getter=getter, regularizer="l2")
    assert made is held
    assert asked == [("held", (2,)), ("frozen", (1,))]
    assert ([id(w) for w in layer.trainable_weights], [id(w) for w in layer.weights]) == (
        [id(held)],
        [id(held), id(frozen)],
    )
    assert frozen.regularizer is not None
    with pytest.raises(TypeError, match="experimental_auto'"):
        layer.add_weight(shape=(2,), experimental_auto=False)


def test_a_shape_rule_that_asks_super_leaves_it_to_the_call():
    class Halves(Layer):
        def compute_output_shape(self, input_shape):
            return super().compute_output_shape(input_shape)

        def call(self, x):
            return x[:, ::2]

    assert Halves()(Input((6,))).shape == (None, 3)
    with pytest.raises(NotImplementedError, match="compute_output_shape"):
        Halves().compute_output_shape((None, 6))
