"""Evidence about one person as one bundle that anybody can check without the service."""

from domain.evidence.bundle.collect import Bundle, collect

__all__ = ["Bundle", "collect"]
