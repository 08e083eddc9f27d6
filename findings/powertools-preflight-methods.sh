#!/usr/bin/env bash
# aws-lambda-powertools: the methods that a CORS preflight names.
#
# Expected: the answer to a preflight names the methods of the path that it is about (Fetch standard, "CORS protocol":
#           Access-Control-Allow-Methods "indicates which methods are supported by the response's URL"), and a path that
#           no route has names none.
# Seen:     it names the methods of all routes of the resolver together, also for a path that answers one of them alone,
#           and for a path that does not exist.
# Matters:  the browser sends a DELETE that its preflight has allowed, and the page reads a 404 or 405; it also keeps the
#           wrong answer for the path. A preflight is no way to find out what a path can do.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'aws-lambda-powertools==3.37.0' 2> /dev/null
cat > "$folder/show.py" <<'PY'
from importlib.metadata import version

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig

app = APIGatewayHttpResolver(cors=CORSConfig(allow_origin="https://app.example.com"))


@app.get("/loans")
def list_loans():
    return []


@app.delete("/sessions")
def sign_out():
    return {}


def ask(method, path):
    asked = {"origin": "https://app.example.com", "access-control-request-method": "DELETE"}
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": asked,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"}, "isBase64Encoded": False,
    }
    return app.resolve(event, None)


print("aws-lambda-powertools", version("aws-lambda-powertools"))
for path in ("/loans", "/nowhere"):
    answer = ask("OPTIONS", path)
    print("preflight of", path, answer["statusCode"], answer["headers"]["Access-Control-Allow-Methods"])
print("DELETE /loans", ask("DELETE", "/loans")["statusCode"])
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q 'preflight of /loans 204 DELETE,GET,OPTIONS' <<< "$seen" &&
  grep -q 'preflight of /nowhere 204 DELETE,GET,OPTIONS' <<< "$seen" &&
  grep -q 'DELETE /loans 404' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
