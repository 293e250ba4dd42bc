"""A custom object whose fields change while somebody follows it: the sandbox org's setup menu."""

import contextlib

OBJECT = "Drift__c"
FIELDS = {
    "Text__c": {"type": "string", "length": 80},
    "Count__c": {"type": "double", "precision": 9, "scale": 0},
    "Price__c": {"type": "currency", "precision": 16, "scale": 2},
    "Day__c": {"type": "date"},
    "Kind__c": {"type": "picklist", "length": 255, "picklistValues": [{"value": v, "active": True} for v in "abc"]},
    "Note__c": {"type": "textarea", "length": 2000},
    "Tags__c": {"type": "multipicklist", "length": 500,
                "picklistValues": [{"value": v, "active": True} for v in ("x", "y", "z")]},
}
# From what to what an administrator may change each; some fit the column, some do not.
RETYPED = {
    "Text__c": [{"type": "string", "length": 255}, {"type": "textarea", "length": 255}, {"type": "email", "length": 80}],
    "Count__c": [{"type": "double", "precision": 18, "scale": 0}, {"type": "string", "length": 80},
                 {"type": "double", "precision": 16, "scale": 2}],
    "Price__c": [{"type": "currency", "precision": 18, "scale": 2}, {"type": "currency", "precision": 18, "scale": 4},
                 {"type": "string", "length": 40}],
    "Day__c": [{"type": "datetime"}, {"type": "string", "length": 40}, {"type": "date"}],
    "Kind__c": [{"type": "string", "length": 255}, {"type": "boolean"}],
    "Tags__c": [{"type": "string", "length": 255}, {"type": "textarea", "length": 500}],
}
VALUES = {
    "string": lambda chance: chance.choice(["plain", "'quoted' \"twice\"", "line\nline", "42", "ünï \U0001f600"]),
    "textarea": lambda chance: "lines\r\n" * chance.randint(1, 30) + "end",
    "email": lambda chance: f"user{chance.randint(0, 99)}@example.com",
    "double": lambda chance: chance.randint(-999, 999),
    "currency": lambda chance: chance.randint(-99999, 99999) / 100,
    "date": lambda chance: f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
    "datetime": lambda chance: f"2026-0{chance.randint(1, 9)}-11T0{chance.randint(0, 9)}:15:00.000+0000",
    "boolean": lambda chance: chance.random() < 0.5,
    "picklist": lambda chance: chance.choice("abc"),
    "multipicklist": lambda chance: chance.choice(["x", "x;y", "x;y;z"]),
}


class Drift:
    """The object as its administrator has made it so far."""

    def __init__(self, org, rows=60, name=OBJECT):
        self.org = org
        self.name = name
        self.fields = dict(FIELDS)
        self.away = set()  # hidden or removed
        self.is_gone = False
        self.turn = 0
        self.define(self.fields)
        if rows:
            org.seed(name, rows)

    def define(self, fields):
        """Makes the fields, or changes those that are there."""
        self.turn += 1
        described = [{"name": name, "label": f"{name} {self.turn}", "createable": True, "updateable": True,
                      "nillable": True, **facts} for name, facts in fields.items()]
        self.org.ask("POST", "load?format=describe",
                     {"name": self.name, "label": self.name, "labelPlural": f"{self.name} {self.turn}",
                      "fields": described})
        self.fields.update(fields)

    def retype(self, name, facts):
        self.define({name: facts})

    def set(self, name, what, on):
        self.org.ask("POST", "fields", {"object": self.name, "field": name, what: on})
        (self.away.add if on else self.away.discard)(name)

    def rename(self, old, new, share=1.0):
        """What renaming is to everybody else: one field goes, another comes, with the old one's values."""
        values = {row["Id"]: row[old] for row in self.rows(old)}
        self.define({new: self.fields[old]})
        self.set(old, "removed", True)
        for n, (record, value) in enumerate(values.items()):
            if n < share * len(values):
                self.org.rest("PATCH", f"sobjects/{self.name}/{record}", {new: value})

    def rows(self, *fields):
        select = ",".join(("Id", *fields))
        page = self.org.rest("GET", f"query?q=SELECT+{select}+FROM+{self.name}+ORDER+BY+Id")
        rows = page["records"]
        while not page["done"]:
            page = self.org.rest("GET", page["nextRecordsUrl"].split("/services/data/v62.0/")[1])
            rows += page["records"]
        return [{key: value for key, value in row.items() if key != "attributes"} for row in rows]

    def ids(self):
        return [row["Id"] for row in self.rows()]

    def shown(self):
        return [name for name in self.fields if name not in self.away]

    def write(self, chance, records=5):
        """New values for some records, in some of the fields."""
        for record in chance.sample(self.ids(), records):
            names = chance.sample(self.shown(), min(3, len(self.shown())))
            values = {name: VALUES[self.fields[name]["type"]](chance) for name in names}
            self.org.rest("PATCH", f"sobjects/{self.name}/{record}", values)

    def change(self, chance):
        """One thing that an administrator does; its name."""
        if self.is_gone:
            self.vanish(False)
            return "object returns"
        what = chance.choice(["hide", "show", "show", "retype", "retype", "retype", "add", "rename", "remove",
                              "restore", "restore", "object vanishes"])
        shown, away = sorted(self.shown()), sorted(self.away)
        if what == "object vanishes":
            self.vanish(True)
        elif what in ("hide", "remove") and len(shown) > 2:
            self.set(chance.choice(shown), "hidden" if what == "hide" else "removed", True)
        elif what in ("show", "restore") and away:
            name = chance.choice(away)
            self.set(name, "hidden", False)
            self.set(name, "removed", False)
        elif what == "retype":
            name = chance.choice(sorted(set(RETYPED) & set(shown)) or shown)
            self.retype(name, chance.choice([*RETYPED.get(name, []), FIELDS.get(name, self.fields[name])]))
        elif what == "rename":
            self.rename(chance.choice(shown), f"Renamed{self.turn}__c", share=0.3)
        else:
            self.define({f"Added{self.turn}__c": chance.choice(list(FIELDS.values()))})
            self.write(chance, 3)
        return what

    @contextlib.contextmanager
    def gone(self):
        """The object is deleted meanwhile, and made good after it."""
        self.vanish(True)
        try:
            yield
        finally:
            self.vanish(False)

    def vanish(self, gone):
        self.is_gone = gone
        self.org.ask("POST", "fields", {"object": self.name, "removed": gone})
