"""A mail server for the tests, made of aiosmtpd: not our code judges our mails.

One argument, JSON: port (0), tls ("", "implicit" or "starttls"), certificate and key
(PEM files), user and password, answers (to the first DATA commands, in place of 250),
stall (never answer to DATA). It prints a JSON line with its port, then one per mail it
was handed. It ends when its standard input does.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

order = json.loads(sys.argv[1])
answers = list(order.get("answers", []))


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Handler:
    async def handle_DATA(self, server, session, envelope):
        answer = answers.pop(0) if answers else "250 taken"
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "encrypted": session.ssl is not None
                or server.transport.get_extra_info("ssl_object") is not None,
                "user": session.auth_data.login.decode() if session.auth_data else None,
                "headers": [[name, str(value)] for name, value in message.items()],
                "text": message.get_content(),
                "bare_ends": raw.replace(b"\r\n", b"").count(b"\n")
                + raw.replace(b"\r\n", b"").count(b"\r"),
                "longest_line": max(len(line) for line in raw.split(b"\r\n")),
                "answer": answer,
            }
        )
        if order.get("stall"):
            await asyncio.Event().wait()
        return answer


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    if (user, password) != (order.get("user"), order.get("password")):
        return AuthResult(success=False, handled=False)
    return AuthResult(success=True, auth_data=data)


def protocol(context):
    starttls = order.get("tls") == "starttls"
    return SMTP(
        Handler(),
        hostname="mail.test",
        enable_SMTPUTF8=True,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        authenticator=authenticate,
        auth_require_tls=False,
        auth_required="user" in order,
    )


async def main():
    context = None
    if order.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(order["certificate"], order["key"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(context),
        "127.0.0.1",
        order.get("port", 0),
        ssl=context if order.get("tls") == "implicit" else None,
    )
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
