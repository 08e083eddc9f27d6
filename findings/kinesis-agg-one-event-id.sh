#!/usr/bin/env bash
# aws-kinesis-agg: the ids of the user records in an aggregated record of Kinesis.
#
# Expected: after deaggregate_records, each user record can be told from the others by what Lambda tells records apart
#           by, the eventID, as each is a record of its own.
# Seen:     all user records of an aggregate have the eventID and the sequence number of the whole; only
#           kinesis.subSequenceNumber differs.
# Matters:  idempotency by eventID, which is what one configures for Kinesis, takes the second user record for a repeat of
#           the first: with aws-lambda-powertools, one of three is worked on, and nothing is logged.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# six is imported by aws-kinesis-agg, and not among its requirements.
"$folder/venv/bin/pip" install --quiet aws-kinesis-agg==1.2.3 six==1.17.0 aws-lambda-powertools==3.37.0 boto3==1.44.5 2> /dev/null
cat > "$folder/show.py" <<'PY'
import base64
import json
import os
from importlib.metadata import version

from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import deaggregate_records
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer


class Memory(BasePersistenceLayer):
    def __init__(self):
        super().__init__()
        self.kept = {}

    def _get_record(self, idempotency_key):
        if idempotency_key not in self.kept:
            raise IdempotencyItemNotFoundError
        return self.kept[idempotency_key]

    def _put_record(self, data_record):
        if data_record.idempotency_key in self.kept:
            raise IdempotencyItemAlreadyExistsError
        self.kept[data_record.idempotency_key] = data_record

    def _update_record(self, data_record):
        self.kept[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record):
        self.kept.pop(data_record.idempotency_key, None)


aggregator = RecordAggregator()
for number in range(3):
    aggregator.add_user_record("loan-7", json.dumps({"n": number}).encode())
key, _, data = aggregator.clear_and_get().get_contents()
raw = {
    "kinesis": {
        "kinesisSchemaVersion": "1.0", "partitionKey": key, "sequenceNumber": "49590338271490256608559692538361571095",
        "data": base64.b64encode(data).decode(), "approximateArrivalTimestamp": 1772368245.123,
    },
    "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record", "awsRegion": "eu-west-1",
    "eventID": "shardId-000000000006:49590338271490256608559692538361571095",
    "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda",
    "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/loans",
}
done = []


@idempotent_function(
    data_keyword_argument="record", persistence_store=Memory(), config=IdempotencyConfig(event_key_jmespath="eventID")
)
def work(*, record):
    done.append(json.loads(base64.b64decode(record["kinesis"]["data"]))["n"])
    return {}


records = deaggregate_records([raw])
for name in ("aws-kinesis-agg", "aws-lambda-powertools"):
    print(name, version(name))
print("user records:", len(records))
print("different event ids:", len({record["eventID"] for record in records}))
print("sub-sequence numbers:", [record["kinesis"]["subSequenceNumber"] for record in records])
os.environ["POWERTOOLS_SERVICE_NAME"] = "loans"
for record in records:
    work(record=record)
print("worked on, idempotent by eventID:", done)
PY
seen=$("$folder/venv/bin/python" -W ignore "$folder/show.py")
echo "$seen"
grep -q 'user records: 3' <<< "$seen" &&
  grep -q 'different event ids: 1' <<< "$seen" &&
  grep -q 'worked on, idempotent by eventID: \[0\]' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
