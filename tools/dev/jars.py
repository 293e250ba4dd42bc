"""Jars from Maven, pinned by version and SHA-256 in tools/setup/jars.txt.

Maven's client does the fetching, so that mirrors and proxies of the machine hold.
"""
import hashlib
import pathlib

from dev.shell import Failed, run, say

LIST = pathlib.Path(__file__).resolve().parents[1] / "setup" / "jars.txt"


def fetch(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for line in LIST.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        artifact, sha256 = line.split()
        group, name, version = artifact.split(":")
        jar = folder / f"{name}-{version}.jar"
        if jar.exists() and digest(jar) == sha256:
            continue
        say(f"fetching {artifact}")
        run("mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
            f"-Dartifact={artifact}", f"-DoutputDirectory={folder}", "-Dmdep.useBaseVersion=true",
            cwd=folder)
        if digest(jar) != sha256:
            raise Failed(f"{jar.name} has SHA-256 {digest(jar)}, tools/setup/jars.txt pins {sha256}")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "none"
