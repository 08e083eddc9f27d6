"""The connections of a WebSocket API in DynamoDB, their rooms, and sending to them.

manager: `ConnectionManager`, which users meet; sync: its twin that blocks; connection: one row
table: the connection table; rooms: the table of memberships; removal: forgetting connections that are gone
attributes: Python values in DynamoDB; schema: making the tables
"""
