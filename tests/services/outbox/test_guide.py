"""The receiver that the guide shows, against what is sent."""

import re
from pathlib import Path
from typing import Any

from karez.services import outbox
from karez.services.bookkeeping import Books
from karez.services.outbox import Reach, Sender
from services.outbox.receiving import Receiver

GUIDE = Path(__file__).parents[3] / "docs/guides/webhooks.md"


def test_receiver__of_the_guide(books: Books, receiver: Receiver):
    [code] = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    is_genuine = names["is_genuine"]
    endpoint, told = outbox.add_endpoint(books, receiver.url, ["*"], reach=Reach(loopback=True))
    outbox.send_test(books, endpoint)
    Sender(Reach(loopback=True)).send_due(books)
    [got] = receiver.got
    headers = dict(got.headers)
    assert is_genuine(told, headers, got.body)
    assert not is_genuine(told, headers, got.body + b" ")
    assert not is_genuine(outbox.rotate(books, endpoint), headers, got.body)
    old = str(int(headers["webhook-timestamp"]) - 301)
    assert not is_genuine(told, {**headers, "webhook-timestamp": old}, got.body)
