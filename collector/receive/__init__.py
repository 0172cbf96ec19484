"""Where datagrams come from: UDP sockets and capture files."""
