"""The errors of kit-core.

CoreError
├── UnserialisableTypeError   (also a TypeError) a value has no form in JSON
├── UnserialisableValueError  (also a ValueError) a value has no form in JSON: NaN, a circular structure
│   └── NaiveTimeError        a datetime has no offset from UTC, and an offset was asked for
├── InvalidJsonError          (also a ValueError) a text is not JSON, or holds a number beyond the range of a float
├── TimeUpError               (also a TimeoutError) a coroutine was cancelled: the time was up
├── CoroutineCancelledError   a coroutine was cancelled by something else
└── HttpConnectionError       (also a ConnectionError) a server could not be reached, or did not answer in time

Other packages subclass these, or raise their own error from them; every error pickles.
"""


class CoreError(Exception):
    """Is the root of all errors of kit-core."""


class _UnserialisableError(CoreError):
    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class UnserialisableTypeError(_UnserialisableError, TypeError):
    """Is raised for a value of a type that has no form in JSON.

    path: the place of the value, as `$.loan.documents[0]`; the value itself is not in the error
    problem: the reason
    """


class UnserialisableValueError(_UnserialisableError, ValueError):
    """Is raised for a value that has no form in JSON, though its type has; `path` and `problem` as above."""


class NaiveTimeError(UnserialisableValueError):
    """Is raised for a datetime without an offset from UTC where an offset was asked for."""

    def __init__(self, path: str, problem: str = "a datetime has no offset from UTC; give it a tzinfo") -> None:
        super().__init__(path, problem)


class InvalidJsonError(CoreError, ValueError):
    """Is raised for a text that is not JSON, or that holds NaN, an infinity or a number that is read as one."""


class TimeUpError(CoreError, TimeoutError):
    """Is raised when a coroutine was cancelled because its time was up."""

    def __init__(self, message: str = "the coroutine was cancelled: its time was up") -> None:
        super().__init__(message)


class CoroutineCancelledError(CoreError):
    """Is raised when a coroutine was cancelled by something else than its time limit."""

    def __init__(self, message: str = "the coroutine was cancelled") -> None:
        super().__init__(message)


class HttpConnectionError(CoreError, ConnectionError):
    """Is raised when a server could not be reached, broke off its answer, or did not answer in time.

    method, url: the request; the URL has neither its user nor its query, which may hold a signature
    cause: the name of the exception class below
    """

    def __init__(self, method: str, url: str, cause: str, problem: str) -> None:
        super().__init__(f"{method} {url} failed: {cause}: {problem}")
        self.method = method
        self.url = url
        self.cause = cause
        self.problem = problem

    def __reduce__(self) -> tuple[type["HttpConnectionError"], tuple[str, str, str, str]]:
        # OSError keeps two of its arguments.
        return type(self), (self.method, self.url, self.cause, self.problem)
