"""A real small web server that gives OAuth 2.0 tokens for client credentials, and an API that wants them."""

import json
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

CLIENT, SECRET = "desk ward", "s3cret+/%"
ENCODED = "Basic " + b64encode(b"desk+ward:s3cret%2B%2F%25").decode()


@dataclass(frozen=True)
class Asked:
    """One call that came with a good token."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    signed_in: bool = False


@dataclass(frozen=True)
class Reply:
    """What is answered; status 0 hangs up, -1 never answers."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


def told(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {name.replace("_", "-"): v for name, v in headers.items()})


HANGS_UP, SILENT = Reply(0), Reply(-1)
Answer = Callable[[str, SplitResult, str, Mapping[str, str]], Reply]


@dataclass
class Source:
    """Tokens are “token-1”, “token-2”, ... or JWTs with `claims`, and good until `expire` empties `good`.

    A `refresh` token is good once, for a token of somebody who is signed in, and a new one comes with it. A `key`
    is taken as it is, after the word SSWS; `signed_by` judges assertions in place of the secret.
    """

    answer: Callable[[Asked], Reply]
    grant: Reply | None = None
    expires_in: Any = 3600
    key: str | None = None
    refresh: str | None = None
    signed_by: Callable[[str], bool] | None = None
    claims: dict[str, Any] | None = None
    token_path: str = "/oauth2/token"
    url: str = ""
    issued: int = 0
    scopes: list[str] = field(default_factory=list)
    signed_in: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def token_url(self) -> str:
        return f"{self.url}{self.token_path}"

    def expire(self) -> None:
        self.good.clear()

    def token(self, authorization: str, form: str) -> Reply:
        fields = parse_qs(form)
        known = authorization == ENCODED
        if self.signed_by:
            known = not authorization and self.signed_by(fields.get("client_assertion", [""])[0])
        grant, given = fields.get("grant_type"), fields.get("refresh_token")
        refreshed = self.refresh is not None and (grant, given) == (["refresh_token"], [self.refresh])
        if given and not refreshed:
            return told({"error": "invalid_grant"}, 400)
        if not known or not (refreshed or grant == ["client_credentials"]):
            return told({"error": "invalid_client"}, 401)
        self.issued += 1
        self.scopes += fields.get("scope", [])
        if self.grant:
            return self.grant
        token = f"token-{self.issued}"
        if self.claims is not None:
            token = f"e30.{urlsafe_b64encode(json.dumps(self.claims).encode()).decode().rstrip('=')}.{token}"
        self.good.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        if refreshed:
            self.refresh = answer["refresh_token"] = f"refresh-{self.issued}"
            self.signed_in.add(token)
        return told(answer)

    def called(self, authorization: str, asked: Asked) -> Reply:
        scheme, _, token = authorization.partition(" ")
        if (scheme, token) != ("SSWS", self.key) and (scheme != "Bearer" or token not in self.good):
            return told({"status": 401, "code": "UNAUTHENTICATED"}, 401)
        asked = replace(asked, signed_in=token in self.signed_in)
        self.asked.append(asked)
        return self.answer(asked)


@contextmanager
def serving(source: Source) -> Iterator[Source]:
    """Serve on a free loopback port until the end of the block."""

    def answer(method: str, where: SplitResult, content: str, headers: Mapping[str, str]) -> Reply:
        authorization = headers.get("authorization", "")
        if where.path == source.token_path:
            return source.token(authorization, content)
        query = dict(parse_qsl(where.query, keep_blank_values=True))
        body = json.loads(content) if content else None
        return source.called(authorization, Asked(method, where.path, query, body))

    with answering(answer, source.over) as source.url:
        yield source


@contextmanager
def answering(answer: Answer, over: threading.Event) -> Iterator[str]:
    """Serve one connection for each request until the end of the block; gives the address.

    `answer` gets method, address, content, and headers by small letters. `over` ends what is SILENT.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.give(answer(self.command, urlsplit(self.path), content, headers))

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names are http.server's

        def give(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.status < 0:
                over.wait(30)
            if reply.status <= 0:
                return
            self.send_response_only(reply.status)
            for name, value in ({"Date": self.date_time_string()} | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
