"""Values: encoded for Redis and disk (`bodies`), and held in memory (`held`)."""
