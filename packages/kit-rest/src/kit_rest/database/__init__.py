"""The database mapper: plans with their SQL, and running them; `sql` alone builds SQL."""
