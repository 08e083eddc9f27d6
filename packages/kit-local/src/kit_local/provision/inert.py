"""Resources that only matter deployed: they get a name, and nothing else happens."""

from kit_local.provision.builder import Builder, Item, Resource


def named(builder: Builder, item: Item) -> Resource:
    """Stand for a resource that is only ever named."""
    name = builder.name(item.logical_id)
    return Resource(name, {"Id": name, "Arn": f"arn:aws:local:::{name}"})


def role(builder: Builder, item: Item) -> Resource:
    """Stand for a role; nothing is checked against it."""
    name = item.text("RoleName") or builder.name(item.logical_id)
    return Resource(name, {"Arn": f"arn:aws:iam::{builder.cloud.account}:role/{name}", "RoleId": f"AROA{name}"})


def managed_policy(builder: Builder, item: Item) -> Resource:
    """Stand for a managed policy, which is referred to by its ARN."""
    name = item.text("ManagedPolicyName") or builder.name(item.logical_id)
    arn = f"arn:aws:iam::{builder.cloud.account}:policy/{name}"
    return Resource(arn, {"PolicyArn": arn})


def log_group(builder: Builder, item: Item) -> Resource:
    """Stand for a log group; logs go to the terminal."""
    name = item.text("LogGroupName") or builder.name(item.logical_id)
    return Resource(name, {"Arn": builder.arn("logs", f"log-group:{name}:*")})


def security_group(builder: Builder, item: Item) -> Resource:
    """Stand for a security group."""
    name = f"sg-{builder.api_id(item.logical_id)}"
    return Resource(name, {"GroupId": name, "VpcId": "vpc-00000001"})


def schedule_group(builder: Builder, item: Item) -> Resource:
    """Stand for a group of schedules."""
    name = item.text("Name") or builder.name(item.logical_id)
    return Resource(name, {"Arn": builder.arn("scheduler", f"schedule-group/{name}")})
