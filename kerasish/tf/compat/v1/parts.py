"""Modules of ``tf.compat.v1`` that are today's but for a few names, which had other arguments in TensorFlow 1."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import NotServedError
from kerasish.core.random import get_seed, set_seed
from kerasish.tf import (
    audio,
    autograph,
    bitwise,
    experimental,
    image,
    io,
    quantization,
    queue,
    random,
    saved_model,
    sets,
    signal,
    sparse,
    sysconfig,
    types,
    version,
)
from kerasish.tf.compat.v1 import renamed, resizing

_IO = """
decode_csv records record_defaults field_delim use_quote_delim name na_value select_cols
decode_raw input_bytes out_type little_endian name
parse_example serialized features name example_names
parse_single_example serialized features name example_names
"""

_IMAGE = """
ResizeMethod crop_and_resize draw_bounding_boxes resize resize_area resize_bicubic resize_bilinear resize_images
resize_nearest_neighbor
"""


class Part:
    """A module's names as they are today.

    Args:
        name: of the module.
        modern: today's module.
        own: names that are different objects here.
        differing: names that had other arguments, and are not served.
    """

    def __init__(self, name: str, modern: Any, own: dict[str, Any] | None = None, differing: str = "") -> None:
        self.__name__ = f"tf.compat.v1.{name}"
        self._modern, self._differing = modern, frozenset(differing.split())
        vars(self).update(own or {})

    def __getattr__(self, name: str) -> Any:
        if name in self._differing:
            raise NotServedError(
                f"'{self.__name__}.{name}' has other arguments than 'tf.{self.__name__[13:]}.{name}', "
                "which is served: use that."
            )
        return getattr(self._modern, name)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._modern), *vars(self)} - self._differing)

    def __repr__(self) -> str:
        return f"<module '{self.__name__}'>"


PARTS: dict[str, Part] = {
    "audio": Part("audio", audio),
    "autograph": Part("autograph", autograph, differing="to_code to_graph"),
    "bitwise": Part("bitwise", bitwise),
    "experimental": Part("experimental", experimental),
    "image": Part(
        "image",
        image,
        {name: getattr(resizing, name) for name in _IMAGE.split()},
        differing="extract_glimpse sample_distorted_bounding_box",
    ),
    "io": Part("io", io, renamed.functions(_IO, io), "serialize_many_sparse serialize_sparse"),
    "quantization": Part("quantization", quantization),
    "queue": Part("queue", queue),
    "random": Part("random", random, {"get_seed": get_seed, "set_random_seed": set_seed}, differing="poisson"),
    "saved_model": Part("saved_model", saved_model, differing="contains_saved_model load"),
    "sets": Part("sets", sets),
    "signal": Part("signal", signal),
    "sparse": Part(
        "sparse",
        sparse,
        differing="add concat reduce_max reduce_sum segment_mean segment_sqrt_n segment_sum split",
    ),
    "sysconfig": Part("sysconfig", sysconfig),
    "types": Part("types", types),
    "version": Part("version", version),
}
