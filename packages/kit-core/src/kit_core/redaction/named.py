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
"""

import re
from functools import cache

from kit_core.redaction.harmless import LONGEST_MESSAGE, is_harmless, is_message, is_source
from kit_core.redaction.names import LONG, SHORT, is_secret_name
from kit_core.redaction.quotes import closing_bracket, closing_quote

REDACTED = "[redacted]"

_IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$"
_LONGEST_NAME = 64
_QUOTE = r"\\{0,15}[\"'`]|%(?:25){0,3}2[27]"


class _Patterns:
    def __init__(self) -> None:
        stems = "|".join((*LONG, *(rf"(?:{stem})(?![a-z])" for stem in SHORT))).replace("~", "[ _-]?")
        stems += "|identified(?= by)"
        self.stem = re.compile(stems)
        self.assigned = re.compile(
            rf"(?P<quote>{_QUOTE})?(?:\]|%(?:25){{0,3}}5d)?[ \t]{{0,40}}+"
            r"(?P<sign>=>|->|→|:=|={1,3}|:(?![:/])|%(?:25){0,3}3[ad])[ \t]{0,40}+",
            re.IGNORECASE,
        )
        self.pair = re.compile(rf"(?P<quote>{_QUOTE})\s{{0,3}},\s{{0,9}}(?=[bru]{{0,2}}\\{{0,15}}[\"'])")
        self.value_of = re.compile(
            rf"(?:{_QUOTE})?(?:[ ]{{0,3}},)?\s{{0,20}}(?:- )?(?:{_QUOTE})?(?:Parameter|Option)?[Vv]alues?"
            rf"(?:{_QUOTE})?[ ]{{0,3}}[:=][ ]{{0,3}}(?!\s)"
        )
        self.field = re.compile(
            r"\\*[\"'](?:;[^\n]{0,200}|[^\n\S]{0,9}|\\(?=r))(?:\r?\n\r?\n|\\{1,3}r\\{1,3}n\\{1,3}r\\{1,3}n)"
        )
        self.field_value = re.compile(r"[^\r\n\\]+")
        self.element = re.compile(r"(?:\s[^<>]{0,300})?>(?:<!\[CDATA\[)?(?P<value>[^<>\]]{1,4000})(?:\]\]>)?</")
        self.argument = re.compile(r"[ \t]{1,3}(?!-)(?=[^\s\])|])")
        self.argument_value = re.compile(r"[^\s\"'\]]+")
        self.sql = re.compile(r"\s{1,3}(?:by\s{1,3})?(?=\\*')", re.IGNORECASE)
        self.prose = re.compile(
            r"(?:(?: for \S{1,64})?(?: is| was| value)? {1,3}|[ ]{0,20}\||\t)[ ]{0,20}[\"'`]?(?P<value>[^\s\"'`,;()&|<>]{6,200})"
            r"|,(?P<column>[^\s\"'`,;()&|<>]{6,200})"
        )
        self.block = re.compile(r"[|>][+-]?\d?[ \t]*\r?\n(?P<indent>[ \t]+)\S[^\n]*(?:\n(?P=indent)[^\n]*)*")
        self.header = re.compile(r"(?:[^\r\n\"'\\<>{}\[\]=]|=(?:\\{0,15}\"[^\"\r\n]{0,4000}+\")?)+")
        self.field_list = re.compile(r"(?:[^\r\n\"'\\<>{}\[\],&])+")
        self.several = re.compile(r"AWS4-|Digest|OAuth|Hawk|Signature", re.IGNORECASE)
        self.assignment = re.compile(r"(?:^|\n)[ \t]*(?:export |set |- |ENV )?\Z")
        self.encoded = re.compile(r"(?:(?!%(?:25){0,3}(?:2[267c]|7d|0[ad]))[^\s&\"'])+", re.IGNORECASE)
        self.whole = re.compile(r"[^\s\"'\\]+")
        self.bare = re.compile(
            r"(?:[^\s,;&\"'})\]<\\]|[,;&](?=[^\s\"'\[({,;&])(?![\w.\-\[\]%]{1,60}[ ]?[=:])|[)\]}](?=[\w!@#$%^*])|\\(?![nrtu\"'\\]))+"
        )
        self.words = re.compile(r"[ ]{1,2}(?![\w.-]{1,40}\\?[\"']?[=:])[^\s,;&\"'})\]|<>(\\]+")
        self.prefix = re.compile(r"[bru]{1,2}(?=\\*[\"'])|f(?=[\"'])", re.IGNORECASE)
        self.quote = re.compile(r"(?P<slashes>\\{0,15})(?P<mark>\"\"\"|'''|[\"'`])|%(?:25){0,3}2[27]", re.IGNORECASE)
        self.texts = re.compile(r"\\*\"((?:[^\"\\]|\\.){0,400})\"|\\*'((?:[^'\\]|\\.){0,400})'")
        self.schema = re.compile(r"[\"']type[\"']\s?:\s?[\"'](?:string|number|integer|array|object)[\"']")


@cache
def _patterns() -> _Patterns:
    return _Patterns()


def redact_named(text: str, lowered: str) -> str:
    """Return `text` without the values that go by the name of a secret; `lowered`: in small letters, as long."""
    return _Search(text).run(lowered)


class _Search:
    """Goes through one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.patterns = _patterns()
        self.pieces: list[str] = []
        self.done = 0  # what lies before has been copied into pieces

    def run(self, lowered: str) -> str:
        at = 0
        search = self.patterns.stem.search
        while found := search(lowered, at):
            begin, end = self._name(found.start(), found.end(), at)
            at = max(end, self._value(begin, end))
        if not self.pieces:
            return self.text
        self.pieces.append(self.text[self.done :])
        return "".join(self.pieces)

    def _name(self, start: int, end: int, least: int) -> tuple[int, int]:
        """Return the borders of the whole name around a word."""
        before = self.text[max(least, start - _LONGEST_NAME) : start]
        after = self.text[end : end + _LONGEST_NAME]
        begin = start - len(before) + len(before.rstrip(_IDENTIFIER))
        rest = after[: len(after) - len(after.lstrip(_IDENTIFIER))].rstrip("-.")
        return begin, end + len(rest)

    def _hide(self, start: int, end: int, instead: str = REDACTED) -> int:
        self.pieces += (self.text[self.done : start], instead)
        self.done = end
        return end

    def _value(self, begin: int, end: int) -> int:
        """Hide the value that belongs to a name, and return where to go on."""
        text, patterns = self.text, self.patterns
        name = text[begin:end]
        if not is_secret_name(name):
            if name.lower() == "identified" and (found := patterns.sql.match(text, end)):
                return self._quoted(found.end(), name, None) or end
            return end
        if (found := patterns.assigned.match(text, end)) is not None:
            return end if self._is_reference(begin) else self._assigned(begin, name, found)
        following = text[end : end + 1]
        if following in "\"'\\%" and following:
            return self._after_quote(begin, end, name)
        if following == "\n":
            found = patterns.value_of.match(text, end)
            return end if found is None else self._plain(begin, name, found.end(), None, text[found.end() - 2])
        if following in (">", " ", "\t") and text[begin - 1 : begin] in ("<", ":"):
            found = patterns.element.match(text, end)
            if found is not None:
                return self._unless_harmless(found.start("value"), found.end("value"), name)
        if following == "," and (found := patterns.value_of.match(text, end)):
            return self._plain(begin, name, found.end(), None, "=")
        return self._after_space(end, name)

    def _is_reference(self, begin: int) -> bool:
        """Tell whether the name is a part of an ARN, of a dynamic reference, of the message of a parser."""
        before = self.text[max(0, begin - 200) : begin].split()
        word = before[-1] if before else ""
        if self.text[begin - 1 : begin].isspace():
            return word.lower() == "unexpected"
        return "arn:" in word or "resolve:" in word

    def _after_quote(self, begin: int, end: int, name: str) -> int:
        """Hide the value behind a name in quotes: in a pair, in the value of another name, in a form."""
        text, patterns = self.text, self.patterns
        if (found := patterns.value_of.match(text, end)) is not None:
            return self._plain(begin, name, found.end(), found[0].strip()[:1], ":")
        if (found := patterns.field.match(text, end)) is not None:
            value = patterns.field_value.match(text, found.end())
            return end if value is None else self._unless_harmless(value.start(), value.end(), name)
        found = patterns.pair.match(text, end)
        if found is None:
            if (named := re.compile(r"\\*[\"']\s{1,3}value\s?=\s?").match(text, end)) is not None:
                return self._plain(begin, name, named.end(), None, "=")
            return end
        opening = text[max(0, begin - 20) : begin].rstrip("bru\"'\\` ")
        flag = name.startswith("--")
        if not flag and opening[-1:] not in ("(", "["):
            return self._list_item(name, found.end())
        borders = self._quotes(found.end())
        if borders is None:
            return end
        start, stop, after = borders
        closed = text[after : after + 3].lstrip(" \n")[:1] in (")", "]")
        nested = opening[-2:-1] in ("(", "[", ",", " ", "{") and not opening[:-1].rstrip()[-1:] in ("=", ":", "")
        plain = re.fullmatch("[a-z_]{1,40}", text[start:stop]) is not None
        if flag or (closed and (nested or not plain or _is_header(name))):
            return self._unless_harmless(start, stop, name)
        return self._list_item(name, found.end())

    def _list_item(self, name: str, at: int) -> int:
        """Hide the value of a header field in a flat list of names and values."""
        borders = self._quotes(at)
        if borders is None or not _is_header(name):
            return at
        start, stop, _ = borders
        value = self.text[start:stop]
        if " " not in value and "=" not in value and not _is_random(value):
            return at  # a list of names
        return self._unless_harmless(start, stop, name)

    def _after_space(self, end: int, name: str) -> int:
        text, patterns = self.text, self.patterns
        if name.startswith("--") and (found := patterns.argument.match(text, end)):
            start = found.end()
            quoted = self._quoted(start, name, None)
            if quoted is not None:
                return quoted
            value = patterns.argument_value.match(text, start)
            if value is None or value[0].isupper():  # a placeholder in the usage of a command
                return end
            return self._unless_harmless(start, value.end(), name)
        lowered = name.lower()
        if (found := patterns.sql.match(text, end)) is not None and not lowered.endswith(("token", "secret", "cookie")):
            return self._quoted(found.end(), name, None) or end
        found = patterns.prose.match(text, end)
        if found is None or lowered.startswith(("cookie", "set-cookie", "bearer")):
            return end
        group = "value" if found["value"] else "column"
        if _is_random(found[group]) or (
            lowered == "password" and re.search(r"\blogin \S{1,100} \Z", text[max(0, end - 120) : end - 8])
        ):
            return self._unless_harmless(found.start(group), found.end(group), name)
        return end

    def _assigned(self, begin: int, name: str, found: "re.Match[str]") -> int:
        start = found.end()
        if self.text[begin - 1 : begin] == "/" and re.compile(r"[1-5]\d\d\b").match(self.text, start):
            return start  # the status of a path
        return self._plain(begin, name, start, found["quote"], found["sign"])

    def _plain(self, begin: int, name: str, start: int, quote: str | None, sign: str) -> int:
        """Hide the value that begins at `start`, whatever it looks like."""
        text, patterns = self.text, self.patterns
        following = text[start : start + 1]
        if following in ("", "\n", "\r"):
            return start
        quoted = self._quoted(start, name, sign)
        if quoted is not None:
            return quoted
        instead = f"{quote}{REDACTED}{quote}" if quote else REDACTED
        if following in "([{":
            return self._group(start, name, instead)
        if following in "|>" and (block := patterns.block.match(text, start)):
            return self._hide(start, block.end(), instead)
        if "%" in sign:
            value = patterns.encoded.match(text, start)
            return start if value is None else self._unless_harmless(start, value.end(), name, instead)
        env = sign == "=" and name.isupper() and patterns.assignment.search(text, max(0, begin - 20), begin) is not None
        message = 0 if env else self._message_end(start)
        if message:
            return message
        if _is_header(name) or (sign == ":" and "-" in name and text[begin - 1 : begin] in ("", "\n")):
            return self._header(start, name, sign, instead)
        spaced = sign == "=" and text[start - 1] == " "
        if not env and is_source(text, start, spaced=spaced):
            return start + 1
        value = (patterns.whole if env else patterns.bare).match(text, start)
        if value is None:
            return start
        stop = value.end()
        if sign == ":" and not _is_random(value[0]) and not is_harmless(value[0], name):
            stop = self._words_end(stop)
        return self._unless_harmless(start, stop, name, instead)

    def _words_end(self, stop: int) -> int:
        """Return where a value of several words ends: at a mark, at a further name, or behind a word that looks random."""
        while (word := self.patterns.words.match(self.text, stop)) is not None:
            stop = word.end()
            if _is_random(word[0].strip()):
                break
        return stop

    def _header(self, start: int, name: str, sign: str, instead: str) -> int:
        text, patterns = self.text, self.patterns
        whole = sign == ":" or patterns.several.match(text, start) is not None
        value = (patterns.header if whole else patterns.field_list).match(text, start)
        if value is None:
            return start
        stop = start + len(value[0].rstrip())
        if text[stop : stop + 1] == "<" and is_harmless(
            text[start : stop + 1 + text[stop : stop + 80].find(">")], name
        ):
            return stop
        return self._unless_harmless(start, stop, name, instead)

    def _message_end(self, start: int) -> int:
        """Return where a message for people ends that begins at `start`, 0 if there is none."""
        line = re.compile(r"[^\r\n\"|]*").match(self.text, start, start + LONGEST_MESSAGE)
        if line is None:
            return 0
        whole = line[0].rstrip()
        for part in (whole, re.split(r"[;,(\[{']|\. ", whole, maxsplit=1)[0]):
            if part and is_message(part):
                return start + len(part)
        return 0

    def _unless_harmless(self, start: int, stop: int, name: str, instead: str = REDACTED) -> int:
        return stop if is_harmless(self.text[start:stop], name) else self._hide(start, stop, instead)

    def _quotes(self, at: int) -> tuple[int, int, int] | None:
        """Return where the text in quotes at `at` begins and ends, and where its quotes end; None if there is none."""
        text = self.text
        prefix = self.patterns.prefix.match(text, at)
        found = self.patterns.quote.match(text, prefix.end() if prefix else at)
        if found is None:
            return None
        stop, after = closing_quote(text, found.end(), found[0], len(found["slashes"] or ""), found["mark"])
        return found.end(), stop, after

    def _quoted(self, at: int, name: str, sign: str | None) -> int | None:
        """Hide the value in quotes at `at`; None if there is none."""
        borders = self._quotes(at)
        if borders is None:
            return None
        start, stop, after = borders
        if not is_harmless(self.text[start:stop], name):
            self._hide(start, stop)
        return after

    def _group(self, start: int, name: str, instead: str) -> int:
        """Hide the value in brackets at `start`, unless all in it is harmless."""
        text = self.text
        stop = closing_bracket(text, start)
        inside = text[start + 1 : min(stop - 1, start + 2000)]
        if not any(map(str.isalnum, inside[:200])) or is_harmless(text[start : min(stop, start + 80)], name):
            return stop
        if text[start] == "{" and name.lower().endswith(("auth", "jwt")):
            return start + 1
        if stop - start < 2000:
            texts = [double or single for double, single in self.patterns.texts.findall(inside)]
            values = [each for at, each in enumerate(texts) if text[start] != "{" or not _is_key(inside, each)]
            rest = self.patterns.texts.sub("", inside)
            if values and not any(map(str.isalnum, rest)) and all(is_message(each) for each in values):
                return stop
            if text[start] == "{" and self.patterns.schema.search(inside):
                return stop
        return self._hide(start, stop, instead)


def _is_key(inside: str, text: str) -> bool:
    """Tell whether a text stands before a colon."""
    at = inside.find(text) + len(text) + 1
    return inside[at : at + 2].lstrip()[:1] == ":"


def _is_header(name: str) -> bool:
    return name.lower().endswith(("authorization", "cookie", "cookies"))


def _is_random(text: str) -> bool:
    """Tell whether a text is rather a secret than a word, a name, a date, a path or an address."""
    if len(text) < 6 or text.startswith("0x") or text.isalpha():
        return False
    if not any(map(str.isdigit, text)) or not any(map(str.isalpha, text)):
        return False
    if re.fullmatch(r"\d{4}-\d\d-\d\d.*|[\w.+-]+@[\w-]+\.[\w.]+", text):
        return False
    return not all(re.fullmatch(r"[A-Za-z]*\d{0,2}|\d{1,4}", part) for part in re.split("[-_/.:]", text))
