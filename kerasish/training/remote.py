"""RemoteMonitor: the logs of each epoch sent to a server."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from kerasish.training.callback import Callback


class RemoteMonitor(Callback):
    """Posts the epoch's number and logs to ``root + path``, with the library ``requests``.

    Args:
        root: of the server, ``http://host:port``.
        path: on it.
        field: of the form that holds the data as JSON; not used with ``send_as_json``.
        headers: of the request.
        send_as_json: whether the data is the request's body rather than a field of a form.

    Raises:
        ImportError: at the end of an epoch, without ``requests``.
    """

    only_writes = True

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        try:
            import requests
        except ImportError:
            raise ImportError("RemoteMonitor requires the `requests` library: pip install requests") from None
        data: dict[str, Any] = {"epoch": epoch}
        for name, value in (logs or {}).items():
            data[name] = value.item() if isinstance(value, (np.ndarray, np.generic)) else value
        body: dict[str, Any] = {"json": data} if self.send_as_json else {"data": {self.field: json.dumps(data)}}
        try:
            requests.post(self.root + self.path, headers=self.headers, **body)
        except requests.exceptions.RequestException:
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)
