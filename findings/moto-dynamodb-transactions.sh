#!/usr/bin/env bash
# moto's server: DynamoDB transactions that come together with other writes.
#
# Expected: a transaction whose condition fails changes nothing, and no other item; the server answers each request in a thread.
# Seen:     TransactWriteItems copies the whole table first, and puts the copy back where it fails. Items that others have put in
#           between are gone, though they were answered with 200; or the copy meets a dictionary that changes, and the answer is 500.
# Matters:  a test with parallel clients loses rows at random, and blames the code under test.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[dynamodb,server]==5.2.5' boto3==1.43.10 2> /dev/null
cat > "$folder/show.py" <<'PY'
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

logging.disable()
server = ThreadedMotoServer(port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
client = boto3.client(
    "dynamodb", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", aws_access_key_id="a",
    aws_secret_access_key="a", config=Config(max_pool_connections=20, retries={"total_max_attempts": 1}),
)
client.create_table(
    TableName="t", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
)
answered, broken = [], []


def put(number):
    client.put_item(TableName="t", Item={"id": {"S": f"put {number}"}})
    answered.append(number)


def fail(number):
    item = {"TableName": "t", "Item": {"id": {"S": f"never {number}"}}, "ConditionExpression": "attribute_exists(id)"}
    try:
        client.transact_write_items(TransactItems=[{"Put": item}])
    except client.exceptions.TransactionCanceledException:
        pass
    except ClientError as error:
        broken.append(error)


with ThreadPoolExecutor(16) as pool:
    calls = [pool.submit(call, number) for number in range(500) for call in (put, fail)]
for call in calls:
    call.result()
kept = client.scan(TableName="t", Select="COUNT", ConsistentRead=True)["Count"]
server.stop()

print("moto", version("moto"))
print(f"{len(answered)} puts were answered with 200; of these, {len(answered) - kept} are gone")
print(f"{len(broken)} transactions were answered with an error of the server's")
assert kept < len(answered) or broken, "the behaviour has changed"
PY
"$folder/venv/bin/python" "$folder/show.py"
