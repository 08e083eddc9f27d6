"""Decides what each parameter of a template is worth: given, its default, or made up where AWS would look it up."""

import re
from collections.abc import Mapping
from typing import Any

from kit_local.errors import TemplateError
from kit_local.suggest import did_you_mean
from kit_local.template.intrinsics import text_of
from kit_local.template.source import Source

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
        text = _text(name, spec["Default"])
    else:
        text = _MADE_UP.get(inner[1] if inner else kind, "")
        if not text:
            raise TemplateError(f"the parameter {name!r} has no value: pass --parameter {name}=…")
    is_list = inner is not None or kind == "CommaDelimitedList"
    value = [item.strip() for item in text.split(",")] if is_list else text
    _check(name, spec, value if isinstance(value, list) else [value])
    return value


def _text(name: str, value: Any) -> str:
    """Return a value of the template as text, as CloudFormation has it: true and false in lower case."""
    try:
        return text_of(value)
    except TypeError:
        raise TemplateError(f"the parameter {name!r} can only have text as Default and AllowedValues") from None


def _check(name: str, spec: Mapping[str, Any], values: list[str]) -> None:
    allowed = [_text(name, item) for item in spec.get("AllowedValues") or ()]
    pattern = _compiled(spec.get("AllowedPattern"))
    for value in values:
        shown = "what was given" if str(spec.get("NoEcho")).lower() == "true" else repr(value)
        if allowed and value not in allowed:
            raise TemplateError(f"the parameter {name!r} cannot be {shown}, only one of {', '.join(allowed)}")
        if pattern and not pattern.fullmatch(value):
            raise TemplateError(f"the parameter {name!r} cannot be {shown}, it has to match {pattern.pattern}")


def _compiled(pattern: Any) -> re.Pattern[str] | None:
    """Return a pattern, None for one that only Java's regular expressions have, such as `\\p{Alpha}`."""
    try:
        return re.compile(str(pattern)) if pattern is not None else None
    except re.error:
        return None
