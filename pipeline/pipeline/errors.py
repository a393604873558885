"""What a stage may raise; the worker's retry table is written in these terms.

PipelineError
├── Malformed      the message or document is at fault: dead-letter at once, never retried
├── Unavailable    a service does not answer: retried by the stage's table
│   ├── RateLimited   it answered 429
│   ├── NoSpace       the disk behind it is full: whoever uploads stops, and says so
│   └── Refused       it answered 401 or 403: an alert goes out after the last retry
└── Misconfigured  what the settings say cannot be (a wrong vector dimension): the worker stops
"""


class PipelineError(Exception):
    """Carries `where` (service, document or setting) and `reason`, one line each."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class Malformed(PipelineError):
    pass


class Unavailable(PipelineError):
    pass


class RateLimited(Unavailable):
    def __init__(self, where: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(where, reason)
        self.retry_after = retry_after
        """Seconds, when the service said so."""


class NoSpace(Unavailable):
    pass


class Refused(Unavailable):
    pass


class Misconfigured(PipelineError):
    pass
