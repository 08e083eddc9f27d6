"""`token=Jwt(...)`: real signatures, and a real key endpoint that is stopped, changed and started."""

import base64
import hmac
import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from kit_handler import ConfigurationError, Jwt, RateLimit, Request, Response, route
from kit_testing import LambdaContext

ISSUER, AUDIENCE, SECRET = "https://issuer.example/", "loans", "s" * 64
RSA_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def public(key: Any, kid: str | None = "k1", **more: Any) -> dict[str, Any]:
    algorithm: Any = jwt.algorithms.OKPAlgorithm
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = jwt.algorithms.RSAAlgorithm
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = jwt.algorithms.ECAlgorithm
    fields: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    fields.pop("key_ops", None)
    return {**fields, **({"kid": kid} if kid else {}), **more}


def pem(key: Any) -> str:
    public_format = serialization.PublicFormat.SubjectPublicKeyInfo
    content: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, public_format)
    return content.decode()


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "k1", **claims: Any) -> str:
    now = time.time()
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "iat": now, "exp": now + 60, **claims}
    body = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode(body, key, algorithm, headers={"kid": kid} if kid else None)


def verifier(**options: Any) -> Jwt:
    defaults = {"issuer": ISSUER, "audience": AUDIENCE, "keys": {"keys": [public(RSA_KEY)]}}
    if "jwks_url" in options:
        defaults.pop("keys")
    return Jwt(**{**defaults, **options})


def ask(check: Jwt, bearer: str | None, **options: Any) -> Response:
    def whoami(request: Request) -> Response:
        return Response.ok(request.authorizer)

    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    return route(token=check, **options)(whoami)(Request(headers=headers, context=LambdaContext()))


def test_the_claims_of_a_valid_token_are_the_authorizer() -> None:
    answer = ask(verifier(), token(scope="loans.read", roles=["ADMIN"]))
    assert answer.status_code == 200
    assert (answer.body["data"]["sub"], answer.body["data"]["roles"]) == ("u-1", ["ADMIN"])


NOW = time.time()


@pytest.mark.parametrize(
    "bad",
    [
        token(OTHER_KEY),
        token(kid="other"),
        token(iss="https://evil.example/"),
        token(iss=None),
        token(aud="cards"),
        token(aud=None),
        token(aud=["cards", "x"]),
        token(aud={"loans": 1}),
        token(aud=None, client_id="cards"),
        token(aud="cards", client_id="loans"),
        token(exp=NOW - 60),
        token(exp=None),
        token(exp="never"),
        token(nbf=NOW + 600),
        token(iat=NOW + 600),
        token(algorithm="RS512"),
        token(algorithm="PS256"),
        token(EC_KEY, "ES256"),
        token()[:-4] + "AAAA",
        token() + ".x",
        "x.y.z",
        "x",
        "\ud800",
        "[" * 50_000,
    ],
)
def test_a_token_with_anything_wrong_is_401(bad: str) -> None:
    refused = ask(verifier(), bad)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert refused.body == {"errors": [{"id": "unauthorized", "message": "The token is not valid"}]}


@pytest.mark.parametrize("header", [None, "", "Basic dTpw", "Bearer", "Bearer "])
def test_no_token_is_401(header: str | None) -> None:
    handler = route(token=verifier())(lambda request: Response.ok())
    refused = handler(Request(headers={"Authorization": header} if header else {}, authorizer={"sub": "u-1"}))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_in_another_header_does_not_count() -> None:
    handler = route(token=verifier())(lambda request: Response.ok())
    assert handler(Request(headers={"X-Authorization-Token": token()})).status_code == 401


def unsigned(header: dict[str, Any], key: bytes = b"") -> str:
    """Return a token made by hand: PyJWT itself would refuse to make it."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(key, b".".join(parts), "sha256") if key else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", None, ["RS256"], 7])
def test_an_unsigned_token_is_401(algorithm: Any) -> None:
    for check in (verifier(), verifier(keys=SECRET, algorithms=["HS256"])):
        assert ask(check, unsigned({"alg": algorithm, "kid": "k1"})).status_code == 401


@pytest.mark.parametrize("keys", [pem(RSA_KEY), {"keys": [public(RSA_KEY)]}])
def test_a_token_signed_with_the_public_key_as_a_secret_is_401(keys: Any) -> None:
    forged = unsigned({"alg": "HS256", "kid": "k1"}, pem(RSA_KEY).encode())
    assert ask(verifier(keys=keys), forged).status_code == 401


@pytest.mark.parametrize("extra", [{"jwk": public(OTHER_KEY)}, {"jku": "https://evil.example/keys"}])
def test_a_key_that_the_token_brings_along_is_not_used(extra: dict[str, Any]) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60}
    brought = jwt.encode(claims, OTHER_KEY, "RS256", headers={"kid": "k1", **extra})
    assert ask(verifier(), brought).status_code == 401


@pytest.mark.parametrize("crit", [["exp"], "exp", []])
def test_a_token_with_an_extension_that_nobody_knows_is_401(crit: Any) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60}
    assert ask(verifier(), jwt.encode(claims, RSA_KEY, "RS256", headers={"kid": "k1", "crit": crit})).status_code == 401


def test_an_extension_that_only_the_library_knows_is_401() -> None:
    # Older versions of PyJWT look at no `crit`, later ones know "b64": the answer must not depend on the version.
    for extension, status in (({}, 200), ({"crit": ["b64"], "b64": True}, 401)):
        bearer = unsigned({"alg": "HS256", **extension}, SECRET.encode())
        assert ask(verifier(keys=SECRET, algorithms=["HS256"]), bearer).status_code == status


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA_KEY, "RS256"), (RSA_KEY, "PS384"), (EC_KEY, "ES256"), (ED_KEY, "EdDSA")]
)
def test_every_public_algorithm_can_be_allowed(key: Any, algorithm: str) -> None:
    signed = token(key, algorithm)
    for keys in (pem(key), {"keys": [public(key)]}, {"keys": [public(OTHER_KEY, "k0"), public(key, alg=algorithm)]}):
        assert ask(verifier(keys=keys, algorithms=[algorithm]), signed).status_code == 200


def test_a_secret_can_be_used() -> None:
    check = verifier(keys=SECRET, algorithms=["HS256", "HS512"])
    assert ask(check, token(SECRET, "HS512")).status_code == 200
    assert ask(check, token("t" * 64, "HS512")).status_code == 401
    wrapped = base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")
    rotating = verifier(keys={"keys": [{"kty": "oct", "kid": "k1", "k": wrapped}]}, algorithms=["HS256"])
    assert ask(rotating, token(SECRET, "HS256")).status_code == 200


def test_a_key_for_encryption_or_for_another_algorithm_is_not_used() -> None:
    for wrong in ({"use": "enc"}, {"alg": "RS512"}):
        assert ask(verifier(keys={"keys": [public(RSA_KEY, **wrong)]}), token()).status_code == 401


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        (["verify"], 200),
        (["sign", "verify"], 200),
        ([], 401),
        (["sign"], 401),
        (["encrypt", "wrapKey"], 401),
        ("verify", 401),
        (None, 401),
        ({"verify": 1}, 401),
    ],
)
def test_a_key_is_used_for_the_operations_that_it_names(operations: Any, status: int, issuer: "Issuer") -> None:
    key = public(RSA_KEY, key_ops=operations)
    issuer.keys = [key]
    for check in (verifier(keys={"keys": [key]}), verifier(jwks_url=f"http://127.0.0.1:{issuer.port}/keys")):
        assert ask(check, token()).status_code == status
        check.close()
    assert ask(verifier(keys={"keys": [{**key, "use": "enc"}]}), token()).status_code == 401


def test_a_key_that_may_not_verify_does_not_stand_beside_one_that_may() -> None:
    keys = [public(OTHER_KEY, None, key_ops=["encrypt"]), public(RSA_KEY, None, key_ops=["verify"])]
    assert ask(verifier(keys={"keys": keys}), token(kid=None)).status_code == 200


def in_other_spellings(signed: str) -> list[str]:
    head, payload, signature = signed.split(".")
    characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    neighbour = characters[characters.index(signature[-1]) ^ 1]
    inserted = [
        f"{head[:5]}{each}{head[5:]}.{payload}.{signature}" for each in (" ", "\n", "\t", "\r\n", "\u00a0", "!", "=")
    ]
    around = [
        f"{before}{signed}{after}" for before, after in [("\t", ""), ("", "\n"), ("", "="), ("", "=="), ("", "\x0b")]
    ]
    padded = [f"{head}=.{payload}.{signature}", f"{head}.{payload}==.{signature}", f"{head}.{payload} .{signature}"]
    standard = signed.replace("-", "+").replace("_", "/")
    return [*inserted, *around, *padded, standard, signed[:-1] + neighbour]


@pytest.mark.parametrize("number", range(17))
def test_a_token_has_one_spelling_alone(number: int) -> None:
    """The library itself looks over padding, white space and spare bits: all of these are the same token to it."""
    check = verifier(keys={"keys": [public(EC_KEY)]}, algorithms=["ES256"])
    signed = token(EC_KEY, "ES256", note="???????")  # base64url writes that with an underscore
    assert "_" in signed
    assert len(in_other_spellings(signed)) == 17
    assert ask(check, signed).status_code == 200
    other = in_other_spellings(signed)[number]
    assert other != signed
    refused = ask(check, other)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_curve_belongs_to_its_algorithm() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    assert ask(verifier(keys={"keys": [public(key)]}, algorithms=["ES384"]), token(key, "ES384")).status_code == 200
    check = verifier(keys={"keys": [public(key)]}, algorithms=["ES256", "ES384"])
    forged = jwt.api_jws.encode(b"{}", EC_KEY, "ES256", headers={"kid": "k1"})
    assert ask(check, forged).status_code == 401


def test_without_a_name_the_only_key_is_used_and_of_several_none() -> None:
    assert ask(verifier(keys={"keys": [public(RSA_KEY, None)]}), token(kid=None)).status_code == 200
    several = {"keys": [public(RSA_KEY, "a"), public(OTHER_KEY, "b")]}
    assert ask(verifier(keys=several), token(kid=None)).status_code == 401


def test_the_audience_may_be_one_of_several_and_a_token_may_name_several() -> None:
    check = verifier(audience=["loans", "cards"])
    assert [ask(check, token(aud=aud)).status_code for aud in ("cards", ["x", "loans"], "x")] == [200, 200, 401]
    assert ask(check, token(aud=None, client_id="cards")).status_code == 200


def test_leeway_is_for_clocks_that_differ() -> None:
    assert ask(verifier(leeway=5), token(exp=time.time() - 2)).status_code == 200
    assert ask(verifier(leeway=5), token(nbf=time.time() + 2)).status_code == 200
    assert ask(verifier(leeway=0), token(exp=time.time() - 1)).status_code == 401


def test_a_token_expires_while_the_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    check, signed = verifier(), token()
    assert ask(check, signed).status_code == 200

    class Later(jwt.api_jwt.datetime):  # type: ignore[misc, name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(time.time() + 71, tz)

    monkeypatch.setattr(jwt.api_jwt, "datetime", Later)
    assert ask(check, signed).status_code == 401


def test_roles_and_scopes_are_read_from_the_claims() -> None:
    check = verifier()
    signed = token(roles=["ADMIN"], scope="openid loans.read")
    assert ask(check, signed, role="ADMIN", scope="loans.read").status_code == 200
    assert ask(check, signed, role="OTHER").status_code == 403
    assert ask(check, None, role="ADMIN").status_code == 401
    cognito = verifier(roles="cognito:groups")
    assert ask(cognito, token(**{"cognito:groups": ["ADMIN"]}), role="ADMIN").status_code == 200
    assert ask(cognito, token(), role="ADMIN").status_code == 403
    assert ask(cognito, token(roles=["ADMIN"]), role="ADMIN").status_code == 403


def test_a_limit_by_caller_counts_for_the_tokens_subject() -> None:
    limit = RateLimit(1, per=60, key="authorizer")
    check = verifier()
    tokens = (token(sub="a"), token(sub="a"), token(sub="b"))
    assert [ask(check, each, rate_limit=limit).status_code for each in tokens] == [200, 429, 200]


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"algorithms": ["RS256", "nope"]},
        {"algorithms": ["HS256", "RS256"]},
        {"algorithms": ["HS256"], "jwks_url": "https://issuer.example/keys"},
        {"algorithms": ["HS256"], "keys": "too short"},
        {"algorithms": ["HS512"], "keys": "s" * 63},
        {"algorithms": ["HS256"], "keys": pem(RSA_KEY)},
        {"keys": SECRET},
        {"keys": {}},
        {"keys": ""},
        {"keys": None},
        {"issuer": ""},
        {"audience": ""},
        {"audience": []},
        {"keys": {"keys": []}, "jwks_url": None, "issuer": ""},
        {"jwks_url": "http://issuer.example/keys"},
        {"jwks_url": "file:///etc/passwd"},
    ],
)
def test_settings_that_would_protect_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        verifier(**wrong)
    with pytest.raises(TypeError):
        Jwt(issuer=ISSUER, keys=SECRET)  # type: ignore[call-arg]


class Issuer:
    """Publishes keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [public(RSA_KEY)]
        self.asked = 0
        self.connections: set[Any] = set()
        self.answer: tuple[int, bytes] | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.port = 0
        self.start()

    def start(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                issuer.asked += 1
                issuer.connections.add(self.client_address)
                issuer.hold.wait(10)
                status, body = issuer.answer or (200, json.dumps({"keys": issuer.keys}).encode())
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.hold.set()
    if issuer.thread.is_alive():
        issuer.stop()


@pytest.fixture
def published(issuer: Issuer) -> Iterator[Jwt]:
    check = verifier(jwks_url=f"http://127.0.0.1:{issuer.port}/keys?v=1", timeout=2)
    yield check
    check.close()


class Clock:
    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def test_published_keys_are_asked_for_once(issuer: Issuer, published: Jwt) -> None:
    assert issuer.asked == 0
    assert [ask(published, token()).status_code for _ in range(3)] == [200, 200, 200]
    assert issuer.asked == 1


def test_a_new_key_is_noticed_and_the_old_one_ends(issuer: Issuer, published: Jwt, clock: Clock) -> None:
    assert ask(published, token()).status_code == 200
    issuer.keys = [public(OTHER_KEY, "k2")]
    clock.now += 11
    assert ask(published, token(OTHER_KEY, kid="k2")).status_code == 200
    assert ask(published, token()).status_code == 401
    assert (issuer.asked, len(issuer.connections)) == (2, 1)


def test_invented_key_names_are_not_a_question_each(issuer: Issuer, published: Jwt, clock: Clock) -> None:
    for number in range(50):
        assert ask(published, token(kid=f"invented-{number}")).status_code == 401
    assert issuer.asked == 1
    clock.now += 11
    ask(published, token(kid="invented"))
    ask(published, token(kid="invented"))
    assert issuer.asked == 2


def test_a_stopped_issuer_is_503_until_it_is_back(
    issuer: Issuer, published: Jwt, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.stop()
    refused = ask(published, token())
    assert (refused.status_code, refused.body["errors"][0]["id"]) == (503, "service_unavailable")
    assert "ConnectionRefusedError" in caplog.text
    issuer.start()
    assert ask(published, token()).status_code == 503  # it was asked a moment ago
    clock.now += 1
    assert ask(published, token()).status_code == 200


def test_known_keys_outlive_a_stopped_issuer_for_an_hour(issuer: Issuer, published: Jwt, clock: Clock) -> None:
    assert ask(published, token()).status_code == 200
    published.close()
    issuer.stop()
    clock.now += 3500
    assert ask(published, token()).status_code == 200
    assert ask(published, token(kid="new")).status_code == 503
    clock.now += 200
    assert ask(published, token()).status_code == 503


def test_keys_are_confirmed_after_half_of_their_time(issuer: Issuer, published: Jwt, clock: Clock) -> None:
    ask(published, token())
    clock.now += 1700
    ask(published, token())
    assert issuer.asked == 1
    clock.now += 200
    issuer.keys = [public(OTHER_KEY)]  # the same name, another key
    assert ask(published, token()).status_code == 401
    assert issuer.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        (500, b'{"keys": []}'),
        (302, b""),
        (200, b"<html>"),
        (200, b"\xff"),
        (200, b"[]"),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [7]}'),
        (200, b"[" * 100_000),
    ],
)
def test_an_answer_that_is_no_key_set_is_503(issuer: Issuer, published: Jwt, answer: Any) -> None:
    issuer.answer = answer
    assert ask(published, token()).status_code == 503


def test_a_key_set_without_the_key_is_401(issuer: Issuer, published: Jwt) -> None:
    issuer.keys = []
    assert ask(published, token()).status_code == 401


def test_a_published_key_that_is_broken_or_a_secret_is_401(issuer: Issuer, published: Jwt, clock: Clock) -> None:
    for broken in ({"kty": "RSA", "kid": "k1"}, {"kty": "RSA", "kid": "k1", "n": "!", "e": 7}, {"kid": "k1"}):
        issuer.keys = [broken]
        assert ask(published, token()).status_code == 401
        clock.now += 2000


def test_an_issuer_that_does_not_answer_in_time_is_503(issuer: Issuer) -> None:
    issuer.hold.clear()
    check = verifier(jwks_url=f"http://127.0.0.1:{issuer.port}/keys", timeout=0.1)
    assert ask(check, token()).status_code == 503


def test_no_token_is_in_a_log_line(published: Jwt, caplog: pytest.LogCaptureFixture) -> None:
    bad = token(OTHER_KEY)
    with caplog.at_level("DEBUG"):
        ask(published, bad)
    assert "InvalidSignatureError" in caplog.text
    assert bad.split(".")[2] not in caplog.text


@pytest.mark.parametrize("module", ["jwt", "cryptography"])
def test_without_a_library_the_error_says_what_to_install_when_it_is_made(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf"{module}.*kit-handler\[jwt\]"):
        verifier()


def test_a_secret_needs_no_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert ask(verifier(keys=SECRET, algorithms=["HS256"]), token(SECRET, "HS256")).status_code == 200


def test_keys_are_forgotten_around_a_snapshot(issuer: Issuer, published: Jwt) -> None:
    from kit_handler.http.interceptors import jwks

    assert [ask(published, token()).status_code for _ in range(2)] == [200, 200]
    jwks._forget_all()  # registered with the runtime's hooks under SnapStart
    assert [ask(published, token()).status_code for _ in range(2)] == [200, 200]
    assert issuer.asked == 2
