"""Mail: plain text with a table of hosts, over SMTP, encrypted where the settings say so."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from remediate.notify.model import Mail, Occasion
from remediate.notify.trouble import HookFailed, line

SUBJECT = 150


def message(mail: Mail, occasion: Occasion) -> EmailMessage:
    """The mail; whatever is in the names of hosts, it has one subject and one body."""
    made = EmailMessage()
    made["From"] = mail.sender
    made["To"] = ", ".join(mail.to)
    made["Subject"] = subject(occasion)
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(occasion))
    return made


def subject(occasion: Occasion) -> str:
    """``remediate: 7 changed, 1 failed: kb870585.yml (RUN)``"""
    counts = ", ".join(f"{number} {outcome}" for outcome, number in occasion.counts().items())
    head = {"before": f"begins on {len(occasion.hosts)} hosts", "after": counts, "failed": f"FAILED: {counts}"}
    words = "test" if occasion.test else head[occasion.kind]
    name = occasion.playbook.rpartition("/")[2]
    return line(f"remediate: {words}: {name} ({occasion.run})")[:SUBJECT]


def text(occasion: Occasion) -> str:
    """The body."""
    rows = [
        ("playbook", occasion.playbook),
        ("run", occasion.run),
        ("by", f"{occasion.who} on {occasion.controller}"),
        ("plan", occasion.plan),
        ("window", occasion.window),
        ("exit code", "" if occasion.exit_code is None else str(occasion.exit_code)),
        ("report", occasion.report),
    ]
    head = [f"{name:<10} {line(value)}" for name, value in rows if value]
    widest = max((len(line(host.host)) for host in occasion.hosts), default=0)
    table = [
        f"{line(host.host):<{widest}}  {host.outcome:<14}  {line(host.reason)}".rstrip() for host in occasion.hosts
    ]
    note = ["This is a test.", ""] if occasion.test else []
    return "\n".join([*note, *head, "", *table, ""])


def _spoken(server: smtplib.SMTP, mail: Mail, occasion: Occasion, password: str, folder: Path) -> dict[str, Any]:
    """The whole conversation; the addresses that were refused."""
    if mail.starttls:
        server.starttls(context=ssl.create_default_context(cafile=str(folder / mail.ca) if mail.ca else None))
    if mail.user:
        server.login(mail.user, password)
    return dict(server.send_message(message(mail, occasion)))


def send(mail: Mail, occasion: Occasion, password: str, timeout: float, folder: Path) -> None:
    """``HookFailed`` when the server does not take it for everybody."""
    try:
        server = smtplib.SMTP(mail.server, mail.port, timeout=timeout)
        try:
            refused = _spoken(server, mail, occasion, password, folder)
        finally:
            server.close()  # not QUIT: a server that is in trouble would be waited for
    except ssl.SSLError:
        raise HookFailed(f"{mail.server}: its certificate cannot be trusted") from None
    except smtplib.SMTPAuthenticationError:
        raise HookFailed(f"{mail.server} refuses the user {mail.user} or the password") from None
    except smtplib.SMTPNotSupportedError as error:
        raise HookFailed(f"{mail.server}: {error}") from None
    except smtplib.SMTPResponseException as error:
        raise HookFailed(f"{mail.server} answered {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise HookFailed(f"{mail.server} refuses {', '.join(error.recipients)}") from None
    except (smtplib.SMTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise HookFailed(f"{mail.server}:{mail.port} cannot be reached: {reason}") from None
    if refused:
        raise HookFailed(f"{mail.server} refuses {', '.join(refused)}")
