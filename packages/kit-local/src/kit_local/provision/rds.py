"""AWS::RDS, and the secrets of databases: every instance and cluster is a database of the local PostgreSQL."""

import json
import secrets

from kit_local.provision.builder import Builder, Item, Resource

_ENGINES = ("postgres", "aurora-postgresql")


def instance(builder: Builder, item: Item) -> Resource:
    """Make a database for an instance; one in a cluster is the cluster's."""
    name = item.text("DBInstanceIdentifier") or builder.name(item.logical_id).lower()
    endpoint = _endpoint(builder, item)
    credentials = {} if item.get("DBClusterIdentifier") else _credentials(builder, item, "DBName")
    arn = builder.arn("rds", f"db:{name}")
    return Resource(name, {**endpoint, **credentials, "DBInstanceArn": arn, "DbiResourceId": f"db-{name}"})


def cluster(builder: Builder, item: Item) -> Resource:
    """Make a database for a cluster."""
    name = item.text("DBClusterIdentifier") or builder.name(item.logical_id).lower()
    endpoint = _endpoint(builder, item)
    endpoint["ReadEndpoint.Address"] = endpoint["Endpoint.Address"]
    arn = builder.arn("rds", f"cluster:{name}")
    own = {"DBClusterArn": arn, "DBClusterResourceId": f"cluster-{name}"}
    return Resource(name, {**endpoint, **_credentials(builder, item, "DatabaseName"), **own})


def attachment(builder: Builder, item: Item) -> Resource:
    """Write into a secret where its database is ("JSON structure of Secrets Manager database credential secrets")."""
    secret = item.text("SecretId")
    target = builder.made(item.text("TargetType"), item.text("TargetId"))
    if target is None or not target.type.startswith("AWS::RDS::"):
        builder.unsupported(item, "TargetId", "only a database of this template can be the target")
        return Resource(secret)
    content = json.loads(builder.call("secretsmanager", "get_secret_value", SecretId=secret)["SecretString"])
    instance = target.type == "AWS::RDS::DBInstance"
    content |= {
        "engine": "postgres",
        "host": builder.server(item).host,
        "port": builder.server(item).port,
        "dbname": _database(target, "DBName" if instance else "DatabaseName"),
        "dbInstanceIdentifier" if instance else "dbClusterIdentifier": item.text("TargetId"),
    }
    builder.call("secretsmanager", "put_secret_value", SecretId=secret, SecretString=json.dumps(content))
    builder.database(item, content["dbname"], content["username"], content["password"])
    return Resource(secret)


def _endpoint(builder: Builder, item: Item) -> dict[str, str]:
    if item.text("Engine") not in _ENGINES:
        builder.unsupported(item, "Engine", f"the engine {item.text('Engine')} is not supported, only PostgreSQL")
    server = builder.server(item)
    return {"Endpoint.Address": server.host, "Endpoint.Port": str(server.port)}


def _database(item: Item, name: str) -> str:
    return item.text(name, "postgres")


def _credentials(builder: Builder, item: Item, name: str) -> dict[str, str]:
    user, password = item.text("MasterUsername"), item.text("MasterUserPassword")
    attributes = {}
    if item.flag("ManageMasterUserPassword"):
        password = secrets.token_urlsafe(24)
        content = json.dumps({"username": user, "password": password})
        secret = f"rds!{builder.name(item.logical_id).lower()}"
        made = builder.call("secretsmanager", "create_secret", Name=secret, SecretString=content)
        attributes = {"MasterUserSecret.SecretArn": made["ARN"]}
    if not user or not password:
        raise builder.error("MasterUsername and MasterUserPassword, or ManageMasterUserPassword, are missing", item)
    builder.database(item, _database(item, name), user, password)
    return attributes
