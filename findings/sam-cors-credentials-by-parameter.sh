#!/usr/bin/env bash
# aws-sam-translator: AllowCredentials of an HTTP API's CorsConfiguration, given by a parameter.
#
# Expected: the API allows credentials if the parameter is true, as MaxAge beside it has the parameter's value; or an error.
# Seen:     any value but a literal YAML true is left out without a word: a Ref to a parameter, an Fn::If, "true" as text.
#           CloudFormation itself takes "true" for true, and API Gateway's default is false.
# Matters:  a template that switches credentials by stage deploys, and browsers refuse the answers to requests with cookies.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-sam-translator==1.115.0 boto3==1.44.5 2> /dev/null
cat > "$folder/show.py" <<'PY'
import json
from importlib.metadata import version

import boto3
from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

PARAMETERS = {"Credentials": "true", "Seconds": "300"}


def cors(credentials):
    api = {
        "Type": "AWS::Serverless::HttpApi",
        "Properties": {
            "CorsConfiguration": {
                "AllowOrigins": ["https://shop.example"],
                "AllowCredentials": credentials,
                "MaxAge": {"Ref": "Seconds"},
            }
        },
    }
    event = {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}, "Path": "/", "Method": "get"}}
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.12", "Handler": "a.b", "CodeUri": "s3://b/k", "Events": {"Get": event}},
    }
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {
            "Credentials": {"Type": "String", "AllowedValues": ["true", "false"]},
            "Seconds": {"Type": "Number"},
        },
        "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Credentials"}, "true"]}},
        "Resources": {"Api": api, "Get": function},
    }
    session = boto3.session.Session(region_name="eu-west-1")
    translator = Translator(get_bundled_managed_policy_map("aws"), Parser(), boto_session=session)
    resources = translator.translate(template, parameter_values=PARAMETERS)["Resources"]
    return resources["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"]


print("aws-sam-translator", version("aws-sam-translator"))
for credentials in (True, {"Ref": "Credentials"}, {"Fn::If": ["Live", True, False]}, "true"):
    print(f"AllowCredentials: {json.dumps(credentials)} ->", json.dumps(cors(credentials)))
PY
seen=$("$folder/venv/bin/python" -W ignore "$folder/show.py" 2> /dev/null)
echo "$seen"
grep -q 'AllowCredentials: true -> .*"allowCredentials": true' <<< "$seen" &&
  [ "$(grep -c 'allowCredentials' <<< "$seen")" = 1 ] &&
  [ "$(grep -c '"maxAge"' <<< "$seen")" = 4 ] || { echo "the behaviour has changed"; exit 1; }
