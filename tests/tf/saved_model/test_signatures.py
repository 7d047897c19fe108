"""Signatures of SavedModels: names, results, errors and the variables that they read, as TensorFlow 2.21 gave them."""

import pytest

from kerasish import tf

Fingerprint, read = tf.saved_model.experimental.Fingerprint, tf.saved_model.experimental.read_fingerprint


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(2.0, name="w")
        self.unused = tf.Variable(0.0, name="unused")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def scaled(self, x):
        return self.w * x

    @tf.function(input_signature=[tf.TensorSpec([None], name="x"), tf.TensorSpec([], name="y")])
    def both(self, x, y):
        return {"s": x + y, "p": x * y}

    @tf.function
    def nested(self, a):
        return {"a": [a, a]}

    @tf.function(input_signature=[tf.TensorSpec([2])])
    def nothing(self, a):
        return None


def saved(path, signatures):
    tf.saved_model.save(Model(), path, signatures)
    return tf.saved_model.load(path).signatures


def test_a_signature_takes_names_and_a_single_argument_by_position(tmp_path):
    model = Model()
    tf.saved_model.save(model, tmp_path, {"f": model.scaled, "g": model.both})
    signatures = tf.saved_model.load(tmp_path).signatures
    x, y = tf.constant([1.0, 1.0]), tf.constant(1.0)
    f, g = signatures["f"], signatures["g"]
    assert f(x=x)["output_0"].numpy().tolist() == f(x)["output_0"].numpy().tolist() == [2.0, 2.0]
    assert f(x=[1.0, 1.0])["output_0"].numpy().tolist() == [2.0, 2.0]
    assert {name: value.numpy().tolist() for name, value in g(x=x, y=y).items()} == {"p": [1.0, 1.0], "s": [2.0, 2.0]}
    with pytest.raises(TypeError, match="too many positional arguments"):
        g(x, y)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        f()
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'z'"):
        f(x=x, z=x)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a float tensor but is a int32 tensor"):
        f(x=tf.constant([1, 2]))


def test_a_signature_tells_its_inputs_outputs_and_variables(tmp_path):
    model = Model()
    tf.saved_model.save(model, tmp_path, {"f": model.scaled, "g": model.both})
    signatures = tf.saved_model.load(tmp_path).signatures
    f, g = signatures["f"], signatures["g"]
    assert [x.name for x in f.inputs] == ["x:0", "unknown:0"]
    assert [x.name for x in f.outputs] == ["Identity:0"]
    assert f.inputs[1].dtype == tf.resource
    assert [v.name for v in f.variables] == ["w:0"]
    assert [x.name for x in g.inputs] == ["x:0", "y:0"]
    assert g.variables == g.trainable_variables == ()
    assert g.pretty_printed_signature().splitlines()[:3] == [
        "Input Parameters:",
        "  x (KEYWORD_ONLY): TensorSpec(shape=(None,), dtype=tf.float32, name='x')",
        "  y (KEYWORD_ONLY): TensorSpec(shape=(), dtype=tf.float32, name='y')",
    ]
    assert f.output_shapes == {"output_0": tf.TensorShape([None])}


def test_results_are_in_the_order_of_their_names(tmp_path):
    both = saved(tmp_path, Model().both)["serving_default"]
    assert list(both(x=tf.constant([1.0]), y=tf.constant(2.0))) == ["p", "s"]
    assert list(both.structured_outputs) == ["p", "s"]


def test_tensors_of_a_list_are_numbered(tmp_path):
    total = tf.function(lambda xs: xs[0] + 2 * xs[1])
    concrete = total.get_concrete_function([tf.TensorSpec([2]), tf.TensorSpec([2])])
    run = saved(tmp_path, concrete)["serving_default"]
    assert sorted(run.structured_input_signature[1]) == ["xs", "xs_1"]
    found = run(xs_1=tf.constant([1.0, 2.0]), xs=tf.constant([10.0, 20.0]))
    assert found["output_0"].numpy().tolist() == [12.0, 24.0]


@pytest.mark.parametrize("name", ["nested", "nothing"])
def test_what_gives_no_tensors_by_name_is_no_signature(tmp_path, name):
    function = getattr(Model(), name).get_concrete_function(tf.TensorSpec([2]))
    with pytest.raises(ValueError, match="Got a non-Tensor value"):
        saved(tmp_path, function)


def test_objects_without_functions_are_saved_with_their_variables(tmp_path):
    module = tf.Module()
    module.v = tf.Variable([1.0, 2.0])
    module.inner = tf.Module()
    module.inner.n = tf.Variable(3)
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.v.numpy().tolist() == [1.0, 2.0]
    assert loaded.inner.n.numpy() == 3
    assert dict(loaded.signatures) == {}


def test_models_of_keras_2_are_saved_with_signatures(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2, kernel_initializer="ones")])

    @tf.function(input_signature=[tf.TensorSpec([None, 3], name="feats")])
    def serve(feats):
        return {"out": 2.0 * model(feats)}

    model.save(tmp_path / "m", signatures={"serving_default": serve}, save_traces=False)
    run = tf.saved_model.load(tmp_path / "m").signatures["serving_default"]
    assert run(feats=tf.ones([1, 3]))["out"].numpy().tolist() == [[6.0, 6.0]]
    assert tf.keras.models.load_model(tmp_path / "m").predict(tf.ones([1, 3]), verbose=0).tolist() == [[3.0, 3.0]]
    tf.keras.models.save_model(model, tmp_path / "m", save_format="tf")  # nothing is left of the signatures before
    run = tf.saved_model.load(tmp_path / "m").signatures["serving_default"]
    assert run(tf.ones([1, 3]))["output_0"].numpy().tolist() == [[3.0, 3.0]]
    with pytest.raises(ValueError, match="not supported"):
        model.save(tmp_path / "m.keras", signatures=serve)


def test_fingerprints_tell_saved_models_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="Could not find fingerprint"):
        read(tmp_path)
    model = Model()
    tf.saved_model.save(model, tmp_path / "a")
    tf.saved_model.save(model, tmp_path / "b", model.both)
    first, second = read(tmp_path / "a"), read(tmp_path / "b")
    assert first == read(tmp_path / "a")
    assert first != second
    assert first.singleprint().count("/") == 3
    made = Fingerprint(1, 2, 3, 4, 5, 6)
    assert made == Fingerprint(1, 2, 3, 4, 5, 7)
    assert made != Fingerprint(1, 2, 3, 4, 9, 6)
    assert (repr(made), made.singleprint()) == ("Fingerprint(1, 2, 3, 4, 5)", "2/3/4/5")
    with pytest.raises(ValueError, match="singleprint"):
        Fingerprint().singleprint()


def test_a_fingerprint_of_tensorflow_is_read(tmp_path):
    (tmp_path / "fingerprint.pb").write_bytes(b"\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x32\x02\x08\x01")
    found = read(tmp_path)
    assert (repr(found), found.version) == ("Fingerprint(1, 2, 3, 4, 5)", 1)
    (tmp_path / "fingerprint.pb").write_bytes(b"\x08")
    with pytest.raises(RuntimeError, match="cannot be read"):
        read(tmp_path)


def test_policies_of_variables_are_known_by_name():
    policy = tf.saved_model.experimental.VariablePolicy
    given = tf.saved_model.SaveOptions(experimental_variable_policy="SAVE_variable_devices")
    assert given.experimental_variable_policy is policy.SAVE_VARIABLE_DEVICES
    assert tf.saved_model.SaveOptions().experimental_variable_policy is policy.NONE
    with pytest.raises(ValueError, match="Received invalid VariablePolicy value: bad"):
        tf.saved_model.SaveOptions(experimental_variable_policy="bad")
