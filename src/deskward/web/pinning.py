"""The browser key of SR-15: P-256, made by the browser, its private half never leaves it."""

from base64 import urlsafe_b64decode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

SIGNATURE_BYTES = 64
_LONGEST = 100


def is_key(text: str) -> bool:
    """Tell whether this is a public key as WebCrypto exports it: base64url of an uncompressed point."""
    try:
        _key(text)
    except ValueError:
        return False
    return True


def signed(key: str, text: str, signature: str) -> bool:
    """Tell whether `signature` (base64url of r and s, 64 bytes) signs `text` under `key`."""
    try:
        raw, public = _bytes(signature), _key(key)
        if len(raw) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        public.verify(encode_dss_signature(r, s), text.encode(), ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _key(text: str) -> EllipticCurvePublicKey:
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes(text))


def _bytes(text: str) -> bytes:
    if len(text) > _LONGEST:
        raise ValueError("too long")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
