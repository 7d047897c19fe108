"""``tf.errors``: what failed operations raise, and the numbers of the kinds of failure."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import AbortedError as AbortedError
from kerasish.core.errors import AlreadyExistsError as AlreadyExistsError
from kerasish.core.errors import CancelledError as CancelledError
from kerasish.core.errors import DataLossError as DataLossError
from kerasish.core.errors import DeadlineExceededError as DeadlineExceededError
from kerasish.core.errors import FailedPreconditionError as FailedPreconditionError
from kerasish.core.errors import InternalError as InternalError
from kerasish.core.errors import InvalidArgumentError as InvalidArgumentError
from kerasish.core.errors import NotFoundError as NotFoundError
from kerasish.core.errors import OperatorNotAllowedInGraphError as OperatorNotAllowedInGraphError
from kerasish.core.errors import OpError as OpError
from kerasish.core.errors import OutOfRangeError as OutOfRangeError
from kerasish.core.errors import PermissionDeniedError as PermissionDeniedError
from kerasish.core.errors import ResourceExhaustedError as ResourceExhaustedError
from kerasish.core.errors import UnauthenticatedError as UnauthenticatedError
from kerasish.core.errors import UnavailableError as UnavailableError
from kerasish.core.errors import UnimplementedError as UnimplementedError
from kerasish.core.errors import UnknownError as UnknownError
from kerasish.core.errors import missing_name

OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS = range(7)
PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE = range(7, 12)
UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED = range(12, 17)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
