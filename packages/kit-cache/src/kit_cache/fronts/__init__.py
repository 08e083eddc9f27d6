"""The objects that the decorators put in a function's place."""
