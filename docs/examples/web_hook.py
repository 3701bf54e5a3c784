"""A web hook: POST a picture, get its cartoon. python docs/examples/web_hook.py 8080."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np

from livecartoon import Cartoonizer

MOST_BYTES = 20 << 20
toon = Cartoonizer(style="shinkai", color="bgr")


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        sent = np.frombuffer(self.rfile.read(length) if length <= MOST_BYTES else b"", np.uint8)
        picture = cv2.imdecode(sent, cv2.IMREAD_COLOR) if sent.size else None
        if picture is None:
            return self.send_error(400, "no picture of at most 20 MiB")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(cv2.imencode(".png", toon(picture))[1])


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
