"""Parts of variables are written by slice and by index, in place of the variable's whole value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.layout import Layout
from kerasish.core.variable import Weight

KEYS = st.one_of(
    st.integers(-4, 3),
    st.builds(slice, st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5), st.sampled_from([None, 1, 2, -1])),
)


@settings(deadline=None, max_examples=30)
@given(st.tuples(KEYS, st.slices(3)) | KEYS)
def test_assigning_a_slice_does_what_numpy_does(key):
    expected = np.arange(12.0, dtype=np.float32).reshape(4, 3)
    v = tf.Variable(expected)
    before = tf.convert_to_tensor(v)
    new = -np.arange(expected[key].size, dtype=np.float32).reshape(expected[key].shape)
    v[key].assign(new)
    np.testing.assert_array_equal(before.numpy(), expected)  # what was read keeps its numbers
    expected[key] = new
    np.testing.assert_array_equal(v.numpy(), expected)


def test_a_slice_of_a_weight_in_another_layout_is_assigned_where_users_see_it():
    w = Weight(np.zeros((2, 3, 4), np.float32), layout=Layout((1, 2, 0)))
    w[0, 1, 2].assign(5.0)
    assert np.argwhere(w.numpy()).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("update", [9, 2, 4, 4]), ("add", [10, 2, 7, 4]), ("sub", [-8, 2, -1, 4]), ("mul", [9, 2, 12, 4]),
        ("div", [1 / 9, 2, 0.75, 4]), ("max", [9, 2, 4, 4]), ("min", [1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_scatter_rules(rule, expected):
    v = tf.Variable([1.0, 2.0, 3.0, 4.0])
    result = getattr(v, f"scatter_{rule}")(tf.IndexedSlices(tf.constant([9.0, 4.0]), tf.constant([0, 2])))
    np.testing.assert_allclose(v.numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-6)


def test_repeated_indices_are_added():
    v = tf.Variable(np.zeros((2, 2), np.float32))
    v.scatter_nd_add([[0, 1], [0, 1], [1, 0]], [1.0, 2.0, 5.0])
    assert v.numpy().tolist() == [[0.0, 3.0], [5.0, 0.0]]


@pytest.mark.parametrize("indices", [[[4]], [[-1]]])
def test_an_index_out_of_bounds_is_refused(indices):
    v = tf.Variable([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(InvalidArgumentError, match="does not index into"):
        v.scatter_nd_update(indices, [0.0])


def test_updates_of_another_shape_are_refused():
    v = tf.Variable(np.zeros((3, 2), np.float32))
    with pytest.raises(InvalidArgumentError, match="updates.shape"):
        v.scatter_nd_update([[0]], [[1.0, 2.0, 3.0]])
    with pytest.raises(InvalidArgumentError, match="Cannot broadcast"):
        v[0].assign([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="IndexedSlices"):
        v.scatter_update(5)


def test_in_place_operators_are_refused_for_tf_variables_only():
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(RuntimeError, match="assign_add"):
        v += 1.0
    w = Weight([1.0, 2.0])
    w += 1.0
    assert w.numpy().tolist() == [2.0, 3.0]


def test_a_tape_follows_what_a_write_returns():
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v.assign_add(1.0) * v
    assert tape.gradient(y, v).numpy() == 8.0


def test_tf_variables_demand_shapes_and_dtypes():
    v, i = tf.Variable([1.0, 2.0]), tf.Variable([1, 2])
    with pytest.raises(InvalidArgumentError, match="shapes must be equal"):
        v.assign_add(1.0)
    with pytest.raises(ValueError, match="requested dtype float32"):
        v.assign(tf.constant([1, 2]))
    with pytest.raises(TypeError, match="int32"):
        i.assign([1.5, 2.0])
    assert v.assign([3, 4], read_value=False) is None
    assert v.numpy().tolist() == [3.0, 4.0]


def test_indexed_slices_become_dense():
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([2, 0, 2]), tf.constant([3, 1]))
    assert tf.convert_to_tensor(slices).numpy().tolist() == [[2.0], [0.0], [5.0]]
    assert (-slices).values.numpy().tolist() == [[-1.0], [-2.0], [-4.0]]
    with pytest.raises(ValueError, match="dense_shape"):
        tf.convert_to_tensor(tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])))
