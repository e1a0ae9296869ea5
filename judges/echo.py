# An application with the flaw that promise `xss` is about: what it is asked comes back as
# it is. Each page has a script of its own.
#
#   python echo.py        prints its port, then serves until it is killed

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGES = {
    "/text": "<p>You asked for %s.</p>",
    "/attribute": '<input value="%s" autocomplete="off">',
    "/code": '<script>var asked = "%s";</script>',
    "/link": '<a href="%s" id="link">on</a>',
}


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        asked = parse_qs(url.query).get("q", [""])[0]
        shown = PAGES.get("/" + url.path.rsplit("/", 1)[-1], "%s") % asked
        page = f"<!doctype html><title>Echo</title>{shown}<script>document.title = 'own';</script>"
        body = page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
print(server.server_port, flush=True)
server.serve_forever()
