"""Accounts receivable, as a real HTTP server that fails, is slow and responds twice."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Post", "Receiver"]


@dataclass(frozen=True)
class Post:
    """What arrived."""

    key: str
    signature: str
    body: bytes


@dataclass
class Receiver:
    """Keeps an invoice once a key; tells the same reference when it is posted again."""

    posts: list[Post] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    """Statuses answered instead, one a post, until there is none left."""
    forgets_answers: int = 0
    """So many posts are kept, and the connection then breaks off without an answer."""
    dawdles_seconds: float = 0.0
    answers_when: threading.Event = field(default_factory=threading.Event)
    """Nothing is answered before it is set, for 9 seconds at most."""
    says: bytes | None = None
    """Answered in place of a reference."""
    pause_of_bytes: float = 0.0
    """Between the bytes of an answer, when it drips."""
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        receiver = self
        self.answers_when.set()
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                key = self.headers["idempotency-key"]
                with lock:
                    receiver.posts.append(Post(key, self.headers["arcadia-signature"], body))
                    status = receiver.failures.pop(0) if receiver.failures else 200
                    forgets = receiver.forgets_answers > 0 and status == 200
                    receiver.forgets_answers -= forgets
                    if status == 200:
                        known = receiver.references.setdefault(
                            key, f"AR-{len(receiver.references) + 1}"
                        )
                time.sleep(receiver.dawdles_seconds)
                receiver.answers_when.wait(9)
                if forgets:
                    self.close_connection = True
                    self.connection.close()
                    return
                answer: dict[str, Any] = (
                    {"reference": known} if status == 200 else {"error": "not now"}
                )
                text = json.dumps(answer).encode() if receiver.says is None else receiver.says
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                if not receiver.pause_of_bytes:
                    self.wfile.write(text)
                    return
                for byte in text:
                    self.wfile.write(bytes([byte]))
                    time.sleep(receiver.pause_of_bytes)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

            def finish(self) -> None:
                if not self.wfile.closed:
                    try:
                        super().finish()
                    except OSError:
                        return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/invoices"

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
