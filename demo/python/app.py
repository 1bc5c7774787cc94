"""A small shop with a load of its own, to have something real to profile.

Run it as it is, or under Datadog's profiler:

    DD_PROFILING_ENABLED=true DD_ENV=prod DD_SERVICE=my-web-app DD_VERSION=1.0.3 ddtrace-run python app.py

It listens on a free port of the loopback interface (SHOP_PORT picks one), starts a second process that sends it
requests, and prints a line for every 50 it has answered. Interrupt it, or close its standard input, to stop it.

What its profiles should show:

    score_product       nearly all CPU time: a deliberately slow search
    render_catalog      nearly all allocations
    reserve_stock       waiting for a lock that is held too long
    charge_card         waiting for a payment provider, without using a CPU
"""

import http.client
import http.server
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from urllib.parse import parse_qs, urlsplit

try:
    from ddtrace import tracer
except ImportError:
    tracer = None

WORKERS = 4
PRODUCTS = [
    {"id": number, "name": f"{color} {thing}", "words": [color, thing, f"size-{number % 7}"], "price": 5 + number % 90}
    for number, (color, thing) in enumerate(
        (color, thing)
        for _ in range(10)
        for color in ("red", "green", "blue", "black", "white", "amber")
        for thing in ("shirt", "lamp", "chair", "mug", "table", "clock", "rug", "vase", "bowl", "shelf")
    )
]


def score_product(words, query):
    """How well a product fits: an edit distance per word, computed the slow way on every request."""
    best = 1_000
    for word in words:
        previous = list(range(len(query) + 1))
        for row, letter in enumerate(word, start=1):
            current = [row]
            for column, wanted in enumerate(query, start=1):
                substituted = previous[column - 1] + (letter != wanted)
                current.append(min(previous[column] + 1, current[column - 1] + 1, substituted))
            previous = current
        best = min(best, previous[-1])
    return best


def remembered_search(query):
    """The same answer, worked out once per query: what version 1.0.4 of the shop does (SHOP_REMEMBERS)."""
    if query not in REMEMBERED:
        REMEMBERED[query] = slow_search(query)
    return REMEMBERED[query]


def slow_search(query):
    ranked = sorted(PRODUCTS, key=lambda product: score_product(product["words"], query))
    return [product["name"] for product in ranked[:5]]


REMEMBERED = {}
search_products = remembered_search if os.environ.get("SHOP_REMEMBERS") else slow_search


def render_catalog(copies):
    """Builds a far larger answer than anybody reads: mostly allocations."""
    rows = []
    for copy in range(copies):
        for product in PRODUCTS:
            rows.append({"row": f"{copy}-{product['id']}", "label": product["name"].upper(), "padding": bytes(512)})
    return len(rows)


class Stock:
    """The count of every product behind one lock, which is held while the order is 'written'."""

    def __init__(self):
        self.lock = threading.Lock()
        self.left = {product["id"]: 1_000_000 for product in PRODUCTS}

    def reserve_stock(self, product):
        with self.lock:
            time.sleep(0.01)
            self.left[product] -= 1
            return self.left[product]


def charge_card():
    """The payment provider takes its time."""
    time.sleep(0.04)
    return {"charged": True}


STOCK = Stock()


def answer(path, parameters):
    if path == "/search":
        return search_products(parameters.get("q", ["comfortable armchair"])[0])
    if path == "/catalog":
        return {"rows": render_catalog(copies=2)}
    if path == "/checkout":
        return {"left": STOCK.reserve_stock(random.choice(PRODUCTS)["id"]), **charge_card()}
    if path == "/":
        return {"paths": ["/search?q=red+lamp", "/catalog", "/checkout"]}
    return None


def span(path):
    """A web span per request, which is what gives profiles their endpoint."""
    if tracer is None:
        return nullcontext()
    return tracer.trace("web.request", resource=f"GET {path}", span_type="web")


class Answered:
    """Counts answers and says so now and then."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0

    def add(self):
        with self.lock:
            self.count += 1
            if self.count % 50 == 0:
                print(f"answered {self.count} requests", flush=True)


ANSWERED = Answered()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        with span(url.path):
            found = answer(url.path, parse_qs(url.query))
            body = json.dumps(found if found is not None else {"error": "no such page"}).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        ANSWERED.add()

    def log_message(self, format, *arguments):
        pass


class PooledServer(http.server.HTTPServer):
    """Answers on a few named threads, so that profiles have a few named threads."""

    request_queue_size = 64

    def __init__(self, address):
        super().__init__(address, Handler)
        self.waiting = queue.Queue()
        for number in range(WORKERS):
            threading.Thread(target=self.work, name=f"worker-{number + 1}", daemon=True).start()

    def process_request(self, request, client_address):
        self.waiting.put((request, client_address))

    def work(self):
        while True:
            request, client_address = self.waiting.get()
            try:
                self.finish_request(request, client_address)
            except (BrokenPipeError, ConnectionResetError):
                pass
            finally:
                self.shutdown_request(request)


def send_load(port):
    """Sends requests until standard input closes, which it does when the shop is gone."""
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

    def visit(seed):
        dice = random.Random(seed)
        while True:
            path = dice.choices(["/search?q=comfortable+armchair", "/catalog", "/checkout"], weights=[4, 1, 3])[0]
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", path)
                connection.getresponse().read()
                connection.close()
            except OSError:
                time.sleep(0.2)
            time.sleep(dice.expovariate(8))

    visitors = [threading.Thread(target=visit, args=(seed,), daemon=True) for seed in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def start_load(port):
    # The visitors are not part of the service: they run without the profiler.
    unprofiled = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "PYTHONPATH"))}
    return subprocess.Popen([sys.executable, __file__, "load", str(port)], stdin=subprocess.PIPE, env=unprofiled)


def stop_on_signals_and_closed_input():
    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    if os.environ.get("SHOP_STOP_WITH_INPUT"):

        def watch():
            sys.stdin.read()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=watch, name="input-watch", daemon=True).start()


def main():
    # The first span of a process starts the tracer, which the workers must not do at the same time.
    with span("/start"):
        pass
    server = PooledServer(("127.0.0.1", int(os.environ.get("SHOP_PORT", "0"))))
    port = server.server_address[1]
    print(f"shop listens on http://127.0.0.1:{port}", flush=True)
    stop_on_signals_and_closed_input()
    load = start_load(port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        load.stdin.close()
        load.wait()
        print(f"shop closed after {ANSWERED.count} requests", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        send_load(int(sys.argv[2]))
    else:
        main()
