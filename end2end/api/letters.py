"""Secrets that nobody knows but who reads the letters that bring them."""

import os
import re
import time

import requests

from people import THROWN_PASSWORD, Person, Visitor, pay, register

# Of each kind; each opens something once.
SECRETS = 3


class Letters:
    """They are asked for at once, and read when all have come."""

    def __init__(self, base, owner, shop, service, times):
        self.accounts = []
        # How the link begins, and whom the letters go to.
        self.sent = {
            "secret_to_confirm": ("confirm-email", [self.confirm(base, number) for number in range(SECRETS)]),
            "secret_to_reset": ("reset-password", [self.reset(base, number) for number in range(SECRETS)]),
            "secret_to_change": ("change-email", [self.change(base, number) for number in range(SECRETS)]),
            "secret_to_claim": ("claim", [self.claim(base, service, at, number) for number, at in enumerate(times)]),
            "secret_to_join": ("invitations", [self.join(owner, shop, number) for number in range(SECRETS)]),
        }

    def reader(self, base, email):
        self.accounts.append(register(base, email))
        return email

    def confirm(self, base, number):
        return self.reader(base, f"confirms-{number}@api.example")

    def reset(self, base, number):
        email = self.reader(base, f"forgets-{number}@api.example")
        answer = requests.post(f"{base}/api/v1/auth/password-reset", json={"email": email}, timeout=30)
        answer.raise_for_status()
        return email

    def change(self, base, number):
        person = Person(base, self.reader(base, f"moves-{number}@api.example"), THROWN_PASSWORD)
        email = f"moved-{number}@api.example"
        person.post("auth/email/change", email=email, password=THROWN_PASSWORD)
        return email

    def claim(self, base, service, at, number):
        """To a guest, of what was booked."""
        email = f"guest-{number}@api.example"
        guest = Visitor(base, service, [at])
        pay(guest, guest.held[0], email)
        return email

    def join(self, owner, shop, number):
        email = f"joins-{number}@api.example"
        owner.post(f"providers/{shop}/team/invitations", email=email, role="member")
        return email

    def read(self):
        until = time.monotonic() + 60
        while True:
            mails = requests.get(f"{os.environ['SANDBOX_URL']}/mail.json", timeout=30).json()
            found = {kind: [secret_in(mails, email, path) for email in emails] for kind, (path, emails) in self.sent.items()}
            missing = [email for kind, (_, emails) in self.sent.items() for email, secret in zip(emails, found[kind]) if not secret]
            if not missing:
                return found
            if time.monotonic() > until:
                raise SystemExit(f"No letter with a link came to {', '.join(missing)}.")
            time.sleep(0.2)


def secret_in(mails, email, path):
    """What follows such a path in a letter to the address; None if there is none."""
    links = (re.search(rf"/{path}/([\w-]+)", mail["plain"] or "") for mail in mails if email in mail["to"])
    return next((link[1] for link in links if link), None)
