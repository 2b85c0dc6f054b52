"""Mailpit's JSON (its API v1, names as there) of a mail, and its search terms."""

import re
from typing import Any

from sandbox.mailsink.message import Message

_TERM = re.compile(r'(?:(to|from|subject|message-id):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)


def summary(message: Message, *, read: bool) -> dict[str, Any]:
    return _common(message) | {
        "Read": read,
        "Created": message.mail.received,
        "Attachments": len(message.attachments()),
        "Snippet": message.snippet,
    }


def full(message: Message) -> dict[str, Any]:
    return _common(message) | {
        "ReturnPath": message.mail.sender,
        "Date": message.date,
        "ListUnsubscribe": {"Header": "", "Links": [], "Errors": "", "HeaderPost": ""},
        "Text": message.text,
        "HTML": message.html,
        "Inline": [],
        "Attachments": [
            {
                "PartID": str(number),
                "FileName": part.get_filename(),
                "ContentType": part.get_content_type(),
                "ContentID": part.get("Content-ID", "").strip("<>"),
                "Size": len(part.get_payload(decode=True)),
            }
            for number, part in enumerate(message.attachments(), start=1)
        ],
    }


def matches(message: Message, query: str) -> bool:
    """Return whether each term is found, `to:` and the like in its header, others anywhere."""
    return all(
        (quoted or word).lower() in _searched(message, header.lower())
        for header, quoted, word in _TERM.findall(query)
    )


def _common(message: Message) -> dict[str, Any]:
    sender = _addresses(message, "From") or [{"Name": "", "Address": message.mail.sender}]
    to, copies = _addresses(message, "To"), _addresses(message, "Cc")
    listed = {one["Address"] for one in (*to, *copies)}
    return {
        "ID": message.mail.mail_id,
        "MessageID": message.message_id,
        "From": sender[0],
        "To": to,
        "Cc": copies,
        "Bcc": [
            {"Name": "", "Address": address}
            for address in message.mail.recipients
            if address not in listed
        ],
        "ReplyTo": _addresses(message, "Reply-To"),
        "Subject": message.header("Subject"),
        "Username": "",
        "Tags": [],
        "Size": len(message.mail.raw),
    }


def _addresses(message: Message, name: str) -> list[dict[str, str]]:
    return [{"Name": shown, "Address": address} for shown, address in message.addresses(name)]


def _searched(message: Message, header: str) -> str:
    match header:
        case "to":
            found = [message.header("To"), *message.mail.recipients]
        case "from":
            found = [message.header("From"), message.mail.sender]
        case "subject":
            found = [message.header("Subject")]
        case "message-id":
            found = [message.message_id]
        case _:
            headers = ("Subject", "From", "To")
            found = [*map(message.header, headers), message.text, message.html]
    return "\n".join(found).lower()
