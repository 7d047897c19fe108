"""tf.compat.v1.train.Saver, and checkpoints that are read by variables' names; the expected texts are TensorFlow's."""

import pytest

from kerasish import tf

v1 = tf.compat.v1
train = v1.train


@pytest.fixture
def pair():
    return tf.Variable([1.0, 2.0], name="a"), tf.Variable(3, name="b")


def named(**values):
    module = tf.Module()
    for name, value in values.items():
        setattr(module, name, tf.Variable(value, name=name))
    return module


def test_values_have_the_variables_names(tmp_path):
    with tf.name_scope("scoped"):
        c = tf.Variable(7.0, name="c")
    path = train.Saver([tf.Variable(5.0, name="a"), c]).save(None, tmp_path / "m")
    assert path == str(tmp_path / "m")
    assert tf.train.list_variables(path) == [("a", []), ("scoped/c", [])]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint", "m.data-00000-of-00001", "m.index"]


def test_the_last_checkpoints_are_kept(tmp_path, pair):
    saver = train.Saver(pair, max_to_keep=2)
    paths = [saver.save(None, tmp_path / "m", global_step=step) for step in range(4)]
    assert saver.last_checkpoints == paths[2:] and tf.train.latest_checkpoint(tmp_path) == paths[3]
    assert [train.checkpoint_exists(path) for path in paths] == [False, False, True, True]
    noted = (tmp_path / "checkpoint").read_text().splitlines()
    assert noted == [f'model_checkpoint_path: "{paths[3]}"', *(f'all_model_checkpoint_paths: "{p}"' for p in paths[2:])]
    train.remove_checkpoint(paths[3])
    assert not train.checkpoint_exists(paths[3]) and len(train.get_checkpoint_mtimes(paths)) == 1
    saver.recover_last_checkpoints(paths)
    assert saver.last_checkpoints == paths[2:3]


def test_names_of_files(tmp_path, pair):
    step = tf.Variable(12)
    assert train.Saver(pair, pad_step_number=True).save(None, tmp_path / "m", step).endswith("m-00000012")
    train.Saver(pair).save(None, tmp_path / "n", latest_filename="latest")
    assert tf.train.latest_checkpoint(tmp_path, "latest").endswith("n")
    train.Saver(pair).save(None, tmp_path / "o", write_state=False)
    assert tf.train.latest_checkpoint(tmp_path).endswith("m-00000012")
    everything = train.Saver(pair, max_to_keep=0)
    assert all(train.checkpoint_exists(everything.save(None, tmp_path / "z", i)) for i in range(7))
    assert everything.last_checkpoints == []


def test_restore_sets_variables_by_name(tmp_path, pair):
    a, b = pair
    saver = train.Saver([a, b])
    path = saver.save(None, tmp_path / "m")
    a.assign([0.0, 0.0])
    b.assign(7)
    assert saver.restore(None, path) is None
    assert a.numpy().tolist() == [1, 2] and b.numpy() == 3
    other = tf.Variable([0.0, 0.0], name="other")
    train.Saver({"a": other}).restore(None, path)
    assert other.numpy().tolist() == [1, 2]


def test_restore_finds_names_in_checkpoints_of_objects(tmp_path, pair):
    a, b = pair
    path = tf.train.Checkpoint(x=a, y=b).save(tmp_path / "objects")
    a.assign([0.0, 0.0])
    train.Saver([a, b]).restore(None, path)
    assert a.numpy().tolist() == [1, 2]


def test_nothing_is_set_if_something_does_not_fit(tmp_path, pair):
    a, b = pair
    path = train.Saver([a, b]).save(None, tmp_path / "m")
    a.assign([5.0, 5.0])
    with pytest.raises(tf.errors.NotFoundError, match="missing from the checkpoint(.|\n)*Key c not found"):
        train.Saver([a, tf.Variable(1.0, name="c")]).restore(None, path)
    with pytest.raises(ValueError, match=r"incompatible tensor with shape \(2,\)"):
        train.Saver({"a": tf.Variable([0.0])}).restore(None, path)
    with pytest.raises(tf.errors.InvalidArgumentError, match="mismatch between the current graph"):
        train.Saver({"a": tf.Variable([0, 0])}).restore(None, path)
    assert a.numpy().tolist() == [5, 5]


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda p, a: train.Saver(), RuntimeError, "`var_list` must specify"),
        (lambda p, a: train.Saver([a]).restore(None, None), ValueError, "when it is None"),
        (lambda p, a: train.Saver([a]).restore(None, p / "no"), ValueError, "not a valid checkpoint"),
        (lambda p, a: train.Saver([a]).save(None, p / "no" / "such" / "x"), ValueError, "Parent directory of"),
        (lambda p, a: train.Saver([a, tf.Variable(1.0, name="a")]).save(None, p / "x"), ValueError, "same name: a"),
        (lambda p, a: train.Saver([3]).save(None, p / "x"), TypeError, "not a Variable: 3"),
        (lambda p, a: train.Saver([a]).export_meta_graph(), RuntimeError, "meta graphs"),
    ],
)
def test_bad_input(tmp_path, pair, act, error, words):
    with pytest.raises(error, match=words):
        act(tmp_path, pair[0])


def test_checkpoint_reads_by_name_what_a_saver_wrote(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = named(a=[0.0, 0.0], b=0)
    status = tf.train.Checkpoint(m=module).restore(path)
    assert module.a.numpy().tolist() == [1, 2] and module.b.numpy() == 3
    assert status.assert_consumed().assert_existing_objects_matched().expect_partial() is status
    assert status.run_restore_ops() is None


def test_variables_without_a_value_are_told_of(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = named(a=[0.0, 0.0], z=5.0)
    status = tf.train.Checkpoint(m=module).restore(path)
    assert module.z.numpy() == 5
    with pytest.raises(AssertionError, match="attributes which were not restored(.|\n)*'z:0'"):
        status.assert_existing_objects_matched()


def test_a_variable_made_later_gets_its_value_then(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = tf.Module()
    status = tf.train.Checkpoint(m=module).restore(path)
    module.a = tf.Variable([0.0, 0.0], name="a")
    assert module.a.numpy().tolist() == [1, 2]
    status.expect_partial()
