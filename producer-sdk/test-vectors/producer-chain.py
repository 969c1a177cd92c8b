#!/usr/bin/env python3
"""Writes producer-chain.json beside it: DESIGN.md "Kafka message", sharing no code with the SDK.

needs: pip install cryptography
"""
import base64, hashlib, json, pathlib
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

deployment, topic = "acme.eu-prod", "auth-events"
producer = "billing/0192f0c1-7b6a-7cc3-98c4-dc0c0c07398f"
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
sha = lambda data: hashlib.sha256(data).digest()
b64 = lambda data: base64.b64encode(data).decode()

flushes = [[b"one"], [b"", b"\x00\xff", "grüße".encode()], [bytes([n]) * 300 for n in range(20)]]
link = sha(f"authseal/producer/v1\n{deployment}\n{topic}\n{producer}\n".encode())
vectors = {"deployment": deployment, "topic": topic, "producer": producer, "first": b64(link), "flushes": []}
vectors["privateKey"] = key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
# As if the producer had already sent 2^53 - 25 events: the last sequence is then the largest safe integer.
sequence = 2**53 - 25
for values in flushes:
    sequence += len(values)
    link = sha(link + sequence.to_bytes(8, "big") + b"".join(map(sha, values)))
    text = f"authseal/flush/v1\n{deployment}\n{producer}\n{sequence}\n{b64(link)}\n"
    vectors["flushes"].append({"lastSequence": sequence, "values": [b64(v) for v in values],
                               "link": b64(link), "text": text, "signature": b64(key.sign(text.encode()))})
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(vectors, indent=2, ensure_ascii=False) + "\n")
