# SPDX-License-Identifier: GPL-2.0-or-later
"""Which packets got through the INPUT chain: an NFLOG listener behind it.

A chain of its own table at priority 300, far behind the filter table, logs every packet to a
netlink group; whatever the filter dropped never gets there.
"""

import socket
import struct

NETLINK_NETFILTER = 12
_NFNL_SUBSYS_ULOG = 4
_MSG_PACKET, _MSG_CONFIG = 0, 1
_CFG_CMD, _CFG_MODE, _CFG_QTHRESH = 1, 2, 5
_NFULA_PAYLOAD = 9
GROUP = 77

# nft's own language: the sink has to be the same whichever iptables is on trial. The second chain keeps the kernel's
# own multicast listener reports, which come when they like, away from the rules.
SINK_TABLE = f"""table inet ipb_sink {{
	chain delivered {{
		type filter hook input priority 300; policy accept;
		log group {GROUP}
	}}
	chain quiet {{
		type filter hook output priority -400; policy accept;
		ip6 daddr ff02::16 drop
	}}
}}
"""


def _attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


class Sink:
    """Reads NFLOG group GROUP; to be made while in the network namespace that it is to listen to."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.sock.bind((0, 0))
        self._config(_attr(_CFG_CMD, b"\1"))  # bind
        self._config(_attr(_CFG_MODE, struct.pack("!IBx", 0xffff, 2)))  # copy the packet
        self._config(_attr(_CFG_QTHRESH, struct.pack("!I", 1)))  # each at once
        self.sock.setblocking(False)

    def _config(self, attrs):
        body = struct.pack("=BBH", 0, 0, socket.htons(GROUP)) + attrs
        self.sock.send(struct.pack("=IHHII", 16 + len(body), _NFNL_SUBSYS_ULOG << 8 | _MSG_CONFIG, 5, 1, 0) + body)
        answer = self.sock.recv(8192)
        error = struct.unpack_from("=i", answer, 16)[0]
        if error:
            raise OSError(-error, "NFLOG configuration")

    def read(self):
        """The packets logged since the last call, each from its network header on."""
        found = []
        while True:
            try:
                data = self.sock.recv(1 << 17)
            except BlockingIOError:
                return found
            found += self._packets(data)

    @staticmethod
    def _packets(data):
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            at = 20
            while kind == _NFNL_SUBSYS_ULOG << 8 | _MSG_PACKET and at + 4 <= length:
                size, attr = struct.unpack_from("=HH", data, at)
                if attr & 0x3fff == _NFULA_PAYLOAD:
                    yield data[at + 4:at + size]
                at += size + (-size % 4)
            data = data[length + (-length % 4):]

    def close(self):
        self.sock.close()
