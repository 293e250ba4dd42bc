"""The org's rows by a public client against a table's rows by PyIceberg: no code of ours compares them."""

import datetime as dt
import decimal

from pyiceberg.catalog.sql import SqlCatalog
from simple_salesforce import Salesforce

UTC = dt.timezone.utc


def client(org):
    """simple-salesforce on the org's plain door; it knows https alone."""
    made = Salesforce(instance_url=org.url, session_id=org.token(), version="62.0")
    made.base_url = made.base_url.replace("https://", "http://")
    return made


def rows_of_org(org, name, where=""):
    """By Id, all described fields that SOQL gives, with their described types."""
    asked = client(org)
    described = asked.restful(f"sobjects/{name}/describe")["fields"]
    types = {field["name"]: field["type"] for field in described if field["type"] != "base64"}
    records = asked.query(f"SELECT {','.join(types)} FROM {name}{where}")
    assert records["done"], "more than a page: ask for fewer"
    return {row["Id"]: row for row in records["records"]}, types


def rows_of_table(project, table):
    warehouse = project.folder / "lake"
    rows = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db", warehouse=f"file://{warehouse}") \
        .load_table(table).scan().to_arrow().to_pylist()
    by_id = {row["Id"]: row for row in rows}
    assert len(by_id) == len(rows), "a row stands twice"
    return by_id


def as_org_has_it(value, kind):
    """What the org said, as a column's value."""
    if value in (None, ""):
        return None
    if kind == "multipicklist":
        return value.split(";")
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "datetime":
        return dt.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
    if kind == "time":
        return dt.time.fromisoformat(value.rstrip("Z"))
    if kind in ("double", "currency", "percent", "int", "long"):
        return decimal.Decimal(str(value))
    if kind in ("address", "location"):
        parts = {key: as_org_has_it(each, "double" if key in ("latitude", "longitude") else "string")
                 for key, each in value.items() if key != "attributes"}
        return parts if any(each is not None for each in parts.values()) else None
    return value


def plain(value):
    if isinstance(value, dict):
        parts = {key: plain(each) for key, each in value.items()}
        return parts if any(each is not None for each in parts.values()) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return decimal.Decimal(str(value))
    return value


def same(expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(same(expected.get(key), found.get(key)) for key in expected.keys() | found.keys())
    if isinstance(expected, decimal.Decimal) and isinstance(found, decimal.Decimal):
        # The org tells more digits than the field has; the table rounds half up to the field's.
        digits = max(0, -found.as_tuple().exponent)
        return expected == found or (
            expected.quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP) == found)
    return expected == found


def differences(org, project, name, table=None):
    """One line each: what is missing, too many, or has another value."""
    wanted, types = rows_of_org(org, name)
    found = rows_of_table(project, table or f"salesforce.{name}")
    lines = [f"{key} is missing" for key in wanted.keys() - found.keys()]
    lines += [f"{key} is too many" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        for field, kind in types.items():
            if field not in found[key]:
                lines.append(f"{key}.{field} has no column")
                continue
            one, other = as_org_has_it(wanted[key][field], kind), plain(found[key][field])
            if not same(one, other):
                lines.append(f"{key}.{field}: org {one!r}, table {other!r}")
    return sorted(lines)
