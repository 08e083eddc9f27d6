import os
import urllib.request

import psycopg2
import redis


def test_each_database_is_new(postgres_url):
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_tables where schemaname = 'public'")
        assert cursor.fetchone() == (0,)
        cursor.execute("create table things (id int)")
    connection.close()


test_and_so_is_the_next = test_each_database_is_new


def test_killed_server(postgres_server, postgres_url):
    postgres_server.kill()
    assert not postgres_server.running
    postgres_server.start()
    psycopg2.connect(postgres_url).close()


def test_server_left_dead(postgres_server):
    postgres_server.kill()


test_and_so_is_the_next_after_it = test_each_database_is_new


def test_redis(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("a", 1)


test_redis_again = test_redis


def test_aws(aws):
    queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert aws.client("sqs").list_queues()["QueueUrls"] == [queue]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k_ä", Body=b"x" * 3_000_000, Metadata={"a_b": "c"})
    got = s3.get_object(Bucket="bucket", Key="k_ä")
    assert got["Body"].read() == b"x" * 3_000_000
    assert got["Metadata"] == {"a_b": "c"}
    s3.head_object(Bucket="bucket", Key="k_ä")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "p"})
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", data=b"abc")).close()
    s3.delete_object(Bucket="bucket", Key="p")
    assert os.environ["AWS_ENDPOINT_URL"] == aws.url


test_aws_again = test_aws
