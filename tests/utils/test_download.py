import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import pytest

import kerasish as keras
from kerasish.utils import get_file
from kerasish.utils.download import DownloadError, cache_folder

DATA = b"some data\n" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):  # noqa: N802
        Handler.asked += 1
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unknown_length":
            self.send_header("Content-Length", str(len(DATA) + (10 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_downloads_once_into_the_cache(server, cache, capsys):
    before = Handler.asked
    for _ in range(2):
        path = get_file("name.txt", f"{server}/file")
        assert path == str(cache / "datasets" / "name.txt")
        assert (cache / "datasets" / "name.txt").read_bytes() == DATA
    assert Handler.asked == before + 1
    text = capsys.readouterr().out
    assert text.startswith(f"Downloading data from {server}/file\n")
    assert text.count("10000/10000") == 1
    get_file("name.txt", f"{server}/file", force_download=True)
    assert Handler.asked == before + 2
    assert [path.name for path in (cache / "datasets").iterdir()] == ["name.txt"]


def test_the_name_is_the_urls_last_part(server, cache):
    path = get_file(origin=f"{server}/unknown_length?x=1#part", cache_subdir="models/deep")
    assert path == str(cache / "models" / "deep" / "unknown_length")


def test_silent_where_interactive_logging_is_off(server, cache, capsys, caplog):
    keras.config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "kerasish"):
            get_file(origin=f"{server}/file")
    finally:
        keras.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert f"Downloading data from {server}/file" in caplog.text


@pytest.mark.parametrize("algorithm", ["auto", "sha256"])
def test_a_wrong_sha256_is_refused_and_the_old_file_kept(server, cache, algorithm):
    path = get_file("file", f"{server}/file")
    with open(path, "wb") as file:
        file.write(b"old")
    with pytest.raises(ValueError, match="Incomplete or corrupted file detected"):
        get_file("file", f"{server}/file", file_hash="0" * 64, hash_algorithm=algorithm)
    with open(path, "rb") as file:
        assert file.read() == b"old"


@pytest.mark.parametrize(
    "hashes",
    [
        {"file_hash": hashlib.sha256(DATA).hexdigest()},
        {"file_hash": hashlib.sha256(DATA).hexdigest(), "hash_algorithm": "sha256"},
        {"file_hash": hashlib.md5(DATA).hexdigest()},
        {"file_hash": hashlib.md5(DATA).hexdigest(), "hash_algorithm": "md5"},
        {"md5_hash": hashlib.md5(DATA).hexdigest()},
    ],
)
def test_a_cached_file_of_another_hash_is_fetched_again(server, cache, hashes, capsys):
    path = get_file("file", f"{server}/file", **hashes)
    with open(path, "ab") as file:
        file.write(b"more")
    before = Handler.asked
    for _ in range(2):
        get_file("file", f"{server}/file", **hashes)
    assert Handler.asked == before + 1
    assert "so we will re-download the data" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["missing", "short"])
def test_a_failed_download_says_from_where_and_leaves_nothing(server, cache, page):
    with pytest.raises(DownloadError, match=f"URL fetch failure on {server}/{page}") as error:
        get_file(origin=f"{server}/{page}")
    assert f"put it at '{cache / 'datasets' / page}'" in str(error.value)
    assert list((cache / "datasets").iterdir()) == []


def test_without_a_network_the_message_names_url_and_path(cache):
    with pytest.raises(OSError, match=r"http://127.0.0.1:1/x.npz: .*no network, fetch the file elsewhere") as error:
        get_file(origin="http://127.0.0.1:1/x.npz")
    assert str(cache / "datasets" / "x.npz") in str(error.value)


def test_file_urls(tmp_path, cache):
    (tmp_path / "a b.txt").write_bytes(DATA)
    path = get_file("copy", (tmp_path / "a b.txt").as_uri(), cache_subdir=str(tmp_path / "absolute"))
    assert path == str(tmp_path / "absolute" / "copy")
    with open(path, "rb") as file:
        assert file.read() == DATA
    with pytest.raises(DownloadError, match="No such file"):
        get_file("other", (tmp_path / "absent").as_uri())


@pytest.fixture
def archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("inner/a.txt", "zip")
    with tarfile.open(tmp_path / "pack.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("inner/a.txt")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"tar"))
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "name", "options", "folder", "archive"),
    [
        ("zip", None, {"extract": True}, "pack.zip", "pack.zip_archive"),
        ("zip", "mine", {"extract": True}, "mine", "mine_archive"),
        ("zip", "mine.v1.zip", {"extract": True}, "mine_extracted", "mine.v1.zip"),
        ("tar", "mine.tar.gz", {"untar": True}, "mine_extracted", "mine.tar.gz"),
        ("tar", None, {"extract": True, "archive_format": "tar"}, "pack.tar.gz", "pack.tar.gz_archive"),
        ("tar", None, {"extract": True, "archive_format": ["zip", "tar"]}, "pack.tar.gz", "pack.tar.gz_archive"),
    ],
)
def test_archives_are_unpacked_into_a_folder(archives, cache, kind, name, options, folder, archive):
    origin = archives / ("pack.zip" if kind == "zip" else "pack.tar.gz")
    for _ in range(2):
        path = get_file(name, origin.as_uri(), **options)
        assert path == str(cache / "datasets" / folder)
        assert (cache / "datasets" / folder / "inner" / "a.txt").read_text() == kind
    assert sorted(p.name for p in (cache / "datasets").iterdir()) == sorted({folder, archive})


def test_what_is_no_archive_is_warned_about(tmp_path, cache):
    (tmp_path / "text").write_bytes(DATA)
    with pytest.warns(UserWarning, match="Could not extract archive"):
        get_file(origin=(tmp_path / "text").as_uri(), extract=True)


def test_bad_arguments():
    with pytest.raises(ValueError, match='Please specify the "origin" argument'):
        get_file("x")
    for name in ("a/b", "..", "../x"):
        with pytest.raises(ValueError, match="Paths are no longer accepted"):
            get_file(name, "http://127.0.0.1:1/x", cache_dir="/nonexistent")
    with pytest.raises(ValueError, match="Can't parse the file name"):
        get_file(origin="http://127.0.0.1:1/")


def test_the_folder_is_kerass(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert cache_folder() == str(tmp_path / ".keras")
    assert cache_folder(tmp_path / "other") == str(tmp_path / "other")
