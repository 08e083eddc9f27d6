"""Write kit-aws's descriptions of the operations that it calls itself, from botocore's descriptions of the services.

    uv run python scripts/aws_models.py            # write them
    uv run python scripts/aws_models.py --check    # exit code 1 if they differ from the installed botocore's

An operation is offered by adding its name to OPERATIONS. Of S3's, only the parameters in S3_PARAMETERS are.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

FOLDER = Path(__file__).parents[1] / "packages" / "kit-aws" / "src" / "kit_aws" / "calls" / "models"

OPERATIONS = {
    "apigatewaymanagementapi": ["DeleteConnection", "GetConnection", "PostToConnection"],
    "dynamodb": [
        *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"),
        *("TransactGetItems", "TransactWriteItems", "UpdateItem"),
    ],
    "events": ["PutEvents"],
    "lambda": ["Invoke"],
    "s3": ["GetObject", "HeadObject", "PutObject"],
    "secretsmanager": ["BatchGetSecretValue", "GetSecretValue"],
    "sns": ["Publish", "PublishBatch"],
    "sqs": [
        *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch"),
        *("GetQueueAttributes", "GetQueueUrl", "ReceiveMessage", "SendMessage", "SendMessageBatch"),
    ],
    "ssm": ["GetParameter", "GetParameters", "GetParametersByPath", "PutParameter"],
    "sts": ["GetCallerIdentity"],
}
S3_PARAMETERS = {
    *("Body", "Bucket", "CacheControl", "ChecksumAlgorithm", "ChecksumSHA256", "ContentDisposition"),
    *("ContentEncoding", "ContentType", "ExpectedBucketOwner", "IfMatch", "IfNoneMatch", "Key", "Metadata"),
    *("Range", "SSEKMSKeyId", "ServerSideEncryption", "StorageClass", "Tagging", "VersionId"),
}
# The word in AWS_ENDPOINT_URL_<word> is the service's id; kit-aws keeps it as it stands there.
INTEGERS = ("integer", "long")


class Writer:
    """Collect the shapes that a service's operations need."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.model: dict[str, Any] = Loader().load_service_model(service, "service-2")
        self.metadata: dict[str, Any] = self.model["metadata"]
        self.shapes: dict[str, Any] = {}

    def operation(self, name: str) -> tuple[Any, ...]:
        """Return an operation: method, path, input, output, the member for a token, and its errors' codes."""
        model = self.model["operations"][name]
        errors = {each["shape"]: self.code_of(each["shape"]) for each in model.get("errors", ())}
        for shape in errors:
            self.add(shape)
        wanted = model.get("input", {}).get("shape", "")
        inside = self.model["shapes"][wanted]["members"] if wanted else {}
        token = next((each for each, member in inside.items() if member.get("idempotencyToken")), "")
        output = model.get("output", {}).get("shape", "")
        for shape in filter(None, (wanted, output)):
            self.add(shape)
        http = model["http"]
        return (http["method"], http["requestUri"], wanted, output, token, tuple(sorted(errors.values())))

    def errors(self, operations: list[str]) -> dict[str, str]:
        """Return the shapes of the errors by their codes."""
        names = {each["shape"] for name in operations for each in self.model["operations"][name].get("errors", ())}
        return {self.code_of(name): name for name in sorted(names)}

    def retryable(self, operations: list[str]) -> tuple[str, ...]:
        """Return the codes of errors that the model itself marks for a repetition."""
        codes = self.errors(operations)
        return tuple(code for code, name in codes.items() if "retryable" in self.model["shapes"][name])

    def code_of(self, shape: str) -> str:
        """Return the code that an error has on the wire."""
        return str(self.model["shapes"][shape].get("error", {}).get("code", shape))

    def add(self, name: str) -> None:
        """Add a shape and those inside it."""
        if name in self.shapes:
            return
        model = self.model["shapes"][name]
        self.shapes[name] = None
        self.shapes[name] = getattr(self, f"_{model['type']}", self._scalar)(model)

    def _scalar(self, model: Any) -> tuple[Any, ...]:
        kind = "integer" if model["type"] in INTEGERS else "float" if model["type"] == "double" else model["type"]
        if kind not in ("blob", "boolean", "float", "integer", "string", "timestamp"):
            raise ValueError(f"{self.service} has a shape of type {kind!r}, which is not written yet")
        if "timestampFormat" in model and model["timestampFormat"] not in ("iso8601", "unixTimestamp"):
            raise ValueError(f"{self.service} has a time of format {model['timestampFormat']!r}")
        least = model.get("min")
        has_least = least is not None and (kind == "integer" or (kind == "string" and least > 0))
        return (kind, least) if has_least else (kind,)

    def _list(self, model: Any) -> tuple[Any, ...]:
        member = model["member"]
        self.add(member["shape"])
        name = "" if model.get("flattened") else member.get("locationName", "member")
        made = ("list", member["shape"], model.get("min", 0))
        return made if name == "member" else (*made, name)

    def _map(self, model: Any) -> tuple[Any, ...]:
        key, value = model["key"], model["value"]
        self.add(key["shape"])
        self.add(value["shape"])
        names = (key.get("locationName", "key"), value.get("locationName", "value"))
        made = ("map", key["shape"], value["shape"])
        return made if names == ("key", "value") else (*made, *names)

    def _structure(self, model: Any) -> tuple[Any, ...]:
        members = {name: member for name, member in model["members"].items() if self._offers(name, model)}
        for member in members.values():
            self.add(member["shape"])
        shapes = {name: member["shape"] for name, member in members.items()}
        required = tuple(name for name in model.get("required", ()) if name in members)
        places = {
            name: (member.get("location", ""), member.get("locationName", name))
            for name, member in members.items()
            if "location" in member or member.get("locationName", name) != name
        }
        payload = model.get("payload", "")
        return ("structure", shapes, required, *((places, payload) if places or payload else ()))

    def _offers(self, name: str, model: Any) -> bool:
        """Say whether a member is a part of the description; of S3's requests, not all are."""
        if (self.service, name) == ("events", "EndpointId"):  # signed in another way, SigV4A
            return False
        is_request = self.service == "s3" and any(model is self.model["shapes"][each] for each in self._requests())
        return not is_request or name in S3_PARAMETERS

    def _requests(self) -> list[str]:
        return [self.model["operations"][each]["input"]["shape"] for each in OPERATIONS[self.service]]

    def text(self) -> str:
        """Return the module's source."""
        names = OPERATIONS[self.service]
        operations = {name: self.operation(name) for name in names}
        metadata = self.metadata
        fields = {
            "protocol": metadata["protocol"],
            "api_version": metadata["apiVersion"],
            "endpoint": metadata["endpointPrefix"],
            "signing_name": metadata.get("signingName", metadata["endpointPrefix"]),
            "variable": metadata["serviceId"].upper().replace(" ", "_"),
            "content_type": f"application/x-amz-json-{metadata['jsonVersion']}" if "targetPrefix" in metadata else "",
            "target": metadata.get("targetPrefix", ""),
            "is_query_compatible": "awsQueryCompatible" in metadata,
            "retryable": self.retryable(names),
        }
        return "\n".join(self._lines(fields, operations, self.errors(names)))

    def _lines(self, fields: Any, operations: Any, errors: Any) -> Iterator[str]:
        yield f'"""{self.metadata["serviceFullName"]}. Written by scripts/aws_models.py: change it there."""\n'
        yield "from kit_aws.calls.model import Operation, Service\n"
        yield "SERVICE = Service("
        yield f"    name={self.service!r},"
        yield from (f"    {name}={value!r}," for name, value in fields.items())
        yield "    operations={"
        yield from (
            f"        {name!r}: Operation({name!r}, {', '.join(map(repr, each))})," for name, each in operations.items()
        )
        yield "    },"
        yield f"    errors={errors!r},"
        yield "    shapes={"
        yield from (f"        {name!r}: {shape!r}," for name, shape in sorted(self.shapes.items()))
        yield "    },"
        yield ")\n"


def main() -> int:
    """Write or check the modules; return the exit code."""
    check = "--check" in sys.argv
    different = []
    for service in OPERATIONS:
        path = FOLDER / f"{'lambda_' if service == 'lambda' else service}.py"
        ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
        text = subprocess.run(ruff, input=Writer(service).text(), capture_output=True, text=True, check=True).stdout
        if check and (not path.exists() or path.read_text() != text):
            different.append(path.name)
        elif not check:
            path.write_text(text)
    if different:
        print(f"Not as the installed botocore has it: {', '.join(different)}; run scripts/aws_models.py")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
