"""Where keys and results are kept."""

from .base import Attempt, Record, Store, StoreError

__all__ = ["Attempt", "Record", "Store", "StoreError"]
