"""``summary()`` in Keras 2's look: recorded from tf_keras 2.21, without its blank lines and sizes in bytes."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.core import context as config
from kerasish.layers import LSTM, Activation, Add, BatchNormalization, Concatenate, Dense, Dropout, Input, Reshape
from kerasish.models import Model, Sequential


def table(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return [line.rstrip() for line in lines]


def plain():
    last = Dense(10, name="a_very_long_layer_name_that_is_too_long")
    return Sequential([Input((784,)), Dense(64, name="d0"), Dropout(0.2, name="drop"), last], name="seq")


def test_a_sequential_model():
    assert table(plain()) == [
        'Model: "seq"',
        "_" * 65,
        " Layer (type)                Output Shape              Param #",
        "=" * 65,
        " d0 (Dense)                  (None, 64)                50240",
        " drop (Dropout)              (None, 64)                0",
        " a_very_long_layer_name_tha  (None, 10)                650",
        " t_is_too_long (Dense)",
        "=" * 65,
        "Total params: 50,890",
        "Trainable params: 50,890",
        "Non-trainable params: 0",
        "_" * 65,
    ]


NARROW = """
 Layer (type)     Output Shape    Param
                                  #
 d0 (Dense)       (None, 64)      50240
 drop (Dropout)   (None, 64)      0
 a_very_long_lay  (None, 10)      650
 er_name_that_is
 _too_long (Dens
 e)
"""
POSITIONS = """
 Layer (type)       Output Shape        Param #
 d0 (Dense)         (None, 64)          50240
 drop (Dropout)     (None, 64)          0
 a_very_long_layer  (None, 10)          650
 _name_that_is_too
 _long (Dense)
"""
RANGE = """
 Layer (type)                Output Shape              Param #
 d0 (Dense)                  (None, 64)                50240
 drop (Dropout)              (None, 64)                0
"""


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"line_length": 40}, NARROW), ({"positions": [20, 40, 50]}, POSITIONS), ({"layer_range": ["d0", "drop"]}, RANGE)],
)
def test_widths_positions_and_ranges(options, expected):
    lines = table(plain(), **options)
    rows = [line for line in lines[2 : lines.index("Total params: 50,890")] if set(line) - {"=", "_"}]
    assert rows == expected.strip("\n").splitlines()


def test_frozen_layers_and_the_trainable_column():
    model = plain()
    model.layers[0].trainable = False
    lines = table(model, show_trainable=True)
    assert lines[1] == "_" * 76
    assert lines[2] == " Layer (type)                Output Shape              Param #   Trainable"
    assert lines[4] == " d0 (Dense)                  (None, 64)                50240     N"
    assert lines[-3:-1] == ["Trainable params: 650", "Non-trainable params: 50,240"]


def test_several_inputs_are_shown_with_connections():
    a, b = Input((3,), name="a"), Input((4, 5), name="b")
    x, y = Dense(4, name="da")(a), LSTM(4, name="lb")(b)
    z = Dense(3, name="out")(Concatenate(name="cc")([x, y]))
    lines = table(Model([a, b], [z, Add(name="add")([x, y])], name="fm"))
    assert lines[1] == "_" * 98
    assert lines[2] == " Layer (type)                Output Shape                 Param #   Connected to"
    assert lines[4:13] == [
        " a (InputLayer)              [(None, 3)]                  0         []",
        " b (InputLayer)              [(None, 4, 5)]               0         []",
        " da (Dense)                  (None, 4)                    16        ['a[0][0]']",
        " lb (LSTM)                   (None, 4)                    160       ['b[0][0]']",
        " cc (Concatenate)            (None, 8)                    0         ['da[0][0]',",
        "                                                                     'lb[0][0]']",
        " out (Dense)                 (None, 3)                    27        ['cc[0][0]']",
        " add (Add)                   (None, 4)                    0         ['da[0][0]',",
        "                                                                     'lb[0][0]']",
    ]


def test_shared_layers_and_residuals_are_shown_with_connections():
    i = Input((3,), name="i")
    dense = Dense(3, name="sh")
    assert table(Model(i, dense(dense(i))))[5:7] == [
        " sh (Dense)                  (None, 3)                    12        ['i[0][0]',",
        "                                                                     'sh[0][0]']",
    ]
    assert "Connected to" in table(Model(i, Add(name="res")([i, Dense(3, name="dd")(i)])))[2]


def test_several_results_of_one_layer_are_no_branch():
    i = Input((5, 3), name="i")
    lines = table(Model(i, list(LSTM(4, return_state=True, return_sequences=True, name="lstm")(i))))
    assert lines[5:8] == [
        " lstm (LSTM)                 [(None, 5, 4),            128",
        "                              (None, 4),",
        "                              (None, 4)]",
    ]


def test_dicts_and_long_shapes():
    a = Input((3,), name="a")
    inner = Model(a, {"x": Dense(2, name="x")(a), "yyy": Dense(3, name="y")(a)}, name="q")
    b = Input((3,), name="b")
    assert table(Model(b, inner(b)))[5:7] == [
        " q (Functional)              {'x': (None, 2),          20",
        "                              'yyy': (None, 3)}",
    ]
    i = Input((10000, 10000, 10000), name="i")
    assert table(Model(i, Activation("relu", name="act")(i)))[4:8] == [
        " i (InputLayer)              [(None, 10000, 10000, 1   0",
        "                             0000)]",
        " act (Activation)            (None, 10000, 10000, 10   0",
        "                             000)",
    ]


def test_nested_models_stand_in_boxes():
    i = Input((3,), name="i")
    inner = Model(i, Dense(4, name="fc")(i), name="g")
    j = Input((3,), name="j")
    middle = Model(j, Dense(2, name="hd")(inner(j)), name="h")
    outer = Sequential([Input((3,)), middle, Dense(3, name="last")], name="deep")
    edge = "¯"
    assert table(outer)[4:6] == [
        " h (Functional)              (None, 2)                 26",
        " last (Dense)                (None, 3)                 9",
    ]
    assert table(outer, expand_nested=True)[4:15] == [
        " h (Functional)              (None, 2)                 26",
        "|" + edge * 63 + "|",
        "| j (InputLayer)             [(None, 3)]               0        |",
        "| g (Functional)             (None, 4)                 16       |",
        "||" + edge * 61 + "||",
        "|| i (InputLayer)            [(None, 3)]               0       ||",
        "|| fc (Dense)                (None, 4)                 16      ||",
        "|" + edge * 63 + "|",
        "| hd (Dense)                 (None, 2)                 10       |",
        edge * 65,
        " last (Dense)                (None, 3)                 9",
    ]


class Subclassed(Model):
    def __init__(self):
        super().__init__(name="sub")
        self.first, self.second = Dense(4, name="s1"), Dense(2, name="s2")

    def call(self, x):
        return self.second(self.first(x))


@pytest.mark.parametrize("build", [lambda m: m.build((None, 3)), lambda m: m(np.ones((2, 3)))], ids=["build", "call"])
def test_a_subclassed_model_shows_the_shapes_of_its_layers(build):
    model = Subclassed()
    build(model)
    assert table(model)[4:6] == [
        " s1 (Dense)                  (None, 4)                 16",
        " s2 (Dense)                  (None, 2)                 10",
    ]


@pytest.mark.parametrize("model", [Subclassed(), Sequential([Dense(2)])], ids=["subclass", "sequential"])
def test_a_model_that_is_not_built_says_so(model):
    with pytest.raises(ValueError, match="This model has not yet been built. Build the model first by calling `build"):
        model.summary()


@pytest.mark.parametrize("layer_range", [("nothing", "drop"), ("d0",), 3.5])
def test_bad_ranges(layer_range):
    with pytest.raises((ValueError, TypeError)):
        plain().summary(layer_range=layer_range, print_fn=lambda line: None)


def test_functions_in_a_chain_have_their_lines():
    x = Input((4,), name="x")
    model = Model(x, Dense(1, name="d")(ops.expand_dims(x[:, :2], 1)))
    kinds = [line.split("(")[1].split(")")[0] for line in table(model) if "(None" in line]
    assert kinds == ["InputLayer", "GetItem", "ExpandDims", "Dense"]


# Keras 3's look, recorded from Keras 3.15 in a console of 80 columns


@pytest.fixture
def boxed(monkeypatch):
    monkeypatch.setattr(config.settings, "style", "keras3")
    monkeypatch.setenv("COLUMNS", "80")

    def lines(model, **options):
        texts = []
        model.summary(print_fn=texts.append, **options)
        (text,) = texts
        return text.splitlines()

    return lines


BOXED = """
Model: "m"
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)      ┃ Output Shape    ┃   Param # ┃ Connected to   ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━┩
│ an_input_with_a_… │ (None, 3)       │         0 │ -              │   -   │
│ (InputLayer)      │                 │           │                │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ dense (Dense)     │ (None, 4)       │        16 │ an_input_with… │   Y   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ concatenate       │ (None, 7)       │         0 │ dense[0][0],   │   -   │
│ (Concatenate)     │                 │           │ an_input_with… │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ reshape (Reshape) │ (None, 7, 1)    │         0 │ concatenate[0… │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ lstm (LSTM)       │ [(None, 7, 3),  │        60 │ reshape[0][0]  │   Y   │
│                   │ (None, 3),      │           │                │       │
│                   │ (None, 3)]      │           │                │       │
└───────────────────┴─────────────────┴───────────┴────────────────┴───────┘
 Total params: 76 (304.00 B)
 Trainable params: 76 (304.00 B)
 Non-trainable params: 0 (0.00 B)
"""
NESTED = """
Model: "m"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ i (InputLayer)                  │ (None, 3)              │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ inner (Sequential)              │ (None, 2)              │            16 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│    └ d (Dense)                  │ (None, 2)              │             8 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│    └ batch_normalization_1      │ (None, 2)              │             8 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ drop (Dropout)                  │ (None, 2)              │             0 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 42 (172.00 B)
 Trainable params: 12 (48.00 B)
 Non-trainable params: 4 (16.00 B)
 Optimizer params: 26 (108.00 B)
"""
UNBUILT = """
Model: "sub"
┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)           ┃ Output Shape     ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ s1 (Dense)             │ ?                │         0 │
│                        │                  │ (unbuilt) │
├────────────────────────┼──────────────────┼───────────┤
│ s2 (Dense)             │ ?                │         0 │
│                        │                  │ (unbuilt) │
└────────────────────────┴──────────────────┴───────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
"""


def test_keras_3_wraps_names_and_shows_connections_and_what_is_trainable(boxed):
    a = Input((3,), name="an_input_with_a_long_name_that_wraps")
    x = Concatenate(name="concatenate")([Dense(4, name="dense")(a), a])
    y = LSTM(3, return_state=True, return_sequences=True, name="lstm")(Reshape((7, 1), name="reshape")(x))
    assert boxed(Model(a, y, name="m"), show_trainable=True) == BOXED.strip("\n").splitlines()


def test_keras_3_indents_nested_models_and_counts_the_optimizer(boxed):
    i = Input((3,), name="i")
    inner = [Input((3,)), Dense(2, name="d"), BatchNormalization(name="batch_normalization_1")]
    model = Model(i, Dropout(0.3, name="drop")(Sequential(inner, name="inner")(i)), name="m")
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert boxed(model, expand_nested=True) == NESTED.strip("\n").splitlines()


def test_keras_3_shows_models_that_are_not_built(boxed):
    assert boxed(Subclassed(), line_length=57) == UNBUILT.strip("\n").splitlines()
    with pytest.raises(ValueError, match="Insufficient console width"):
        boxed(Subclassed(), line_length=10)


def test_layers_of_another_model_tell_their_shapes():
    first = plain()
    lines = table(Sequential([*first.layers[:-1], Dense(3, name="new")]))
    assert " new (Dense)                 (None, 3)                 195" in lines
