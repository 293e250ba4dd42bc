"""What could go wrong in production: two copies of OpenSSL in one process, and calls that cross between them."""
import os
import re
import subprocess

BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `([^']+)'")
# Instances of the standard library's templates: the same code wherever they are.
STANDARD = re.compile(r"_Z(T[ISVT])?N?[KRO]*S[tsaiod]")
WHEEL = re.compile(r"/lib(arrow|parquet)\w*\.so\.")


def bindings():
    env = {**os.environ, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1"}
    done = subprocess.run([os.environ["FIRN_BIN"], "version"], env=env, capture_output=True, text=True, check=True)
    found = [match.groups() for match in map(BINDING.search, done.stderr.splitlines()) if match]
    assert len(found) > 5000, "the loader told nothing"
    return found


def is_arrows_own(symbol):
    return "arrow" in symbol.lower() or "parquet" in symbol.lower() or STANDARD.match(symbol)


def test_no_library_but_arrows_own_binds_to_arrows_copies():
    crossed = [(user, symbol) for user, provider, symbol in bindings()
               if WHEEL.search(provider) and not WHEEL.search(user) and not is_arrows_own(symbol)]
    assert crossed == []


def test_tls_runs_on_one_openssl():
    providers = {provider for user, provider, symbol in bindings()
                 if "libssl" in user and symbol.startswith(("EVP_", "X509_"))}
    assert len(providers) == 1 and "libcrypto" in providers.pop()
