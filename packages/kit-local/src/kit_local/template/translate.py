"""Turns SAM into CloudFormation with aws-sam-translator, and keeps the result: importing it costs seconds."""

import copy
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kit_local.errors import TemplateError
from kit_local.paths import cache_folder
from kit_local.template.check import SAM
from kit_local.template.source import Source

_CODE = "s3://kit-local/code"  # stands for every local folder: nothing is uploaded, and the translator wants S3
_FORMAT = "2"  # to be raised whenever what is handed to the translator changes


def translate(source: Source, *, parameters: Mapping[str, Any], region: str, without: frozenset[str]) -> dict[str, Any]:
    """Return `source` as plain CloudFormation, without the resources in `without`; from the cache when it can be."""
    document = _prepared(source, without)
    if source.data.get("Transform") not in (SAM, [SAM]):
        return document
    flat = {name: ",".join(value) if isinstance(value, list) else value for name, value in parameters.items()}
    key = json.dumps([_FORMAT, version("aws-sam-translator"), region, sorted(without), flat, source.text])
    kept = cache_folder() / "templates" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
    try:
        cached: dict[str, Any] = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        translated = _translate(source, document, flat, region)
        _keep(kept, translated)
        return translated
    return cached


def _prepared(source: Source, without: frozenset[str]) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(dict(source.data))
    for name in without:
        del document["Resources"][name]
    (document.get("Globals") or {}).get("Function", {}).pop("CodeUri", None)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"] = {**(resource.get("Properties") or {}), "CodeUri": _CODE}
    return document


def _translate(source: Source, document: dict[str, Any], parameters: dict[str, Any], region: str) -> dict[str, Any]:
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # The bundled map instead of a call to IAM: policies are not enforced here, only their names have to be known.
    # Of a boto3 session only the region is asked for, and a real one would read the user's AWS configuration.
    session = SimpleNamespace(region_name=region)
    translator = Translator(get_bundled_managed_policy_map("aws"), Parser(), boto_session=session)
    try:
        translated: dict[str, Any] = translator.translate(document, parameter_values=parameters)
    except InvalidDocumentException as error:
        raise _readable(source, error) from error
    finally:
        translator.metrics.publish()  # nowhere; it warns of those that were not
    return json.loads(json.dumps(translated))  # type: ignore[no-any-return]  # plain types, as from the cache


def _readable(source: Source, error: Any) -> TemplateError:
    resources = [getattr(cause, "_logical_id", None) or "" for cause in error.causes]
    messages = [
        f"{source.file}:{source.line('Resources', resource) if resource else 1}: {cause.message}"
        for resource, cause in zip(resources, error.causes, strict=True)
    ]
    return TemplateError("\n".join(["SAM refuses the template:", *messages]))


def _keep(file: Path, document: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    Path(name).replace(file)
