"""Callers of a server: ``python -m benchmarks.api_load PORT KEY LOANS POSTS [PER_SECOND]``.

Each caller keeps one connection. With a rate, posts go out at their times, whether or not the last
was answered in time, and how long one took counts from when it should have gone out. It prints, as
JSON, the seconds in all and those of each post.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import uuid

CALLERS = 8


def main() -> None:
    """Post, and print what it took."""
    port, key, loans, posts = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    per_second = float(sys.argv[5]) if len(sys.argv) > 5 else 0.0
    took: list[float] = []
    numbers = iter(range(posts))
    lock = threading.Lock()
    began = time.perf_counter()

    def call() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = began + number / per_second if per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            headers = {
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid.uuid4()),
            }
            path = f"/v1/loans/{number % loans + 1}/repay"
            connection.request("POST", path, b'{"amount_minor": 1}', headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(body)
            took.append(time.perf_counter() - due)

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    if len(took) != posts:
        sys.exit("a post failed")
    print(json.dumps({"seconds": time.perf_counter() - began, "took": took}))


if __name__ == "__main__":
    main()
