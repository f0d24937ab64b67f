"""The floor: the same GET by kept httpx clients, one for each account, and nothing else.

``case_floor BASE_URL CLIENTS ROUNDS``
"""

import json
import sys
import time

import httpx


def main(base_url: str, clients: str, rounds: str) -> None:
    tls = httpx.create_ssl_context()
    kept = [
        httpx.Client(base_url=base_url, verify=tls, trust_env=False) for _ in range(int(clients))
    ]
    for client in kept:
        client.get("/news.json?since=0").raise_for_status()
    began = time.process_time()
    for _ in range(int(rounds)):
        for client in kept:
            client.get("/news.json?since=0").raise_for_status()
    used = time.process_time() - began
    for client in kept:
        client.close()
    print(json.dumps({"cpu_ms_per_poll": used / int(clients) / int(rounds) * 1000}))


if __name__ == "__main__":
    main(*sys.argv[1:])
