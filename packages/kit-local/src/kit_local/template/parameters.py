"""Decides what each parameter of a template is worth: given, its default, or made up where AWS would look it up."""

import re
from collections.abc import Mapping
from typing import Any

from kit_local.errors import TemplateError
from kit_local.suggest import did_you_mean
from kit_local.template.parse import Source

# What AWS would check against the account ("AWS-specific parameter types"); here one of each kind is as good as any.
_MADE_UP = {
    "AWS::EC2::AvailabilityZone::Name": "us-east-1a",
    "AWS::EC2::Image::Id": "ami-00000001",
    "AWS::EC2::Instance::Id": "i-00000001",
    "AWS::EC2::KeyPair::KeyName": "local",
    "AWS::EC2::SecurityGroup::GroupName": "local",
    "AWS::EC2::SecurityGroup::Id": "sg-00000001",
    "AWS::EC2::Subnet::Id": "subnet-00000001",
    "AWS::EC2::VPC::Id": "vpc-00000001",
    "AWS::EC2::Volume::Id": "vol-00000001",
    "AWS::Route53::HostedZone::Id": "Z0000001",
}
_LIST = re.compile(r"List<(.+)>")


def parameter_values(source: Source, given: Mapping[str, str]) -> dict[str, Any]:
    """Return each parameter's value, lists as lists; TemplateError names what is missing, unknown or not allowed."""
    declared = source.data.get("Parameters") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        named = ", ".join(map(repr, unknown)) + did_you_mean(unknown[0], declared)
        raise TemplateError(f"the template has no parameter {named}", file=source.file)
    values = {}
    for name, spec in declared.items():
        try:
            values[name] = _value(name, spec, given.get(name))
        except TemplateError as error:
            line = source.line("Parameters", name)
            raise TemplateError(error.message, file=source.file, line=line) from error
    return values


def _value(name: str, spec: Mapping[str, Any], given: str | None) -> Any:
    kind = str(spec.get("Type", ""))
    inner = _LIST.fullmatch(kind)
    if given is not None:
        text = given
    elif "Default" in spec and not kind.startswith("AWS::SSM::"):
        default = spec["Default"]
        text = str(default).lower() if isinstance(default, bool) else str(default)
    else:
        text = _MADE_UP.get(inner[1] if inner else kind, "")
        if not text:
            raise TemplateError(f"the parameter {name!r} has no value: pass --parameter {name}=…")
    is_list = inner is not None or kind == "CommaDelimitedList"
    value = [item.strip() for item in text.split(",")] if is_list else text
    _check(name, spec, value if isinstance(value, list) else [value])
    return value


def _check(name: str, spec: Mapping[str, Any], values: list[str]) -> None:
    allowed = [str(item) for item in spec.get("AllowedValues") or ()]
    pattern = spec.get("AllowedPattern")
    for value in values:
        shown = "what was given" if str(spec.get("NoEcho")).lower() == "true" else repr(value)
        if allowed and value not in allowed:
            raise TemplateError(f"the parameter {name!r} cannot be {shown}, only one of {', '.join(allowed)}")
        if pattern and not re.fullmatch(pattern, value):
            raise TemplateError(f"the parameter {name!r} cannot be {shown}, it has to match {pattern}")
