"""The events of services that call a function for a part of their own work: agents, GraphQL, secrets, S3 tasks.

Shapes: Amazon Bedrock User Guide, "Configure Lambda functions to send information that an Amazon Bedrock agent elicits
from the user"; AWS AppSync Developer Guide, "Resolver context object reference"; AWS Secrets Manager User Guide,
"Lambda rotation functions"; Amazon S3 User Guide, "Invoke AWS Lambda function" of S3 Batch Operations.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, REGION, several, text


def bedrock_event(
    function: str | None = None,
    *,
    method: str = "GET",
    path: str = "/",
    action_group: str = "actions",
    parameters: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    input_text: str = "",
    session: Mapping[str, str] | None = None,
    prompt_session: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an action of an agent of Bedrock: a function, or else an operation of an API.

    body: the members of the request body; session, prompt_session: the attributes of the session and of the turn
    """
    event = {
        "messageVersion": "1.0",
        "agent": {"name": "agent", "id": "AGENTID", "alias": "ALIASID", "version": "DRAFT"},
        "inputText": input_text,
        "sessionId": "ada",
        "actionGroup": action_group,
        "parameters": _properties(parameters or {}),
        "sessionAttributes": dict(session or {}),
        "promptSessionAttributes": dict(prompt_session or {}),
    }
    if function is not None:
        return {**event, "function": function}
    content = {"content": {"application/json": {"properties": _properties(body)}}} if body is not None else None
    return {**event, "apiPath": path, "httpMethod": method, **({"requestBody": content} if content else {})}


def _properties(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return named values as Bedrock sends them: each as text, with its type."""
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return [
        {
            "name": name,
            "type": next((kind for known, kind in kinds if isinstance(value, known)), "object"),
            "value": text(value),
        }
        for name, value in values.items()
    ]


def appsync_event(
    field: str = "field",
    *,
    parent_type: str = "Query",
    arguments: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    identity: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    fields: Iterable[str] = (),
) -> dict[str, Any]:
    """Return what a resolver of AppSync calls a function with; a batch is a list of these.

    source: the parent's value; fields: the selected fields, as `author/name`
    """
    return {
        "arguments": dict(arguments or {}),
        "identity": None if identity is None else dict(identity),
        "source": None if source is None else dict(source),
        "request": {"headers": dict(headers or {}), "domainName": None},
        "prev": None,
        "info": {
            "selectionSetList": list(fields),
            "selectionSetGraphQL": "{}",
            "fieldName": field,
            "parentTypeName": parent_type,
            "variables": {},
        },
        "stash": {},
    }


def rotation_event(
    step: str = "createSecret", *, name: str = "database", token: str | None = None, rotation_token: str | None = None
) -> dict[str, Any]:
    """Return a step of the rotation of a secret; step: createSecret, setSecret, testSecret or finishSecret.

    token: the id of the new version; rotation_token: sent where another account's role rotates
    """
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-a1b2c3"
    event = {"Step": step, "SecretId": arn, "ClientRequestToken": token or str(uuid4())}
    return event if rotation_token is None else {**event, "RotationToken": rotation_token}


def s3_batch_event(
    keys: Iterable[str], *, bucket: str = "bucket", version: str = "1.0", arguments: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the tasks of a job of S3 Batch Operations, with the ids task-1, task-2, …

    version: of the schema, "2.0" names the bucket and has the job's `arguments`
    """
    job: dict[str, Any] = {"id": "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"}
    if version == "2.0":
        job["userArguments"] = dict(arguments or {})
    where = {"s3Bucket": bucket} if version == "2.0" else {"s3BucketArn": f"arn:aws:s3:::{bucket}"}
    return {
        "invocationSchemaVersion": version,
        "invocationId": str(uuid4()),
        "job": job,
        "tasks": [
            {"taskId": f"task-{number}", "s3Key": key, "s3VersionId": None, **where}
            for number, key in enumerate(several(keys, "keys"), 1)
        ],
    }
