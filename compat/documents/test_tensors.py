"""The part on tensors: each printed output, table row and definition, section by section."""

import numpy as np
import pytest

from kerasish import tf

GRID = [[1, 2, 3], [4, 5, 6]]

# 1. What a tensor is ------------------------------------------------------------------------------------------------


def test_1_a_tensor_prints_its_values_shape_and_dtype():
    assert str(tf.constant(GRID)) == "tf.Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "bool"])
def test_1_all_elements_have_one_type(dtype):
    values = tf.cast(tf.constant([1, 0, 1]), dtype)
    assert {values[i].dtype.name for i in range(3)} == {dtype}
    assert values.numpy().dtype == np.dtype(dtype)


def test_1_elements_of_different_kinds_are_refused():
    with pytest.raises((ValueError, TypeError)):
        tf.constant([1, "one"])
    with pytest.raises((ValueError, TypeError)):
        tf.constant([[1, 2], [3]])


# 2. Tensor and NumPy array ------------------------------------------------------------------------------------------


def test_2_a_tensor_and_an_array_convert_into_each_other():
    array = np.arange(6, dtype="float32").reshape(2, 3)
    tensor = tf.constant(array)
    assert isinstance(tensor, tf.Tensor)
    np.testing.assert_array_equal(tensor.numpy(), array)
    np.testing.assert_array_equal(np.array(tensor), array)
    array[0, 0] = 9  # an array can be changed; the tensor made from it stays
    assert tensor[0, 0].numpy() == 0


def test_2_a_tensor_is_immutable_where_an_array_is_not():
    with pytest.raises(TypeError, match="does not support item assignment"):
        tf.constant(GRID)[0, 0] = 7


def test_2_gradients_come_from_a_tape():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x * x * x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [3.0, 12.0])


def test_2_a_function_may_run_as_a_graph():
    @tf.function
    def scaled(x):
        return 2 * x + 1

    np.testing.assert_array_equal(scaled(tf.constant([1, 2])).numpy(), [3, 5])


# 3. Immutability ----------------------------------------------------------------------------------------------------


def test_3_adding_makes_a_new_tensor():
    x = tf.constant([1, 2, 3])
    y = x + 10
    assert y is not x
    assert str(x) == "tf.Tensor([1 2 3], shape=(3,), dtype=int32)"
    assert str(y) == "tf.Tensor([11 12 13], shape=(3,), dtype=int32)"


@pytest.mark.parametrize("operation", ["__iadd__", "__isub__", "__imul__"])
def test_3_an_augmented_assignment_rebinds_the_name(operation):
    x = before = tf.constant([1, 2, 3])
    assert not hasattr(x, operation)  # so Python uses x + 10 and rebinds
    x += 10
    assert x is not before
    assert before.numpy().tolist() == [1, 2, 3]


def test_3_writing_to_what_numpy_returned_leaves_the_tensor_alone():
    x = tf.constant([1, 2, 3])
    array = x.numpy()
    array[0] = 100
    assert x.numpy().tolist() == [1, 2, 3]


def test_3_deleting_an_element_is_refused():
    x = tf.constant([1, 2, 3])
    with pytest.raises(TypeError):
        del x[0]


# 4. Where tensors are stored ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["/CPU:0", "/cpu:0", "CPU:0", "/device:CPU:0"])
def test_4_a_tensor_knows_its_device(device):
    with tf.device(device):
        made = tf.constant([1.0])
    assert made.device == "/job:localhost/replica:0/task:0/device:CPU:0"


@pytest.mark.filterwarnings("ignore")  # an absent device is replaced, with one warning
@pytest.mark.parametrize("device", ["/CPU:0", "/GPU:0", "/TPU:0"])
def test_4_a_product_under_a_device_scope(device):
    with tf.device(device):
        a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        b = tf.constant([[2.0, 0.0], [0.0, 2.0]])
        c = tf.matmul(a, b)
    assert c.numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert c.device.rsplit(":", 2)[1] in ("CPU", "GPU", "TPU")


def test_4_without_a_scope_a_device_is_chosen():
    assert tf.constant(1.0).device.startswith("/job:localhost/replica:0/task:0/device:")


# 5. Terms -----------------------------------------------------------------------------------------------------------


def test_5a_shape_is_the_number_of_elements_along_each_dimension():
    t = tf.constant(GRID)
    assert str(t.shape) == "(2, 3)"
    assert t.shape == (2, 3)
    rows, columns = t.shape
    assert (rows, columns) == (2, 3)
    assert tf.shape(t).numpy().tolist() == [2, 3]


@pytest.mark.parametrize(
    ("value", "rank", "shape"),
    [
        (5, 0, ()),
        (4, 0, ()),
        ([1, 2, 3], 1, (3,)),
        ([[1, 2], [3, 4]], 2, (2, 2)),
        ([[[1], [2]], [[3], [4]]], 3, (2, 2, 1)),
    ],
    ids=["scalar", "another scalar", "vector", "matrix", "3D"],
)
def test_5b_rank_is_the_number_of_axes(value, rank, shape):
    t = tf.constant(value)
    assert tf.rank(t).numpy() == rank
    assert t.ndim == len(t.shape) == t.shape.rank == rank
    assert t.shape == shape


def test_5c_axis_0_goes_over_rows_and_axis_1_over_columns():
    t = tf.constant(GRID)
    assert tf.reduce_sum(t, axis=0).numpy().tolist() == [5, 7, 9]
    assert tf.reduce_sum(t, axis=1).numpy().tolist() == [6, 15]
    assert tf.reduce_sum(t).numpy() == 21
    assert tf.reduce_sum(t, axis=1, keepdims=True).shape == (2, 1)


def test_5c_an_axis_that_is_not_there_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.reduce_sum(tf.constant(GRID), axis=2)


def test_5d_size_is_the_number_of_all_elements():
    size = tf.size(tf.constant(GRID))
    assert size.numpy() == 6
    assert str(size) == "tf.Tensor(6, shape=(), dtype=int32)"
    assert tf.size(tf.constant(5)).numpy() == 1


# 6. Vectors ---------------------------------------------------------------------------------------------------------


def test_6_a_vector_has_one_axis():
    v = tf.constant([10, 20, 30, 40])
    assert str(v.shape) == "(4,)"
    assert str(tf.rank(v)) == "tf.Tensor(1, shape=(), dtype=int32)"
    assert v[2].numpy() == 30


# 7. Data types ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "value", "printed"),
    [
        ("float32", [1.0, 2.0, 3.0], "tf.Tensor([1. 2. 3.], shape=(3,), dtype=float32)"),
        ("int32", [1, 2, 3], "tf.Tensor([1 2 3], shape=(3,), dtype=int32)"),
        ("bool", [True, False], "tf.Tensor([ True False], shape=(2,), dtype=bool)"),
        ("string", ["a", "bc"], "tf.Tensor([b'a' b'bc'], shape=(2,), dtype=string)"),
    ],
)
def test_7_each_listed_dtype(dtype, value, printed):
    kind = getattr(tf, dtype)
    given, guessed = tf.constant(value, dtype=kind), tf.constant(value)
    assert given.dtype == guessed.dtype == kind
    assert str(given.dtype) == f"<dtype: '{dtype}'>"
    assert str(given) == str(guessed) == printed


# 8. Operations ------------------------------------------------------------------------------------------------------


def test_8_elementwise_operations_and_the_matrix_product():
    a, b = tf.constant([1, 2, 3]), tf.constant([10, 20, 30])
    assert str(a + b) == "tf.Tensor([11 22 33], shape=(3,), dtype=int32)"
    assert str(a * b) == "tf.Tensor([10 40 90], shape=(3,), dtype=int32)"
    assert str(tf.matmul([[1, 2]], [[2], [3]])) == "tf.Tensor([[8]], shape=(1, 1), dtype=int32)"


def test_8_logical_operations():
    a, b = tf.constant([True, True, False]), tf.constant([True, False, False])
    assert (a & b).numpy().tolist() == tf.logical_and(a, b).numpy().tolist() == [True, False, False]
    assert (a | b).numpy().tolist() == tf.logical_or(a, b).numpy().tolist() == [True, True, False]
    assert (~a).numpy().tolist() == tf.logical_not(a).numpy().tolist() == [False, False, True]
    assert (tf.constant([1, 2, 3]) > 2).numpy().tolist() == [False, False, True]


# 9, 10. Key takeaways -----------------------------------------------------------------------------------------------


def test_9_the_table_of_takeaways():
    t = tf.constant([[1, 2], [3, 4]])
    assert t.shape == (2, 2)
    assert tf.rank(t).numpy() == 2
    assert tf.size(t).numpy() == 4
    assert tf.rank(tf.constant(5)).numpy() == 0
    assert tf.rank(tf.constant([1, 2, 3])).numpy() == 1


def test_10_scalars_vectors_matrices_and_more_dimensions():
    for rank in range(7):
        t = tf.zeros([2] * rank)
        assert (tf.rank(t).numpy(), tf.size(t).numpy()) == (rank, 2**rank)
