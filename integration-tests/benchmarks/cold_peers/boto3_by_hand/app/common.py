import json
import logging
import time

import boto3
from botocore.config import Config

log = logging.getLogger()
log.setLevel("INFO")
config = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
secrets = boto3.client("secretsmanager", config=config)
_kept = {}


def secret(name):
    found = _kept.get(name)
    if found is None or time.monotonic() - found[1] > 300:
        text = secrets.get_secret_value(SecretId=name)["SecretString"]
        found = _kept[name] = (json.loads(text), time.monotonic())
    return found[0]
