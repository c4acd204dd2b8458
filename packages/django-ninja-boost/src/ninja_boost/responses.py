"""The envelope."""

from ninja_boost_core.responses import Envelope, ErrorEnvelope, ProblemDetails, wrap_response

__all__ = ["Envelope", "ErrorEnvelope", "ProblemDetails", "wrap_response"]
