"""What lies between this machine and Azure: what to do about a proxy, a certificate or a name that stops a request."""

from __future__ import annotations

import re

_CAUSES = (
    (
        r"407|Proxy Authentication Required",
        "The proxy wants a sign-in: write it into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT.",
    ),
    (
        r"connect to proxy|ProxyError|Cannot connect to proxy",
        "The proxy in HTTPS_PROXY does not answer: check its address, or name in NO_PROXY what is reached without it.",
    ),
    (
        r"CA certificate bundle|invalid path|NO_CERTIFICATE_OR_CRL_FOUND",
        "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file with certificates: correct it, or unset it.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|self.signed certificate|unable to get local issuer",
        "A certificate on the way is not trusted: put that of your proxy's authority into the file REQUESTS_CA_BUNDLE.",
    ),
    (
        r"resolve|Name or service not known|nodename nor servname|getaddrinfo|Temporary failure in name resolution",
        "A name cannot be resolved: check DNS and VPN, and whether a proxy has to be named in HTTPS_PROXY.",
    ),
    (
        r"timed out|Connection refused|unreachable|Connection reset|RemoteDisconnected|NewConnectionError",
        "Nothing answers there: check network, VPN and firewall, and whether a proxy has to be named in HTTPS_PROXY.",
    ),
)


def network_hint(reason: str) -> str:
    """What to do about the reason why a request did not arrive; "" for any other."""
    return next((hint for pattern, hint in _CAUSES if re.search(pattern, reason, re.IGNORECASE)), "")
