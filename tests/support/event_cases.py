"""Random events and event patterns that come near each other, as JSON texts with all the freedom JSON has: repeated
and dotted names, numbers written in several ways, escapes or not."""
import json
import random

TEXTS = ["a", "ab", "abc", "B", "", "ba", "A", "10.0.0.1", "10.0.0.33", "::1", "0:0:0:0:0:0:0:1", "ä", "Ä", "straße",
         "STRASSE", "x*y", "a\\b", 'q"t', "\u212a", "k", "5", "true", "2001:db8::1", "ß", "\u0130", "256.1.1.1", "1.2.3"]
NUMBERS = ["0", "1", "5", "5.0", "0.5e1", "-1", "-0", "301.8", "3.018e2", "123456789012345678901", "1e3", "1000", "0.1",
           "1e-7", "9007199254740993", "12345678901234567", "12345678901234568", "1e400", "5E0", "2.50"]
WILDCARDS = ["*", "a*", "*b", "a*c", "*a*", "**", "\\*", "a\\\\*", "\\x", "10*", "*ß*", "x\\*y", "*.*.*"]
# Not 0.0.0.0/0: to event-ruler a plain number like 1e3 is an address in it, to us none is.
BLOCKS = ["10.0.0.0/8", "10.0.0.33/31", "2001:db8::/32", "1/2", "10.0.0.0/33", "::1/127", "x/1"]


class Number(str):
    """Stands in the text as it is."""


class Cases:
    """Objects are tuples of (name, value), so that names may repeat."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pair(self):
        return {"event_text": self.text(self.event(3)), "pattern_text": self.text(self.pattern(2))}

    def text(self, value):
        if isinstance(value, Number):
            return str(value)
        if isinstance(value, list):
            return "[" + ",".join(map(self.text, value)) + "]"
        if isinstance(value, tuple):
            return "{" + ",".join(f"{json.dumps(name)}:{self.text(each)}" for name, each in value) + "}"
        return json.dumps(value, ensure_ascii=self.random.random() < 0.5)

    def number(self):
        return Number(self.random.choice(NUMBERS))

    def word(self):
        return self.random.choice(TEXTS)

    def one_or_more(self, make):
        return make() if self.random.random() < 0.5 else [make() for _ in range(self.random.randrange(1, 4))]

    def leaf(self):
        return self.random.choice([lambda: None, lambda: self.random.random() < 0.5, self.number, self.number,
                                   self.word, self.word, self.word])()

    def name(self):
        return self.random.choice("pqr" * 9 + "s") if self.random.random() < 0.97 else "p.q"

    def event(self, depth):
        return tuple((self.name(), self.value(depth)) for _ in range(self.random.randrange(5)))

    def value(self, depth):
        kind = self.random.randrange(6) if depth else 0
        if kind in (1, 2):
            return self.event(depth - 1)
        if kind == 3:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return self.leaf()

    def operator(self):
        choice, word = self.random.choice, self.word
        wild = lambda: choice(WILDCARDS)  # noqa: E731
        made = choice([
            lambda: ("prefix", word()), lambda: ("suffix", word()), lambda: ("equals-ignore-case", word()),
            lambda: ("prefix", (("equals-ignore-case", word()),)),
            lambda: ("suffix", (("equals-ignore-case", word()),)),
            lambda: ("wildcard", wild()), lambda: ("exists", self.random.random() < 0.5),
            lambda: ("exactly", word()), lambda: ("anything-but", self.one_or_more(word)),
            lambda: ("anything-but", self.one_or_more(self.number)),
            lambda: ("anything-but", (("prefix", self.one_or_more(word)),)),
            lambda: ("anything-but", (("suffix", self.one_or_more(word)),)),
            lambda: ("anything-but", (("equals-ignore-case", self.one_or_more(word)),)),
            lambda: ("anything-but", (("wildcard", self.one_or_more(wild)),)),
            lambda: ("numeric", [choice(["<", ">", "<=", ">=", "="]), self.number()]),
            lambda: ("numeric", [choice([">", ">="]), self.number(), choice(["<", "<="]), self.number()]),
            lambda: ("cidr", choice(BLOCKS)),
            lambda: (choice(["prefix", "regex", "suffix", "numeric", "exists"]), self.leaf()),
        ])()
        return (made,)

    def pattern(self, depth):
        fields = []
        for _ in range(self.random.randrange(1, 4)):
            if depth and self.random.random() < 0.45:
                fields.append((self.name(), self.pattern(depth - 1)))
            else:
                fields.append((self.name(), [self.leaf() if self.random.random() < 0.6 else self.operator()
                                             for _ in range(self.random.randrange(1, 3))]))
        if depth and self.random.random() < 0.15:
            fields.insert(self.random.randrange(len(fields) + 1),
                          ("$or", [self.pattern(depth - 1) for _ in range(self.random.randrange(2, 4))]))
        return tuple(fields)
