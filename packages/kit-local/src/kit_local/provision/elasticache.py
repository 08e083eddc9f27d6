"""AWS::ElastiCache: every cache is the local Redis, without TLS."""

from kit_local.provision.builder import Builder, Item, Resource


def cluster(builder: Builder, item: Item) -> Resource:
    """Stand for a cache cluster."""
    return _cache(builder, item, "ClusterName", "RedisEndpoint")


def replication_group(builder: Builder, item: Item) -> Resource:
    """Stand for a replication group with a single shard."""
    if item.integer("NumNodeGroups", 1) > 1:
        builder.unsupported(item, "NumNodeGroups", "the local Redis has no shards")
    return _cache(builder, item, "ReplicationGroupId", "PrimaryEndPoint", "ReaderEndPoint", "ConfigurationEndPoint")


def serverless(builder: Builder, item: Item) -> Resource:
    """Stand for a serverless cache."""
    return _cache(builder, item, "ServerlessCacheName", "Endpoint", "ReaderEndpoint")


def _cache(builder: Builder, item: Item, naming: str, *endpoints: str) -> Resource:
    if item.text("Engine", "redis") not in ("redis", "valkey"):
        builder.unsupported(item, "Engine", f"the engine {item.text('Engine')} is not supported, only Redis and Valkey")
    if builder.redis is None:
        raise builder.error("there is no Redis to provision the cache in", item)
    name = item.text(naming) or builder.name(item.logical_id).lower()
    address = {"Address": builder.redis.host, "Port": str(builder.redis.port)}
    attributes = {f"{endpoint}.{key}": value for endpoint in endpoints for key, value in address.items()}
    arn = builder.arn("elasticache", f"{item.type.split('::')[2].lower()}:{name}")
    return Resource(name, {**attributes, "ARN": arn})
