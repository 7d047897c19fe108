"""Merging layers: shapes that broadcast, masks, dtypes, gradients at ties; values from NumPy, words from Keras 3.15."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor, convert
from kerasish.layers import merge
from kerasish.layers.core import Input, Masking
from kerasish.layers.merge import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from kerasish.models.functional import Functional

NUMPY = {
    Add: np.add,
    Multiply: np.multiply,
    Average: np.add,
    Maximum: np.maximum,
    Minimum: np.minimum,
    Subtract: np.subtract,
}
FIRST = np.array([[True, False, True], [True, True, False]])
SECOND = np.array([[True, True, False], [True, True, False]])


def data(*shape, seed=0, dtype="float32"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def same_rank(arrays):
    rank = max(a.ndim for a in arrays)
    return [a.reshape(a.shape[0], *(1,) * (rank - a.ndim), *a.shape[1:]) for a in arrays]


# elementwise ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(list(NUMPY)),
    shape=st.lists(st.integers(1, 4), max_size=3),
    ones=st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 2), min_size=3, max_size=3),
)
def test_merge_equals_numpy_for_shapes_that_broadcast(kind, shape, ones, cuts):
    if kind is Subtract:
        ones = (ones * 2)[:2]
    arrays = []
    for seed, (narrow, cut) in enumerate(zip(ones, cuts)):
        sizes = [1 if i in narrow else size for i, size in enumerate(shape)][min(cut, len(shape)) :]
        arrays.append(data(2, *sizes, seed=seed, dtype="float64"))
    expected = functools.reduce(NUMPY[kind], same_rank(arrays)) / (len(arrays) if kind is Average else 1)
    layer = kind(dtype="float64")
    result = layer(arrays)
    assert np.allclose(result, expected)
    symbolic = kind(dtype="float64")([Input(a.shape[1:], dtype="float64") for a in arrays])
    assert symbolic.shape[1:] == expected.shape[1:]


def test_add_of_a_row_and_a_number_per_sample_is_the_true_sum():
    arrays = [data(4, 4, 1), data(4, 1, 1, seed=1), data(4, 4, 1, seed=2)]  # Keras 3.15 on TensorFlow gets this wrong
    assert np.allclose(Add()(arrays), sum(arrays))


@pytest.mark.parametrize("kind", list(NUMPY))
def test_merge_runs_in_a_model_and_round_trips(kind):
    x, y = data(3, 4), data(3, 1, seed=1)
    layer = kind.from_config(kind().get_config())
    entries = [Input((4,)), Input((1,))]
    model = Functional(entries, layer(entries))
    assert np.array_equal(model([x, y]), layer([x, y]))
    assert isinstance(layer([torch.ones(2, 3), torch.ones(2, 1)]), torch.Tensor)
    assert isinstance(layer((x, y)), Tensor)


@pytest.mark.parametrize(
    ("kind", "dtypes", "expected"),
    [
        (Add, ("int32", "int32"), "int32"),
        (Add, ("int32", "float32"), "float32"),
        (Average, ("int32", "int32"), "float32"),
        (Maximum, ("int64", "int32"), "int64"),
        (Concatenate, ("int32", "int32"), "int32"),
        (Concatenate, ("int32", "float32"), "float32"),
    ],
)
def test_merge_keeps_integers_symbolically_and_eagerly(kind, dtypes, expected):
    arrays = [np.ones((2, 3), dtype) for dtype in dtypes]
    assert kind()(arrays).dtype == expected
    assert kind()([Input((3,), dtype=dtype) for dtype in dtypes]).dtype == expected


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (Maximum, [[1.0, 0.0], [3.0, 4.0]], [[0.0, 2.0], [0.0, 0.0]]),
        (Minimum, [[1.0, 2.0], [3.0, 0.0]], [[0.0, 0.0], [0.0, 4.0]]),
        (Average, [[0.5, 1.0], [1.5, 2.0]], [[0.5, 1.0], [1.5, 2.0]]),
        (Multiply, [[1.0, 10.0], [9.0, 0.0]], [[1.0, 4.0], [9.0, 16.0]]),
        (Subtract, [[1.0, 2.0], [3.0, 4.0]], [[-1.0, -2.0], [-3.0, -4.0]]),
    ],
)
def test_merge_gradients_are_tensorflows_also_where_inputs_are_equal(kind, first, second):
    x, y = convert([[1.0, 2.0], [3.0, 4.0]]), convert([[1.0, 5.0], [3.0, 0.0]])
    with GradientTape() as tape:
        tape.watch([x, y])
        z = kind()([x, y]) * convert([[1.0, 2.0], [3.0, 4.0]])
    gradients = tape.gradient(z, [x, y])
    assert gradients[0].numpy().tolist() == first and gradients[1].numpy().tolist() == second


@pytest.mark.parametrize("kind", [Maximum, Minimum])
def test_maximum_and_minimum_pass_on_nan(kind):
    x, y = np.array([[np.nan, 1.0]], "float32"), np.array([[1.0, np.nan]], "float32")
    assert np.isnan(kind()([x, y])).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Add()(data(2, 3)), "should be called on a list of inputs. Received: input_shape=(2, 3) (not a list"),
        (lambda: Add()(Input((3,))), "Received: input_shape=(None, 3) (not a list of shapes)"),
        (lambda: Add()([]), "A merge layer should be called on a list of at least 1 input. Received 0 inputs"),
        (lambda: Add()({"a": data(2, 3)}), "A merge layer should be called on a list of inputs"),
        (lambda: Add()([data(2, 3), data(2, 4)]), "Inputs have incompatible shapes. Received shapes (3,) and (4,)"),
        (lambda: Add()([Input((3,)), Input((4,))]), "Inputs have incompatible shapes. Received shapes (3,) and (4,)"),
        (
            lambda: Add()([data(2, 4), data(2, 4, 3)]),
            "Inputs have incompatible shapes. Received shapes (4, 3) and (4,)",
        ),
        (
            lambda: Add()([data(2, 3), data(5, 3)]),
            "Cannot merge tensors with different batch sizes. Received tensors with shapes [(2, 3), (5, 3)]",
        ),
        (
            lambda: Subtract()([data(2, 3)] * 3),
            "A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape=[(2, 3), (2, 3), (2, 3)]",
        ),
        (lambda: Add().compute_output_shape((2, 3)), "A merge layer should be called on a list of inputs"),
    ],
)
def test_merge_refuses_what_does_not_fit(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


def test_merge_refuses_a_single_tensor_after_it_was_built():
    layer = Add()
    layer([data(2, 3), data(2, 3)])
    with pytest.raises(ValueError, match="should be called on a list of inputs"):
        layer(data(2, 3))


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ([FIRST, SECOND], [[True, True, True], [True, True, False]]),
        ([FIRST, None], None),
        ([None, None], None),
        (None, None),
        ([FIRST.astype("int32"), SECOND.astype("int32")], [[True, True, True], [True, True, False]]),
    ],
)
def test_merge_masks_a_step_that_all_inputs_mask(masks, expected):
    x = data(2, 3, 4)
    result = Add().compute_mask([x, x], masks)
    assert (result is None) if expected is None else (result.numpy().tolist() == expected)


def test_merge_masks_of_inputs_of_other_shapes_broadcast():
    x = data(2, 3, 4)
    narrow = Multiply().compute_mask([x, data(2, 1, 4)], [FIRST, np.array([[True], [False]])])
    assert narrow.numpy().tolist() == [[True, True, True], [True, True, False]]
    deeper = Add().compute_mask([x, data(2, 5, 3, 4)], [FIRST, np.zeros((2, 5, 3), bool)])
    assert np.array_equal(deeper, np.broadcast_to(FIRST[:, None], (2, 5, 3)))


@pytest.mark.parametrize("layer", [Add(), Concatenate()])
def test_merge_refuses_masks_that_do_not_fit(layer):
    x = data(2, 3, 4)
    with pytest.raises(ValueError, match="`mask` should be a list"):
        layer.compute_mask([x, x], FIRST)
    with pytest.raises(ValueError, match="`inputs` should be a list"):
        layer.compute_mask(x, [FIRST])
    with pytest.raises(ValueError, match="The lists `inputs` and `mask` should have the same length"):
        layer.compute_mask([x, x], [FIRST])


def test_merge_hands_masks_on_in_models():
    x, y = data(2, 3, 4), data(2, 3, 4, seed=1)
    x[0, 1:] = y[0, 2:] = 0
    entries = [Input((3, 4)), Input((3, 4))]
    masked = [Masking()(entry) for entry in entries]
    assert Add()(masked)._keras_mask.shape == (None, 3)
    assert Add()([masked[0], entries[1]])._keras_mask is None
    assert Concatenate()([masked[0], entries[1]])._keras_mask.shape == (None, 3)
    assert Concatenate(axis=1)([masked[0], entries[1]])._keras_mask.shape == (None, 6)
    assert Dot(1)(masked)._keras_mask is None
    eager = Add()([Masking()(x), Masking()(y)])
    assert eager._keras_mask.numpy().tolist() == [[True, True, False], [True, True, True]]


# Concatenate ----------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    axis=st.integers(0, 3),
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    negative=st.booleans(),
)
def test_concatenate_equals_numpy(shape, axis, sizes, negative):
    axis %= len(shape)
    arrays = [data(*shape[:axis], size, *shape[axis + 1 :], seed=i) for i, size in enumerate(sizes)]
    layer = Concatenate(axis=axis - len(shape) if negative else axis)
    assert np.array_equal(layer(arrays), np.concatenate(arrays, axis))
    if axis:
        assert layer([Input(a.shape[1:]) for a in arrays]).shape[1:] == np.concatenate(arrays, axis).shape[1:]


def test_concatenate_round_trips_and_runs_in_a_model():
    layer = Concatenate.from_config(Concatenate(axis=1).get_config())
    assert layer.axis == 1
    entries = [Input((None, 4)), Input((2, 4))]
    output = layer(entries)
    assert output.shape == (None, None, 4)
    arrays = [data(2, 3, 4), data(2, 2, 4)]
    assert np.array_equal(Functional(entries, output)(arrays), np.concatenate(arrays, 1))


@pytest.mark.parametrize(
    ("axis", "masks", "expected"),
    [
        (-1, [FIRST, SECOND], [[True, True, True], [True, True, False]]),
        (-1, [FIRST, None], [[True, True, True], [True, True, True]]),
        (1, [FIRST, SECOND], [[True, False, True, True, True, False], [True, True, False, True, True, False]]),
        (-2, [FIRST, None], [[True, False, True, True, True, True], [True, True, False, True, True, True]]),
        (0, [FIRST, SECOND], [*FIRST.tolist(), *SECOND.tolist()]),
        (1, [np.ones((2, 3, 4), bool), np.zeros((2, 3, 4), bool)], [[True] * 3 + [False] * 3] * 2),
        (1, [None, None], None),
    ],
)
def test_concatenate_joins_masks_by_keras_rule(axis, masks, expected):
    x = data(2, 3, 4)
    result = Concatenate(axis=axis).compute_mask([x, x], masks)
    assert (result is None) if expected is None else (result.numpy().tolist() == expected)


def test_concatenate_of_images_keeps_masks_of_steps():
    x = data(2, 3, 4, 5)
    assert Concatenate().compute_mask([x, x], [FIRST, SECOND]).shape == (2, 3)
    assert Concatenate(axis=1).compute_mask([x, x], [FIRST, SECOND]).shape == (2, 6)


@pytest.mark.parametrize(
    ("layer", "inputs", "words"),
    [
        (Concatenate(), data(2, 3), "should be called on a list of at least 1 input. Received: input_shape=(2, 3)"),
        (Concatenate(), [], "A `Concatenate` layer should be called on a list of at least 1 input"),
        (Concatenate(), [data(2, 3), data(3, 4)], "with matching shapes except for the concatenation axis. Received: "),
        (Concatenate(), [data(2, 3), data(2, 1, 4)], "input_shape=[(2, 3), (2, 1, 4)]"),
        (Concatenate(axis=5), [data(2, 3), data(2, 4)], "input_shape=[(2, 3), (2, 4)]"),
    ],
)
def test_concatenate_refuses_what_does_not_fit(layer, inputs, words):
    with pytest.raises(ValueError) as error:
        layer(inputs)
    assert words in str(error.value)


# Dot ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axes", "first", "second", "subscripts"),
    [
        (1, (2, 3), (2, 3), "bi,bi->b"),
        ((2, 1), (2, 3, 4), (2, 4, 5), "bij,bjk->bik"),
        ([-1, -2], (2, 3, 4), (2, 4, 5), "bij,bjk->bik"),
        (-1, (2, 3, 4), (2, 7, 4), "bij,bkj->bik"),
        ((1, 1), (2, 3), (2, 3, 4, 5), "bi,bijk->bjk"),
        ((2, 1), (2, 5, 3), (2, 3), "bij,bj->bi"),
        ((3, 3), (2, 5, 3, 7), (2, 5, 4, 7), "bijk,blmk->bijlm"),
        ((2, 2), (2, 5, 3, 7), (2, 5, 3), "bijk,blj->bikl"),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot_equals_einsum(axes, first, second, subscripts, normalize):
    x, y = data(*first, dtype="float64"), data(*second, seed=1, dtype="float64")
    layer = Dot(axes, normalize=normalize, dtype="float64")
    i, j = (axes, axes) if isinstance(axes, int) else axes
    a, b = x, y
    if normalize:
        a, b = a / np.linalg.norm(a, axis=i, keepdims=True), b / np.linalg.norm(b, axis=j, keepdims=True)
    expected = np.einsum(subscripts, a, b)
    expected = expected[:, None] if expected.ndim == 1 else expected
    assert np.allclose(layer([x, y]), expected)
    assert layer([Input(first[1:]), Input(second[1:])]).shape[1:] == expected.shape[1:]
    assert Dot.from_config(layer.get_config()).get_config() == layer.get_config()


def test_dot_of_vectors_of_length_0_is_0_when_normalized():
    for dtype in ("float32", "float16"):
        result = Dot(1, normalize=True, dtype=dtype)([np.zeros((1, 2)), np.array([[3.0, 4.0]])])
        assert result.numpy().tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Dot("a"), TypeError, "Invalid type for argument `axes`: it should be a list or an int"),
        (lambda: Dot((1, 2, 3)), ValueError, "it should contain two elements. Received: axes=(1, 2, 3)"),
        (lambda: Dot((1, 2.0)), ValueError, "list elements should be integers. Received: axes=(1, 2.0)"),
        (lambda: Dot(1)(data(2, 3)), ValueError, "A `Dot` layer should be called on a list of 2 inputs"),
        (lambda: Dot(1)([data(2, 3)] * 3), ValueError, "A `Dot` layer should be called on a list of 2 inputs"),
        (
            lambda: Dot(1)([data(2, 3, 4), data(2, 4, 5)]),
            ValueError,
            "axis values 3 (at axis 1) != 4 (at axis 1). Full input shapes: (2, 3, 4), (2, 4, 5)",
        ),
        (lambda: Dot(0)([data(2, 3), data(2, 3)]), ValueError, "Cannot perform batch_dot over axis 0"),
        (
            lambda: Dot(1)([data(2, 3), data(5, 3)]),
            ValueError,
            "Cannot do batch_dot on inputs with different batch siz",
        ),
        (lambda: Dot(0)([data(2), data(2)]), ValueError, "Cannot do batch_dot on inputs with rank < 2"),
        (lambda: Dot(7)([data(2, 3), data(2, 3)]), IndexError, "axis 7 is out of range for an input of shape (2, 3)"),
    ],
)
def test_dot_refuses_what_does_not_fit(make, kind, words):
    with pytest.raises(kind) as error:
        make()
    assert words in str(error.value)


def test_functions_do_what_the_layers_do():
    x, y = data(2, 3), data(2, 3, seed=1)
    for name in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"):
        layer = getattr(merge, name.capitalize())
        expected = layer(-1)([x, y]) if name == "dot" else layer()([x, y])
        assert np.array_equal(getattr(merge, name)([x, y], name=f"{name}_here"), expected)
    assert merge.concatenate([x, y], axis=0).shape == (4, 3)
    assert merge.add([Input((3,)), Input((3,))]).shape == (None, 3)


@pytest.mark.parametrize("kind", [ValueError, InvalidArgumentError])
@pytest.mark.parametrize(("axis", "other"), [(3, (2, 4)), (-1, (3, 4)), (1, (2, 4, 1))])
def test_concatenate_of_shapes_that_do_not_fit_is_both_errors(kind, axis, other):
    with pytest.raises(kind, match="requires inputs with matching shapes"):
        Concatenate(axis=axis)([np.ones((2, 4)), np.ones(other)])
