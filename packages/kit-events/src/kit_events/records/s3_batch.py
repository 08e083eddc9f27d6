"""Tasks of S3 Batch Operations ("Invoke AWS Lambda function" of the Amazon S3 User Guide)."""

from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import unquote_plus

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class FileTaskRecord(Record):
    """One object that a job of S3 Batch Operations hands to the function; S3 waits for an answer to each.

    `key` is decoded. `arguments` are the job's, with version 2.0 of the schema. Under kit-handler's `job`, return a
    text, None or one of the methods' items.
    """

    kind = "task of S3 Batch Operations"
    shown = ("task_id", "bucket", "key")

    task_id: str
    bucket: str
    key: str
    version_id: str | None = None
    job_id: str = ""
    arguments: dict[str, str] = {}  # noqa: RUF012  (copied)

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether these are tasks, or one that kit-handler's `job` has taken out."""
        return "invocationSchemaVersion" in raw and ("tasks" in raw or "taskId" in raw)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the tasks."""
        job = fields.part("job")
        tasks = fields.parts("tasks") if "tasks" in fields else [fields]
        if not tasks:
            raise fields.error("tasks", "is empty")
        for task in tasks:
            yield cls(
                task_id=task.get("taskId", str),
                bucket=task.find("s3Bucket", str) or task.get("s3BucketArn", str).rpartition(":")[2],
                key=unquote_plus(task.get("s3Key", str)),
                version_id=task.find("s3VersionId", str),
                job_id=job.find("id", str) or "",
                arguments=job.texts("userArguments"),
            )

    def succeeded(self, text: str = "") -> dict[str, str]:
        """Return the item of a task that is done; the text stands in the completion report."""
        return self._item("Succeeded", text)

    def temporary_failure(self, text: str = "") -> dict[str, str]:
        """Return the item of a task that S3 tries again."""
        return self._item("TemporaryFailure", text)

    def permanent_failure(self, text: str = "") -> dict[str, str]:
        """Return the item of a task that has failed for good."""
        return self._item("PermanentFailure", text)

    def _item(self, code: str, text: str) -> dict[str, str]:
        return {"taskId": self.task_id, "resultCode": code, "resultString": text}
