"""Powertools' JSON, without secrets, with the keys of the invocation that a line belongs to."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from aws_lambda_powertools.logging.formatter import (
    RESERVED_LOG_ATTRS,
    THREAD_LOCAL_KEYS,
    LambdaPowertoolsFormatter,
)

from kit_logger.correlation import correlation_id
from kit_logger.lines import encode, fits, quoted, shortened
from kit_logger.log_records import encoded_extras, extras, failure, message, templated
from kit_logger.redaction import LONGEST, redact, redact_text
from kit_logger.scopes import Invocation, Keys, any_running, current
from kit_logger.texts import has_hint, redacted_template

_TEMPLATES = {"level": "%(levelname)s", "location": "%(funcName)s:%(lineno)d", "timestamp": "%(asctime)s"}
_ORDER = ["level", "location", "message", "timestamp"]
_OF_FAILURES = frozenset({"exception", "exception_name", "exception_notes", "stack_trace", "stack_info"})
_TAKEN = frozenset({*_ORDER, *_OF_FAILURES, "logger"})
_FIXED_TYPES = frozenset({str, int, float, bool, type(None)})
_TRACE = "_X_AMZN_TRACE_ID"
_levels: dict[str, str] = {}


class _Fixed:
    """The keys that several lines share, as JSON."""

    __slots__ = ("of_thread", "outside", "plain", "taken", "text", "trace")

    def __init__(
        self, outside: Keys, of_thread: dict[str, Any], plain: bool, text: str, taken: frozenset[str], trace: bool
    ) -> None:
        self.outside = outside  # another one, or other keys of the thread: what follows is out of date
        self.of_thread = of_thread
        self.plain = plain
        self.text = text
        self.taken = taken
        self.trace = trace  # whether the X-Ray trace is to be added


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Write what Powertools' formatter does, without secrets; takes the same options.

    Keys that are appended during an invocation are that invocation's alone, also when several run in one process.
    Lines longer than CloudWatch takes are cut, and have the key `truncated`, their length in bytes before.
    """

    def __init__(self, **options: Any) -> None:
        self._ready = False
        self._lasting: dict[str, Any] = {}
        self._outside = Keys()
        self._second = (0, "")
        super().__init__(**options)
        self._ready = True
        self._default = options.get("json_default")
        self._own_json = options.get("json_serializer") is None and self.json_indent is None
        self._rfc3339 = self.utc and self.use_rfc3339_iso8601
        self._plain = self._own_json and self.log_record_order == _ORDER

    # The keys

    @property
    def log_format(self) -> dict[str, Any]:
        """What every line has: the lasting keys and the invocation's."""
        if not self._ready:
            return self._lasting
        invocation = current()
        if invocation is None:
            return dict(self._lasting)
        return {**self._lasting, **invocation.context_keys, **invocation.keys(self).values}

    @log_format.setter
    def log_format(self, keys: dict[str, Any]) -> None:
        self._lasting = keys
        self._changed()

    def append_keys(self, **additional_keys: Any) -> None:
        """Add keys to every further line of the invocation; outside of one, to every further line."""
        invocation = current() if self._ready else None
        # What a logger is made with is lasting, also when it is made late, by a handler.
        made = "service" in additional_keys and "service" not in self._lasting
        if made or (invocation is None and not any_running()):
            self._lasting.update(additional_keys)
            self._changed()
            return
        if invocation is None:  # a thread of one of several invocations: nobody knows of which
            self.thread_safe_append_keys(**additional_keys)
            return
        invocation.keys(self).update(additional_keys)
        if "correlation_id" in additional_keys:
            invocation.own_correlation_id = additional_keys["correlation_id"]

    def get_current_keys(self) -> dict[str, Any]:
        """Return a copy of the keys."""
        return self.log_format

    def remove_keys(self, keys: Iterable[str]) -> None:
        """Leave keys out of every further line of the invocation; outside of one, of every further line."""
        invocation = current()
        if invocation is not None:
            self.append_keys(**dict.fromkeys(keys))  # a key that is None is not written
            return
        if any_running():
            self.thread_safe_remove_keys(keys)
            return
        for key in keys:
            self._lasting.pop(key, None)
        self._changed()

    def clear_state(self) -> None:
        """Forget the keys that were appended during the invocation; outside of one, all but the first."""
        invocation = current() if self._ready else None
        if invocation is not None:
            invocation.keys(self).clear()
            invocation.own_correlation_id = None
            return
        if any_running():
            self.thread_safe_clear_keys()
            return
        service = self._lasting.get("service")
        self.log_format = {**dict.fromkeys(self.log_record_order), **self.keys_combined}
        if service is not None:
            self.append_keys(service=service)

    def thread_safe_remove_keys(self, keys: Iterable[str]) -> None:
        """Remove keys of this thread or task; those that it was started from keep theirs."""
        gone = set(keys)
        THREAD_LOCAL_KEYS.set({key: value for key, value in THREAD_LOCAL_KEYS.get().items() if key not in gone})

    def _changed(self) -> None:
        self._outside = Keys()  # and, since it is another one, nothing that was made from the old one is used again

    # The lines

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; whatever is wrong with a record, there is one."""
        try:
            invocation = current()
            line = self._fast(record, invocation) if self._plain else None
            if line is None:
                entry = self._entry(record)
                line = self.serialize(entry)
            if fits(line):
                return line
            return shortened(redact(self._entry(record), default=self._default), line, self._serialized)
        except Exception as error:  # noqa: BLE001  # wrong arguments, a broken serializer: not worth a failure
            return self._least(record, error)

    def serialize(self, log: Any) -> str:
        """Return a line as JSON, without secrets."""
        return self._serialized(redact(log, default=self._default))

    def _serialized(self, log: Any) -> str:
        return encode(log) if self._own_json else str(self.json_serializer(log))

    def _fast(self, record: logging.LogRecord, invocation: Invocation | None) -> str | None:
        """Return the line of a record that has nothing special, put together from pieces; None for any other."""
        text = record.msg
        if type(text) is not str or text[:1] in ("{", "["):
            return None
        fixed = self._fixed(invocation)
        if not fixed.plain or len(text) > LONGEST:
            return None
        if record.args:
            try:
                text = redacted_template(text) % record.args
            except Exception:  # noqa: BLE001  # the arguments don't fit, which the other way can say
                return None
        added = encoded_extras(record, fixed.taken, None, self._default)
        if added is None:
            return None
        rest = self._origin(record, fixed, str)
        failed = failure(record, frames=self.serialize_stacktrace) if record.exc_info or record.stack_info else {}
        if "exception_notes" in failed:  # may hold anything
            return None
        what = _pieces(failed)
        if has_hint((text + added + what + rest).lower()):
            text, rest = redact_text(text), self._origin(record, fixed, redact_text)
            added = encoded_extras(record, fixed.taken, redact_text, self._default)
            what = _pieces(redact(failed))
        level = _levels.get(record.levelname) or _levels.setdefault(record.levelname, quoted(record.levelname))
        when = self._timestamp(record.created) if self._rfc3339 else quoted(self.formatTime(record, self.datefmt))
        return (
            f'{{"level":{level},"location":{quoted(f"{record.funcName}:{record.lineno}")},"message":{quoted(text)},'
            f'"timestamp":{when}{fixed.text}{added}{what}{rest}}}'
        )

    def _origin(self, record: logging.LogRecord, fixed: _Fixed, clean: Callable[[str], str]) -> str:
        pieces = ""
        if record.name != self._lasting.get("service"):
            pieces = f',"logger":{quoted(clean(record.name))}'
        if "correlation_id" not in fixed.taken:
            found = correlation_id()
            if found is not None:
                pieces += f',"correlation_id":{quoted(clean(found))}'
        if fixed.trace:
            trace = _trace()
            if trace is not None:
                pieces += f',"xray_trace_id":{quoted(clean(trace))}'
        return pieces

    def _timestamp(self, created: float) -> str:
        second = int(created)
        known, text = self._second
        if known != second:
            text = time.strftime('"%Y-%m-%dT%H:%M:%S.', time.gmtime(second))
            self._second = (second, text)
        return f'{text}{int((created - second) * 1000):03}+00:00"'

    def _fixed(self, invocation: Invocation | None) -> _Fixed:
        """Return the keys that the invocation's lines share; made once, unless a value could change."""
        holder = self._outside if invocation is None else invocation.keys(self)
        of_thread = THREAD_LOCAL_KEYS.get()
        fixed: _Fixed | None = holder.encoded
        if fixed is not None and fixed.outside is self._outside and fixed.of_thread is of_thread:
            return fixed
        keys = {**self._lasting, **(invocation.context_keys if invocation else {}), **holder.values, **of_thread}
        plain = all(keys.pop(name, None) == template for name, template in _TEMPLATES.items())
        plain = plain and not any(value and key in RESERVED_LOG_ATTRS for key, value in keys.items())
        plain = plain and _OF_FAILURES.isdisjoint(keys)
        trace = keys.get("xray_trace_id", self) is self  # None switches it off
        keys = {key: value for key, value in keys.items() if value is not None}
        if trace and invocation is not None:
            # Lambda sets it anew for each invocation; asking the environment is slow.
            keys["xray_trace_id"] = invocation.trace = invocation.trace or _trace() or ""
            trace = False
            if not keys["xray_trace_id"]:
                del keys["xray_trace_id"]
        text = encode(redact(keys, default=self._default))[1:-1]
        fixed = _Fixed(self._outside, of_thread, plain, text and "," + text, _TAKEN | keys.keys(), trace)
        if all(type(value) in _FIXED_TYPES for value in keys.values()):
            holder.encoded = fixed
        return fixed

    def _entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what a line says, in full and with its secrets."""
        attributes = {**record.__dict__, "asctime": self.formatTime(record, self.datefmt)}
        keys = {**self.log_format, **THREAD_LOCAL_KEYS.get()}
        entry = {
            key: templated(value, attributes) if value and key in RESERVED_LOG_ATTRS else value
            for key, value in keys.items()
        }
        entry.update(extras(record))
        entry["message"], error = message(record, self.json_deserializer)
        for key, value in failure(record, frames=self.serialize_stacktrace).items():
            entry.setdefault(key, value)
        entry["format_error"] = error
        if record.name != self._lasting.get("service"):
            entry.setdefault("logger", record.name)
        if entry.get("correlation_id") is None:
            entry["correlation_id"] = correlation_id()
        if keys.get("xray_trace_id", self) is self:
            entry.setdefault("xray_trace_id", _trace())
        return {key: value for key, value in entry.items() if value is not None}

    def _least(self, record: logging.LogRecord, error: Exception) -> str:
        entry = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": redact(record.msg),
            "timestamp": logging.Formatter().formatTime(record),
            "service": redact(self._lasting.get("service")),
            "correlation_id": redact(correlation_id()),
            "format_error": type(error).__name__,
        }
        line = encode(entry)
        return line if fits(line) else shortened(entry, line, encode)


def thread_keys() -> dict[str, Any]:
    """Return the keys of this thread or task, to be given back to `restore_thread_keys`."""
    return THREAD_LOCAL_KEYS.get()


def restore_thread_keys(keys: dict[str, Any]) -> None:
    """Forget the keys that were appended to this thread or task since."""
    if THREAD_LOCAL_KEYS.get() is not keys:
        THREAD_LOCAL_KEYS.set(keys)


def _pieces(values: dict[str, Any]) -> str:
    return "," + encode(values)[1:-1] if values else ""


def _trace() -> str | None:
    trace = os.environ.get(_TRACE)
    return trace.split(";")[0].replace("Root=", "") if trace else None
