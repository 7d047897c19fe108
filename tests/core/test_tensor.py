"""Tensors print, index, broadcast, refuse and convert as tf.Tensor does."""

import copy
import pickle
import weakref

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import StringTensor, Tensor, convert

I = convert([1, 2, 3])
F = convert([1.0, 2.0, 3.0])
B = convert([True, False, True])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([[1, 2, 3], [4, 5, 6]], "tf.Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)"),
        ([1, 2, 3], "tf.Tensor([1 2 3], shape=(3,), dtype=int32)"),
        (5, "tf.Tensor(5, shape=(), dtype=int32)"),
        (5.0, "tf.Tensor(5.0, shape=(), dtype=float32)"),
        (True, "tf.Tensor(True, shape=(), dtype=bool)"),
        ("x", "tf.Tensor(b'x', shape=(), dtype=string)"),
        (["a", "bc"], "tf.Tensor([b'a' b'bc'], shape=(2,), dtype=string)"),
        ([], "tf.Tensor([], shape=(0,), dtype=float32)"),
    ],
)
def test_str(given, text):
    assert str(convert(given)) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (5, "<tf.Tensor: shape=(), dtype=int32, numpy=5>"),
        (2.5, "<tf.Tensor: shape=(), dtype=float32, numpy=2.5>"),
        ("hé", r"<tf.Tensor: shape=(), dtype=string, numpy=b'h\xc3\xa9'>"),
        ([1, 2], "<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>"),
        ([[1], [2]], "<tf.Tensor: shape=(2, 1), dtype=int32, numpy=\narray([[1],\n       [2]], dtype=int32)>"),
        (["a"], "<tf.Tensor: shape=(1,), dtype=string, numpy=array([b'a'], dtype=object)>"),
        (1 + 2j, "<tf.Tensor: shape=(), dtype=complex128, numpy=(1+2j)>"),
    ],
)
def test_repr(given, text):
    assert repr(convert(given)) == text


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (1, "int32"), (2**40, "int64"), (1.5, "float32"), (True, "bool"), (1j, "complex128"), ("a", "string"),
        ([1, 2.5], "float32"), ([1, True], "int32"), (np.float64(1), "float64"), ([np.float64(1)], "float64"),
        (np.ones(2), "float64"), (np.ones(2, "float16"), "float16"), (np.arange(3), "int64"), ([], "float32"),
        (np.array([1, 2], ">f4"), "float32"), (np.array([1], ml_dtypes.bfloat16), "bfloat16"), (range(3), "int32"),
        ([[1.0], [2.0]], "float32"), (np.array(["a"]), "string"), (torch.ones(1, dtype=torch.float64), "float64"),
    ],
)  # fmt: skip
def test_dtype_of_a_value(given, dtype):
    assert convert(given).dtype == dtype


@pytest.mark.parametrize(
    ("given", "dtype", "error", "words"),
    [
        ([[1, 2], [3]], None, ValueError, "non-rectangular"),
        ([1, "a"], None, ValueError, "mixed types"),
        (None, None, ValueError, "unsupported type"),
        ([1.5], "int32", TypeError, "Cannot convert .*1.5.* to EagerTensor of dtype int32"),
        (["a"], "float32", TypeError, "Cannot convert .*'a'.* to EagerTensor of dtype float$"),
        (1, "string", TypeError, "dtype string"),
        (1, "flot32", TypeError, "Did you mean 'float32'"),
    ],
)
def test_values_that_are_no_tensors(given, dtype, error, words):
    with pytest.raises(error, match=words):
        convert(given, dtype)


@given(hnp.arrays(st.sampled_from(["float32", "float64", "int8", "int64", "bool"]), hnp.array_shapes(min_dims=0)))
def test_numpy_round_trip_is_exact(array):
    out = convert(array).numpy()
    np.testing.assert_array_equal(out, array)
    assert out.dtype == array.dtype


def test_tensors_do_not_share_memory_with_numpy():
    array = np.ones(3, "float32")
    t = convert(array)
    array[0] = 7
    assert t.numpy().tolist() == [1, 1, 1]
    assert t._numpy().tolist() == [1, 1, 1]  # tensorflow_datasets calls it so
    t.numpy()[0] = 7
    np.asarray(t)[0] = 7
    assert t.numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("array", [np.ones(6)[::-2], np.broadcast_to(np.float32(1), (2, 2)), np.ones((2, 3)).T])
def test_unusual_arrays_are_copied(array):
    np.testing.assert_array_equal(convert(array).numpy(), array)


@pytest.mark.parametrize(
    ("left", "right", "dtype"),
    [
        (F, 1, "float32"), (1, F, "float32"), (F, np.ones(3), "float32"), (np.ones(3), F, "float32"),
        (F, np.ones(3, "int64"), "float32"), (I, np.ones(3, "int64"), "int32"), (I, 2, "int32"), (F, 1.5, "float32"),
    ],
)  # fmt: skip
def test_the_tensor_decides_the_dtype(left, right, dtype):
    result = left + right
    assert isinstance(result, Tensor) and result.dtype == dtype


def test_numpy_functions_give_arrays():
    assert type(np.add(F, np.ones(3))) is np.ndarray


@pytest.mark.parametrize("operation", [
    lambda: I + F, lambda: F + I, lambda: I + 1.5, lambda: 1.5 + I, lambda: I < 2.5, lambda: I == F, lambda: I == 1.0,
    lambda: F + convert([1.0, 2.0, 3.0], "float64"),
])  # fmt: skip
def test_mixed_dtypes_are_refused_with_both_of_tensorflows_exceptions(operation):
    with pytest.raises(InvalidArgumentError):
        operation()
    with pytest.raises(TypeError, match="int32|float32"):
        operation()


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (lambda: B + B, "Value for attr 'T' of bool is not in the list of allowed values"),
        (lambda: F & F, "Value for attr 'T' of float is not in the list of allowed values: int8, int16"),
        (lambda: -B, "Value for attr 'T' of bool"),
        (lambda: -convert([1], "uint8"), "Value for attr 'T' of uint8"),
        (lambda: F @ F, "ndims must be >= 2"),
        (lambda: F + convert([1.0, 2.0]), r"Incompatible shapes: \[3\] vs. \[2\]"),
        (lambda: convert(np.ones((2, 3))) @ convert(np.ones((2, 3))), r"Matrix size-incompatible: In\[0\]: \[2,3\]"),
        (lambda: I[5], "slice index 5 of dimension 0 out of bounds"),
        (lambda: I[0, 0], "input has only 1 dims"),
        (lambda: I**-1, "negative integer powers"),
        (lambda: I // 0, "ZeroDivision|zero"),
    ],
)
def test_invalid_operations(operation, words):
    with pytest.raises(InvalidArgumentError, match=words):
        operation()


def test_one_element_is_a_python_number_whatever_its_rank():
    for holder in (tf.constant, tf.Variable):
        assert float(holder([[1.5]])) == 1.5 and int(holder([2])) == 2
        with pytest.raises(TypeError, match="converted to Python scalars"):
            float(holder([1.0, 2.0]))
    assert complex(tf.constant([1j])) == 1j


def test_division_of_integers_gives_floats():
    assert (I / I).dtype == "float64" and (I / 2).numpy().tolist() == [0.5, 1.0, 1.5]
    assert (convert([1], "uint8") / convert([2], "uint8")).dtype == "float32"
    assert (I // 2).dtype == "int32" and (-7 // convert(2)).numpy() == -4
    assert (convert(-7) % 3).numpy() == 2


def test_comparison_of_incomparable_shapes():
    assert convert([1, 2]).__eq__(I).numpy() == np.False_
    assert (convert([1, 2]) != I).numpy() == np.True_
    assert (I == None) is False and (I != None) is True  # noqa: E711
    assert (I == [1, 2, 4]).numpy().tolist() == [True, True, False]


def test_assignment_is_refused():
    with pytest.raises(TypeError, match="does not support item assignment: tensors are immutable"):
        I[0] = 1
    with pytest.raises(AttributeError, match="immutable"):
        F.add_(1)


def test_attributes_references_and_hash():
    t = convert([1.0])
    t.note = "kept"
    assert t.note == "kept" and weakref.ref(t)() is t
    with pytest.raises(TypeError, match=r"Tensor is unhashable. Instead, use tensor.ref\(\) as the key"):
        hash(t)
    assert t.ref() == t.ref() and {t.ref(): 1}[t.ref()] == 1
    with pytest.raises(AttributeError, match="Tensor.name is undefined when eager execution is enabled"):
        _ = t.name
    with pytest.raises(AttributeError, match="numpy"):
        t.astype("int32")


def test_shape_is_a_tuple_and_a_tensor_shape():
    t = convert(np.ones((2, 3)))
    assert str(t.shape) == "(2, 3)" and repr(t.shape) == "TensorShape([2, 3])"
    assert t.shape == (2, 3) == t.shape and t.shape == [2, 3] and isinstance(t.shape, tuple)
    assert t.shape.as_list() == [2, 3] and t.shape[1:] == TensorShape([3]) and t.ndim == 2
    assert t.get_shape() == t.shape and "CPU:0" in t.device


def test_python_conversions():
    assert int(I[0]) == 1 and float(F[1]) == 2.0 and bool(I[0]) and [10, 20, 30][I[0]] == 20
    assert f"{F[0]:.2f}" == "1.00" and len(I) == 3 and [int(x) for x in I] == [1, 2, 3]
    with pytest.raises(TypeError, match="Scalar tensor has no `len"):
        len(I[0])
    with pytest.raises(TypeError, match="Cannot iterate over a scalar tensor"):
        iter(I[0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(I)


ARRAY = np.arange(60).reshape(3, 4, 5)
_slice = st.builds(slice, *[st.none() | st.integers(-6, 6)] * 2, st.none() | st.sampled_from([1, 2, -1, -2, 3, -3]))


@given(st.lists(st.one_of(_slice, st.integers(-3, 2), st.none()), max_size=3), st.booleans())
def test_indexing_is_numpys_where_both_allow_it(parts, ellipsis):
    key = (*parts, Ellipsis) if ellipsis else tuple(parts)
    np.testing.assert_array_equal(convert(ARRAY)[key].numpy(), ARRAY[key])


def test_indexing_takes_scalar_tensors_and_masks():
    t = convert(ARRAY)
    np.testing.assert_array_equal(t[convert(1), : convert(2)].numpy(), ARRAY[1, :2])
    np.testing.assert_array_equal(t[t > 30].numpy(), ARRAY[ARRAY > 30])
    for wrong in (1.5, "a", np.array([1, 2])):
        with pytest.raises(TypeError, match="Only integers, slices"):
            t[wrong]


def test_strings_compare_join_and_index():
    s = convert([["a", "b"], ["c", "d"]])
    assert isinstance(s, StringTensor) and isinstance(s, Tensor) and s.dtype == "string"
    assert (s == "a").numpy().tolist() == [[True, False], [False, False]]
    assert (s + "x").numpy().tolist() == [[b"ax", b"bx"], [b"cx", b"dx"]]
    assert s[1, 0].numpy() == b"c" and s[:, ::-1].numpy().tolist() == [[b"b", b"a"], [b"d", b"c"]]
    with pytest.raises(TypeError, match="dtype string"):
        s * 2
    with pytest.raises(InvalidArgumentError, match="of string"):
        s * convert(2)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_copies(make):
    for t in (F, convert(["a"]), convert([1.5], "bfloat16")):
        other = make(t)
        assert type(other) is type(t) and str(other) == str(t)


@pytest.mark.parametrize(
    "name",
    "sum mean prod max min std var any all argmax argmin cumsum squeeze size ndim sort median ravel round".split(),
)
def test_numpy_functions_take_tensors_and_give_numpy_values(name):
    array = np.array([[3.0, 1.0, 2.0]], dtype="float32")
    function = getattr(np, name)
    got, expected = function(convert(array)), function(array)
    assert type(got) is type(expected)
    np.testing.assert_array_equal(got, expected)


def test_numpy_functions_take_axes_of_tensors():
    array = np.arange(6, dtype="float32").reshape(2, 3)
    for name in ("mean", "sum", "max", "std", "argmax"):
        np.testing.assert_array_equal(getattr(np, name)(convert(array), axis=0), getattr(np, name)(array, axis=0))
    np.testing.assert_array_equal(np.transpose(convert(array)), array.T)
    np.testing.assert_array_equal(np.reshape(convert(array), (3, 2)), array.reshape(3, 2))
    np.testing.assert_array_equal(np.repeat(convert(array), 2, axis=1), np.repeat(array, 2, axis=1))
    assert convert(array).size() == (2, 3) and convert(array).size(1) == 3


def test_torch_takes_tensors():
    out = torch.add(F, torch.ones(3))
    assert isinstance(out, Tensor) and out.numpy().tolist() == [2, 3, 4]
    target = torch.zeros(3)
    assert target.copy_(F) is target and target.tolist() == [1, 2, 3]
    assert F.detach().cpu().dim() == 1 and F.size(0) == 3 and F.item is not None
    assert torch.utils.dlpack.from_dlpack(F).tolist() == [1, 2, 3]
    with pytest.raises(TypeError, match="immutable"):
        torch.relu_(F)


@pytest.mark.parametrize(
    "function", [np.sum, np.mean, np.std, np.argmax, np.squeeze, np.ravel, np.sort, np.cumsum, np.max, np.prod]
)
def test_numpy_functions_compute_on_the_values_and_give_arrays(function):
    values = np.array([[3.0, 1.0, 2.0]], np.float32)
    result = function(convert(values))
    assert not isinstance(result, Tensor)
    np.testing.assert_array_equal(result, function(values))


def test_numpy_functions_take_axes_and_sequences_of_tensors():
    x = convert([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(np.mean(x, axis=0, keepdims=True), [[2.0, 3.0]])
    np.testing.assert_array_equal(np.concatenate([x, x], axis=1).shape, (2, 4))
    np.testing.assert_array_equal(np.where(x > 2, x, 0), [[0.0, 0.0], [3.0, 4.0]])


def test_lists_of_string_tensors_are_tensors():
    a, b = convert("a"), convert("b")
    assert convert([a, b]).numpy().tolist() == [b"a", b"b"]
    assert convert([[a, b], ["c", a]]).numpy().tolist() == [[b"a", b"b"], [b"c", b"a"]]
    assert convert([convert(["q", "r"])] * 2).shape == (2, 2)
    with pytest.raises(InvalidArgumentError, match="Shapes of all inputs must match"):
        convert([convert(["q", "r"]), b])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int16"])
def test_integers_are_inverted_and_rounded(dtype):
    x, a = tf.constant([3, 2], dtype), np.array([3, 2], dtype)
    np.testing.assert_array_equal((~x).numpy(), ~a)
    np.testing.assert_array_equal(round(x).numpy(), a)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint64", "bool"])
def test_no_powers_of_unsigned_integers(dtype):
    x = tf.cast([1, 0], dtype)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the list of allowed values"):
        x**x


@pytest.mark.parametrize("values", [[1, 2j], [True, 2j], [[1.5, 1j]]])
def test_mixed_numbers_are_complex128_alone(values):
    np.testing.assert_array_equal(tf.constant(values, tf.complex128).numpy(), values)
    with pytest.raises(ValueError, match="mixed types"):
        tf.constant(values, tf.complex64)
