"""A web server on this machine that is a plain one, an S3 and a Google Cloud Storage at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.parse import parse_qs, unquote, urlsplit

_DATE = "Wed, 01 Jan 2025 00:00:00 GMT"


class Server:
    """What the server has, and what it was asked.

    Attributes
    ----------
    files
        Path -> content.
    answers
        Path -> status and headers of another answer than the content.
    breaks_after
        After so many bytes each transfer breaks, as often as ``breaks`` says.
    asked
        Method, path and headers of each request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.breaks = 0
        self.breaks_after = 1 << 20
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.port = 0

    @property
    def url(self) -> str:
        """The beginning of all addresses."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def options(self) -> str:
        """What an address of an object store needs to be looked for here."""
        return f"?region=us-east-1&scheme=http&endpoint_override=127.0.0.1:{self.port}"

    def put(self, path: str, content: str | bytes | Path) -> None:
        """Have a file."""
        if isinstance(content, Path):
            content = content.read_bytes()
        self.files[path] = content.encode() if isinstance(content, str) else content


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ours: Server

    def log_message(self, *_: Any) -> None:
        return

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_PUT(self) -> None:
        path, options = self._written()
        content = self._sent()
        if "partNumber" in options:
            self.ours.uploads[options["uploadId"]][int(options["partNumber"])] = content
        else:
            self.ours.files[path] = content
        self._send(200, b"", {"ETag": '"1"'}, body=True)

    def do_POST(self) -> None:
        path, options = self._written()
        asked = self._sent()
        if "uploads" in options:
            upload = str(len(self.ours.uploads))
            self.ours.uploads[upload] = {}
            answer = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        elif "delete" in options:
            for key in re.findall("<Key>(.*?)</Key>", asked.decode()):
                self.ours.files.pop(f"{path.rstrip('/')}/{key}", None)
            answer = "<DeleteResult></DeleteResult>"
        else:
            parts = self.ours.uploads.pop(options["uploadId"])
            self.ours.files[path] = b"".join(parts[number] for number in sorted(parts))
            answer = '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>'
        self._send(200, answer.encode(), {"Content-Type": "application/xml"}, body=True)

    def do_DELETE(self) -> None:
        self.ours.files.pop(self._written()[0], None)
        self._send(204, b"", {}, body=False)

    def _sent(self) -> bytes:
        """What a request sends; Amazon's libraries send it in chunks of their own, within those of HTTP."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            content = _unchunked(self.rfile)
        else:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return _unchunked(BytesIO(content)) if "aws-chunked" in self.headers.get("Content-Encoding", "") else content

    def _written(self) -> tuple[str, dict[str, str]]:
        address = urlsplit(self.path)
        options = parse_qs(address.query, keep_blank_values=True)
        self.ours.asked.append((self.command, self.path, dict(self.headers)))
        return unquote(address.path), {key: one[0] for key, one in options.items()}

    def _answer(self, body: bool) -> None:
        ours = self.ours
        address = urlsplit(self.path)
        path, options = unquote(address.path), {key: one[0] for key, one in parse_qs(address.query).items()}
        ours.asked.append((self.command, self.path, dict(self.headers)))
        if path in ours.answers:
            status, headers = ours.answers[path]
            self._send(status, ours.files.get(path, b""), headers, body)
        elif "list-type" in options:
            self._send(200, self._s3_list(path.strip("/"), options), {"Content-Type": "application/xml"}, body)
        elif found := re.fullmatch(r"(?:/download)?/storage/v1/b/([^/]+)/o(?:/(.*))?", path):
            self._google(found[1], found[2], options, body)
        elif path in ours.files:
            self._content(ours.files[path], ours.headers.get(path, {}), body)
        else:
            self._send(404, b"", {}, body)

    def _content(self, content: bytes, headers: dict[str, str], body: bool) -> None:
        status, extra = 200, {"ETag": '"1"', "Last-Modified": _DATE, "Accept-Ranges": "bytes", **headers}
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            start, end = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
            extra["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            status, content = 206, content[start : end + 1]
        self._send(status, content, extra, body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not body:
            return
        if self.ours.breaks and len(content) > self.ours.breaks_after:
            self.ours.breaks -= 1
            self.wfile.write(content[: self.ours.breaks_after])
            self.close_connection = True
            return
        self.wfile.write(content)

    def _s3_list(self, bucket: str, options: dict[str, str]) -> bytes:
        prefix, delimiter = options.get("prefix", ""), options.get("delimiter", "")
        keys, folders = [], set()
        for path in sorted(self.ours.files):
            key = path.removeprefix(f"/{bucket}/")
            if key == path or not key.startswith(prefix):
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            else:
                keys.append((key, len(self.ours.files[path])))
        contents = "".join(
            f"<Contents><Key>{key}</Key><Size>{size}</Size><ETag>&quot;1&quot;</ETag>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, size in keys
        )
        common = "".join(f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in sorted(folders))
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><Prefix>{prefix}</Prefix><KeyCount>{len(keys) + len(folders)}</KeyCount>"
            f"<IsTruncated>false</IsTruncated>{contents}{common}</ListBucketResult>"
        ).encode()

    def _google(self, bucket: str, key: str | None, options: dict[str, str], body: bool) -> None:
        def described(name: str) -> dict[str, Any]:
            content = self.ours.files[f"/{bucket}/{name}"]
            return {
                "kind": "storage#object", "name": name, "bucket": bucket, "size": str(len(content)), "generation": "1",
                "metageneration": "1", "timeCreated": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            }  # fmt: skip

        names = [path.removeprefix(f"/{bucket}/") for path in sorted(self.ours.files) if path.startswith(f"/{bucket}/")]
        if key is None:
            fitting = [described(one) for one in names if one.startswith(options.get("prefix", ""))]
            self._send(200, json.dumps({"kind": "storage#objects", "items": fitting}).encode(), {}, body)
        elif key not in names:
            self._send(404, b'{"error": {"code": 404, "message": "none"}}', {}, body)
        elif options.get("alt") == "media":
            self._content(self.ours.files[f"/{bucket}/{key}"], {}, body)
        else:
            self._send(200, json.dumps(described(key)).encode(), {"Content-Type": "application/json"}, body)


def _unchunked(stream: IO[bytes]) -> bytes:
    """The content of chunks, each of which has its size before it, up to an empty one and what trails it."""
    found = []
    while size := int(stream.readline().partition(b";")[0], 16):
        found.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(found)


@contextmanager
def serving() -> Iterator[Server]:
    """A server that answers on the loopback interface alone."""
    ours = Server()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"ours": ours}))
    server.daemon_threads = True
    ours.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield ours
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
