"""The bench measures what it says: responses are found whole, messages verify, a wrong answer is a fault, nothing stays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.dialogue.messages import Text
from bot.gateway.envelope import Envelope, Opened
from bot.gateway.xml import parse
from bot.simulator.account import Account, CallbackMode
from bot.simulator.envelope import compose
from config.settings import ROOT
from tests.bench.__main__ import bench
from tests.bench.client import HOST, Client, Fault, opened, response_end
from tests.bench.content import Question, generated_pack, keywords, questions, replies
from tests.bench.rounds import Plan
from tests.bench.servers import children, product_options
from tests.bench.traffic import hello, residents
from tests.house import settings_for

LENGTH = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"
UNBOUNDED = b"HTTP/1.0 200 OK\r\n\r\nhello"
KEYS = "ratio_plain ratio_safe cpu_us_plain cpu_us_safe p99_ms rss_mb werobot_ratio hello_rps"
QUESTIONS = [Question("请问甲渠归谁管", "gen0", "归小组管"), Question("乙桥呢", "gen1", "归镇里管")]


# ---------------------------------------------------------------- client


@pytest.mark.parametrize(("response", "stays"), [(LENGTH, True), (CHUNKED, True), (CLOSING, False)])
def test_a_response_is_found_once_it_is_whole(response: bytes, stays: bool) -> None:
    for size in range(len(response)):
        assert response_end(response[:size]) is None
    assert response_end(response) == (len(response), stays)
    assert opened(response) == (200, b"hello")


def test_a_response_without_length_ends_with_its_connection() -> None:
    assert response_end(UNBOUNDED) is None
    assert response_end(UNBOUNDED, ended=True) == (len(UNBOUNDED), False)
    assert opened(UNBOUNDED) == (200, b"hello")


def test_no_response_is_no_status() -> None:
    assert opened(b"") == (0, b"")


class Handler(BaseHTTPRequestHandler):
    """Answers with the path, in the way that the path asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(len(body) + ("short" in self.path)))
        if "close" in self.path or "short" in self.path:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[:3])
        self.wfile.flush()
        time.sleep(0.001)
        self.wfile.write(body[3:])

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where Handler answers."""
    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def gets(*paths: str) -> list[bytes]:
    return [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths]


@pytest.mark.parametrize("paced", [False, True])
def test_the_client_gets_the_answer_to_each_request(port: int, paced: bool) -> None:
    paths = [f"/{number}-{kind}" for number in range(20) for kind in ("length", "chunked", "close")]
    client = Client(port, gets(*paths), connections=4)
    load = client.pace([number / 1000 for number in range(60)], 30) if paced else client.flood(30)
    assert [opened(answer) for answer in load.answers] == [(200, path.encode()) for path in paths]
    assert all(latency > 0 for latency in load.latencies)
    assert load.seconds >= (0.059 if paced else 0)


def test_an_answer_that_breaks_off_is_a_fault(port: int) -> None:
    with pytest.raises(Fault, match="ended before"):
        Client(port, gets("/short"), connections=1).flood(30)


def test_the_client_stops_when_its_time_is_up(port: int) -> None:
    load = Client(port, gets(*["/length"] * 10_000), connections=1).flood(0.05)
    assert load.answers[0]
    assert not load.answers[-1]
    with pytest.raises(Fault, match="did not come"):
        hello(10_000).check_all(load.answers)


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_every_message_verifies_and_is_new(mode: CallbackMode, tmp_path: Path) -> None:
    account = Account.random(mode)
    envelope = Envelope.from_settings(settings_for(account, "", tmp_path))
    found = []
    for request in (request for _ in range(2) for request in residents(account, QUESTIONS)(300).requests):
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        query = parse_qs(urlsplit(head.split()[1].decode()).query)
        found.append(parse(envelope.open(query, body).xml))
    assert len({message.msg_id for message in found}) == 600
    assert len({message.openid for message in found}) == 512
    assert {message.content for message in found if isinstance(message, Text)} == {question.said for question in QUESTIONS}


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_only_the_right_answer_passes(mode: CallbackMode, tmp_path: Path) -> None:
    account = Account.random(mode)
    envelope = Envelope.from_settings(settings_for(account, "", tmp_path))
    batch = residents(account, QUESTIONS)(2)

    def answer(content: str) -> bytes:
        body = envelope.seal(compose({"Content": content}), Opened(b"", "1"))
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    batch.check(0, answer("归小组管"))
    with pytest.raises(Fault, match="wrong answer"):
        batch.check(0, answer("归镇里管"))
    with pytest.raises(Fault, match="status 500"):
        batch.check(0, LENGTH.replace(b"200", b"500"))


# ---------------------------------------------------------------- what is measured


def test_keywords_are_different_and_none_hides_another() -> None:
    words = keywords(10_000)
    assert len(set(words)) == 10_000
    assert {len(word) for word in words} == {5}
    with pytest.raises(ValueError, match="no more than 10000"):
        keywords(10_001)


def test_each_question_is_answered_by_its_own_entry(tmp_path: Path) -> None:
    pack = generated_pack(100)
    asked = questions(pack, settings_for(Account.random(), f"unix://{tmp_path}/none", tmp_path))
    assert len({question.reply for question in asked}) == len({question.entry for question in asked}) == len(asked) == 10
    table = replies(pack, asked)
    assert list(table) == keywords(100)
    assert all(question.reply in [reply for word, reply in table.items() if word in question.said] for question in asked)


def test_peers_are_served_with_the_options_of_the_product() -> None:
    options = json.loads(json.dumps(product_options()))
    assert options["interface"] == "wsgi"
    assert options["workers"] == 2
    assert options["blocking_threads"] > 1


# ---------------------------------------------------------------- the whole


@pytest.mark.slow
def test_a_tiny_run_gives_every_number() -> None:
    numbers, table = bench(Plan(rounds=1, flood=0.1, steady=0.1, budget=60), rules=100)
    assert list(numbers) == KEYS.split()
    assert all(value > 0 for value in numbers.values())
    assert all(name in table for name in ("gunicorn sync", "granian", "plain mode", "safe mode", "WeRoBot", "machine: "))


@pytest.mark.slow
def test_ctrl_c_leaves_no_process() -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--rules", "100"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        started: set[int] = set()
        deadline = time.monotonic() + 60
        while len(started) < 16 and time.monotonic() < deadline:  # Redis, five servers and their workers
            started = {pid for child in children(process.pid) for pid in (child, *children(child))}
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert len(started) >= 16
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert process.returncode == 0
