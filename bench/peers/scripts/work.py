"""The work of the suite in Python, written like the output of `go test -bench`.

    python3 work.py big.py
"""
import marshal
import sys
import time

sent, last = 0, None


def send(channel, m):
    global sent, last
    sent += 1
    last = m["line"]


def handler(event):
    id = event["id"]
    user = event["user"]
    text = event["text"]
    line = user + ": " + text
    send("chat", {"id": id, "line": line})


def get(m, key):
    return m[key]


def loop():
    n = i = 0
    while i < 1000000:
        if i > 10:
            n += 2
        i += 1
    return n


def calls():
    m, s = {"id": 1, "name": "alice", "age": 3}, None
    for _ in range(100000):
        s = get(m, "name")
    return s


ids = ["m-%d" % i for i in range(8)]


def handlers():
    for i in range(100000):
        handler({"id": ids[i & 7], "user": "alice", "text": "hello everybody", "room": "lobby"})


def measure(name, per, f):
    """Runs f for at least a fifth of a second of processor time."""
    f()
    n, began = 0, time.process_time()
    while True:
        f()
        n += 1
        spent = time.process_time() - began
        if spent > 0.2:
            break
    print("Benchmark%s/python %d %.1f cpu-ns/op" % (name, n, spent / n / per * 1e9))


measure("Loop", 1, loop)
measure("HostCall", 1, calls)
measure("Handler", 100000, handlers)
if len(sys.argv) > 1:
    with open(sys.argv[1]) as file:
        source = file.read()
    measure("Compile", 1, lambda: compile(source, "big", "exec"))
    compiled = marshal.dumps(compile(source, "big", "exec"))
    measure("Load", 1, lambda: marshal.loads(compiled))
