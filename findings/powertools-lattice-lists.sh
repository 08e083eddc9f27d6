#!/usr/bin/env bash
# aws-lambda-powertools: VpcLatticeV2Model and an event as VPC Lattice sends it.
#
# Expected: the parser's model of VPC Lattice's version 2.0 event takes the event of AWS's document ("Lambda functions as
#           targets in VPC Lattice"), whose headers and query parameters are lists of values.
# Seen:     the model wants texts, and refuses each header and each query parameter of the documented shape; the data
#           class of the same package joins the lists.
# Matters:  a function that parses its event by the model answers no request at all, and its tests pass as long as their
#           events are made after the model.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'aws-lambda-powertools[parser]==3.37.0' 2> /dev/null
cat > "$folder/show.py" <<'PY'
from importlib.metadata import version
from aws_lambda_powertools.utilities.data_classes import VPCLatticeEventV2
from aws_lambda_powertools.utilities.parser.models import VpcLatticeV2Model
from pydantic import ValidationError

event = {
    "version": "2.0", "path": "/loans", "method": "GET", "body": None, "isBase64Encoded": False,
    "headers": {"accept": ["application/json"]}, "queryStringParameters": {"status": ["approved"]},
    "requestContext": {
        "serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:123456789012:servicenetwork/sn-0123456789abcdef0",
        "serviceArn": "arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-0123456789abcdef0",
        "targetGroupArn": "arn:aws:vpc-lattice:eu-west-1:123456789012:targetgroup/tg-0123456789abcdef0",
        "identity": {"sourceVpcArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0123456789abcdef0"},
        "region": "eu-west-1", "timeEpoch": "1767225600000000",
    },
}
print("aws-lambda-powertools", version("aws-lambda-powertools"))
print("the data class reads:", VPCLatticeEventV2(event).query_string_parameters)
try:
    VpcLatticeV2Model.model_validate(event)
except ValidationError as error:
    for each in error.errors():
        print("the model refuses:", ".".join(map(str, each["loc"])), each["type"])
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q "the data class reads: {'status': 'approved'}" <<< "$seen" &&
  grep -q 'the model refuses: headers.accept string_type' <<< "$seen" &&
  grep -q 'the model refuses: queryStringParameters.status string_type' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
