"""Keeps a shared library's foreign symbols to itself.

The Arrow wheel's libraries carry copies of OpenSSL, simdjson and RE2 and export all their symbols. Without a
version, such a symbol also answers for Debian's own library of that name: libssl would then run with another
OpenSSL's insides. Here these symbols become local and hidden in the library's dynamic symbol table, so that
the loader binds the library's own uses to its own copies and nobody else's to them (docs/decisions/0013).
"""
import os
import struct

SHT_DYNSYM = 11
STB_LOCAL, STV_HIDDEN = 0, 2
SHN_UNDEF = 0
SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym: name, info, other, section, value, size
# C++ names of the copies; names of C are foreign unless Arrow's own.
FOREIGN_CPP = (b"simdjson", b"3re2", b"4absl", b"4Aws", b"4aws")


def is_foreign(name):
    if name.startswith(b"_Z"):
        return any(part in name for part in FOREIGN_CPP) and b"5arrow" not in name
    return not name.lower().startswith((b"arrow", b"parquet")) and name not in (b"_init", b"_fini")


def hide_foreign_symbols(path):
    """Rewrites the library in place (by rename). Returns how many symbols were hidden."""
    data = bytearray(path.read_bytes())
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    table, names = find_sections(data)
    hidden = 0
    for offset in range(table[0], table[0] + table[1], SYMBOL.size):
        name_at, info, other, section, value, size = SYMBOL.unpack_from(data, offset)
        if section == SHN_UNDEF or info >> 4 == STB_LOCAL:
            continue
        start = names + name_at
        if is_foreign(bytes(data[start:data.index(b"\0", start)])):
            SYMBOL.pack_into(data, offset, name_at, STB_LOCAL << 4 | info & 15, other & ~3 | STV_HIDDEN,
                             section, value, size)
            hidden += 1
    fresh = path.with_suffix(".hidden")
    fresh.write_bytes(data)
    os.chmod(fresh, path.stat().st_mode)
    fresh.rename(path)
    return hidden


def find_sections(data):
    """Offset and bytes of .dynsym, and the offset of its names."""
    sections, = struct.unpack_from("<Q", data, 40)
    entry_bytes, count = struct.unpack_from("<HH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, sections + i * entry_bytes) for i in range(count)]
    for header in headers:
        if header[1] == SHT_DYNSYM:
            return (header[4], header[5]), headers[header[6]][4]
    raise ValueError("no dynamic symbol table")
