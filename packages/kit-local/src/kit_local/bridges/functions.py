"""Lambda's ListFunctions, GetFunction and GetFunctionConfiguration for the functions of the template."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from kit_testing.servers.aws import Call, Next, Reply

from kit_local.bridges.names import Names
from kit_local.stack import Function

_LIST = "/2015-03-31/functions"
_GET = re.compile(rf"{_LIST}/([^/]+)(/configuration)?")
_PAGE = 50  # functions of an answer, unless `MaxItems` says so
_JSON = (("Content-Type", "application/json"),)


class Describe:
    """A bridge that lists and describes functions. `own` are the variables that kit-local adds to each function's."""

    def __init__(self, known: Mapping[str, Function], *, own: Mapping[str, str]) -> None:
        self._functions, self._names, self._own = list(known.values()), Names(known), own
        self._started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def __call__(self, call: Call, call_next: Next) -> Reply:
        """Answer a call about functions, and pass on everything else."""
        if call.method != "GET" or not call.path.startswith(_LIST):
            return call_next(call)
        if call.path.rstrip("/") == _LIST:
            return self._list(call)
        found = _GET.fullmatch(call.path)
        if found is None:
            return call_next(call)
        function = self._names.find(found[1])
        if function is None:
            reply = call_next(call)  # it may be one that a program has made
            return self._names.unknown(found[1]) if reply.status == 404 else reply
        described = self._configuration(function)
        return _reply(described if found[2] else {"Configuration": described, "Code": _code(function), "Tags": {}})

    def _list(self, call: Call) -> Reply:
        query = {name: values[-1] for name, values in parse_qs(call.query).items()}
        try:
            start, count = int(query.get("Marker", 0)), int(query.get("MaxItems", _PAGE))
        except ValueError:
            return Reply.error(400, "InvalidParameterValueException", "Marker and MaxItems are numbers here")
        end = start + max(1, count)
        page = [self._configuration(function) for function in self._functions[start:end]]
        more = {"NextMarker": str(end)} if end < len(self._functions) else {}
        return _reply({"Functions": page, **more})

    def _configuration(self, function: Function) -> dict[str, Any]:
        variables = {name: value for name, value in function.environment.items() if name not in self._own}
        return {
            "FunctionName": function.name,
            "FunctionArn": function.arn,
            "Runtime": function.runtime,
            "Role": f"arn:aws:iam::{function.arn.split(':')[4]}:role/local",
            "Handler": function.handler,
            "Description": function.logical_id,
            "Timeout": int(function.timeout),
            "MemorySize": function.memory,
            "LastModified": self._started,
            "Version": "$LATEST",
            "PackageType": "Zip",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            **({"Environment": {"Variables": variables}} if variables else {}),
        }


def _code(function: Function) -> dict[str, str]:
    return {"RepositoryType": "local", "Location": function.code.as_uri()}


def _reply(content: Mapping[str, Any]) -> Reply:
    return Reply(200, _JSON, json.dumps(content).encode())
