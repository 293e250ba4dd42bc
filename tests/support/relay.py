"""A door before a TLS port: passes bytes on, breaks its connections when asked, or shows another certificate."""
import contextlib
import socket
import ssl
import subprocess
import threading


class Relay:
    """`endpoint` leads to `target` (both `host:port`)."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"localhost:{self.listening.getsockname()[1]}"
        self.swapped = None  # an SSL context that takes the place of the target
        self.refused = 0  # handshakes that a client broke off
        self.away = False  # who comes is sent away
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()
        self.cut()

    def swap(self, folder):
        """From the next connection on: a certificate that nobody signed but itself."""
        key, certificate = folder / "other.pem", folder / "other.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True,
                       capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2"])
        self.swapped = context

    def cut(self):
        with self.lock:
            for each in self.open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def serve(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(client, self.swapped), daemon=True).start()

    def handle(self, client, context):
        with client:
            if self.away:
                return
            if context is None:
                self.pass_on(client)
                return
            try:
                with context.wrap_socket(client, server_side=True) as tls:
                    tls.recv(1)  # a client that likes the certificate speaks first; one that does not breaks off here
            except OSError:
                self.refused += 1

    def pass_on(self, client):
        with socket.create_connection(self.target) as server:
            with self.lock:
                self.open |= {client, server}
            threads = [threading.Thread(target=self.pump, args=pair, daemon=True)
                       for pair in ((client, server), (server, client))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with self.lock:
                self.open -= {client, server}

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
