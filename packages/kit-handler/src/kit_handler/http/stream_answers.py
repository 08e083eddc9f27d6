"""What a route does with an answer that is a stream."""

from contextvars import copy_context

from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.http.answers import Answers
    from kit_handler.http.request import Request


def settled(response: Response, request: "Request", name: str, answers: "Answers") -> Response:
    """Return a stream as it is where the source takes one; else the answer with its chunks joined.

    name, answers: of the route that has answered
    """
    stream = response.body
    if request.method == "HEAD":
        stream.close()
        return Response(response.status_code, "", response.headers, cookies=response.cookies)
    if not getattr(getattr(request, "_adapter", None), "STREAMS", False):
        content = stream.joined(request.context)
        return Response(response.status_code, content, response.headers, cookies=response.cookies)

    def answer_error(error: Exception) -> Response:
        failed = answers.of_error(error, request, name)
        return failed if answers.plain else answers.finished(failed, request, name)

    stream.name, stream.context, stream.on_error = name, copy_context(), answer_error
    return response
