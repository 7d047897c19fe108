"""Values that wait for variables: a checkpoint was read before they were made.

Who makes variables tells ``note``, which costs one look at an empty list where nothing waits.
"""

from __future__ import annotations

from typing import Any

pending: list[Any] = []  # objects with ``extend(owner)``; see saving/restoring


def note(owner: Any) -> None:
    """Tell what waits that ``owner`` may have more than before."""
    for waiting in list(pending):
        waiting.extend(owner)
