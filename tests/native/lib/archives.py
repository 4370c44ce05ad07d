# SPDX-License-Identifier: BSD-2-Clause
"""Makes the archives that the import tests use: archives.py FOLDER. Each tar FOLDER/hostile/NAME.tar must be refused."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

folder = sys.argv[1]
os.makedirs(f"{folder}/hostile", exist_ok=True)


def entry(name, kind=tarfile.REGTYPE, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data)
    info.mode = fields.pop("mode", 0o755 if kind == tarfile.DIRTYPE else 0o644)
    info.mtime = 1000000000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def tar(entries, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def write(name, data):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(data)


LINK, HARD, DIR = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
secret = b"planted\n"
hostile = {
    "parent": [entry("../planted", data=secret)],
    "parent-deep": [entry("a", DIR), entry("a/../../planted", data=secret)],
    "parent-directory": [entry("..", DIR, mode=0o777)],
    "absolute": [entry("/planted", data=secret)],
    "symlink-then-through": [entry("out", LINK, linkname="../.."), entry("out/planted", data=secret)],
    "symlink-absolute-through": [entry("out", LINK, linkname="/tmp"), entry("out/planted", data=secret)],
    "symlink-chain": [entry("a", LINK, linkname="b"), entry("b", LINK, linkname="../.."), entry("a/planted", data=secret)],
    "symlink-two-steps": [entry("d", DIR), entry("d/up", LINK, linkname=".."), entry("d/up/up2", LINK, linkname=".."),
                          entry("d/up/up2/planted", data=secret)],
    "symlink-top": [entry(".", LINK, linkname="/tmp"), entry("planted", data=secret)],
    "symlink-whiteout": [entry("out", LINK, linkname="../.."), entry("out/.wh.target", data=b"")],
    "symlink-opaque": [entry("out", LINK, linkname="../.."), entry("out/.wh..wh..opq", data=b"")],
    "symlink-directory": [entry("out", LINK, linkname="../.."), entry("out/planted", DIR)],
    "hard-link-parent": [entry("link", HARD, linkname="../../../target")],
    "hard-link-absolute": [entry("link", HARD, linkname="/etc/passwd")],
    "hard-link-symlink": [entry("out", LINK, linkname="../../.."), entry("link", HARD, linkname="out/target")],
    "hard-link-missing": [entry("link", HARD, linkname="nothing")],
    "hard-link-directory": [entry("d", DIR), entry("link", HARD, linkname="d")],
    "whiteout-nothing": [entry(".wh.", data=b"")],
    "whiteout-dots": [entry(".wh...", data=b"")],
    "whiteout-raw": [entry("gone", tarfile.CHRTYPE, devmajor=0, devminor=0)],
    "name-too-long": [entry("n" * 300, data=secret)],
    "path-too-long": [entry("/".join(["d" * 200] * 30), data=secret)],
    "through-file": [entry("file", data=b"x"), entry("file/planted", data=secret)],
}
for name, entries in hostile.items():
    # Something before it, so that there would be a residue.
    write(f"hostile/{name}.tar", tar([entry("before", DIR), entry("before/file", data=b"x" * 5000)] + entries))
big = tar([entry("one", data=os.urandom(100000)), entry("two", data=os.urandom(100000))])
write("hostile/truncated.tar", big[:150000])
write("hostile/truncated-gzip.tar", gzip.compress(big)[:150000])
write("hostile/garbage.tar", os.urandom(100000))
flipped = bytearray(gzip.compress(big))
flipped[len(flipped) // 2] ^= 1
write("hostile/damaged-gzip.tar", bytes(flipped))
header = bytearray(tar([entry("huge", data=b"x")]))
header[124:136] = b"\x80\x00\x00\x00\x7f" + b"\xff" * 7
header[148:156] = b" " * 8
header[148:156] = b"%06o\0 " % sum(header[:512])
write("hostile/huge.tar", bytes(header))


def image(layers, damage=None, diff_ids=None, count=None):
    config = json.dumps({"os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids or ["sha256:" + sha(layer) for layer in layers][:count]}}).encode()
    blobs = [gzip.compress(layer, mtime=0) for layer in layers]
    descriptor = lambda data: {"mediaType": "application/octet-stream", "digest": "sha256:" + sha(data), "size": len(data)}
    manifest = json.dumps({"schemaVersion": 2, "config": descriptor(config), "layers": [descriptor(blob) for blob in blobs]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [{**descriptor(manifest), "annotations": {"org.opencontainers.image.ref.name": "evil:1"}}]}).encode()
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
    for blob in [config, manifest] + blobs:
        files["blobs/sha256/" + sha(blob)] = blob
    if damage:
        damage(files, config, manifest, blobs)
    return tar([entry(name, data=data) for name, data in files.items()])


def docker(layers, manifest=None, config=None):
    config = config or json.dumps({"os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer) for layer in layers]}}).encode()
    manifest = manifest or json.dumps([{"Config": "c.json", "RepoTags": ["evil:1"], "Layers": [f"{i}/layer.tar" for i in range(len(layers))]}]).encode()
    return tar([entry("c.json", data=config), entry("manifest.json", data=manifest)] + [entry(f"{i}/layer.tar", data=layer) for i, layer in enumerate(layers)])


good = tar([entry("file", data=b"good")])
bad = tar([entry("before", data=b"x"), entry("../planted", data=secret)])


def swap(files, config, manifest, blobs):
    files["blobs/sha256/" + sha(blobs[0])] = gzip.compress(tar([entry("file", data=b"evil")]), mtime=0)


def drop(files, config, manifest, blobs):
    del files["blobs/sha256/" + sha(blobs[0])]


def other_config(files, config, manifest, blobs):
    files["blobs/sha256/" + sha(config)] = config + b" "


write("hostile/oci-blob-digest.tar", image([good], swap))
write("hostile/oci-blob-missing.tar", image([good], drop))
write("hostile/oci-config-digest.tar", image([good], other_config))
write("hostile/oci-diff-id.tar", image([good], diff_ids=["sha256:" + "0" * 64]))
write("hostile/oci-diff-id-escape.tar", image([good], diff_ids=["sha256:../../../../planted"]))
write("hostile/oci-count.tar", image([good, tar([entry("x")])], count=1))
write("hostile/oci-second-layer.tar", image([good, bad]))
write("hostile/docker-path.tar", docker([good], manifest=json.dumps([{"Config": "../../etc/passwd", "Layers": ["/etc/passwd"]}]).encode()))
write("hostile/docker-name.tar", docker([good], manifest=json.dumps([{"Config": "c.json", "RepoTags": ["../x y"], "Layers": ["0/layer.tar"]}]).encode()))
write("hostile/docker-json-deep.tar", docker([good], manifest=b"[" * 100000))
write("hostile/docker-json-nul.tar", docker([good], manifest=b'[{"Config":"c.json\\u0000x","Layers":[]}]'))
write("hostile/docker-second-layer.tar", docker([good, bad]))
write("hostile/docker-no-layer.tar", docker([], manifest=json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": ["9/layer.tar"]}]).encode(),
                                            config=json.dumps({"rootfs": {"diff_ids": ["sha256:" + sha(good)]}}).encode()))

# What must come in whole. Names that are no text, long ones, every type; hard links, holes, marks.
odd = "na\udcffme \n:,\\ e\u0301"
write("every.tar", tar([
    entry("./", DIR, mode=0o711, uid=7, gid=8),
    entry("./d/", DIR, mode=0o1777),
    entry("d/setuid", data=b"s", mode=0o4755, uid=1000, gid=1001),
    entry("d/one", data=b"linked"), entry("d/two", HARD, linkname="./d/one"),
    entry("d/symlink", LINK, linkname="/nowhere/at/all"),
    entry("d/fifo", tarfile.FIFOTYPE, mode=0o600),
    entry(odd, data=b"odd"),
    entry("implicit/parents/file", data=b"i"),
    entry("/".join(["deep" * 10] * 20) + "/file", data=b"deep"),
    entry("zeros", data=bytes(1 << 20) + b"end"),
    entry("replaced", DIR), entry("replaced/gone", data=b"x"), entry("replaced", data=b"file now"),
    entry("xattr", data=b"x", pax_headers={"SCHILY.xattr.user.mine": "value", "SCHILY.xattr.trusted.overlay.opaque": "y",
                                            "SCHILY.xattr.trusted.overlay.redirect": "/etc"}),
    entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
]))
write("upper.tar", tar([
    entry("d", DIR), entry("d/.wh.one"), entry("replaced2", DIR), entry("implicit", DIR), entry("implicit/.wh..wh..opq"),
    entry("implicit/new", data=b"n"), entry(".wh.d2"), entry("d2", DIR), entry("d2/new", data=b"2"), entry(".wh..wh.plnk", DIR),
    entry(".wh..wh.plnk/1.2", data=b"aufs"), entry(".wh..wh.aufs", data=b""),
]))
layers = [tar([entry("d", DIR), entry("d/one", data=b"1"), entry("d/two", data=b"2"), entry("implicit", DIR), entry("implicit/old", data=b"o"),
               entry("d2", DIR), entry("d2/old", data=b"o")]), open(f"{folder}/upper.tar", "rb").read()]
write("oci.tar", image(layers).replace(b"evil:1", b"good:1"))
write("docker.tar", docker(layers).replace(b"evil:1", b"good:1"))
