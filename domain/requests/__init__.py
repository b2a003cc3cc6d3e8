"""What people ask of the platform and its staff decide: to close, to transfer, to dissolve, to look into a theft."""

from domain.requests.service import Kind, Request, Requests

__all__ = ["Kind", "Request", "Requests"]
