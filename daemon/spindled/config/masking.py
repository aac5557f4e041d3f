"""Settings as text for people and logs: what can hold a secret is not shown."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

MASK = "***"


def masked(table: Struct, secret: Collection[str]) -> str:
    """The `repr` of a Struct with the values of these fields hidden; of mappings the keys stay, of lists the length."""

    def shown(name: str, value: object) -> object:
        if name not in secret or not value:
            return value
        if isinstance(value, list):
            return [MASK] * len(value)
        return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK

    fields = {name: shown(name, getattr(table, name)) for name in table.__struct_fields__}
    return f"{type(table).__name__}({', '.join(f'{name}={value!r}' for name, value in fields.items())})"
