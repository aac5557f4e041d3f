"""Bytes in, bytes out: where frames come from and go to. Knows no JSON-RPC."""
