"""Looking into files of weights, changing them and writing them again."""

import base64
import zlib

import h5py
import numpy as np
import pytest

from kerasish import layers, models, saving
from kerasish.saving import KerasFileEditor
from kerasish.saving.archive import CorruptFileError

X = np.random.default_rng(0).random((4, 2), dtype="float32")


def stack(*units):
    return models.Sequential([layers.Input((2,)), *(layers.Dense(n) for n in units)])


def nested():
    """An object with weights of its own and objects within it, some in a list, one without weights of its own."""

    class Own(models.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(2)
            self.blocks = [layers.Dense(2), stack(2, 3)]

        def build(self, shape):
            self.scale = self.add_weight((3,), name="scale")

        def call(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return x * self.scale

    model = Own()
    model(X)
    return model


def flat(weights, path=""):
    found = {}
    for name, value in weights.items():
        found.update(flat(value, f"{path}/{name}") if isinstance(value, dict) else {f"{path}/{name}": value})
    return found


@pytest.fixture
def editor(tmp_path):
    stack(3, 3).save(tmp_path / "m.keras")
    return KerasFileEditor(tmp_path / "m.keras")


# looking --------------------------------------------------------------------------------------------------------------


def test_a_file_is_shown_as_objects_and_weights(editor, capsys):
    editor.summary()
    assert capsys.readouterr().out.splitlines() == [
        "Weights structure",
        "  > layers",
        "      ├─ dense",
        "      │   ├─ 0: shape=(2, 3), dtype=float32",
        "      │   └─ 1: shape=(3,), dtype=float32",
        "      └─ dense_1",
        "          ├─ 0: shape=(3, 3), dtype=float32",
        "          └─ 1: shape=(3,), dtype=float32",
    ]


def test_an_archive_also_has_a_configuration_and_metadata(tmp_path, capsys):
    model = stack(3)
    model.save(tmp_path / "m.keras")
    editor = KerasFileEditor(str(tmp_path / "m.keras"))
    assert editor.config["class_name"] == "Sequential"
    assert set(editor.metadata) == {"keras_version", "date_saved"}
    assert editor.object_metadata == {"/layers/dense": {"name": model.layers[0].name}}
    out = capsys.readouterr().out
    assert out.startswith(
        f"Keras model file '{tmp_path}/m.keras'\nSaved with Keras {editor.metadata['keras_version']} - date: "
    )
    model.save_weights(tmp_path / "m.weights.h5")
    editor = KerasFileEditor(str(tmp_path / "m.weights.h5"))
    assert editor.config is editor.metadata is None
    np.testing.assert_array_equal(editor.weights_dict["layers"]["dense"]["0"], model.get_weights()[0])


def test_objects_within_objects_and_optimizers_are_there(tmp_path):
    model = nested()
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 3)), verbose=0)
    model.save_weights(tmp_path / "m.weights.h5")
    editor = KerasFileEditor(tmp_path / "m.weights.h5")
    assert list(editor.weights_dict) == ["0", "blocks", "first", "optimizer"]
    assert set(editor.weights_dict["blocks"]["sequential"]["layers"]) == {"dense", "dense_1"}
    assert editor.weights_dict["0"].shape == (3,)
    assert editor.object_metadata["/optimizer"] == {"name": "adam"}
    count = len(model.weights) + len(model.optimizer.variables)
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": count}


def test_a_comparison_tells_what_differs(editor, capsys):
    other = stack(4, 3, 1)
    capsys.readouterr()
    assert editor.compare(other) == {"status": "error", "error_count": 4, "match_count": 1}
    assert capsys.readouterr().out.splitlines() == [
        "Running comparison",
        "...Weight shape mismatch for /layers/dense/0",
        "    In reference model: shape=(2, 4)",
        "    In saved file: shape=(2, 3)",
        "...Weight shape mismatch for /layers/dense/1",
        "    In reference model: shape=(4,)",
        "    In saved file: shape=(3,)",
        "...Weight shape mismatch for /layers/dense_1/0",
        "    In reference model: shape=(4, 3)",
        "    In saved file: shape=(3, 3)",
        "...Object /layers/dense_2 present in reference model, missing from saved file",
        "    In reference model, /layers/dense_2 contains the following keys: ['0', '1']",
        "─────────────────────",
        "Found 4 errors: saved file is not compatible with the reference model",
    ]


def test_what_only_the_file_has_counts_too(editor):
    editor.add_weights("layers/dense", {"2": np.ones(3)})
    editor.add_object("head", {"0": np.ones(3)})
    assert editor.compare(stack(3, 3))["error_count"] == 2
    editor.weights_dict["head"] = np.ones(3)
    editor.weights_dict["layers"]["dense"]["0"] = {}
    assert editor.compare(stack(3, 3)) == {"status": "error", "error_count": 3, "match_count": 3}


# Written by Keras 3.15: a model of a Sequential "inner" of Dense(2), and a BatchNormalization; each weight counts 0, 1, ...
REAL = """
eNrtWs9PE1EQfq8/wgYwlmACEtSVhFAMkSJqOOkKVGpEIeKBG12xpk3KolBM9SLH+h945MiRI0eOHD1y7NGjR27Y3Z233Xl0t0spDbXzXYbZN923
zPt2Zt68/Zmaf3mje6ibmVAUFmEx5sYZIP4G62I8DZKDLIHcD4nr3BobhOt9cH/Z7v27ZNK0PpMg5ilHbakwQicilXyxbMpV0AWfjkPY7qu+tW3K
vP4tY/4leKk1OC9nYcTfGPA33oX5b/OXefKXQPx181fEsVJU5puN5SbNu/J2aZ6zkBPVS114HkFsdQg/lxrGdinQs9HOXD+Rt2Q/9EJk4SzKblW8
Z+gbGVO/zbn1i5jjQwX5s9flbO6TJ+X18bL7BeOHw/5xa3UEx62FuaVFzuBB5eer4NOOsV7IbRp6fm3K1EW47QGZMz7vFNasaGvp4B4WdcYNayQi
Xf+YMbYzLr0f5Ae9sJ5dMza3NvR87rtuTo3WYfUmxRICgUAgEAgEAoFAIBAuinp998Qd1IYgdBjkvqUm5BC2k/tA25kvOxmjkNPz9rhXX0f0mwYv
yMvYfVvSeRDx0uIDyJNhbCfOg5w+9iXntfvpYRYHvQgvhLj/HuhHs5ifB1LfXe7XCv4fjmC7Muhs9H/MO3ReRgj2fov36FDFdldzXsad+U6k97Z4
F95fldbID+JcSvZXo+dlPS4ShJj3OZgcL+vVETNxqiMozpz/rkQdrV1HXPV3Jbvjtp6mPEm4RJ4sj7UiT1a/KymP43mUB7aMT+DnKo5K9TLoR2Od
nSdlPzSaJ6MuZ4d98qS8PvXyZHqS8iTFmfP77dQEthPf9TRrv+3F32OY98/DYPzNThN/ib/n+atMtqJfVN1P7k3g/CfzmHCxevngca162TsOqM/w
+hNov2fxYRrbJUBOSfWz1qQ4sJ/A9/0N+t9HtEZB6mXZX82olyPwe+4y4NDp5yHu9J78ZLjCKNOyT70H3zyrbEBhAz+c+RRrPBSyb6gAA8NcfVo7
MhWvgdd3n9vU1zSXHkASCAQCgUBoR4g+r6hbY0/87UX1kqUKQNq/ynWlXfdxzptcRyagjpQ7XaVr5o/afT35+5l6+/nTZO3/ltCZ+3nnPGoW2zW7
r+fVj9IWbD3NgvH3AB5EpaUk/lYgvivcS2I7uR8l2kTTDh+xXbC8Xu1Hzczh+6RB303SGvlB5C3ZX432o/pdySza0rphpi3qBpu3kep5ykKwevT0
lb+diOPKa387EacHF6keDcYrrU3q0Vb5I0X+QP5Ybgt//ANybp0s
"""


def test_a_file_of_keras_is_read_and_what_is_written_loads(tmp_path):
    (tmp_path / "real.weights.h5").write_bytes(zlib.decompress(base64.b64decode(REAL)))
    editor = KerasFileEditor(tmp_path / "real.weights.h5")
    shapes = {path: value.shape for path, value in flat(editor.weights_dict).items()}
    norm = {f"/layers/batch_normalization/{i}": (2,) for i in range(4)}
    assert shapes == {**norm, "/layers/sequential/layers/dense/0": (2, 2), "/layers/sequential/layers/dense/1": (2,)}
    assert editor.object_metadata["/layers/sequential/layers/dense"] == {"name": "dense"}
    inputs = layers.Input((2,))
    model = models.Model(inputs, layers.BatchNormalization()(stack(2)(inputs)))
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 6}
    editor.save(tmp_path / "new.weights.h5")
    model.load_weights(tmp_path / "new.weights.h5")
    for weight in model.get_weights():
        np.testing.assert_array_equal(weight, np.arange(weight.size).reshape(weight.shape))


# changing and writing -------------------------------------------------------------------------------------------------


def test_a_file_is_brought_to_another_architecture(editor, tmp_path):
    before = flat(editor.weights_dict)
    kernel, bias = np.random.default_rng(1).random((3, 3)), np.arange(3.0)
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", weights={"0": kernel})
    editor.add_weights("layers/dense_1", weights={"1": bias, "2": bias})
    editor.delete_weight("layers/dense_1", "2")
    target = stack(3, 3, 3)
    assert editor.compare(target) == {"status": "success", "error_count": 0, "match_count": 6}
    editor.resave_weights(tmp_path / "new.weights.h5")
    target.load_weights(tmp_path / "new.weights.h5")
    expected = [before["/layers/dense/0"], before["/layers/dense/1"], kernel, bias]
    expected += [before["/layers/dense_1/0"], before["/layers/dense_1/1"]]
    for got, want in zip(target.get_weights(), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_what_is_written_is_what_was_read(tmp_path):
    model = nested()
    model.save_weights(tmp_path / "m.weights.h5")
    first = KerasFileEditor(tmp_path / "m.weights.h5")
    first.save(tmp_path / "n.weights.h5")
    second = KerasFileEditor(tmp_path / "n.weights.h5")
    assert list(flat(first.weights_dict)) == list(flat(second.weights_dict))
    other = nested()
    other.load_weights(tmp_path / "n.weights.h5")
    for got, want in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_dtypes_that_hdf5_has_not_survive(tmp_path):
    model = models.Sequential([layers.Input((2,)), layers.Dense(3, dtype="bfloat16")])
    model.save_weights(tmp_path / "m.weights.h5")
    editor = KerasFileEditor(tmp_path / "m.weights.h5")
    assert editor.weights_dict["layers"]["dense"]["0"].dtype.name == "bfloat16"
    editor.save(tmp_path / "n.weights.h5")
    model.load_weights(tmp_path / "n.weights.h5")


def test_objects_are_removed_by_name_or_path(editor):
    editor.delete_object("layers/dense")
    editor.delete_object("dense_1")
    assert editor.weights_dict == {"layers": {}}


def test_a_name_may_stay(editor):
    editor.rename_object("dense", "dense")
    assert editor.compare(stack(3, 3))["status"] == "success"


def test_tensors_and_variables_are_written_as_arrays(editor, tmp_path):
    source = layers.Dense(3)
    source.build((None, 3))
    editor.add_object("layers/dense_1", {"0": source.kernel, "1": source.bias.value})
    editor.save(tmp_path / "n.weights.h5")
    with h5py.File(tmp_path / "n.weights.h5") as file:
        np.testing.assert_array_equal(file["layers/dense_1/vars/0"][()], source.kernel.numpy())


def test_a_failed_save_leaves_the_old_file(editor, tmp_path):
    (tmp_path / "n.weights.h5").write_bytes(b"old")
    editor.add_weights("layers/dense", {"0": np.array(["text"])})
    with pytest.raises(TypeError, match="array of numbers"):
        editor.save(tmp_path / "n.weights.h5")
    assert (tmp_path / "n.weights.h5").read_bytes() == b"old"


BAD = [
    (lambda e: e.rename_object("zz", "y"), "Source name 'zz' does not appear in the model"),
    (lambda e: e.rename_object("layers/zz", "y"), "Path 'layers/zz' not found in model"),
    (lambda e: e.rename_object("layers/dense/0/x", "y"), "not found in model"),
    (lambda e: e.rename_object("dense", "layers/y"), "should be a leaf name"),
    (lambda e: e.add_object("a/b", {"0": 1}), "Path 'a' not found in model"),
    (lambda e: e.add_object("layers/dense/0/b", {"0": 1}), "Path 'layers/dense/0' not found in model"),
    (lambda e: e.add_object("a", 3), "`weights` should be a dict"),
    (lambda e: e.add_weights("dense", [1]), "`weights` should be a dict"),
    (lambda e: e.add_weights("layers/dense/0", {"1": 1}), "is a weight"),
    (lambda e: e.delete_weight("dense", "9"), r"Weight 9 not found in object dense\. Weights found: \['0', '1'\]"),
    (lambda e: e.delete_weight("zz", "0"), "does not appear"),
    (lambda e: e.delete_object("0"), "occurs more than once"),
    (lambda e: e.save("x.keras"), r"expected a `\.weights\.h5`|Expected a `\.weights\.h5`"),
]


@pytest.mark.parametrize(("action", "message"), BAD)
def test_what_cannot_be_done_changes_nothing(editor, action, message):
    before = flat(editor.weights_dict)
    with pytest.raises(ValueError, match=message):
        action(editor)
    assert list(flat(editor.weights_dict)) == list(before)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\0b", 3])
def test_names_that_lead_elsewhere_are_not_written(editor, tmp_path, name):
    editor.weights_dict[name] = np.ones(2)
    with pytest.raises(ValueError, match="A name in a file of weights"):
        editor.save(tmp_path / "n.weights.h5")
    assert not (tmp_path / "n.weights.h5").exists()


def test_files_of_another_kind_or_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Invalid filename"):
        KerasFileEditor("x.h5")
    for name in ("no.keras", "no.weights.h5"):
        with pytest.raises(FileNotFoundError):
            KerasFileEditor(tmp_path / name)
    (tmp_path / "bad.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"x" * 200)
    with pytest.raises(CorruptFileError):
        KerasFileEditor(tmp_path / "bad.weights.h5")


# safety: keras#22899, #22976, #23303 ----------------------------------------------------------------------------------


def links(file):
    with h5py.File(file.filename + ".other", "w") as other:
        other["secret"] = np.ones(3)
    file["layers/dense/vars/9"] = h5py.ExternalLink(file.filename + ".other", "secret")


def soft_links(file):
    file["layers/more"] = h5py.SoftLink("/layers/dense")


def external_storage(file):
    np.ones(3).tofile(file.filename + ".bin")
    file.create_dataset("layers/dense/vars/9", (3,), "float64", external=[(file.filename + ".bin", 0, 24)])


def bomb(file):
    file.create_dataset("layers/dense/vars/9", (1 << 40,), "float32", chunks=(1 << 10,))


def circle(file):
    file["layers/dense/again"] = file["layers"]


def copies(file):
    """One array of 32 MB, of which nothing is stored, under a thousand names."""
    big = file.create_dataset("big", (1 << 23,), "float32", chunks=(1 << 20,))
    for i in range(1000):
        file[f"layers/dense/vars/x{i}"] = big


@pytest.mark.parametrize(
    "make", [links, soft_links, external_storage, bomb, circle, copies], ids=lambda make: make.__name__
)
def test_nothing_is_read_from_elsewhere_or_without_bound(tmp_path, make):
    stack(3).save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        make(file)
    with pytest.raises(CorruptFileError):
        KerasFileEditor(tmp_path / "m.weights.h5")


def test_files_cannot_name_the_editor(tmp_path):
    stack(3).save_weights(tmp_path / "m.weights.h5")
    for module in ("keras.saving", "keras", None):
        config = {
            "module": module,
            "class_name": "KerasFileEditor",
            "config": {"filepath": str(tmp_path / "m.weights.h5")},
        }
        with pytest.raises(TypeError):
            saving.deserialize_keras_object(config)
