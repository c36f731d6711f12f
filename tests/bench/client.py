"""The load generator: one process, raw sockets and epoll, so that on two cores it leaves them to the servers it measures.

It does no more per request than send, receive, find the end of the response and note the time; all answers are kept, and
read when the clock has stopped. Needs Linux.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
RECEIVE_BYTES = 65536


class Fault(Exception):
    """A server did not do what is measured: the numbers would mean nothing."""


@dataclass(slots=True)
class Load:
    """What came of a load: raw ``answers`` and ``latencies`` in seconds, both in the order of the requests.

    What was not answered in time is b"" with latency 0. ``cpu`` are the seconds of processor time the client itself took.
    """

    answers: list[bytes]
    latencies: list[float]
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass(eq=False, slots=True)
class _Connection:
    """At most one request is under way on it. It is opened when first needed: an idle one would block a sync worker."""

    socket: socket.socket | None = None
    received: bytes = b""
    request: int = 0
    since: float = field(default=0.0)


class Client:
    """Sends each of ``requests`` once to ``port`` of this machine, over up to ``connections`` at a time."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        self._address = HOST, port
        self._requests = requests
        self._idle = deque(_Connection() for _ in range(connections))
        self._open: dict[int, _Connection] = {}
        self._sent = self._done = 0
        self._load = Load([b""] * len(requests), [0.0] * len(requests))

    def flood(self, patience: float) -> Load:
        """Every connection sends the next request as soon as it has its answer. Ends after ``patience`` seconds."""
        return self._run(None, patience)

    def pace(self, due: Sequence[float], patience: float) -> Load:
        """Sends each request ``due`` seconds after the start, whatever has been answered by then.

        A latency counts from when the request was due: one that found no free connection has waited, too.
        """
        return self._run(due, patience)

    def _run(self, due: Sequence[float] | None, patience: float) -> Load:
        gc.collect()
        gc.disable()  # a pause of the client would look like one of the server
        self._epoll = select.epoll()
        cpu, start = time.process_time(), time.perf_counter()
        try:
            self._exchange(due, start, start + patience)
        finally:
            self._load.seconds, self._load.cpu = time.perf_counter() - start, time.process_time() - cpu
            for connection in list(self._open.values()):
                self._close(connection)
            self._epoll.close()
            gc.enable()
        return self._load

    def _exchange(self, due: Sequence[float] | None, start: float, deadline: float) -> None:
        total = len(self._requests)
        while self._done < total and (now := time.perf_counter()) < deadline:
            while self._idle and self._sent < total and (due is None or start + due[self._sent] <= now):
                self._send(now if due is None else start + due[self._sent])
            if due is None or self._sent == total or not self._idle:
                events = self._epoll.poll(deadline - now)
            else:
                # epoll_wait counts milliseconds, select microseconds.
                select.select([self._epoll], [], [], max(0.0, start + due[self._sent] - time.perf_counter()))
                events = self._epoll.poll(0)
            for descriptor, _ in events:
                self._receive(self._open[descriptor])
                if due is None and self._sent < total and self._idle:
                    self._send(time.perf_counter())

    def _send(self, since: float) -> None:
        connection = self._idle.popleft()
        request = self._requests[self._sent]
        connection.request, connection.since = self._sent, since
        self._sent += 1
        if connection.socket is None:
            # Bare, because create_connection() would look up the address each time, which costs more than the connection.
            connection.socket = socket.socket()
            connection.socket.connect(self._address)
            connection.socket.setblocking(False)
            self._open[connection.socket.fileno()] = connection
            self._epoll.register(connection.socket, select.EPOLLIN)
        # Nothing else is under way on it, so the kernel has room for a whole message.
        if connection.socket.send(request) != len(request):
            raise Fault("a request did not fit into the socket's buffer")

    def _receive(self, connection: _Connection) -> None:
        assert connection.socket is not None
        try:
            data = connection.socket.recv(RECEIVE_BYTES)
        except ConnectionError as error:
            raise Fault(f"a connection broke: {error}") from error
        connection.received = connection.received + data if connection.received else data
        found = response_end(connection.received, ended=not data)
        if found is None:
            if not data:
                raise Fault("a connection ended before its answer did")
            return
        end, stays = found
        self._load.latencies[connection.request] = time.perf_counter() - connection.since
        self._load.answers[connection.request] = connection.received[:end]
        connection.received = b""
        self._done += 1
        if not stays:
            self._close(connection)
        self._idle.append(connection)

    def _close(self, connection: _Connection) -> None:
        if connection.socket is not None:
            del self._open[connection.socket.fileno()]
            connection.socket.close()
            connection.socket = None


def response_end(data: bytes, *, ended: bool = False) -> tuple[int, bool] | None:
    """The length of the response at the start of ``data`` and whether its connection stays open; None if more must come.

    ``ended``: the server has closed the connection, which ends a response that doesn't say how long it is.
    """
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = data[: head_end + 2].lower()
    body = head_end + 4
    stays = b"\r\nconnection: close\r\n" not in head
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        end = body + int(head[at + 17 : head.find(b"\r\n", at + 17)])
        return (end, stays) if len(data) >= end else None
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        chunks = _chunks(data, body)
        return (chunks[1], stays) if chunks else None
    return (len(data), False) if ended else None


def opened(answer: bytes) -> tuple[int, bytes]:
    """The status and the body of a whole response; (0, b"") of one that never came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head:
        return 0, b""
    if b"\r\ntransfer-encoding: chunked" in head.lower() and (chunks := _chunks(answer, len(head) + 4)):
        body = chunks[0]
    return int(head.split(b" ", 2)[1]), body


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    """A chunked body that begins at ``at``, joined, and its end; None if more must come. Trailers are not expected."""
    parts: list[bytes] = []
    while (line_end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line_end].partition(b";")[0], 16)
        at = line_end + 2 + size + 2
        if len(data) < at:
            return None
        if not size:
            return b"".join(parts), at
        parts.append(data[line_end + 2 : at - 2])
    return None
