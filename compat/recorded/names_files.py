"""Programs with files of models and weights, objects by name, data sets and class names in their files, small tools."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pickle
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from program_help import attempt, attempts

X = np.random.RandomState(0).standard_normal((4, 3)).astype("float32")


def small(keras: Any, units: int = 2, seed: int = 3) -> Any:
    layers = keras.layers
    rows = [keras.Input((3,), name="x"), layers.Dense(4, "relu", name="a"), layers.Dense(units, name="b")]
    model = keras.Sequential(rows, name="small")
    random = np.random.RandomState(seed)
    model.set_weights([random.uniform(-1, 1, w.shape).astype("float32") for w in model.get_weights()])
    return model


def saved_models(keras: Any, tf: Any) -> Any:
    """save_model, load_model: formats, what is refused, what a file holds."""
    saving = keras.saving
    found: dict = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = small(keras)
        model.compile("adam", keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError()])
        model.fit(X, X[:, :2], epochs=1, verbose=0)
        expected = model.predict(X, verbose=0)
        for name in ("m.keras", "m.h5"):
            path = os.path.join(folder, name)
            saving.save_model(model, path)
            again = saving.load_model(path)
            plain = keras.models.load_model(path, compile=False)
            found[name] = [
                bool(np.allclose(again.predict(X, verbose=0), expected, atol=1e-6)),
                [
                    again.name,
                    [layer.name for layer in again.layers],
                    again.optimizer.name.lower(),
                    int(again.optimizer.iterations),
                ],
                [getattr(plain, "optimizer", None) is None, type(again).__name__],
            ]
        with zipfile.ZipFile(os.path.join(folder, "m.keras")) as archive:
            found["members"] = sorted(archive.namelist())
            config = json.loads(archive.read("config.json"))
            found["config"] = [sorted(config), config["class_name"], sorted(json.loads(archive.read("metadata.json")))]
        unzipped = os.path.join(folder, "unzipped")
        saving.save_model(model, unzipped, zipped=False)
        found["unzipped"] = [sorted(os.listdir(unzipped)), saving.load_model(unzipped).name]
        memory = io.BytesIO()
        found["memory"] = attempt(lambda: saving.save_model(model, memory))
        with open(os.path.join(folder, "broken.keras"), "wb") as file:
            file.write(b"PK nothing")
        found["refused"] = attempts(
            extension=lambda: saving.save_model(model, os.path.join(folder, "m.banana")),
            missing_old=lambda: saving.load_model(os.path.join(folder, "none.h5")),
            broken=lambda: saving.load_model(os.path.join(folder, "broken.keras")),
            argument=lambda: saving.save_model(model, os.path.join(folder, "q.keras"), colour="red"),
            zipped=lambda: saving.save_model(model, os.path.join(folder, "q.h5"), zipped=True),
            folder=lambda: saving.load_model(folder),
        )
    return found


def saved_weights(keras: Any, tf: Any) -> Any:
    saving = keras.saving
    found: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        model, other = small(keras), small(keras, seed=5)
        path = os.path.join(folder, "m.weights.h5")
        saving.save_weights(model, path)
        saving.load_weights(other, path)
        found["again"] = other.get_weights()
        bigger = small(keras, units=3, seed=7)
        before = bigger.get_weights()[2].copy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            saving.load_weights(bigger, path, skip_mismatch=True)
        found["skipped"] = [bigger.get_weights()[0], bool(np.allclose(bigger.get_weights()[2], before))]
        sharded = os.path.join(folder, "s.weights.json")
        saving.save_weights(model, sharded, max_shard_size=1e-7)
        found["shards"] = [
            sorted(name for name in os.listdir(folder) if name.startswith("s")),
            sorted(json.load(open(sharded))),
        ]
        third = small(keras, seed=9)
        saving.load_weights(third, sharded)
        found["from shards"] = third.get_weights()[2]
        found["refused"] = attempts(
            shapes=lambda: saving.load_weights(small(keras, units=3), path),
            missing=lambda: saving.load_weights(model, os.path.join(folder, "none.weights.h5")),
            extension=lambda: saving.save_weights(model, os.path.join(folder, "m.txt")),
            unbuilt=lambda: saving.save_weights(
                keras.Sequential([keras.layers.Dense(2)]), os.path.join(folder, "u.weights.h5")
            ),
            layers=lambda: saving.load_weights(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), path),
        )
    return found


def edited(keras: Any, tf: Any) -> Any:
    """KerasFileEditor: look at a file of weights, change it, write it."""
    with tempfile.TemporaryDirectory() as folder:
        path, target = os.path.join(folder, "m.weights.h5"), os.path.join(folder, "n.weights.h5")
        model = small(keras)
        model.save_weights(path)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            editor = keras.saving.KerasFileEditor(path)
            same = editor.compare(small(keras))
            different = editor.compare(small(keras, units=3))
            editor.rename_object("layers/dense", "first")
            editor.delete_weight("layers/dense_1", "0")
            editor.add_weights("layers/dense_1", {"0": np.full((4, 2), 2.0, "float32")})
            editor.rename_object("layers/first", "dense")
            editor.save(target)
        again = small(keras)
        again.load_weights(target)
        return {
            "compare": [same["status"], different["status"]],
            "weights": again.get_weights(),
            "refused": attempts(
                missing=lambda: keras.saving.KerasFileEditor(os.path.join(folder, "none.weights.h5")),
                extension=lambda: keras.saving.KerasFileEditor(os.path.join(folder, "a.txt")),
                object=lambda: editor.rename_object("nothing/at/all", "x"),
                deleted=lambda: editor.delete_object("nothing/at/all"),
                weight=lambda: editor.delete_weight("layers/dense_1", "9"),
                place=lambda: editor.save(os.path.join(folder, "n.txt")),
            ),
        }


def custom_objects(keras: Any, tf: Any) -> Any:
    saving = keras.saving

    class Twice(keras.layers.Layer):
        def call(self, x):
            return x * 2.0

    def thrice(x):
        return x * 3.0

    config = keras.layers.serialize(Twice(name="t"))
    with saving.custom_object_scope({"Twice": Twice, "thrice": thrice}):
        inside = [type(keras.layers.deserialize(config)).__name__, keras.activations.deserialize("thrice")(X)]
        with keras.utils.CustomObjectScope({"other": thrice}):
            nested = [keras.activations.deserialize("other")(X)]
    saving.get_custom_objects()["global_thrice"] = thrice
    found = keras.activations.deserialize("global_thrice")(X)
    names = "global_thrice" in keras.utils.get_custom_objects()
    keras.utils.get_custom_objects().clear()
    old = keras.utils.legacy
    layer = keras.layers.Dense(2, name="d")
    serialized = old.serialize_keras_object(layer)
    again = old.deserialize_keras_object(serialized, module_objects={"Dense": keras.layers.Dense})
    given = old.deserialize_keras_object({"class_name": "T", "config": {"name": "t"}}, custom_objects={"T": Twice})
    return {
        "inside": inside,
        "nested": nested,
        "global": [found, names, len(keras.utils.get_custom_objects())],
        "legacy": [serialized["class_name"], sorted(serialized), again.name, again.units, given.name],
        "functions": [
            old.serialize_keras_object(keras.activations.relu),
            old.serialize_keras_object(None),
            old.deserialize_keras_object(None),
        ],
        "refused": attempts(
            outside=lambda: keras.layers.deserialize(config),
            config=lambda: old.deserialize_keras_object({"class_name": "Dense"}),
            kind=lambda: old.serialize_keras_object(3),
            scope=lambda: saving.custom_object_scope(3).__enter__(),
        ),
    }


@contextlib.contextmanager
def cache() -> Iterator[str]:
    """A folder in place of ~/.keras, whose files need not have the true files' hashes."""
    with tempfile.TemporaryDirectory() as folder:
        changed = []
        for module, name, value in (
            ("keras.src.utils.file_utils", "validate_file", lambda *args, **kwargs: True),
            ("kerasish.utils.download", "validate_file", lambda *args, **kwargs: True),
            ("keras.src.backend.config", "_KERAS_DIR", folder),
        ):
            if module in sys.modules and hasattr(sys.modules[module], name):
                changed.append((module, name, getattr(sys.modules[module], name)))
                setattr(sys.modules[module], name, value)
        before = os.environ.get("KERAS_HOME")
        os.environ["KERAS_HOME"] = folder
        os.makedirs(os.path.join(folder, "datasets", "fashion-mnist"))
        os.makedirs(os.path.join(folder, "models"))
        try:
            yield folder
        finally:
            os.environ.pop("KERAS_HOME")
            if before is not None:
                os.environ["KERAS_HOME"] = before
            for module, name, value in changed:
                setattr(sys.modules[module], name, value)


def sentences(random: Any, count: int) -> np.ndarray:
    lists = np.empty(count, object)
    for index in range(count):
        lists[index] = [int(word) for word in random.randint(1, 60, random.randint(1, 12))]
    return lists


def data_files(keras: Any, tf: Any) -> Any:
    """Loaders of data sets, on small files of the true formats."""
    sets, random = keras.datasets, np.random.RandomState(4)
    found: dict = {}
    with cache() as home:
        folder = os.path.join(home, "datasets")

        def images(count: int) -> np.ndarray:
            return random.randint(0, 256, (count, 28, 28)).astype("uint8")

        digits = {
            "x_train": images(3),
            "y_train": np.arange(3, dtype="uint8"),
            "x_test": images(2),
            "y_test": np.arange(2),
        }
        np.savez(os.path.join(folder, "mnist.npz"), **digits)
        houses = {"x": random.uniform(size=(11, 13)), "y": np.arange(11.0)}
        np.savez(os.path.join(folder, "boston_housing.npz"), **houses)
        table = random.standard_normal((700, 8)).astype("float32")
        np.savez(os.path.join(folder, "california_housing.npz"), x=table, y=np.arange(700, dtype="float32"))
        for name, count in (("train", 4), ("t10k", 2)):
            for kind, head, content in (
                ("labels-idx1", 8, np.arange(count, dtype="uint8")),
                ("images-idx3", 16, images(count)),
            ):
                with gzip.open(os.path.join(folder, "fashion-mnist", f"{name}-{kind}-ubyte.gz"), "wb") as file:
                    file.write(bytes(head) + content.tobytes())
        reviews = {"x_train": sentences(random, 20), "x_test": sentences(random, 15)}
        labels = {"y_train": random.randint(0, 2, 20), "y_test": random.randint(0, 2, 15)}
        np.savez(os.path.join(folder, "imdb.npz"), **reviews, **labels)
        np.savez(os.path.join(folder, "reuters.npz"), x=sentences(random, 20), y=np.arange(20))
        for name in ("imdb", "reuters"):
            with open(os.path.join(folder, f"{name}_word_index.json"), "w") as file:
                json.dump({"the": 1, "café": 2}, file)
        found["mnist"] = [[list(x.shape), int(x.sum()), str(x.dtype), y] for x, y in sets.mnist.load_data()]
        found["fashion"] = [[list(x.shape), int(x.sum()), str(x.dtype), y] for x, y in sets.fashion_mnist.load_data()]
        for options in ({}, {"test_split": 0.4, "seed": 3}):
            found[f"boston {options}"] = [[x[:, 0], y] for x, y in sets.boston_housing.load_data(**options)]
            parts = sets.california_housing.load_data(**options)
            found[f"california {options}"] = [[list(x.shape), str(x.dtype), y[:6]] for x, y in parts]
        found["small"] = [list(x.shape) for x, _ in sets.california_housing.load_data(version="small")]
        for options in (
            {},
            {"num_words": 30, "skip_top": 5},
            {"maxlen": 6},
            {"num_words": 20, "oov_char": None, "start_char": None},
            {"index_from": 0, "seed": 2, "start_char": 7},
        ):
            parts = sets.imdb.load_data(**options)
            found[f"imdb {options}"] = [[[list(map(int, r)) for r in x], np.asarray(y).tolist()] for x, y in parts]
            parts = sets.reuters.load_data(test_split=0.3, **options)
            found[f"reuters {options}"] = [[[list(map(int, r)) for r in x], np.asarray(y).tolist()] for x, y in parts]
        found["words"] = [
            sets.imdb.get_word_index(),
            sets.reuters.get_word_index(),
            list(sets.reuters.get_label_names()),
        ]
        found["refused"] = attempts(
            split=lambda: sets.boston_housing.load_data(test_split=1.5),
            version=lambda: sets.california_housing.load_data(version="huge"),
            short=lambda: sets.imdb.load_data(maxlen=1),
            mode=lambda: sets.cifar100.load_data(label_mode="most"),
        )
    return found


def pictures(keras: Any, tf: Any) -> Any:
    """CIFAR's loaders, on files whose pictures are one colour each."""
    found: dict = {}
    with cache() as home:
        for folder, names in (
            ("cifar-10-batches-py", [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]),
            ("cifar-100-python", ["train", "test"]),
        ):
            path = os.path.join(home, "datasets", f"{folder}-target_archive")
            with tarfile.open(path, "w:gz", compresslevel=1) as archive:
                for number, name in enumerate(names):
                    count = 50000 if name == "train" else 10000
                    data = np.broadcast_to(((np.arange(count) + number) % 251).astype("uint8")[:, None], (count, 3072))
                    values = [int(v) % 7 for v in range(count)]
                    keys = {key: values for key in (b"labels", b"fine_labels", b"coarse_labels")}
                    data = np.ascontiguousarray(data)
                    data[:, :64] = np.random.RandomState(number).randint(0, 256, (count, 64))  # must not pack too well
                    content = pickle.dumps({b"data": data, **keys}, 3)
                    info = tarfile.TarInfo(f"{folder}/{name}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        for name, load in {
            "ten": keras.datasets.cifar10.load_data,
            "coarse": lambda: keras.datasets.cifar100.load_data(label_mode="coarse"),
        }.items():
            found[name] = [
                [list(x.shape), str(x.dtype), x[::9999, 3, 4, 1], str(y.dtype), list(y.shape), y[::9999]]
                for x, y in load()
            ]
    return found


def class_names(keras: Any, tf: Any) -> Any:
    """decode_predictions, of every module; the names' file is made up."""
    apps = keras.applications
    scores = np.random.RandomState(1).uniform(size=(2, 1000)).astype("float32")
    found: dict = {}
    with cache() as home:
        with open(os.path.join(home, "models", "imagenet_class_index.json"), "w") as file:
            json.dump({str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}, file)
        module = sys.modules.get("keras.src.applications.imagenet_utils")
        if module is not None:
            module.CLASS_INDEX = None
        for name in MODULES:
            top = 1 + len(name) % 5
            rows = getattr(apps, name).decode_predictions(scores, top=top)
            found[name] = [[[a, b, round(float(c), 5)] for a, b, c in row] for row in rows]
        found["default"] = len(apps.imagenet_utils.decode_predictions(tf.constant(scores))[0])
        found["refused"] = attempts(
            rank=lambda: apps.vgg16.decode_predictions(scores[0]),
            classes=lambda: apps.vgg16.decode_predictions(scores[:, :10]),
        )
        if module is not None:
            module.CLASS_INDEX = None
    return found


def tools(keras: Any, tf: Any) -> Any:
    """Config, clear_session, get_file on local files, PyDataset."""
    config = keras.utils.Config(rate=0.1, units=3)
    config.name = "c"
    config["more"] = [1, 2]
    config.update({"rate": 0.2}, flag=True)
    popped = config.pop("flag")
    facts = [
        config.as_dict(),
        config.rate,
        config["units"],
        "rate" in config,
        len(config),
        list(config),
        config.get("x", 5),
    ]
    facts += [popped, sorted(config.keys()), config.to_json(), [list(item) for item in sorted(config.items(), key=str)]]
    del config["more"]
    config.freeze()
    frozen = attempts(
        set=lambda: setattr(config, "rate", 3),
        item=lambda: config.__setitem__("rate", 3),
        delete=lambda: config.__delitem__("rate"),
        pop=lambda: config.pop("rate"),
        update=lambda: config.update(rate=3),
        missing=lambda: config.nothing,
        key=lambda: config["nothing"],
    )
    config.unfreeze()
    config.rate = 9

    class Rows(keras.utils.PyDataset):
        ended = 0

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return X[:2] + index, X[:2, :2]

        def on_epoch_end(self):
            Rows.ended += 1

    rows = Rows(workers=2, max_queue_size=4)
    model = small(keras)
    model.compile("sgd", "mse")
    history = model.fit(rows, epochs=2, verbose=0, shuffle=False).history["loss"]
    first = [keras.layers.Dense(2).name, keras.layers.Dense(2).name]
    keras.utils.clear_session()
    second = keras.layers.Dense(2).name
    keras.utils.clear_session(free_memory=False)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source.txt")
        with open(source, "w") as file:
            file.write("hello")
        archive = os.path.join(folder, "a.tar.gz")
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(source, "inner/source.txt")
        place = os.path.join(folder, "cache")
        os.mkdir(place)
        get = keras.utils.get_file
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            got = get("t.txt", f"file://{source}", cache_dir=place, cache_subdir="here")
            md5 = get("u.txt", f"file://{source}", cache_dir=place, md5_hash="5d41402abc4b2a76b9719d911017c592")
            out = get("b.tar.gz", f"file://{archive}", cache_dir=place, extract=True)
            named = get(origin=f"file://{source}", cache_dir=place)
            refused = attempts(
                hash=lambda: get("v.txt", f"file://{source}", cache_dir=place, file_hash="0" * 64),
                nothing=lambda: get("w.txt", cache_dir=place),
                inside=lambda: get("y/x.txt", f"file://{source}", cache_dir=place),
            )
        files = [os.path.relpath(path, place) for path in (got, md5, out, named)]
        texts = [open(got).read(), sorted(os.listdir(out)), sorted(os.listdir(place))]
    return {
        "config": facts,
        "frozen": [frozen, config.rate],
        "dataset": [
            rows.workers,
            rows.max_queue_size,
            rows.use_multiprocessing,
            Rows.ended > 0,
            keras.utils.Sequence is keras.utils.PyDataset,
        ],
        "losses": np.array(history, "float32"),
        "names": [first, second],
        "files": [files, texts, refused],
        "mistakes": attempts(
            index=lambda: keras.utils.PyDataset()[0],
            length=lambda: len(keras.utils.PyDataset()),
            argument=lambda: keras.utils.PyDataset(colour=3),
        ),
    }


MODULES = (
    "convnext densenet efficientnet efficientnet_v2 imagenet_utils inception_resnet_v2 inception_v3 mobilenet mobilenet_v2 "
    "mobilenet_v3 nasnet resnet resnet50 resnet_v2 vgg16 vgg19 xception"
).split()
USES = {
    "saved_models": "saving.save_model saving.load_model",
    "saved_weights": "saving.save_weights saving.load_weights",
    "edited": "saving.KerasFileEditor",
    "custom_objects": """saving.CustomObjectScope saving.get_custom_objects utils.legacy.serialize_keras_object
utils.legacy.deserialize_keras_object saving.custom_object_scope utils.get_custom_objects""",
    "data_files": """datasets.mnist.load_data datasets.fashion_mnist.load_data datasets.boston_housing.load_data
datasets.california_housing.load_data datasets.imdb.load_data datasets.imdb.get_word_index datasets.reuters.load_data
datasets.reuters.get_word_index datasets.reuters.get_label_names""",
    "pictures": "datasets.cifar10.load_data datasets.cifar100.load_data",
    "class_names": " ".join(f"applications.{module}.decode_predictions" for module in MODULES),
    "tools": "utils.Config utils.PyDataset utils.clear_session utils.get_file",
}
PROGRAMS = {name: globals()[name] for name in USES}
