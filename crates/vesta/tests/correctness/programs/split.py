"""Two thirds of the time in `loud`, one third in `quiet`."""

import time


def spend(seconds):
    end = time.thread_time() + seconds
    state = 1
    while time.thread_time() < end:
        for _ in range(10000):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return state


def loud():
    return spend(1.0)


def quiet():
    return spend(0.5)


loud()
quiet()
