#!/usr/bin/env python3
"""An engine in docker's place that prints lines at a steady rate, each with the moment of its printing: no real build
does on demand. The file `plan` beside this program says for how many seconds at how many lines a second:
`SECONDS RATE SECONDS RATE …`."""

import pathlib
import sys
import time


def talk(seconds, rate):
    """Prints `rate` lines a second, up to a hundred at a time."""
    step = max(1, rate // 100)
    begin = next_time = time.monotonic()
    number = 0
    while time.monotonic() < begin + seconds:
        for _ in range(step):
            print(f"{number} t={time.monotonic():.6f} a line such as pip prints while it works", flush=False)
            number += 1
        sys.stdout.flush()
        next_time += step / rate
        time.sleep(max(0, next_time - time.monotonic()))


match sys.argv[1:]:
    case ["--version", *_]:
        print("Docker version 26.1.5, build 0000000")
    case ["version", *_]:
        print("26.1.5")
    case ["build", *arguments] if "--tag" in arguments or "-t" in arguments:
        plan = [int(word) for word in pathlib.Path(__file__).with_name("plan").read_text().split()]
        for seconds, rate in zip(plan[::2], plan[1::2], strict=True):
            talk(seconds, rate)
        sys.exit("this engine only talks")
    case _:
        pass
