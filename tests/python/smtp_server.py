"""A real SMTP server for tests: takes mail, writes each as one line of JSON, and refuses what its flags say.

The first line of standard output is `smtp listening on HOST:PORT`. Each later one is a mail:

    {"from": "…", "to": ["…"], "options": ["SMTPUTF8"], "hello": "…", "tls": false, "user": null,
     "headers": [["Subject", "decoded"], …], "text": "decoded, lines ended by \\n", "raw": "as received"}

Flags that take PREFIX=REPLY can be given several times; the prefix is that of a recipient's address:

    --rcpt 'refused=550 5.1.1 No such user'   what RCPT TO answers
    --data 'full=452 4.2.2 Mailbox full'      what the end of DATA answers
    --silent PREFIX                           RCPT TO never answers
    --mail '550 5.7.1 Not you'                what every MAIL FROM answers
    --certificate FILE --key FILE             STARTTLS is offered; with --wrapped, TLS from the start
    --user NAME --password WORD               sign-in is demanded
    --ascii-only                              SMTPUTF8 is not offered

It ends when it is killed.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def line(value):
    print(value, flush=True)


class Handler:
    def __init__(self, flags):
        self.rcpt = prefixes(flags.rcpt)
        self.data = prefixes(flags.data)
        self.silent = flags.silent
        self.mail = flags.mail

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail:
            return self.mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if any(address.startswith(prefix) for prefix in self.silent):
            await asyncio.Event().wait()
        reply = answer(self.rcpt, address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            reply = answer(self.data, address)
            if reply:
                return reply
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        received = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": [option for option in envelope.mail_options if option],
            "hello": session.host_name,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "text": mail.get_content().replace("\r\n", "\n"),
            "raw": envelope.content.decode("utf-8", "surrogateescape"),
        }
        line(json.dumps(received))
        return "250 2.0.0 Taken"


def prefixes(flags):
    return [flag.split("=", 1) for flag in flags]


def answer(replies, address):
    return next((reply for prefix, reply in replies if address.startswith(prefix)), None)


def read_flags():
    flags = argparse.ArgumentParser(description="An SMTP server for tests.")
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("--port", type=int, default=0)
    flags.add_argument("--rcpt", action="append", default=[], metavar="PREFIX=REPLY")
    flags.add_argument("--data", action="append", default=[], metavar="PREFIX=REPLY")
    flags.add_argument("--silent", action="append", default=[], metavar="PREFIX")
    flags.add_argument("--mail", metavar="REPLY")
    flags.add_argument("--certificate")
    flags.add_argument("--key")
    flags.add_argument("--wrapped", action="store_true")
    flags.add_argument("--user")
    flags.add_argument("--password")
    flags.add_argument("--ascii-only", action="store_true")
    return flags.parse_args()


def sign_in(flags):
    def check(server, session, envelope, mechanism, data):
        expected = LoginPassword(flags.user.encode(), flags.password.encode())
        if data != expected:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=flags.user)

    return check


async def serve(flags):
    tls = None
    if flags.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(flags.certificate, flags.key)
    options = {"enable_SMTPUTF8": not flags.ascii_only, "hostname": "mail.example.org"}
    if flags.user:
        # Without TLS too: the tests speak to loopback.
        options.update(authenticator=sign_in(flags), auth_required=True, auth_require_tls=False)
    if tls and not flags.wrapped:
        options.update(tls_context=tls, require_starttls=True)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(flags), loop=loop, **options),
        flags.host,
        flags.port,
        ssl=tls if flags.wrapped else None,
    )
    host, port = server.sockets[0].getsockname()[:2]
    line(f"smtp listening on {host}:{port}")
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(serve(read_flags()))
    except KeyboardInterrupt:
        sys.exit(0)
