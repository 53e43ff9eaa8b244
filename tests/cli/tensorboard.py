"""tensorboard.py EVENTS LOG.csv - reads an event file by the published formats, TFRecord and protocol
buffers, and holds its scalars against the log of the same run: the same epochs, once each, the same numbers."""

import csv
import struct
import sys


def crc32c(data):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # of RFC 3720


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    while data:
        assert len(data) >= 16, "a record is cut off"
        length, check = struct.unpack("<QI", data[:12])
        assert check == masked(data[:8]), "the checksum of a length is wrong"
        body = data[12:12 + length]
        assert struct.unpack("<I", data[12 + length:16 + length])[0] == masked(body), "a record's checksum is wrong"
        yield body
        data = data[16 + length:]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """Number -> list of values of a message."""
    out, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack("<d", data[at:at + 8])[0], at + 8
        elif kind == 5:
            value, at = struct.unpack("<f", data[at:at + 4])[0], at + 4
        else:
            assert kind == 2, "unknown kind of a field"
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        out.setdefault(key >> 3, []).append(value)
    assert at == len(data)
    return out


def main(events, log):
    with open(events, "rb") as file:
        parsed = [fields(body) for body in records(file.read())]
    assert parsed[0][3] == [b"brain.Event:2"]
    note = fields(fields(parsed[1][5][0])[1][0])
    assert note[1] == [b"settings/text_summary"]
    assert fields(fields(note[9][0])[1][0])[1] == [b"text"]
    tensor = fields(note[8][0])
    assert tensor[1] == [7] and len(tensor[8]) == 1 and b'    "network": "64-' in tensor[8][0]
    with open(log) as file:
        rows = list(csv.DictReader(file))
    assert [event[2][0] for event in parsed[2:]] == [int(row["epoch"]) for row in rows], "other epochs than the log's"
    times = [event[1][0] for event in parsed]
    assert times == sorted(times)
    for event, row in zip(parsed[2:], rows):
        values = [fields(value) for value in fields(event[5][0])[1]]
        scalars = {value[1][0].decode(): value[2][0] for value in values}
        assert len(scalars) == len(values)
        for name, text in row.items():
            tag = "/".join(reversed(name.rsplit("_", 1))) if name.endswith(("_loss", "_accuracy", "_top5")) else name
            tag = tag.replace("rate_", "firing_rate_of_layers/") if tag.startswith("rate_") else tag
            if name != "epoch" and text != "":
                number = float(text)    # nine digits; the scalar is the nearest float32
                assert abs(scalars.pop(tag) - number) <= 7e-8 * abs(number), (tag, text)
        assert not scalars, scalars


main(*sys.argv[1:])
