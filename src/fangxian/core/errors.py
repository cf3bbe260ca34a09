"""What is refused, and how it is said: what happened, what was kept, what to do."""

from collections.abc import Mapping

from django.utils.functional import Promise


class Refusal(Exception):
    """Base of every refusal that a user may meet; faces turn it into a message, never into a traceback.

    `code` is stable and machine-readable, `message` and `remedy` are in the reader's language (lazy gettext),
    `field` names the input that is at fault, `status` is what the API answers.
    """

    status = 400
    code = "refused"

    def __init__(
        self,
        message: str | Promise,
        *,
        remedy: str | Promise = "",
        code: str = "",
        field: str = "",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.remedy, self.field = message, remedy, field
        self.code = code or self.code
        self.detail = dict(detail or {})

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class Invalid(Refusal):
    """An input that does not hold."""

    status, code = 422, "invalid"


class NotAllowed(Refusal):
    """Outside the caller's role, jurisdiction or purpose."""

    status, code = 403, "not_allowed"


class NotFound(Refusal):
    """Unknown, or not for the caller to know about: the two are answered alike."""

    status, code = 404, "not_found"


class Conflict(Refusal):
    """Somebody else was first, or the record has moved on since it was read."""

    status, code = 409, "conflict"
