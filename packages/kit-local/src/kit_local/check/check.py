"""The rules of `kit-local check`."""

from collections.abc import Iterator
from pathlib import Path

from kit_local.check.handlers import compare
from kit_local.check.written import QUEUE, Mapped, Problem, WrittenTemplate
from kit_local.template.parse import read


def check(path: str | Path, *, module: str | None = None) -> list[Problem]:
    """Return the problems of a template, given by its file or its folder; an empty list if there are none.

    - A mapping of a queue or stream has no ReportBatchItemFailures.
    - A queue's visibility timeout is under six times the timeout of the function that reads it, plus its batching
      window ("Configuring an Amazon SQS queue to use with Lambda").
    - A queue has no dead-letter queue.
    - A key is given twice, or means another one in YAML 1.1.
    - With `module`, the name of one that can be imported: a handler is missing, a job is no function's handler, a
      job's `partial=` contradicts its mapping.

    Raise `TemplateError`, or the error that importing the module raises.
    """
    source = read(Path(path))
    template = WrittenTemplate(source)
    remarks = [Problem("(template)", text, line) for line, text in source.remarks]
    found = [*remarks, *_mappings(template), *_queues(template)]
    return found if module is None else [*found, *compare(template, module)]


def _mappings(template: WrittenTemplate) -> Iterator[Problem]:
    for mapped in template.mappings():
        if not mapped.partial:
            told = "no FunctionResponseTypes: [ReportBatchItemFailures], one failure repeats a batch"
            yield Problem(mapped.name, told, mapped.line)
        yield from _visibility(template, mapped)


def _visibility(template: WrittenTemplate, mapped: Mapped) -> Iterator[Problem]:
    queue = dict(template.of_type(QUEUE)).get(mapped.source or "")
    function = template.functions().get(mapped.function or "")
    if queue is None or function is None:
        return
    timeout = template.number(function.get("Timeout"), 3)
    window = template.number(mapped.properties.get("MaximumBatchingWindowInSeconds"), 0)
    visibility = template.number(queue.get("VisibilityTimeout"), 30)
    if timeout is None or window is None or visibility is None or visibility >= 6 * timeout + window:
        return
    waits = f" and its window of {window} s" if window else ""
    told = f"under six times the {timeout} s of {mapped.function}{waits}: {6 * timeout + window}"
    line = template.line(str(mapped.source), "VisibilityTimeout")
    yield Problem(str(mapped.source), f"VisibilityTimeout is {visibility}, {told}", line)


def _queues(template: WrittenTemplate) -> Iterator[Problem]:
    dead_letters = template.dead_letter_queues()
    for name, properties in template.of_type(QUEUE):
        if name not in dead_letters and properties.get("RedrivePolicy") in (None, {}, {"Ref": "AWS::NoValue"}):
            told = "no RedrivePolicy: a message that always fails comes again until it expires, and is lost"
            yield Problem(name, told, template.line(name))
