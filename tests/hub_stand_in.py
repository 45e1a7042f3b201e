"""A stand-in for the Hugging Face hub on 127.0.0.1, standard library only (pyarrow makes its data).

It speaks as much of the hub's protocol as `datasets` and `huggingface_hub` ask for, and can be bad
in the ways that matter: gated, private, busy, slow, silent, cutting the line. huggingface_hub reads
HF_ENDPOINT when it is first imported, so calls are made in a process of their own:

    with StandIn(repositories()) as hub:
        results = make_calls(hub.url, [{"do": "inspect", "id": "acme/stories"}], home)

`python -m tests.hub_stand_in` is that process: calls as JSON on stdin, results on stdout.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXPORT = "refs/convert/parquet"
PULL_REQUEST = "refs/pr/2"
READER = "hf_of_a_reader_with_access"  # tokens that the stand-in knows
STRANGER = "hf_of_a_reader_without"
TOO_OFTEN = "too often"  # who searches for this is told to wait
Files = dict[str, bytes]


# -- repositories ----------------------------------------------------------------------------------
@dataclass
class Repo:
    """A repository and how the hub behaves towards it."""

    files: Files
    export: Files = field(default_factory=dict)  # of refs/convert/parquet
    request: Files = field(default_factory=dict)  # of the pull request refs/pr/2
    gated: bool = False
    private: bool = False
    info_status: int = 200  # of the first metadata call
    refusals: int = 0  # this many requests for a file's content are answered `refusal`
    refusal: int = 503
    cut_after: int = 0  # the line is cut once, after so many bytes of a file
    pause: float = 0.0  # before each answer with a file's content
    hangs: bool = False  # the first metadata call is answered, and then nothing any more
    model: bool = False  # else of a dataset

    @functools.cache  # noqa: B019 - a repository lives as long as the tests
    def sha(self, revision: str = "main") -> str:
        """The commit: changes with the content, and differs between the two revisions."""
        digest = hashlib.sha1(revision.encode())
        for name, content in sorted(self.tree(revision).items()):
            digest.update(name.encode() + hashlib.sha1(content).digest())
        return digest.hexdigest()

    def tree(self, revision: str) -> Files:
        return {EXPORT: self.export, PULL_REQUEST: self.request}.get(revision, self.files)

    def split_revision(self, path: str) -> tuple[str, str] | None:
        """`REVISION[/REST]` as revision name and rest; None where there is no such revision."""
        revisions = ["main", *[EXPORT] * bool(self.export), *[PULL_REQUEST] * bool(self.request)]
        for revision in revisions:
            for written in (revision, self.sha(revision)):
                if path == written or path.startswith(written + "/"):
                    return revision, path[len(written):].strip("/")
        return None

    __hash__ = object.__hash__


def parquet(columns: Mapping[str, Any], row_group_size: int | None = None, **options: Any
            ) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), file, row_group_size=row_group_size, **options)
    return file.getvalue()


LINES = [f"row {i} the quick brown fox jumps over the lazy dog {i * 7919 % 1000003}"
         for i in range(100_000)]
VERSES = "To be, or not to be\r\n\r\nthat is the question\r\n"
CARD = """---
configs:
- config_name: small
  default: true
  data_files:
  - split: train
    path: small/train-*.parquet
  - split: validation
    path: small/validation-*.parquet
- config_name: big
  data_files:
  - split: train
    path: big/train-*.parquet
---
"""
TWO_CONFIGS = """---
configs:
- config_name: first
  data_files: first.csv
- config_name: second
  data_files: second.csv
---
"""


DIVIDED_CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: train.csv
  - split: dev
    path: dev.csv
---
"""
# a dataset that comes divided, with what must not move or stay: a mark that would join the
# character before it, rows that another split has with other white space, a short one repeated
TRAIN_ROWS = [f"row {i} of the training split, cafe\u0301 and tea, told at some length\r"
              for i in range(200)]
DIVIDED = {"train": ["CHAPTER", *TRAIN_ROWS, TRAIN_ROWS[0]],
           "validation": ["\u0301stressed from its first mark on, and none of it moves", "CHAPTER",
                          TRAIN_ROWS[3].replace(" ", "  "),
                          *[f"row {i} of the validation split, told at some length as well"
                            for i in range(60)]],
           "test": [TRAIN_ROWS[7], "row 5 of the validation split, told at some length as well",
                    *[f"row {i} of the test split, of which nothing is known before the end"
                      for i in range(60)]]}


DESCRIBED = """---
dataset_info:
  config_name: plain_text
  features:
  - name: text
    dtype: string
---
"""


def repositories(outside: Path) -> dict[str, Repo]:
    """One repository for each thing that has gone wrong for somebody.

    `outside` is a text file of the machine itself, which one repository tries to have read.
    """
    few = {"text": ["hello", "", None, "a\r\nb\n", "world", " \t"] * 10, "id": list(range(60))}
    many = parquet({"text": LINES, "n": list(range(len(LINES)))}, row_group_size=5000)
    nested = {"translation": [{"en": "good day", "fr": "bonjour"}] * 40,
              "tokens": [["a", "b"]] * 40, "n": [1.5] * 40, "sizes": [[1, 2]] * 40,
              "answers": [[{"text": "yes", "at": 1}, {"text": "no", "at": 2}]] * 40,
              "messages": [[{"role": "user", "content": "hi"},
                            {"role": "assistant", "content": "hello"}]] * 40}
    places = [parquet({"text": [f"file {file} row {row}" for row in range(12)]}, row_group_size=3)
              for file in range(2)]
    tell = f"---\nconfigs:\n- config_name: default\n  data_files: {outside}\n---\n"
    return {
        "acme/stories": Repo({
            "README.md": CARD.encode(),
            "small/train-00000-of-00001.parquet": parquet(few),
            "small/validation-00000-of-00001.parquet": parquet({"text": ["v"], "id": [1]}),
            "big/train-00000-of-00002.parquet": many,
            "big/train-00001-of-00002.parquet": many}),
        "acme/ordered": Repo({"train-00000-of-00002.parquet": many,
                              "train-00001-of-00002.parquet": many}),
        "acme/one_group": Repo({"train.parquet": parquet({"text": LINES})}),
        "acme/two_configs": Repo({"README.md": TWO_CONFIGS.encode(),
                                  "first.csv": b"text\n1st\n", "second.csv": b"text\n2nd\n"}),
        "acme/plain": Repo({"train.txt": (VERSES * 100).encode("utf-8-sig"),
                            "test.txt": b"abc\ndef\n"}),
        "acme/two_files": Repo({"data/a.txt": b"end of a", "data/b.txt": "\ufeffb\n".encode()}),
        "acme/latin": Repo({"train.txt": "caf\xe9 na\xefve\n".encode("latin-1")}),
        # as `datasets` itself writes it, with a description of a configuration that has no files
        "acme/described": Repo({"README.md": DESCRIBED.encode(),
                                "train.parquet": parquet({"text": ["described"]})}),
        "acme/divided": Repo({f"data/{split}-00000-of-00001.parquet": parquet({"text": rows})
                              for split, rows in DIVIDED.items()}),
        "acme/dev": Repo({
            "README.md": DIVIDED_CARD.encode(),
            "train.csv": b"text\n" + b"".join(b"to train on %d\n" % i for i in range(90)),
            "dev.csv": b"text\n" + b"".join(b"to hold out %d\n" % i for i in range(90))}),
        "acme/odd_test": Repo({"train.parquet": parquet({"text": ["to train on"] * 9}),
                               "test.parquet": parquet({"body": ["to test on"] * 9})}),
        "acme/csv": Repo({"data.csv": b'\xef\xbb\xbftext,label\nhi,1\n"a,b",2\n,3\n'}),
        "acme/lines": Repo({"train.jsonl": b"".join(
            json.dumps({"n": i, "text": f"line {i}"}).encode() + b"\n" for i in range(40_000))}),
        "acme/ragged": Repo({"a.jsonl": b'{"text":"x","k":1}\n', "b.jsonl": b'{"body":"z"}\n'}),
        "acme/long_list": Repo({"train.json": b"[" + b'{"text": "one and two"},\n' * 2_700_000}),
        "acme/scripted": Repo({"README.md": b"---\nlicense: mit\n---\n", "scripted.py": b"1\n"}, {
            "verse/partial-train/0000.parquet": parquet({"text": ["from the export"] * 30}),
            "verse/test/0000.parquet": parquet({"text": ["t"] * 3}),
            "prose/train/0000.parquet": parquet({"text": ["prose"] * 3})}),
        "acme/converted": Repo({"converted.py": b"1\n"}, request={
            "train.parquet": parquet({"text": ["from the pull request"] * 30})}),
        "acme/places": Repo({"data/train-00000-of-00002.parquet": places[0],
                             "data/train-00001-of-00002.parquet": places[1]}),
        "acme/poems": Repo({"train.parquet": parquet(
            {"author": ["Li Bai"], "title": ["Moon"], "Content": ["before my bed"]})}),
        "acme/script_only": Repo({"script_only.py": b"1\n"}),
        "acme/gated": Repo({"train.txt": b"secret"}, gated=True),
        "acme/private": Repo({"train.txt": b"secret"}, private=True),
        "acme/empty": Repo({"README.md": b"---\nlicense: mit\n---\n"}),
        "acme/no_lines": Repo({"train.txt": b""}),
        "acme/pictures": Repo({"train/1.png": b"\x89PNG\r\n\x1a\n", "train/2.png": b"\x89PNG"}),
        "acme/outside": Repo({"README.md": tell.encode(), "train.txt": b"mine\n"}),
        "acme/numbers": Repo({"train.parquet": parquet({"n": [1, 2, 3]})}),
        "acme/blank": Repo({"train.parquet": parquet({"text": [None, "", " "]})}),
        "acme/broken": Repo({"train.parquet": b"PAR1 and then nothing of the kind PAR1"}),
        "acme/nested": Repo({"train.parquet": parquet(nested)}),
        "acme/flaky": Repo({"train.txt": b"flaky\n" * 10}, refusals=2, refusal=429),
        "acme/down": Repo({"train.txt": b"down\n"}, refusals=10**6, refusal=503),
        "acme/limited": Repo({"train.parquet": parquet({"text": ["x"]})}, refusals=10**6,
                             refusal=429),
        "acme/info_down": Repo({"train.txt": b"down\n"}, info_status=503),
        "acme/cut": Repo({"train.txt": b"cut line here\n" * 30_000}, cut_after=100_000),
        "acme/slow": Repo({"train.parquet": parquet(
            {"text": LINES}, compression="none", use_dictionary=False)}, pause=0.5),
        "acme/hangs": Repo({"train.txt": b"never\n"}, hangs=True),
    }


def vector_file(rows: int, size: int = 20, head: bool = False) -> bytes:
    """`w0`, `w1`, … each with its own number, tenths added along the row: row 7 is 7.0 7.1 7.2 …"""
    lines = [f"w{row} " + " ".join(f"{row}.{place % 10}" for place in range(size))
             for row in range(rows)]
    return "\n".join([f"{rows} {size}"] * head + lines + [""]).encode()


def zipped(files: Files) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def vector_repositories() -> dict[str, Repo]:
    """Word vectors in every form in which they are published, and with every fault."""
    long, locked = vector_file(40_000), bytearray(zipped({"a.txt": vector_file(10)}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1  # "encrypted"
    tables = {"README.md": b"---\nlicense: mit\n---\n", "glove.txt": vector_file(5),
              "crawl.vec": vector_file(40_000, head=True), "crawl.vec.gz": gzip.compress(long, 1),
              "glove.zip": zipped({"glove.20d.txt": long, "sub/glove.5d.txt": vector_file(9, 5),
                                   "__MACOSX/a.txt": b"x", "readme.md": b"x"})}
    return {
        "acme/glove": Repo(tables, model=True),
        "acme/one": Repo({"only.vec": vector_file(9, head=True), "x.bin": b"1"}, model=True),
        "acme/of_a_dataset": Repo({"only.vec": vector_file(9)}),
        "acme/bombs": Repo({"line.gz": gzip.compress(b"a" * 5_000_000),
                            "blank.gz": gzip.compress(b"a 1 2\n" + b"\n" * 3_000_000),
                            "locked.zip": bytes(locked), "cut.gz": gzip.compress(long)[:9_000],
                            "damaged.zip": b"PK" * 100, "no_table.zip": zipped({"a.md": b"a"}),
                            "bad.vec": b"a 1 2\nb 3 x\n", "words.txt": b"one\ntwo\n"}, model=True),
        "acme/no_tables": Repo({"model.bin": b"1", "config.json": b"{}"}, model=True),
        "acme/gated_glove": Repo({"a.vec": vector_file(5)}, model=True, gated=True),
        "acme/private_glove": Repo({"a.vec": vector_file(5)}, model=True, private=True),
        "acme/cut_glove": Repo({"a.vec": long}, model=True, cut_after=100_000),
        "acme/flaky_glove": Repo({"a.vec": long}, model=True, refusals=2, refusal=429),
        "acme/down_glove": Repo({"a.vec": long}, model=True, refusals=10**6),
        "acme/slow_glove": Repo({"a.vec": vector_file(100_000)}, model=True, pause=0.4),
        "acme/hanging_glove": Repo({"a.vec": long}, model=True, hangs=True),
    }


MOVED = {"stories": "acme/stories"}  # old one-word ids, redirected


# -- the server ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Request:
    """One line of the stand-in's log."""

    method: str
    path: str
    status: int
    sent: int  # bytes of the body
    authorization: str | None


class StandIn:
    """The server, as a context manager; `log` holds what was asked for."""

    def __init__(self, repos: Mapping[str, Repo]) -> None:
        self.repos = repos
        self.log: list[Request] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), functools.partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StandIn:
        # a short poll: `shutdown` waits for it
        serve = functools.partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def sent(self, part: str) -> int:
        """Bytes of all answers whose path holds `part`."""
        return sum(request.sent for request in self.log if part in request.path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away (a deadline, a cancelled call) is no error of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            raise


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the client keeps its connections
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the next

    def __init__(self, hub: StandIn, *args: Any) -> None:
        self.hub = hub
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the log is a list."""

    def do_GET(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(address.path)  # a revision arrives as refs%2Fconvert%2Fparquet
        query = dict(urllib.parse.parse_qsl(address.query))
        self.status = self.sent = 0
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        try:
            if self.token in ("", READER, STRANGER):
                self.route(path, query)
            else:
                self.answer(401, {}, {
                    "X-Error-Message": "Invalid credentials in Authorization header"})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client did not wait for the rest
        self.hub.log.append(Request(self.command, path, self.status, self.sent,
                                    self.headers.get("Authorization")))

    do_HEAD = do_GET

    # answers
    def answer(self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None
               ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.status = status
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
            self.sent = len(content)

    def refuse(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        """With the code by which the client tells a missing file from a missing repository."""
        self.answer(status, {"error": code}, {"X-Error-Code": code, **(headers or {})})

    def hang(self) -> None:
        self.hub.closing.wait()
        self.close_connection = True

    # routes
    def route(self, path: str, query: Mapping[str, str]) -> None:
        if path == "/api/datasets":
            self.search(query)
        elif match := re.fullmatch(r"/api/datasets/([^/]+)", path):
            target = MOVED.get(match[1])
            if target:
                self.answer(307, b"", {"Location": f"/api/datasets/{target}"})
            else:
                self.refuse(401, "RepoNotFound")
        elif match := re.fullmatch(
                r"/api/(datasets|models)/([^/]+/[^/]+)(?:/(revision|tree)/(.+))?", path):
            kind, name, verb, rest = match.groups()
            if repo := self.repository(name, model=kind == "models"):
                self.metadata(name, repo, verb or "info", rest or "main", query)
        elif match := re.fullmatch(r"/(datasets/|)([^/]+/[^/]+)/resolve/(.+)", path):
            if repo := self.repository(match[2], model=not match[1]):
                self.content(repo, match[3])
        else:
            self.refuse(404, "NoSuchRoute")

    def search(self, query: Mapping[str, str]) -> None:
        """The repositories with these letters in their id; their downloads grow with their names'
        place in the alphabet."""
        words = query.get("search", "").lower()
        if words == TOO_OFTEN:
            return self.refuse(429, "Busy")
        found = [_info(name, repo, "main") | {"downloads": place} for place, (name, repo)
            in enumerate(sorted(self.hub.repos.items()))
            if words in name and not repo.private and not repo.model]
        found.sort(key=lambda info: -int(info["downloads"]))
        self.answer(200, found[:int(query.get("limit", 1000))])

    def repository(self, name: str, model: bool = False) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None or repo.model != model or (repo.private and self.token != READER):
            self.refuse(404 if self.token else 401, "RepoNotFound")
            return None
        if repo.hangs and any(name in request.path for request in self.hub.log):
            self.hang()
            return None
        return repo

    def metadata(self, name: str, repo: Repo, verb: str, rest: str, query: Mapping[str, str]
                 ) -> None:
        found = repo.split_revision(rest)
        if verb == "info" and repo.info_status != 200:
            self.refuse(repo.info_status, "Busy")
        elif found is None:
            self.refuse(404, "RevisionNotFound")
        elif verb != "tree":
            self.answer(200, _info(name, repo, found[0]))
        elif repo.gated and self.token != READER:
            self.refuse(403 if self.token else 401, "GatedRepo")
        else:
            entries = _entries(repo.tree(found[0]), found[1], query.get("recursive") == "true")
            if entries or not found[1]:
                self.answer(200, entries)
            else:
                self.refuse(404, "EntryNotFound")

    def content(self, repo: Repo, rest: str) -> None:
        found = repo.split_revision(rest)
        if found is None:
            return self.refuse(404, "RevisionNotFound")
        if repo.gated and self.token != READER:
            return self.refuse(403 if self.token else 401, "GatedRepo")
        revision, name = found
        headers = {"X-Repo-Commit": repo.sha(revision), "Accept-Ranges": "bytes"}
        content = repo.tree(revision).get(name)
        if content is None:
            return self.refuse(404, "EntryNotFound", headers)
        headers["ETag"] = f'"{len(content)}-{repo.sha(revision)}"'
        if self.command == "HEAD":
            return self.answer(200, b"", {**headers, "Content-Length": str(len(content))})
        if repo.refusals > 0:
            repo.refusals -= 1
            return self.refuse(repo.refusal, "Busy")
        time.sleep(repo.pause)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return self.answer(200, content, headers)
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        part = content[first:last + 1]
        if repo.cut_after and len(part) > repo.cut_after:
            return self.cut(repo, part, headers)
        self.answer(206, part, headers)

    def cut(self, repo: Repo, content: bytes, headers: Mapping[str, str]) -> None:
        """Promise the whole, send a part, close the line; only once."""
        self.send_response(206)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:repo.cut_after])
        self.sent, repo.cut_after = repo.cut_after, 0
        self.close_connection = True


def _info(name: str, repo: Repo, revision: str) -> dict[str, Any]:
    return {"_id": hashlib.md5(name.encode()).hexdigest()[:24], "id": name,
            "author": name.split("/")[0], "sha": repo.sha(revision), "private": False,
            "gated": "auto" if repo.gated else False, "disabled": False, "downloads": 1,
            "likes": 1, "tags": ["license:mit", "language:en"],
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": file, "size": len(content), "blobId": "0" * 40}
                         for file, content in repo.tree(revision).items()]}


def _entries(tree: Files, folder: str, recursive: bool) -> list[dict[str, Any]]:
    """Files and folders under `folder`."""
    files, folders = [], set()
    for path, content in tree.items():
        if folder and not path.startswith(folder + "/"):
            continue
        inner = path[len(folder):].strip("/").split("/")
        above = [f"{folder}/{'/'.join(inner[:n])}".strip("/") for n in range(1, len(inner))]
        folders.update(above if recursive else above[:1])
        if recursive or len(inner) == 1:
            files.append({"type": "file", "oid": hashlib.sha1(path.encode()).hexdigest(),
                          "size": len(content), "path": path})
    return [{"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
            for path in sorted(folders)] + files


@contextmanager
def silent_hub() -> Iterator[str]:
    """The URL of a hub that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        # The kernel accepts for us: a connection in the backlog is open for the client.
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def absent_hub() -> Iterator[str]:
    """The URL of a port where nothing listens, kept so that nothing else can take it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


# -- calls in a process of their own ---------------------------------------------------------------
Call = dict[str, Any]


def make_calls(url: str, calls: list[Call], home: str | Path, cwd: Path = ROOT, **environment: str
               ) -> list[dict[str, Any]]:
    """Make the calls one after another in a fresh process that takes `url` for the hub.

    A call is {"do": "inspect", "fetch" or "search", "spec" or "words": ..., "cancel_after":
    seconds, and the function's own keywords}, or "tables" and "vectors" for word vectors; its
    result {"ok": fields} or {"error": code, values,
    sentence}, with "seconds" and, of a fetch, "progress". {"do": "look"} tells what the process has
    loaded and everything it has logged so far.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    env |= {"HF_ENDPOINT": url, "HF_HOME": str(home), "NO_PROXY": "*", "PYTHONPATH": str(ROOT),
            "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    done = subprocess.run([sys.executable, "-m", "tests.hub_stand_in"], input=json.dumps(calls),
                          env=env, cwd=cwd, text=True, capture_output=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def _make(call: Call) -> dict[str, Any]:
    if call["do"] == "look":
        from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES

        return {"loaders": list(_PACKAGED_DATASETS_MODULES), "modules": list(sys.modules),
                "logged": _LOGGED.getvalue()}
    from rnnlm_core.data.hub import HubSpec, fetch_hub_text, inspect_hub
    from rnnlm_core.data.hub_search import search_hub
    from rnnlm_core.data.hub_vectors import VectorSpec, fetch_vectors, inspect_vectors
    from rnnlm_core.errors import BadInput

    keywords = {name: call[name] for name in call.keys() - {"do", "words", "spec", "cancel_after"}}
    if call["do"] == "fetch":
        keywords.setdefault("max_characters", 100_000)
    seen: list[Any] = []
    started = time.monotonic()
    result: dict[str, Any] = {}
    try:
        if call["do"] == "inspect":
            result["ok"] = asdict(inspect_hub(HubSpec.parse(call["spec"]), **keywords))
        elif call["do"] == "search":
            result["ok"] = [asdict(hit) for hit in search_hub(call["words"], **keywords)]
        elif call["do"] == "tables":
            found = inspect_vectors(VectorSpec.parse(call["spec"]), **keywords)
            result["ok"] = {**asdict(found), "spec": str(found.spec)}
        elif call["do"] == "vectors":
            until = started + call.get("cancel_after", float("inf"))
            got = fetch_vectors(VectorSpec.parse(call["spec"]), progress=seen.append,
                                cancelled=lambda: time.monotonic() > until, **keywords)
            result["ok"] = {
                "spec": str(got.spec), "revision": got.revision, "bytes_moved": got.bytes_moved,
                "rows": got.read.rows, "ended": got.read.ended, "words": got.read.table.words,
                "vectors": got.read.table.vectors[:3].tolist(), "size": got.read.table.size}
        else:
            until = started + call.get("cancel_after", float("inf"))
            text = fetch_hub_text(HubSpec.parse(call["spec"]), progress=seen.append,
                                  cancelled=lambda: time.monotonic() > until, **keywords)
            result["ok"] = {**asdict(text), "text": text.text, "spec": str(text.spec)}
    except BadInput as error:
        result["error"] = {"code": error.code, "values": error.values, "sentence": str(error)}
    result["seconds"] = time.monotonic() - started
    result["progress"] = [asdict(progress) for progress in seen]
    return result


_LOGGED = io.StringIO()

if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=_LOGGED)
    json.dump([_make(call) for call in json.load(sys.stdin)], sys.stdout)
