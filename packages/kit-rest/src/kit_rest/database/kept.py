"""The table of answers that are kept for Idempotency-Key, as SQL."""

from __future__ import annotations

from kit_rest.declaring.tables import qualified


class KeptAnswers:
    """The statements of the table named `table`; `schema` is its definition."""

    def __init__(self, table: str) -> None:
        name = qualified(table)
        self.insert = f"INSERT INTO {name} (key, request) VALUES (%s, %s) ON CONFLICT (key) DO NOTHING RETURNING true"
        self.update = f"UPDATE {name} SET status = %s, headers = %s, body = %s WHERE key = %s"
        self.select = f"SELECT request, status, headers, body FROM {name} WHERE key = %s"
        self.schema = (
            f"CREATE TABLE IF NOT EXISTS {name} (key text PRIMARY KEY, request text NOT NULL, status integer, "
            "headers text, body text, created_at timestamptz NOT NULL DEFAULT now())"
        )
