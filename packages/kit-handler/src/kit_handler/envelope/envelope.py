"""`aws_lambda_handler`: a function's result goes out in an envelope with a code, a message and a duration."""

from time import perf_counter

from kit_core.invocation import begin, end, outcome

from kit_handler._naming import name_of, take_over
from kit_handler._shape import mapping, pairs, texts
from kit_handler.envelope.lambda_response import LambdaResponse
from kit_handler.errors import AppError
from kit_handler.http import payloads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from kit_handler._types import EventHandler
    from kit_handler.envelope.receivers import ErrorReceiver

SUCCESS = ("S00000", "Call Success")
FAILURE = ("S99999", "An unexpected error has occurred.")


def aws_lambda_handler(
    error_receiver: "ErrorReceiver | None" = None,
    content_type: str = "application/json",
    use_traceback: bool = False,
    ignore_app_errors: "Iterable[AppError | str] | None" = None,
    *,
    receiver_timeout: float = 1.0,
) -> "Callable[[EventHandler], EventHandler]":
    """Make `f(event, context)`, plain or `async def`, a Lambda handler whose result goes out in an envelope.

    A mapping, dataclass or schema becomes `{"rslt_cd": "S00000", "rslt_msg": "Call Success", "duration": seconds,
    ...}` with its own keys beside these, nothing becomes the bare envelope; a list goes out as a JSON list, text as
    it is, and a whole answer (`{"statusCode": ...}`, LambdaResponse, Response) is not touched. An AppError puts its
    code and message into the envelope, any other exception S99999 and a general message; the status is 200. A
    coroutine that is cancelled before the invocation's time is over, an answer that is too large, and a header field
    with a line break in it, are such exceptions.

    error_receiver: called with an `ErrorReport` (text without secrets, and its parts), for everything but the ignored
    AppErrors; a plain function runs in a thread of its own, a coroutine function in the loop. Its own
    error is logged and changes nothing
    content_type: of successful answers
    use_traceback: True lets the client see the error's own text and its traceback; for development
    ignore_app_errors: AppErrors or their codes that the receiver is not told
    receiver_timeout: seconds that the answer waits for the receiver; less when the invocation has less left

    An event that is not HTTP is different: its result is returned as it is when it is a batch answer, and an
    exception is raised again, since an answer would make a queue delete the message.
    """
    ignored = {_code(each) if isinstance(each, AppError) else each for each in ignore_app_errors or ()}

    def decorate(function: "EventHandler") -> "EventHandler":
        def handler(event: "Any", context: "Any" = None) -> "Any":
            started = perf_counter()
            token = begin(event, context)
            try:
                result = function(event, context)
                if hasattr(result, "__await__"):
                    from kit_handler._coroutines import run

                    result = run(result, context=context)
                return _sendable(_success(result, event, content_type, started), event)
            except Exception as error:
                _log_error(error, name_of(function))
                silent = isinstance(error, AppError) and _code(error) in ignored
                if error_receiver is not None and not silent:
                    from kit_handler.envelope.receivers import notify

                    notify(error_receiver, error, event, context, seconds=receiver_timeout)
                if payloads.find(event) is None:
                    raise
                noted = outcome()
                if noted is not None:
                    noted["failed"] = not isinstance(error, AppError)
                return _failure(error, use_traceback, started)
            finally:
                end(token)

        take_over(handler, function)
        return handler

    return decorate


def _success(result: "Any", event: "Any", content_type: str, started: float) -> "dict[str, Any]":
    result = result or {}
    if not isinstance(result, (dict, list, tuple, str, int, float)):
        from kit_core.json import plain

        from kit_handler.http.response import Response

        if isinstance(result, Response):
            adapter = payloads.find(event)
            return adapter.encode(result) if adapter else result.dump()
        result = plain(result)
    if not isinstance(result, dict):
        return LambdaResponse.create(result, content_type)
    if "batchItemFailures" in result:
        return result
    if "statusCode" in result:
        return _whole(result)
    code, message = SUCCESS
    envelope = {"rslt_cd": code, "rslt_msg": message, **result, "duration": perf_counter() - started}
    return LambdaResponse.create(envelope, content_type)


def _whole(answer: "dict[str, Any]") -> "dict[str, Any]":
    from kit_handler.http.fields import check_field, transportable

    cookies = (("Set-Cookie", each) for each in texts(answer.get("cookies")))
    for name, value in (*pairs(mapping(answer, "headers")), *pairs(mapping(answer, "multiValueHeaders")), *cookies):
        check_field(str(name), str(value))
    body = answer.get("body")
    if body is None:
        return answer
    if isinstance(body, str):
        text = transportable(body)
        return answer if text is body else {**answer, "body": text}
    from kit_core.json import dumps

    return {**answer, "body": dumps(body)}


def _sendable(answer: "dict[str, Any]", event: "Any") -> "dict[str, Any]":
    adapter = payloads.find(event) if len(answer.get("body") or "") > payloads.CLEARLY_SMALL else None
    if adapter is not None:
        payloads.check_size(answer, adapter)
    return answer


def _failure(error: Exception, use_traceback: bool, started: float) -> "dict[str, Any]":
    code: str | int
    code, message = FAILURE
    if isinstance(error, AppError):
        code, message = _code(error), _text(error.message)
    elif use_traceback:
        message = _text(error)
    envelope = {"rslt_cd": code, "rslt_msg": message, "duration": perf_counter() - started}
    if use_traceback:
        import traceback

        envelope["traceback"] = "".join(traceback.format_exception(error))
    return LambdaResponse.create(envelope)


def _code(error: AppError) -> "str | int":
    code: Any = error.code
    return code if isinstance(code, (str, int)) else str(code)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  (the error's own code)
        return FAILURE[1]


def _log_error(error: Exception, name: str) -> None:
    from kit_handler import _log

    if isinstance(error, AppError):
        _log.info("%s answered with the code %s", name, error.code)
    else:
        _log.error("%s failed", name, exc_info=error)
