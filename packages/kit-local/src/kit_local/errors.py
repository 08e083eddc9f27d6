"""The errors of kit-local. Servers and migrations raise those of kit_testing.

LocalError
├── MappingError         AWS would have deleted messages that a function has reported as failed
└── TemplateError        the template is wrong, or cannot become resources
    └── UnsupportedError the template asks for what kit-local does not do
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class LocalError(Exception):
    """The root of all errors of kit-local."""


class MappingError(LocalError):
    """AWS would have deleted messages that a function has reported as failed: its mapping doesn't read the report.

    Of a stream, it would have passed over records. `function` is a logical id, `mapping` says where in the template
    ("Work.Events.Orders"). After "Implementing partial batch responses".
    """

    def __init__(self, function: str, mapping: str, *, failed: int, count: int, fate: str = "deleted") -> None:
        super().__init__(
            f"{function} answered that {failed} of {count} messages failed, but {mapping} does not ask for that answer:"
            f" AWS would have {fate} them. Add this to its Properties:\n"
            "    FunctionResponseTypes: [ReportBatchItemFailures]"
        )
        self.function = function
        self.mapping = mapping
        self.failed = failed
        self.count = count


class TemplateError(LocalError):
    """The template is wrong, or cannot become resources.

    `resource` is a logical id, empty when no single one is to blame; `line` counts in `file`; both where known.
    """

    def __init__(self, message: str, *, file: Path | None = None, line: int | None = None, resource: str = "") -> None:
        where = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(f"{where}{resource}: {message}" if resource else f"{where}{message}")
        self.message = message
        self.file = file
        self.line = line
        self.resource = resource


@dataclass(frozen=True)
class Finding:
    """One thing in a template that kit-local does not do: `property` is a dotted path, empty for the whole resource."""

    resource: str
    property: str
    line: int
    reason: str
    meant: str = ""  # the name that was perhaps meant, named in the reason, too


class UnsupportedError(TemplateError):
    """The template asks for what kit-local does not do; `findings` holds every such place, the attributes the first."""

    def __init__(self, findings: Iterable[Finding], *, file: Path) -> None:
        self.findings = tuple(findings)
        first = self.findings[0]
        lines = (
            f"{file}:{f.line}: {'.'.join(filter(None, (f.resource, f.property)))}: {f.reason}" for f in self.findings
        )
        advice = "not supported locally (--ignore-unsupported goes on without it):"
        head = "names that are not known:" if all(finding.meant for finding in self.findings) else advice
        super().__init__("\n".join([head, *lines]))
        self.file = file
        self.line = first.line
        self.resource = first.resource
        self.property = first.property
