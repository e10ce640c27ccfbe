"""Encrypts what has to be read again: TOTP secrets, addresses that only this house knows."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret

NONCE_BYTES = 12


class Sealer:
    """AES-256-GCM under a key of 32 bytes that is kept outside the database; a row's id goes along unencrypted."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def sealed(self, secret: Secret, row_id: str) -> Secret:
        """Encrypt for one row; an empty secret stays empty."""
        if not secret:
            return secret
        nonce = os.urandom(NONCE_BYTES)
        text = nonce + self._cipher.encrypt(nonce, secret.reveal().encode(), row_id.encode())
        return Secret(urlsafe_b64encode(text).decode())

    def opened(self, sealed: Secret, row_id: str) -> Secret:
        """Decrypt; SettingsError when it was sealed under another key or for another row."""
        if not sealed:
            return sealed
        try:
            raw = urlsafe_b64decode(sealed.reveal())
            text = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], row_id.encode())
        except (InvalidTag, ValueError) as error:
            raise SettingsError(
                "Something sealed in the database cannot be opened with this key.",
                "Put the right store.key_file back; every part needs the same one.",
            ) from error
        return Secret(text.decode())
