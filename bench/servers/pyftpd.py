"""pyftpd.py PORT FIRST LAST ROOT: pyftpdlib's one-process server for guests, without logs and limits."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

port, first, last, root = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
logging.disable(logging.CRITICAL)

authorizer = DummyAuthorizer()
authorizer.add_anonymous(root, perm="elrw")
FTPHandler.authorizer = authorizer
FTPHandler.passive_ports = range(first, last + 1)

server = FTPServer(("127.0.0.1", port), FTPHandler)
server.max_cons = 30000
server.max_cons_per_ip = 0
server.serve_forever()
