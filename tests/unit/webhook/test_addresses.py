"""Which addresses a webhook may have, and which may be called."""

import socket

import pytest

from functions.shared.webhooks import WebhookAddress, is_public

PRIVATE = {
    "this host": "127.0.0.1",
    "unspecified": "0.0.0.0",
    "RFC 1918": "10.0.0.1",
    "RFC 1918, 172": "172.16.5.4",
    "RFC 1918, 192": "192.168.1.1",
    "instance metadata": "169.254.169.254",
    "Lambda's link-local": "169.254.100.1",
    "carrier-grade NAT": "100.64.0.1",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.9",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "6to4 relay": "192.88.99.1",
    "this host, IPv6": "::1",
    "unspecified, IPv6": "::",
    "IPv4-mapped": "::ffff:10.0.0.1",
    "IPv4-mapped public": "::ffff:8.8.8.8",
    "IPv4-compatible": "::10.0.0.1",
    "NAT64": "64:ff9b::a00:1",
    "NAT64, local": "64:ff9b:1::a00:1",
    "6to4": "2002:a00:1::1",
    "Teredo": "2001:0:a00:1::1",
    "link-local": "fe80::1",
    "link-local with scope": "fe80::1%eth0",
    "unique local": "fd00:ec2::254",
    "documentation, IPv6": "2001:db8::1",
    "documentation, IPv6, new": "3fff::1",
    "multicast, IPv6": "ff02::1",
}


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_an_address_that_is_not_global_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "52.94.236.248", "2606:4700:4700::1111", "2a05:d018::1"])
def test_a_global_address_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://app.example.com/", "must begin with https://"),
        ("ftp://app.example.com/", "must begin with https://"),
        ("https:///path", "must have a host"),
        ("https://user:secret@app.example.com/", "neither a user name"),
        ("https://app.example.com/#part", "nor a fragment"),
        ("https://app.example.com:99999/", "ort"),
        ("https://app.example.com/ path", "no space"),
        ("https://app.example.com/\r\nX-Other: 1", "no space"),
        ("https://app.éxample.com/", "ASCII"),
        (f"https://app.example.com/{'a' * 1000}", "at most 1000"),
        ("https://10.1.2.3/", "10.1.2.3 is not a public address"),
        ("https://[::ffff:169.254.169.254]/", "not a public address"),
        ("https://127.0.0.1/", "127.0.0.1 is not a public address"),
    ],
)
def test_a_url_that_no_webhook_may_have_is_refused_with_a_reason(url, fault):
    with pytest.raises(ValueError, match=fault):
        WebhookAddress.parse(url)


def test_a_url_has_the_port_of_its_scheme_and_keeps_its_query():
    assert WebhookAddress.parse("https://App.example.com/a?b=c") == WebhookAddress("app.example.com", 443, "/a?b=c")
    assert WebhookAddress.parse("https://app.example.com:8443") == WebhookAddress("app.example.com", 8443, "/")


def test_only_an_emulators_stage_may_call_this_host_and_no_other_private_one():
    assert WebhookAddress.parse("http://127.0.0.1:8000/", loopback=True).secure is False
    with pytest.raises(ValueError, match="not a public address"):
        WebhookAddress.parse("http://10.0.0.1/", loopback=True)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1"])
def test_a_name_that_resolves_to_this_host_is_refused(host):
    address = WebhookAddress.parse(f"https://{host}/")

    with pytest.raises(ValueError, match=rf"{host} resolves to 127.0.0.1, which is not a public address"):
        address.resolve()


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)

    with pytest.raises(ValueError, match=r"app.example.com resolves to 10.0.0.5"):
        WebhookAddress("app.example.com", 443, "/").resolve()
