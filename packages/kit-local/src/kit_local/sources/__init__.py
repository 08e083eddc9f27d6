"""What calls functions without anybody waiting for the answer."""
