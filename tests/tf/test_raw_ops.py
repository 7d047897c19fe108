"""``tf.raw_ops`` as a namespace, and what it refuses; ``recorded/raw_ops_each.txt`` has what the operations give."""

import ast
import inspect

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError, NotServedError, real_names
from kerasish.src import module
from kerasish.tf import raw_ops
from kerasish.tf.raw_ops.table import ROWS

IMAGES = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
SAME = [[1.0, 0, 0, 0, 1, 0, 0, 0]]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_each_row_names_what_there_is(name):
    signature, expression = ROWS[name]
    assert f"tf.raw_ops.{name}" in real_names()
    assert callable(getattr(raw_ops, name))
    arguments = inspect.signature(getattr(raw_ops, name)).parameters
    for node in ast.walk(ast.parse(expression)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id != "x":
            home = {"tf": tf}.get(node.value.id) or getattr(raw_ops, node.value.id)
            assert hasattr(home, node.attr)
    assert list(arguments)[-1] == "name"


def test_it_is_a_module_that_lists_its_operations():
    assert tf.raw_ops is tf.compat.v1.raw_ops is tf.compat.v2.raw_ops is raw_ops
    assert {"MatMul", "ImageProjectiveTransformV3", "Conv2DBackpropInput"} <= set(dir(tf.raw_ops))
    assert tf.raw_ops.Any(input=[False, True], axis=0).numpy()


def test_names_that_are_not_served_say_so():
    with pytest.raises(
        NotServedError, match="'tf.raw_ops.BatchFunction' is part of the real library but is not served"
    ):
        _ = tf.raw_ops.BatchFunction
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = tf.raw_ops.Nonsense


def test_operations_on_references_name_those_on_variables():
    with pytest.raises(NotServedError, match=r"Use 'tf.raw_ops.ResourceApplyAdam' with `variable.handle` instead"):
        _ = tf.raw_ops.ApplyAdam


def test_python_modules_of_operations_take_arguments_by_position():
    gen = module("tensorflow.python.ops")
    assert gen.gen_math_ops.mat_mul([[1.0, 2.0]], [[3.0], [4.0]], False).numpy() == [[11]]
    assert gen.gen_math_ops._sum([1, 2, 3], 0).numpy() == 6
    variable = tf.Variable([1.0, 2.0])
    assert gen.gen_training_ops.resource_apply_gradient_descent(variable.handle, 0.5, [1.0, -1.0]) is None
    assert variable.numpy().tolist() == [0.5, 2.5]
    gen.resource_variable_ops.assign_variable_op(variable.handle, [7.0, 8.0])
    assert variable.numpy().tolist() == [7, 8]
    with pytest.raises(AttributeError, match="is private to the real library"):
        _ = gen.gen_math_ops.no_such_operation


def test_resource_operations_need_a_variable():
    with pytest.raises(TypeError, match="variable or its `handle`.*list"):
        tf.raw_ops.AssignVariableOp(resource=[1.0], value=[2.0])


def test_an_update_leaves_what_was_read_before_and_no_gradient():
    variable, slot = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    before = variable.read_value()
    with tf.GradientTape() as tape:
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle, accum=slot.handle, lr=1.0, grad=variable * 2.0, momentum=0.9
        )
    assert before.numpy().tolist() == [1, 2]
    assert variable.numpy().tolist() == [-1, -2]
    assert tape.gradient(slot.read_value(), variable) is None


def test_updates_run_in_functions():
    variable = tf.Variable([1.0, 2.0])

    @tf.function
    def step(grad):
        tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=1.0, delta=grad)

    for _ in range(3):
        step(tf.constant([1.0, 0.0]))
    assert variable.numpy().tolist() == [-2, 2]


@pytest.mark.parametrize(
    ("name", "empty"), [("Max", np.float32(-3.4028235e38)), ("Min", 3.4028235e38), ("Prod", 1), ("Sum", 0)]
)
def test_segments_with_a_number_have_rows_of_nothing(name, empty):
    given = {"data": [[1.0, 2.0], [3.0, -4.0]], "segment_ids": [0, 2], "num_segments": 4}
    made = getattr(tf.raw_ops, f"Segment{name}V2")(**given).numpy()
    assert made.shape == (4, 2)
    np.testing.assert_array_equal(made[[1, 3]], np.float32(empty))


def test_parts_of_tensors_in_checkpoints_are_refused(tmp_path):
    given = {"prefix": str(tmp_path / "c"), "tensor_names": ["a"], "shape_and_slices": ["4 0,2"]}
    with pytest.raises(NotImplementedError, match="Slices of tensors in checkpoints"):
        tf.raw_ops.SaveV2(**given, tensors=[[1.0, 2.0]])


def test_arguments_by_position_are_refused():
    with pytest.raises(
        TypeError, match=r"leaky_relu only takes keyword args \(possible keys: \['features', 'alpha', 'name'\]\)"
    ):
        tf.raw_ops.LeakyRelu([1.0])


@pytest.mark.parametrize("interpolation", ["bilinear", "CUBIC"])
def test_a_projection_refuses_interpolations_that_do_not_exist(interpolation):
    with pytest.raises(InvalidArgumentError, match=f"NEAREST or BILINEAR.*{interpolation}"):
        tf.raw_ops.ImageProjectiveTransformV2(
            images=IMAGES, transforms=SAME, output_shape=[2, 2], interpolation=interpolation
        )


def test_what_an_operation_cannot_do_is_named():
    with pytest.raises(NotServedError, match="Truncate=True"):
        tf.raw_ops.Cast(x=[1.5], DstT=tf.float16, Truncate=True)
    with pytest.raises(NotServedError, match="align_corners=True"):
        tf.raw_ops.ResizeArea(images=IMAGES, size=[2, 2], align_corners=True)
    with pytest.raises(NotServedError, match="bad_indices_policy='IGNORE'"):
        tf.raw_ops.TensorScatterUpdate(tensor=[1], indices=[[7]], updates=[2], bad_indices_policy="IGNORE")


def test_two_seeds_of_zero_are_no_seed():
    def drawn():
        tf.random.set_seed(1)
        return tf.raw_ops.RandomUniform(shape=[8], dtype=tf.float32).numpy()

    assert (drawn() != drawn()).any()


def test_values_of_spectra_without_vectors_come_alone():
    matrix = [[2.0, 0.0], [0.0, 3.0]]
    values, vectors = tf.raw_ops.SelfAdjointEigV2(input=matrix, compute_v=False)
    np.testing.assert_allclose(values, [2, 3])
    assert vectors.shape == [0]
    assert [part.shape for part in tf.raw_ops.Svd(input=matrix, compute_uv=False)] == [[2], [0], [0]]


def test_files_and_pictures_are_read_and_written(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    path = str(tmp_path / "x.png")
    tf.raw_ops.WriteFile(filename=path, contents=tf.raw_ops.EncodePng(image=pixels))
    assert tf.raw_ops.MatchingFiles(pattern=str(tmp_path / "*.png")).numpy().tolist() == [path.encode()]
    contents = tf.raw_ops.ReadFile(filename=path)
    for decode in (tf.raw_ops.DecodePng, tf.raw_ops.DecodeImage):
        np.testing.assert_array_equal(decode(contents=contents), pixels)
    jpeg = tf.raw_ops.EncodeJpeg(image=np.zeros((8, 4, 3), np.uint8))
    assert tf.raw_ops.ExtractJpegShape(contents=jpeg).numpy().tolist() == [8, 4, 3]
    assert tf.raw_ops.DecodeJpeg(contents=jpeg).shape == [8, 4, 3]


def test_models_are_built_with_them():
    x = tf.keras.Input([4, 4, 1])
    y = tf.raw_ops.Relu(features=tf.raw_ops.MaxPool(input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"))
    model = tf.keras.Model(x, y)
    np.testing.assert_array_equal(model(IMAGES)[0, :, :, 0], [[5, 7], [13, 15]])


def test_tables_of_one_shared_name_are_one():
    raw = tf.raw_ops
    one, two = (raw.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="both") for _ in range(2))
    raw.InitializeTableV2(table_handle=one, keys=["a"], values=tf.constant([1], tf.int64))
    assert raw.LookupTableSizeV2(table_handle=two).numpy() == 1
    with pytest.raises(tf.errors.FailedPreconditionError, match="filled once"):
        raw.LookupTableInsertV2(table_handle=two, keys=["b"], values=tf.constant([1], tf.int64))
    raw.InitializeTableV2(table_handle=two, keys=["b"], values=tf.constant([1], tf.int64))  # again: nothing
    assert raw.LookupTableSizeV2(table_handle=one).numpy() == 1


def test_what_is_no_table_or_list_is_refused():
    with pytest.raises(tf.errors.NotFoundError, match="No table"):
        tf.raw_ops.LookupTableSizeV2(table_handle=3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a list"):
        tf.raw_ops.TensorListStack(input_handle=[1], element_shape=-1, element_dtype=tf.int32)
