"""The table of what creates which resource."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kit_local.provision import (
    apigateway,
    apis,
    elasticache,
    events,
    inert,
    lambda_,
    rds,
    s3,
    sns,
    sqs,
    stores,
    streams,
)
from kit_local.provision.builder import Builder, Item, Resource
from kit_local.stack import Stack
from kit_local.template import Template

if TYPE_CHECKING:
    from kit_testing.servers import Aws, Postgres, Redis

TYPES: Mapping[str, Callable[[Builder, Item], Resource]] = {
    "AWS::ApiGateway::Deployment": inert.named,
    "AWS::ApiGateway::RestApi": apigateway.rest_api,
    "AWS::ApiGateway::Stage": apigateway.rest_stage,
    "AWS::ApiGatewayV2::Api": apigateway.api,
    "AWS::ApiGatewayV2::Authorizer": apigateway.authorizer,
    "AWS::ApiGatewayV2::Deployment": inert.named,
    "AWS::ApiGatewayV2::Integration": apigateway.integration,
    "AWS::ApiGatewayV2::Route": apigateway.route,
    "AWS::ApiGatewayV2::RouteResponse": apigateway.route_response,
    "AWS::ApiGatewayV2::Stage": apigateway.stage,
    "AWS::CloudWatch::Alarm": inert.named,
    "AWS::CloudWatch::Dashboard": inert.named,
    "AWS::CodeDeploy::Application": inert.named,
    "AWS::CodeDeploy::DeploymentGroup": inert.named,
    "AWS::DynamoDB::Table": stores.table,
    "AWS::EC2::SecurityGroup": inert.security_group,
    "AWS::EC2::SecurityGroupEgress": inert.named,
    "AWS::EC2::SecurityGroupIngress": inert.named,
    "AWS::ElastiCache::CacheCluster": elasticache.cluster,
    "AWS::ElastiCache::ParameterGroup": inert.named,
    "AWS::ElastiCache::ReplicationGroup": elasticache.replication_group,
    "AWS::ElastiCache::ServerlessCache": elasticache.serverless,
    "AWS::ElastiCache::SubnetGroup": inert.named,
    "AWS::Events::EventBus": events.bus,
    "AWS::Events::EventBusPolicy": inert.named,
    "AWS::Events::Rule": events.rule,
    "AWS::IAM::ManagedPolicy": inert.managed_policy,
    "AWS::IAM::Policy": inert.named,
    "AWS::IAM::Role": inert.role,
    "AWS::Kinesis::Stream": streams.kinesis,
    "AWS::Lambda::Alias": lambda_.alias,
    "AWS::Lambda::EventSourceMapping": lambda_.event_source_mapping,
    "AWS::Lambda::Function": lambda_.function,
    "AWS::Lambda::Permission": inert.named,
    "AWS::Lambda::Version": lambda_.version,
    "AWS::Logs::LogGroup": inert.log_group,
    "AWS::RDS::DBCluster": rds.cluster,
    "AWS::RDS::DBClusterParameterGroup": inert.named,
    "AWS::RDS::DBInstance": rds.instance,
    "AWS::RDS::DBParameterGroup": inert.named,
    "AWS::RDS::DBSubnetGroup": inert.named,
    "AWS::S3::Bucket": s3.bucket,
    "AWS::S3::BucketPolicy": s3.bucket_policy,
    "AWS::SNS::Subscription": sns.subscription,
    "AWS::SNS::Topic": sns.topic,
    "AWS::SNS::TopicPolicy": sns.topic_policy,
    "AWS::SQS::Queue": sqs.queue,
    "AWS::SQS::QueuePolicy": sqs.policy,
    "AWS::SSM::Parameter": stores.parameter,
    "AWS::Scheduler::Schedule": events.schedule,
    "AWS::Scheduler::ScheduleGroup": inert.schedule_group,
    "AWS::SecretsManager::Secret": stores.secret,
    "AWS::SecretsManager::SecretTargetAttachment": rds.attachment,
}


def provision(
    template: Template,
    *,
    cloud: "Aws",
    origins: Mapping[str, str],
    postgres: "Postgres | None" = None,
    redis: "Redis | None" = None,
) -> Stack:
    """Create everything in `template`, and return what has to run.

    `origins` says for each API, by logical id, where it will listen, for example `http://127.0.0.1:3000`. `postgres`
    and `redis` are running servers, needed where the template has a database or a cache. Names and ids are the same
    each time. Raises UnsupportedError with every value that does not run locally, TemplateError for a resource that
    cannot be created.
    """
    builder = Builder(template, types=TYPES, cloud=cloud, origins=origins, postgres=postgres, redis=redis)
    return builder.build(apis.finished)
