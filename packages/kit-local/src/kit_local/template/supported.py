"""What of CloudFormation and SAM runs locally: for every resource and event type, the properties that do something.

Properties that only matter deployed are accepted, and do nothing. Any other property is an error that names it.
docs/guides/local-template.md shows these tables, and a test holds it to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Support:
    """`applied` properties have their effect, `accepted` ones have none; "*" among them accepts whatever there is."""

    applied: frozenset[str]
    accepted: frozenset[str]

    def knows(self, name: str) -> bool:
        """Tell whether a property of this name may be written."""
        return name in self.applied or name in self.accepted or "*" in self.accepted

    @property
    def names(self) -> frozenset[str]:
        """The names of all properties that may be written."""
        return (self.applied | self.accepted) - {"*"}


def _support(applied: str = "", accepted: str = "*") -> Support:
    return Support(frozenset(applied.split()), frozenset(accepted.split()))


TYPES: Mapping[str, Support] = {
    "AWS::Serverless::Function": _support(
        "AutoPublishAlias CodeUri DeadLetterQueue Environment Events FunctionName Handler MemorySize PackageType "
        "ReservedConcurrentExecutions Runtime Timeout",
        "Architectures AssumeRolePolicyDocument AutoPublishAliasAllProperties AutoPublishCodeSha256 "
        "CodeSigningConfigArn DeploymentPreference Description EphemeralStorage KmsKeyArn LoggingConfig "
        "PermissionsBoundary Policies PropagateTags ProvisionedConcurrencyConfig RecursiveLoop Role RolePath "
        "RuntimeManagementConfig SnapStart SourceKMSKeyArn Tags Tracing VersionDescription VpcConfig",
    ),
    "AWS::Serverless::Api": _support(
        "Auth Cors DefinitionBody Name StageName Variables",
        "AccessLogSetting AlwaysDeploy CacheClusterEnabled CacheClusterSize Description EndpointConfiguration "
        "FailOnWarnings MergeDefinitions MethodSettings MinimumCompressionSize Models OpenApiVersion "
        "PropagateTags Tags TracingEnabled",
    ),
    "AWS::Serverless::HttpApi": _support(
        "Auth CorsConfiguration DefinitionBody Name StageName StageVariables",
        "AccessLogSettings DefaultRouteSettings Description FailOnWarnings PropagateTags RouteSettings Tags",
    ),
    "AWS::Serverless::WebSocketApi": _support(
        "Auth Name RouteSelectionExpression Routes StageName StageVariables",
        "AccessLogSettings DefaultRouteSettings Description DisableSchemaValidation FailOnWarnings IpAddressType "
        "PropagateTags RouteSettings Tags",
    ),
    "AWS::Serverless::SimpleTable": _support(
        "PrimaryKey TableName",
        "PointInTimeRecoverySpecification ProvisionedThroughput SSESpecification Tags",
    ),
    "AWS::Lambda::Function": _support(
        "Code DeadLetterConfig Environment FunctionName Handler MemorySize PackageType "
        "ReservedConcurrentExecutions Runtime Timeout",
        "Architectures CodeSigningConfigArn Description EphemeralStorage KmsKeyArn LoggingConfig RecursiveLoop "
        "Role RuntimeManagementConfig SnapStart Tags TracingConfig VpcConfig",
    ),
    "AWS::Lambda::Alias": _support(
        "FunctionName Name",
        "Description FunctionVersion ProvisionedConcurrencyConfig",
    ),
    "AWS::Lambda::EventSourceMapping": _support(
        "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled EventSourceArn FilterCriteria FunctionName "
        "FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts "
        "ScalingConfig StartingPosition",
        "KmsKeyArn LoggingConfig MetricsConfig ParallelizationFactor Tags",
    ),
    "AWS::Kinesis::Stream": _support(
        "Name ShardCount StreamModeDetails",
        "DesiredShardLevelMetrics RetentionPeriodHours StreamEncryption Tags",
    ),
    "AWS::Lambda::Permission": _support(),
    "AWS::Lambda::Version": _support("FunctionName"),
    "AWS::ApiGateway::RestApi": _support(
        "Body Name",
        "Description EndpointConfiguration FailOnWarnings MinimumCompressionSize Mode Parameters Policy Tags",
    ),
    "AWS::ApiGateway::Deployment": _support(),
    "AWS::ApiGateway::Stage": _support(
        "RestApiId StageName Variables",
        "AccessLogSetting CacheClusterEnabled CacheClusterSize DeploymentId Description DocumentationVersion "
        "MethodSettings Tags TracingEnabled",
    ),
    "AWS::ApiGatewayV2::Api": _support(
        "Body CorsConfiguration Name ProtocolType RouteSelectionExpression",
        "Description FailOnWarnings IpAddressType Tags Version",
    ),
    "AWS::ApiGatewayV2::Authorizer": _support(
        "ApiId AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds AuthorizerType AuthorizerUri "
        "EnableSimpleResponses IdentitySource Name",
        "AuthorizerCredentialsArn",
    ),
    "AWS::ApiGatewayV2::Deployment": _support(),
    "AWS::ApiGatewayV2::Integration": _support(
        "ApiId IntegrationType IntegrationUri PayloadFormatVersion TimeoutInMillis",
        "ContentHandlingStrategy CredentialsArn Description IntegrationMethod PassthroughBehavior",
    ),
    "AWS::ApiGatewayV2::Route": _support(
        "ApiId AuthorizationType AuthorizerId RouteKey RouteResponseSelectionExpression Target",
        "OperationName",
    ),
    "AWS::ApiGatewayV2::RouteResponse": _support(
        "ApiId RouteId RouteResponseKey",
        "ModelSelectionExpression",
    ),
    "AWS::ApiGatewayV2::Stage": _support(
        "ApiId StageName StageVariables",
        "AccessLogSettings AutoDeploy DefaultRouteSettings DeploymentId Description RouteSettings Tags",
    ),
    "AWS::SQS::Queue": _support(
        "ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit "
        "MaximumMessageSize MessageRetentionPeriod QueueName ReceiveMessageWaitTimeSeconds RedrivePolicy "
        "VisibilityTimeout",
        "KmsDataKeyReusePeriodSeconds KmsMasterKeyId RedriveAllowPolicy SqsManagedSseEnabled Tags",
    ),
    "AWS::SQS::QueuePolicy": _support(
        "PolicyDocument Queues",
        "",
    ),
    "AWS::SNS::Topic": _support(
        "ContentBasedDeduplication DisplayName FifoTopic Subscription TopicName",
        "DataProtectionPolicy DeliveryStatusLogging FifoThroughputScope KmsMasterKeyId SignatureVersion Tags "
        "TracingConfig",
    ),
    "AWS::SNS::Subscription": _support(
        "Endpoint FilterPolicy FilterPolicyScope Protocol RawMessageDelivery TopicArn",
        "DeliveryPolicy RedrivePolicy Region SubscriptionRoleArn",
    ),
    "AWS::SNS::TopicPolicy": _support(
        "PolicyDocument Topics",
        "",
    ),
    "AWS::Events::EventBus": _support(
        "Name",
        "DeadLetterConfig Description KmsKeyIdentifier LogConfig Policy Tags",
    ),
    "AWS::Events::EventBusPolicy": _support(),
    "AWS::Events::Rule": _support(
        "EventBusName EventPattern Name ScheduleExpression State Targets",
        "Description RoleArn Tags",
    ),
    "AWS::Scheduler::Schedule": _support(
        "EndDate GroupName Name ScheduleExpression ScheduleExpressionTimezone StartDate State Target",
        "Description FlexibleTimeWindow KmsKeyArn",
    ),
    "AWS::Scheduler::ScheduleGroup": _support("Name"),
    "AWS::S3::Bucket": _support(
        "BucketName CorsConfiguration NotificationConfiguration VersioningConfiguration",
        "AccessControl BucketEncryption IntelligentTieringConfigurations InventoryConfigurations "
        "LifecycleConfiguration LoggingConfiguration MetricsConfigurations OwnershipControls "
        "PublicAccessBlockConfiguration Tags",
    ),
    "AWS::S3::BucketPolicy": _support(
        "Bucket PolicyDocument",
        "",
    ),
    "AWS::DynamoDB::Table": _support(
        "AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes "
        "ProvisionedThroughput StreamSpecification TableName TimeToLiveSpecification",
        "ContributorInsightsSpecification DeletionProtectionEnabled OnDemandThroughput "
        "PointInTimeRecoverySpecification ResourcePolicy SSESpecification TableClass Tags WarmThroughput",
    ),
    "AWS::SecretsManager::Secret": _support(
        "Description GenerateSecretString Name SecretString",
        "KmsKeyId ReplicaRegions Tags Type",
    ),
    "AWS::SecretsManager::SecretTargetAttachment": _support(
        "SecretId TargetId TargetType",
        "",
    ),
    "AWS::SSM::Parameter": _support(
        "Description Name Type Value",
        "AllowedPattern DataType Policies Tags Tier",
    ),
    "AWS::RDS::DBInstance": _support(
        "DBClusterIdentifier DBInstanceIdentifier DBName Engine ManageMasterUserPassword MasterUserPassword "
        "MasterUsername",
        "AllocatedStorage AllowMajorVersionUpgrade AutoMinorVersionUpgrade AvailabilityZone BackupRetentionPeriod "
        "CACertificateIdentifier CopyTagsToSnapshot DBInstanceClass DBParameterGroupName DBSubnetGroupName "
        "DatabaseInsightsMode DeleteAutomatedBackups DeletionProtection EnableCloudwatchLogsExports "
        "EnablePerformanceInsights EngineVersion Iops KmsKeyId MasterUserSecret MaxAllocatedStorage "
        "MonitoringInterval MonitoringRoleArn MultiAZ NetworkType PerformanceInsightsKMSKeyId "
        "PerformanceInsightsRetentionPeriod Port PreferredBackupWindow PreferredMaintenanceWindow PromotionTier "
        "PubliclyAccessible StorageEncrypted StorageThroughput StorageType Tags VPCSecurityGroups",
    ),
    "AWS::RDS::DBCluster": _support(
        "DBClusterIdentifier DatabaseName Engine ManageMasterUserPassword MasterUserPassword MasterUsername",
        "AutoMinorVersionUpgrade AvailabilityZones BackupRetentionPeriod CopyTagsToSnapshot "
        "DBClusterParameterGroupName DBSubnetGroupName DatabaseInsightsMode DeletionProtection "
        "EnableCloudwatchLogsExports EnableHttpEndpoint EngineMode EngineVersion KmsKeyId MasterUserSecret "
        "MonitoringInterval MonitoringRoleArn NetworkType PerformanceInsightsEnabled Port PreferredBackupWindow "
        "PreferredMaintenanceWindow ServerlessV2ScalingConfiguration StorageEncrypted StorageType Tags "
        "VpcSecurityGroupIds",
    ),
    "AWS::RDS::DBSubnetGroup": _support(),
    "AWS::RDS::DBParameterGroup": _support(),
    "AWS::RDS::DBClusterParameterGroup": _support(),
    "AWS::ElastiCache::CacheCluster": _support(
        "ClusterName Engine",
        "AZMode AutoMinorVersionUpgrade CacheNodeType CacheParameterGroupName CacheSubnetGroupName EngineVersion "
        "IpDiscovery NetworkType NumCacheNodes Port PreferredAvailabilityZone PreferredMaintenanceWindow "
        "SnapshotRetentionLimit SnapshotWindow Tags TransitEncryptionEnabled VpcSecurityGroupIds",
    ),
    "AWS::ElastiCache::ReplicationGroup": _support(
        "Engine NumNodeGroups ReplicationGroupId",
        "AtRestEncryptionEnabled AutoMinorVersionUpgrade AutomaticFailoverEnabled CacheNodeType "
        "CacheParameterGroupName CacheSubnetGroupName EngineVersion KmsKeyId MultiAZEnabled NetworkType "
        "NumCacheClusters Port PreferredMaintenanceWindow ReplicasPerNodeGroup ReplicationGroupDescription "
        "SecurityGroupIds SnapshotRetentionLimit SnapshotWindow Tags TransitEncryptionEnabled "
        "TransitEncryptionMode",
    ),
    "AWS::ElastiCache::ServerlessCache": _support(
        "Engine ServerlessCacheName",
        "CacheUsageLimits DailySnapshotTime Description KmsKeyId MajorEngineVersion SecurityGroupIds "
        "SnapshotRetentionLimit SubnetIds Tags",
    ),
    "AWS::ElastiCache::SubnetGroup": _support(),
    "AWS::ElastiCache::ParameterGroup": _support(),
    "AWS::IAM::Role": _support("RoleName"),
    "AWS::IAM::Policy": _support(),
    "AWS::IAM::ManagedPolicy": _support("ManagedPolicyName"),
    "AWS::Logs::LogGroup": _support("LogGroupName"),
    "AWS::CloudWatch::Alarm": _support(),
    "AWS::CloudWatch::Dashboard": _support(),
    "AWS::CodeDeploy::Application": _support(),
    "AWS::CodeDeploy::DeploymentGroup": _support(),
    "AWS::EC2::SecurityGroup": _support(),
    "AWS::EC2::SecurityGroupEgress": _support(),
    "AWS::EC2::SecurityGroupIngress": _support(),
}

# One of the Routes of an AWS::Serverless::WebSocketApi.
WEBSOCKET_ROUTE = _support(
    "FunctionArn IntegrationTimeout RouteResponseSelectionExpression",
    "OperationName",
)

_STREAM = _support(
    "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria FunctionResponseTypes "
    "MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts StartingPosition Stream",
    "KmsKeyArn LoggingConfig MetricsConfig ParallelizationFactor",
)
EVENTS: Mapping[str, Support] = {
    "Api": _support(
        "Auth Method Path RestApiId TimeoutInMillis",
        "RequestModel RequestParameters",
    ),
    "CloudWatchEvent": _support(
        "Enabled EventBusName Input InputPath Pattern State",
        "DeadLetterConfig RetryPolicy Target",
    ),
    "DynamoDB": _STREAM,
    "EventBridgeRule": _support(
        "EventBusName Input InputPath Pattern RuleName State",
        "DeadLetterConfig RetryPolicy Target",
    ),
    "HttpApi": _support(
        "ApiId Auth Method Path PayloadFormatVersion TimeoutInMillis",
        "RouteSettings",
    ),
    "Kinesis": _STREAM,
    "S3": _support(
        "Bucket Events Filter",
        "",
    ),
    "Schedule": _support(
        "Enabled Input Name Schedule State",
        "DeadLetterConfig Description RetryPolicy RoleArn",
    ),
    "ScheduleV2": _support(
        "EndDate GroupName Input Name OmitName ScheduleExpression ScheduleExpressionTimezone StartDate State",
        "DeadLetterConfig Description FlexibleTimeWindow KmsKeyArn PermissionsBoundary RetryPolicy RoleArn",
    ),
    "SNS": _support(
        "FilterPolicy FilterPolicyScope SqsSubscription Topic",
        "RedrivePolicy Region",
    ),
    "SQS": _support(
        "BatchSize Enabled FilterCriteria FunctionResponseTypes MaximumBatchingWindowInSeconds Queue ScalingConfig",
        "KmsKeyArn LoggingConfig MetricsConfig",
    ),
}
