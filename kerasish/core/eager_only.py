"""What a ``tf.Tensor`` has from the time of graphs, and what says that it belongs to them."""

from __future__ import annotations

from typing import Any


class OfGraphs:
    """Methods of a graph's tensors. Attributes of theirs (``name``, ``op``, ``graph``) are told of in ``__getattr__``."""

    __slots__ = ()

    def consumers(self) -> Any:
        raise NotImplementedError("Tensor.consumers is undefined when eager execution is enabled.")

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        raise NotImplementedError(
            "eval is not supported when eager execution is enabled, is .numpy() what you're looking for?"
        )
