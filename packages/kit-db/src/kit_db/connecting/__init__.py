"""Opening a connection.

settings: where the database is, and who we are there; aws: secrets and tokens of IAM
addresses: the look-up of a server's name; tls: the certificates that a server is verified with
opening: the attempts, with the credentials of each
"""
