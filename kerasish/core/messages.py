"""What the library tells its user: on standard output, or in a log where interactive logging is off."""

from __future__ import annotations

import logging
import sys

from kerasish.core.context import settings
from kerasish.core.replicas import is_first

_log = logging.getLogger("kerasish")


def tell(text: str) -> None:
    """Print ``text``; of several processes that compute together, the first one does."""
    if is_first():
        print(text, flush=True)


def say(text: str, line_break: bool = True) -> None:
    """Write ``text`` to standard output; to the log "kerasish" after ``keras.config.disable_interactive_logging()``.

    Of several processes that compute together, the first one does.
    """
    if not is_first():
        return
    if not settings.interactive_logging:
        if text.strip():
            _log.info(text.strip("\r\n"))
        return
    text = f"{text}\n" if line_break else text
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:  # a console whose encoding lacks the bar's characters
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(text.replace("━", "=").encode(encoding, errors="replace").decode(encoding))
    sys.stdout.flush()
