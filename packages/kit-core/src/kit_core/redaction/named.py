"""Secrets in texts, found by the name before them.

| form | example |
|---|---|
| assignment, query, form, environment, YAML, JSON, reprs | `name=value`, `"name": "value"`, `name => value`, `[name]=value`, `name%3Dvalue` |
| header field | `Authorization: scheme value`: the rest of the line, or of the quotes |
| pair | `("name", "value")`, `["name", "value"]` |
| name and value under names of their own | `"name": "X", "value": "Y"`, `ParameterKey=X,ParameterValue=Y` |
| element, form field | `<name>value</name>`, `name="X"`, an empty line, the value |
| argument | `--name value`, `"--name", "value"` |
| SQL | `PASSWORD 'value'`, `IDENTIFIED BY 'value'` |
| prose | `token value`, `name,value`, `name is value`: where the value looks random |

Nothing is searched twice: each step ends behind the value that it looked at, or within a bounded distance.
"""  # noqa: E501

import re
from collections.abc import Iterator

from kit_core.redaction.harmless import (
    LONGEST_MESSAGE,
    is_harmless,
    is_message,
    is_source,
    placeholder_end,
)
from kit_core.redaction.names import OTHER_TOKENS, is_secret_name
from kit_core.redaction.patterns import compiled
from kit_core.redaction.quotes import closing_bracket, quoted

REDACTED = "[redacted]"

# Each name of a secret that is looked for in texts has one of these in it.
_PARTS = (
    "pass",
    "secret",
    "token",
    "auth",
    "ookie",
    "cred",
    "key",
    "bearer",
    "signature",
    "pwd",
    "jwt",
    "code",
    "card",
    "socket-protocol",
)
_ENDS = ("auth", "sig", "otp", "pin", "cvv", "cvc", "pw")  # no letter follows
_SESSIONS = ("sessionid", "session_id", "session id", "session-id", "sessid", "sess_id")
_IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$"
_LONGEST_NAME = 64
_QUOTE = r"(?:\\{0,15}[\"'`]|%(?:25){0,3}2[27])"

_WORD_BEFORE = r"[A-Za-z]{2,20}[ ]\Z"
_WORD_AFTER = r"[ ](?:id|number|no|num)\b"
_ASSIGNED = (
    r"(?i)(?:[ ](?:for|of)[ ][^:=\n]{1,80}?(?:[ ]is|[ ]was|(?=[ ]?=[ ]?'))|[ ]is(?=:)|[ ]was(?=:))?"
    rf"(?P<quote>{_QUOTE})?(?:\]|%(?:25){{0,3}}5d)?[ \t]{{0,40}}+"
    r"(?P<sign>=>|->|→|:=|={1,3}|:(?![:/])|%(?:25){0,3}3[ad])[ \t]{0,40}+"
)
_VALUE_OF = (
    rf"{_QUOTE}?[\])]?"
    rf"(?:,\s{{0,9}}{_QUOTE}\w{{1,40}}{_QUOTE}:\s{{0,3}}(?:{_QUOTE}[^\"'\\]{{0,100}}{_QUOTE}|[\w.]{{1,40}})){{0,4}}"
    rf"(?:[ ]{{0,3}},)?(?:\s|\\{{1,15}}[rn]){{0,20}}(?:- )?{_QUOTE}?"
    rf"(?:(?:Parameter|Option|rejected)?[Vv]alues?|input){_QUOTE}?[ ]{{0,3}}[:=][ ]{{0,3}}(?!\s)"
)
_PAIR = rf"{_QUOTE}\s{{0,3}},\s{{0,9}}(?=[bru]{{0,2}}\\{{0,15}}[\"'])"
_FIELD = r"\\{0,15}[\"'](?:;[^\r\n\\]{0,200})?(?:\r?\n\r?\n|\\{1,15}r\\{1,15}n\\{1,15}r\\{1,15}n)(?P<value>[^\r\n\\]+)"
_ELEMENT = r"(?:\s[^<>]{0,300})?>(?:<!\[CDATA\[)?(?P<value>[^<>\]]{1,4000})(?:\]\]>)?</"
_ARGUMENT = r"[ \t]{1,3}(?!-)(?P<value>[^\s\"'\])|]+|(?=[\"']))"
_SQL = r"(?i)\s{1,3}(?:by\s{1,3})?(?=\\{0,15}')"
_PROSE = (
    r"(?:(?: for \S{1,64})?(?: is| was| value)? {1,3}|[ ]{0,20}\|[ ]{0,20}|\t)"
    r"[\"'`]?(?P<value>[^\s\"'`,;()&|<>\\]{6,200})"
    r"|,(?P<column>[^\s\"'`,;()&|<>\\]{6,200})"
)
_BLOCK = (
    r"[|>][+-]?\d?[ \t]{0,9}(?:\r?\n(?P<indent>[ \t]{1,40}+)\S[^\n]*(?:\n(?P=indent)[^\n]*)*"
    r"|(?:\\{1,15}n[ ]{1,40}[^\\\"'\n]+)+)"
)
_HEADER = r"(?:[^\r\n\"'\\<>{}\[\]=]|=(?:\\{0,15}\"[^\"\r\n]{0,4000}+\")?)+"
_HEADER_PARTS = r"[^\r\n\"'\\<>{}\[\],&]+"
_SEVERAL = r"(?i)AWS4-|Digest|OAuth|Hawk|Signature"
_ENVIRONMENT = r"(?:^|\n)[ \t]{0,9}(?:export |set |- |ENV )?\Z"
_ENCODED = r"(?i)(?:(?!%(?:25){0,3}(?:2[267c]|7d|0[ad]))[^\s&\"'])+"
_WHOLE = r"[^\s\"'\\]+"
_BARE = (
    r"(?:[^\s,;&\"'})\]<\\]|[,;&](?=[^\s\"'\[({,;&])(?![\w.\-\[\]%]{1,60}[ ]?[=:])|[)\]}](?=[\w!@#$%^*])"
    r"|\\(?![nrtu\"'\\]))+"
)
_FURTHER_WORD = r"[ ]{1,2}(?![\w.-]{1,40}\\?[\"']?[=:])[^\s,;&\"'})\]|<>(\\]+"
_LINE = r"[^\r\n\"|]*"
_TEXTS = r"(?P<quote>\\{0,15}[\"'])(?P<text>.{0,400}?)(?P=quote)"
_SCHEMA = r"[\"']type\\{0,15}[\"']\s?:\s?\\{0,15}[\"'](?:string|number|integer|array|object|boolean)\\{0,15}[\"']"


def redact_named(text: str, lowered: str) -> str:
    """Return `text` without the values that go by the name of a secret; `lowered`: in small letters, as long."""
    return _Search(text).run(sorted(_places(lowered)))


def _places(lowered: str) -> Iterator[tuple[int, int]]:
    """Yield where parts of names begin and end."""
    for part in (*_PARTS, *_ENDS, *_SESSIONS, "identified"):
        at = lowered.find(part)
        while at >= 0:
            end = at + len(part)
            if part not in _ENDS or not lowered[end : end + 1].isalpha() or lowered.startswith("authori", at):
                yield at, end
            at = lowered.find(part, end)


class _Search:
    """Goes through one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str] = []
        self.done = 0  # the text before this place has been copied into pieces

    def run(self, places: list[tuple[int, int]]) -> str:
        at = 0
        for start, end in places:
            if start >= at:
                begin, stop = self._name(start, end, at)
                at = max(stop, self._value(begin, stop))
        if not self.pieces:
            return self.text
        self.pieces.append(self.text[self.done :])
        return "".join(self.pieces)

    def _name(self, start: int, end: int, least: int) -> tuple[int, int]:
        """Return the borders of the whole name around a part of it, `api key` and `card number` included."""
        text = self.text
        before = text[max(least, start - _LONGEST_NAME) : start]
        after = text[end : end + _LONGEST_NAME]
        begin = start - len(before) + len(before.rstrip(_IDENTIFIER))
        stop = end + len(after[: len(after) - len(after.lstrip(_IDENTIFIER))].rstrip("-."))
        part = text[start:end].lower()
        if part in ("key", "code") and text[begin - 1 : begin] == " " and begin > least:
            found = compiled(_WORD_BEFORE).search(text, max(least, begin - 20), begin)
            if found is not None and is_secret_name(text[found.start() : stop]):
                begin = found.start()
        elif part == "card" and (found := compiled(_WORD_AFTER).match(text, stop)):
            stop = found.end()
        return begin, stop

    def _hide(self, start: int, end: int, instead: str = REDACTED) -> int:
        self.pieces += (self.text[self.done : start], instead)
        self.done = end
        return end

    def _unless_harmless(self, start: int, stop: int, name: str, instead: str = REDACTED) -> int:
        return stop if is_harmless(self.text[start:stop], name) else self._hide(start, stop, instead)

    def _value(self, begin: int, end: int) -> int:
        """Hide the value that belongs to a name, and return where to go on."""
        text = self.text
        name = text[begin:end]
        if not is_secret_name(name):
            found = compiled(_SQL).match(text, end) if name.lower() == "identified" else None
            return end if found is None else self._quoted(found.end(), name) or end
        if (found := compiled(_ASSIGNED).match(text, end)) is not None:
            return end if self._is_reference(begin, name) else self._assigned(begin, name, found)
        following = text[end : end + 1]
        if following and following in "\"'\\%":
            return self._after_quote(begin, end, name)
        if following in ("\n", ",") and (found := compiled(_VALUE_OF).match(text, end)):
            return self._plain(begin, name, found.end(), None, "=" if following == "," else ":")
        if text[begin - 1 : begin] in ("<", ":") and (found := compiled(_ELEMENT).match(text, end)):
            return self._unless_harmless(found.start("value"), found.end("value"), name)
        return self._after_space(begin, end, name)

    def _is_reference(self, begin: int, name: str) -> bool:
        """Tell whether the name is a part of an ARN, of a dynamic reference, of the message of a parser."""
        words = self.text[max(0, begin - 200) : begin].split()
        word = words[-1] if words else ""
        if self.text[begin - 1 : begin].isspace():
            return "token" in name.lower() and word.lower() in OTHER_TOKENS
        return "arn:" in word or "resolve:" in word

    def _after_quote(self, begin: int, end: int, name: str) -> int:
        """Hide the value behind a name in quotes: in a pair, in the value of another name, in a form."""
        text = self.text
        if (found := compiled(_VALUE_OF).match(text, end)) is not None:
            attribute = text[found.end() - 1] == "="
            return self._plain(begin, name, found.end(), None if attribute else found[0].strip()[:1], ":")
        if (found := compiled(_FIELD).match(text, end)) is not None:
            return self._unless_harmless(found.start("value"), found.end("value"), name)
        found = compiled(_PAIR).match(text, end)
        borders = None if found is None else quoted(text, found.end())
        if found is None or borders is None:
            return end
        start, stop, after = borders
        value = text[start:stop]
        before = text[max(0, begin - 20) : begin].rstrip("bru\"'\\` ")
        inside = before[-1:] in ("(", "[") and text[after : after + 9].lstrip()[:1] in (")", "]")
        # ["password", "email"] and ("password", "email") are names; [("password", "email")] is not.
        nested = before[-2:-1] in ("(", "[", ",", "{", " ") and before[:-1].rstrip()[-1:] not in ("=", ":", "")
        plain = compiled("[a-z_]{1,40}").fullmatch(value) is not None
        if name.startswith("--") or (inside and (nested or not plain or "-" in name or _is_header(name))):
            return self._unless_harmless(start, stop, name)
        if _is_header(name) and (" " in value or "=" in value or is_random(value)):  # a flat list of names and values
            return self._unless_harmless(start, stop, name)
        return found.end()

    def _after_space(self, begin: int, end: int, name: str) -> int:
        text = self.text
        if name.startswith("--") and (found := compiled(_ARGUMENT).match(text, end)):
            value = found["value"]
            if not value:
                return self._quoted(found.end(), name) or end
            if value.isupper():  # a placeholder in the usage of a command
                return end
            return self._unless_harmless(found.start("value"), found.end(), name)
        lowered = name.lower()
        if lowered.endswith(("cookie", "cookies", "bearer")) or self._is_reference(begin, name):
            return end
        if not lowered.endswith(("token", "secret")) and (found := compiled(_SQL).match(text, end)):
            return self._quoted(found.end(), name) or end
        found = compiled(_PROSE).match(text, end)
        if found is None:
            return end
        group = "value" if found["value"] else "column"
        netrc = lowered == "password" and compiled(r"\blogin \S{1,100} \Z").search(text, max(0, begin - 120), begin)
        if netrc or is_random(found[group]):
            return self._unless_harmless(found.start(group), found.end(group), name)
        return end

    def _assigned(self, begin: int, name: str, found: "re.Match[str]") -> int:
        start = found.end()
        if self.text[begin - 1 : begin] == "/" and compiled(r"[1-5]\d\d\b").match(self.text, start):
            return start  # a path and its status
        return self._plain(begin, name, start, found["quote"], found["sign"])

    def _plain(self, begin: int, name: str, start: int, quote: str | None, sign: str) -> int:
        """Hide the value that begins at `start`, with or without quotes."""
        text = self.text
        following = text[start : start + 1]
        if following in ("", "\n", "\r"):
            return start
        done = self._quoted(start, name)
        if done is not None:
            return done
        instead = f"{quote}{REDACTED}{quote}" if quote else REDACTED
        if (stop := placeholder_end(text, start)) > start:
            return stop
        if following in "([{":
            return self._group(start, name, instead)
        if following in "|>" and (block := compiled(_BLOCK).match(text, start)):
            return self._hide(start, block.end(), instead)
        if "%" in sign:
            value = compiled(_ENCODED).match(text, start)
            return start if value is None else self._unless_harmless(start, value.end(), name, instead)
        if sign == "=" and name.isupper() and compiled(_ENVIRONMENT).search(text, max(0, begin - 20), begin):
            value = compiled(_LINE if _is_header(name) else _WHOLE).match(text, start)
            return start if value is None else self._unless_harmless(start, value.end(), name, instead)
        return self._message_end(start) or self._bare(begin, name, start, instead, sign)

    def _bare(self, begin: int, name: str, start: int, instead: str, sign: str) -> int:
        """Hide a value without quotes."""
        text = self.text
        field = sign == ":" and "-" in name and (name[:1].isupper() or text[begin - 1 : begin] in ("", "\n"))
        if field or _is_header(name):
            several = sign == ":" or compiled(_SEVERAL).match(text, start) is not None
            value = compiled(_HEADER if several else _HEADER_PARTS).match(text, start)
            if value is None:
                return start
            stop = start + len(value[0].rstrip())
            end = placeholder_end(text, stop)
            return (
                end
                if end > stop and is_harmless(text[start:end], name)
                else self._unless_harmless(start, stop, name, instead)
            )
        if is_source(text, start, spaced=sign == "=" and text[start - 1] == " "):
            return start + 1
        value = compiled(_BARE).match(text, start)
        if value is None:
            return start
        stop = value.end()
        if text[stop : stop + 1] in ("'", '"') and text[stop - 1] == "(":
            stop = closing_bracket(text, stop - 1)  # the repr of an object
        elif sign == ":" and not is_random(value[0]) and not is_harmless(value[0], name):
            stop = self._words_end(stop)
        return self._unless_harmless(start, stop, name, instead)

    def _words_end(self, stop: int) -> int:
        """Return where a value of several words ends: at a mark, a further name, or behind a word that looks random."""
        while (word := compiled(_FURTHER_WORD).match(self.text, stop)) is not None:
            stop = word.end()
            if is_random(word[0].strip()):
                break
        return stop

    def _message_end(self, start: int) -> int:
        """Return where a message for people ends that begins at `start`, 0 if there is none."""
        line = compiled(_LINE).match(self.text, start, start + LONGEST_MESSAGE)
        whole = line[0].rstrip() if line is not None else ""
        for part in (whole, compiled(r"[;,(\[{']|\. ").split(whole, maxsplit=1)[0]):
            if part and is_message(part):
                return start + len(part)
        return 0

    def _quoted(self, at: int, name: str) -> int | None:
        """Hide the value in quotes at `at`; None if there is none."""
        borders = quoted(self.text, at)
        if borders is None:
            return None
        self._unless_harmless(borders[0], borders[1], name)
        return borders[2]

    def _group(self, start: int, name: str, instead: str) -> int:
        """Hide the value in brackets at `start`, unless all in it is harmless."""
        text = self.text
        if text[start] == "{" and name.lower().endswith(("auth", "jwt")):
            return start + 1  # settings, claims
        if text[start] == "(" and name.lower().endswith("signature"):
            return start + 1  # of a function
        stop = closing_bracket(text, start)
        if stop - start < 2000:
            inside = text[start + 1 : stop - 1]
            found = compiled(_TEXTS).finditer(inside)
            values = [each["text"] for each in found if inside[each.end() : each.end() + 1] != ":"]
            rest = compiled(_TEXTS).sub("", inside)
            if not any(map(str.isalnum, rest)) and all(is_message(each) for each in values):
                return stop
            if text[start] == "{" and compiled(_SCHEMA).search(inside):
                return stop
        return self._hide(start, stop, instead)


def _is_header(name: str) -> bool:
    return name.lower().endswith(("authorization", "cookie", "cookies", "socket-protocol"))


def is_random(text: str) -> bool:
    """Tell whether a text is rather a secret than a word, a name, a date, a path or an address."""
    if len(text) < 6 or text.startswith("0x") or not any(map(str.isdigit, text)) or not any(map(str.isalpha, text)):
        return False
    if compiled(r"\d{4}-\d\d-\d\d.*|[\w.+-]+@[\w-]+\.[\w.]+").fullmatch(text):
        return False
    return not all(compiled(r"[A-Za-z]*\d{0,2}|\d{1,4}").fullmatch(part) for part in compiled("[-_/.:]").split(text))
