"""A Firefox without a driver of its own: the few commands of Mozilla's Marionette protocol that are needed."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRWPair
from pathlib import Path
from typing import Any

PATIENCE = 60.0
PREFERENCES = """user_pref("marionette.port", {port});
user_pref("intl.accept_languages", "de-DE,de,en-US,en");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
"""


@dataclass
class Firefox:
    """One window; elements are found by XPath and are waited for."""

    wire: "BufferedRWPair[Any, Any]"
    asked: int = 0

    def goto(self, address: str) -> None:
        """Open an address."""
        self.ask("WebDriver:Navigate", url=address)

    def click(self, xpath: str) -> None:
        """Press an element."""
        self.ask("WebDriver:ElementClick", id=self.found(xpath))

    def type(self, xpath: str, text: str) -> None:
        """Type into an element."""
        self.ask("WebDriver:ElementSendKeys", id=self.found(xpath), text=text)

    def found(self, xpath: str) -> str:
        """Wait for an element; gives its reference."""
        value = self.ask("WebDriver:FindElement", using="xpath", value=xpath)["value"]
        return str(next(iter(value.values())))

    def ask(self, command: str, **parameters: Any) -> Any:
        """Send one command and give its result; RuntimeError with the browser's words."""
        self.asked += 1
        message = json.dumps([0, self.asked, command, parameters]).encode()
        self.wire.write(b"%d:%b" % (len(message), message))
        self.wire.flush()
        _, _, error, result = self.told()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result

    def told(self) -> Any:
        """Read one message: its length, a colon, and JSON."""
        digits = b""
        while (one := self.wire.read(1)) != b":":
            if not one:
                raise RuntimeError("Firefox closed the connection.")
            digits += one
        return json.loads(self.wire.read(int(digits)))


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """Start a Firefox without a screen, in Berlin and in German, and end it at last."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (profile / "user.js").write_text(PREFERENCES.format(port=port), encoding="utf-8")
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    environment = {"HOME": str(profile), "TZ": "Europe/Berlin", "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        with _connected(port) as connection, connection.makefile("rwb") as wire:
            window = Firefox(wire)
            window.told()
            window.ask("WebDriver:NewSession", timeouts={"implicit": PATIENCE * 1000})
            yield window
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
