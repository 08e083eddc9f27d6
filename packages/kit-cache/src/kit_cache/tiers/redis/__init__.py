"""The shared tier, in Redis or Valkey, single or cluster: over a client of its own, or redis-py's."""
