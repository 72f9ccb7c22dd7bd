"""pyftpd.py PORT FIRST LAST ROOT [CERTIFICATE KEY]: pyftpdlib's one-process server for guests, no logs or limits."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

port, first, last, root = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
logging.disable(logging.CRITICAL)

authorizer = DummyAuthorizer()
authorizer.add_anonymous(root, perm="elrw")
handler = FTPHandler
if len(sys.argv) > 5:
    from pyftpdlib.handlers import TLS_FTPHandler

    handler = TLS_FTPHandler
    handler.certfile, handler.keyfile = sys.argv[5], sys.argv[6]
handler.authorizer = authorizer
handler.passive_ports = range(first, last + 1)

server = FTPServer(("127.0.0.1", port), handler)
server.max_cons = 30000
server.max_cons_per_ip = 0
server.serve_forever()
