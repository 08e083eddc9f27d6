#!/usr/bin/env bash
# aws-lambda-powertools Metrics: one NaN costs all metrics of the invocation.
#
# Expected: a value that CloudWatch has no place for ("MetricDatum": NaN and infinities are not supported) is refused when
#           it is added, as a value that is no number is (MetricValueError).
# Seen:     add_metric takes NaN, and the line that is written at the end of the invocation has `NaN` in it, which is no
#           JSON (RFC 8259): the log event is no embedded metric format any more, so the other metrics in it are lost, too.
# Matters:  an average over no items, numpy's NaN, is enough; nothing raises or warns, and an alarm on any other metric of
#           the function sees no data.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-lambda-powertools==3.37.0 2> /dev/null
cat > "$folder/show.py" <<'PY'
import contextlib, io, json, math, warnings
from importlib.metadata import version
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.exceptions import MetricValueError

warnings.simplefilter("error")
metrics = Metrics(namespace="Loans", service="loans")

@metrics.log_metrics
def handler(event, context):
    metrics.add_metric(name="Requested", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="Average", unit=MetricUnit.Count, value=math.nan)

def refuse(constant):
    raise ValueError(f"{constant} is no JSON")

out = io.StringIO()
with contextlib.redirect_stdout(out):
    handler({}, None)
line = out.getvalue().strip()
print("aws-lambda-powertools", version("aws-lambda-powertools"))
print(line)
try:
    json.loads(line, parse_constant=refuse)
except ValueError as error:
    print("the line cannot be read:", error)
try:
    metrics.add_metric(name="Text", unit=MetricUnit.Count, value="1")
except MetricValueError as error:
    print("a text is refused:", error)
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q 'the line cannot be read: NaN is no JSON' <<< "$seen" &&
  grep -q '"Requested":\[1.0\]' <<< "$seen" &&
  grep -q 'a text is refused' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
