"""A small OpenID provider after Core 1.0, Discovery 1.0, RFC 6749, 7636, 9207 and RP-Initiated Logout 1.0.

Own keys, real signatures, a real login page. It is strict where the specifications say MUST, and has a switch for
every fault that a client has to find.
"""

import hmac
import json
import secrets
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from html import escape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.servers.tokens import Reply, answering, told

CLIENT, SECRET = "desk ward", "s3cret+/%"
COOKIE = "provider"
PAGE = """<!doctype html><html lang="en"><title>Sign in</title><h1>Provider</h1>{problem}
<form method="post" action="/authorize?{query}"><label>Account <input name="login" autocomplete="username"></label>
<label>Secret <input name="password" type="password"></label><button>Continue</button></form></html>"""
Query = Mapping[str, str]


@dataclass
class Person:
    """Somebody with an account there."""

    subject: str
    password: str
    name: str
    groups: list[str]


@dataclass
class Code:
    """A code that was given, for one use."""

    query: Query
    login: str
    auth_time: float


@dataclass
class Faults:
    """What it does wrong: claims, headers and metadata are laid over the right ones, None takes one away.

    `token` and `metadata_reply` are answered instead; `forged` makes the ID token of header and claims.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    token: Reply | None = None
    metadata_reply: Reply | None = None
    keys_reply: Reply | None = None
    forged: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    tells_login_again: bool = True
    issuer_in_answer: str | None = ""


@dataclass
class OpenId:
    """One provider with one client; `now` gives seconds since 1970."""

    redirect: str
    now: Callable[[], float]
    people: dict[str, Person] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    algorithm: str = "RS256"
    url: str = ""
    asked: list[str] = field(default_factory=list)
    signed_in: dict[str, tuple[str, float]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.keys: list[RSAKey | ECKey] = [_rsa("first"), ECKey.generate_key("P-256", {"kid": "curve"})]
        self.signer: RSAKey | ECKey = self.keys[0]

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish no other."""
        self.signer = _rsa("second")
        self.keys = [self.signer]

    def __call__(self, method: str, path: str, query: Query, form: Query, headers: Query) -> Reply:
        self.asked.append(f"{method} {path}")
        match f"{method} {path}":
            case "GET /.well-known/openid-configuration":
                return self.faults.metadata_reply or told(_over(self.metadata(), self.faults.metadata))
            case "GET /keys":
                public = {"keys": [{**k.as_dict(private=False), "use": "sig"} for k in self.keys]}
                return self.faults.keys_reply or told(public)
            case "GET /authorize" | "POST /authorize":
                return self.authorize(query, form, headers)
            case "POST /token":
                return self.faults.token or self.token(form, headers.get("authorization", ""))
            case "GET /logout":
                return self.logout(query, headers)
        return Reply(404, b"")

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "PS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def authorize(self, query: Query, form: Query, headers: Query) -> Reply:
        """Show the login page, or go back with a code (Core 3.1.2)."""
        if query.get("client_id") != CLIENT or query.get("redirect_uri") != self.redirect:
            return Reply(400, b"unknown client or redirect")
        needed = query.get("response_type") == "code" and "openid" in query.get("scope", "").split()
        if (
            not needed
            or query.get("code_challenge_method") != "S256"
            or len(query.get("code_challenge", "")) != 43
        ):
            return self.back(query, {"error": "invalid_request"})
        cookies = SimpleCookie(headers.get("cookie", ""))
        session = cookies[COOKIE].value if COOKIE in cookies else ""
        login, at = self.signed_in.get(session, ("", 0.0))
        old = self.now() - at > float(query.get("max_age", "inf")) or query.get("prompt") == "login"
        if "login" in form:
            person = self.people.get(form["login"])
            if person is None or person.password != form.get("password"):
                return self.page(query, "<p role=alert>Wrong.</p>")
            session, login, at = secrets.token_urlsafe(16), form["login"], self.now()
            self.signed_in[session] = (login, at)
        elif not login or (old and self.faults.tells_login_again):
            return self.page(query)
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(query, login, at)
        answer = self.back(query, {"code": code})
        answer.headers["Set-Cookie"] = f"{COOKIE}={session}; Path=/; HttpOnly"
        return answer

    def page(self, query: Query, problem: str = "") -> Reply:
        page = PAGE.format(problem=problem, query=escape(urlencode(query)))
        return Reply(200, page.encode(), {"Content-Type": "text/html"})

    def back(self, query: Query, values: dict[str, str]) -> Reply:
        named = self.url if self.faults.issuer_in_answer == "" else self.faults.issuer_in_answer
        values |= {"state": query.get("state", ""), **({"iss": named} if named is not None else {})}
        return Reply(302, b"", {"Location": f"{self.redirect}?{urlencode(values)}"})

    def token(self, form: Query, authorization: str) -> Reply:
        """Give an ID token for a code, once (Core 3.1.3)."""
        pair = f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()
        wanted = "Basic " + b64encode(pair).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if authorization != wanted and not by_form:
            return told({"error": "invalid_client"}, 401)
        code = self.codes.pop(form.get("code", ""), None)
        challenge = _hashed(form.get("code_verifier", ""), 32)
        if (
            code is None
            or form.get("redirect_uri") != self.redirect
            or challenge != code.query["code_challenge"]
            or form.get("grant_type") != "authorization_code"
        ):
            return told({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(24)
        claims = _over(self.claims(code, access), self.faults.claims)
        header = _over({"alg": self.algorithm, "kid": self.signer.kid}, self.faults.header)
        forge = self.faults.forged or (lambda h, c: jwt.encode(h, c, self.signer, algorithms=[h["alg"]]))
        answer = {"access_token": access, "token_type": "Bearer", "id_token": forge(header, claims)}
        return told(_over(answer, self.faults.answer))

    def claims(self, code: Code, access: str) -> dict[str, Any]:
        person, now = self.people[code.login], int(self.now())
        return {
            "iss": self.url,
            "sub": person.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": code.query.get("nonce"),
            "auth_time": int(code.auth_time),
            "at_hash": _hashed(access, 16),
            "preferred_username": code.login,
            "name": person.name,
            "groups": person.groups,
        }

    def logout(self, query: Query, headers: Query) -> Reply:
        cookies = SimpleCookie(headers.get("cookie", ""))
        if COOKIE in cookies:
            self.signed_in.pop(cookies[COOKIE].value, None)
        assert query["client_id"] == CLIENT
        return Reply(302, b"", {"Location": query["post_logout_redirect_uri"]})


def hs256_with_public_key(provider: OpenId) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Sign with HMAC under the public key's PEM, as old libraries could be made to accept."""
    pem = provider.signer.as_pem(private=False)

    def forged(header: dict[str, Any], claims: dict[str, Any]) -> str:
        parts = [_packed(header | {"alg": "HS256"}), _packed(claims)]
        mac = hmac.digest(pem, ".".join(parts).encode(), "sha256")
        return ".".join([*parts, urlsafe_b64encode(mac).decode().rstrip("=")])

    return forged


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Make a token that nobody signed."""
    return f"{_packed(header | {'alg': 'none'})}.{_packed(claims)}."


def signed_with_nothing(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Make a token whose signature is made up."""
    return f"{_packed(header)}.{_packed(claims)}.AAAA"


@contextmanager
def providing(provider: OpenId) -> Iterator[OpenId]:
    """Serve on a free loopback port until the end of the block."""

    def answer(method: str, where: SplitResult, content: str, headers: Mapping[str, str]) -> Reply:
        query, form = (dict(parse_qsl(text, keep_blank_values=True)) for text in (where.query, content))
        return provider(method, where.path, query, form, headers)

    with answering(answer, provider.over) as provider.url:
        yield provider


def _over(right: dict[str, Any], wrong: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**right, **wrong}.items() if value is not None}


@cache
def _rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def _hashed(text: str, length: int) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()[:length]).decode().rstrip("=")


def _packed(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
