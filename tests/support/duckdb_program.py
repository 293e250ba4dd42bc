"""Stands in for DuckDB's command line program, which is on no package index: the same engine through its Python
module. Takes `-init FILE` and `-c SQL`; extensions are loaded from their wheels instead of the network."""

import glob
import re
import sys

import duckdb
import duckdb_extension_avro
import duckdb_extension_iceberg


def main(words):
    options = dict(zip(words[::2], words[1::2]))
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for module in (duckdb_extension_avro, duckdb_extension_iceberg):
        found = glob.glob(f"{module.__path__[0]}/**/*.duckdb_extension", recursive=True)
        connection.execute(f"LOAD '{found[0]}'")
    connection.execute("SET TimeZone = 'UTC'")
    with open(options["-init"], encoding="utf-8") as file:
        script = re.sub(r"(INSTALL|LOAD) \w+;", "", file.read())
    connection.execute(script)
    print(connection.execute(options["-c"]).fetchall())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except duckdb.Error as error:
        sys.exit(f"Error: {error}")
