"""clients.py PORT - asks the server of snn train --live as its page does, and as nobody should."""

import http.client
import json
import socket
import sys
import time

port = int(sys.argv[1])


def ask(method, path, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


def epochs():
    status, body = ask("GET", "/data", f"127.0.0.1:{port}")
    assert status == 200, status
    data = json.loads(body)
    assert data["live"].startswith("in training: "), data["live"]
    return len(data["runs"][0]["log"]["epoch"])


before = epochs()
assert before >= 1

# The page, by both names of this machine.
for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
    status, body = ask("GET", "/", host)
    assert status == 200 and body.startswith(b"<!doctype html>") and b"connect-src 'self'" in body, (host, status)
assert ask("HEAD", "/", f"localhost:{port}") == (200, b"")

# A name that leads here from elsewhere; another port; no name.
for host in (f"evil.example:{port}", "127.0.0.1:1", "localhost", f"127.0.0.1:{port}.evil.example", None):
    assert ask("GET", "/data", host)[0] == 403, host

# It only shows.
for method, path, want in (("POST", "/", 405), ("PUT", "/data", 405), ("DELETE", "/", 405),
                           ("GET", "/etc/passwd", 404), ("GET", "/../data", 404), ("GET", "//data", 404)):
    assert ask(method, path, f"localhost:{port}")[0] == want, (method, path)

# What is no request.
for text in (b"\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 20000,
             b"GET " * 3 + b"\r\n\r\n"):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as s:
        s.sendall(text)

# Clients that ask and do not read, or say nothing, more than it serves at a time: the run goes on.
lazy = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(24)]
for s in lazy[::2]:
    s.sendall(b"GET / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
time.sleep(0.2)
for s in lazy:
    s.close()
for _ in range(100):
    if epochs() > before:
        break
    time.sleep(0.05)
else:
    raise SystemExit("the run does not go on")
