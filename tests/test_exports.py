"""What modules say that they export is sorted, there, and known to the real libraries; classes name their public module."""

import importlib
import inspect
import pathlib
import pkgutil

import pytest

import kerasish
from kerasish.core.errors import public_path, real_names

ROOT = pathlib.Path(kerasish.__file__).parent

# Modules that belong to the engine: their names have no counterpart in the real libraries.
ENGINE = (
    "kerasish.core",
    "kerasish.training",
    "kerasish.about",
    "kerasish._child",
    "kerasish.dropin",
    "kerasish.__main__",
    "kerasish.src",
    "kerasish.tf.private",
)

# Neither Keras 3 nor TensorFlow has these names in public, and why we do.
OTHERS = {
    "keras.install": "aliases tensorflow and keras to kerasish",
    "keras.uninstall": "undoes install",
    "keras.config.set_style": "chooses Keras 2's or Keras 3's look",
    "keras.config.style": "the look that is chosen",
    "keras.distribution.launch": "starts the processes of one machine",
    "keras.backend.Variable": "keras.src.backend has it",
    "keras.callbacks.BaseLogger": "Keras 2's",
    "keras.callbacks.MonitorCallback": "keras.src.callbacks has it",
    "keras.backend.function": "Keras 2's",
    "keras.backend.get_session": "Keras 2's",
    "keras.backend.in_test_phase": "Keras 2's",
    "keras.backend.in_train_phase": "Keras 2's",
    "keras.backend.learning_phase": "Keras 2's",
    "keras.backend.learning_phase_scope": "Keras 2's",
    "keras.backend.local_conv1d": "Keras 2's",
    "keras.backend.local_conv2d": "Keras 2's",
    "keras.backend.manual_variable_initialization": "Keras 2's",
    "keras.backend.normalize_batch_in_training": "Keras 2's",
    "keras.backend.placeholder": "Keras 2's",
    "keras.backend.print_tensor": "Keras 2's",
    "keras.backend.random_binomial": "Keras 2's",
    "keras.backend.reset_uids": "Keras 2's",
    "keras.backend.set_learning_phase": "Keras 2's",
    "keras.backend.set_session": "Keras 2's",
    "keras.layers.LocallyConnected1D": "Keras 2's",
    "keras.layers.LocallyConnected2D": "Keras 2's",
    "keras.layers.RandomWidth": "Keras 2's",
    "keras.metrics.MeanRelativeError": "Keras 2's",
    "keras.metrics.MeanTensor": "Keras 2's",
    "keras.optimizers.legacy.Adadelta": "Keras 2's",
    "keras.preprocessing.image.DataFrameIterator": "Keras 2's",
    "keras.optimizers.legacy.Adamax": "Keras 2's",
    "keras.optimizers.legacy.Nadam": "Keras 2's",
}


def modules():
    found = [m.name for m in pkgutil.walk_packages([str(ROOT)], "kerasish.")]
    return sorted({"kerasish", *(name for name in found if not name.startswith(ENGINE))})


MODULES = {name: importlib.import_module(name) for name in modules()}
PUBLIC = {name: module for name, module in MODULES.items() if hasattr(module, "__all__")}


def test_the_public_packages_have_lists():
    packages = (
        "activations callbacks constraints initializers layers losses metrics models ops optimizers regularizers utils"
    )
    assert {"kerasish", *(f"kerasish.{name}" for name in packages.split())} <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_all_is_sorted_without_repetition(name):
    listed = list(PUBLIC[name].__all__)
    assert listed == sorted(set(listed))


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_all_can_be_imported(name):
    module = PUBLIC[name]
    for exported in module.__all__:
        assert hasattr(module, exported), f"{name}.{exported}"
        assert not exported.startswith("_")


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_all_names_what_the_real_libraries_have(name):
    paths = {f"{public_path(name)}.{exported}" for exported in PUBLIC[name].__all__}
    legacy = {path for path in paths if path.replace("keras.", "tf.keras.", 1) in real_names()}
    assert paths - real_names() - legacy - set(OTHERS) == set()


@pytest.mark.parametrize("name", [*sorted(PUBLIC), "kerasish.tf", "kerasish.tf.math", "kerasish.tf.data.experimental"])
def test_dir_lists_what_is_public(name):
    """Notebooks list a package's names so: ``[n for n in dir(keras.initializers) if not n.startswith("_")]``."""
    module = MODULES.get(name) or importlib.import_module(name)
    path, exported = public_path(name), set(getattr(module, "__all__", ()))
    listed = {other for other in dir(module) if not other.startswith("_")}
    assert listed, name
    assert exported <= listed
    assert {f"{path}.{other}" for other in listed - exported} <= real_names()
    assert all(hasattr(module, other) for other in listed)


def test_star_imports_give_exactly_the_list():
    for name, module in PUBLIC.items():
        namespace = {}
        exec(f"from {name} import *", namespace)
        assert set(namespace) - {"__builtins__"} == set(module.__all__), name


def classes():
    seen = {}
    for name, module in PUBLIC.items():
        for exported in module.__all__:
            thing = getattr(module, exported)
            if inspect.isclass(thing) and thing.__module__.startswith("kerasish") and thing.__name__ == exported:
                seen[id(thing)] = (thing, name)
    return [
        pytest.param(thing, id=thing.__name__) for thing, _ in sorted(seen.values(), key=lambda pair: pair[0].__name__)
    ]


@pytest.mark.parametrize("kind", classes())
def test_a_public_classs_module_is_one_that_exports_it(kind):
    module = PUBLIC.get(kind.__module__)
    assert module is not None, f"{kind.__name__} says that it comes from {kind.__module__}"
    assert getattr(module, kind.__name__) is kind
    assert kind.__name__ in module.__all__
    assert kind.__qualname__ == kind.__name__


def test_every_package_has_a_sentence_that_says_what_it_is():
    for name, module in MODULES.items():
        assert (module.__doc__ or "").strip(), f"{name} has no docstring"


def test_the_package_is_typed():
    assert (ROOT / "py.typed").exists()
