import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kit_local.errors import TemplateError
from kit_local.template import Template

LOANS = Path(__file__).parents[3] / "docs" / "examples" / "loans"
SCRIPT = """
import json, sys
from pathlib import Path
from kit_local.template import load
template = load(Path(sys.argv[1]))
slow = [name for name in ("samtranslator", "boto3", "moto") if name in sys.modules]
print(json.dumps([slow, sorted(template.resources)]))
"""

SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      CodeUri: {uri}
      Policies: [AWSLambdaBasicExecutionRole, AmazonS3ReadOnlyAccess]
      {more}
"""


def run(home: Path, folder: Path) -> str:
    # No region, and a profile that does not exist: the translator has to do without the user's configuration.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    done = subprocess.run(
        command,
        env={**environment, "KIT_LOCAL_HOME": str(home), "AWS_PROFILE": "nobody"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_second_start_does_without_the_translator(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "template.yaml").write_text(SAM.format(uri=".", more=""))
    first, second = run(tmp_path / "home", folder), run(tmp_path / "home", folder)
    assert first == '[["samtranslator", "boto3"], ["Job", "JobRole"]]\n'
    assert second == '[[], ["Job", "JobRole"]]\n'


def test_a_damaged_cache_is_made_again(load_template: Callable[..., Template], translations: Path) -> None:
    text = SAM.format(uri="src", more="Timeout: 7")
    load_template(text)
    for file in (translations / "templates").iterdir():
        file.write_text("{")
    assert load_template(text).resources["Job"]["Properties"]["Timeout"] == 7


def test_another_parameter_is_another_translation(load_template: Callable[..., Template]) -> None:
    text = SAM.format(uri="src", more="Timeout: !Ref Seconds") + "Parameters: {Seconds: {Type: Number, Default: 5}}\n"
    assert load_template(text).values["Seconds"] == "5"
    assert load_template(text, parameters={"Seconds": "6"}).values["Seconds"] == "6"


def test_what_sam_refuses_is_told_with_its_line(load_template: Callable[..., Template]) -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml:3: .*Property 'Tags' should be a map"):
        load_template(SAM.format(uri="src", more="Tags: 5"))
