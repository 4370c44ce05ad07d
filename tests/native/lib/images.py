# SPDX-License-Identifier: BSD-2-Clause
"""Makes docker-archives of busybox: images.py FILE NAME [KEY=JSON...]; the keys go into the image's config. Three layers: a system, a shop with
/data, and one that changes and removes files of the first."""
import hashlib
import io
import json
import sys
import tarfile

file, name = sys.argv[1:3]
config = {"Cmd": ["sh"], "Env": ["PATH=/bin", "GREETING=hello"], "WorkingDir": "/www"}
for assignment in sys.argv[3:]:
    key, value = assignment.split("=", 1)
    config[key] = json.loads(value)
DIR, LINK = tarfile.DIRTYPE, tarfile.SYMTYPE


def entry(path, kind=tarfile.REGTYPE, data=b"", **fields):
    info = tarfile.TarInfo(path)
    info.type, info.size, info.mtime = kind, len(data), 1000000000
    info.mode = fields.pop("mode", 0o755 if kind == DIR else 0o644)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


with open("/bin/busybox", "rb") as busybox:
    program = busybox.read()
tools = "sh true false ls cat echo sleep id env pwd touch rm mkdir hostname stat test cp mv chmod ln find sort trap kill ps wc head tar mount".split()
system = [entry(path, DIR) for path in ("bin", "etc", "proc", "sys", "dev", "run", "home", "home/web")]
system += [entry("tmp", DIR, mode=0o1777), entry("bin/busybox", data=program, mode=0o755)]
system += [entry(f"bin/{tool}", LINK, linkname="busybox") for tool in tools]
system += [entry("etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n"),
           entry("etc/group", data=b"root:x:0:\nweb:x:1000:\nstaff:x:50:web\n"),
           entry("etc/motd", data=b"original\n"), entry("etc/gone", data=b"gone\n"), entry("root", DIR, mode=0o700)]
shop = [entry("www", DIR), entry("www/index.html", data=b"shop\n"),
        entry("data", DIR, mode=0o1770, uid=1000, gid=50, pax_headers={"SCHILY.xattr.user.mine": "directory"}),
        entry("data/seed", data=b"seed\n", mode=0o640, uid=1000, gid=50, pax_headers={"SCHILY.xattr.user.mine": "file"}),
        entry("data/link", LINK, linkname="seed"), entry("data/hard", tarfile.LNKTYPE, linkname="data/seed"),
        entry("data/deep", DIR, mode=0o711), entry("data/deep/file", data=b"deep\n")]
change = [entry("etc/.wh.gone"), entry("www/index.html", data=b"shop 2\n")]
layers = [tar(system), tar(shop), tar(change)]
image = json.dumps({"os": "linux", "config": config,
                    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]}}).encode()
manifest = json.dumps([{"Config": "c.json", "RepoTags": [name], "Layers": [f"{i}/layer.tar" for i in range(len(layers))]}]).encode()
with open(file, "wb") as out:
    out.write(tar([entry("c.json", data=image), entry("manifest.json", data=manifest)] +
                  [entry(f"{i}/layer.tar", data=layer) for i, layer in enumerate(layers)]))
