"""The corpus of texts and values with secrets, and of harmless ones: at most two of each fail."""

import json
from pathlib import Path
from typing import Any

from kit_core.redaction import redact, redact_text

CORPUS = Path(__file__).parent / "redaction"


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CORPUS / name).read_text())
    assert len(found) >= 180
    return found


def redacted(case: dict[str, Any]) -> str:
    return json.dumps(redact(case["value"]), ensure_ascii=False) if "value" in case else redact_text(case["text"])


def original(case: dict[str, Any]) -> str:
    return json.dumps(case["value"], ensure_ascii=False) if "value" in case else case["text"]


def test_texts_with_secrets_lose_the_secret_and_keep_the_rest() -> None:
    failed = []
    for case in cases("secrets.json"):
        result = redacted(case)
        assert all(part in original(case) for part in (*case["secrets"], *case.get("stay", [])))
        if any(secret in result for secret in case["secrets"]) or any(
            part not in result for part in case.get("stay", [])
        ):
            failed.append(result)
    assert len(failed) <= 2, failed


def test_harmless_texts_stay() -> None:
    failed = [result for case in cases("harmless.json") if (result := redacted(case)) != original(case)]
    assert len(failed) <= 2, failed
