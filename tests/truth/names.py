"""Random names and times. Names are bytes: anything but '/' and NUL, up to 255 of them."""

PLAIN = [b"a", b"notes.txt", b"take one.mov", b"scene.blend", b"B", b"clip", b"x.tar.gz", b"A001_C003.mxf"]

# What breaks quoting, patterns, terminals, JSON, and those who take names for text.
ODD = [
    b"-", b"--", b"-rf", b"--mirror", b"-n", b"*", b"?", b"[a-z]", b"{a,b}", b"**", b"a*b", b"\\", b"a\\b", b"\\*", b"'", b'"', b"`id`",
    b"$HOME", b"$(id)", b"~", b"~root", b"#", b";", b"&", b"|", b">", b"<", b"!", b" ", b"  a", b"a ", b"\n", b"a\nb", b"\r", b"\t",
    b"\x01", b"\x1b[31m", b"\x7f", b"\xc2\x9b", b"\xff", b"\xfe\xff", b"a\xffb", b"\xc3", b"\xc3\x28", b"\xed\xa0\x80", b"e\xcc\x81", b"\xc3\xa9",
    "ü".encode(), "中文".encode(), "😀".encode(), "\u202egnp".encode(), "a\u200bb".encode(), b".", b"..", b"...", b".a", b".DS_Store",
    b"CON", b"a:b", b"a.", b"%s%n", b"0", b"nil", b"all", b"=", b"a=b", b"@", b"^", b"(x)", b"[", b"]", b"a,b", b"\xef\xbb\xbf",
    b"x" * 255, b"\xff" * 255, "ö".encode() * 127, b"-" + b"y" * 254,
]

# Seconds since 1970, with equal ones on purpose: the same few come again and again.
TIMES = [1900000000, 1900000001, 1893456000, 1000000000]
ODD_TIMES = [0, 1, -1, -2, -2147483648, 2147483647, 2147483648, 4294967295, 4294967296, 7258118400, 315532799, 315532800, -315619200]
FRACTIONS = [0, 0, 0, 1, 999999999, 500000000, 123456789, 100, 999999900]


def component(rng):
    """One name that can be created: bytes."""
    kind = rng.random()
    if kind < 0.45:
        name = rng.choice(PLAIN)
    elif kind < 0.75:
        name = rng.choice(ODD)
    elif kind < 0.9:
        name = rng.choice(ODD) + rng.choice(ODD)
    else:
        name = bytes(rng.choice(range(1, 256)) for _ in range(rng.choice([1, 2, 3, 8, 20, 255])))
    name = name.replace(b"/", b"_").replace(b"\0", b"_")[:255]
    if name in (b".", b"..") or name.startswith(b".autobackup"):
        name = b"_" + name
    return name[:255]


def project_component(rng):
    """A client's or project's name, half of them plain."""
    if rng.random() < 0.6:
        return rng.choice([b"acme", b"bauhaus", b"kino", b"spot-2031", b"museum", b"spot one"])
    name = component(rng)
    return b"all_" if name == b"all" else name


def frame(number):
    return b"beauty.%04d.exr" % number


def time_ns(rng):
    if rng.random() < 0.8:
        return rng.choice(TIMES) * 10**9 + rng.choice(FRACTIONS)
    return rng.choice(ODD_TIMES) * 10**9 + rng.choice(FRACTIONS)


def content(rng, size=None):
    """Random bytes; small, a few sizes again and again, and rarely more than a reading buffer."""
    if size is None:
        size = rng.choice([0, 1, 5, 5, 5, 100, 100, 4096, 5000, rng.randrange(20000)])
        if rng.random() < 0.01:
            size = rng.choice([1048576, 1048577, 3000000])
    if size < 5000:
        return rng.randbytes(size)
    return (rng.randbytes(64) * (size // 64 + 1))[:size]
