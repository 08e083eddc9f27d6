"""Tables, secrets, parameters, databases and caches, seen with boto3 and with their own clients."""

import json
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.stack import Stack

Provision = Callable[..., Stack]


def test_a_table_has_its_keys_indexes_and_time_to_live(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      Table:
        Type: AWS::DynamoDB::Table
        Properties:
          BillingMode: PROVISIONED
          ProvisionedThroughput: {ReadCapacityUnits: "5", WriteCapacityUnits: 5}
          AttributeDefinitions:
            - {AttributeName: id, AttributeType: S}
            - {AttributeName: at, AttributeType: N}
            - {AttributeName: owner, AttributeType: S}
          KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: at, KeyType: RANGE}]
          LocalSecondaryIndexes:
            - IndexName: by-owner
              KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: owner, KeyType: RANGE}]
              Projection: {ProjectionType: ALL}
          GlobalSecondaryIndexes:
            - IndexName: owner
              KeySchema: [{AttributeName: owner, KeyType: HASH}]
              Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [id]}
              ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
          StreamSpecification: {StreamViewType: NEW_IMAGE}
          TimeToLiveSpecification: {AttributeName: ttl, Enabled: "true"}
      Simple: {Type: AWS::Serverless::SimpleTable}
    Transform: AWS::Serverless-2016-10-31
    Outputs:
      Table: {Value: !Ref Table}
      Stream: {Value: !GetAtt Table.StreamArn}
      Simple: {Value: !Ref Simple}
    """)
    client, table = aws.client("dynamodb"), stack.outputs["Table"]
    row = {"id": {"S": "1"}, "at": {"N": "2"}, "owner": {"S": "ann"}, "secret": {"S": "x"}}
    client.put_item(TableName=table, Item=row)
    found = client.query(
        TableName=table, IndexName="owner", KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":o": {"S": "ann"}},
    )  # fmt: skip
    assert found["Items"] == [{key: row[key] for key in ("id", "at", "owner")}]
    described = client.describe_table(TableName=table)["Table"]
    assert described["LatestStreamArn"] == stack.outputs["Stream"]
    assert [index["IndexName"] for index in described["LocalSecondaryIndexes"]] == ["by-owner"]
    live = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    client.put_item(TableName=stack.outputs["Simple"], Item={"id": {"S": "1"}})


def test_secrets_are_written_or_generated(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      Written: {Type: AWS::SecretsManager::Secret, Properties: {Name: written, SecretString: hello, Description: d}}
      Keyed:
        Type: AWS::SecretsManager::Secret
        Properties:
          GenerateSecretString:
            SecretStringTemplate: '{"username": "ann"}'
            GenerateStringKey: password
            PasswordLength: "40"
            ExcludePunctuation: true
      Plain: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {PasswordLength: 20}}}
    Outputs:
      Written: {Value: !Ref Written}
      Keyed: {Value: !Ref Keyed}
      Plain: {Value: !GetAtt Plain.Id}
    """)
    client = aws.client("secretsmanager")
    read = {name: client.get_secret_value(SecretId=arn)["SecretString"] for name, arn in stack.outputs.items()}
    keyed = json.loads(read["Keyed"])
    assert read["Written"] == "hello"
    assert (keyed["username"], len(keyed["password"]), keyed["password"].isalnum()) == ("ann", 40, True)
    assert len(read["Plain"]) == 20
    assert ":secret:shop-Keyed-" in stack.outputs["Keyed"]


def test_parameters_are_stored(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      One: {Type: AWS::SSM::Parameter, Properties: {Name: /app/limit, Type: String, Value: 5}}
      Many: {Type: AWS::SSM::Parameter, Properties: {Type: StringList, Value: "a,b"}}
    Outputs:
      Many: {Value: !Ref Many}
      Type: {Value: !GetAtt Many.Type}
    """)
    client = aws.client("ssm")
    assert client.get_parameter(Name="/app/limit")["Parameter"]["Value"] == "5"
    assert client.get_parameter(Name=stack.outputs["Many"])["Parameter"]["Value"] == "a,b"
    assert stack.outputs["Type"] == "StringList"


def test_a_cluster_is_a_database_that_its_user_owns(
    provision_template: Provision, aws: Any, postgres_server: Any
) -> None:
    text = """\
    Resources:
      Cluster:
        Type: AWS::RDS::DBCluster
        Properties:
          Engine: aurora-postgresql
          DatabaseName: template_cluster
          MasterUsername: template_owner
          ManageMasterUserPassword: true
      Instance:
        Type: AWS::RDS::DBInstance
        Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Cluster, DBInstanceClass: db.r6g.large}
    Outputs:
      Host: {Value: !GetAtt Cluster.Endpoint.Address}
      Port: {Value: !GetAtt Instance.Endpoint.Port}
      Reader: {Value: !GetAtt Cluster.ReadEndpoint.Address}
      Secret: {Value: !GetAtt Cluster.MasterUserSecret.SecretArn}
    """
    stack = provision_template(text, postgres=postgres_server)
    value = aws.client("secretsmanager").get_secret_value(SecretId=stack.outputs["Secret"])["SecretString"]
    secret = json.loads(value)
    connection = psycopg2.connect(
        host=stack.outputs["Host"], port=stack.outputs["Port"], dbname="template_cluster",
        user=secret["username"], password=secret["password"],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("create table made (id int)")
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("template_owner",)
    connection.close()
    assert stack.outputs["Reader"] == stack.outputs["Host"]


def test_an_attachment_completes_the_secret(provision_template: Provision, aws: Any, postgres_server: Any) -> None:
    text = """\
    Resources:
      Secret:
        Type: AWS::SecretsManager::Secret
        Properties:
          GenerateSecretString:
            SecretStringTemplate: '{"username": "template_user"}'
            GenerateStringKey: password
            ExcludePunctuation: true
      Attachment:
        Type: AWS::SecretsManager::SecretTargetAttachment
        Properties: {SecretId: !Ref Secret, TargetId: !Ref Cluster, TargetType: AWS::RDS::DBCluster}
      Cluster:
        Type: AWS::RDS::DBCluster
        Properties:
          Engine: aurora-postgresql
          MasterUsername: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:username}}"
          MasterUserPassword: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:password}}"
          DatabaseName: template_attached
    Outputs:
      Secret: {Value: !Ref Attachment}
    """
    stack = provision_template(text, postgres=postgres_server)
    value = aws.client("secretsmanager").get_secret_value(SecretId=stack.outputs["Secret"])["SecretString"]
    secret = json.loads(value)
    assert (secret["engine"], secret["dbname"], secret["port"]) == (
        "postgres",
        "template_attached",
        postgres_server.port,
    )
    assert secret["dbClusterIdentifier"].startswith("shop-cluster-")
    connection = psycopg2.connect(stack.postgres_url)
    connection.close()


def test_an_engine_that_is_not_postgresql_is_unsupported(provision_template: Provision, postgres_server: Any) -> None:
    text = """\
    Resources:
      Db:
        Type: AWS::RDS::DBInstance
        Properties: {Engine: mysql, DBInstanceClass: x, DBName: template_m, MasterUsername: u, MasterUserPassword: p}
    """
    with pytest.raises(UnsupportedError, match="the engine mysql"):
        provision_template(text, postgres=postgres_server)


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("{Type: AWS::RDS::DBInstance, Properties: {Engine: postgres}}", "no PostgreSQL"),
        ("{Type: AWS::ElastiCache::CacheCluster, Properties: {Engine: redis}}", "no Redis"),
    ],
)
def test_a_store_that_was_not_started_is_an_error(provision_template: Provision, resource: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        provision_template(f"Resources: {{A: {resource}}}")


def test_every_kind_of_cache_leads_to_redis(provision_template: Provision, redis_server: Any) -> None:
    text = """\
    Resources:
      Cluster: {Type: AWS::ElastiCache::CacheCluster, Properties: {Engine: redis, CacheNodeType: x, NumCacheNodes: 1}}
      Group: {Type: AWS::ElastiCache::ReplicationGroup, Properties: {ReplicationGroupDescription: g}}
      Serverless: {Type: AWS::ElastiCache::ServerlessCache, Properties: {Engine: valkey, ServerlessCacheName: s}}
      Subnets: {Type: AWS::ElastiCache::SubnetGroup, Properties: {Description: d, SubnetIds: []}}
    Outputs:
      A: {Value: !Sub "${Cluster.RedisEndpoint.Address}:${Cluster.RedisEndpoint.Port}"}
      B: {Value: !Sub "${Group.PrimaryEndPoint.Address}:${Group.PrimaryEndPoint.Port}"}
      C: {Value: !Sub "${Group.ReaderEndPoint.Address}:${Group.ReaderEndPoint.Port}"}
      D: {Value: !Sub "${Serverless.Endpoint.Address}:${Serverless.Endpoint.Port}"}
    """
    stack = provision_template(text, redis=redis_server)
    assert set(stack.outputs.values()) == {f"{redis_server.host}:{redis_server.port}"}
    assert stack.redis_url == redis_server.url


def test_shards_are_unsupported(provision_template: Provision, redis_server: Any) -> None:
    text = "Resources: {G: {Type: AWS::ElastiCache::ReplicationGroup, Properties: {NumNodeGroups: 2}}}"
    with pytest.raises(UnsupportedError, match="NumNodeGroups"):
        provision_template(text, redis=redis_server)


def test_what_only_matters_deployed_still_has_a_name(provision_template: Provision) -> None:
    stack = provision_template("""\
    Resources:
      Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: !GetAtt Nowhere.Arn}}}
      Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: mine}}
      Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/x, RetentionInDays: 7}}
      Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: d}}
      Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Whatever: 1}}
    Outputs:
      Role: {Value: !GetAtt Role.Arn}
      Managed: {Value: !Ref Managed}
      Logs: {Value: !GetAtt Logs.Arn}
      Group: {Value: !GetAtt Group.GroupId}
    """)
    assert stack.outputs["Role"].startswith("arn:aws:iam::123456789012:role/shop-Role-")
    assert stack.outputs["Managed"] == "arn:aws:iam::123456789012:policy/mine"
    assert stack.outputs["Logs"] == "arn:aws:logs:us-east-1:123456789012:log-group:/aws/x:*"
    assert stack.outputs["Group"].startswith("sg-")
