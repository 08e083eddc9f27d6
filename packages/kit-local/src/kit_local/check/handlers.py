"""A template's functions against the handlers of a module.

Handlers are known by the attributes that kit-handler gives them (`__kit_handler__`, `__kit_partial__`).
"""

from collections.abc import Iterator
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from kit_local.check.written import Mapped, Problem, WrittenTemplate


def compare(template: WrittenTemplate, name: str) -> Iterator[Problem]:
    """Yield the disagreements between a module and the functions whose Handler is in it."""
    module = import_module(name)
    handled: dict[str, str] = {}
    for function, properties in template.functions().items():
        path, _, attribute = str(properties.get("Handler")).replace("/", ".").rpartition(".")
        if path != name and not path.endswith(f".{name}"):
            continue
        handled[function] = attribute
        if not callable(getattr(module, attribute, None)):
            line = template.line(function, "Handler")
            yield Problem(function, f"Handler is {attribute!r}, which {name} hasn't", line)
    for job in [] if any(_leads_on(module, name) for name in handled.values()) else _jobs(module):
        if job not in handled.values():
            yield Problem(f"{name}.{job}", "is a job, and no function's Handler")
    for mapped in (*template.mappings(), *template.kafka_mappings()):
        found = getattr(module, handled.get(mapped.function or "", ""), None)
        if found is not None:
            yield from _disagreement(mapped, found, f"{name}.{handled[str(mapped.function)]}")


def _leads_on(module: ModuleType, name: str) -> bool:
    """Say whether a handler may call jobs that are no function's: a Dispatcher is an object, the others functions."""
    found = getattr(module, name, None)
    return callable(found) and not isinstance(found, FunctionType)


def _jobs(module: ModuleType) -> list[str]:
    """Return the names of the jobs that a module defines, without those that it imports."""
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__kit_handler__", None) == "job" and value.__module__ == module.__name__
    ]


def _disagreement(mapped: Mapped, handler: Any, name: str) -> Iterator[Problem]:
    kind = getattr(handler, "__kit_handler__", None)
    if kind not in ("job", None):
        yield Problem(mapped.name, f"leads records to {name}, which is a {kind}", mapped.line)
    elif kind == "job":
        partial = getattr(handler, "__kit_partial__", None)
        if partial is False and mapped.partial:
            told = f"has ReportBatchItemFailures, but {name} is a job(partial=False)"
            yield Problem(mapped.name, told, mapped.line)
        elif partial is True and not mapped.partial:
            told = f"ignores the failures that {name} names: its batch would count as done"
            yield Problem(mapped.name, told, mapped.line)
