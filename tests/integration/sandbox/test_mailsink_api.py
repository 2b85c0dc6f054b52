"""The sink's HTTP, as Mailpit answers."""

import pytest

from tests.integration.sandbox.mailing import Wire, connected, letter, send
from tests.integration.sandbox.running import Running


def test_a_mail_is_listed_as_mailpit_lists_it(mailsink: Running) -> None:
    send(mailsink, to="Ann Lee <ann@example.com>", subject="Grüße", html="<p>Dear&nbsp;you</p>")
    answer = mailsink.http.get("/api/v1/messages").json()
    (shown,) = answer.pop("messages")
    assert answer == {
        "total": 1,
        "unread": 1,
        "count": 1,
        "messages_count": 1,
        "messages_unread": 1,
        "start": 0,
        "tags": [],
    }
    assert shown.pop("ID")
    assert shown.pop("Created").endswith("+00:00")
    assert shown.pop("Size") > 300
    message_id = shown.pop("MessageID")
    assert message_id.endswith("@shop.example")
    assert not message_id.startswith("<")
    assert shown == {
        "Read": False,
        "From": {"Name": "The Shop", "Address": "shop@example.com"},
        "To": [{"Name": "Ann Lee", "Address": "ann@example.com"}],
        "Cc": [],
        "Bcc": [],
        "ReplyTo": [],
        "Subject": "Grüße",
        "Username": "",
        "Tags": [],
        "Attachments": 0,
        "Snippet": "Dear you",
    }


def test_the_newest_mail_comes_first_and_pages_fit(mailsink: Running) -> None:
    for number in range(5):
        send(mailsink, subject=f"mail {number}")

    def page(**query: int) -> list[str]:
        answer = mailsink.http.get("/api/v1/messages", params=query).json()
        assert (answer["total"], answer["count"]) == (5, len(answer["messages"]))
        return [one["Subject"] for one in answer["messages"]]

    assert page() == ["mail 4", "mail 3", "mail 2", "mail 1", "mail 0"]
    assert page(start=1, limit=2) == ["mail 3", "mail 2"]
    assert page(start=4) == ["mail 0"]
    assert page(start=9) == []


def test_a_long_list_comes_whole(mailsink: Running) -> None:
    with connected(mailsink) as client:
        for number in range(120):
            client.send_message(letter(subject=f"mail {number}"))
    assert mailsink.http.get("/api/v1/messages").json()["count"] == 50
    whole = mailsink.http.get("/api/v1/messages", params={"limit": 1000}).json()
    assert len({one["ID"] for one in whole["messages"]}) == 120
    assert mailsink.http.get("/api/v1/messages", params={"limit": 0}).json()["count"] == 120


def test_a_message_shows_its_text_and_html(mailsink: Running) -> None:
    mail = letter(subject="Größe", text="Zwölf\n", html="<b>Zwölf &amp; mehr</b>\n")
    mail["Date"] = "Fri, 20 Nov 2026 12:00:00 +0100"
    mail.add_attachment(b"1,2\r\n", maintype="text", subtype="csv", filename="a.csv")
    with connected(mailsink) as client:
        client.send_message(mail)
    shown = mailsink.http.get("/api/v1/message/latest").json()
    assert shown["Text"] == "Zwölf\n"
    assert shown["HTML"] == "<b>Zwölf &amp; mehr</b>\n"
    assert shown["Date"] == "2026-11-20T12:00:00+01:00"
    assert shown["ReturnPath"] == "shop@example.com"
    assert [one["FileName"] for one in shown["Attachments"]] == ["a.csv"]


def test_a_message_is_read_once_it_was_shown(mailsink: Running) -> None:
    send(mailsink)
    (listed,) = mailsink.http.get("/api/v1/messages").json()["messages"]
    mailsink.http.get(f"/api/v1/message/{listed['ID']}")
    answer = mailsink.http.get("/api/v1/messages").json()
    assert (answer["unread"], answer["messages"][0]["Read"]) == (0, True)


@pytest.mark.parametrize("path", ["none", "none/raw", "latest"])
def test_an_unknown_message_is_not_found(mailsink: Running, path: str) -> None:
    assert mailsink.http.get(f"/api/v1/message/{path}").status_code == 404


def test_recipients_that_no_header_names_are_blind_copies(mailsink: Running) -> None:
    with connected(mailsink) as client:
        client.send_message(letter(), to_addrs=["c@example.com", "hidden@example.com"])
    (shown,) = mailsink.http.get("/api/v1/messages").json()["messages"]
    assert shown["Bcc"] == [{"Name": "", "Address": "hidden@example.com"}]


def test_mails_are_deleted_by_id_or_all(mailsink: Running) -> None:
    for number in range(3):
        send(mailsink, subject=f"mail {number}")
    shown = mailsink.http.get("/api/v1/messages").json()["messages"]
    answer = mailsink.http.request("DELETE", "/api/v1/messages", json={"IDs": [shown[1]["ID"]]})
    assert answer.text == "ok"
    left = mailsink.http.get("/api/v1/messages").json()["messages"]
    assert [one["Subject"] for one in left] == ["mail 2", "mail 0"]
    assert mailsink.http.delete("/api/v1/messages").text == "ok"
    assert mailsink.http.get("/api/v1/messages").json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("to:ann@example.com", ["Order 1 confirmed"]),
        ('subject:"order 2"', ["Order 2 shipped"]),
        ("subject:order", ["Order 2 shipped", "Order 1 confirmed"]),
        ("subject:order to:bob", ["Order 2 shipped"]),
        ("from:nobody", []),
        ("dear", ["Order 2 shipped", "Order 1 confirmed"]),
    ],
)
def test_a_search_finds_by_its_terms(mailsink: Running, query: str, subjects: list[str]) -> None:
    send(mailsink, to="ann@example.com", subject="Order 1 confirmed")
    send(mailsink, to="bob@example.com", subject="Order 2 shipped")
    answer = mailsink.http.get("/api/v1/search", params={"query": query}).json()
    assert [one["Subject"] for one in answer["messages"]] == subjects
    assert (answer["messages_count"], answer["total"]) == (len(subjects), 2)


def test_a_search_finds_a_message_id(mailsink: Running) -> None:
    mail = send(mailsink, subject="this")
    send(mailsink, subject="that")
    query = f"message-id:{mail['Message-ID'].strip('<>')}"
    answer = mailsink.http.get("/api/v1/search", params={"query": query}).json()
    assert [one["Subject"] for one in answer["messages"]] == ["this"]


def test_a_search_needs_a_query(mailsink: Running) -> None:
    assert mailsink.http.get("/api/v1/search").status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Subject\r\n\r\nx",
        b"Subject: =?utf-8?q?=FF?=\r\nFrom: <<>\r\nDate: never\r\n\r\nx",
        b"Subject: =?nope?b?###?=\r\nContent-Type: text/plain; charset=nope\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b",
        b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n#",
        b"Message-ID: <@@>\r\nTo: \xff\xfe\r\n\r\n",
    ],
)
def test_any_bytes_can_be_listed_and_shown(mailsink: Running, raw: bytes) -> None:
    with Wire(mailsink) as wire:
        wire.say(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + raw + b"\r\n.\r\n")
        assert wire.codes(4) == [250, 250, 354, 250]
    assert mailsink.http.get("/api/v1/messages").json()["count"] == 1
    assert mailsink.http.get("/api/v1/message/latest").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/livez"])
def test_it_says_that_it_is_well(mailsink: Running, path: str) -> None:
    assert mailsink.http.get(path).status_code == 200
