#!/bin/sh
# Unpacks the peers' Debian packages into bench/peers without installing them: the packages exclude one another, and
# nothing here is to become a system service. Needs apt and no rights. ftp-srv comes from npm into bench/node_modules.
set -eu
cd "$(dirname "$0")"
mkdir -p peers/archives
peers=$(pwd)/peers

# The last two are what proftpd and pyftpdlib need for TLS.
for package in vsftpd pure-ftpd proftpd-core python3-pyftpdlib proftpd-mod-crypto python3-openssl; do
  # What the package would bring along on this machine, itself included.
  needed=$(apt-get install --simulate --no-install-recommends --reinstall "$package" | awk '/^Inst/ { print $2 }')
  (cd peers/archives && apt-get download -q $needed)
done
for archive in peers/archives/*.deb; do
  dpkg-deb --extract "$archive" "$peers"
done
rm -r peers/archives

if command -v npm >/dev/null; then
  npm install --prefix . --no-save --no-package-lock --no-audit --no-fund --ignore-scripts ftp-srv@4.6.3
fi
