"""Asking a witness over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request
from http import HTTPStatus
from urllib.parse import urlsplit

from karez.services.evidence import Post, WitnessRefusedError

TIMEOUT_SECONDS = 20
ANSWER_MOST = 64 * 1024


def post_to(url: str) -> Post:
    """Return what sends a submission to the witness below a URL.

    Raises:
        WitnessRefusedError: the URL is none of HTTP, or nobody answers there.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise WitnessRefusedError(url=url, reason="write http:// or https:// in front")
    target = f"{url.rstrip('/')}/add-checkpoint"

    def post(body: bytes) -> tuple[int, str]:
        request = urllib.request.Request(target, data=body, method="POST")  # noqa: S310 - checked
        request.add_header("Content-Type", "text/plain; charset=utf-8")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return HTTPStatus.OK.value, answer.read(ANSWER_MOST).decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read(ANSWER_MOST).decode(errors="replace")
        except (OSError, UnicodeDecodeError) as fault:
            raise WitnessRefusedError(url=url, reason=f"nobody answers ({fault})") from fault

    return post
