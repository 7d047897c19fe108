"""The arguments of the loaders, on small files; a comparison with the real ones' results was made once."""

import numpy as np
import pytest

from kerasish import config, datasets


def test_images_are_those_of_the_files(cache):
    with np.load(cache / "mnist.npz") as file:
        (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
        assert (x_train == file["x_train"]).all()
        assert (x_test == file["x_test"]).all()
    assert x_train.dtype == y_train.dtype == np.uint8
    assert [*y_train, *y_test] == [0, 1, 2, 3, 0, 1, 2]
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
    assert x_train.shape == (5, 28, 28)
    assert x_test.shape == (2, 28, 28)
    assert [*y_train, *y_test] == [0, 1, 2, 3, 4, 0, 1]


def test_cifars_images_have_the_global_data_format(cache):
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    assert x.shape == (15, 32, 32, 3)
    assert y.shape == (15, 1)
    assert x_test.shape == (3, 32, 32, 3)
    assert x.dtype == y.dtype == y_test.dtype == np.uint8
    (fine, y_fine), _ = datasets.cifar100.load_data()
    config.set_image_data_format("channels_first")
    try:
        (first, _), _ = datasets.cifar10.load_data()
        (coarse, y_coarse), _ = datasets.cifar100.load_data(label_mode="coarse")
    finally:
        config.set_image_data_format("channels_last")
    assert (first.transpose(0, 2, 3, 1) == x).all()
    assert (coarse.transpose(0, 2, 3, 1) == fine).all()
    assert y_fine.dtype == np.int64
    assert (y_fine != y_coarse).any()
    with pytest.raises(ValueError, match="label_mode=superfine"):
        datasets.cifar100.load_data("superfine")


def test_houses_are_shuffled_by_the_seed_and_split(cache):
    (x_train, y_train), (x_test, y_test) = datasets.boston_housing.load_data()
    order = np.arange(10)
    np.random.RandomState(113).shuffle(order)
    assert [*y_train, *y_test] == list(order)
    assert len(y_test) == 2
    assert (x_train[:, 0] == 13 * y_train).all()
    (_, y_train), (_, y_test) = datasets.boston_housing.load_data(test_split=0.55, seed=7)
    np.random.RandomState(7).shuffle(order := np.arange(10))
    assert [*y_train, *y_test] == list(order)
    assert len(y_train) == 4
    (x, y), _ = datasets.california_housing.load_data(test_split=0)
    assert x.shape == (700, 8)
    (x, y), _ = datasets.california_housing.load_data("small", test_split=0)
    assert sorted(y) == list(range(600))


@pytest.mark.parametrize("name", ["boston_housing", "california_housing"])
@pytest.mark.parametrize("split", [1, -0.1, 1.5])
def test_splits_are_fractions(cache, name, split):
    with pytest.raises(ValueError, match="Invalid `test_split` argument"):
        getattr(datasets, name).load_data(test_split=split)


def test_versions_of_california(cache):
    with pytest.raises(ValueError, match="must be one of 'small', 'large'"):
        datasets.california_housing.load_data("medium")


def expected_words(lists, start=1, base=3, top=None, skip=0, unknown=2):
    marked = [[*([start] if start is not None else []), *(w + (base or 0) for w in words)] for words in lists]
    top = top or max(max(words) for words in marked)
    if unknown is None:
        return [[w for w in words if skip <= w < top] for words in marked]
    return [[w if skip <= w < top else unknown for w in words] for words in marked]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({}, {}),
        ({"num_words": 20}, {"top": 20}),
        ({"skip_top": 9}, {"skip": 9}),
        ({"start_char": None}, {"start": None}),
        ({"start_char": None, "index_from": None}, {"start": None, "base": 0}),
        ({"oov_char": None, "num_words": 30, "skip_top": 6}, {"unknown": None, "top": 30, "skip": 6}),
        ({"start_char": 7, "oov_char": 8, "index_from": 10, "num_words": 40},
         {"start": 7, "unknown": 8, "base": 10, "top": 40}),
        ({"seed": 5, "maxlen": 6}, {}),
    ],
)  # fmt: skip
def test_words(cache, options, rule):
    seed, maxlen = options.get("seed", 113), options.get("maxlen", 10**6)
    with np.load(cache / "imdb.npz", allow_pickle=True) as file:
        rng = np.random.RandomState(seed)
        rng.shuffle(first := np.arange(20))
        rng.shuffle(second := np.arange(15))
        first = [n for n in first if len(file["x_train"][n]) + 1 < maxlen]
        second = [n for n in second if len(file["x_test"][n]) + 1 < maxlen]
        words = expected_words([*file["x_train"][first], *file["x_test"][second]], **rule)
        labels = [*file["y_train"][first], *file["y_test"][second]]
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data(**options)
    assert len(x_train) == len(first)
    assert [list(one) for one in (*x_train, *x_test)] == words
    assert [*y_train, *y_test] == labels
    assert x_train.dtype == object
    with np.load(cache / "reuters.npz", allow_pickle=True) as file:
        np.random.RandomState(seed).shuffle(order := np.arange(20))
        order = [n for n in order if len(file["x"][n]) + 1 < maxlen]
        words = expected_words(file["x"][order], **rule)
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(**options, test_split=0.3)
    assert [list(one) for one in (*x_train, *x_test)] == words
    assert [*y_train, *y_test] == order
    assert len(x_train) == int(len(order) * 0.7)


def test_reviews_that_are_all_too_long(cache):
    with pytest.raises(ValueError, match="maxlen=1, no sequence was kept"):
        datasets.imdb.load_data(maxlen=1)


def test_arguments_of_older_versions(cache):
    with pytest.warns(UserWarning, match="renamed `num_words`"):
        old = datasets.imdb.load_data(nb_words=20)
    assert list(old[0][0]) == list(datasets.imdb.load_data(num_words=20)[0][0])
    with pytest.raises(TypeError, match="Unrecognized keyword arguments"):
        datasets.imdb.load_data(n_words=20)


def test_word_indices_and_label_names(cache):
    assert datasets.imdb.get_word_index() == {"the": 1, "café": 2}
    assert datasets.reuters.get_word_index() == {"the": 1, "café": 2}
    names = datasets.reuters.get_label_names()
    assert len(names) == len(set(names)) == 46
    assert names[:4] == ("cocoa", "grain", "veg-oil", "earn")
    assert names[-1] == "lead"


def test_offline_the_message_says_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", lambda url, **_: _fail(url))
    with pytest.raises(OSError, match=r"URL fetch failure on https://storage.googleapis.com/.*/mnist.npz") as error:
        datasets.mnist.load_data()
    assert str(tmp_path / "datasets" / "mnist.npz") in str(error.value)


def _fail(url):
    from urllib.error import URLError

    raise URLError("Name or service not known")
