"""Which calls are the same call: binding of arguments, identity of `self`, and the text that stands for a call."""
