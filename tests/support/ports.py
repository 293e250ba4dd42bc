"""Ports below those that the system hands out by itself: who leaves one finds it free again."""
import random
import socket


def quiet_port(taken=()):
    """A port that is free and that nobody gets by chance."""
    while True:
        port = random.randrange(20_000, 32_000)
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
