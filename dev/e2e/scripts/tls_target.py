# A target that speaks TLS by OpenSSL, and answers each request with what it knows of the connection. It closes after each.
# Arguments: certificate, key, and the certificate of an authority whose clients alone are let in.
import http.server
import json
import ssl
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        shown = self.connection.getpeercert()
        subject = dict(pair for part in shown["subject"] for pair in part) if shown else {}
        body = json.dumps({
            "version": self.connection.version(),
            "protocol": self.connection.selected_alpn_protocol(),
            "server_name": asked[-1] if asked else None,
            "is_resumed": self.connection.session_reused,
            "client": subject.get("commonName"),
            "headers": dict(self.headers.items()),
        }).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


asked = []
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.set_alpn_protocols(["http/1.1"])
context.sni_callback = lambda connection, name, _: asked.append(name)
if len(sys.argv) > 3:
    context.load_verify_locations(sys.argv[3])
    context.verify_mode = ssl.CERT_REQUIRED
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1])
server.serve_forever()
