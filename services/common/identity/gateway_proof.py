"""The gateway's proof that it forwarded a call, so that its data about the caller are trusted.

A direct gRPC caller can send any metadata, but does not know the internal secret.
"""

import hashlib
import hmac

from pydantic import SecretStr

from services.common.settings import Settings

__all__ = ["GatewayProof", "gateway_proof"]


def gateway_proof(secret: SecretStr) -> str:
    """The proof of the gateway, derived from the internal secret without revealing it."""
    key = secret.get_secret_value().encode()
    return hmac.new(key, b"arcadia-gateway", hashlib.sha256).hexdigest()


class GatewayProof:
    """Verifies the gateway's proof, also while the internal secret is being rotated."""

    def __init__(self, settings: Settings) -> None:
        secrets = (settings.internal_secret, settings.internal_secret_previous)
        self._proofs = [gateway_proof(each).encode() for each in secrets if each]

    def holds(self, given: str) -> bool:
        """Whether a call came from the gateway."""
        return any(hmac.compare_digest(each, given.encode()) for each in self._proofs)
