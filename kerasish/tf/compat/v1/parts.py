"""Modules of ``tf.compat.v1`` that are today's but for a few names, which had other arguments in TensorFlow 1."""

from __future__ import annotations

import unittest.mock
from typing import Any

from kerasish.core.errors import NotServedError
from kerasish.tf import (
    audio,
    autograph,
    bitwise,
    debugging,
    dtypes,
    experimental,
    image,
    io,
    linalg,
    lite,
    quantization,
    queue,
    random,
    saved_model,
    sets,
    signal,
    sparse,
    sysconfig,
    test,
    tpu,
    types,
    version,
)
from kerasish.tf.compat.v1 import aliases, renamed, resizing, rest

_IMAGE = """
ResizeMethod crop_and_resize draw_bounding_boxes resize resize_area resize_bicubic resize_bilinear resize_images
resize_nearest_neighbor
"""

_PATCHES = "extract_image_patches:extract_patches images ksizes=sizes strides rates padding name sizes"
_DRAWN = """
poisson lam shape dtype seed name
stateless_multinomial:stateless_categorical logits num_samples seed output_dtype=dtype name
"""


class Part:
    """A module's names as they are today.

    Args:
        name: of the module.
        modern: today's module.
        own: names that are different objects here.
        differing: names that had other arguments, and are not served.
        old: other names of today's objects; see ``aliases``.
    """

    def __init__(
        self, name: str, modern: Any, own: dict[str, Any] | None = None, differing: str = "", old: str = ""
    ) -> None:
        self.__name__ = f"tensorflow.compat.v1.{name}"  # Python asks the finder for names below it
        self._name = name
        self._modern, self._differing, self._old = modern, frozenset(differing.split()), aliases.table(old)
        vars(self).update(own or {})

    def __getattr__(self, name: str) -> Any:
        if name in self._differing:
            raise NotServedError(
                f"'tf.compat.v1.{self._name}.{name}' has other arguments than 'tf.{self._name}.{name}', "
                "which is served: use that."
            )
        if name in self._old:
            return aliases.today(self._old[name])
        if self._modern is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        return getattr(self._modern, name)

    def __dir__(self) -> list[str]:
        modern = () if self._modern is None else dir(self._modern)
        return sorted({*modern, *vars(self), *self._old} - self._differing)

    def __repr__(self) -> str:
        return f"<module 'tf.compat.v1.{self._name}'>"


_SPARSE = {
    "matmul": sparse.sparse_dense_matmul,
    "merge": rest.sparse_merge,
    "placeholder": rest.sparse_placeholder,
    "reduce_max_sparse": rest.sparse_reduce_max_sparse,
    "reduce_sum_sparse": rest.sparse_reduce_sum_sparse,
}
_RECORDS = {
    "TFRecordCompressionType": rest.TFRecordCompressionType,
    "tf_record_iterator": rest.tf_record_iterator,
}

PARTS: dict[str, Part] = {
    "audio": Part("audio", audio),
    "autograph": Part("autograph", autograph, differing="to_code to_graph"),
    "bitwise": Part("bitwise", bitwise),
    "debugging": Part("debugging", debugging, renamed.functions(renamed.ASSERTIONS, debugging), old=aliases.DEBUGGING),
    "dtypes": Part("dtypes", dtypes, old="as_string"),
    "experimental": Part("experimental", experimental),
    "image": Part(
        "image",
        image,
        {name: getattr(resizing, name) for name in _IMAGE.split()} | renamed.functions(_PATCHES, image),
        differing="extract_glimpse sample_distorted_bounding_box",
        old=aliases.IMAGE,
    ),
    "io": Part("io", io, renamed.functions(renamed.IO, io) | _RECORDS, old=aliases.IO),
    "linalg": Part("linalg", linalg, old="transpose:linalg.matrix_transpose"),
    "lite": Part("lite", lite, {"constants": Part("lite.constants", None, old=aliases.LITE_CONSTANTS)}),
    "manip": Part("manip", None, old=aliases.MANIP),
    "python_io": Part("python_io", None, _RECORDS, old=aliases.PYTHON_IO),
    "quantization": Part("quantization", quantization),
    "queue": Part("queue", queue),
    "random": Part("random", random, renamed.functions(_DRAWN, random), old=aliases.RANDOM),
    "saved_model": Part("saved_model", saved_model, differing="contains_saved_model load", old=aliases.SAVED_MODEL),
    "sets": Part("sets", sets, old=aliases.SETS),
    "signal": Part("signal", signal),
    "sparse": Part("sparse", sparse, renamed.functions(renamed.SPARSE, sparse) | _SPARSE),
    "spectral": Part("spectral", None, old=aliases.SPECTRAL),
    "sysconfig": Part("sysconfig", sysconfig),
    "test": Part("test", test, {"get_temp_dir": rest.get_temp_dir, "mock": unittest.mock}),
    "tpu": Part("tpu", None, {"experimental": tpu.experimental}),
    "types": Part("types", types),
    "version": Part("version", version),
}
