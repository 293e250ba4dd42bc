"""The sandbox's speed: a bulk query, REST, and bulk ingest, each on an org of its own."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ingest  # noqa: E402
import query  # noqa: E402
import rest  # noqa: E402

if __name__ == "__main__":
    query.main()
    rest.main()
    ingest.main()
