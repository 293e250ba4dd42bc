"""Writes CSV result pages like those of a Bulk API 2.0 query on Opportunity, and their describe.

20 columns of mixed type, about 410 bytes a row: a multi-line description with escaped quotes and
non-Latin text, ids, picklists, a reference with 20,000 targets, decimals, dates, date-times,
booleans and nulls. The same seed gives the same bytes.

    python3 bench/import/generate.py build/bench/opportunity --rows 1000000 --pages 10
"""

import argparse
import json
import os
import random

STAGES = ["Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers",
          "Perception Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"]
TYPES = ["Existing Customer - Upgrade", "Existing Customer - Replacement", "New Customer"]
SOURCES = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"]
FORECASTS = ["Pipeline", "BestCase", "Forecast", "Closed", "Omitted"]
WORDS = ("account order renewal quote budget region manager delivery discount the a of for with next "
         "quarter customer contract review meeting proposal licence support upgrade pilot data lake "
         "export stage risk value price legal team call mail follow open close budget owner").split()
OTHER = ["Zürich", "São Paulo", "東京", "Москва", "Kraków", "naïve", "€ 1.200", "😀", "Ελλάδα"]
NAMES = ["Acme", "Globex", "Initech", "Umbrella", "Hooli", "Stark", "Wayne", "Wonka", "Cyberdyne", "Tyrell",
         "Soylent", "Vandelay", "Pied Piper", "Massive Dynamic", "Müller & Söhne", "Société Générale"]

FIELDS = [
    ("Id", "id", {}), ("IsDeleted", "boolean", {}), ("AccountId", "reference", {"referenceTo": ["Account"]}),
    ("Name", "string", {"length": 120}), ("Description", "textarea", {"length": 32000}),
    ("StageName", "picklist", {}), ("Amount", "currency", {"precision": 18, "scale": 2}),
    ("Probability", "percent", {"precision": 3, "scale": 0}),
    ("ExpectedRevenue", "currency", {"precision": 18, "scale": 2}),
    ("CloseDate", "date", {}), ("Type", "picklist", {}), ("NextStep", "string", {"length": 255}),
    ("LeadSource", "picklist", {}), ("IsClosed", "boolean", {}), ("ForecastCategory", "picklist", {}),
    ("OwnerId", "reference", {"referenceTo": ["User"]}), ("CreatedDate", "datetime", {}),
    ("LastModifiedDate", "datetime", {}), ("SystemModstamp", "datetime", {}),
    ("FiscalYear", "int", {"digits": 9}),
]


def id_suffix(text):
    code = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return "".join(code[sum(1 << i for i in range(5) if text[g * 5 + i].isupper())] for g in range(3))


DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def record_id(prefix, number):
    text = ""
    for _ in range(9):
        text = DIGITS[number % 62] + text
        number //= 62
    text = prefix + "5e0" + text
    return text + id_suffix(text)


def instant(rng):
    return "20%02d-%02d-%02dT%02d:%02d:%02d.000Z" % (
        rng.randrange(16, 27), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24),
        rng.randrange(60), rng.randrange(60))


def sentence(rng, words):
    text = " ".join(rng.choices(WORDS, k=words))
    chance = rng.random()
    if chance < 0.10:
        text += ' ""' + rng.choice(NAMES) + '""'
    if chance < 0.15:
        text += " " + rng.choice(OTHER)
    return text


def description(rng):
    if rng.random() < 0.25:
        return ""
    return "\r\n".join(sentence(rng, rng.randrange(8, 16)) for _ in range(rng.choice((1, 1, 2, 3))))


def row(rng, number, accounts, owners):
    amount = "" if rng.random() < 0.05 else "%d.%02d" % (rng.randrange(100, 2_000_000), rng.choice((0, 0, 50, 99)))
    probability = rng.randrange(0, 101, 5)
    expected = "" if not amount else "%.2f" % (float(amount) * probability / 100)
    created = instant(rng)
    modified = instant(rng) if rng.random() < 0.8 else created
    stage = rng.choice(STAGES)
    return '"' + '","'.join((
        record_id("006", number), "true" if rng.random() < 0.01 else "false", rng.choice(accounts),
        "%s - %s %d" % (rng.choice(NAMES), " ".join(rng.choices(WORDS, k=3)), number), description(rng), stage,
        amount, str(probability), expected, created[:10], "" if rng.random() < 0.2 else rng.choice(TYPES),
        "" if rng.random() < 0.4 else sentence(rng, rng.randrange(3, 9)),
        "" if rng.random() < 0.3 else rng.choice(SOURCES), "true" if stage.startswith("Closed") else "false",
        rng.choice(FORECASTS), rng.choice(owners), created, modified, modified, created[:4])) + '"\n'


def describe():
    fields = [dict({"name": name, "type": kind, "nillable": name != "Id"}, **more) for name, kind, more in FIELDS]
    return {"name": "Opportunity", "keyPrefix": "006", "fields": fields}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    rng = random.Random(wanted.seed)
    os.makedirs(wanted.folder + "/pages", exist_ok=True)
    accounts = [record_id("001", rng.randrange(62**6)) for _ in range(20_000)]
    owners = [record_id("005", rng.randrange(62**6)) for _ in range(200)]
    header = '"' + '","'.join(name for name, _, _ in FIELDS) + '"\n'
    number = 0
    for page in range(wanted.pages):
        last = wanted.rows * (page + 1) // wanted.pages
        with open(f"{wanted.folder}/pages/{page:04d}.csv", "w", encoding="utf-8", newline="") as out:
            out.write(header)
            while number < last:
                out.write(row(rng, number, accounts, owners))
                number += 1
    with open(wanted.folder + "/describe.json", "w", encoding="utf-8") as out:
        json.dump(describe(), out, indent=1)


if __name__ == "__main__":
    main()
