"""AWS::DynamoDB, AWS::SecretsManager and AWS::SSM."""

import json
from typing import Any

from kit_local.provision.builder import Builder, Item, Resource


def table(builder: Builder, item: Item) -> Resource:
    """Create a table."""
    name = item.text("TableName") or builder.name(item.logical_id, limit=200)
    own = ("TableName", "StreamSpecification", "TimeToLiveSpecification")
    params: dict[str, Any] = {key: value for key, value in item.properties.items() if key not in own}
    if "BillingMode" not in params and "ProvisionedThroughput" not in params:
        params["BillingMode"] = "PAY_PER_REQUEST"  # SAM's SimpleTable names neither
    stream = item.get("StreamSpecification")
    if stream:
        params["StreamSpecification"] = {"StreamEnabled": True, **stream}
    made = builder.call("dynamodb", "create_table", TableName=name, **params)["TableDescription"]
    live = item.get("TimeToLiveSpecification")
    if live:
        builder.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=live)
    streams = {"StreamArn": made["LatestStreamArn"]} if stream else {}
    return Resource(name, {"Arn": made["TableArn"], **streams})


def secret(builder: Builder, item: Item) -> Resource:
    """Create a secret, with a random part where that is asked for."""
    name = item.text("Name") or builder.name(item.logical_id)
    generate = item.get("GenerateSecretString")
    value = item.text("SecretString")
    if generate is not None:
        own = ("GenerateStringKey", "SecretStringTemplate")
        wanted = {key: option for key, option in generate.items() if key not in own}
        value = builder.call("secretsmanager", "get_random_password", **wanted)["RandomPassword"]
        key = generate.get("GenerateStringKey")
        if key:
            value = json.dumps({**json.loads(generate.get("SecretStringTemplate") or "{}"), key: value})
    params = {"SecretString": value or None, "Description": item.get("Description")}
    made = builder.call("secretsmanager", "create_secret", Name=name, **params)
    return Resource(made["ARN"], {"Id": made["ARN"]})


def parameter(builder: Builder, item: Item) -> Resource:
    """Create a parameter of the Parameter Store."""
    name = item.text("Name") or builder.name(item.logical_id)
    kind, value = item.text("Type"), item.text("Value")
    builder.call("ssm", "put_parameter", Name=name, Type=kind, Value=value, Description=item.get("Description"))
    return Resource(name, {"Type": kind, "Value": value})
