"""Tells people and programs before and after a change: webhooks, mail, commands. Gets plain data, knows no engine."""

from remediate.notify.model import Hook, HostLine, Mail, Occasion, Told
from remediate.notify.telling import notify

__all__ = ["Hook", "HostLine", "Mail", "Occasion", "Told", "notify"]
