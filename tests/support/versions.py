"""A new version of a platform's text, published while somebody is reading the old one."""

from __future__ import annotations

from dataclasses import replace

from domain import Domain
from domain.agreements import parse
from domain.agreements.versions import Source, Version
from domain.platforms import ChannelAuthorisation, Platforms
from tests.support.databases import platforms


async def publish(domain: Domain, platform_id: str, *, source: Source = "sample", note: str = "另行通知。") -> Version:
    """Publish the platform's sample with one sentence more, as the next version."""
    sample = domain.platforms.get(platform_id)
    raw = sample.sample_bytes.rstrip() + note.encode() + b"\n"
    async with domain.transaction() as session:
        version = await domain.parts.agreements.bring_in(
            session, platform_id=platform_id, raw=raw, file_name="new.md", parsed=parse(raw, "new.md"), source=source
        )
        return await domain.parts.agreements.publish(session, platform_id, version.version)


def authorised(platform_id: str) -> Platforms:
    """The built-in platforms, one of which has authorised this channel in writing."""
    channel = ChannelAuthorisation(authorised=True, document="授权书 2026-1")
    return Platforms(
        [
            replace(p, profile=p.profile.model_copy(update={"channel": channel})) if p.id == platform_id else p
            for p in platforms()
        ]
    )
