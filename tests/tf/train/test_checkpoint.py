"""tf.train.Checkpoint; the expected texts are TensorFlow's."""

import itertools

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf


def several():
    return tf.train.Checkpoint(v=tf.Variable(1.0), listed=[tf.Variable(2.0)], mapped={"a": tf.Variable(3.0)})


def test_save_counts_and_names_values_by_how_they_are_reached(tmp_path):
    checkpoint = several()
    assert checkpoint.save(tmp_path / "ckpt") == str(tmp_path / "ckpt-1")
    path = checkpoint.save(tmp_path / "ckpt")
    assert path == str(tmp_path / "ckpt-2")
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "ckpt-2"\nall_model_checkpoint_paths: "ckpt-2"\n'
    )
    assert tf.train.list_variables(path) == [
        ("_CHECKPOINTABLE_OBJECT_GRAPH", []),
        ("listed/0/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("mapped/a/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("save_counter/.ATTRIBUTES/VARIABLE_VALUE", []),
        ("v/.ATTRIBUTES/VARIABLE_VALUE", []),
    ]
    assert tf.train.load_variable(tmp_path, "listed/0/.ATTRIBUTES/VARIABLE_VALUE") == 2.0


def test_restore_sets_values_and_the_counter(tmp_path):
    path = several().save(tmp_path / "ckpt")
    other = several()
    other.v.assign(9.0)
    other.restore(path).assert_consumed().assert_existing_objects_matched().assert_nontrivial_match()
    assert other.v.numpy() == 1.0
    assert other.save_counter.numpy() == 1


def test_values_wait_for_objects_that_are_made_later(tmp_path):
    path = several().save(tmp_path / "ckpt")
    later = tf.train.Checkpoint()
    status = later.restore(path)
    later.listed = []
    assert repr(later.listed) == "ListWrapper([])"
    later.listed.append(tf.Variable(0.0))
    later.mapped = {}
    later.mapped["a"] = tf.Variable(0.0)
    with pytest.raises(AssertionError, match=r"Unresolved object in checkpoint \(root\)\.v: attributes \{\n  name: "):
        status.assert_consumed()
    later.v = tf.Variable(0.0)
    assert [later.listed[0].numpy(), later.mapped["a"].numpy(), later.v.numpy()] == [2.0, 3.0, 1.0]
    status.assert_consumed()


def test_attributes_of_modules_made_later_are_set(tmp_path):
    module = tf.Module()
    module.w = tf.Variable([1.0, 2.0])
    path = tf.train.Checkpoint(m=module).write(tmp_path / "c")
    later = tf.Module()
    tf.train.Checkpoint(m=later).read(path)
    later.w = tf.Variable([0.0, 0.0])
    np.testing.assert_array_equal(later.w, [1.0, 2.0])


def test_a_model_and_its_optimizer_go_on_where_they_were(tmp_path):
    def made():
        model = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)])
        return tf.train.Checkpoint(step=tf.Variable(0), optimizer=keras.optimizers.Adam(0.1), net=model)

    def step(checkpoint):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(checkpoint.net(np.ones((2, 2), "float32")) ** 2)
        variables = checkpoint.net.trainable_variables
        checkpoint.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        checkpoint.step.assign_add(1)
        return loss.numpy()

    first = made()
    manager = tf.train.CheckpointManager(first, tmp_path, max_to_keep=3)
    for _ in range(3):
        step(first)
    manager.save()
    expected = [step(first) for _ in range(2)]
    second = made()
    second.restore(manager.latest_checkpoint)
    assert [step(second) for _ in range(2)] == expected
    assert int(second.step) == 5


def test_misfits_leave_everything_alone(tmp_path):
    path = several().write(tmp_path / "c")
    wrong = tf.train.Checkpoint(listed=[tf.Variable(0.0)], v=tf.Variable([0.0, 1.0]))
    with pytest.raises(
        ValueError, match=r"incompatible tensor with shape \(\) .* with shape \(2,\) and name Variable:0"
    ):
        wrong.read(path)
    assert wrong.listed[0].numpy() == 0.0
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="expected dtype int32 does not equal original dtype float"
    ):
        tf.train.Checkpoint(v=tf.Variable(0)).read(path)


def test_status_tells_objects_without_a_value(tmp_path):
    path = several().write(tmp_path / "c")
    other = tf.train.Checkpoint(v=tf.Variable(0.0), more=tf.Variable(1.0))
    with pytest.raises(AssertionError, match="Found 1 Python objects that were not bound to checkpointed values"):
        other.read(path).assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="Nothing except the root object matched"):
        tf.train.Checkpoint(more=tf.Variable(1.0)).read(path).assert_nontrivial_match()


def test_restore_of_nothing_and_of_what_is_not_there(tmp_path):
    checkpoint = several()
    nothing = checkpoint.restore(None)
    assert nothing.expect_partial() is nothing
    nothing.initialize_or_restore()
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        nothing.assert_consumed()
    with pytest.raises(tf.errors.NotFoundError, match="You may be missing the checkpoint suffix"):
        checkpoint.restore(tmp_path / "no")
    with pytest.raises(tf.errors.NotFoundError, match="Unsuccessful TensorSliceReader constructor"):
        checkpoint.read(tmp_path / "no")


@pytest.mark.parametrize("value", [3, "a", None, np.ones(3)])
def test_what_has_no_values_is_refused(value):
    with pytest.raises(ValueError, match="expecting v to be a trackable object"):
        tf.train.Checkpoint(v=value)


def test_a_root_has_its_attributes_at_the_top(tmp_path):
    module = tf.Module()
    module.w = tf.Variable(4.0)
    path = tf.train.Checkpoint(module, extra=tf.Variable(1.0)).save(tmp_path / "c")
    names = [name.partition("/")[0] for name, _ in tf.train.list_variables(path)]
    assert names == ["_CHECKPOINTABLE_OBJECT_GRAPH", "extra", "save_counter", "w"]
    with pytest.raises(ValueError, match="expecting root to be a trackable"):
        tf.train.Checkpoint([tf.Variable(1.0)])


def test_keys_of_dicts_are_texts(tmp_path):
    checkpoint = tf.train.Checkpoint(d={3: tf.Variable(1.0)})
    with pytest.raises(ValueError, match="Unable to save the object .*non-string key"):
        checkpoint.write(tmp_path / "c")


def test_iterators_generators_and_python_state(tmp_path):
    class Note(tf.train.experimental.PythonState):
        text = b"before"

        def serialize(self):
            return self.text

        def deserialize(self, string_value):
            self.text = string_value

    iterator, note = iter(tf.data.Dataset.range(10).batch(2)), Note()
    generator = tf.random.Generator.from_seed(3)
    checkpoint = tf.train.Checkpoint(iterator=iterator, note=note, generator=generator)
    next(iterator)
    path = checkpoint.save(tmp_path / "c")
    drawn = generator.normal([2]).numpy()
    list(itertools.islice(iterator, 3))
    note.text = b"after"
    checkpoint.restore(path).assert_consumed()
    assert next(iterator).numpy().tolist() == [2, 3]
    assert note.text == b"before"
    np.testing.assert_array_equal(generator.normal([2]), drawn)


def test_views_show_the_graphs(tmp_path):
    checkpoint = several()
    path = checkpoint.write(tmp_path / "c")
    view = tf.train.CheckpointView(path)
    assert view.children(0) == {"listed": 1, "mapped": 2, "v": 3}
    assert view.descendants() == [0, 1, 2, 3, 4, 5]
    assert view.match(checkpoint)[3] is checkpoint.v
    assert view.diff(tf.train.Checkpoint())[2] == [1, 2, 3, 4, 5]
    assert list(tf.train.TrackableView(checkpoint).children(checkpoint)) == ["listed", "mapped", "v"]


@pytest.mark.parametrize("again", [False, True])
def test_iterators_of_shuffled_data_go_on_in_their_order(tmp_path, again):
    def data():
        return tf.data.Dataset.range(100).shuffle(50)

    dataset = data()
    if again:
        list(dataset)  # a second pass has another order
    iterator = iter(dataset)
    for _ in range(3):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(tmp_path / "c")
    wanted = [next(iterator).numpy() for _ in range(5)]
    other = iter(data())
    tf.train.Checkpoint(iterator=other).restore(path)
    assert [next(other).numpy() for _ in range(5)] == wanted
    tf.train.Checkpoint(iterator=iterator).restore(path)
    assert [next(iterator).numpy() for _ in range(5)] == wanted
