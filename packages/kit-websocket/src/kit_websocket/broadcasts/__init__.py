"""Broadcasts: one message to the members of rooms, to users, or to everyone.

sources: which connections, read page by page; broadcasting: sending to them, and forgetting the ones that are gone
deliveries: the shared part of the manager's methods; presence: join and leave events
"""
