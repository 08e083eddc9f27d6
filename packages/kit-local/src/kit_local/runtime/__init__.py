"""Functions as processes of their own, fed over a local Runtime API."""
