"""SavedModels of functions that are no programs of torch's: text, values of Python, loops that end by values."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf


class Counting(tf.Module):
    """Text, a loop that ends by a value, and a variable."""

    def __init__(self, most):
        super().__init__()
        self.most, self.by = most, tf.Variable(2)

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="text")])
    def __call__(self, text):
        found = tf.TensorArray(tf.string, size=0, dynamic_size=True)
        for i in tf.range(self.most):
            number = tf.strings.length(text) + i
            if number > 4:
                break
            found = found.write(i, tf.strings.as_string(number * self.by))
        return tf.strings.reduce_join(found.stack(), separator=" ")


def test_text_and_loops_come_back_with_their_variables(tmp_path):
    module = Counting(10)
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded("ab").numpy() == module("ab").numpy() == b"4 6 8"
    loaded.by.assign(10)
    assert loaded(tf.constant("ab")).numpy() == b"20 30 40"
    assert module("ab").numpy() == b"4 6 8"
    signature = loaded.signatures["serving_default"]
    assert signature(text=tf.constant("abc"))["output_0"].numpy() == b"30 40"
    assert signature.structured_input_signature == ((), {"text": tf.TensorSpec([], tf.string, name="text")})
    assert list(signature.structured_outputs) == ["output_0"]
    with pytest.raises(TypeError, match="missing a required argument: 'text'"):
        signature(words=tf.constant("abc"))


def test_values_of_python_and_ragged_tensors_are_part_of_signatures(tmp_path):
    class Module(tf.Module):
        @tf.function
        def scaled(self, x, training=False, by=3.0):
            return x * by if training else x

        @tf.function
        def sums(self, rows):
            return tf.reduce_sum(rows, axis=1)

    module = Module()
    module.scaled(tf.constant([1.0, 2.0]), training=True)
    module.sums(tf.ragged.constant([[1.0], [2.0, 3.0]]))
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.scaled(tf.constant([1.0, 2.0]), training=True).numpy().tolist() == [3.0, 6.0]
    assert loaded.sums(tf.ragged.constant([[1.0, 1.0, 1.0], []])).numpy().tolist() == [3.0, 0.0]
    assert len(loaded.scaled.concrete_functions) == 1
    with pytest.raises(
        ValueError, match="Could not find matching concrete function to call loaded from the SavedModel"
    ):
        loaded.scaled(tf.constant([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"(?s)one of the following 1 option.*shape=\(2,\), dtype=tf.float32"):
        loaded.scaled(tf.constant([1.0]), training=True)


def test_a_gradient_of_its_own_comes_back(tmp_path):
    class Squares(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x):
            return tf.custom_gradient(lambda x: (x * x, lambda dy: dy * 7.0))(x)

    tf.saved_model.save(Squares(), tmp_path / "model")
    loaded, x = tf.saved_model.load(tmp_path / "model"), tf.constant([2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loaded(x)
    assert y.numpy().tolist() == [4.0, 9.0]
    assert tape.gradient(y, x).numpy().tolist() == [7.0, 7.0]


def test_functions_of_objects_below_are_there(tmp_path):
    module = tf.Module()
    module.inner = Counting(3)
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.inner("a").numpy() == b"2 4 6"
    assert loaded.inner.by.numpy() == 2
    assert loaded.signatures == {}
    with pytest.raises(TypeError, match="no `__call__` of it was written"):
        loaded.inner.__class__()()


def test_a_model_that_starts_from_text(tmp_path):
    words = keras.layers.TextVectorization(output_sequence_length=3)
    words.adapt(["a b c", "b c d"])
    parts = [words, keras.layers.Embedding(10, 2), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((1,), dtype="string", name="words"), *parts])
    x = tf.constant([["a d"], ["b"]])
    wanted = model(x).numpy()
    tf.saved_model.save(model, tmp_path / "saved")
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded(x, training=False), wanted)
    np.testing.assert_array_equal(loaded.signatures["serving_default"](words=x)["output_0"], wanted)
    assert [tuple(v.shape) for v in loaded.trainable_variables] == [(10, 2)]
    with pytest.raises(ValueError, match="is its call in inference"):
        loaded(x, training=True)
    np.testing.assert_array_equal(tf.saved_model.load(tmp_path / "exported").serve(x), wanted)
    layer = keras.layers.TFSMLayer(tmp_path / "exported", call_endpoint="serve")
    np.testing.assert_array_equal(layer(x), wanted)
    assert len(layer.trainable_weights) == 1


def test_a_model_of_functions_that_was_never_called(tmp_path):
    class OneStep(keras.Model):
        def __init__(self):
            super().__init__()
            self.letters = keras.layers.StringLookup(vocabulary=["a", "b"])

        @tf.function
        def step(self, text, states=None):
            ids = self.letters(tf.strings.bytes_split(text)).to_tensor()
            states = tf.reduce_sum(ids, axis=1) + (0 if states is None else states)
            return tf.strings.join([text, tf.strings.as_string(states)]), states

    model = OneStep()
    text, states = model.step(tf.constant(["ab", "b"]))
    model.step(text, states=states)
    tf.saved_model.save(model, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    again, states = loaded.step(tf.constant(["ab", "b"]))
    assert again.numpy().tolist() == [b"ab3", b"b2"]
    assert loaded.step(again, states=states)[0].numpy().tolist() == model.step(again, states=states)[0].numpy().tolist()


def test_another_process_needs_none_of_the_programs_files(tmp_path):
    (tmp_path / "parts.py").write_text("def twice(text):\n    return text + text\n")
    (tmp_path / "write.py").write_text(
        textwrap.dedent(
            """
            import sys
            import parts
            import kerasish.tf as tf

            class Module(tf.Module):
                @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
                def f(self, text):
                    print("traced")
                    return helper(text)

            def helper(text):
                return parts.twice(text)

            tf.saved_model.save(Module(), sys.argv[1])
            """
        )
    )
    read = "import sys\nimport kerasish.tf as tf\nprint(tf.saved_model.load(sys.argv[1]).f('ab').numpy())"
    saved = str(tmp_path / "saved")
    subprocess.run([sys.executable, str(tmp_path / "write.py"), saved], check=True, cwd=tmp_path)
    (tmp_path / "parts.py").unlink()
    (tmp_path / "write.py").unlink()
    run = subprocess.run([sys.executable, "-c", read, saved], check=True, capture_output=True, text=True)
    assert run.stdout == "b'abab'\n"  # what it prints it printed where it was traced


def test_what_cannot_be_written_or_read_says_why(tmp_path):
    class Holding(tf.Module):
        def __init__(self):
            super().__init__()
            self.file = open(tmp_path / "log", "w")  # noqa: SIM115

        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def f(self, text):
            return text

    module = Holding()
    with pytest.raises(ValueError, match="takes TensorSpec.*string.*as functions of Python they cannot be written"):
        tf.saved_model.save(module, tmp_path / "a")
    module.file.close()
    tf.saved_model.save(Counting(3), tmp_path / "b")
    (tmp_path / "b" / "functions.pickle").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"cannot be read: .* It was written by Python 3"):
        tf.saved_model.load(tmp_path / "b")


def test_a_model_file_leads_to_no_function_of_python(tmp_path):
    tf.saved_model.save(Counting(3), tmp_path)
    layer = keras.layers.TFSMLayer(tmp_path, call_endpoint="__call__")
    assert layer(tf.constant("a")).numpy() == b"2 4 6"
    with pytest.raises(ValueError, match="TFSMLayer, which would run"):
        keras.layers.deserialize(keras.layers.serialize(layer))
