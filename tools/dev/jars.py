"""Jars from Maven, pinned by version and SHA-256 in tools/setup/jars.txt.

Maven's client does the fetching, so that mirrors and proxies of the machine hold.
"""
import hashlib
import pathlib

from dev.shell import Failed, run, say

LIST = pathlib.Path(__file__).resolve().parents[1] / "setup" / "jars.txt"
SERVERS = LIST.parent / "servers"


def fetch(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for line in LIST.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        artifact, sha256 = line.split()
        group, name, version, *classifier = artifact.split(":")
        jar = folder / ("-".join([name, version, *classifier]) + ".jar")
        if jar.exists() and digest(jar) == sha256:
            continue
        say(f"fetching {artifact}")
        coordinate = ":".join([group, name, version, "jar", *classifier])
        run("mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
            f"-Dartifact={coordinate}", f"-DoutputDirectory={folder}", "-Dmdep.useBaseVersion=true",
            cwd=folder)
        if digest(jar) != sha256:
            raise Failed(f"{jar.name} has SHA-256 {digest(jar)}, tools/setup/jars.txt pins {sha256}")


def fetch_servers(folder):
    """Servers that tests run, with all that they depend on: tools/setup/servers/*.xml names them to Maven, the list
    beside it pins every file."""
    for pom in sorted(SERVERS.glob("*.xml")):
        pins = dict(reversed(line.split()) for line in pom.with_suffix(".sha256").read_text().splitlines())
        into = folder / pom.stem
        if all(digest(into / name) == sha256 for name, sha256 in pins.items()):
            continue
        say(f"fetching {pom.stem}")
        run("mvn", "-q", "-B", "-f", str(pom), "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
            f"-DoutputDirectory={into}", "-Dmdep.prependGroupId=true", cwd=folder.parent)
        for name, sha256 in pins.items():
            if digest(into / name) != sha256:
                raise Failed(f"{name} has SHA-256 {digest(into / name)}, {pom.stem}.sha256 pins {sha256}")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "none"
