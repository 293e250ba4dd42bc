"""Ports below those that the system hands out by itself: nobody gets one by chance between our finding it and a
server's binding it, and who leaves one finds it free again."""
import random
import socket


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def quiet_port(taken=(), companions=()):
    """A port that is free, as are those that lie `companions` above it."""
    while True:
        port = random.randrange(12_000, 32_000 - max(companions, default=0))
        if port not in taken and all(map(is_free, [port, *(port + each for each in companions)])):
            return port


def quiet_ports(count, companions=()):
    found = []
    while len(found) < count:
        found.append(quiet_port(found, companions))
    return found
