#!/usr/bin/env bash
# aws-sam-translator: RouteResponseSelectionExpression of a route of AWS::Serverless::WebSocketApi.
#
# Expected: a two-way route: the answer of its function reaches the client.
# Seen:     the property is passed on to the route, and no AWS::ApiGatewayV2::RouteResponse is made, without which API
#           Gateway returns nothing ("Set up a route response for a WebSocket API"); the type has no other property for it.
# Matters:  the template deploys, the function runs and answers, and clients wait for ever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-sam-translator==1.115.0 2> /dev/null
AWS_DEFAULT_REGION=eu-west-1 "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

function = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Runtime": "python3.12", "Handler": "app.handler", "InlineCode": "def handler(event, context): ..."},
}
route = {"FunctionArn": {"Fn::GetAtt": ["Function", "Arn"]}, "RouteResponseSelectionExpression": "$default"}
template = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Function": function,
        "Api": {
            "Type": "AWS::Serverless::WebSocketApi",
            "Properties": {"RouteSelectionExpression": "$request.body.action", "Routes": {"ping": route}},
        },
    },
}
resources = Translator({}, Parser()).translate(template, {})["Resources"].values()
routes = [each["Properties"] for each in resources if each["Type"] == "AWS::ApiGatewayV2::Route"]
responses = [each for each in resources if each["Type"] == "AWS::ApiGatewayV2::RouteResponse"]
print("aws-sam-translator", version("aws-sam-translator"))
print("the route has RouteResponseSelectionExpression:", routes[0]["RouteResponseSelectionExpression"])
print("route responses in the stack:", len(responses))
assert routes[0]["RouteResponseSelectionExpression"] == "$default"
assert not responses
PYTHON
