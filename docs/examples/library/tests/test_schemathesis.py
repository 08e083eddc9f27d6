"""Requests that schemathesis makes of the OpenAPI document: no answer is a server's error, and all are as described."""

from typing import Any

import httpx
import schemathesis
from backend_process import Backend
from hypothesis import HealthCheck, given, settings
from schemathesis import checks

HEADERS = {"Authorization": "Bearer demo-north"}
CHECKS = [checks.not_a_server_error, checks.status_code_conformance]
# HTTP APIs say text/plain of an answer without a body.
OF_A_BODY = [checks.response_schema_conformance, checks.content_type_conformance]


def test_no_server_error_and_every_answer_as_described(library: Backend) -> None:
    document = httpx.get(library.http, headers=HEADERS).json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        _run(operation.as_strategy(), library.http)


def _run(strategy: Any, url: str) -> None:
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def check(case: schemathesis.Case) -> None:
        response = case.call(base_url=url, headers=HEADERS)
        case.validate_response(response, checks=[*CHECKS, *(OF_A_BODY if response.content else [])])

    check()
