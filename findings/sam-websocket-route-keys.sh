#!/usr/bin/env bash
# aws-sam-translator: routes of an AWS::Serverless::WebSocketApi whose keys differ in case, or in a leading "$" alone.
#
# Expected: a route for each key, as API Gateway's route keys are case-sensitive; or an error, as for keys with a hyphen.
# Seen:     the last of them is the only route. The logical id is made by str.capitalize(), which lowers the rest: sendMessage
#           and sendmessage are both …SendmessageRoute, and that is also what a RouteResponse has to refer to.
# Matters:  the messages of the other route get "Forbidden", or go to $default, and nothing says so at deployment.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-sam-translator==1.115.0 2> /dev/null
cat > "$folder/show.py" <<'PY'
from importlib.metadata import version
from types import SimpleNamespace

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

functions = {"sendMessage": "one", "sendmessage": "two", "ask": "three"}
arn = "arn:aws:lambda:us-east-1:123456789012:function:"
routes = {key: {"FunctionArn": arn + name} for key, name in functions.items()}
api = {"RouteSelectionExpression": "$request.body.action", "Routes": routes}
template = {"Resources": {"Chat": {"Type": "AWS::Serverless::WebSocketApi", "Properties": api}}}
translator = Translator({}, Parser(), boto_session=SimpleNamespace(region_name="us-east-1"))
made = translator.translate(template, parameter_values={})["Resources"]
found = {name: item["Properties"]["RouteKey"] for name, item in made.items() if item["Type"].endswith("::Route")}

print("aws-sam-translator", version("aws-sam-translator"))
print("keys in the template:", ", ".join(routes))
print("routes that are made:", found)
assert found == {"ChatSendmessageRoute": "sendmessage", "ChatAskRoute": "ask"}, "the behaviour has changed"
PY
"$folder/venv/bin/python" "$folder/show.py"
