"""Calls over a Unix socket: what happened is told truthfully, however the other side behaves."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from deskward.core.errors import RejectedError, UncertainError, UnreachableError
from deskward.outbound import local
from deskward.outbound.local import Local

HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(folder: Path, answer: bytes) -> Iterator[Path]:
    """Answer one request with these bytes, and hang up."""
    path = folder / "s"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen()

        def once() -> None:
            with listener.accept()[0] as connection:
                seen = b""
                while b"[1]" not in seen:
                    seen += connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        yield path
        thread.join(10)


def called(path: Path, *, repeatable: bool = True) -> list[bytes]:
    return list(Local(path, "gateway").lines("/x", b"[1]", repeatable=repeatable, seconds=10))


def test_lines_come_as_they_were_written(tmp_path: Path) -> None:
    with answering(tmp_path, HEAD + b"content-length: 9\r\n\r\n=a\n=\xe2\x80\xa8\n\n") as path:
        assert called(path) == [b"=a", b"=\xe2\x80\xa8", b""]


def test_lines_come_in_parts_too(tmp_path: Path) -> None:
    chunks = b"transfer-encoding: chunked\r\n\r\n2\r\n=a\r\n3\r\n\n=b\r\n0\r\n\r\n"
    with answering(tmp_path, HEAD + chunks) as path:
        assert called(path) == [b"=a", b"=b"]


@pytest.mark.parametrize("answer", [b"", b"nothing of the kind\r\n\r\n"])
def test_sr_58_a_request_without_an_answer_is_uncertain_and_a_repeatable_one_unreachable(
    tmp_path: Path, answer: bytes
) -> None:
    with answering(tmp_path, answer) as path, pytest.raises(UncertainError) as trouble:
        called(path, repeatable=False)
    assert trouble.value.hint
    path.unlink()
    with answering(tmp_path, answer) as path, pytest.raises(UnreachableError, match="no whole answer"):
        called(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _nothing(_: Path) -> None:
    pass


def _left_behind(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize("there", [_nothing, _folder, _left_behind, Path.touch])
def test_where_nobody_listens_nothing_was_sent(tmp_path: Path, there: Callable[[Path], object]) -> None:
    there(tmp_path / "s")
    with pytest.raises(UnreachableError, match="does not answer on its socket") as trouble:
        called(tmp_path / "s", repeatable=False)
    assert trouble.value.hint


def test_another_status_and_a_line_without_end_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(tmp_path, b"HTTP/1.1 404 No\r\n\r\n") as path, pytest.raises(RejectedError, match="404"):
        called(path)
    path.unlink()
    monkeypatch.setattr(local, "MOST_BYTES", 9)
    with (
        answering(tmp_path, HEAD + b"\r\n=2345678\n=23456789\n") as path,
        pytest.raises(RejectedError, match="long"),
    ):
        called(path)
