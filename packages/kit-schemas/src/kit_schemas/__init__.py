"""Typed data classes on real marshmallow."""
