"""The guards of `route`: one option per file.

access: `role=`, `scope=`; rate_limit; cors; token, jwt: `token=`; jwks, remote: the endpoints that these ask
"""
