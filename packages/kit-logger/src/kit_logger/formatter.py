"""Powertools' JSON lines, without secrets, with the keys of their invocation."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter
from kit_core.invocation import Invocation
from kit_core.redaction import redact_text

from kit_logger.ids import context_keys, correlation_id_of, invocation_of, trace_id
from kit_logger.lines import MAX_BYTES, encode, fits, plain, quoted, shortened
from kit_logger.log_records import encoded_extras, encoded_failure, extras, failure, message, templated
from kit_logger.scopes import (
    Keys,
    Scope,
    any_running,
    current,
    keys_around,
    keys_of,
    set_thread_keys,
    state_of,
    thread_keys,
)
from kit_logger.templates import redacted_template

_TEMPLATES = {"level": "%(levelname)s", "location": "%(funcName)s:%(lineno)d", "timestamp": "%(asctime)s"}
_ORDER = ["level", "location", "message", "timestamp"]
_OF_FAILURES = frozenset({"exception", "exception_name", "exception_notes", "stack_trace", "stack_info"})
_OF_RECORDS = _OF_FAILURES | {"logger"}  # a record may have its own
_TAKEN = frozenset({*_ORDER, *_OF_RECORDS, "correlation_id", "xray_trace_id"})
_FIXED_TYPES = frozenset({str, int, float, bool, type(None)})
_levels: dict[str, str] = {}


class _Fixed:
    """Hold the keys that several lines share, as JSON, and the values that they were made from."""

    __slots__ = ("cold", "context", "has_id", "has_trace", "of_thread", "outside", "plain", "taken", "text", "version")

    context: Any
    cold: bool | None
    outside: Keys
    of_thread: dict[str, Any]
    version: int  # the sum of those of the keys, of the invocation's and of those around it
    plain: bool
    text: str
    taken: frozenset[str]
    has_id: bool  # `correlation_id` is among the keys
    has_trace: bool  # the X-Ray trace is among the keys, or switched off


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Write the lines of Powertools' formatter, without secrets; it takes the same options.

    Keys that are appended during an invocation, or a record of a batch, are on its lines alone, and on those of the
    records inside; also when several run in one process.
    Lines longer than CloudWatch takes are cut, and have the key `truncated`, their length in bytes before.

    Example:
        >>> audit = Logger(service="audit", logger_formatter=RedactingFormatter())
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
        """The keys of every line: the lasting ones and the invocation's."""
        if not self._ready:
            return self._lasting
        scope = current()
        invocation = invocation_of(scope)
        keys = self._keys(keys_around(state_of(scope), self), invocation)
        found = thread_keys().get("correlation_id", keys.get("correlation_id"))
        if found is None and invocation is not None:
            found = correlation_id_of(invocation)
        if found is not None:
            keys["correlation_id"] = found  # that of the lines
        return keys

    @log_format.setter
    def log_format(self, keys: dict[str, Any]) -> None:
        self._lasting = keys
        self._changed()

    def _keys(self, appended: list[Keys], invocation: Invocation | None) -> dict[str, Any]:
        keys = {**self._lasting, **context_keys(invocation)}
        for each in reversed(appended):
            keys.update(each.values)
        return keys

    def append_keys(self, **additional_keys: Any) -> None:
        """Add keys to every further line of the invocation or record; outside of one, to every further line.

        Within an invocation or record `correlation_id` becomes its correlation id, which published events carry, too.
        """
        scope = current() if self._ready else None
        # The keys that a logger is made with last, also if a handler makes it.
        made = "service" in additional_keys and "service" not in self._lasting
        if not made and "correlation_id" in additional_keys:
            invocation = invocation_of(scope)
            if invocation is not None:
                value = additional_keys.pop("correlation_id")
                invocation.correlation_id = None if value is None else str(value)
        state = state_of(scope)
        if made or not self._ready or (state is None and not any_running()):
            self.append_lasting_keys(**additional_keys)
        elif state is None:  # a thread that a handler has started, while several run
            self.thread_safe_append_keys(**additional_keys)
        elif additional_keys:
            keys_of(state, self).update(additional_keys)

    def append_lasting_keys(self, **additional_keys: Any) -> None:
        """Add keys to every further line, also those of later invocations."""
        self._lasting.update(additional_keys)
        self._changed()

    def get_current_keys(self) -> dict[str, Any]:
        """Return a copy of the keys."""
        return self.log_format

    def remove_keys(self, keys: Iterable[str]) -> None:
        """Leave keys out of every further line of the invocation or record; outside of one, of every further line."""
        keys = list(keys)
        if state_of(current()) is not None or "correlation_id" in keys:
            self.append_keys(**dict.fromkeys(keys))  # a key that is None is not written
            return
        if any_running():
            self.thread_safe_remove_keys(keys)
            return
        for key in keys:
            self._lasting.pop(key, None)
        self._changed()

    def clear_state(self) -> None:
        """Forget the keys that were appended during the invocation or record; outside of one, all but the first.

        The correlation id stays: it is the invocation's.
        """
        state = state_of(current()) if self._ready else None
        if state is not None:
            keys_of(state, self).clear()
            return
        if any_running():
            self.thread_safe_clear_keys()
            return
        service = self._lasting.get("service")
        self.log_format = {**dict.fromkeys(self.log_record_order), **self.keys_combined}
        if service is not None:
            self.append_keys(service=service)

    def thread_safe_append_keys(self, **additional_keys: Any) -> None:
        """Add keys to every further line of this thread or task, until the invocation ends."""
        set_thread_keys({**thread_keys(), **additional_keys})

    def thread_safe_get_current_keys(self) -> dict[str, Any]:
        """Return a copy of the keys of this thread or task."""
        return dict(thread_keys())

    def thread_safe_remove_keys(self, keys: Iterable[str]) -> None:
        """Remove keys of this thread or task; the one that has started it keeps them."""
        gone = set(keys)
        set_thread_keys({key: value for key, value in thread_keys().items() if key not in gone})

    def thread_safe_clear_keys(self) -> None:
        """Remove all keys of this thread or task, until the invocation ends."""
        set_thread_keys({})

    def _changed(self) -> None:
        self._outside = Keys()  # a new one: keys that were encoded with the old one are out of date

    # The lines

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; a broken record has a line, too."""
        try:
            line = self._fast(record, current()) if self._plain else None
            if line is None:
                entry = self._entry(record)
                line = self.serialize(entry)
            if fits(line):
                return line
            return shortened(self._clean(self._entry(record)), line, self._serialized)
        except Exception as error:  # noqa: BLE001  # a broken serializer, or an object's own code
            return self._least(record, error)

    def serialize(self, log: Any) -> str:
        """Return a line as JSON, without secrets."""
        return self._serialized(self._clean(log))

    def _clean(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return plain(entry, self._default)
        cleaned: dict[str, Any] = {}
        for key, value in entry.items():  # one by one: a long text must not use up the search for the ids
            cleaned.update(plain({key: value}, self._default))
        return cleaned

    def _serialized(self, log: Any) -> str:
        return encode(log) if self._own_json else str(self.json_serializer(log))

    def _fast(self, record: logging.LogRecord, scope: Scope | None) -> str | None:
        """Return the line of an ordinary record, put together from pieces; None for any other record."""
        text = record.msg
        if type(text) is not str or text[:1] in ("{", "["):
            return None
        invocation = invocation_of(scope)
        fixed = self._fixed(scope, invocation)
        if not fixed.plain or len(text) > MAX_BYTES:
            return None
        if record.args:
            try:
                text = redacted_template(text) % record.args
            except Exception:  # noqa: BLE001  # the arguments do not fit: the slow way says so
                return None
        added = encoded_extras(record, fixed.taken, self._default)
        if added is None:
            return None
        failed = ""
        if record.exc_info or record.stack_info or record.exc_text:
            failed = encoded_failure(failure(record, frames=self.serialize_stacktrace))
        rest = self._origin(record, fixed, invocation)
        level = _levels.get(record.levelname) or _levels.setdefault(record.levelname, quoted(record.levelname))
        when = self._timestamp(record.created) if self._rfc3339 else quoted(self.formatTime(record, self.datefmt))
        return (
            f'{{"level":{level},"location":{quoted(f"{record.funcName}:{record.lineno}")},"message":{quoted(redact_text(text))},'
            f'"timestamp":{when}{fixed.text}{added}{failed}{rest}}}'
        )

    def _origin(self, record: logging.LogRecord, fixed: _Fixed, invocation: Invocation | None) -> str:
        pieces = ""
        if record.name != self._lasting.get("service"):
            pieces = f',"logger":{quoted(redact_text(record.name))}'
        if not fixed.has_id:
            found = correlation_id_of(invocation)
            if found is not None:
                pieces += f',"correlation_id":{quoted(redact_text(found))}'
        if not fixed.has_trace:
            trace = trace_id()
            if trace is not None:
                pieces += f',"xray_trace_id":{quoted(redact_text(trace))}'
        return pieces

    def _timestamp(self, created: float) -> str:
        second = int(created)
        known, text = self._second
        if known != second:
            text = time.strftime('"%Y-%m-%dT%H:%M:%S.', time.gmtime(second))
            self._second = (second, text)
        return f'{text}{int((created - second) * 1000):03}+00:00"'

    def _fixed(self, scope: Scope | None, invocation: Invocation | None) -> _Fixed:
        """Return the keys that the invocation's lines share; made once, unless a value could change."""
        appended = keys_around(state_of(scope), self)
        if not appended and scope is not None:
            appended = [keys_of(scope.state, self)]  # where the lines of the invocation find them encoded
        holder = appended[0] if appended else self._outside
        version = 0
        for each in appended:
            version += each.version
        of_thread = thread_keys()
        context = cold = None
        if invocation is not None:
            context = invocation.context
            cold = invocation.cold_start if scope is None else None  # within a scope it does not change
        fixed: _Fixed | None = holder.encoded
        if (
            fixed is None
            or fixed.version != version
            or fixed.outside is not self._outside
            or fixed.of_thread is not of_thread
            or fixed.context is not context
            or fixed.cold is not cold
        ):
            fixed = _Fixed()
            fixed.version = version
            fixed.outside, fixed.of_thread, fixed.context, fixed.cold = self._outside, of_thread, context, cold
            keys = {**self._keys(appended, invocation), **of_thread}
            if self._encode_keys(fixed, keys, scope):
                holder.encoded = fixed
        return fixed

    def _encode_keys(self, fixed: _Fixed, keys: dict[str, Any], scope: Scope | None) -> bool:
        """Encode the keys; tell whether they are of types that cannot change, so that other lines may share them."""
        fixed.plain = all(keys.pop(name, None) == template for name, template in _TEMPLATES.items())
        fixed.plain = fixed.plain and _OF_RECORDS.isdisjoint(keys) and keys.get("message") is None
        fixed.has_trace = keys.get("xray_trace_id", self) is not self  # None switches it off
        keys = {key: value for key, value in keys.items() if value is not None}
        if any(value and key in RESERVED_LOG_ATTRS for key, value in keys.items()):
            fixed.plain = False
        if not fixed.has_trace and scope is not None:
            # Lambda sets it for each invocation; reading the environment is slow.
            if scope.trace is None:
                scope.trace = trace_id() or ""
            if scope.trace:
                keys["xray_trace_id"] = scope.trace
            fixed.has_trace = True
        fixed.has_id = "correlation_id" in keys
        text = encode(plain(keys, self._default))[1:-1]
        fixed.text = text and "," + text
        fixed.taken = _TAKEN | keys.keys()
        return all(type(value) in _FIXED_TYPES for value in keys.values())

    def _entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return a line as a dict, in full and with its secrets."""
        attributes = {**record.__dict__, "asctime": self.formatTime(record, self.datefmt)}
        scope = current()
        invocation = invocation_of(scope)
        keys = {**self._keys(keys_around(state_of(scope), self), invocation), **thread_keys()}
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
            entry["correlation_id"] = correlation_id_of(invocation)
        if keys.get("xray_trace_id", self) is self:
            entry.setdefault("xray_trace_id", trace_id())
        return {key: value for key, value in entry.items() if value is not None}

    def _least(self, record: logging.LogRecord, error: Exception) -> str:
        entry = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": plain(record.msg),
            "timestamp": self._timestamp(record.created)[1:-1],
            "service": plain(self._lasting.get("service")),
            "correlation_id": plain(correlation_id_of(invocation_of(current()))),
            "format_error": type(error).__name__,
        }
        line = encode(entry)
        return line if fits(line) else shortened(entry, line, encode)
