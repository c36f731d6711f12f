"""Compact JSON, as Redis keeps replies, sessions and exchanges."""

import json

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
