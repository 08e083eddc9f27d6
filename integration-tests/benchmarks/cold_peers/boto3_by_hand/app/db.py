import os

import psycopg2

from app.common import secret

_connection = None


def connection():
    global _connection
    if _connection is None or _connection.closed:
        where = secret(os.environ["DB_SECRET_ARN"])
        _connection = psycopg2.connect(
            host=where["host"],
            port=where["port"],
            dbname=where["dbname"],
            user=where["username"],
            password=where["password"],
            connect_timeout=3,
        )
    return _connection
