"""A server of HTTP/1.1 on a port of this machine, for whoever answers in `handle`."""
import http.server
import threading


class LocalHttp:
    """`with` starts and ends it; `url` is known before. `handle(handler)` runs on a thread of its own for each
    connection; `handler` is of http.server, its body not read."""

    def __init__(self):
        local = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def any_method(self):
                local.handle(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = any_method

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        raise NotImplementedError
