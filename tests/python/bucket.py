"""A small S3 server for tests, which keeps conditions, or ignores some on request, or allows no
list.

    bucket.py [--ignore create] [--ignore update] [--ignore list]   prints its address, serves until it is killed

One bucket for all names, in memory, under one lock.
"""

import argparse
import hashlib
import http.server
import threading
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files = {}
    lock = threading.Lock()
    ignored = ()

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def name(self):
        return urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)

    def do_PUT(self):
        length = self.headers.get("x-amz-decoded-content-length") or self.headers.get("Content-Length") or 0
        body = self.rfile.read(int(length))
        with self.lock:
            there = self.files.get(self.name())
            tag = there and f'"{hashlib.md5(there).hexdigest()}"'
            if self.headers.get("If-None-Match") == "*" and there is not None and "create" not in self.ignored:
                return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            wanted = self.headers.get("If-Match")
            if wanted and wanted != tag and "update" not in self.ignored:
                return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            self.files[self.name()] = body
        return self.answer(200, headers=[("ETag", f'"{hashlib.md5(body).hexdigest()}"')])

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if "list-type" in query:
            if "list" in self.ignored:
                return self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return self.list(parts.path, query.get("prefix", ""))
        with self.lock:
            body = self.files.get(self.name())
        if body is None:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self.answer(200, body, [("ETag", f'"{hashlib.md5(body).hexdigest()}"'),
                                       ("Last-Modified", formatdate(usegmt=True))])

    do_HEAD = do_GET

    def list(self, bucket, prefix):
        begin = f"{bucket.rstrip('/')}/"
        with self.lock:
            names = sorted(name[len(begin):] for name in self.files if name.startswith(begin + prefix))
        found = "".join(f"<Contents><Key>{escape(name)}</Key><Size>{len(self.files[begin + name])}</Size>"
                        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>" for name in names)
        self.answer(200, f"<ListBucketResult><KeyCount>{len(names)}</KeyCount>{found}</ListBucketResult>".encode())

    def do_DELETE(self):
        with self.lock:
            self.files.pop(self.name(), None)
        self.answer(204)

    def do_POST(self):
        """Deletes many files, as S3 does for one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        bucket = urllib.parse.urlsplit(self.path).path.rstrip("/")
        with self.lock:
            names = [piece.split("</Key>")[0] for piece in body.split("<Key>")[1:]]
            for name in names:
                self.files.pop(f"{bucket}/{name}", None)
        deleted = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ignore", action="append", default=[], choices=["create", "update", "list"])
    Handler.ignored = parser.parse_args().ignore
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
