"""What the gateway's process answers: the reading side of directories, grants by their rows, and tests."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskward.core.errors import ConflictError, DeskwardError, NotFoundError, RefusedError, places
from deskward.core.ports import Gateway, People, Spent, Store
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.core.verification import State, Verification
from deskward.remote.calls import OF_DIRECTORIES, OF_GATEWAY, Call, error_line

MOST_BYTES, PART_BYTES = 1_000_000, 32_000
log = structlog.get_logger("deskward.remote")


@dataclass(frozen=True)
class Door:
    """Takes an id and the answers; all else it reads in the rows, whatever the caller believes (SR-56)."""

    gateway: Gateway
    store: Store

    def spend(self, verification_id: str, answers: Mapping[str, Secret]) -> Spent:
        """Spend the grant of a verification."""
        spent = self.gateway.spend(self._read(verification_id), answers)
        log.info("spent", verification=verification_id, done=spent.done, unknown=spent.unknown)
        return spent

    def settle(self, verification_id: str) -> Spent:
        """Find out how an action ended that is under way; ConflictError where none is any more."""
        verification = self._read(verification_id)
        if verification.state is not State.ACTING:
            raise ConflictError("No action of this verification is under way.", "Reload the page.")
        return self.gateway.settle(verification)

    def revoke(self, verification_id: str) -> str:
        """Take back what was done where the account's owner objected; RefusedError where nobody did."""
        verification = self._read(verification_id)
        if not verification.disputed:
            raise RefusedError("Nobody objected to this verification.", "Reload the page.")
        text = self.gateway.revoke(verification)
        log.info("revoked", verification=verification_id)
        return text

    def end_access(self, verification_id: str) -> str:
        """End what was given for a while and not used; RefusedError where no action is done."""
        verification = self._read(verification_id)
        if verification.state is not State.DONE:
            raise RefusedError("No action of this verification is done.", "Reload the page.")
        return self.gateway.end_access(verification)

    def examine(self, action: str) -> Iterable[Check]:
        """Test what an action needs outside."""
        return self.gateway.examine(action)

    def _read(self, verification_id: str) -> Verification:
        verification = self.store.get(verification_id)
        if verification is None:
            raise NotFoundError("There is no such verification.", "Look at the settings: is it the same database?")
        return verification


@dataclass(frozen=True)
class Answers:
    """Answers requests; bodies are never written anywhere."""

    door: Door
    directories: Mapping[str, People]

    async def of_directory(self, request: Request) -> Response:
        """Answer what a directory is asked."""
        name, method = request.path_params["name"], request.path_params["method"]
        return await self._answer(request, self.directories.get(name), OF_DIRECTORIES.get(method))

    async def of_gateway(self, request: Request) -> Response:
        """Answer what the gateway is asked."""
        return await self._answer(request, self.door, OF_GATEWAY.get(request.path_params["method"]))

    async def _answer(self, request: Request, asked: object, call: Call | None) -> Response:
        method = getattr(asked, request.path_params["method"], None)
        if call is None or method is None:
            return Response(status_code=404)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        lines = _lines(call, method, bytes(body))
        # Whoever hangs up stops a list, and never an action.
        return (
            StreamingResponse(_in_parts(lines))
            if call.many
            else Response(await run_in_threadpool(b"".join, lines))
        )


def _in_parts(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Gather lines, so that a long list takes few steps; what is there goes out after a second."""
    part, begun = bytearray(), time.monotonic()
    for line in lines:
        part += line
        if len(part) > PART_BYTES or time.monotonic() - begun > 1:
            yield bytes(part)
            part, begun = bytearray(), time.monotonic()
    yield bytes(part)


def _lines(call: Call, method: Callable[..., Any], body: bytes) -> Iterator[bytes]:
    try:
        yield from call.answered(method(*call.heard(body)))
    except DeskwardError as error:
        yield error_line(error)
    except Exception as error:  # noqa: BLE001 - the outermost edge: its words may hold a secret
        known = log.bind(error=type(error).__name__, where=places(error))
        known.error("gateway failed")
        yield error_line(call.broken("Something failed in the gateway; its log says where."))


def create_app(gateway: Gateway, store: Store, directories: Mapping[str, People]) -> Starlette:
    """Make the app that listens on the gateway's socket."""
    answers = Answers(Door(gateway, store), directories)
    return Starlette(
        routes=[
            Route("/directories/{name}/{method}", answers.of_directory, methods=["POST"]),
            Route("/gateway/{method}", answers.of_gateway, methods=["POST"]),
        ]
    )
