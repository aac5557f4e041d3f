"""What a client shows to be let in over ws://. No credential is ever part of an error or a log line."""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spindled.cli import UsageError

if TYPE_CHECKING:
    from spindled.cli import WebSocketAuth

__all__ = ["SECRET_VARIABLE", "TOKEN_VARIABLE", "CapabilityToken", "Credential", "Denied", "SignedBearer", "required"]

TOKEN_VARIABLE = "SPINDLED_WS_TOKEN"
SECRET_VARIABLE = "SPINDLED_WS_SECRET"

ALGORITHM = "HS256"
LEAST_SECRET_BYTES = 32
DEFAULT_SKEW_SECONDS = 30


class Denied(Exception):
    """Not a credential that counts; the text may be shown to anybody."""


class Credential(Protocol):
    def check(self, shown: str) -> None:
        """Raises Denied."""


class CapabilityToken:
    """One token for all clients, known by its SHA-256."""

    def __init__(self, digest: bytes):
        self._digest = digest

    def check(self, shown: str) -> None:
        if not hmac.compare_digest(sha256(shown.encode("utf-8", "surrogateescape")).digest(), self._digest):
            raise Denied("invalid websocket bearer token")


class SignedBearer:
    """A JSON web token, signed with a secret that we share (HS256), with an expiry."""

    def __init__(self, secret: bytes, issuer: str | None, audience: str | None, skew_seconds: int):
        import jwt  # here and not at the first client: what is missing is told at the start

        self._jwt = jwt
        self._secret = secret
        self._issuer = issuer
        self._audience = audience
        self._skew = skew_seconds

    def check(self, shown: str) -> None:
        jwt = self._jwt
        try:
            jwt.decode(
                shown,
                self._secret,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._skew,
                options={"require": ["exp"], "verify_aud": self._audience is not None, "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise Denied("expired websocket jwt") from None
        except jwt.ImmatureSignatureError:
            raise Denied("websocket jwt is not valid yet") from None
        except jwt.InvalidIssuerError:
            raise Denied("websocket jwt issuer mismatch") from None
        except jwt.InvalidAudienceError:
            raise Denied("websocket jwt audience mismatch") from None
        except jwt.MissingRequiredClaimError as error:
            named = {"aud": "audience", "iss": "issuer"}.get(error.claim)
            raise Denied(f"websocket jwt {named} mismatch" if named else "invalid websocket jwt") from None
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise Denied("invalid websocket jwt") from None


def required(asked: WebSocketAuth, environ: MutableMapping[str, str]) -> Credential | None:
    """The credential that the command line asks for; None if it asks for none. Raises UsageError, OSError.

    The variables are taken out of the environment, so that no child of ours gets them.
    """
    token, secret = (environ.pop(name, None) for name in (TOKEN_VARIABLE, SECRET_VARIABLE))
    if asked.mode == "capability-token":
        return CapabilityToken(_token_digest(asked, token))
    if asked.mode == "signed-bearer-token":
        skew = DEFAULT_SKEW_SECONDS if asked.max_clock_skew_seconds is None else asked.max_clock_skew_seconds
        return SignedBearer(_shared_secret(asked, secret), asked.issuer, asked.audience, skew)
    return None


def _token_digest(asked: WebSocketAuth, variable: str | None) -> bytes:
    if asked.token_sha256 is not None:
        try:
            digest = bytes.fromhex(asked.token_sha256)
        except ValueError:
            digest = b""
        if len(digest) != sha256().digest_size:
            raise UsageError("--ws-token-sha256 must be a 64-character hex SHA-256 digest")
        return digest
    token = _secret(asked.token_file, variable)
    if token is None:
        raise UsageError(
            "--ws-auth capability-token needs --ws-token-file or --ws-token-sha256,"
            f" or the environment variable {TOKEN_VARIABLE}"
        )
    if not token:
        raise UsageError("the websocket capability token is empty")
    return sha256(token).digest()


def _shared_secret(asked: WebSocketAuth, variable: str | None) -> bytes:
    secret = _secret(asked.shared_secret_file, variable)
    if secret is None:
        raise UsageError(
            "--ws-auth signed-bearer-token needs --ws-shared-secret-file,"
            f" or the environment variable {SECRET_VARIABLE}"
        )
    if len(secret) < LEAST_SECRET_BYTES:
        raise UsageError(f"the websocket shared secret must have at least {LEAST_SECRET_BYTES} bytes")
    return secret


def _secret(file: str | None, variable: str | None) -> bytes | None:
    """Without the blanks around it, which editors leave; None if neither place has one."""
    if file is not None:
        return Path(file).read_bytes().strip()
    return variable.strip().encode("utf-8", "surrogateescape") if variable is not None else None
