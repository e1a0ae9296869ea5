"""An assertion judged by the library `PyJWT`, as an application that trusts it would.

    python jwt_check.py JWKS AUDIENCE ISSUER SUBJECT < ASSERTION

JWKS is a file. Shows that the assertion holds for that audience, and that what was made of
it holds for nobody: no algorithm, another audience, an altered claim, the public key taken
for an HMAC's secret. Exit code: 0 all as it should be, 1 something isn't (said last).
"""

import base64
import hashlib
import hmac
import json
import sys

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def main(jwks, audience, issuer, name):
    with open(jwks, encoding="utf-8") as file:
        keys = jwt.PyJWKSet.from_json(file.read())
    token = sys.stdin.read().strip()
    head, claims, signature = token.split(".")
    key = keys[jwt.get_unverified_header(token)["kid"]]

    def read(token, audience=audience, issuer=issuer):
        return jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            audience=audience,
            issuer=issuer,
            options={"require": ["exp", "iat", "aud", "iss", "sub"]},
        )

    said = read(token)
    assert said["preferred_username"] == name, said
    assert 0 < said["exp"] - said["iat"] <= 60, said
    assert jwt.get_unverified_header(token)["alg"] == "ES256"
    assert all("d" not in it for it in json.load(open(jwks, encoding="utf-8"))["keys"])

    none = part(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    swapped = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": key.key_id}).encode())
    secret = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = hmac.new(secret, f"{swapped}.{claims}".encode(), hashlib.sha256).digest()
    altered = part(json.dumps({**said, "preferred_username": "root"}).encode())
    for what, wrong in {
        "no algorithm": lambda: read(f"{none}.{claims}."),
        "another key type": lambda: read(f"{swapped}.{claims}.{part(forged)}"),
        "an altered claim": lambda: read(f"{head}.{altered}.{signature}"),
        "another audience": lambda: read(token, audience="https://other.test"),
        "another issuer": lambda: read(token, issuer="https://evil.test"),
    }.items():
        try:
            wrong()
        except jwt.InvalidTokenError:
            continue
        raise AssertionError(f"{what} was taken")
    print("all as it should be")


if __name__ == "__main__":
    main(*sys.argv[1:])
