/** The system's configuration inside: names come from /etc/hosts, then from a stub on loopback, and from nowhere else. */
export const SYSTEM_FILES: Readonly<Record<string, string>> = {
  '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost\n',
  '/etc/resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  '/etc/hostname': 'deja\n',
};
