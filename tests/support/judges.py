"""What other engines read of a table, as rows of Python values that are the same whoever read them."""
import datetime as dt
import decimal
import json
import math
import uuid

import pyarrow as pa

from support.lake_desk import UTC, firn


def plain(value, kind):
    """An Arrow value of type `kind`; numbers that JSON has no word for as None, as in what Firn prints."""
    if value is None:
        return None
    if pa.types.is_floating(kind):
        return float(value) if math.isfinite(value) else None
    if pa.types.is_struct(kind):
        return {field.name: plain(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        pairs = value.items() if isinstance(value, dict) else value
        return sorted((plain(key, kind.key_type), plain(item, kind.item_type)) for key, item in pairs)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [plain(item, kind.value_type) for item in value]
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, dt.datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return value


def told(value, kind):
    """The same of a value in the JSON that Firn prints."""
    if value is None:
        return None
    if pa.types.is_floating(kind):
        real = float(value)
        return pa.scalar(real, kind).as_py() if pa.types.is_float32(kind) else real
    if pa.types.is_struct(kind):
        return {field.name: told(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return sorted((told(pair["key"], kind.key_type), told(pair["value"], kind.item_type)) for pair in value)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [told(item, kind.value_type) for item in value]
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value.removesuffix("Z"))
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    if pa.types.is_time(kind):
        return dt.time.fromisoformat(value)
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_large_binary(kind):
        import base64
        return base64.b64decode(value)
    return value


def of_arrow(table, key):
    rows = [{name: plain(row[name], table.schema.field(name).type) for name in table.schema.names}
            for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row[key])


def by_firn(name, key, schema, *words, environment=None):
    lines = firn("lake", "rows", name, "--json", *words, environment=environment).stdout.splitlines()
    rows = [json.loads(line, parse_float=decimal.Decimal)["row"] for line in lines]
    return sorted(({column: told(row[column], schema.field(column).type) for column in row} for row in rows),
                  key=lambda row: row[key])
