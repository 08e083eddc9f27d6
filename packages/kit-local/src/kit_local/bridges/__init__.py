"""Bridges before moto, for calls that reach into the template; each may answer a call, or read moto's answer."""
