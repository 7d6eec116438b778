"""Mail: plain text with a table of hosts, over SMTP, encrypted where the settings say so."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path

from remediate.notify.model import Mail, Occasion
from remediate.notify.trouble import HookFailed, OutOfTime, line, masked, reason, timed_out
from remediate.notify.wording import subject, text


def message(mail: Mail, occasion: Occasion, now: datetime) -> EmailMessage:
    """The mail; whatever is in the names of hosts, it has one subject and one body."""
    made = EmailMessage()
    made["From"] = mail.sender
    made["To"] = ", ".join(mail.to)
    made["Subject"] = subject(occasion)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=parseaddr(mail.sender)[1].rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(occasion))
    return made


def send(mail: Mail, occasion: Occasion, password: str, now: datetime, deadline: float, folder: Path) -> None:
    """``HookFailed`` when the server does not take it for everybody before ``deadline`` (``time.monotonic``)."""
    place = f"{mail.server}:{mail.port}"
    trust = _trust(mail, folder)
    try:
        refused = _conversation(mail, message(mail, occasion, now), password, trust, deadline)
    except smtplib.SMTPNotSupportedError as error:
        raise HookFailed(f"{place}: {error}") from None
    except smtplib.SMTPAuthenticationError as error:
        raise HookFailed(f"{place} refuses the user or the password: {_said(error, password)}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise HookFailed(f"{place} refuses {_listed(error.recipients)}") from None
    except smtplib.SMTPResponseException as error:
        raise HookFailed(f"{place} answered {_said(error, password)}") from None
    except UnicodeError:
        raise HookFailed("user and password must be ASCII: mail servers know nothing else") from None
    except (smtplib.SMTPException, OSError) as error:
        if timed_out(error):
            raise OutOfTime(f"{place} did not answer") from None
        raise HookFailed(f"{place} cannot be used: {reason(error) or 'it closed the connection'}") from None
    if refused:
        raise HookFailed(f"{place} took it, but not for {_listed(refused)}")


def _conversation(
    mail: Mail, letter: EmailMessage, password: str, trust: ssl.SSLContext | None, deadline: float
) -> list[str]:
    """All that is said; the addresses that were refused."""
    server = smtplib.SMTP(mail.server, mail.port, timeout=max(0.01, deadline - time.monotonic()))
    try:
        if trust:
            server.starttls(context=trust)
        if mail.user:
            server.login(mail.user, password)
        return list(server.send_message(letter))
    finally:
        server.close()  # not QUIT: a server that is in trouble would be waited for


def _trust(mail: Mail, folder: Path) -> ssl.SSLContext | None:
    if not mail.starttls:
        return None
    try:
        return ssl.create_default_context(cafile=str(folder / Path(mail.ca).expanduser()) if mail.ca else None)
    except (OSError, RuntimeError) as error:
        said = "no certificate in it" if isinstance(error, ssl.SSLError) else reason(error)
        raise HookFailed(f"the file of issuers {mail.ca} cannot be used: {said}") from None


def _said(error: smtplib.SMTPResponseException, password: str) -> str:
    """The server's own words, should it repeat the password without it."""
    words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return masked(f"{error.smtp_code} {line(words)}", (password,)).strip()


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(map(line, addresses))
