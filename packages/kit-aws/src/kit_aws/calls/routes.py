"""Which calls go through boto3: those of an unusual environment, and those that somebody may have mocked.

moto's in-process mock, botocore's Stubber and patches of boto3's classes intercept boto3 alone. A test that uses one of
them has to meet every call, and none may leave the machine.
"""

import logging
import os
import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from kit_core import guards

from kit_aws import environment
from kit_aws.environment import Environment

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
# Settings of ~/.aws/config that change where a call goes, or how.
_SETTINGS = (
    "ca_bundle",
    "endpoint_url",
    "ignore_configured",
    "services",
    "use_dualstack",
    "use_fips",
    "account_id_endpoint",
)
# Functions that tests replace, and recorders: they are botocore's own as long as their module is the one they are in.
_WATCHED = (
    ("boto3.session", "Session", "client"),
    ("botocore.awsrequest", "AWSHTTPConnection", "request"),
    ("botocore.awsrequest", "AWSHTTPSConnection", "request"),
    ("botocore.client", "BaseClient", "_make_api_call"),
    ("botocore.client", "BaseClient", "_make_request"),
    ("botocore.client", "ClientCreator", "create_client"),
    ("botocore.endpoint", "Endpoint", "_send"),
    ("botocore.endpoint", "Endpoint", "make_request"),
    ("botocore.httpsession", "URLLib3Session", "send"),
    ("botocore.session", "Session", "create_client"),
    ("urllib3.connectionpool", "HTTPConnectionPool", "urlopen"),
)
_FUNCTIONS = (("boto3", "client"), ("botocore.session", "get_session"))
_LIBRARIES = ("boto3", "botocore", "urllib3")
_checked = 0  # of botocore's event handlers
_told: set[str] = set()


def reason(service: str, current: Environment) -> str | None:
    """Return why a call has to go through boto3, or None if it need not; it is logged once at debug level."""
    found = current.kept.get("route")
    if found is None:
        found = current.kept["route"] = _unusual() or ""
    found = found or _mocked()
    if found and found not in _told:
        _told.add(found)
        guards.log("kit.aws", logging.DEBUG, "calls of %s go through boto3: %s", service, found)
    return found or None


def _unusual() -> str | None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if os.environ.get(name):
            return f"{name} is set"
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        if environment.is_on(name):
            return f"{name} is on"
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not (key and secret) and (found := _without_keys()):
        return found
    if proxy := next((name for name in _PROXIES if os.environ.get(name)), None):
        return f"{proxy} is set"
    return _configured()


def _without_keys() -> str | None:
    """Return why it is not the container that gives the credentials: boto3 asks it last."""
    if not os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return "the environment holds no credentials"
    for name in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        if os.environ.get(name):
            return f"{name} is set"
    paths = (os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials", _config_path())
    # pathlib takes 5 ms to import.
    found = (path for path in paths if os.path.isfile(os.path.expanduser(path)))  # noqa: PTH111, PTH113
    return next((f"{path} may hold credentials" for path in found), None)


def _config_path() -> str:
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def _configured() -> str | None:
    """Read the configuration file, which is seldom there in Lambda."""
    path = _config_path()
    try:
        # pathlib takes 5 ms to import.
        with open(os.path.expanduser(path), encoding="utf-8", errors="replace") as file:  # noqa: PTH111, PTH123
            text = file.read()
    except OSError:
        return None
    return next((f"{path} has {setting}" for setting in _SETTINGS if setting in text), None)


def _mocked() -> str | None:
    modules = sys.modules
    if "botocore" not in modules:
        return None
    if "botocore.stub" in modules:
        return "botocore's Stubber is loaded"
    moto = modules.get("moto.core.models")
    if moto is not None and getattr(getattr(moto, "botocore_stubber", None), "enabled", True):
        return "moto mocks AWS in this process"
    for module_name, owner_name, name in _WATCHED:
        module = modules.get(module_name)
        if module is not None and not _is_own(module, owner_name, name):
            return f"{module_name}.{owner_name}.{name} is patched"
    for module_name, name in _FUNCTIONS:
        module = modules.get(module_name)
        if module is not None and not _is_written_in(module, getattr(module, name, None)):
            return f"{module_name}.{name} is patched"
    return _patched_session(modules) or _handled(modules)


def _patched_session(modules: Mapping[str, Any]) -> str | None:
    boto3, sessions = modules.get("boto3"), modules.get("boto3.session")
    if boto3 is None or sessions is None:
        return None
    if getattr(boto3.Session, "__module__", None) != "boto3.session":
        return "boto3.Session is patched"
    if sessions.botocore is not modules["botocore"]:
        return "boto3.session.botocore is patched"
    if boto3.DEFAULT_SESSION is not None and type(boto3.DEFAULT_SESSION) is not sessions.Session:
        return "boto3.DEFAULT_SESSION is patched"
    return None


def _handled(modules: Mapping[str, Any]) -> str | None:
    """Look for handlers that somebody has added to those of all clients, or to a client of this package's."""
    global _checked
    handlers = getattr(modules.get("botocore.handlers"), "BUILTIN_HANDLERS", ())
    if len(handlers) != _checked:
        from kit_aws.botocore import foreign_module

        for entry in handlers:
            module = foreign_module(entry[1])
            if module and not module.startswith("moto."):
                return f"{module} handles botocore's events"
        _checked = len(handlers)
    clients = modules.get("kit_aws.boto3")
    if clients is not None and clients.handled:
        return f"a client handles {clients.handled[0]}"
    return None


def _is_own(module: ModuleType, owner_name: str, name: str) -> bool:
    owner: Any = getattr(module, owner_name, None)
    if not (isinstance(owner, type) and owner.__module__ == module.__name__):
        return False
    return _is_written_in(module, getattr(owner, name, None))


def _is_written_in(module: ModuleType, function: Any) -> bool:
    """Say whether a function is a module's own; a decorator of botocore's own may be around it."""
    if not isinstance(function, FunctionType):
        return False
    written_in = str(function.__globals__.get("__name__")).partition(".")[0]
    return function.__module__ == module.__name__ and written_in in _LIBRARIES
