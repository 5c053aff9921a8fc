import socket
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from plagewatch.mail import Mail, MailError, MailServerError, send
from tests.mail.server import Post

NOW_S = 1_795_168_800
PNG = b"\x89PNG\r\n\x1a\n not a real picture"
MAIL = Mail(
    to="anna@cpas-ocmw.example",
    subject="Semaine 46 : Résidence « Tournesol », plus d’eau (+12 %)",
    text="L’eau a coûté 12 € de plus.\n.\nfin",
    html='<p>L’eau a coûté 12&nbsp;€ de plus.</p><img src="cid:chart">',
    images={"chart": PNG},
    message_id="digest.abc",
)


def test_a_mail_arrives_with_both_texts_and_its_picture_inside_the_html(post: Post) -> None:
    send(MAIL, post.server, NOW_S)
    (message,) = post.mailbox.arrived
    assert message["Subject"] == MAIL.subject
    assert (message["From"], message["To"]) == ("plagewatch@cpas-ocmw.example", MAIL.to)
    assert message["Message-ID"] == "<digest.abc@cpas-ocmw.example>"
    assert parsedate_to_datetime(message["Date"]).timestamp() == NOW_S
    text, related = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert text.get_content().replace("\r\n", "\n").strip() == MAIL.text
    assert related.get_content_type() == "multipart/related"
    html, image = related.iter_parts()
    assert html.get_content().strip() == MAIL.html
    assert (image["Content-ID"], image.get_content_disposition()) == ("<chart>", "inline")
    assert image.get_content() == PNG


def test_tls_and_login(secure_post: Post, trusted: None) -> None:
    send(MAIL, secure_post.server, NOW_S)
    assert secure_post.mailbox.secure == [True]
    assert secure_post.mailbox.users == ["plagewatch"]


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(secure_post: Post) -> None:
    with pytest.raises(MailServerError, match="certificate verify failed") as raised:
        send(MAIL, secure_post.server, NOW_S)
    assert not raised.value.retryable
    assert secure_post.mailbox.arrived == []


def test_a_wrong_password_is_the_servers_matter_not_the_mails(secure_post: Post, trusted: None) -> None:
    with pytest.raises(MailServerError, match="refuses the login: 535") as raised:
        send(MAIL, replace(secure_post.server, password="wrong"), NOW_S)
    assert not raised.value.retryable
    assert "wrong" not in str(raised.value)


def test_starttls_that_the_server_does_not_offer_is_not_left_out_silently(post: Post) -> None:
    with pytest.raises(MailServerError, match="STARTTLS") as raised:
        send(MAIL, replace(post.server, starttls=True), NOW_S)
    assert not raised.value.retryable
    assert post.mailbox.arrived == []


def test_the_password_stands_in_no_log(post: Post) -> None:
    assert "geheim" not in repr(replace(post.server, password="geheim"))


@pytest.mark.parametrize(("answer", "retryable"), [("550 no such mailbox", False), ("450 greylisted", True)])
def test_a_refused_recipient(post: Post, answer: str, retryable: bool) -> None:
    post.mailbox.recipients[MAIL.to] = answer
    with pytest.raises(MailError, match=f"anna@cpas-ocmw.example refused: {answer}") as raised:
        send(MAIL, post.server, NOW_S)
    assert raised.value.retryable is retryable
    assert not isinstance(raised.value, MailServerError)


@pytest.mark.parametrize(("answer", "retryable"), [("552 too large", False), ("451 try later", True)])
def test_a_refused_message(post: Post, answer: str, retryable: bool) -> None:
    post.mailbox.data_answers.append(answer)
    with pytest.raises(MailError, match=f"not taken: {answer}") as raised:
        send(MAIL, post.server, NOW_S)
    assert raised.value.retryable is retryable


def test_nobody_listens(post: Post) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = replace(post.server, port=closed.getsockname()[1])
        with pytest.raises(MailServerError, match=str(server.port)) as raised:
            send(MAIL, server, NOW_S)
    assert raised.value.retryable


def test_a_server_that_says_nothing_is_left_after_the_timeout(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = replace(post.server, port=silent.getsockname()[1], timeout_s=0.2)
        with pytest.raises(MailServerError, match="timed out") as raised:
            send(MAIL, server, NOW_S)
    assert raised.value.retryable


@pytest.mark.parametrize(
    "to",
    [
        "anna",
        "anna@a.example, eve@evil.example",
        "anna@a.example\r\nBcc: eve@evil.example",
        "Anna <anna@a.example>",
        "",
        "anna@",
        "@a.example",
    ],
)
def test_what_is_no_address_is_refused_for_good(post: Post, to: str) -> None:
    with pytest.raises(MailError) as raised:
        send(replace(MAIL, to=to), post.server, NOW_S)
    assert not raised.value.retryable
    assert post.mailbox.arrived == []


def test_a_subject_cannot_make_a_header(post: Post) -> None:
    send(replace(MAIL, subject="Lek\r\nBcc: eve@evil.example\u2028\n\nkelder"), post.server, NOW_S)
    (message,) = post.mailbox.arrived
    assert message["Bcc"] is None
    assert message["Subject"] == "Lek Bcc: eve@evil.example kelder"


def test_a_text_that_is_no_text_is_refused_for_good(post: Post) -> None:
    with pytest.raises(MailError) as raised:
        send(replace(MAIL, text="half a character: \ud83d"), post.server, NOW_S)
    assert not raised.value.retryable
