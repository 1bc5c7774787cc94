"""Work under Pyroscope's own library for Python."""

import os
import signal
import sys

import pyroscope

pyroscope.configure(
    application_name="bakery",
    server_address=os.environ["PYROSCOPE_URL"],
    basic_auth_username="anybody",
    basic_auth_password=os.environ.get("PYROSCOPE_TOKEN", ""),
    upload_interval=2,
    mem_enabled=True,
    tags={"env": "prod", "oven": "2"},
)

running = True


def stop(*_):
    global running
    running = False


def knead_dough(rounds):
    total = 0
    for step in range(rounds):
        total += step * step % 7
    return [total] * 100


signal.signal(signal.SIGINT, stop)
loaves = []
answered = 0
while running:
    with pyroscope.tag_wrapper({"endpoint": "POST /loaves"}):
        loaves = [knead_dough(20_000), *loaves[:999]]
    answered += 1
    if answered % 50 == 0:
        print(f"answered {answered} requests", flush=True)
pyroscope.shutdown()
sys.exit(0)
